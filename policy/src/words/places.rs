//! Where a grant applies, in words: resources, accounts and what is inside a resource.

use super::{Phrase, Surroundings, listed};
use crate::{AccountId, Grant, Kind, Part, Parts, Permission, ResourceRef, Selection};

/// What follows the object of a sentence about resources. `of` stands before each group of them;
/// `alone`: no other line speaks of the permission, so that this one may say what is not reached.
pub(super) fn which(
    kind: &Kind,
    grant: &Grant,
    now: i64,
    around: &Surroundings,
    of: &str,
    alone: bool,
) -> Vec<Phrase> {
    let narrowed = !grant.parts.is_open();
    let nothing_else = match &kind.items {
        Some((one, _)) => format!("no other {one}"),
        None => "nothing else there".to_owned(),
    };
    let mut phrases = vec![Phrase::plain(of)];
    match &grant.selection {
        Selection::Only(only) => {
            phrases.extend(named(only, around, of, " (deleted since)"));
            phrases.push(Phrase::plain(match (alone, narrowed) {
                (true, true) => format!(", and {nothing_else}."),
                (true, false) => format!(", and{of}no other {}.", kind.noun()),
                (false, _) => ".".to_owned(),
            }));
        }
        Selection::Everywhere { except } | Selection::Account { except, .. } => {
            phrases.push(Phrase::strong(format!("all {}", kind.plural)));
            phrases.extend(place(&grant.selection, around));
            if !except.is_empty() {
                phrases.push(Phrase::plain(" except "));
                phrases.extend(left_out(&grant.selection, except, around));
            }
            let now = if now == 0 { "none".to_owned() } else { now.to_string() };
            let end = if alone && narrowed { format!("; and {nothing_else}.") } else { ".".to_owned() };
            phrases.push(Phrase::plain(format!(": {now} now, and those added later{end}")));
        }
    }
    phrases
}

/// " in Acme", " in all your accounts"; nothing where only one account can be meant.
pub(super) fn place(selection: &Selection, around: &Surroundings) -> Option<Phrase> {
    match selection {
        _ if !around.of_user => None,
        Selection::Everywhere { .. } => Some(Phrase::plain(" in all your accounts")),
        Selection::Account { account, .. } => Some(Phrase::plain(format!(" in {}", around.called(*account)))),
        Selection::Only(_) => None,
    }
}

fn left_out(selection: &Selection, except: &[ResourceRef], around: &Surroundings) -> Vec<Phrase> {
    let gone = " (deleted since, and still left out)";
    match selection {
        Selection::Everywhere { .. } => named(except, around, "", gone),
        Selection::Account { .. } | Selection::Only(_) => names(except, gone),
    }
}

/// "a and b", for a user token "a and b in Acme, of c in Globex".
fn named(list: &[ResourceRef], around: &Surroundings, of: &str, gone: &str) -> Vec<Phrase> {
    if !around.of_user {
        return names(list, gone);
    }
    let mut accounts: Vec<AccountId> = Vec::new();
    for one in list {
        if !accounts.contains(&one.account) {
            accounts.push(one.account);
        }
    }
    let mut phrases = Vec::new();
    for (place, account) in accounts.into_iter().enumerate() {
        if place > 0 {
            phrases.push(Phrase::plain(format!(",{}", if of.is_empty() { " " } else { of })));
        }
        let there: Vec<ResourceRef> = list.iter().filter(|one| one.account == account).cloned().collect();
        phrases.extend(names(&there, gone));
        phrases.push(Phrase::plain(format!(" in {}", around.called(account))));
    }
    phrases
}

/// "a, b and c".
fn names(list: &[ResourceRef], gone: &str) -> Vec<Phrase> {
    listed(list, " and ", |one| {
        let mut phrases = vec![Phrase::strong(quoted(&one.name))];
        if one.id.is_none() {
            phrases.push(Phrase::plain(gone));
        }
        phrases
    })
}

/// A name between marks where it would read like more than one word of the sentence.
pub(super) fn quoted(name: &str) -> String {
    let confusing = |sign: char| sign.is_whitespace() || ",;“”".contains(sign);
    if name.contains(confusing) || name.ends_with('.') { format!("“{name}”") } else { name.to_owned() }
}

/// What a grant is narrowed to inside its resources: "A and AAAA records named home or
/// _acme-challenge*", "runs on branches main". Parts that the catalogue no longer has are named
/// by their keys.
pub fn inside(kind: &Kind, permission: &Permission, parts: &Parts) -> Vec<Phrase> {
    let narrowing = |part: &&Part| !parts.of(&part.key).is_empty();
    let (trailing, leading): (Vec<&Part>, Vec<&Part>) =
        kind.parts.iter().filter(narrowing).partition(|part| part.says.is_some());
    let mut phrases = Vec::new();
    for part in leading {
        phrases.extend(listed(parts.of(&part.key), " and ", |one| {
            vec![Phrase::strong(quoted(part.written(one)))]
        }));
        phrases.push(Phrase::plain(" "));
    }
    let several = kind.items.as_ref().map_or(permission.object.as_str(), |(_, several)| several);
    phrases.push(Phrase::plain(several));
    for part in trailing {
        phrases.push(Phrase::plain(format!(" {} ", part.says.as_deref().unwrap_or_default())));
        phrases.extend(listed(parts.of(&part.key), " or ", |one| {
            let explained = part.explained(one).map(|what| Phrase::plain(format!(" ({what})")));
            std::iter::once(Phrase::code(quoted(part.written(one)))).chain(explained).collect()
        }));
    }
    let gone: Vec<&str> = parts.keys().filter(|key| kind.part(key).is_none()).collect();
    phrases.extend(
        (!gone.is_empty())
            .then(|| Phrase::plain(format!(" by {}, which is no longer offered", gone.join(" and ")))),
    );
    phrases
}
