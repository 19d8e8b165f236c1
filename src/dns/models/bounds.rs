//! How many rows of each kind an account may have that a token can create: a program that runs wild fills no disk.
//! Webhooks have a bound of their own.

use super::domain::DOMAIN;
use crate::db::schema::resources;
use crate::db::{Conn, DbError};
use crate::dns::models::schema::{contacts, platform_messages, record_templates};
use crate::models::Account;
use crate::policy::AccountId;
use diesel::prelude::*;

/// Records of one zone.
pub const MOST_RECORDS: i64 = 10_000;

/// What is counted for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Domains, each with its zone.
    Domains,
    /// Contacts.
    Contacts,
    /// Templates of records.
    Templates,
    /// Messages to the platform's owner.
    Messages,
}

impl Counted {
    /// The most of them.
    pub const fn most(self) -> i64 {
        match self {
            Counted::Domains | Counted::Contacts | Counted::Messages => 10_000,
            Counted::Templates => 1_000,
        }
    }

    /// The bound, in a sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Counted::Domains => "An account has 10,000 domains at most",
            Counted::Contacts => "An account has 10,000 contacts at most",
            Counted::Templates => "An account has 1,000 templates at most",
            Counted::Messages => "An account has 10,000 messages at most",
        }
    }

    /// Whether the account may have one more: locked, so that no other one is counted at the same moment.
    pub fn has_room(self, conn: &mut Conn, account: AccountId) -> Result<bool, DbError> {
        Account::lock(conn, account)?;
        let there: i64 = match self {
            Counted::Domains => resources::table
                .filter(resources::account_id.eq(account).and(resources::kind.eq(DOMAIN.as_str())))
                .count()
                .get_result(conn)?,
            Counted::Contacts => {
                contacts::table.filter(contacts::account_id.eq(account)).count().get_result(conn)?
            }
            Counted::Templates => record_templates::table
                .filter(record_templates::account_id.eq(account))
                .count()
                .get_result(conn)?,
            Counted::Messages => platform_messages::table
                .filter(platform_messages::account_id.eq(account))
                .count()
                .get_result(conn)?,
        };
        Ok(there < self.most())
    }
}
