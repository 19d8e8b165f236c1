//! Addresses that want to be told of changes. Nothing is sent to them.

use crate::db::{Conn, DbError};
use crate::dns::models::action::{DnsAction, Event};
use crate::dns::models::schema::webhooks;
use crate::models::Account;
use crate::models::audit::{self, Origin};
use crate::policy::AccountId;
use diesel::prelude::*;
use time::OffsetDateTime;
use url::Url;

/// So many an account may have: their list comes in one piece.
pub const MOST: i64 = 100;
/// What servers commonly take as a request line at most.
const LONGEST_URL: usize = 2_048;

/// An address that wants to be told of changes.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct Webhook {
    /// Its number.
    pub id: i64,
    /// The address, as it was written. Often it holds a secret: it is in no log and no record.
    pub url: String,
    /// Since when nothing would be sent, because the address did not answer.
    pub suppressed_at: Option<OffsetDateTime>,
}

/// An address of the web that may be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    text: String,
    host: String,
}

impl Address {
    /// The address that somebody wrote; or what is wrong with it.
    pub fn parse(written: &str) -> Result<Address, &'static str> {
        let wrong = "is not an http or https URL";
        if written.is_empty() {
            return Err("can't be blank");
        }
        if written.len() > LONGEST_URL {
            return Err("is too long (at most 2048 characters)");
        }
        // The parser would leave these out silently.
        if written.chars().any(|sign| sign.is_whitespace() || crate::models::text::is_hidden(sign)) {
            return Err(wrong);
        }
        let url = Url::parse(written).map_err(|_| wrong)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(wrong)?;
        if !matches!(url.scheme(), "http" | "https") {
            Err(wrong)
        } else if !url.username().is_empty() || url.password().is_some() {
            Err("must not hold a user name or a password")
        } else {
            Ok(Address { text: written.to_owned(), host: host.to_owned() })
        }
    }
}

/// What became of a new one.
#[derive(Debug)]
pub enum Made {
    /// This was made.
    Webhook(Webhook),
    /// The account has [`MOST`].
    LimitReached,
    /// The account is gone.
    AccountGone,
}

impl Webhook {
    /// All of the account's.
    pub fn list(conn: &mut Conn, account: AccountId, newest_first: bool) -> Result<Vec<Webhook>, DbError> {
        let mut found: Vec<Webhook> = webhooks::table
            .filter(webhooks::account_id.eq(account))
            .order(webhooks::id)
            .select(Webhook::as_select())
            .load(conn)?;
        if newest_first {
            found.reverse();
        }
        Ok(found)
    }

    /// The account's webhook with this number.
    pub fn find(conn: &mut Conn, account: AccountId, id: i64) -> Result<Option<Webhook>, DbError> {
        Ok(webhooks::table
            .filter(webhooks::account_id.eq(account).and(webhooks::id.eq(id)))
            .select(Webhook::as_select())
            .first(conn)
            .optional()?)
    }

    /// Makes one.
    pub fn create(
        conn: &mut Conn,
        account: AccountId,
        address: &Address,
        origin: &Origin,
    ) -> Result<Made, DbError> {
        if Account::lock(conn, account)?.is_none() {
            return Ok(Made::AccountGone);
        }
        let there: i64 = webhooks::table.filter(webhooks::account_id.eq(account)).count().get_result(conn)?;
        if there >= MOST {
            return Ok(Made::LimitReached);
        }
        let made: Webhook = diesel::insert_into(webhooks::table)
            .values((
                webhooks::account_id.eq(account),
                webhooks::url.eq(&address.text),
                webhooks::created_at.eq(origin.now),
            ))
            .returning(Webhook::as_returning())
            .get_result(conn)?;
        audit::record(conn, origin, &event(account, DnsAction::WebhookCreated, made.id, &address.host))?;
        Ok(Made::Webhook(made))
    }

    /// Deletes the account's webhook with this number; says whether there was one.
    pub fn delete(conn: &mut Conn, account: AccountId, id: i64, origin: &Origin) -> Result<bool, DbError> {
        let url: Option<String> =
            diesel::delete(webhooks::table.filter(webhooks::account_id.eq(account).and(webhooks::id.eq(id))))
                .returning(webhooks::url)
                .get_result(conn)
                .optional()?;
        let Some(url) = url else { return Ok(false) };
        let host = Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned));
        audit::record(
            conn,
            origin,
            &event(account, DnsAction::WebhookDeleted, id, &host.unwrap_or_default()),
        )?;
        Ok(true)
    }
}

fn event<'a>(account: AccountId, action: DnsAction, id: i64, host: &'a str) -> Event<'a> {
    Event {
        account: Some(account),
        user: None,
        action,
        object: ("webhook", Some(id), host),
        before: None,
        after: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_of_the_web_without_a_password_is_taken() {
        for good in ["https://example.com/hook?key=1", "http://127.0.0.1:8080/", "https://[::1]/"] {
            assert_eq!(Address::parse(good).unwrap().text, good);
        }
        for bad in [
            "",
            "example.com",
            "ftp://example.com",
            "javascript:alert(1)",
            "https://",
            "https://user:word@example.com/",
            "https://exa mple.com/",
            "https://example.com/\n",
            "https://example.com/\0",
        ] {
            assert!(Address::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Address::parse(&format!("https://example.com/{}", "a".repeat(2_048))).is_err());
    }
}
