//! The one answer to "may this token do that".

use super::{
    Access, AccountId, Catalogue, Grant, KindKey, Parts, Permission, PermissionKey, Policy, ResourceId,
    Rights, Role, Selection, scope,
};

/// Whose token it is, and what that holder reaches at the moment of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// An account token: it reaches this account, whatever becomes of its creator.
    Account(AccountId),
    /// A user token: it reaches the user's accounts, each with the present role there.
    User(Vec<(AccountId, Role)>),
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
    /// All of the kind at once, now and later: needs a grant without a selection.
    All,
    /// A resource by its name alone, that isn't looked up or isn't registered: what is certain without
    /// knowing it. A grant with exceptions doesn't reach it, as it could be one of them.
    Named {
        /// What it is.
        kind: KindKey,
        /// Its name.
        name: &'a str,
    },
    /// A resource that exists.
    Resource {
        /// Its id.
        id: ResourceId,
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
    pub account: AccountId,
    /// The permission that guards the route.
    pub permission: &'a PermissionKey,
    /// The access that the route needs.
    pub access: Access,
    /// What the call is about.
    pub target: Target<'a>,
    /// What inside the resource the call is about.
    pub parts: PartsAsked<'a>,
}

/// What inside a resource a call is about. Names are given with the key of their part, each in the one
/// spelling of its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartsAsked<'a> {
    /// Nothing in particular: the resource itself, or a list that is filtered to what the grants let
    /// through.
    Aside,
    /// All of it: a grant that is narrowed to some is not enough.
    Whole,
    /// Something that exists.
    Existing(&'a [(&'a str, &'a str)]),
    /// Something that is to be, by creation or under another name.
    New(&'a [(&'a str, &'a str)]),
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
    /// What the call names inside the resource is outside the grants: the same as if it did not exist.
    PartNotFound,
    /// Something inside the resource is reached, but the call is about all of it; this scope would have
    /// sufficed.
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
    let Some(permission) = catalogue.get(request.permission) else {
        return Decision::Refuse(Refusal::Permission(asked_scope(request)));
    };
    decide_by_grants(permission, grants, request, held)
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
    let known = catalogue.get(permission).filter(|known| known.is_of_user());
    let Some(known) = known.filter(|_| matches!(holder, Holder::User(_))) else {
        return Decision::Refuse(Refusal::Permission(scope));
    };
    let granted = match &policy.rights {
        Rights::Everything => return Decision::Allow,
        Rights::Grants(grants) => grants.iter().filter(|grant| grant.permission == *permission),
    };
    match granted.filter_map(|grant| grant.gives(known)).max() {
        Some(granted) if granted >= access => Decision::Allow,
        Some(_) => Decision::Refuse(Refusal::Write(scope)),
        None => Decision::Refuse(Refusal::Permission(scope)),
    }
}

/// Whether anything at all is granted in an account. What is the user's own is in none.
pub fn grants_in(catalogue: &Catalogue, rights: &Rights, account: AccountId) -> bool {
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
    account: AccountId,
    permission: &PermissionKey,
) -> Vec<(Selection, Parts)> {
    let held = Held::by(catalogue, holder, account, permission).filter(|held| held.allows(Access::Read));
    let Some(known) = catalogue.get(permission).filter(|_| held.is_some()) else { return Vec::new() };
    match &policy.rights {
        Rights::Everything => {
            vec![(Selection::Account { account, except: Vec::new() }, Parts::default())]
        }
        Rights::Grants(grants) => grants
            .iter()
            .filter(|grant| grant.permission == *permission && grant.selection.touches(account))
            .filter(|grant| grant.gives(known).is_some())
            .map(|grant| (grant.selection.clone(), grant.parts.clone()))
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
    fn by(
        catalogue: &Catalogue,
        holder: &Holder,
        account: AccountId,
        permission: &PermissionKey,
    ) -> Option<Held> {
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

fn decide_by_grants(
    permission: &Permission,
    grants: &[Grant],
    request: &Request<'_>,
    held: Held,
) -> Decision {
    let of_permission = || {
        grants.iter().filter(|grant| {
            grant.permission == *request.permission
                && grant.selection.touches(request.account)
                && held.allows(Access::Read)
                && grant.gives(permission).is_some()
        })
    };
    if of_permission().next().is_none() {
        return Decision::Refuse(Refusal::Permission(asked_scope(request)));
    }
    let enough =
        |grant: &Grant| grant.gives(permission) >= Some(request.access) && held.allows(request.access);
    let selecting = || of_permission().filter(|grant| selects(grant, request));
    let letting = || selecting().filter(|grant| lets_through(grant, request.parts));
    if letting().any(enough) {
        return Decision::Allow;
    }
    Decision::Refuse(match request.target {
        // What is to be made is not hidden: the answer names the scope that would make it.
        Target::New => write_refusal(request),
        Target::All if of_permission().any(enough) => Refusal::Narrowed(asked_scope(request)),
        Target::All => write_refusal(request),
        _ if selecting().next().is_none() => Refusal::ResourceNotFound,
        _ => match request.parts {
            PartsAsked::Existing(_) if letting().next().is_none() => Refusal::PartNotFound,
            PartsAsked::Whole if selecting().any(enough) => Refusal::Narrowed(asked_scope(request)),
            _ => write_refusal(request),
        },
    })
}

fn selects(grant: &Grant, request: &Request<'_>) -> bool {
    match request.target {
        Target::Collection | Target::Asked(_) => true,
        Target::New => grant.selection.includes_future(request.account),
        Target::All => {
            grant.selection.includes_future(request.account)
                && grant.selection.named().is_empty()
                && grant.parts.is_open()
        }
        Target::Named { kind, name } => grant.selection.reaches_named(request.account, kind, name),
        Target::Resource { id, kind, name } => grant.selection.reaches(request.account, id, kind, name),
    }
}

fn lets_through(grant: &Grant, parts: PartsAsked<'_>) -> bool {
    match parts {
        PartsAsked::Aside => true,
        PartsAsked::Whole => grant.parts.is_open(),
        PartsAsked::Existing(named) | PartsAsked::New(named) => grant.parts.matches(named),
    }
}

fn asked_scope(request: &Request<'_>) -> String {
    let name = match request.target {
        Target::Resource { name, .. } | Target::Named { name, .. } | Target::Asked(name) => Some(name),
        Target::Collection | Target::New | Target::All => None,
    };
    scope::asked(request.permission, name, request.access)
}

fn write_refusal(request: &Request<'_>) -> Refusal {
    Refusal::Write(asked_scope(request))
}
