//! Links by which a person sets a new password, proves an address or removes factors that were lost: once,
//! and the newest only.

use super::User;
use super::audit::{self, Action, Origin};
use super::link::{LinkSecret, presented};
use super::stored::stored_list;
use crate::db::schema::{user_links, users};
use crate::db::{Conn, DbError};
use crate::policy::UserId;
use diesel::dsl::exists;
use diesel::prelude::*;
use time::{Duration, OffsetDateTime};

stored_list! {
    /// What a link is for.
    pub enum Purpose {
        /// To set a new password.
        Password = "password",
        /// To prove an email address, and to have it from then on.
        Address = "address",
        /// To remove factors that were lost.
        Factor = "factor",
    }
}

impl Purpose {
    /// How long a link works after it was made.
    pub fn lasts(self) -> Duration {
        match self {
            Purpose::Password => Duration::minutes(30),
            Purpose::Address | Purpose::Factor => Duration::days(1),
        }
    }
}

/// A link that works.
#[derive(Debug)]
pub struct Opened {
    /// Whose it is; an active user.
    pub user: User,
    /// The address that it proves, or that it was asked for.
    pub email: String,
    /// Who created it in the person's place: of a link for a password, a site admin who hands it over.
    pub made_by: Option<UserId>,
}

/// What became of a link to hand over.
#[derive(Debug)]
pub enum HandedOver {
    /// It works; to be shown once.
    Created(LinkSecret),
    /// The user is the site admin who asks: someone who sits down at their browser must not take them over.
    Oneself,
    /// The user is deactivated.
    Deactivated,
}

/// Asks for a link, which is armed when it is on its way; one of the same purpose that was asked for
/// before opens nothing any more. Returns its number.
pub fn ask(
    conn: &mut Conn,
    user: UserId,
    purpose: Purpose,
    email: &str,
    made_by: Option<UserId>,
    now: OffsetDateTime,
) -> Result<i64, DbError> {
    // Two at once would both take the place of the one before.
    User::lock(conn, user)?;
    forget(conn, user, purpose)?;
    Ok(diesel::insert_into(user_links::table)
        .values((
            user_links::user_id.eq(user),
            user_links::purpose.eq(purpose),
            user_links::email.eq(email),
            user_links::made_by.eq(made_by),
            user_links::created_at.eq(now),
            user_links::expires_at.eq(now + purpose.lasts()),
        ))
        .returning(user_links::id)
        .get_result(conn)?)
}

/// Makes what the link holds, in the transaction of whoever shows it or sends it; its time runs from
/// now. None where a newer one was asked for, or its user was deactivated.
pub fn arm(conn: &mut Conn, id: i64, now: OffsetDateTime) -> Result<Option<LinkSecret>, DbError> {
    let purpose: Option<Purpose> = user_links::table
        .inner_join(users::table.on(users::id.eq(user_links::user_id)))
        .filter(user_links::id.eq(id).and(users::deactivated_at.is_null()))
        .select(user_links::purpose)
        .first(conn)
        .optional()?;
    let Some(purpose) = purpose else { return Ok(None) };
    let secret = LinkSecret::generate()?;
    let armed = diesel::update(user_links::table.find(id))
        .set((
            user_links::digest.eq(secret.digest().as_slice()),
            user_links::expires_at.eq(now + purpose.lasts()),
        ))
        .execute(conn)?;
    Ok((armed == 1).then_some(secret))
}

/// Creates a link by which the user sets a new password, for a site admin to hand over: armed at once.
pub fn hand_over(conn: &mut Conn, user: &User, origin: &Origin) -> Result<HandedOver, DbError> {
    if origin.actor.user_id() == Some(user.id) {
        return Ok(HandedOver::Oneself);
    }
    let link = ask(conn, user.id, Purpose::Password, &user.email, origin.actor.user_id(), origin.now)?;
    let Some(secret) = arm(conn, link, origin.now)? else { return Ok(HandedOver::Deactivated) };
    audit::record(conn, origin, &user.event(Action::UserPasswordLinkMade))?;
    Ok(HandedOver::Created(secret))
}

