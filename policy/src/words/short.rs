//! A policy in a few words, for a row of the list.

use super::Phrase;
use crate::{AccountId, Catalogue, Grant, Kind, Part, Rights, Selection};

/// What the account with this number is called.
pub type Called<'a> = &'a dyn Fn(AccountId) -> String;

/// Rights in a few words; for a user token with what accounts are called.
pub fn in_short(catalogue: &Catalogue, rights: &Rights, of_user: Option<Called<'_>>) -> Vec<Phrase> {
    let Rights::Grants(grants) = rights else {
        let place = if of_user.is_some() { "Everything you can reach" } else { "Everything in this account" };
        return vec![Phrase::plain(place)];
    };
    let mut phrases = Vec::new();
    for (place, grant) in grants.iter().enumerate() {
        let title = catalogue.title_of(grant.permission.as_str());
        let title = if place == 0 { title.to_owned() } else { title.to_lowercase() };
        if place > 0 {
            phrases.push(Phrase::plain("; "));
        }
        let permission = catalogue.get(&grant.permission);
        let given = permission.and_then(|permission| Some((permission, grant.gives(permission)?)));
        let Some((permission, access)) = given else {
            phrases.push(Phrase::plain(format!("{title} (no longer offered)")));
            continue;
        };
        phrases.push(Phrase::plain(format!("{title} {}", access.key())));
        let of_account = !permission.is_of_user();
        phrases.extend(selection(&grant.selection, of_user.filter(|_| of_account)));
        phrases.extend(catalogue.kind_of(permission).map(|kind| inside(kind, grant)).unwrap_or_default());
    }
    phrases
}

fn selection(selection: &Selection, of_user: Option<Called<'_>>) -> Vec<Phrase> {
    let (joint, list) = match selection {
        Selection::Only(only) if only.iter().all(|one| one.id.is_none()) => {
            return vec![Phrase::plain(" for nothing any more")];
        }
        Selection::Only(only) => (" for ", only),
        Selection::Everywhere { except } | Selection::Account { except, .. } => (", all but ", except),
    };
    let place = of_user.map(|called| place(selection, called));
    let names = match list.as_slice() {
        [] => Vec::new(),
        [one] => vec![Phrase::plain(joint), Phrase::strong(&one.name)],
        [one, two] => vec![
            Phrase::plain(joint),
            Phrase::strong(&one.name),
            Phrase::plain(" and "),
            Phrase::strong(&two.name),
        ],
        [one, rest @ ..] => vec![
            Phrase::plain(joint),
            Phrase::strong(&one.name),
            Phrase::plain(format!(" and {} more", rest.len())),
        ],
    };
    match selection {
        Selection::Only(_) => names.into_iter().chain(place).collect(),
        _ => place.into_iter().chain(names).collect(),
    }
}

/// " in Acme", " in 2 accounts", " in all accounts".
fn place(selection: &Selection, called: Called<'_>) -> Phrase {
    let place = match selection {
        Selection::Everywhere { .. } => "all accounts".to_owned(),
        Selection::Account { account, .. } => called(*account),
        Selection::Only(only) => {
            let mut of: Vec<AccountId> = only.iter().map(|one| one.account).collect();
            of.sort_unstable();
            of.dedup();
            match of.as_slice() {
                [one] => called(*one),
                some => format!("{} accounts", some.len()),
            }
        }
    };
    Phrase::plain(format!(" in {place}"))
}

/// " (TXT _acme-challenge*)": in the order of the sentence.
fn inside(kind: &Kind, grant: &Grant) -> Vec<Phrase> {
    let (trailing, leading): (Vec<&Part>, Vec<&Part>) =
        kind.parts.iter().partition(|part| part.says.is_some());
    let mut phrases = Vec::new();
    for part in leading.into_iter().chain(trailing) {
        let patterns: Vec<&str> = grant.parts.of(&part.key).iter().map(|one| part.written(one)).collect();
        if patterns.is_empty() {
            continue;
        }
        phrases.push(Phrase::plain(if phrases.is_empty() { " (" } else { " " }));
        phrases.extend(few(&patterns, if part.says.is_some() { Phrase::code } else { Phrase::plain }));
    }
    phrases.extend((!phrases.is_empty()).then(|| Phrase::plain(")")));
    phrases
}

/// "a", "a, b", "a, b and 3 more".
fn few(list: &[&str], say: impl Fn(String) -> Phrase) -> Vec<Phrase> {
    let shown = if list.len() > 2 { &list[..2] } else { list };
    let mut phrases = Vec::new();
    for (place, one) in shown.iter().enumerate() {
        phrases.extend((place > 0).then(|| Phrase::plain(", ")));
        phrases.push(say((*one).to_owned()));
    }
    let more = list.len() - shown.len();
    phrases.extend((more > 0).then(|| Phrase::plain(format!(" and {more} more"))));
    phrases
}
