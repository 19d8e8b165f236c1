//! Scope text: a grant spelled as the API says it, `orders:berlin:read`, `orders:*,!berlin:write`,
//! `pipelines:website/main,release%2F*:write`.

use super::{Access, Catalogue, Grant, Kind, Parts, Permission, PermissionKey, Selection, shown};
use crate::LONGEST_NAME;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What would be read as part of the grammar.
const IN_NAMES: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b':').add(b',').add(b'/').add(b'*').add(b'!');

/// The scope that a call asks for, with `*` where it names no resource.
pub fn asked(permission: &PermissionKey, name: Option<&str>, access: Access) -> String {
    let name = name.map_or_else(|| "*".to_owned(), encoded);
    format!("{permission}:{name}:{}", access.in_scope())
}

/// A grant as scope text; of a permission that the catalogue no longer has, without its parts.
pub fn of_grant(catalogue: &Catalogue, grant: &Grant) -> String {
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
    let permission = catalogue.get(&grant.permission).filter(|_| !grant.parts.is_open());
    if let Some((permission, kind)) = permission.and_then(|one| Some((one, catalogue.kind_of(one)?))) {
        for part in permission.parts.iter().filter_map(|key| kind.part(key)) {
            let patterns: Vec<String> =
                grant.parts.of(&part.key).iter().map(|one| pattern(part.written(one))).collect();
            text.push('/');
            text.push_str(&if patterns.is_empty() { "*".to_owned() } else { patterns.join(",") });
        }
    }
    format!("{text}:{}", grant.access.in_scope())
}

fn encoded(name: &str) -> String {
    utf8_percent_encode(name, IN_NAMES).to_string()
}

/// In patterns a star means what it says.
fn pattern(written: &str) -> String {
    encoded(written).replace("%2A", "*")
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
    /// What it's narrowed to inside its resources.
    pub parts: Parts,
}

/// Reads scope text. The error is a sentence for the person who wrote it.
pub fn parse<'a>(catalogue: &'a Catalogue, text: &str) -> Result<Written<'a>, String> {
    let wrong = || format!("“{}” is not a scope; {}.", shown(text), example(catalogue));
    let mut words = text.split(':');
    let (Some(key), Some(names), Some(access), None) =
        (words.next(), words.next(), words.next(), words.next())
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
        let offered: Vec<&str> = permission.access.iter().map(|one| one.in_scope()).collect();
        let (names, offered) = (shown(names), offered.join(" or "));
        return Err(format!("“{key}” has no level “{}”; write {key}:{names}:{offered}.", access.in_scope()));
    }
    let kind = catalogue.kind_of(permission);
    let (names, inside) = match names.split_once('/') {
        None => (names, Parts::default()),
        Some(_) if permission.parts.is_empty() => {
            let inside = kind.map_or_else(String::new, |kind| format!(" inside {}", kind.plural));
            return Err(format!("“{key}” can't be narrowed to anything{inside}."));
        }
        Some((names, inside)) => (names, parts(permission, kind, inside, wrong)?),
    };
    let mut all = false;
    let (mut only, mut except) = (Vec::new(), Vec::new());
    for name in names.split(',') {
        let decoded = |name: &str| resource(kind, name).ok_or_else(wrong);
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
    Ok(Written { permission, access, only: (!all).then_some(only), except, parts: inside })
}

fn decoded(name: &str) -> Option<String> {
    percent_decode_str(name).decode_utf8().ok().map(|name| name.into_owned())
}

/// The name of a resource; none that could be none.
/// The name of a resource as it's kept. Whether there is one is another question.
fn resource(kind: Option<&Kind>, name: &str) -> Option<String> {
    let fits = |name: &String| name.len() <= LONGEST_NAME && !name.chars().any(char::is_control);
    let spelled = |name: String| kind.map_or_else(|| name.clone(), |kind| kind.spelled(&name));
    decoded(name).map(spelled).filter(fits)
}

/// How a scope of this catalogue is written, in words.
fn example(catalogue: &Catalogue) -> String {
    let narrowed = catalogue.permissions.iter().find_map(|one| Some((one, catalogue.kind_of(one)?)));
    let (permission, kind) = match narrowed {
        Some((permission, kind)) => (Some(permission), kind.example.as_str()),
        None => (catalogue.permissions.first(), "*"),
    };
    let key = permission.map_or("orders", |one| one.key.as_str());
    let level = permission.and_then(|one| one.access.last()).map_or("read", |one| one.in_scope());
    if kind == "*" {
        return format!("write it like {key}:*:{level}");
    }
    format!("write it like {key}:{}:{level} or {key}:*:{level}", encoded(kind))
}