/// The link that holds this, if it works: one that was handed over only as long as its maker is a site
/// admin.
pub fn open(
    conn: &mut Conn,
    secret: &str,
    purpose: Purpose,
    now: OffsetDateTime,
) -> Result<Option<Opened>, DbError> {
    let Some(digest) = presented(secret) else { return Ok(None) };
    let maker = diesel::alias!(users as maker);
    let runs_the_site = maker
        .filter(maker.field(users::id).nullable().eq(user_links::made_by))
        .filter(maker.field(users::site_admin_since).is_not_null())
        .filter(maker.field(users::deactivated_at).is_null());
    // What was mailed to an address that is no longer the user's would verify the current one.
    let is_meant = user_links::purpose
        .eq(Purpose::Address)
        .or(user_links::purpose.eq(Purpose::Factor).and(users::email.eq(user_links::email)))
        .or(user_links::purpose.eq(Purpose::Password).and(exists(runs_the_site)))
        .or(user_links::made_by.is_null().and(users::email.eq(user_links::email)));
    let row: Option<(User, String, Option<UserId>)> = user_links::table
        .inner_join(users::table.on(users::id.eq(user_links::user_id)))
        .filter(user_links::digest.eq(digest.as_slice()).and(user_links::purpose.eq(purpose)))
        .filter(user_links::expires_at.gt(now).and(users::deactivated_at.is_null()).and(is_meant))
        .select((User::as_select(), user_links::email, user_links::made_by))
        .first(conn)
        .optional()?;
    Ok(row.map(|(user, email, made_by)| Opened { user, email, made_by }))
}

/// The same, which is the one time that it works: in the transaction of what it is for.
pub fn use_up(
    conn: &mut Conn,
    secret: &str,
    purpose: Purpose,
    now: OffsetDateTime,
) -> Result<Option<Opened>, DbError> {
    let Some(found) = open(conn, secret, purpose, now)? else { return Ok(None) };
    // The user first, as `ask` does: two that take them in two orders would wait for each other.
    User::lock(conn, found.user.id)?;
    let Some(opened) = open(conn, secret, purpose, now)? else { return Ok(None) };
    let digest = presented(secret).unwrap_or_default();
    let gone =
        diesel::delete(user_links::table.filter(user_links::digest.eq(digest.as_slice()))).execute(conn)?;
    // Whoever used it at the same moment was first.
    Ok((gone == 1).then_some(opened))
}

/// The address that waits for its link to be opened.
pub fn awaited_address(
    conn: &mut Conn,
    user: UserId,
    now: OffsetDateTime,
) -> Result<Option<String>, DbError> {
    Ok(user_links::table
        .filter(user_links::user_id.eq(user).and(user_links::purpose.eq(Purpose::Address.key())))
        .filter(user_links::expires_at.gt(now))
        .select(user_links::email)
        .first(conn)
        .optional()?)
}

/// From now on the user's link of this purpose opens nothing.
pub fn forget(conn: &mut Conn, user: UserId, purpose: Purpose) -> Result<(), DbError> {
    let of_user = user_links::user_id.eq(user).and(user_links::purpose.eq(purpose));
    diesel::delete(user_links::table.filter(of_user)).execute(conn)?;
    Ok(())
}

/// From now on no link of the user works.
pub fn forget_all(conn: &mut Conn, user: UserId) -> Result<(), DbError> {
    diesel::delete(user_links::table.filter(user_links::user_id.eq(user))).execute(conn)?;
    Ok(())
}

/// From now on no link works that the user, as a site admin, made for someone else.
pub fn forget_made_by(conn: &mut Conn, maker: UserId) -> Result<(), DbError> {
    diesel::delete(user_links::table.filter(user_links::made_by.eq(maker))).execute(conn)?;
    Ok(())
}

/// What a link of this number was asked for: its user and its address.
pub fn asked(conn: &mut Conn, id: i64) -> Result<Option<(User, String)>, DbError> {
    Ok(user_links::table
        .inner_join(users::table.on(users::id.eq(user_links::user_id)))
        .filter(user_links::id.eq(id).and(users::deactivated_at.is_null()))
        .select((User::as_select(), user_links::email))
        .first(conn)
        .optional()?)
}

/// Whose lost factors a link of this number removes, who asked for it, and why.
pub fn asked_for(conn: &mut Conn, id: i64) -> Result<Option<(User, String, String)>, DbError> {
    let maker = diesel::alias!(users as maker);
    let row: Option<(User, Option<String>, Option<String>)> = user_links::table
        .inner_join(users::table.on(users::id.eq(user_links::user_id)))
        .left_join(maker.on(maker.field(users::id).nullable().eq(user_links::made_by)))
        .filter(user_links::id.eq(id).and(user_links::purpose.eq(Purpose::Factor)))
        .filter(users::deactivated_at.is_null())
        .select((User::as_select(), maker.field(users::email).nullable(), user_links::note))
        .first(conn)
        .optional()?;
    Ok(row.map(|(user, by, why)| (user, by.unwrap_or_default(), why.unwrap_or_default())))
}
