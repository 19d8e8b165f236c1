//! What the grants of a token let it do, permission by permission, and what none of them does.

use super::places::{inside, place, quoted, which};
use super::{Phrase, Sentence, Surroundings, enumerated};
use crate::{Access, Catalogue, Grant, Kind, Permission, ResourceId, ResourceRef, Selection};

pub(super) fn said(catalogue: &Catalogue, grants: &[Grant], around: &Surroundings) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let mut done: Vec<&Permission> = Vec::new();
    for permission in grants.iter().filter_map(|grant| catalogue.get(&grant.permission)) {
        if !done.contains(&permission) {
            done.push(permission);
            let rows: Vec<&Grant> =
                grants.iter().filter(|grant| grant.permission == permission.key).collect();
            sentences.extend(of_permission(catalogue, permission, &rows, around));
        }
    }
    let wide = |grant: &&Grant| matches!(grant.selection, Selection::Everywhere { .. });
    if around.of_user && of_accounts(catalogue, grants).any(|grant| wide(&grant)) {
        sentences.push(all_accounts(around));
    }
    sentences.extend(full_access(catalogue, grants));
    sentences.push(cannot(catalogue, grants, around));
    sentences.extend(lists(catalogue, grants));
    sentences
}

/// The grants of what belongs to accounts rather than to the user.
fn of_accounts<'a>(catalogue: &'a Catalogue, grants: &'a [Grant]) -> impl Iterator<Item = &'a Grant> {
    grants
        .iter()
        .filter(|grant| catalogue.get(&grant.permission).is_some_and(|permission| !permission.is_of_user()))
}

fn of_permission(
    catalogue: &Catalogue,
    permission: &Permission,
    rows: &[&Grant],
    around: &Surroundings,
) -> Vec<Sentence> {
    let alone = rows.len() == 1;
    let mut sentences: Vec<Sentence> =
        rows.iter().map(|grant| row(catalogue, permission, grant, around, alone)).collect();
    if !alone {
        sentences.push(Sentence::said(
            "info",
            format!(
                "These {} lines about {} add up: what one of them allows is allowed, and nothing else of it is.",
                rows.len(),
                permission.object
            ),
        ));
        sentences.extend(brought_back(rows, around));
    }
    let reaching: Vec<&Grant> = rows.iter().copied().filter(|grant| reaches_something(grant)).collect();
    if reaching.iter().any(|grant| !grant.parts.is_open()) {
        sentences.extend(narrowed_to_parts(catalogue.kind_of(permission), &reaching));
    }
    sentences
}

fn row(
    catalogue: &Catalogue,
    permission: &Permission,
    grant: &Grant,
    around: &Surroundings,
    alone: bool,
) -> Sentence {
    if let Selection::Only(only) = &grant.selection
        && !reaches_something(grant)
    {
        return nothing_left(permission, only, alone);
    }
    let kind = catalogue.kind_of(permission);
    let itself = kind.is_some_and(|kind| permission.object == kind.plural);
    // Creating one takes all, including future ones.
    let creates = permission.creates == permission.narrowed_by && permission.creates.is_some();
    let deed = match (permission.verbs(grant.access), grant.access, &grant.selection) {
        (Some(own), ..) => own,
        (None, Access::Read, _) => "read",
        (None, Access::Full, Selection::Only(_)) if creates => "read, change and delete",
        (None, Access::Full, _) => "read, create, change and delete",
    };
    let mut phrases = vec![Phrase::plain("Can "), Phrase::strong(deed)];
    let Some(kind) = kind else {
        phrases.push(Phrase::plain(format!(" {}", permission.object)));
        let of_account = !permission.is_of_user();
        phrases.extend(place(&grant.selection, around).filter(|_| of_account));
        phrases.push(Phrase::plain("."));
        return Sentence::new("can", phrases);
    };
    if !grant.parts.is_open() {
        phrases.push(Phrase::plain(" "));
        phrases.extend(inside(kind, permission, &grant.parts));
    } else if !itself {
        phrases.push(Phrase::plain(format!(" {}", permission.object)));
    }
    let now = around.reached(permission, &grant.selection);
    // Domains themselves, rather than something of them.
    phrases.extend(which(kind, grant, now, around, if itself { " " } else { " of " }, alone));
    Sentence::new("can", phrases)
}

/// Whether what the grant names is not all deleted.
fn reaches_something(grant: &Grant) -> bool {
    !matches!(&grant.selection, Selection::Only(only) if only.iter().all(|one| one.id.is_none()))
}

