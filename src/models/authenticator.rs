//! Second factors: authenticator apps, and the recovery codes that stand in for one.

use super::audit::{self, Action, Event, Origin};
use super::link;
use super::mail::{self, FactorEvent, Letter};
use super::passkey;
use super::throttle::{self, Allowance};
use super::user_link::{self, Opened, Purpose};
use super::{Account, Actor, User, session};
use crate::db::schema::{authenticators, memberships, recovery_codes, user_links, users};
use crate::db::{Conn, DbError};
use crate::policy::{AccountId, Role, UserId};
use crate::proof::recovery;
use crate::proof::sealed::SealingKeys;
use crate::proof::totp::{AppKey, KEY_LENGTH};
use diesel::prelude::*;
use serde_json::json;
use time::{Duration, OffsetDateTime};

/// Codes for one person, of a kind: with those that are right, which are taken out again.
const IN_A_QUARTER: Allowance = Allowance { attempts: 10, window: Duration::minutes(15) };
/// The same, in a day.
const IN_A_DAY: Allowance = Allowance { attempts: 30, window: Duration::days(1) };
/// After this many wrong codes in a day, each behind the right password, the person is told.
const UNTOLD: Allowance = Allowance { attempts: 2, window: Duration::days(1) };
/// A key that no code has proved by then is forgotten.
const PENDING: Duration = Duration::hours(1);

/// What a person has beside the password.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Factors {
    /// The authenticator app.
    pub app: Option<App>,
    /// The passkeys.
    pub passkeys: Vec<passkey::Shown>,
    /// How many recovery codes are left.
    pub codes: usize,
}

impl Factors {
    /// Whether there is a second factor. Recovery codes alone are none.
    pub fn any(&self) -> bool {
        self.app.is_some() || !self.passkeys.is_empty()
    }
}

/// An authenticator app.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct App {
    /// Its number.
    pub id: i64,
    /// When it was set up.
    pub created_at: OffsetDateTime,
    /// When its code was last used.
    pub used_at: Option<OffsetDateTime>,
}

/// What a person typed.
#[derive(Debug, Clone)]
pub enum Asked {
    /// The code of an app.
    Code(String),
    /// A recovery code.
    Recovery(String),
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// It is right, and used up.
    Right,
    /// It is wrong, or was used already.
    Wrong,
    /// Nobody looked: there were too many, and this is how long to wait.
    TooOften(Duration),
    /// The key of the app can't be read on this server.
    Unreadable,
}

/// What a person has.
pub fn of_user(conn: &mut Conn, user: UserId) -> Result<Factors, DbError> {
    let app = authenticators::table
        .filter(authenticators::user_id.eq(user).and(authenticators::proved_at.is_not_null()))
        .filter(authenticators::kind.eq("totp"))
        .select((authenticators::id, authenticators::created_at, authenticators::used_at))
        .first(conn)
        .optional()?;
    let codes: i64 =
        recovery_codes::table.filter(recovery_codes::user_id.eq(user)).count().get_result(conn)?;
    let passkeys = passkey::of_user(conn, user)?;
    Ok(Factors { app, passkeys, codes: usize::try_from(codes).unwrap_or_default() })
}

/// Tries what a person typed, counted before it's looked at. In a transaction.
pub fn attempt(
    conn: &mut Conn,
    keys: Option<&SealingKeys>,
    user: UserId,
    asked: &Asked,
    now: OffsetDateTime,
) -> Result<Tried, DbError> {
    let kind = match asked {
        Asked::Code(_) => "app code",
        Asked::Recovery(_) => "recovery code",
    };
    let (quarter, day) = (format!("{kind} of user {user}"), format!("{kind} of user {user} in a day"));
    // One after the other: what nobody looked at is no guess.
    for limit in [(quarter.as_str(), IN_A_QUARTER), (day.as_str(), IN_A_DAY)] {
        if let Some(wait) = throttle::count(conn, &[limit], now)? {
            return Ok(Tried::TooOften(wait));
        }
    }
    let tried = match asked {
        Asked::Code(code) => try_code(conn, keys, user, code, now)?,
        Asked::Recovery(text) => try_recovery(conn, user, text)?,
    };
    match tried {
        Tried::Right => {
            throttle::forget(conn, &quarter)?;
            throttle::take_back(conn, &day)?;
        }
        Tried::Wrong => {
            let untold = format!("wrong codes of user {user}");
            let tell = throttle::count(conn, &[(untold.as_str(), UNTOLD)], now)?.is_some();
            if let Some(user) = User::find(conn, user)?.filter(|_| tell) {
                // Once a day.
                let key = format!("wrong-codes/{}/{}", user.id, now.date());
                user.tell(conn, &key, &Letter::WrongCodes { user: user.id }, now)?;
            }
        }
        Tried::TooOften(_) | Tried::Unreadable => {}
    }
    Ok(tried)
}

