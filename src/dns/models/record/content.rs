//! Contents of records, by type, read by the DNS library where it reads them.

mod fields;

use super::words::{in_quotes, is_space, words};
use super::{name, text};
use hickory_proto::rr::rdata::{CAA, SSHFP, TLSA, sshfp};
use hickory_proto::rr::{RData, RecordType};
use hickory_proto::serialize::binary::{BinEncodable, BinEncoder};

/// The types of records that there are; the catalogue names the same.
pub const TYPES: [&str; 25] = [
    "A",
    "AAAA",
    "ALIAS",
    "CAA",
    "CNAME",
    "DNAME",
    "DS",
    "HINFO",
    "HTTPS",
    "LOC",
    "MX",
    "NAPTR",
    "NS",
    "OPENPGPKEY",
    "POOL",
    "PTR",
    "RP",
    "SPF",
    "SRV",
    "SSHFP",
    "SVCB",
    "TLSA",
    "TXT",
    "URI",
    "URL",
];

/// Whether records of this type are a promise of the host's: no server reads them in a zone's file.
pub(super) fn is_hosts_own(record_type: &str) -> bool {
    matches!(record_type, "ALIAS" | "POOL" | "URL")
}

/// Whether records of this type have a priority, kept apart from the content.
pub(super) fn has_priority(record_type: &str) -> bool {
    matches!(record_type, "MX" | "SRV")
}

/// Longest data of a record: its length stands in 16 bits (RFC 1035, section 3.2.1).
const LONGEST: usize = 65_535;

/// A content as it is kept: addresses and names in their one spelling, texts as they were written.
pub(super) fn checked(record_type: &str, written: &str) -> Result<String, String> {
    let content = written.trim_matches(is_space);
    if content.is_empty() {
        return Err("can't be blank".to_owned());
    }
    if content.chars().any(char::is_control) {
        return Err("must not hold control characters".to_owned());
    }
    match record_type {
        "A" => data(RecordType::A, content, 1, "must be an IPv4 address, such as 192.0.2.1"),
        "AAAA" => data(RecordType::AAAA, content, 1, "must be an IPv6 address, such as 2001:db8::1"),
        "CNAME" | "DNAME" | "ALIAS" | "POOL" | "NS" | "PTR" => name::target(content),
        // A dot says that no mail is taken here (RFC 7505).
        "MX" if content == "." => Ok(content.to_owned()),
        "MX" => name::target(content),
        "SRV" => service(content),
        "CAA" => authorization(content),
        "SSHFP" => fingerprint(content),
        "TLSA" => association(content),
        "HINFO" => {
            line(RecordType::HINFO, content, 2, "must be a processor and a system, such as \"RFC8482\" \"\"")
        }
        "NAPTR" => line(
            RecordType::NAPTR,
            content,
            6,
            "must be order, preference, \"flags\", \"service\", \"expression\" and replacement",
        ),
        "TXT" | "SPF" => text::checked(content),
        "HTTPS" => fields::service_binding(RecordType::HTTPS, content),
        "SVCB" => fields::service_binding(RecordType::SVCB, content),
        "LOC" => fields::location(content),
        "RP" => fields::responsible(content),
        "DS" => fields::delegation(content),
        "OPENPGPKEY" => data(RecordType::OPENPGPKEY, &joined(content, 0), 1, "must be a key in base64"),
        "URI" => fields::uri(content),
        "URL" => fields::forwarding(content),
        _ => Err("has no content that could be checked".to_owned()),
    }
}

/// The content as it stands in a master file.
pub fn in_file(record_type: &str, content: &str, priority: Option<i32>) -> String {
    let absolute = |name: &str| if name == "." { ".".to_owned() } else { format!("{name}.") };
    let priority = priority.unwrap_or_default();
    match record_type {
        "CNAME" | "DNAME" | "ALIAS" | "POOL" | "NS" | "PTR" => absolute(content),
        "MX" => format!("{priority} {}", absolute(content)),
        "SRV" => format!(
            "{priority} {}",
            content.rsplit_once(' ').map_or_else(
                || content.to_owned(),
                |(numbers, target)| format!("{numbers} {}", absolute(target)),
            )
        ),
        "SOA" => {
            let mut parts = content.splitn(3, ' ');
            let (server, contact) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            format!("{} {} {}", absolute(server), absolute(contact), parts.next().unwrap_or_default())
        }
        "TXT" | "SPF" if !content.starts_with('"') => {
            text::strings(content).into_iter().map(in_quotes).collect::<Vec<_>>().join(" ")
        }
        _ => content.to_owned(),
    }
}

/// What the library makes of so many words, in its spelling.
fn data(kind: RecordType, content: &str, count: usize, wrong: &str) -> Result<String, String> {
    parsed(kind, content, count).map(|data| data.to_string()).ok_or_else(|| wrong.to_owned())
}

/// A content that stays as it was written, once the library has read it.
fn line(kind: RecordType, content: &str, count: usize, wrong: &str) -> Result<String, String> {
    parsed(kind, content, count).map(|_| content.to_owned()).ok_or_else(|| wrong.to_owned())
}

