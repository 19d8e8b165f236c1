//! Whose token a draft is for.

use crate::policy::{Access, AccountId, Permission, Role};

/// Whose the token will be, and where the person who fills in the form may grant what.
#[derive(Debug, Clone)]
pub struct Whose {
    /// Whether it will belong to a user.
    pub of_user: bool,
    /// Whether it may be scoped.
    pub scoped: bool,
    /// What it can reach: number, name, and the person's role there.
    pub accounts: Vec<(AccountId, String, Role)>,
}

impl Whose {
    /// What an account is called, and the person's role there.
    pub fn role(&self, account: AccountId) -> Option<(&str, Role)> {
        let known = self.accounts.iter().find(|(id, ..)| *id == account);
        known.map(|(_, name, role)| (name.as_str(), *role))
    }

    /// Whether the person may grant this somewhere.
    pub fn may_grant(&self, permission: &Permission, access: Access) -> bool {
        permission.is_of_user()
            || self.accounts.iter().any(|(.., role)| permission.may_be_held(access, *role))
    }

    /// Why the person may not grant this in the account; none where nothing speaks against it.
    pub fn refusal(&self, permission: &Permission, access: Access, account: AccountId) -> Option<String> {
        let Some((name, role)) = self.role(account) else {
            return Some("You are not a member of that account. Choose another.".to_owned());
        };
        let needed = permission.lowest_role(access).filter(|_| !permission.may_be_held(access, role))?;
        Some(format!(
            "In {name} you are {}, and {} with {} needs {} there.",
            role.key(),
            permission.title,
            access.title(),
            needed.key()
        ))
    }

    /// The one account there is, where there is one.
    pub fn only_account(&self) -> Option<AccountId> {
        match self.accounts.as_slice() {
            [(id, ..)] => Some(*id),
            _ => None,
        }
    }
}
