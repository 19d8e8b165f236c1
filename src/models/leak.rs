//! Reports of leaked secrets: put down when they come, and worked off by whichever node is first.

use super::Account;
use super::audit::Origin;
use super::mail::{self, LeakedToken, Letter};
use super::token::endings::{Ending, Which};
use super::token::secret::Digest;
use super::token::{DeletionReason, Token};
use crate::db::schema::{leak_reports, memberships, token_secrets, tokens, users};
use crate::db::{self, Conn, DbError};
use crate::policy::{Act, ClientAddress, Role, Standing, State, UserId};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use ipnet::IpNet;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// So many secrets of a call are looked at.
pub const MOST_SECRETS: usize = 100;

/// Puts digests down that came in one call, in one insert. It asks for nothing: live, dead and unknown
/// ones cost the same.
pub fn put_down(
    conn: &mut Conn,
    digests: &[Digest],
    address: ClientAddress,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    let report = Uuid::new_v4();
    let rows: Vec<_> = digests
        .iter()
        .take(MOST_SECRETS)
        .map(|digest| {
            (
                leak_reports::digest.eq(digest.bytes()),
                leak_reports::report.eq(report),
                leak_reports::reported_at.eq(now),
                leak_reports::address.eq(address.stored()),
            )
        })
        .collect();
    diesel::insert_into(leak_reports::table).values(rows).execute(conn)?;
    Ok(())
}

/// The next call that waits to be worked off, by the number of its first row, which is behind this
/// one: one that cannot be worked off now holds up no other.
pub fn next(conn: &mut Conn, behind: i64) -> Result<Option<i64>, DbError> {
    let earlier = diesel::alias!(leak_reports as earlier);
    let before = earlier
        .filter(earlier.field(leak_reports::report).eq(leak_reports::report))
        .filter(earlier.field(leak_reports::id).lt(leak_reports::id));
    Ok(leak_reports::table
        .filter(leak_reports::id.gt(behind).and(not(exists(before))))
        .order(leak_reports::id)
        .select(leak_reports::id)
        .first(conn)
        .optional()?)
}

/// Works off what came in the call whose first row this is, in the caller's transaction, and erases
/// it: tokens that still work with one of these secrets end. Says whether it was there, and nobody
/// else was at it.
pub fn work_off(conn: &mut Conn, first: i64, now: OffsetDateTime) -> Result<bool, DbError> {
    db::wait_briefly(conn)?;
    // Whoever has the first row of a call has the call: others pass it over.
    let first: Option<(Uuid, Option<IpNet>)> = leak_reports::table
        .find(first)
        .select((leak_reports::report, leak_reports::address))
        .for_update()
        .skip_locked()
        .first(conn)
        .optional()?;
    let Some((report, address)) = first else { return Ok(false) };
    let digests: Vec<Vec<u8>> = diesel::delete(leak_reports::table.filter(leak_reports::report.eq(report)))
        .returning(leak_reports::digest)
        .get_results(conn)?;
    let origin = Origin { address: Some(ClientAddress::from_stored(address)), ..Origin::nobody(now) };
    let mut told: BTreeMap<UserId, (String, Vec<LeakedToken>)> = BTreeMap::new();
    for token in working(conn, &digests, now)? {
        if !token.delete(conn, DeletionReason::Leak, &origin)? {
            continue;
        }
        let (account, people) = concerned(conn, &token)?;
        let hint = token.hint(conn)?;
        for (user, email) in people {
            let leaked =
                LeakedToken { name: token.name.clone(), hint: hint.clone(), account: account.clone() };
            told.entry(user).or_insert_with(|| (email, Vec::new())).1.push(leaked);
        }
    }
    for (user, (email, tokens)) in told {
        mail::queue(conn, &format!("leaked/{report}/{user}"), &email, &Letter::Leaked { tokens }, now)?;
    }
    Ok(true)
}

/// The account's name, where it is an account's token, and whom to tell: number and address.
type Concerned = (Option<String>, Vec<(UserId, String)>);

/// Ends what the report is about where the database has no space for more; the report stays, and is
/// worked off when there's room.
pub fn end_at_once(conn: &mut Conn, first: i64, now: OffsetDateTime) -> Result<(), DbError> {
    let report = leak_reports::table.find(first).select(leak_reports::report);
    let report: Option<Uuid> = report.first(conn).optional()?;
    let of_report = leak_reports::table.filter(leak_reports::report.nullable().eq(report));
    let digests: Vec<Vec<u8>> = of_report.select(leak_reports::digest).load(conn)?;
    let ids = working(conn, &digests, now)?.iter().map(|token| token.id).collect();
    let ending = Ending {
        which: Which::These(ids),
        why: DeletionReason::Leak,
        note: None,
        origin: Origin::nobody(now),
    };
    ending.at_once(conn).map(|_| ())
}

/// Whom to tell that a token has leaked: its user; of an account's token whoever manages such, and
/// its maker, if still a member. With the account's name.
fn concerned(conn: &mut Conn, token: &Token) -> Result<Concerned, DbError> {
    let reachable = || users::deactivated_at.is_null().and(users::email_verified_at.is_not_null());
    let Some(id) = token.account_id else {
        let own = users::table.filter(users::id.nullable().eq(token.user_id)).filter(reachable());
        return Ok((None, own.select((users::id, users::email)).load(conn)?));
    };
    let managing: Vec<&str> =
        Role::ALL.into_iter().filter(|role| role.may(Act::ManageTokens)).map(Role::key).collect();
    let maker = token.created_by.unwrap_or(UserId::from(0));
    let people = users::table
        .inner_join(memberships::table)
        .filter(memberships::account_id.eq(id).and(reachable()))
        .filter(memberships::role.eq_any(managing).or(users::id.eq(maker)))
        .select((users::id, users::email))
        .load(conn)?;
    Ok((Account::find(conn, id)?.map(|account| account.name), people))
}

/// The tokens that have one of these secrets and have not ended, where that secret has not been ended
/// either; also such as are paused, as they may work again.
fn working(conn: &mut Conn, digests: &[Vec<u8>], now: OffsetDateTime) -> Result<Vec<Token>, DbError> {
    type Row = (Token, Option<OffsetDateTime>, Option<OffsetDateTime>);
    let rows: Vec<Row> = token_secrets::table
        .inner_join(tokens::table)
        .filter(token_secrets::digest.eq_any(digests))
        // Whoever ends several takes them in this order.
        .order(tokens::id)
        .select((Token::as_select(), token_secrets::ended_at, token_secrets::ends_at))
        .load(conn)?;
    let works = |(token, ended_at, ends_at): &Row| {
        let standing = Standing {
            secret_ended: ended_at.is_some(),
            secret_ends_at: *ends_at,
            ..token.standing(false, false)
        };
        !matches!(standing.state(now), State::Deleted | State::Expired | State::SecretReplaced)
    };
    Ok(rows.into_iter().filter(works).map(|(token, ..)| token).collect())
}
