//! People who sign in.

mod profile;

pub use profile::{Proved, forgotten};

use super::audit::{self, Action, Actor, Event, Origin};
use super::{Account, Reference, account, user_link};
use crate::db::schema::{accounts, memberships, sessions, users};
use crate::db::{Conn, DbError};
use crate::policy::words::Surroundings;
use crate::policy::{ClientAddress, Role, UserId};
use diesel::prelude::*;
use time::OffsetDateTime;

diesel::define_sql_function! {
    /// Lower case, as the unique index on addresses has it.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// The most accounts of a user that are looked at when a password is chosen.
const MOST_ACCOUNTS_KNOWN: i64 = 20;

/// A person who signs in.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct User {
    /// Number of the user.
    pub id: UserId,
    /// E-mail address, as it was written.
    pub email: String,
    /// Name.
    pub name: String,
    /// Since when the user may no longer sign in.
    pub deactivated_at: Option<OffsetDateTime>,
    /// Since when the user runs the site.
    pub site_admin_since: Option<OffsetDateTime>,
    /// When the address was proved; an address that was not gains its user nothing.
    pub email_verified_at: Option<OffsetDateTime>,
    /// Since when the user wants no mail, but for what others did to their tokens.
    pub notices_off_at: Option<OffsetDateTime>,
    /// When the user was made.
    pub created_at: OffsetDateTime,
    /// When the user was last changed.
    pub updated_at: OffsetDateTime,
    /// What the owner of the API calls the user.
    pub reference: Option<String>,
    /// Since when the user has a second factor without a gap.
    pub factor_since: Option<OffsetDateTime>,
}

/// What a password is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Credentials {
    /// Number of the user.
    pub user: UserId,
    /// E-mail address, as it was written.
    pub email: String,
    /// Hash of the password.
    pub hash: String,
    /// Grows whenever all of the user's sessions end.
    pub epoch: i64,
}

/// An active user who signs in with a password.
#[diesel::dsl::auto_type(no_type_alias)]
fn with_password() -> _ {
    let hash: diesel::dsl::AssumeNotNull<users::password_hash> = users::password_hash.assume_not_null();
    users::table.filter(users::deactivated_at.is_null()).filter(users::password_hash.is_not_null()).select((
        users::id,
        users::email,
        hash,
        users::epoch,
    ))
}

/// Somebody who becomes a user by a link.
#[derive(Debug)]
pub struct NewUser<'a> {
    /// E-mail address.
    pub email: &'a str,
    /// Name.
    pub name: &'a str,
    /// argon2id PHC string.
    pub password_hash: &'a str,
    /// Whether the link proves the address.
    pub is_proved: bool,
}

impl User {
    /// The user with this number.
    pub fn find(conn: &mut Conn, id: UserId) -> Result<Option<User>, DbError> {
        Ok(users::table.find(id).select(User::as_select()).first(conn).optional()?)
    }

    /// The user with this number, kept as it is until the transaction ends.
    pub fn lock(conn: &mut Conn, id: UserId) -> Result<Option<User>, DbError> {
        Ok(users::table.find(id).select(User::as_select()).for_no_key_update().first(conn).optional()?)
    }

    /// The user with this e-mail address, whatever its case.
    pub fn find_by_email(conn: &mut Conn, email: &str) -> Result<Option<User>, DbError> {
        Ok(users::table
            .filter(lower(users::email).eq(lower(email)))
            .select(User::as_select())
            .first(conn)
            .optional()?)
    }

    /// The credentials of an active user with this address. Addresses are ASCII: other letters would
    /// be folded in one way here and in another by the database.
    pub fn credentials(conn: &mut Conn, email: &str) -> Result<Option<Credentials>, DbError> {
        if !email.is_ascii() {
            return Ok(None);
        }
        Ok(with_password().filter(lower(users::email).eq(lower(email))).first(conn).optional()?)
    }

    /// The credentials of an active user.
    pub fn credentials_of(conn: &mut Conn, id: UserId) -> Result<Option<Credentials>, DbError> {
        Ok(with_password().filter(users::id.eq(id)).first(conn).optional()?)
    }

