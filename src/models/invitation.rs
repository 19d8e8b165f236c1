//! Invitations: a link that makes somebody a member, once. It has two secrets: the one that is
//! copied by whoever invites, and the one that is mailed, which alone proves an address.

mod accept;
mod make;

pub use accept::{Joined, NewPerson, Open, accept, find, join};
pub(super) use make::revoke_of;
pub use make::{Invited, Revoked, invite, revoke, send_again};

use super::AccountState;
use super::link::LinkSecret;
use super::membership::{self, role_from};
use super::user::User;
use crate::db::schema::{accounts, invitations, users};
use crate::db::{Conn, DbError};
use crate::policy::{AccountId, Role, UserId};
use diesel::dsl::exists;
use diesel::prelude::*;
use time::{Duration, OffsetDateTime};

/// It can be accepted for so long.
pub const LASTS: Duration = Duration::days(7);
/// An account has so many open invitations at most.
pub const MOST_OPEN: i64 = 100;

/// An invitation, as it is stored.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct Invitation {
    /// Its number.
    pub id: i64,
    /// The account it leads to.
    pub account_id: AccountId,
    /// Whom it is for.
    pub email: String,
    role: String,
    /// When its mail was written last.
    pub mailed_at: Option<OffsetDateTime>,
    /// Who invited.
    pub invited_by: Option<UserId>,
    created_at: OffsetDateTime,
    /// Until when it can be accepted.
    pub expires_at: OffsetDateTime,
}

/// What the mail says, and the one link that proves its address.
#[derive(Debug)]
pub struct Armed {
    /// Name of the account.
    pub account: String,
    /// The role there.
    pub role: Role,
    /// Who invited, as people say it.
    pub inviter: String,
    /// Until when it can be accepted.
    pub expires_at: OffsetDateTime,
    /// What the mailed link holds.
    pub secret: LinkSecret,
}

impl Invitation {
    /// The role that it gives.
    pub fn role(&self) -> Result<Role, DbError> {
        role_from(&self.role)
    }

    /// Whether the inviter may still give this role, and was the same person when they sent it: a link
    /// is worth no more than that.
    fn is_still_meant(&self, conn: &mut Conn) -> Result<bool, DbError> {
        let Some(inviter) = self.invited_by else { return Ok(false) };
        let sent_it =
            users::reclaimed_at.is_null().or(users::reclaimed_at.lt(self.created_at)).assume_not_null();
        let still = users::table.find(inviter).filter(users::deactivated_at.is_null().and(sent_it));
        let is_theirs: bool = diesel::select(exists(still)).get_result(conn)?;
        let own = membership::role_of(conn, self.account_id, inviter)?;
        let role = self.role()?;
        Ok(is_theirs && own.is_some_and(|own| own.may_change(None, Some(role))))
    }
}

#[diesel::dsl::auto_type]
fn is_open() -> _ {
    invitations::accepted_at.is_null().and(invitations::revoked_at.is_null())
}

/// The account's invitations that nobody has accepted or revoked, the newest first, with who
/// invited. Expired ones stand among them, to be sent again.
pub fn list(conn: &mut Conn, account: AccountId) -> Result<Vec<(Invitation, String)>, DbError> {
    let rows: Vec<Invitation> = invitations::table
        .filter(invitations::account_id.eq(account).and(is_open()))
        .order(invitations::id.desc())
        .limit(MOST_OPEN * 2)
        .select(Invitation::as_select())
        .load(conn)?;
    let inviters: Vec<UserId> = rows.iter().filter_map(|row| row.invited_by).collect();
    let names: Vec<(UserId, String)> =
        users::table.filter(users::id.eq_any(inviters)).select((users::id, users::email)).load(conn)?;
    let name = |row: &Invitation| names.iter().find(|(id, _)| Some(*id) == row.invited_by);
    Ok(rows
        .into_iter()
        .map(|row| {
            let by = name(&row).map(|(_, email)| email.clone()).unwrap_or_default();
            (row, by)
        })
        .collect())
}

/// Makes the link that is mailed, in the transaction that the mail is written in; one that was
/// mailed before opens nothing any more. None where the invitation is over.
pub fn arm(conn: &mut Conn, id: i64, now: OffsetDateTime) -> Result<Option<Armed>, DbError> {
    let row: Option<(Invitation, String)> = invitations::table
        .inner_join(accounts::table)
        .filter(invitations::id.eq(id).and(invitations::expires_at.gt(now)).and(is_open()))
        .filter(accounts::state.ne(AccountState::Deleting))
        .select((Invitation::as_select(), accounts::name))
        .first(conn)
        .optional()?;
    let Some((row, account)) = row else { return Ok(None) };
    if !row.is_still_meant(conn)? {
        return Ok(None);
    }
    let secret = LinkSecret::generate()?;
    let armed = diesel::update(invitations::table.filter(invitations::id.eq(id).and(is_open())))
        .set((invitations::mailed_digest.eq(secret.digest().as_slice()), invitations::mailed_at.eq(now)))
        .execute(conn)?
        > 0;
    if !armed {
        return Ok(None);
    }
    let inviter = inviter(conn, row.invited_by)?;
    Ok(Some(Armed { account, role: row.role()?, inviter, expires_at: row.expires_at, secret }))
}

/// "Ada Admin (ada@example.com)".
fn inviter(conn: &mut Conn, user: Option<UserId>) -> Result<String, DbError> {
    let Some(user) = user else { return Ok(String::new()) };
    let known = User::find(conn, user)?;
    Ok(known.map(|user| format!("{} ({})", user.name, user.email)).unwrap_or_default())
}
