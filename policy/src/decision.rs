//! The one answer to "may this token do that".

use super::{
    Access, Catalogue, Grant, KindKey, Permission, PermissionKey, Policy, RecordFilter, Rights, Role,
    Selection, scope,
};

/// Whose token it is, and what that holder reaches at the moment of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// An account token: it reaches this account, whatever becomes of its creator.
    Account(i64),
    /// A user token: it reaches the user's accounts, each with the present role there.
    User(Vec<(i64, Role)>),
}

/// What a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// The permission as a whole, or a list that is filtered to what the token reaches.
    Collection,
    /// Something that is still to be made.
    New,
    /// A resource as the call names it, before it is looked up: decides whether the permission is
    /// there, and nothing of the resource.
    Asked(&'a str),
    /// A resource that exists.
    Resource {
        /// Its id.
        id: i64,
        /// What it is.
        kind: KindKey,
        /// Its name.
        name: &'a str,
    },
}

/// A call, as far as a decision needs it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The account in the path.
    pub account: i64,
    /// The permission that guards the route.
    pub permission: &'a PermissionKey,
    /// The access that the route needs.
    pub access: Access,
    /// What the call is about.
    pub target: Target<'a>,
    /// The records of the zone in question.
    pub records: Records<'a>,
}

/// Which records of a zone a call is about; names are relative to it, types in capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Records<'a> {
    /// None in particular: the zone itself, or a list that is filtered to what the grants let through.
    Aside,
    /// All of them, as in a zone file: a grant that is narrowed to some is not enough.
    Whole,
    /// One that exists.
    Existing(&'a str, &'a str),
    /// One that is to be, by creation or under another name.
    New(&'a str, &'a str),
}

/// Yes, or why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The token may do it.
    Allow,
    /// It may not.
    Refuse(Refusal),
}

/// Why a call is refused, in the order in which it is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The account is foreign, or nothing is granted there: the same as if it did not exist.
    AccountNotFound,
    /// The permission is absent; this scope would have sufficed.
    Permission(String),
    /// The resource is outside the selection: the same as if it did not exist.
    ResourceNotFound,
    /// The record is outside the grants' filters: the same as if it did not exist.
    RecordNotFound,
    /// Some records are reached, but the call is about all of them; this scope would have sufficed.
    Narrowed(String),
    /// It may be read but not changed; this scope would have sufficed.
    Write(String),
}

/// Decides a call: the token's rights, and for a user token also the user's role in the account
/// of the call, looked up at that moment.
pub fn decide(catalogue: &Catalogue, policy: &Policy, holder: &Holder, request: &Request<'_>) -> Decision {
    let Some(held) = Held::by(catalogue, holder, request.account, request.permission) else {
        return Decision::Refuse(Refusal::AccountNotFound);
    };
    let grants = match &policy.rights {
        Rights::Everything if held.allows(request.access) => return Decision::Allow,
        Rights::Everything if held.allows(Access::Read) => return Decision::Refuse(write_refusal(request)),
        Rights::Everything => return Decision::Refuse(Refusal::Permission(asked_scope(request))),
        Rights::Grants(grants) => grants,
    };
    if !grants_in(catalogue, &policy.rights, request.account) {
        return Decision::Refuse(Refusal::AccountNotFound);
    }
    decide_by_grants(grants, request, held)
}

/// Decides a call about the user itself, which names no account: the permissions of the category
/// user, which no selection narrows. An account's token has none of them.
pub fn decide_for_user(
    catalogue: &Catalogue,
    policy: &Policy,
    holder: &Holder,
    permission: &PermissionKey,
    access: Access,
) -> Decision {
    let scope = scope::asked(permission, None, access);
    if matches!(holder, Holder::Account(_)) || !is_of_user(catalogue, permission) {
        return Decision::Refuse(Refusal::Permission(scope));
    }
    let granted = match &policy.rights {
        Rights::Everything => return Decision::Allow,
        Rights::Grants(grants) => grants.iter().filter(|grant| grant.permission == *permission),
    };
    match granted.map(|grant| grant.access).max() {
        Some(granted) if granted >= access => Decision::Allow,
        Some(_) => Decision::Refuse(Refusal::Write(scope)),
        None => Decision::Refuse(Refusal::Permission(scope)),
    }
}

/// Whether anything at all is granted in an account. What is the user's own is in none.
pub fn grants_in(catalogue: &Catalogue, rights: &Rights, account: i64) -> bool {
    match rights {
        Rights::Everything => true,
        Rights::Grants(grants) => grants
            .iter()
            .any(|grant| grant.selection.touches(account) && !is_of_user(catalogue, &grant.permission)),
    }
}

