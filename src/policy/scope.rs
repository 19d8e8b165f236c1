//! Scope text: a grant spelled as the API says it, `zones:example.com:read`, `zones:*:write`.

use super::{Access, Catalogue, Grant, Permission, PermissionKey, Selection};
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
        let or_any = |list: &[String]| if list.is_empty() { "*".to_owned() } else { list.join(",") };
        text.push_str(&format!("/{}/{}", or_any(&grant.records.names), or_any(&grant.records.types)));
    }
    format!("{text}:{}", grant.access.in_scope())
}

fn encoded(name: &str) -> String {
    utf8_percent_encode(name, IN_NAMES).to_string()
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
}

/// Reads scope text. The error is a sentence for whoever wrote it.
pub fn parse<'a>(catalogue: &'a Catalogue, text: &str) -> Result<Written<'a>, String> {
    let wrong = || format!("“{text}” is not a scope; write it like zones:example.com:read or zones:*:write.");
    let mut parts = text.split(':');
    let (Some(key), Some(names), Some(access), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(wrong());
    };
    let permission = catalogue.find(key).ok_or_else(|| {
        let known: Vec<&str> = catalogue.permissions.iter().map(|one| one.key.as_str()).collect();
        format!("There is no permission “{key}”; there are {}.", known.join(", "))
    })?;
    let access = match access {
        "read" => Access::Read,
        "write" => Access::Full,
        _ => return Err(wrong()),
    };
    if !permission.access.contains(&access) {
        return Err(format!("“{key}” can be read only; write {key}:{names}:read."));
    }
    let mut all = false;
    let (mut only, mut except) = (Vec::new(), Vec::new());
    for name in names.split(',') {
        let decoded = |name: &str| {
            percent_decode_str(name).decode_utf8().map(|name| name.to_lowercase()).map_err(|_| wrong())
        };
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
    Ok(Written { permission, access, only: (!all).then_some(only), except })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_names_permission_resources_and_access() {
        let catalogue = Catalogue::embedded().unwrap();
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
        ] {
            assert!(parse(&catalogue, text).is_err(), "{text} was taken for a scope");
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
}
