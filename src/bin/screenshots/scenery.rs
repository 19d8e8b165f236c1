//! What is seen in the pictures: the demo data, and an account as it looks after a year. All of it
//! is laid down by the models, at moments before the one at which pictures are taken.

mod people;
mod tokens;

use crate::Failed;
use diesel::prelude::*;
use std::collections::BTreeMap;
use std::net::IpAddr;
use time::{Duration, OffsetDateTime};
use tokenhouse::db::{self, Conn, DbError};
use tokenhouse::dns::demo;
use tokenhouse::dns::models::domain::DOMAIN;
use tokenhouse::dns::models::zone::ZONE;
use tokenhouse::models::password::{self, Cost};
use tokenhouse::models::{Account, Actor, Origin, Resource, User};
use tokenhouse::policy::TokenId;
use tokenhouse::policy::{Catalogue, KindKey, ResourceId, ResourceRef};

/// What the placeholders of pages stand for: numbers, and what links hold.
#[derive(Debug, Default)]
pub struct Places(BTreeMap<String, String>);

impl Places {
    fn set(&mut self, name: &str, value: impl ToString) {
        self.0.insert(name.to_owned(), value.to_string());
    }

    /// A page with its placeholders filled in.
    ///
    /// # Errors
    /// With a placeholder that stands for nothing.
    pub fn fill(&self, page: &str) -> Result<String, Failed> {
        let mut filled = String::new();
        let mut rest = page;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}').ok_or("a placeholder has no end")?;
            let value = self.0.get(name).ok_or_else(|| {
                let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
                format!("{{{name}}} stands for nothing; there are {}", known.join(", "))
            })?;
            filled.push_str(before);
            filled.push_str(value);
            rest = behind;
        }
        Ok(filled + rest)
    }
}

/// Where scenery is laid down.
struct Ground<'a> {
    conn: &'a mut Conn,
    catalogue: Catalogue,
    /// When the pictures are taken.
    now: OffsetDateTime,
    /// Hash of everybody's password.
    hash: String,
    places: Places,
}

/// Lays all of it down.
///
/// # Errors
/// When the models refuse something of it.
pub fn lay(conn: &mut Conn, password: &str, now: OffsetDateTime) -> Result<Places, Failed> {
    let hash = password::hash(password, Cost::CHEAP)?;
    let begun = Origin::command_line(now - Duration::days(410));
    db::in_one(conn, |conn| demo::fill::<DbError>(conn, &begun, |_| Ok(hash.clone())))?;
    let places = Places::default();
    let mut ground = Ground { conn, catalogue: tokenhouse::dns::catalogue()?, now, hash, places };
    for name in ["Acme", "Hobby", "Rival"] {
        let account = ground.account(name)?;
        ground.places.set(&name.to_lowercase(), account.id);
    }
    people::lay(&mut ground)?;
    tokens::lay(&mut ground)?;
    for (place, name) in [("example", "example.com"), ("burrito", "theburritobot.com")] {
        let zone = ground.resource(ZONE, name)?;
        let domain = ground.resource(DOMAIN, name)?;
        ground.places.set(&format!("zone-{place}"), zone.id.map_or(0, ResourceId::get));
        ground.places.set(&format!("domain-{place}"), domain.id.map_or(0, ResourceId::get));
    }
    ground.places.set("article", "roles");
    Ok(ground.places)
}

impl Ground<'_> {
    fn account(&mut self, name: &str) -> Result<Account, Failed> {
        Ok(Account::find_by_name(self.conn, name)?.ok_or_else(|| format!("there is no account {name}"))?)
    }

    fn user(&mut self, email: &str) -> Result<User, Failed> {
        Ok(User::find_by_email(self.conn, email)?.ok_or_else(|| format!("there is no user {email}"))?)
    }

    /// A resource of Acme.
    fn resource(&mut self, kind: KindKey, name: &str) -> Result<ResourceRef, Failed> {
        let acme = self.account("Acme")?;
        let found = Resource::find(self.conn, acme.id, kind, name)?;
        Ok(found.map(|found| found.to_ref()).ok_or_else(|| format!("there is no {name}"))?)
    }

    /// So long before the pictures are taken.
    fn ago(&self, before: Duration) -> OffsetDateTime {
        self.now - before
    }

    /// Somebody on the pages, so long before the pictures are taken.
    fn by(&mut self, email: &str, before: Duration, address: &str) -> Result<Origin, Failed> {
        let user = self.user(email)?;
        let address: IpAddr = address.parse()?;
        let actor = Actor::User { id: user.id, email: user.email };
        Ok(Origin { actor, now: self.ago(before), address: Some(address.into()) })
    }

    /// Number of the newest secret of a token.
    fn secret_of(&mut self, token: TokenId) -> Result<i64, Failed> {
        use tokenhouse::db::schema::token_secrets as secrets;
        let newest = secrets::table.filter(secrets::token_id.eq(token)).order(secrets::id.desc());
        Ok(newest.select(secrets::id).first(self.conn)?)
    }
}