fn try_code(
    conn: &mut Conn,
    keys: Option<&SealingKeys>,
    user: UserId,
    code: &str,
    now: OffsetDateTime,
) -> Result<Tried, DbError> {
    let found: Option<(i64, Option<Vec<u8>>)> = authenticators::table
        .filter(authenticators::user_id.eq(user).and(authenticators::proved_at.is_not_null()))
        .filter(authenticators::kind.eq("totp"))
        .select((authenticators::id, authenticators::sealed))
        .first(conn)
        .optional()?;
    let Some((app, Some(sealed))) = found else { return Ok(Tried::Wrong) };
    let Some(key) = keys.and_then(|keys| keys.open(user, &sealed)) else { return Ok(Tried::Unreadable) };
    let Some(step) = key.step_of(code, now) else { return Ok(Tried::Wrong) };
    // Only a later one: the same code, or one that was overtaken, is of no use to who saw it.
    let later = authenticators::table.find(app).filter(authenticators::last_step.lt(step));
    let used = diesel::update(later)
        .set((authenticators::last_step.eq(step), authenticators::used_at.eq(now)))
        .execute(conn)?;
    Ok(if used == 1 { Tried::Right } else { Tried::Wrong })
}

fn try_recovery(conn: &mut Conn, user: UserId, text: &str) -> Result<Tried, DbError> {
    let Some(digest) = recovery::presented(text) else { return Ok(Tried::Wrong) };
    let of_user = recovery_codes::table.find(digest.as_slice()).filter(recovery_codes::user_id.eq(user));
    let used = diesel::delete(of_user).execute(conn)?;
    Ok(if used == 1 { Tried::Right } else { Tried::Wrong })
}

/// An app that is being set up.
#[derive(Debug)]
pub struct Pending {
    /// Its number.
    pub id: i64,
    /// What the app and this server share.
    pub key: AppKey,
}

/// Creates a key for an app, which counts once a code was typed. One that was pending before is forgotten.
pub fn begin_app(
    conn: &mut Conn,
    keys: &SealingKeys,
    user: UserId,
    now: OffsetDateTime,
) -> Result<Pending, DbError> {
    let mut bytes = vec![0_u8; KEY_LENGTH];
    link::fill(&mut bytes)?;
    let key = AppKey::new(bytes).ok_or_else(|| DbError::Corrupt("an app's key has a length".to_owned()))?;
    let sealed = keys.seal(user, &key).ok_or_else(|| DbError::Corrupt("nothing can be sealed".to_owned()))?;
    User::lock(conn, user)?;
    let before = authenticators::user_id.eq(user).and(authenticators::proved_at.is_null());
    diesel::delete(authenticators::table.filter(before)).execute(conn)?;
    let id = diesel::insert_into(authenticators::table)
        .values((
            authenticators::user_id.eq(user),
            authenticators::kind.eq("totp"),
            authenticators::sealed.eq(sealed),
            authenticators::created_at.eq(now),
        ))
        .returning(authenticators::id)
        .get_result(conn)?;
    Ok(Pending { id, key })
}

