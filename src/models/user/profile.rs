//! What people change of themselves: name, mail, address, password.

use super::{User, users};
use crate::db::{Conn, DbError};
use crate::models::audit::{self, Action, Actor, Event, Origin};
use crate::models::mail::{self, Letter};
use crate::models::throttle::{self, Allowance};
use crate::models::token::revoke;
use crate::models::user_link::{self, Opened, Purpose};
use crate::policy::UserId;
use diesel::prelude::*;
use serde_json::json;
use time::{Duration, OffsetDateTime};

/// Links to prove an address, for one person.
const LINKS: Allowance = Allowance { attempts: 10, window: Duration::hours(1) };

/// What became of an address that was proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proved {
    /// It is the user's now; before it was this one.
    Changed(String),
    /// It was the user's already, and is proved now.
    Verified,
    /// It is somebody else's.
    Taken,
}

impl User {
    /// Gives the user another name, of which nothing is wrong, and mail or none; what is not given
    /// stays. `None` when the user is gone.
    pub fn change(
        conn: &mut Conn,
        id: UserId,
        name: Option<&str>,
        notices: Option<bool>,
        origin: &Origin,
    ) -> Result<Option<User>, DbError> {
        let Some(before) = User::lock(conn, id)? else { return Ok(None) };
        let name = name.unwrap_or(&before.name);
        let off_at = match notices {
            None => before.notices_off_at,
            Some(true) => None,
            Some(false) => before.notices_off_at.or(Some(origin.now)),
        };
        if (name, off_at) == (before.name.as_str(), before.notices_off_at) {
            return Ok(Some(before));
        }
        let user: User = diesel::update(users::table.find(id))
            .set((users::name.eq(name), users::notices_off_at.eq(off_at), users::updated_at.eq(origin.now)))
            .returning(User::as_returning())
            .get_result(conn)?;
        let said = |of: &User| json!({ "name": of.name, "notices": of.notices_off_at.is_none() });
        let (was, is) = (said(&before), said(&user));
        audit::record(
            conn,
            origin,
            &Event { before: Some(was), after: Some(is), ..user.event(Action::UserChanged) },
        )?;
        Ok(Some(user))
    }

    /// Asks by mail whether an address is the user's: nothing changes before its link is opened.
    /// The address of now is told, where it was proved and is another. Where too many were asked for,
    /// nothing is done, and the answer is how long to wait.
    pub fn ask_address(
        &self,
        conn: &mut Conn,
        email: &str,
        origin: &Origin,
    ) -> Result<Option<Duration>, DbError> {
        let bucket = format!("address-link {}", self.id);
        if let Some(wait) = throttle::count(conn, &[(bucket.as_str(), LINKS)], origin.now)? {
            return Ok(Some(wait));
        }
        let link = user_link::ask(conn, self.id, Purpose::Address, email, None, origin.now)?;
        mail::queue(conn, &format!("link/{link}"), email, &Letter::AddressLink { link }, origin.now)?;
        if email == self.email {
            return Ok(None);
        }
        self.tell_old_address(conn, &format!("address-asked/{link}"), email, false, origin)?;
        let after = Some(json!({ "email": email }));
        audit::record(conn, origin, &Event { after, ..self.event(Action::UserAddressAsked) })?;
        Ok(None)
    }

    /// The address, for whose link somebody has shown to have its mail, is the user's from now on.
    /// Links for a new password that went to another one open nothing any more.
    pub fn prove_address(&self, conn: &mut Conn, email: &str, origin: &Origin) -> Result<Proved, DbError> {
        let now = origin.now;
        let Some(before) = User::lock(conn, self.id)? else { return Ok(Proved::Taken) };
        if User::find_by_email(conn, email)?.is_some_and(|other| other.id != self.id) {
            return Ok(Proved::Taken);
        }
        diesel::update(users::table.find(self.id))
            .set((users::email.eq(email), users::email_verified_at.eq(now), users::updated_at.eq(now)))
            .execute(conn)?;
        if before.email == email {
            audit::record(conn, origin, &self.event(Action::UserAddressVerified))?;
            return Ok(Proved::Verified);
        }
        user_link::forget(conn, self.id, Purpose::Password)?;
        let line = audit::next_line(conn)?;
        before.tell_old_address(conn, &format!("address/{line}"), email, true, origin)?;
        let (was, is) = (json!({ "email": before.email }), json!({ "email": email }));
        let event = Event { before: Some(was), after: Some(is), ..self.event(Action::UserChanged) };
        audit::record_as(conn, line, origin, &event)?;
        Ok(Proved::Changed(before.email))
    }

    fn tell_old_address(
        &self,
        conn: &mut Conn,
        key: &str,
        to: &str,
        done: bool,
        origin: &Origin,
    ) -> Result<(), DbError> {
        if self.email_verified_at.is_none() {
            return Ok(());
        }
        let letter = Letter::AddressChanged { user: self.id, to: to.to_owned(), done };
        mail::queue(conn, key, &self.email, &letter, origin.now)
    }

    /// Sets a new password by a link. One that was mailed verifies the address, where nothing had; one
    /// that was handed over says nothing of it.
    pub fn set_password_by(
        conn: &mut Conn,
        link: &Opened,
        password_hash: &str,
        origin: &Origin,
    ) -> Result<(), DbError> {
        let user = &link.user;
        if link.made_by.is_none() && user.email_verified_at.is_none() {
            user.prove_address(conn, &user.email, origin)?;
        }
        user.replace_password(conn, password_hash, origin)?;
        Ok(())
    }

    /// Sets a new password for someone who doesn't say the current one. Where the address was never
    /// verified, the current one may be a stranger's, who joined with a copied invitation: the user's
    /// tokens end, and the invitations that the user sent no longer work. Returns how many tokens ended.
    pub fn replace_password(
        &self,
        conn: &mut Conn,
        password_hash: &str,
        origin: &Origin,
    ) -> Result<usize, DbError> {
        let mut ended = 0;
        if self.email_verified_at.is_none() {
            ended = revoke::revoke_unverified(conn, self.id, origin)?;
            diesel::update(users::table.find(self.id))
                .set(users::reclaimed_at.eq(origin.now))
                .execute(conn)?;
        }
        self.set_password(conn, password_hash, origin)?;
        Ok(ended)
    }

    /// Sets a new password, ends every session and every link of the user, and tells the user by mail
    /// where it was done on a page.
    pub fn set_password(&self, conn: &mut Conn, password_hash: &str, origin: &Origin) -> Result<(), DbError> {
        diesel::update(users::table.find(self.id))
            .set((users::password_hash.eq(password_hash), users::updated_at.eq(origin.now)))
            .execute(conn)?;
        self.end_sessions(conn, origin.now)?;
        let line = audit::next_line(conn)?;
        if self.email_verified_at.is_some() && origin.actor != Actor::CommandLine {
            let letter = Letter::PasswordChanged { user: self.id };
            mail::queue(conn, &format!("password/{line}"), &self.email, &letter, origin.now)?;
        }
        audit::record_as(conn, line, origin, &self.event(Action::UserPasswordSet))
    }
}

/// Puts down that somebody without a password wants a link to set one: the same for whichever
/// address. Whether it is anybody's is looked up by whoever sends the mail.
pub fn forgotten(conn: &mut Conn, email: &str, now: OffsetDateTime) -> Result<(), DbError> {
    let key = format!("forgotten/{}", uuid::Uuid::new_v4());
    mail::queue(conn, &key, email, &Letter::PasswordLink, now)
}
