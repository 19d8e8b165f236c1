//! What somebody has entered so far: a pure type with one parser, for the simple form and the
//! builder, for every button of theirs, and for the summary, which carries it in hidden fields.

mod check;
mod grant;
mod like;
mod preset;
mod rows;
mod whose;

pub use check::Problems;
pub use like::Source;
pub use rows::{Level, MOST_ROWS, RowDraft, Where};
pub use whose::Whose;

use crate::models::token::expiry::{Expiry, PRESELECTED_DAYS, PRESETS};
use crate::policy::{Catalogue, Permission, ResourceId};
use crate::web::form::Fields;
use time::OffsetDateTime;
use uuid::Uuid;

/// Which form it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A line a permission, each there from the start; a line at *No access* says nothing.
    Simple,
    /// Rows that are added one by one.
    Builder,
}

/// The form, as it was filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Which form.
    pub shape: Shape,
    /// Makes posting it twice harmless.
    pub nonce: Uuid,
    /// The name, as typed.
    pub name: String,
    /// Whether Everything is chosen instead of permissions.
    pub everything: bool,
    /// The permissions, in the order of the form.
    pub rows: Vec<RowDraft>,
    /// Client networks it works from, as typed.
    pub from: String,
    /// Client networks it never works from, as typed.
    pub not_from: String,
    /// The first day, as typed.
    pub starts_on: String,
    /// `30`, `90`, `365`, `date` or `never`.
    pub expires: String,
    /// The last day, as typed.
    pub expires_on: String,
}

impl Draft {
    /// An empty form.
    pub fn blank(shape: Shape) -> Draft {
        Draft {
            shape,
            nonce: Uuid::new_v4(),
            name: String::new(),
            everything: false,
            rows: Vec::new(),
            from: String::new(),
            not_from: String::new(),
            starts_on: String::new(),
            expires: PRESELECTED_DAYS.to_string(),
            expires_on: String::new(),
        }
    }

    /// Reads a posted form. It never fails: what makes no sense is said by [`Draft::check`].
    pub fn parse(fields: &Fields, shape: Shape, catalogue: &Catalogue) -> Draft {
        Draft {
            shape,
            // A form without a nonce is none of ours; with a fresh one it is only asked again.
            nonce: fields.get("nonce").parse().unwrap_or_else(|_| Uuid::new_v4()),
            name: fields.get("name").to_owned(),
            everything: fields.get("reach") == "everything",
            rows: match shape {
                Shape::Simple => catalogue
                    .for_account_tokens()
                    .map(|permission| RowDraft::of_permission(fields, permission))
                    .collect(),
                Shape::Builder => RowDraft::of_builder(fields, catalogue),
            },
            from: fields.get("from").to_owned(),
            not_from: fields.get("not_from").to_owned(),
            starts_on: fields.get("starts_on").trim().to_owned(),
            expires: fields.get("expires").to_owned(),
            expires_on: fields.get("expires_on").trim().to_owned(),
        }
    }

    /// The fields that [`Draft::parse`] reads the builder's draft from.
    pub fn fields(&self) -> Vec<(String, String)> {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut fields = vec![
            field("nonce", &self.nonce.to_string()),
            field("name", &self.name),
            field("reach", if self.everything { "everything" } else { "choose" }),
            field("from", &self.from),
            field("not_from", &self.not_from),
            field("starts_on", &self.starts_on),
            field("expires", &self.expires),
            field("expires_on", &self.expires_on),
        ];
        for row in &self.rows {
            row.put_down(&mut fields);
        }
        fields
    }

    /// The simple form's line of a permission.
    pub fn row(&self, permission: &Permission) -> RowDraft {
        let known = self.rows.iter().find(|row| row.permission.as_ref() == Some(&permission.key));
        known.cloned().unwrap_or_default()
    }

    /// Every chosen id, once.
    pub fn chosen(&self) -> Vec<ResourceId> {
        let mut ids: Vec<ResourceId> = self.rows.iter().flat_map(|row| row.chosen.iter().copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The expiry, if it makes sense.
    pub fn expiry(&self, now: OffsetDateTime) -> Result<Expiry, (String, String)> {
        match self.expires.as_str() {
            "never" => Ok(Expiry::Never),
            "date" => Expiry::parse_day(&self.expires_on, now)
                .map_err(|why| ("expires_on".to_owned(), why.to_string())),
            days => PRESETS
                .into_iter()
                .find(|preset| preset.to_string() == days)
                .map(Expiry::Days)
                .ok_or_else(|| ("expires".to_owned(), "Choose until when the token works.".to_owned())),
        }
    }

    /// The key of a row that is added.
    pub fn next_key(&self) -> String {
        RowDraft::next_key(&self.rows)
    }

    /// Appends a row with nothing in it; says whether there was room.
    pub fn add_row(&mut self) -> bool {
        let room = self.rows.len() < MOST_ROWS;
        if room {
            let key = self.next_key();
            self.rows.push(RowDraft { key, ..RowDraft::default() });
        }
        room
    }

    /// Takes a row away.
    pub fn remove_row(&mut self, key: &str) {
        self.rows.retain(|row| row.key != key);
    }

    /// Adds an address to those that the token works from.
    pub fn add_address(&mut self, address: &str) {
        if !self.from.lines().any(|line| line.trim() == address) {
            let before = self.from.trim_end();
            let gap = if before.is_empty() { "" } else { "\n" };
            self.from = format!("{before}{gap}{address}");
        }
    }
}

#[cfg(test)]
mod tests;