/// The library reads past what follows the last word it needs, so the words are counted first.
fn parsed(kind: RecordType, content: &str, count: usize) -> Option<RData> {
    if words(content)?.len() != count {
        return None;
    }
    let data = RData::try_from_str(kind, content).ok()?;
    fits(&data).then_some(data)
}

/// A content whose last field may hold white space, as hexadecimal digits and base64 may (RFC 6698, section 2.2): with
/// all from the word of this number on as one.
fn joined(content: &str, from: usize) -> String {
    let words: Vec<&str> = content.split(is_space).filter(|word| !word.is_empty()).collect();
    let (before, last) = words.split_at(from.min(words.len()));
    before.iter().map(|word| format!("{word} ")).chain([last.concat()]).collect()
}

/// Whether it can be sent at all.
pub(super) fn fits(data: &impl BinEncodable) -> bool {
    let mut wire = Vec::new();
    let mut encoder = BinEncoder::new(&mut wire);
    encoder.set_max_size(u16::MAX);
    data.emit(&mut encoder).is_ok() && wire.len() <= LONGEST
}

fn service(content: &str) -> Result<String, String> {
    let wrong = || "must be weight, port and target, such as 5 443 host.example.com".to_owned();
    let parts: Vec<&str> = content.split(is_space).filter(|part| !part.is_empty()).collect();
    let [weight, port, target] = parts.as_slice() else { return Err(wrong()) };
    // A dot says that the service is not offered here (RFC 2782).
    let target = if *target == "." { ".".to_owned() } else { name::target(target)? };
    let (Ok(weight), Ok(port)) = (weight.parse::<u16>(), port.parse::<u16>()) else { return Err(wrong()) };
    Ok(format!("{weight} {port} {target}"))
}

fn authorization(content: &str) -> Result<String, String> {
    let wrong = || "must be flags, tag and \"value\", such as 0 issue \"ca.example.com\"".to_owned();
    let Some(RData::CAA(caa)) = parsed(RecordType::CAA, content, 3) else { return Err(wrong()) };
    let tag = caa.tag.to_ascii_lowercase();
    if tag.is_empty() || tag.len() > 15 || !tag.bytes().all(|letter| letter.is_ascii_alphanumeric()) {
        return Err("has a tag that is not made of up to 15 letters and digits".to_owned());
    }
    let value = std::str::from_utf8(&caa.value).map_err(|_| wrong())?;
    if value.contains(['"', '\\']) || !value.is_ascii() {
        return Err(wrong());
    }
    check_value(&caa, &tag)?;
    Ok(format!("{} {tag} \"{value}\"", caa.flags()))
}

/// The values whose form RFC 8659 lays down.
fn check_value(caa: &CAA, tag: &str) -> Result<(), String> {
    let reads = match tag {
        "issue" | "issuewild" => caa.value_as_issue().is_ok(),
        "iodef" => caa.value_as_iodef().is_ok_and(|url| matches!(url.scheme(), "mailto" | "http" | "https")),
        _ => true,
    };
    if reads { Ok(()) } else { Err(format!("has a value that “{tag}” does not take")) }
}

fn fingerprint(content: &str) -> Result<String, String> {
    let Some(RData::SSHFP(found)) = parsed(RecordType::SSHFP, &joined(content, 2), 3) else {
        return Err(
            "must be algorithm, type and fingerprint, such as 4 2 and 64 hexadecimal digits".to_owned()
        );
    };
    let SSHFP { algorithm, fingerprint_type, fingerprint, .. } = &found;
    if matches!(algorithm, sshfp::Algorithm::Reserved | sshfp::Algorithm::Unassigned(_)) {
        return Err("has an algorithm that is not 1, 2, 3, 4 or 6".to_owned());
    }
    let length = match u8::from(*fingerprint_type) {
        1 => 20,
        2 => 32,
        _ => return Err("has a type of fingerprint that is not 1 or 2".to_owned()),
    };
    if fingerprint.len() != length {
        return Err(format!("has a fingerprint that is not {} hexadecimal digits long", length * 2));
    }
    Ok(found.to_string())
}

fn association(content: &str) -> Result<String, String> {
    let wrong = || "must be usage (0–3), selector (0–1), matching (0–2) and hexadecimal data".to_owned();
    let Some(RData::TLSA(found)) = parsed(RecordType::TLSA, &joined(content, 3), 4) else {
        return Err(wrong());
    };
    let TLSA { cert_usage, selector, matching, cert_data, .. } = &found;
    let matching = u8::from(*matching);
    if u8::from(*cert_usage) > 3 || u8::from(*selector) > 1 || matching > 2 {
        return Err(wrong());
    }
    // SHA-256 and SHA-512 (RFC 6698, section 2.1.3).
    match (matching, cert_data.len()) {
        (1, 32) | (2, 64) | (0, 1..) => Ok(found.to_string()),
        _ => Err("has data of another length than its matching type says".to_owned()),
    }
}

#[cfg(test)]
mod tests;
