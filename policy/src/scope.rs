//! Scope text: a grant spelled as the API says it, `zones:example.com:read`, `zones:*:write`,
//! `zones:example.com/_acme-challenge*/TXT:write`.

use super::records::one_name;
use super::{Access, Catalogue, Grant, Permission, PermissionKey, RecordFilter, Selection, shown};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What would be read as part of the grammar.
const IN_NAMES: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b':').add(b',').add(b'/').add(b'*').add(b'!');

/// The scope that a call asks for, with `*` where it names no resource.
pub fn asked(permission: &PermissionKey, name: Option<&str>, access: Access) -> String {
    let name = name.map_or_else(|| "*".to_owned(), encoded);
    format!("{permission}:{name}:{}", access.in_scope())
}

/// A grant as scope text.
pub fn of_grant(grant: &Grant) -> String {
    let names = |list: &[super::ResourceRef], mark: &str| -> Vec<String> {
        list.iter().map(|one| format!("{mark}{}", encoded(&one.name))).collect()
    };
    let names = match &grant.selection {
        Selection::Only(only) => names(only, ""),
        Selection::Everywhere { except } | Selection::Account { except, .. } => {
            [vec!["*".to_owned()], names(except, "!")].concat()
        }
    };
    let mut text = format!("{}:{}", grant.permission, names.join(","));
    if !grant.records.is_open() {
        let or_any = |list: Vec<String>| if list.is_empty() { "*".to_owned() } else { list.join(",") };
        let names = grant.records.names.iter().map(|name| record_name(name)).collect();
        text.push_str(&format!("/{}/{}", or_any(names), or_any(grant.records.types.clone())));
    }
    format!("{text}:{}", grant.access.in_scope())
}

fn encoded(name: &str) -> String {
    utf8_percent_encode(name, IN_NAMES).to_string()
}

/// `@` for the apex; in names of records a star means what it says.
fn record_name(name: &str) -> String {
    if name.is_empty() { "@".to_owned() } else { encoded(name).replace("%2A", "*") }
}

/// A scope as somebody wrote it, before its names are looked up.
#[derive(Debug, PartialEq, Eq)]
pub struct Written<'a> {
    /// The permission it names.
    pub permission: &'a Permission,
    /// The access it asks for.
    pub access: Access,
    /// The names it lists; none means all, including future ones.
    pub only: Option<Vec<String>>,
    /// The names it leaves out.
    pub except: Vec<String>,
    /// The records it is narrowed to.
    pub records: RecordFilter,
}

/// Reads scope text; `types` are the types of records that there are. The error is a sentence for
/// whoever wrote it.
pub fn parse<'a>(catalogue: &'a Catalogue, types: &[&str], text: &str) -> Result<Written<'a>, String> {
    let wrong = || {
        let text = shown(text);
        format!("“{text}” is not a scope; write it like zones:example.com:read or zones:*:write.")
    };
    let mut parts = text.split(':');
    let (Some(key), Some(names), Some(access), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(wrong());
    };
    let permission = catalogue.find(key).ok_or_else(|| {
        let known: Vec<&str> = catalogue.permissions.iter().map(|one| one.key.as_str()).collect();
        format!("There is no permission “{}”; there are {}.", shown(key), known.join(", "))
    })?;
    let access = match access {
        "read" => Access::Read,
        "write" => Access::Full,
        _ => return Err(wrong()),
    };
    if !permission.access.contains(&access) {
        return Err(format!("“{key}” can be read only; write {key}:{}:read.", shown(names)));
    }
    let mut parts = names.split('/');
    let (names, records) = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(names), None, None, None) => (names, RecordFilter::default()),
        (Some(_), Some(_), Some(_), None) if !permission.records => {
            return Err(format!("“{key}” cannot be narrowed to records."));
        }
        (Some(names), Some(named), Some(typed), None) => (names, records(named, typed, types, wrong)?),
        _ => return Err(wrong()),
    };
    let mut all = false;
    let (mut only, mut except) = (Vec::new(), Vec::new());
    for name in names.split(',') {
        let decoded = |name: &str| resource(name).ok_or_else(wrong);
        match name.strip_prefix('!') {
            _ if name.is_empty() || name == "!" => return Err(wrong()),
            _ if name == "*" => all = true,
            Some(left_out) => except.push(decoded(left_out)?),
            None => only.push(decoded(name)?),
        }
    }
    if all != only.is_empty() || (!all && !except.is_empty()) {
        return Err(wrong());
    }
    if permission.narrowed_by.is_none() && (!all || !except.is_empty()) {
        return Err(format!("“{key}” cannot be narrowed to names; write {key}:*:{}.", access.in_scope()));
    }
    Ok(Written { permission, access, only: (!all).then_some(only), except, records })
}