    /// The same, kept as they are until the transaction ends.
    pub fn lock_credentials(conn: &mut Conn, id: UserId) -> Result<Option<Credentials>, DbError> {
        // Shared: people who sign in do not wait for each other.
        Ok(with_password().filter(users::id.eq(id)).for_share().first(conn).optional()?)
    }

    /// Puts another hash of the same password in the place of this one; `false` where it's there no longer.
    /// Sessions stay, and the audit log has nothing to tell.
    pub fn replace_hash(conn: &mut Conn, of: &Credentials, hash: &str) -> Result<bool, DbError> {
        let own = users::table.filter(users::id.eq(of.user).and(users::password_hash.eq(&of.hash)));
        Ok(diesel::update(own).set(users::password_hash.eq(hash)).execute(conn)? == 1)
    }

    /// What others know of the user, none of which is a password: address, name, and names of accounts.
    pub fn known_of(&self, conn: &mut Conn) -> Result<Vec<String>, DbError> {
        let accounts: Vec<String> = memberships::table
            .inner_join(accounts::table)
            .filter(memberships::user_id.eq(self.id))
            .order(accounts::id)
            .limit(MOST_ACCOUNTS_KNOWN)
            .select(accounts::name)
            .load(conn)?;
        Ok([vec![self.email.clone(), self.name.clone()], accounts].concat())
    }

    /// Whether there is any user yet.
    pub fn exist(conn: &mut Conn) -> Result<bool, DbError> {
        Ok(diesel::select(diesel::dsl::exists(users::table.select(users::id))).get_result(conn)?)
    }

    /// Makes a user, whose address is proved where the command line says it. `None` when the address
    /// is taken.
    pub fn create(
        conn: &mut Conn,
        email: &str,
        name: &str,
        password_hash: &str,
        origin: &Origin,
    ) -> Result<Option<User>, DbError> {
        let is_proved = origin.actor == Actor::CommandLine;
        let made = User::insert(conn, &NewUser { email, name, password_hash, is_proved }, origin.now)?;
        if let Some(user) = &made {
            audit::record(conn, origin, &user.event(Action::UserCreated))?;
        }
        Ok(made)
    }

    /// Makes a user who comes by a link, and is the one who does it. `None` when the address is
    /// taken.
    pub fn come(
        conn: &mut Conn,
        new: &NewUser<'_>,
        address: ClientAddress,
        now: OffsetDateTime,
    ) -> Result<Option<(User, Origin)>, DbError> {
        let Some(user) = User::insert(conn, new, now)? else { return Ok(None) };
        let origin = Origin {
            actor: Actor::User { id: user.id, email: user.email.clone() },
            now,
            address: Some(address),
        };
        audit::record(conn, &origin, &user.event(Action::UserCreated))?;
        Ok(Some((user, origin)))
    }

    fn insert(conn: &mut Conn, new: &NewUser<'_>, now: OffsetDateTime) -> Result<Option<User>, DbError> {
        Ok(diesel::insert_into(users::table)
            .values((
                users::email.eq(new.email),
                users::name.eq(new.name),
                users::password_hash.eq(new.password_hash),
                users::email_verified_at.eq(new.is_proved.then_some(now)),
                users::created_at.eq(now),
                users::updated_at.eq(now),
            ))
            .on_conflict_do_nothing()
            .returning(User::as_returning())
            .get_result(conn)
            .optional()?)
    }

    /// Deactivates: no sign-in, no session, no link from now on. Says whether that was a change.
    pub fn deactivate(&self, conn: &mut Conn, origin: &Origin) -> Result<bool, DbError> {
        // Whoever changes members there at this moment counts the active owners: accounts are locked
        // before users, by number.
        let owned = memberships::table
            .filter(memberships::user_id.eq(self.id).and(memberships::role.eq(Role::Owner.key())))
            .select(memberships::account_id);
        let _: Vec<i64> = accounts::table
            .filter(accounts::id.eq_any(owned))
            .order(accounts::id)
            .select(accounts::id)
            .for_no_key_update()
            .load(conn)?;
        let is_active = |user: &User| user.deactivated_at.is_none();
        let Some(user) = User::lock(conn, self.id)?.filter(is_active) else { return Ok(false) };
        diesel::update(users::table.find(user.id))
            .set((users::deactivated_at.eq(origin.now), users::updated_at.eq(origin.now)))
            .execute(conn)?;
        user.end_sessions(conn, origin.now)?;
        audit::record(conn, origin, &user.event(Action::UserDeactivated))?;
        Ok(true)
    }

