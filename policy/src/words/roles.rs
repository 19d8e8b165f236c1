//! How far a user token reaches now: no further than its user's present role, account by account.

use super::{Sentence, Surroundings, enumerated};
use crate::{Access, AccountId, Catalogue, Permission, Rights, Role, Selection};

pub(super) fn said(catalogue: &Catalogue, rights: &Rights, around: &Surroundings) -> Vec<Sentence> {
    let permissions = || catalogue.permissions.iter().filter(|one| !one.is_of_user());
    if let Rights::Grants(grants) = rights
        && !permissions().any(|one| grants.iter().any(|grant| grant.permission == one.key))
    {
        return Vec::new();
    }
    let mut sentences = vec![Sentence::said(
        "info",
        "In each account it does no more than your role there allows at that moment, and nothing once you are no member there.",
    )];
    for account in &around.accounts {
        let granted = permissions().filter_map(|one| Some((one, granted(one, rights, account.id)?)));
        let Some(role) = account.role else { continue };
        let (mut reads, mut nothing, mut enough) = (Vec::new(), Vec::new(), 0);
        for (permission, access) in granted {
            if account.holds(permission, access) {
                enough += 1;
            } else if account.holds(permission, Access::Read) {
                reads.push(permission.object.as_str());
            } else {
                nothing.push(permission.object.as_str());
            }
        }
        let name = around.called(account.id);
        sentences.extend(lowered(&name, role, &reads, &nothing, enough));
    }
    sentences.extend(left(catalogue, rights, around));
    sentences
}

/// The most that the rights say of a permission in an account.
fn granted(permission: &Permission, rights: &Rights, account: AccountId) -> Option<Access> {
    match rights {
        Rights::Everything => permission.access.iter().max().copied(),
        Rights::Grants(grants) => grants
            .iter()
            .filter(|grant| grant.permission == permission.key && grant.selection.touches(account))
            .map(|grant| grant.access)
            .max(),
    }
}

fn lowered(name: &str, role: Role, reads: &[&str], nothing: &[&str], enough: usize) -> Option<Sentence> {
    let start = format!("In {name} you are {}, so for now it", role.key());
    let text = match (reads, nothing) {
        ([], []) => return None,
        ([], _) if enough == 0 => format!("{start} can do nothing there."),
        ([], nothing) => format!("{start} cannot touch {} there.", enumerated(nothing)),
        (reads, []) => format!("{start} only reads {} there.", enumerated(reads)),
        (reads, nothing) => {
            format!(
                "{start} only reads {} there, and cannot touch {}.",
                enumerated(reads),
                enumerated(nothing)
            )
        }
    };
    Some(Sentence::said("info", text))
}

/// Accounts that the grants name and the user is no member of.
fn left(catalogue: &Catalogue, rights: &Rights, around: &Surroundings) -> Vec<Sentence> {
    let Rights::Grants(grants) = rights else { return Vec::new() };
    let mut named: Vec<AccountId> = grants
        .iter()
        .filter(|grant| catalogue.get(&grant.permission).is_some_and(|one| !one.is_of_user()))
        .flat_map(|grant| match &grant.selection {
            Selection::Everywhere { .. } => Vec::new(),
            Selection::Account { account, .. } => vec![*account],
            Selection::Only(only) => {
                only.iter().filter(|one| one.id.is_some()).map(|one| one.account).collect()
            }
        })
        .filter(|id| !around.accounts.iter().any(|account| account.id == *id && account.role.is_some()))
        .collect();
    named.sort_unstable();
    named.dedup();
    let said = |id| {
        let name = around.called(id);
        Sentence::said("cannot", format!("You are no member of {name}, so for now it can do nothing there."))
    };
    named.into_iter().map(said).collect()
}
