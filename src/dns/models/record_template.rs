//! Templates of records.

use super::Sort;
use super::order::ordered;
use crate::db::{Conn, DbError};
use crate::dns::models::action::{DnsAction, Event};
use crate::dns::models::schema::record_templates;
use crate::models::audit::{self, Origin};
use crate::models::{Window, text};
use crate::policy::AccountId;
use diesel::prelude::*;
use time::OffsetDateTime;

/// A template of records.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct RecordTemplate {
    /// Its number.
    pub id: i64,
    /// Number of its account.
    pub account_id: AccountId,
    /// Its short name, which addresses may use instead of the number.
    pub sid: String,
    /// Its name.
    pub name: String,
    /// In a few words, what it is for.
    pub description: String,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
}

/// A template that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTemplate {
    /// Its short name.
    pub sid: String,
    /// Its name.
    pub name: String,
    /// In a few words, what it is for; may be empty.
    pub description: String,
}

impl NewTemplate {
    /// What is wrong with it, by field.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        let mut wrong = |field, fault: Option<String>| faults.extend(fault.map(|fault| (field, fault)));
        wrong("sid", fault_of_sid(&self.sid));
        wrong("name", self.name.trim().is_empty().then(|| "can't be blank".to_owned()));
        wrong("name", text::fault_of_line(&self.name, 255));
        wrong("description", text::fault_of_lines(&self.description, 1_000));
        faults
    }
}

fn fault_of_sid(sid: &str) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let fault = if sid.is_empty() {
        "can't be blank"
    } else if sid.len() > 64 {
        "is too long (at most 64 characters)"
    } else if !sid.bytes().all(fits) {
        "may hold lower-case letters, digits, - and _ only"
    } else if sid.bytes().all(|byte| byte.is_ascii_digit()) {
        // Addresses take either the number or this.
        "must not be a number"
    } else {
        return None;
    };
    Some(fault.to_owned())
}

impl RecordTemplate {
    /// A part of the account's templates, and how many there are. They are sorted by `id`, `name`
    /// and `sid`.
    pub fn list(
        conn: &mut Conn,
        account: AccountId,
        sort: &Sort<'_>,
        window: Window,
    ) -> Result<(Vec<RecordTemplate>, i64), DbError> {
        let own = || record_templates::table.filter(record_templates::account_id.eq(account));
        let query = own().select(RecordTemplate::as_select()).into_boxed();
        let query = ordered!(query, sort, record_templates::id, {
            "id" => record_templates::id,
            "name" => record_templates::name,
            "sid" => record_templates::sid,
        });
        let rows = query.offset(window.offset).limit(window.limit).load(conn)?;
        Ok((rows, own().count().get_result(conn)?))
    }

    /// The account's template with this number or short name.
    pub fn find(conn: &mut Conn, account: AccountId, asked: &str) -> Result<Option<RecordTemplate>, DbError> {
        let own = record_templates::table
            .filter(record_templates::account_id.eq(account))
            .select(RecordTemplate::as_select())
            .into_boxed();
        let query = match asked.parse::<i64>() {
            Ok(id) => own.filter(record_templates::id.eq(id)),
            // What no short name can be is not looked for.
            Err(_) if fault_of_sid(asked).is_some() => return Ok(None),
            Err(_) => own.filter(record_templates::sid.eq(asked)),
        };
        Ok(query.first(conn).optional()?)
    }

    /// Makes one, of which nothing is wrong. `None` when the short name is taken.
    pub fn create(
        conn: &mut Conn,
        account: AccountId,
        new: &NewTemplate,
        origin: &Origin,
    ) -> Result<Option<RecordTemplate>, DbError> {
        let made: Option<RecordTemplate> = diesel::insert_into(record_templates::table)
            .values((
                record_templates::account_id.eq(account),
                record_templates::sid.eq(&new.sid),
                record_templates::name.eq(new.name.trim()),
                record_templates::description.eq(new.description.trim()),
                record_templates::created_at.eq(origin.now),
                record_templates::updated_at.eq(origin.now),
            ))
            .on_conflict_do_nothing()
            .returning(RecordTemplate::as_returning())
            .get_result(conn)
            .optional()?;
        if let Some(template) = &made {
            audit::record(conn, origin, &template.event(DnsAction::TemplateCreated))?;
        }
        Ok(made)
    }

    /// Deletes it; says whether this call did.
    pub fn delete(&self, conn: &mut Conn, origin: &Origin) -> Result<bool, DbError> {
        let gone = diesel::delete(record_templates::table.find(self.id)).execute(conn)? > 0;
        if gone {
            audit::record(conn, origin, &self.event(DnsAction::TemplateDeleted))?;
        }
        Ok(gone)
    }

    fn event<'a>(&'a self, action: DnsAction) -> Event<'a> {
        let object = ("template", Some(self.id), self.sid.as_str());
        Event { account: Some(self.account_id), user: None, action, object, before: None, after: None }
    }
}