fn decoded(name: &str) -> Option<String> {
    percent_decode_str(name).decode_utf8().ok().map(|name| name.into_owned())
}

/// The name of a resource; none that could be none.
fn resource(name: &str) -> Option<String> {
    let fits = |name: &String| name.len() <= 253 && !name.chars().any(char::is_control);
    decoded(name).map(|name| name.to_lowercase()).filter(fits)
}

/// The part after the names of zones: names of records, then types, `*` for any.
fn records(
    named: &str,
    typed: &str,
    types: &[&str],
    wrong: impl Fn() -> String,
) -> Result<RecordFilter, String> {
    if typed.is_empty() || typed.contains(char::is_whitespace) {
        return Err(wrong());
    }
    let name = |name| one_name(&decoded(name).filter(|name| !name.is_empty()).ok_or_else(&wrong)?);
    let names = RecordFilter::names_of(named.split(',').map(name))?;
    Ok(RecordFilter { names, types: RecordFilter::parse_types(typed, types)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KindKey, ResourceRef};
    use proptest::prelude::*;
    use proptest::sample::{Index, select, subsequence};

    const TYPES: [&str; 3] = ["A", "AAAA", "TXT"];

    #[test]
    fn a_scope_names_permission_resources_and_access() {
        let catalogue = Catalogue::embedded().unwrap();
        let written = parse(&catalogue, &TYPES, "zones:example.com,Other.example:write").unwrap();
        assert_eq!(written.permission.key.as_str(), "zones");
        assert_eq!(written.access, Access::Full);
        assert_eq!(written.only, Some(vec!["example.com".to_owned(), "other.example".to_owned()]));
        let written = parse(&catalogue, &TYPES, "zones:*,!theburritobot.com:read").unwrap();
        assert_eq!(written.only, None);
        assert_eq!(written.except, vec!["theburritobot.com".to_owned()]);
    }

    #[test]
    fn what_is_not_a_scope_is_refused_in_words() {
        let catalogue = Catalogue::embedded().unwrap();
        for text in [
            "",
            "zones",
            "zones:*",
            "zones:*:full",
            "nothing:*:read",
            "zones::read",
            "zones:!a.com:read",
            "zones:*,a.com:read",
            "billing:a.com:read",
            "domain_research:*:write",
            "zones:a:b:read",
            "zones:%ff:read",
            "zones:%00:read",
            "zones:*,!a%0a.com:read",
            &format!("zones:{}:read", "a".repeat(254)),
            "zones:a.com/home:read",
            "zones:a.com//A:read",
            "zones:a.com/home/:read",
            "zones:a.com/home/A/:read",
            "zones:a.com/home/,:read",
            "zones:a.com/,/A:read",
            "zones:/home/A:read",
            "zones:a.com/home/FOO:read",
            "zones:a.com/home/A TXT:read",
            "zones:a.com/a%2Cb/A:read",
            "zones:a.com/a b/A:read",
            "zones:a.com/%ff/A:read",
            "zones:a.com/%00/A:read",
            "domains:a.com/home/A:read",
            "billing:*/home/A:read",
        ] {
            assert!(parse(&catalogue, &TYPES, text).is_err(), "{text} was taken for a scope");
        }
        for text in [&"a".repeat(9000), &format!("{}:*:read", "a".repeat(9000))] {
            let why = parse(&catalogue, &TYPES, text).unwrap_err();
            assert!(why.len() < 600, "{why}");
        }
    }

    #[test]
    fn a_name_that_looks_like_the_grammar_is_percent_encoded() {
        let key = Catalogue::embedded().unwrap().find("zones").unwrap().key.clone();
        assert_eq!(
            asked(&key, Some("0/25.2.0.192.in-addr.arpa"), Access::Read),
            "zones:0%2F25.2.0.192.in-addr.arpa:read"
        );
    }

    #[test]
    fn a_scope_narrows_to_records_by_name_and_type() {
        let catalogue = Catalogue::embedded().unwrap();
        let records = |text| parse(&catalogue, &TYPES, text).map(|written| written.records);
        let of = |names: &[&str], types: &[&str]| {
            let owned = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect();
            Ok(RecordFilter { names: owned(names), types: owned(types) })
        };
        assert_eq!(
            records("zones:example.com/_acme-challenge*/TXT:write"),
            of(&["_acme-challenge*"], &["TXT"])
        );
        assert_eq!(records("zones:*,!a.com/@,Home,home/a,aaaa:read"), of(&["", "home"], &["A", "AAAA"]));
        assert_eq!(records("zones:*/*/TXT:read"), of(&[], &["TXT"]));
        assert_eq!(records("zones:*/home/*:read"), of(&["home"], &[]));
        assert_eq!(records("zones:*/*/*:read"), of(&[], &[]));
        assert_eq!(records("zones:*/%2A.dev,b%C3%BCcher/*:read"), of(&["*.dev", "xn--bcher-kva"], &[]));
    }

    /// Every permission, selection and filter that scope text can say.
    fn grants(catalogue: &Catalogue) -> impl Strategy<Value = Grant> + use<> {
        let permissions = catalogue.permissions.clone();
        let some = |list: &[&'static str], least: usize| subsequence(list.to_vec(), least..=list.len());
        let names = some(&["a.com", "0/25.2.0.192.in-addr.arpa", "b!*,:%.example"], 0);
        let records = (some(&["", "_acme-challenge*", "*.dev", "a.b.*"], 0), some(&TYPES, 0));
        let parts = (select(permissions), any::<Index>(), any::<bool>(), names, records);
        parts.prop_map(|(permission, access, all, names, (record_names, types))| {
            let kind = permission.narrowed_by.unwrap_or(KindKey::literal("domain"));
            let one = |name: &str| ResourceRef { account: 1, id: Some(1), kind, name: name.to_owned() };
            let named: Vec<ResourceRef> = names.into_iter().map(one).collect();
            let selection = match permission.narrowed_by {
                None => Selection::Everywhere { except: Vec::new() },
                Some(_) if all || named.is_empty() => Selection::Account { account: 1, except: named },
                Some(_) => Selection::Only(named),
            };
            let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect();
            let records = match permission.records {
                true => RecordFilter { names: owned(record_names), types: owned(types) },
                false => RecordFilter::default(),
            };
            let access = permission.access[access.index(permission.access.len())];
            Grant { permission: permission.key, access, selection, records }
        })
    }

    #[test]
    fn what_a_grant_is_spelled_as_is_read_as_that_grant() {
        let catalogue = Catalogue::embedded().unwrap();
        proptest!(|(grant in grants(&catalogue))| {
            let text = of_grant(&grant);
            let written = parse(&catalogue, &TYPES, &text).unwrap();
            let named: Vec<String> = grant.selection.named().iter().map(|one| one.name.clone()).collect();
            let (only, except) = match grant.selection {
                Selection::Only(_) => (Some(named), Vec::new()),
                _ => (None, named),
            };
            let permission = catalogue.get(&grant.permission).unwrap();
            let read = Written { permission, access: grant.access, only, except, records: grant.records };
            prop_assert_eq!(written, read, "{}", text);
        });
    }
}
