//! What the sentences say besides the policy: accounts by name, and how much they hold now.

use crate::{Access, AccountId, KindKey, Permission, Role, Selection};

/// The accounts that a token can reach, as they are now.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Whether the token is a user's.
    pub of_user: bool,
    /// Of an account token its account; of a user token all of the user's.
    pub accounts: Vec<Around>,
}

/// One account.
#[derive(Debug, Clone)]
pub struct Around {
    /// Its number.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// The user's present role, for user tokens; none where the user is no member.
    pub role: Option<Role>,
    /// How many resources of each kind it has; a kind that isn't listed has none.
    pub resources: Vec<(KindKey, i64)>,
}

impl Around {
    fn count(&self, kind: KindKey) -> i64 {
        self.resources.iter().find(|(known, _)| *known == kind).map_or(0, |(_, count)| *count)
    }
}

/// What in a name would read like a part of a sentence.
const CONFUSING: [&str; 6] = [" and ", " in ", " except ", " or ", "account ", "your "];

impl Surroundings {
    /// How many resources of the permission's kind the selection reaches now: those of accounts
    /// where the permission is not beyond the present role, but for those that are left out.
    pub fn reached(&self, permission: &Permission, selection: &Selection) -> i64 {
        let Some(kind) = permission.narrowed_by else { return 0 };
        let except = match selection {
            Selection::Everywhere { except } | Selection::Account { except, .. } => except,
            Selection::Only(only) => return i64::try_from(only.len()).unwrap_or(i64::MAX),
        };
        let held = |account: &&Around| !self.of_user || account.holds(permission, Access::Read);
        let within = |account: &&Around| !self.of_user || selection.includes_future(account.id);
        let accounts = self.accounts.iter().filter(held).filter(within);
        let of_account = |account: &Around| {
            let gone = except.iter().filter(|one| one.account == account.id && one.id.is_some());
            account.count(kind) - i64::try_from(gone.count()).unwrap_or(0)
        };
        accounts.map(of_account).sum::<i64>().max(0)
    }

    /// What an account is called: its name, with its number where that alone would not tell it from
    /// another; an account that is not here shows its number only.
    pub fn called(&self, id: AccountId) -> String {
        let Some(account) = self.accounts.iter().find(|account| account.id == id) else {
            return format!("account {id}");
        };
        let name = &account.name;
        let twice = self.accounts.iter().any(|other| other.id != id && other.name == *name);
        let plain = !name.contains(|sign: char| !(sign.is_alphanumeric() || " .-_&'+/".contains(sign)))
            && !CONFUSING.iter().any(|words| format!("{} ", name.to_lowercase()).contains(words));
        match (plain, twice) {
            (true, false) => name.clone(),
            (true, true) => format!("{name} ({id})"),
            (false, _) => format!("“{name}” ({id})"),
        }
    }
}

impl Around {
    /// Whether the present role goes so far.
    pub(super) fn holds(&self, permission: &Permission, access: Access) -> bool {
        let lowest = permission.lowest_role(access);
        self.role.zip(lowest).is_some_and(|(role, lowest)| role >= lowest)
    }
}
