//! Where a grant applies, in words: resources, accounts and records.

use super::{Phrase, Surroundings, listed};
use crate::{Grant, Kind, RecordFilter, ResourceRef, Selection};

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
    let narrowed = !grant.records.is_open();
    let mut phrases = vec![Phrase::plain(of)];
    match &grant.selection {
        Selection::Only(only) => {
            phrases.extend(named(only, around, of, " (deleted since)"));
            phrases.push(Phrase::plain(match (alone, narrowed) {
                (true, true) => ", and no other record.".to_owned(),
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
            let end = if alone && narrowed { "; and no other record." } else { "." };
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
    let mut accounts: Vec<i64> = Vec::new();
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
        let mut phrases = vec![Phrase::strong(&one.name)];
        if one.id.is_none() {
            phrases.push(Phrase::plain(gone));
        }
        phrases
    })
}

/// "A and AAAA records named home or _acme-challenge*".
pub(super) fn records(filter: &RecordFilter) -> Vec<Phrase> {
    let mut phrases = listed(&filter.types, " and ", |one| vec![Phrase::strong(one)]);
    phrases.push(Phrase::plain(if filter.types.is_empty() { "records" } else { " records" }));
    if !filter.names.is_empty() {
        phrases.push(Phrase::plain(" named "));
        phrases.extend(listed(&filter.names, " or ", |name| match name.as_str() {
            "" => vec![Phrase::code("@"), Phrase::plain(" (the zone's own name)")],
            name => vec![Phrase::code(name)],
        }));
    }
    phrases
}