    /// Lets the user sign in again. Says whether that was a change.
    pub fn reactivate(&self, conn: &mut Conn, origin: &Origin) -> Result<bool, DbError> {
        let is_away = |user: &User| user.deactivated_at.is_some();
        let Some(user) = User::lock(conn, self.id)?.filter(is_away) else { return Ok(false) };
        diesel::update(users::table.find(user.id))
            .set((users::deactivated_at.eq(None::<OffsetDateTime>), users::updated_at.eq(origin.now)))
            .execute(conn)?;
        audit::record(conn, origin, &user.event(Action::UserReactivated))?;
        Ok(true)
    }

    /// Lets the user run the site, or no longer. Says whether that was a change.
    pub fn set_site_admin(&self, conn: &mut Conn, runs_it: bool, origin: &Origin) -> Result<bool, DbError> {
        let Some(user) = User::lock(conn, self.id)? else { return Ok(false) };
        if user.site_admin_since.is_some() == runs_it {
            return Ok(false);
        }
        diesel::update(users::table.find(self.id))
            .set((
                users::site_admin_since.eq(runs_it.then_some(origin.now)),
                users::updated_at.eq(origin.now),
            ))
            .execute(conn)?;
        if !runs_it {
            user_link::forget_made_by(conn, self.id)?;
        }
        let action = if runs_it { Action::UserSiteAdminMade } else { Action::UserSiteAdminUnmade };
        audit::record(conn, origin, &self.event(action))?;
        Ok(true)
    }

    /// Sets what the owner of the API calls the user. `false` when another user is called so.
    pub fn set_reference(
        &self,
        conn: &mut Conn,
        reference: &Reference,
        origin: &Origin,
    ) -> Result<bool, DbError> {
        let update = diesel::update(users::table.find(self.id))
            .set((users::reference.eq(reference.as_str()), users::updated_at.eq(origin.now)));
        Reference::store(|conn| update.execute(conn), &self.event(Action::UserRefChanged), (conn, origin))
    }

    /// Ends every session of the user, and every link of or by them. Says whether there was a session.
    pub fn sign_out(&self, conn: &mut Conn, origin: &Origin) -> Result<bool, DbError> {
        let ended = self.end_sessions(conn, origin.now)?;
        if ended {
            audit::record(conn, origin, &self.event(Action::UserSignedOut))?;
        }
        Ok(ended)
    }

    /// What the plain sentences about a policy of the user's tokens say of the user's accounts.
    pub fn surroundings(&self, conn: &mut Conn) -> Result<Surroundings, DbError> {
        let accounts = Account::list_of_user(conn, self.id)?;
        let accounts: Vec<_> = accounts.into_iter().map(|(account, role)| (account, Some(role))).collect();
        Ok(Surroundings { of_user: true, accounts: account::surroundings(conn, &accounts)? })
    }

    /// Says whether there was one that was not over yet. Whoever was signed in may have asked for links.
    pub(super) fn end_sessions(&self, conn: &mut Conn, now: OffsetDateTime) -> Result<bool, DbError> {
        let ends: Vec<(OffsetDateTime, OffsetDateTime)> =
            diesel::delete(sessions::table.filter(sessions::user_id.eq(self.id)))
                .returning((sessions::ends_at, sessions::idle_until))
                .get_results(conn)?;
        diesel::update(users::table.find(self.id)).set(users::epoch.eq(users::epoch + 1)).execute(conn)?;
        user_link::forget_all(conn, self.id)?;
        user_link::forget_made_by(conn, self.id)?;
        Ok(ends.into_iter().any(|(end, idle)| end > now && idle > now))
    }

    /// A line of the record about the user.
    pub(super) fn event<'a>(&'a self, action: Action) -> Event<'a> {
        Event {
            account: None,
            user: None,
            action,
            object: ("user", Some(self.id.get()), &self.email),
            before: None,
            after: None,
        }
    }
}