fn is_of_user(catalogue: &Catalogue, permission: &PermissionKey) -> bool {
    catalogue.get(permission).is_some_and(Permission::is_of_user)
}

/// What of a permission can be read in an account: a list shows the union of these.
pub fn readable(
    catalogue: &Catalogue,
    policy: &Policy,
    holder: &Holder,
    account: i64,
    permission: &PermissionKey,
) -> Vec<(Selection, RecordFilter)> {
    let held = Held::by(catalogue, holder, account, permission).filter(|held| held.allows(Access::Read));
    if held.is_none() {
        return Vec::new();
    }
    match &policy.rights {
        Rights::Everything => {
            vec![(Selection::Account { account, except: Vec::new() }, RecordFilter::default())]
        }
        Rights::Grants(grants) => grants
            .iter()
            .filter(|grant| grant.permission == *permission && grant.selection.touches(account))
            .map(|grant| (grant.selection.clone(), grant.records.clone()))
            .collect(),
    }
}

/// How far the holder of a token reaches with one permission in one account.
#[derive(Clone, Copy)]
enum Held {
    /// As far as the token itself.
    AsGranted,
    /// No further than a role does.
    ByRole { read: bool, full: bool },
}

impl Held {
    /// None where the holder reaches nothing of the account.
    fn by(catalogue: &Catalogue, holder: &Holder, account: i64, permission: &PermissionKey) -> Option<Held> {
        let role = match holder {
            Holder::Account(own) => return (*own == account).then_some(Held::AsGranted),
            Holder::User(roles) => roles.iter().find(|(member_of, _)| *member_of == account)?.1,
        };
        let permission = catalogue.get(permission);
        let holds = |access| {
            permission
                .and_then(|permission| permission.lowest_role(access))
                .is_some_and(|lowest| role >= lowest)
        };
        Some(Held::ByRole { read: holds(Access::Read), full: holds(Access::Full) })
    }

    fn allows(self, access: Access) -> bool {
        match (self, access) {
            (Held::AsGranted, _) => true,
            (Held::ByRole { read, .. }, Access::Read) => read,
            (Held::ByRole { full, .. }, Access::Full) => full,
        }
    }
}

fn decide_by_grants(grants: &[Grant], request: &Request<'_>, held: Held) -> Decision {
    let of_permission = || {
        grants.iter().filter(|grant| {
            grant.permission == *request.permission
                && grant.selection.touches(request.account)
                && held.allows(Access::Read)
        })
    };
    if of_permission().next().is_none() {
        return Decision::Refuse(Refusal::Permission(asked_scope(request)));
    }
    let enough = |grant: &Grant| grant.access >= request.access && held.allows(request.access);
    let selecting = || of_permission().filter(|grant| selects(grant, request));
    let letting = || selecting().filter(|grant| lets_through(grant, request.records));
    if letting().any(enough) {
        return Decision::Allow;
    }
    Decision::Refuse(match request.target {
        // What is to be made is not hidden: the answer names the scope that would make it.
        Target::New => write_refusal(request),
        _ if selecting().next().is_none() => Refusal::ResourceNotFound,
        _ => match request.records {
            Records::Existing(..) if letting().next().is_none() => Refusal::RecordNotFound,
            Records::Whole if selecting().any(enough) => Refusal::Narrowed(asked_scope(request)),
            _ => write_refusal(request),
        },
    })
}

fn selects(grant: &Grant, request: &Request<'_>) -> bool {
    match request.target {
        Target::Collection | Target::Asked(_) => true,
        Target::New => grant.selection.includes_future(request.account),
        Target::Resource { id, kind, name } => grant.selection.reaches(request.account, id, kind, name),
    }
}

fn lets_through(grant: &Grant, records: Records<'_>) -> bool {
    match records {
        Records::Aside => true,
        Records::Whole => grant.records.is_open(),
        Records::Existing(name, record_type) | Records::New(name, record_type) => {
            grant.records.matches(name, record_type)
        }
    }
}

fn asked_scope(request: &Request<'_>) -> String {
    let name = match request.target {
        Target::Resource { name, .. } | Target::Asked(name) => Some(name),
        Target::Collection | Target::New => None,
    };
    scope::asked(request.permission, name, request.access)
}

fn write_refusal(request: &Request<'_>) -> Refusal {
    Refusal::Write(asked_scope(request))
}