/// The app that is being set up.
pub fn pending_app(
    conn: &mut Conn,
    keys: &SealingKeys,
    user: UserId,
    now: OffsetDateTime,
) -> Result<Option<Pending>, DbError> {
    let found: Option<(i64, Option<Vec<u8>>)> = authenticators::table
        .filter(authenticators::user_id.eq(user).and(authenticators::proved_at.is_null()))
        .filter(authenticators::created_at.gt(now - PENDING))
        .order(authenticators::id.desc())
        .select((authenticators::id, authenticators::sealed))
        .first(conn)
        .optional()?;
    let open = |(id, sealed): (i64, Option<Vec<u8>>)| Some(Pending { id, key: keys.open(user, &sealed?)? });
    Ok(found.and_then(open))
}

/// What became of an app that was to count.
#[derive(Debug)]
pub enum Added {
    /// It counts; with the first factor come recovery codes, to be shown once.
    Done(Vec<String>),
    /// It was replaced or proved meanwhile.
    Gone,
}

/// A code has shown that the app works: it counts from now on, in the place of one before.
pub fn confirm_app(
    conn: &mut Conn,
    user: &User,
    (pending, step): (i64, i64),
    session: i64,
    origin: &Origin,
) -> Result<Added, DbError> {
    let Some(before) = User::lock(conn, user.id)? else { return Ok(Added::Gone) };
    let of_user = authenticators::user_id.eq(user.id);
    let pending = authenticators::table
        .filter(authenticators::id.eq(pending).and(of_user).and(authenticators::proved_at.is_null()));
    if pending.count().get_result::<i64>(conn)? == 0 {
        return Ok(Added::Gone);
    }
    let replaced = authenticators::table
        .filter(of_user.and(authenticators::proved_at.is_not_null()))
        .filter(authenticators::kind.eq("totp"));
    diesel::delete(replaced).execute(conn)?;
    diesel::update(pending)
        .set((
            authenticators::proved_at.eq(origin.now),
            authenticators::last_step.eq(step),
            authenticators::used_at.eq(origin.now),
        ))
        .execute(conn)?;
    note_factors(conn, user.id, origin.now)?;
    session::forget_full_proofs(conn, user.id, session)?;
    user.factor_event(conn, Action::UserFactorAdded, FactorEvent::AppAdded, origin)?;
    let is_first = before.factor_since.is_none();
    Ok(Added::Done(if is_first { insert_codes(conn, user.id, origin.now)? } else { Vec::new() }))
}

/// What became of a factor that was to be removed.
#[derive(Debug)]
pub enum Removed {
    /// It is removed.
    Done,
    /// It is none of the person's.
    Gone,
    /// It is the last one, and these ask for one.
    Demanded(Vec<String>),
}

/// Removes an app or a passkey; recovery codes go with the last factor. Not the last one where one is demanded: by an
/// account, now or from a day on, or by the site.
pub fn remove(
    conn: &mut Conn,
    user: &User,
    id: i64,
    demanded_by_site: bool,
    origin: &Origin,
) -> Result<Removed, DbError> {
    User::lock(conn, user.id)?;
    let of_user = authenticators::user_id.eq(user.id).and(authenticators::proved_at.is_not_null());
    let found = authenticators::table.filter(of_user.and(authenticators::id.eq(id)));
    if found.count().get_result::<i64>(conn)? == 0 {
        return Ok(Removed::Gone);
    }
    let others: i64 =
        authenticators::table.filter(of_user.and(authenticators::id.ne(id))).count().get_result(conn)?;
    if others == 0 {
        let accounts = Account::list_of_user(conn, user.id)?.into_iter().map(|(account, _)| account);
        let mut by: Vec<String> =
            accounts.filter(|account| account.factor_from.is_some()).map(|account| account.name).collect();
        if demanded_by_site {
            by.push("this site".to_owned());
        }
        if !by.is_empty() {
            return Ok(Removed::Demanded(by));
        }
    }
    let kind: String = diesel::delete(found).returning(authenticators::kind).get_result(conn)?;
    if others == 0 {
        forget_codes(conn, user.id)?;
    }
    note_factors(conn, user.id, origin.now)?;
    let event = if kind == "totp" { FactorEvent::AppRemoved } else { FactorEvent::PasskeyRemoved };
    user.factor_event(conn, Action::UserFactorRemoved, event, origin)?;
    Ok(Removed::Done)
}

