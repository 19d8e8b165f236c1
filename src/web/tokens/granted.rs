//! The grants of a token, as its page lists them.

use crate::policy::words::{self, Phrase};
use crate::policy::{Access, AccountId, Catalogue, Grant, Permission, ResourceRef, Rights, Selection};
use crate::web::guard::TokenOwner;
use crate::web::page::capitalized;
use crate::web::paths;

/// A grant.
pub(super) struct GrantRow {
    pub(super) title: String,
    pub(super) access: String,
    pub(super) full: bool,
    /// Where it applies, or what it is about.
    pub(super) text: String,
    /// What it is narrowed to, or leaves out.
    pub(super) names: Vec<NamedRow>,
    /// What it's narrowed to inside its resources; empty where it isn't.
    pub(super) inside: Vec<Phrase>,
    pub(super) sensitive: bool,
    /// What the catalogue no longer offers of it.
    pub(super) no_longer: Option<String>,
}

/// A resource that a grant names.
pub(super) struct NamedRow {
    pub(super) name: String,
    /// Its account, where there may be several.
    pub(super) account: Option<String>,
    pub(super) url: Option<String>,
    pub(super) gone: bool,
}

/// The rows of these rights; Everything has none.
pub(super) fn rows<P>(catalogue: &Catalogue, rights: &Rights, owner: &TokenOwner<P>) -> Vec<GrantRow> {
    let Rights::Grants(grants) = rights else { return Vec::new() };
    grants.iter().map(|grant| row(catalogue, grant, owner)).collect()
}

fn row<P>(catalogue: &Catalogue, grant: &Grant, owner: &TokenOwner<P>) -> GrantRow {
    let names = grant.selection.named().iter().map(|one| named(one, owner)).collect();
    let Some(permission) = catalogue.get(&grant.permission) else {
        return GrantRow {
            title: catalogue.title_of(grant.permission.as_str()).to_owned(),
            access: grant.access.title().to_owned(),
            full: grant.access == Access::Full,
            text: String::new(),
            names,
            inside: Vec::new(),
            sensitive: false,
            no_longer: Some("No longer offered: this line does nothing.".to_owned()),
        };
    };
    let gives = grant.gives(permission);
    let access = gives.unwrap_or(grant.access);
    let place = if permission.is_of_user() { String::new() } else { place(&grant.selection, owner) };
    let text = match permission.narrowed_by {
        None if place.is_empty() => permission.sentence.clone(),
        None => format!("{} For{place}.", permission.sentence),
        Some(kind) => narrowed(&catalogue.plural(kind), &grant.selection, &place),
    };
    GrantRow {
        title: permission.title.clone(),
        access: access.title().to_owned(),
        full: access == Access::Full,
        text,
        names,
        inside: inside(catalogue, permission, grant),
        sensitive: permission.sensitive,
        no_longer: match gives {
            Some(gives) if gives == grant.access => None,
            Some(_) => Some(format!("“{}” is no longer offered.", grant.access.title())),
            None => {
                let what = capitalized(&words::missing(catalogue, permission, grant));
                Some(format!("{what} is no longer offered: this line does nothing."))
            }
        },
    }
}

/// "of Acme", "in all your accounts"; nothing where only one account can be meant.
fn place<P>(selection: &Selection, owner: &TokenOwner<P>) -> String {
    match (selection, owner.account()) {
        (_, Some(_)) | (Selection::Only(_), None) => String::new(),
        (Selection::Everywhere { .. }, None) => " all your accounts".to_owned(),
        (Selection::Account { account, .. }, None) => format!(" {}", name_of(*account, owner)),
    }
}

fn narrowed(kinds: &str, selection: &Selection, place: &str) -> String {
    let (what, except) = match selection {
        Selection::Only(_) => return format!("Only these {kinds}"),
        Selection::Everywhere { except } => ("in", except),
        Selection::Account { except, .. } => ("of", except),
    };
    let place = if place.is_empty() { String::new() } else { format!(" {what}{place}") };
    let but = if except.is_empty() { "" } else { ", except these" };
    format!("All {kinds}{place}, including future ones{but}")
}

fn named<P>(one: &ResourceRef, owner: &TokenOwner<P>) -> NamedRow {
    let reached = owner.accounts().iter().any(|(account, _)| account.id == one.account);
    NamedRow {
        name: one.name.clone(),
        account: owner.account().is_none().then(|| name_of(one.account, owner)),
        url: one
            .id
            .filter(|_| reached && owner.signed_in.catalogue.kind(one.kind).is_some())
            .map(|id| paths::resource(&owner.signed_in.extras, one.kind, one.account, id)),
        // Of an account that the person has left, nothing is told any more.
        gone: reached && one.id.is_none(),
    }
}

/// What an account is called; one that the person has left shows its number only.
pub(super) fn name_of<P>(id: AccountId, owner: &TokenOwner<P>) -> String {
    let known = owner.accounts().iter().find(|(account, _)| account.id == id);
    known.map_or_else(|| format!("account {id}"), |(account, _)| account.name.clone())
}

/// "Only runs on branches main".
fn inside(catalogue: &Catalogue, permission: &Permission, grant: &Grant) -> Vec<Phrase> {
    let Some(kind) = catalogue.kind_of(permission).filter(|_| !grant.parts.is_open()) else {
        return Vec::new();
    };
    let only = std::iter::once(Phrase::plain("Only "));
    only.chain(words::inside(kind, permission, &grant.parts)).collect()
}
