//! People and companies that domains are registered to.

mod check;

use super::Sort;
use super::order::ordered;
use crate::db::{Conn, DbError};
use crate::dns::models::action::{DnsAction, Event};
use crate::dns::models::schema::{certificates, contacts, domains};
use crate::models::Window;
use crate::models::audit::{self, Origin};
use crate::policy::AccountId;
use diesel::dsl::exists;
use diesel::prelude::*;
use time::OffsetDateTime;

/// Somebody to whom domains are registered.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct Contact {
    /// Its number.
    pub id: i64,
    /// Number of its account.
    pub account_id: AccountId,
    /// Who it is and where.
    #[diesel(embed)]
    pub details: Details,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
}

/// Who somebody is and where. What is not required may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Queryable, Selectable, Insertable)]
#[diesel(table_name = contacts)]
pub struct Details {
    /// What the account calls it.
    pub label: String,
    /// First name; required.
    pub first_name: String,
    /// Last name; required.
    pub last_name: String,
    /// What the person does in the organization; required where there is one.
    pub job_title: String,
    /// The company.
    pub organization_name: String,
    /// E-mail address; required.
    pub email: String,
    /// Telephone number; required.
    pub phone: String,
    /// Fax number.
    pub fax: String,
    /// Street and number; required.
    pub address1: String,
    /// More of the address.
    pub address2: String,
    /// City; required.
    pub city: String,
    /// State or province; required.
    pub state_province: String,
    /// Postal code; required.
    pub postal_code: String,
    /// Country, by its two letters of ISO 3166; required.
    pub country: String,
}

/// What became of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone.
    Yes,
    /// A domain or a certificate still names it.
    InUse,
    /// The account has no such contact.
    NotFound,
}

impl Contact {
    /// A part of the account's contacts, and how many there are. They are sorted by `id`, `label`
    /// and `email`.
    pub fn list(
        conn: &mut Conn,
        account: AccountId,
        sort: &Sort<'_>,
        window: Window,
    ) -> Result<(Vec<Contact>, i64), DbError> {
        let own = || contacts::table.filter(contacts::account_id.eq(account));
        let query = own().select(Contact::as_select()).into_boxed();
        let query = ordered!(query, sort, contacts::id, {
            "id" => contacts::id,
            "label" => contacts::label,
            "email" => contacts::email,
        });
        let rows = query.offset(window.offset).limit(window.limit).load(conn)?;
        Ok((rows, own().count().get_result(conn)?))
    }

    /// The account's contact with this number.
    pub fn find(conn: &mut Conn, account: AccountId, id: i64) -> Result<Option<Contact>, DbError> {
        Ok(contacts::table
            .filter(contacts::account_id.eq(account).and(contacts::id.eq(id)))
            .select(Contact::as_select())
            .first(conn)
            .optional()?)
    }

    /// Makes one, of which nothing is wrong.
    pub fn create(
        conn: &mut Conn,
        account: AccountId,
        details: &Details,
        origin: &Origin,
    ) -> Result<Contact, DbError> {
        let made: Contact = diesel::insert_into(contacts::table)
            .values((
                contacts::account_id.eq(account),
                details,
                contacts::created_at.eq(origin.now),
                contacts::updated_at.eq(origin.now),
            ))
            .returning(Contact::as_returning())
            .get_result(conn)?;
        audit::record(conn, origin, &made.event(DnsAction::ContactCreated))?;
        Ok(made)
    }

    /// Deletes the account's contact with this number, unless something still names it.
    pub fn delete(conn: &mut Conn, account: AccountId, id: i64, origin: &Origin) -> Result<Deleted, DbError> {
        // Nothing can come to name it while it is locked.
        let contact: Option<Contact> = contacts::table
            .filter(contacts::account_id.eq(account).and(contacts::id.eq(id)))
            .select(Contact::as_select())
            .for_update()
            .first(conn)
            .optional()?;
        let Some(contact) = contact else { return Ok(Deleted::NotFound) };
        let of_a_domain = exists(domains::table.filter(domains::registrant_id.eq(id)));
        let of_a_certificate = exists(certificates::table.filter(certificates::contact_id.eq(id)));
        let (domain, certificate): (bool, bool) =
            diesel::select((of_a_domain, of_a_certificate)).get_result(conn)?;
        if domain || certificate {
            return Ok(Deleted::InUse);
        }
        diesel::delete(contacts::table.find(id)).execute(conn)?;
        audit::record(conn, origin, &contact.event(DnsAction::ContactDeleted))?;
        Ok(Deleted::Yes)
    }

    /// The record names it by its label, or else by its name.
    fn event<'a>(&'a self, action: DnsAction) -> Event<'a> {
        let Details { label, last_name, .. } = &self.details;
        let name = if label.is_empty() { last_name } else { label };
        let object = ("contact", Some(self.id), name.as_str());
        Event { account: Some(self.account_id), user: None, action, object, before: None, after: None }
    }
}