/// New recovery codes, to be shown once; the ones before no longer work. `None` without a second factor.
pub fn new_codes(conn: &mut Conn, user: &User, origin: &Origin) -> Result<Option<Vec<String>>, DbError> {
    User::lock(conn, user.id)?;
    if !of_user(conn, user.id)?.any() {
        return Ok(None);
    }
    let codes = insert_codes(conn, user.id, origin.now)?;
    user.factor_event(conn, Action::UserRecoveryCodesMade, FactorEvent::CodesMade, origin)?;
    Ok(Some(codes))
}

pub(super) fn insert_codes(
    conn: &mut Conn,
    user: UserId,
    now: OffsetDateTime,
) -> Result<Vec<String>, DbError> {
    forget_codes(conn, user)?;
    let mut codes = Vec::with_capacity(recovery::COUNT);
    for _ in 0..recovery::COUNT {
        let mut bytes = [0_u8; recovery::LENGTH];
        link::fill(&mut bytes)?;
        codes.push(recovery::from_bytes(bytes));
    }
    let row = |code: &String| {
        (
            recovery_codes::digest.eq(recovery::digest(code).to_vec()),
            recovery_codes::user_id.eq(user),
            recovery_codes::created_at.eq(now),
        )
    };
    let rows: Vec<_> = codes.iter().map(row).collect();
    diesel::insert_into(recovery_codes::table).values(rows).execute(conn)?;
    Ok(codes)
}

fn forget_codes(conn: &mut Conn, user: UserId) -> Result<(), DbError> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user))).execute(conn)?;
    Ok(())
}

/// Keeps what every page reads of a user in step with what there is.
pub(super) fn note_factors(conn: &mut Conn, user: UserId, now: OffsetDateTime) -> Result<(), DbError> {
    let has = of_user(conn, user)?.any();
    let row = users::table.find(user);
    if has {
        diesel::update(row.filter(users::factor_since.is_null()))
            .set((users::factor_since.eq(now), users::updated_at.eq(now)))
            .execute(conn)?;
    } else {
        diesel::update(row)
            .set((users::factor_since.eq(None::<OffsetDateTime>), users::updated_at.eq(now)))
            .execute(conn)?;
    }
    Ok(())
}

/// Who may ask for a link that removes someone's lost factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// Someone who runs the site.
    SiteAdmin,
    /// An owner of all accounts that the person is in.
    Owner,
}

/// What became of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkAsked {
    /// It's on its way to the person's address.
    Sent,
    /// It's about oneself: the factors of someone who sits down at another's browser are not theirs to remove.
    Oneself,
    /// The person has no factor.
    NoFactor,
    /// Their address was never verified, or they are deactivated: there is no one to send it to.
    NoAddress,
    /// The asker is no owner of these accounts, or they are those of others.
    NotOfAll,
}

/// Asks for a link by which someone removes factors that they lost. It goes to their verified address alone,
/// and opens nothing without their password; they and the owners of their accounts are told.
pub fn ask_reset(
    conn: &mut Conn,
    user: UserId,
    why: &str,
    asker: Asker,
    origin: &Origin,
) -> Result<Option<LinkAsked>, DbError> {
    let Some(user) = User::lock(conn, user)? else { return Ok(None) };
    let Some(by) = origin.actor.user_id() else { return Ok(None) };
    if by == user.id {
        return Ok(Some(LinkAsked::Oneself));
    }
    if asker == Asker::Owner && !owns_all(conn, by, user.id)? {
        return Ok(Some(LinkAsked::NotOfAll));
    }
    if user.factor_since.is_none() {
        return Ok(Some(LinkAsked::NoFactor));
    }
    if user.email_verified_at.is_none() || user.deactivated_at.is_some() {
        return Ok(Some(LinkAsked::NoAddress));
    }
    let link = user_link::ask(conn, user.id, Purpose::Factor, &user.email, Some(by), origin.now)?;
    diesel::update(user_links::table.find(link)).set(user_links::note.eq(why)).execute(conn)?;
    mail::queue(conn, &format!("factor-link/{link}"), &user.email, &Letter::FactorLink { link }, origin.now)?;
    let told = Letter::FactorLinkAsked { user: user.id, by: by_name(&origin.actor), why: why.to_owned() };
    for owner in owners_of_accounts(conn, user.id)? {
        mail::queue(conn, &format!("factor-asked/{link}/{}", owner.id), &owner.email, &told, origin.now)?;
    }
    let after = Some(json!({ "why": why }));
    audit::record(conn, origin, &Event { after, ..user.event(Action::UserFactorLinkMade) })?;
    Ok(Some(LinkAsked::Sent))
}