fn nothing_left(permission: &Permission, only: &[ResourceRef], alone: bool) -> Sentence {
    let line = if alone { "The" } else { "A" };
    let names: Vec<String> = only.iter().map(|one| quoted(&one.name)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let why = match names.as_slice() {
        [] => "nothing was chosen".to_owned(),
        [one] => format!("{one} was deleted"),
        some => format!("{} were deleted", enumerated(some)),
    };
    let text = format!("{line} line about {} reaches nothing any more: {why}.", permission.object);
    Sentence::said("cannot", text)
}

/// What one line leaves out and another one reaches all the same.
fn brought_back(rows: &[&Grant], around: &Surroundings) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    for (place, grant) in rows.iter().enumerate() {
        if matches!(grant.selection, Selection::Only(_)) {
            continue;
        }
        for one in grant.selection.named() {
            let reached = rows.iter().enumerate().any(|(other, row)| {
                // No resource has the number 0.
                other != place
                    && row.selection.reaches(
                        one.account,
                        one.id.unwrap_or(ResourceId::from(0)),
                        one.kind,
                        &one.name,
                    )
            });
            let place =
                if around.of_user { format!(" in {}", around.called(one.account)) } else { String::new() };
            let text =
                format!("{}{place} is left out of one line, but another line reaches it.", quoted(&one.name));
            let said = Sentence::said("warn", text);
            if reached && !sentences.contains(&said) {
                sentences.push(said);
            }
        }
    }
    sentences
}

fn narrowed_to_parts(kind: Option<&Kind>, rows: &[&Grant]) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let Some(kind) = kind else { return sentences };
    let mut patterns =
        kind.parts.iter().flat_map(|part| rows.iter().flat_map(|grant| grant.parts.of(&part.key)));
    if patterns.any(|one| one.ends_with('*')) {
        let text = "In a name, a * at the end stands for any ending, also for none.";
        sentences.push(Sentence::said("info", text));
    }
    let limited = rows.iter().all(|grant| !grant.parts.is_open());
    let noun = kind.noun();
    let text = match (&kind.narrowed, limited) {
        (Some(said), true) => said.all.clone(),
        (Some(said), false) => said.some.clone(),
        (None, true) => format!("Cannot do what is about a whole {noun} at once."),
        (None, false) => {
            format!("What is about a whole {noun} at once takes a line that is not limited inside it.")
        }
    };
    sentences.push(Sentence::said("info", text));
    sentences
}

pub(super) fn all_accounts(around: &Surroundings) -> Sentence {
    let members = around.accounts.iter().filter(|account| account.role.is_some());
    let names: Vec<String> = members.map(|account| around.called(account.id)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let now = if names.is_empty() { "none".to_owned() } else { enumerated(&names) };
    Sentence::new(
        "warn",
        vec![
            Phrase::plain("Reaches "),
            Phrase::strong("all your accounts"),
            Phrase::plain(format!(": {now} now, and those that you join later.")),
        ],
    )
}

fn full_access(catalogue: &Catalogue, grants: &[Grant]) -> Option<Sentence> {
    let mut kinds: Vec<String> = grants
        .iter()
        .filter(|grant| grant.access == Access::Full && grant.parts.is_open())
        .filter(|grant| !matches!(grant.selection, Selection::Only(_)))
        .filter_map(|grant| Some(catalogue.plural(catalogue.get(&grant.permission)?.narrowed_by?)))
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    let kinds = match kinds.as_slice() {
        [] => return None,
        some => some.join(" and "),
    };
    let text = format!(
        "This is wide: a mistake with it can change or delete what belongs to any of these {kinds}, also of later ones. Name single ones if they will do."
    );
    Some(Sentence::said("warn", text))
}

fn cannot(catalogue: &Catalogue, grants: &[Grant], around: &Surroundings) -> Sentence {
    let absent = catalogue
        .permissions
        .iter()
        .filter(|permission| around.of_user || !permission.is_of_user())
        .filter(|permission| !grants.iter().any(|grant| grant.permission == permission.key))
        .map(|permission| format!("{}, ", permission.object));
    Sentence::said("cannot", format!("Cannot touch {}tokens or members.", absent.collect::<String>()))
}

fn lists(catalogue: &Catalogue, grants: &[Grant]) -> Option<Sentence> {
    let narrowed = |grant: &Grant| {
        catalogue.get(&grant.permission).is_some_and(|permission| permission.narrowed_by.is_some())
            && (!grant.selection.named().is_empty() || !grant.parts.is_open())
    };
    let text = "Lists will show only what it reaches.";
    grants.iter().any(narrowed).then(|| Sentence::said("info", text))
}
