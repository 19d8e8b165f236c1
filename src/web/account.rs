//! The account itself: its name and plan, its limits, and its end.

mod delete;
mod general;
mod limits;
mod people;
mod plan;

pub use delete::{confirm as delete_confirm, delete, restore};
pub use general::{change, show};
pub use limits::{limits, set as set_limits};
pub use people::set as set_people;
pub use plan::{change as plan, confirm as plan_confirm};

use super::guard::AccountMember;
use super::paths;
use crate::policy::Act;

/// The tabs that somebody sees.
struct Tabs {
    general: String,
    limits: Option<String>,
    delete: Option<String>,
}

impl Tabs {
    fn of<P>(member: &AccountMember<P>) -> Tabs {
        let account = member.account.id;
        Tabs {
            general: paths::account(account),
            limits: member.may(Act::ManageLimits).then(|| paths::account_limits(account)),
            delete: member.may(Act::DeleteAccount).then(|| paths::account_delete(account)),
        }
    }
}
