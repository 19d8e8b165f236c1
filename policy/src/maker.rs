//! Never more than its maker (rule 5), as far as roles decide it.

use super::{AccountId, Catalogue, Grant, Permission, Rights, Role, Selection};

/// Whether a member with this role could grant every one of these rights to an account token.
pub fn may_grant(catalogue: &Catalogue, rights: &Rights, role: Role) -> bool {
    match rights {
        Rights::Everything => catalogue.for_account_tokens().all(|permission| {
            permission
                .access
                .iter()
                .all(|access| permission.lowest_role(*access).is_some_and(|lowest| role >= lowest))
        }),
        Rights::Grants(grants) => grants.iter().all(|grant| {
            catalogue
                .for_account_tokens()
                .any(|permission| permission.key == grant.permission && can_hold(permission, grant, role))
        }),
    }
}

/// Whether any present role of a user could hold the grant; for what it names to reach it, the role
/// there. At each call the role of that moment decides again.
pub fn user_can_hold(catalogue: &Catalogue, roles: &[(AccountId, Role)], grant: &Grant) -> bool {
    let Some(permission) = catalogue.get(&grant.permission) else { return false };
    if permission.is_of_user() {
        return permission.access.contains(&grant.access);
    }
    let role_in =
        |account: AccountId| roles.iter().find(|(known, _)| *known == account).map(|(_, role)| *role);
    let can = |account: AccountId| role_in(account).is_some_and(|role| can_hold(permission, grant, role));
    match &grant.selection {
        // Leaving something out asks for no right to it.
        Selection::Everywhere { .. } => roles.iter().any(|(account, _)| can(*account)),
        Selection::Account { account, .. } => can(*account),
        Selection::Only(only) => only.iter().all(|one| can(one.account)),
    }
}

fn can_hold(permission: &Permission, grant: &Grant, role: Role) -> bool {
    permission.may_be_held(grant.access, role)
}
