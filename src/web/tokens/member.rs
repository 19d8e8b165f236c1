//! Who makes a token, and whose it becomes.

use super::draft::Whose;
use crate::policy::AccountId;
use crate::web::guard::{CreateTokens, TokenOwner};

/// A person who may create tokens of this account, or of their own.
pub(super) type Member = TokenOwner<CreateTokens>;

impl Whose {
    /// Whose tokens the page is about.
    pub(super) fn of<P>(owner: &TokenOwner<P>) -> Whose {
        let accounts = owner.accounts().iter();
        Whose {
            of_user: owner.account().is_none(),
            scoped: owner.scoped(),
            accounts: accounts.map(|(account, role)| (account.id, account.name.clone(), *role)).collect(),
        }
    }

    /// Numbers of the accounts.
    pub(super) fn numbers(&self) -> Vec<AccountId> {
        self.accounts.iter().map(|(id, ..)| *id).collect()
    }
}
