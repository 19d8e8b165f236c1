//! The one answer to "may this token do that".

use super::{Access, Catalogue, Grant, PermissionKey, Policy, ResourceKind, Rights, Role, scope};

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
    /// A resource that exists.
    Resource {
        /// Its id.
        id: i64,
        /// What it is.
        kind: ResourceKind,
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
    /// Name and type of the one record in question, where there is one.
    pub record: Option<(&'a str, &'a str)>,
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
    /// It may be read but not changed; this scope would have sufficed.
    Write(String),
}

/// Decides a call: the token's rights, and for a user token also the user's role in the account
/// of the call, looked up at that moment.
pub fn decide(catalogue: &Catalogue, policy: &Policy, holder: &Holder, request: &Request<'_>) -> Decision {
    let role = match holder {
        Holder::Account(own) if *own == request.account => None,
        Holder::Account(_) => return Decision::Refuse(Refusal::AccountNotFound),
        Holder::User(roles) => match roles.iter().find(|(account, _)| *account == request.account) {
            Some((_, role)) => Some(*role),
            None => return Decision::Refuse(Refusal::AccountNotFound),
        },
    };
    let held = |access: Access| match role {
        None => true,
        Some(role) => catalogue
            .get(request.permission)
            .and_then(|permission| permission.lowest_role(access))
            .is_some_and(|lowest| role >= lowest),
    };
    let grants = match &policy.rights {
        Rights::Everything if held(request.access) => return Decision::Allow,
        Rights::Everything if held(Access::Read) => return Decision::Refuse(write_refusal(request)),
        Rights::Everything => return Decision::Refuse(Refusal::Permission(asked_scope(request))),
        Rights::Grants(grants) => grants,
    };
    if !grants.iter().any(|grant| grant.selection.touches(request.account)) {
        return Decision::Refuse(Refusal::AccountNotFound);
    }
    decide_by_grants(grants, request, held)
}

fn decide_by_grants(grants: &[Grant], request: &Request<'_>, held: impl Fn(Access) -> bool) -> Decision {
    let of_permission = || {
        grants.iter().filter(|grant| {
            grant.permission == *request.permission
                && grant.selection.touches(request.account)
                && held(Access::Read)
        })
    };
    if of_permission().next().is_none() {
        return Decision::Refuse(Refusal::Permission(asked_scope(request)));
    }
    let enough = |grant: &Grant| grant.access >= request.access && held(request.access);
    let reaching = || of_permission().filter(|grant| reaches(grant, request));
    if reaching().any(enough) {
        return Decision::Allow;
    }
    match request.target {
        // What is to be made is not hidden: the answer names the scope that would make it.
        Target::New => Decision::Refuse(write_refusal(request)),
        Target::Collection | Target::Resource { .. } if reaching().next().is_some() => {
            Decision::Refuse(write_refusal(request))
        }
        Target::Collection | Target::Resource { .. } => Decision::Refuse(Refusal::ResourceNotFound),
    }
}

fn reaches(grant: &Grant, request: &Request<'_>) -> bool {
    let record = match request.record {
        Some((name, record_type)) => grant.records.matches(name, record_type),
        None => true,
    };
    let selected = match request.target {
        Target::Collection => true,
        Target::New => grant.selection.includes_future(request.account),
        Target::Resource { id, kind, name } => grant.selection.reaches(request.account, id, kind, name),
    };
    record && selected
}

fn asked_scope(request: &Request<'_>) -> String {
    let name = match request.target {
        Target::Resource { name, .. } => Some(name),
        Target::Collection | Target::New => None,
    };
    scope::asked(request.permission, name, request.access)
}

fn write_refusal(request: &Request<'_>) -> Refusal {
    Refusal::Write(asked_scope(request))
}
