//! Notices of how the platform is, and messages between an account and the platform.

use crate::db::{Conn, DbError};
use crate::dns::models::action::{DnsAction, Event};
use crate::dns::models::schema::{platform_messages, platform_statuses};
use crate::models::audit::{self, Origin};
use crate::models::stored::stored_list;
use crate::models::{Window, text};
use crate::policy::AccountId;
use diesel::prelude::*;
use time::OffsetDateTime;

stored_list! {
    /// How a part of the platform is.
    pub enum PlatformState {
        /// It works.
        Operational = "operational",
        /// It works badly.
        Degraded = "degraded",
        /// It doesn't work.
        Outage = "outage",
        /// It's off on purpose.
        Maintenance = "maintenance",
    }
}

/// A notice of how a part of the platform is.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = platform_statuses)]
pub struct Status {
    /// Its number.
    pub id: i64,
    /// Number of the account that sees it.
    pub account_id: AccountId,
    /// Which part.
    pub component: String,
    /// How it is.
    pub state: PlatformState,
    /// In words.
    pub message: String,
    /// When it was first said.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
}

/// A message.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = platform_messages)]
pub struct Message {
    /// Its number.
    pub id: i64,
    /// Number of the account whose it is.
    pub account_id: AccountId,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub body: String,
    /// When it was posted.
    pub created_at: OffsetDateTime,
}

/// A message that somebody wants to post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// What it is about.
    pub subject: String,
    /// What it says; may have several lines.
    pub body: String,
}

impl NewMessage {
    /// What is wrong with it, by field.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let blank = |text: &str| text.trim().is_empty().then(|| "can't be blank".to_owned());
        let subject = blank(&self.subject).or_else(|| text::fault_of_line(&self.subject, 255));
        let body = blank(&self.body).or_else(|| text::fault_of_lines(&self.body, 10_000));
        let named = |field, fault: Option<String>| fault.map(|fault| (field, fault));
        named("subject", subject).into_iter().chain(named("body", body)).collect()
    }
}

impl Status {
    /// A part of what the account sees, oldest first, and how much there is.
    pub fn list(conn: &mut Conn, account: AccountId, window: Window) -> Result<(Vec<Status>, i64), DbError> {
        let own = || platform_statuses::table.filter(platform_statuses::account_id.eq(account));
        let rows = own()
            .order(platform_statuses::id)
            .offset(window.offset)
            .limit(window.limit)
            .select(Status::as_select())
            .load(conn)?;
        Ok((rows, own().count().get_result(conn)?))
    }
}

impl Message {
    /// A part of the account's messages, oldest first, and how many there are.
    pub fn list(conn: &mut Conn, account: AccountId, window: Window) -> Result<(Vec<Message>, i64), DbError> {
        let own = || platform_messages::table.filter(platform_messages::account_id.eq(account));
        let rows = own()
            .order(platform_messages::id)
            .offset(window.offset)
            .limit(window.limit)
            .select(Message::as_select())
            .load(conn)?;
        Ok((rows, own().count().get_result(conn)?))
    }

    /// Posts a message of which nothing is wrong. The record has its subject, not what it says.
    pub fn post(
        conn: &mut Conn,
        account: AccountId,
        new: &NewMessage,
        origin: &Origin,
    ) -> Result<Message, DbError> {
        let posted: Message = diesel::insert_into(platform_messages::table)
            .values((
                platform_messages::account_id.eq(account),
                platform_messages::subject.eq(new.subject.trim()),
                platform_messages::body.eq(&new.body),
                platform_messages::created_at.eq(origin.now),
            ))
            .returning(Message::as_returning())
            .get_result(conn)?;
        let object = ("message", Some(posted.id), posted.subject.as_str());
        let action = DnsAction::MessagePosted;
        audit::record(
            conn,
            origin,
            &Event { account: Some(account), user: None, action, object, before: None, after: None },
        )?;
        Ok(posted)
    }
}