/// Whether someone owns every account that a person is in, which is one at least.
pub fn owns_all(conn: &mut Conn, owner: UserId, user: UserId) -> Result<bool, DbError> {
    let theirs = Account::list_of_user(conn, user)?;
    let owned = Account::list_of_user(conn, owner)?;
    let owns = |id: AccountId| owned.iter().any(|(account, role)| account.id == id && *role == Role::Owner);
    Ok(!theirs.is_empty() && theirs.iter().all(|(account, _)| owns(account.id)))
}

/// The other active owners of a person's accounts whose addresses are verified.
fn owners_of_accounts(conn: &mut Conn, user: UserId) -> Result<Vec<User>, DbError> {
    let theirs = memberships::table.filter(memberships::user_id.eq(user)).select(memberships::account_id);
    let accounts: Vec<AccountId> = theirs.load(conn)?;
    Ok(users::table
        .inner_join(memberships::table)
        .filter(memberships::account_id.eq_any(accounts).and(memberships::role.eq(Role::Owner.key())))
        .filter(users::id.ne(user).and(users::deactivated_at.is_null()))
        .filter(users::email_verified_at.is_not_null())
        .select(User::as_select())
        .distinct()
        .load(conn)?)
}

fn by_name(actor: &Actor) -> String {
    match actor {
        Actor::User { email, .. } => email.clone(),
        Actor::Token { name, .. } => name.clone(),
        Actor::CommandLine => "the command line".to_owned(),
        Actor::Nobody => String::new(),
    }
}

/// Removes what a person lost, by their link: in the transaction that used it up.
pub fn reset_by(conn: &mut Conn, opened: &Opened, origin: &Origin) -> Result<(), DbError> {
    opened.user.reset_factors(conn, origin).map(|_| ())
}

impl User {
    /// Removes every factor and recovery code, and ends every session. Says whether there was a factor.
    pub fn reset_factors(&self, conn: &mut Conn, origin: &Origin) -> Result<bool, DbError> {
        User::lock(conn, self.id)?;
        let gone = diesel::delete(authenticators::table.filter(authenticators::user_id.eq(self.id)));
        if gone.execute(conn)? == 0 {
            return Ok(false);
        }
        forget_codes(conn, self.id)?;
        note_factors(conn, self.id, origin.now)?;
        self.end_sessions(conn, origin.now)?;
        self.factor_event(conn, Action::UserFactorsReset, FactorEvent::Reset, origin)?;
        Ok(true)
    }

    /// Puts a mail to the user down, at their verified address.
    pub fn tell(
        &self,
        conn: &mut Conn,
        key: &str,
        letter: &Letter,
        now: OffsetDateTime,
    ) -> Result<(), DbError> {
        if self.email_verified_at.is_none() {
            return Ok(());
        }
        mail::queue(conn, key, &self.email, letter, now)
    }

    /// A change of factors in the audit log, and in a mail to the user.
    pub(super) fn factor_event(
        &self,
        conn: &mut Conn,
        action: Action,
        event: FactorEvent,
        origin: &Origin,
    ) -> Result<(), DbError> {
        let line = audit::next_line(conn)?;
        let letter = Letter::FactorChanged { user: self.id, event, address: origin.address };
        self.tell(conn, &format!("factor/{line}"), &letter, origin.now)?;
        audit::record_as(conn, line, origin, &self.event(action))
    }
}
