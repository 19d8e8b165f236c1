//! Contents of several fields that the DNS library doesn't read, or whose names it would keep as they're written.

use super::super::name;
use super::super::words::{in_quotes, words};
use super::{fits, joined};
use hickory_proto::rr::{RData, RecordType};
use url::Url;

/// A name as it stands in a content of several fields: with its dot at the end.
fn absolute(written: &str) -> Result<String, String> {
    if written == "." { Ok(".".to_owned()) } else { name::target(written).map(|name| format!("{name}.")) }
}

/// RFC 9460, section 2.1.
pub(super) fn service_binding(kind: RecordType, content: &str) -> Result<String, String> {
    let wrong = || "must be priority, target and parameters, such as 1 . alpn=h2,h3".to_owned();
    let cut = |text: &'_ str| {
        text.split_once(super::is_space).map(|(head, tail)| (head.to_owned(), tail.trim().to_owned()))
    };
    let (priority, rest) = cut(content).ok_or_else(wrong)?;
    let (target, rest) = cut(&rest).unwrap_or((rest, String::new()));
    let priority: u16 = priority.parse().map_err(|_| wrong())?;
    let bound = format!("{priority} {} {rest}", absolute(&target)?);
    let bound = bound.trim_end();
    // What sets words apart in a file can't stand here outside of quotes.
    words(bound).ok_or_else(wrong)?;
    let data = RData::try_from_str(kind, bound).map_err(|_| wrong())?;
    if fits(&data) { Ok(bound.to_owned()) } else { Err("is too long".to_owned()) }
}

/// A mailbox, written as a name, and a name with texts (RFC 1183, section 2.2).
pub(super) fn responsible(content: &str) -> Result<String, String> {
    let parts: Vec<&str> = content.split_whitespace().collect();
    let [mailbox, texts] = parts.as_slice() else {
        return Err("must be two names, such as admin.example.com. people.example.com.".to_owned());
    };
    Ok(format!("{} {}", absolute(mailbox)?, absolute(texts)?))
}

/// RFC 4034, section 5.3.
pub(super) fn delegation(content: &str) -> Result<String, String> {
    let wrong = || "must be key tag, algorithm, digest type and hexadecimal digits".to_owned();
    let joined = joined(content, 3);
    let parts: Vec<&str> = joined.split(' ').collect();
    let [tag, algorithm, kind, digest] = parts.as_slice() else { return Err(wrong()) };
    let tag: u16 = tag.parse().map_err(|_| wrong())?;
    let (algorithm, kind): (u8, u8) = algorithm.parse().ok().zip(kind.parse().ok()).ok_or_else(wrong)?;
    if !digest.bytes().all(|digit| digit.is_ascii_hexdigit()) || digest.len() % 2 != 0 || digest.is_empty() {
        return Err(wrong());
    }
    let digits = match kind {
        1 => 40,
        2 | 3 => 64,
        4 => 96,
        _ => digest.len(),
    };
    if digest.len() != digits || digits > 512 {
        return Err(format!(
            "has a digest that is not {digits} hexadecimal digits long (RFC 4509, RFC 6605)"
        ));
    }
    Ok(format!("{tag} {algorithm} {kind} {}", digest.to_ascii_uppercase()))
}

/// RFC 7553, section 4.
pub(super) fn uri(content: &str) -> Result<String, String> {
    let wrong =
        || "must be priority, weight and \"target\", such as 10 1 \"https://example.com/\"".to_owned();
    let found = words(content).ok_or_else(wrong)?;
    let [priority, weight, target] = found.as_slice() else { return Err(wrong()) };
    let number = |text: &str| text.parse::<u16>().map_err(|_| wrong());
    if !target.quoted || target.text.len() > 2_048 || Url::parse(target.text).is_err() {
        return Err(wrong());
    }
    Ok(format!("{} {} {}", number(priority.text)?, number(weight.text)?, in_quotes(target.text)))
}

/// Where a web server of the host's sends browsers on to.
pub(super) fn forwarding(content: &str) -> Result<String, String> {
    let url =
        Url::parse(content).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    match url {
        Some(_) if content.len() <= 2_048 && !content.contains(char::is_whitespace) => Ok(content.to_owned()),
        _ => Err("must be a URL that begins with http:// or https://".to_owned()),
    }
}

/// Latitude, longitude, altitude and at will three sizes, in their ranges (RFC 1876, section 3).
pub(super) fn location(content: &str) -> Result<String, String> {
    let parts: Vec<&str> = content.split_whitespace().collect();
    let rest = angle(&parts, (b"NS", 90)).and_then(|rest| angle(rest, (b"EW", 180)));
    let sizes = rest.filter(|rest| (1..=4).contains(&rest.len()));
    let fits = |(place, size): (usize, &&str)| {
        let range = if place == 0 { -100_000.0..=42_849_672.95 } else { 0.0..=90_000_000.0 };
        number(size.strip_suffix('m').unwrap_or(size), 2).is_some_and(|size| range.contains(&size))
    };
    if sizes.is_some_and(|sizes| sizes.iter().enumerate().all(fits)) {
        Ok(parts.join(" "))
    } else {
        Err("must be latitude, longitude and altitude, such as 52 22 23.000 N 4 53 32.000 E -2.00m (RFC 1876)".to_owned())
    }
}

/// Degrees, at will minutes and seconds, and a side; what follows them.
fn angle<'a, 'b>(parts: &'a [&'b str], (sides, most): (&[u8; 2], u32)) -> Option<&'a [&'b str]> {
    let end =
        parts.iter().take(4).position(|part| matches!(part.as_bytes(), [side] if sides.contains(side)))?;
    let [degrees, smaller @ ..] = &parts[..end] else { return None };
    let degrees = f64::from(degrees.parse::<u32>().ok().filter(|degrees| *degrees <= most)?);
    let minutes = smaller.first().map_or(Some(0.0), |text| number(text, 0))?;
    let seconds = smaller.get(1).map_or(Some(0.0), |text| number(text, 3))?;
    let fits =
        minutes < 60.0 && seconds < 60.0 && degrees + minutes / 60.0 + seconds / 3600.0 <= f64::from(most);
    fits.then_some(&parts[end + 1..])
}

/// A number with at most this many digits behind its point.
fn number(text: &str, places: usize) -> Option<f64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    let good = digits(whole.strip_prefix('-').unwrap_or(whole)) && digits(part);
    let fits = part.len() <= places.max(1) && (places > 0 || !text.contains('.'));
    if good && fits { text.parse().ok() } else { None }
}