/// What follows the names of resources: for each part of the permission its patterns, `*` for any.
fn parts(
    permission: &Permission,
    kind: Option<&Kind>,
    written: &str,
    wrong: impl Fn() -> String,
) -> Result<Parts, String> {
    let written: Vec<&str> = written.split('/').collect();
    if written.len() != permission.parts.len() {
        return Err(wrong());
    }
    let mut parts = Parts::default();
    for (key, written) in permission.parts.iter().zip(written) {
        let part = kind.and_then(|kind| kind.part(key)).ok_or_else(&wrong)?;
        let names: Option<Vec<String>> = written.split(',').map(decoded).collect();
        let names = names.filter(|names| names.iter().all(|name| !name.is_empty())).ok_or_else(&wrong)?;
        parts = parts.with(key, part.normal(names.iter().map(String::as_str))?);
    }
    Ok(parts)
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
        let catalogue = crate::samples::dns();
        let written = parse(&catalogue, "zones:example.com,Other.example:write").unwrap();
        assert_eq!(written.permission.key.as_str(), "zones");
        assert_eq!(written.access, Access::Full);
        assert_eq!(written.only, Some(vec!["example.com".to_owned(), "other.example".to_owned()]));
        let written = parse(&catalogue, "zones:*,!theburritobot.com:read").unwrap();
        assert_eq!(written.only, None);
        assert_eq!(written.except, vec!["theburritobot.com".to_owned()]);
    }

    #[test]
    fn what_is_not_a_scope_is_refused_in_words() {
        let catalogue = crate::samples::dns();
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
            "zones:a.com/a%20b/A:read",
            "zones:a.com/%ff/A:read",
            "zones:a.com/%00/A:read",
            "domains:a.com/home/A:read",
            "billing:*/home/A:read",
        ] {
            assert!(parse(&catalogue, text).is_err(), "{text} was taken for a scope");
        }
        for text in [&"a".repeat(9000), &format!("{}:*:read", "a".repeat(9000))] {
            let why = parse(&catalogue, text).unwrap_err();
            assert!(why.len() < 600, "{why}");
        }
    }

    #[test]
    fn a_name_that_looks_like_the_grammar_is_percent_encoded() {
        let key = crate::samples::dns().find("zones").unwrap().key.clone();
        assert_eq!(
            asked(&key, Some("0/25.2.0.192.in-addr.arpa"), Access::Read),
            "zones:0%2F25.2.0.192.in-addr.arpa:read"
        );
    }

    #[test]
    fn a_scope_narrows_to_records_by_name_and_type() {
        let catalogue = crate::samples::dns();
        let records = |text| parse(&catalogue, text).map(|written| written.parts);
        let of = |names: &[&str], types: &[&str]| {
            let owned = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect();
            Ok(Parts::default().with("name", owned(names)).with("type", owned(types)))
        };
        assert_eq!(
            records("zones:example.com/_acme-challenge*/TXT:write"),
            of(&["_acme-challenge*"], &["TXT"])
        );
        assert_eq!(records("zones:*,!a.com/@,Home,home/a,aaaa:read"), of(&["", "home"], &["A", "AAAA"]));
        assert_eq!(records("zones:*/*/TXT:read"), of(&[], &["TXT"]));
        assert_eq!(records("zones:*/home/*:read"), of(&["home"], &[]));
        assert_eq!(records("zones:*/*/*:read"), of(&[], &[]));
        assert_eq!(records("zones:*/%2A.dev,a.b/*:read"), of(&["*.dev", "a.b"], &[]));
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
            let one = |name: &str| ResourceRef {
                account: 1.into(),
                id: Some(1.into()),
                kind,
                name: name.to_owned(),
            };
            let named: Vec<ResourceRef> = names.into_iter().map(one).collect();
            let selection = match permission.narrowed_by {
                None => Selection::Everywhere { except: Vec::new() },
                Some(_) if all || named.is_empty() => Selection::Account { account: 1.into(), except: named },
                Some(_) => Selection::Only(named),
            };
            let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect();
            let parts = match permission.parts.is_empty() {
                true => Parts::default(),
                false => Parts::default().with("name", owned(record_names)).with("type", owned(types)),
            };
            let access = permission.access[access.index(permission.access.len())];
            Grant { permission: permission.key, access, selection, parts }
        })
    }

    #[test]
    fn what_a_grant_is_spelled_as_is_read_as_that_grant() {
        let catalogue = crate::samples::dns();
        proptest!(|(grant in grants(&catalogue))| {
            let text = of_grant(&catalogue, &grant);
            let written = parse(&catalogue, &text).unwrap();
            let named: Vec<String> = grant.selection.named().iter().map(|one| one.name.clone()).collect();
            let (only, except) = match grant.selection {
                Selection::Only(_) => (Some(named), Vec::new()),
                _ => (None, named),
            };
            let permission = catalogue.get(&grant.permission).unwrap();
            let read = Written { permission, access: grant.access, only, except, parts: grant.parts };
            prop_assert_eq!(written, read, "{}", text);
        });
    }
}
