//! Which live tokens are against limits that an account could set.

use super::Token;
use super::live::live;
use super::of_members::reaching;
use super::reaching::{Condition, described, newest, page};
use crate::db::schema::{memberships, token_grants, tokens, users};
use crate::db::{Conn, DbError};
use crate::models::User;
use crate::models::membership::role_from;
use crate::policy::{
    AccountId, Binding, Bound, Breach, Catalogue, Limits, Made, Role, UserId, WIDEST_IPV4, WIDEST_IPV6,
    grants_in,
};
use diesel::dsl::{IntervalDsl, exists, not, sql};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer};
use std::collections::HashMap;
use time::OffsetDateTime;

/// Counting stops here.
pub const MOST_COUNTED: i64 = 1_000;

/// Tokens that are against limits.
#[derive(Debug)]
pub struct Breaking {
    /// How many there may be, at most one more than [`MOST_COUNTED`].
    pub count: i64,
    /// How many of them are against something that they need not keep now, counted in the same way.
    pub asked_about: i64,
    /// The newest of them.
    pub newest: Vec<One>,
    /// From when on some demand binds older tokens, where that lies ahead.
    pub announced: Option<OffsetDateTime>,
    /// As it was proposed.
    pub life_stays: bool,
}

/// Limits that could be set.
#[derive(Debug, Clone, Copy)]
pub struct Proposed<'a> {
    /// Those that are there.
    pub before: &'a Limits,
    /// Those that would take their place, binding as few older tokens as can be.
    pub limits: &'a Limits,
    /// Whether their demand of a token's life is shorter, and yet binds whom that before bound.
    pub life_stays: bool,
}

/// Whether a token that is against limits is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It is, by the limits that are there.
    Already,
    /// As soon as the others are set.
    AtOnce,
    /// From then on.
    From(OffsetDateTime),
    /// It need not be.
    No,
}

/// One of them.
#[derive(Debug)]
pub struct One {
    /// The token.
    pub token: Token,
    /// Its user, for user tokens.
    pub user: Option<User>,
    /// What of it is against the limits.
    pub breaches: Vec<Breach>,
    /// Whether it is refused.
    pub refused: Refused,
}

/// The live tokens of the account, and those of its members that can reach it, that are against
/// the proposed limits, whether or not these bind them.
pub fn find(
    conn: &mut Conn,
    catalogue: &Catalogue,
    account: AccountId,
    proposed: Proposed<'_>,
    now: OffsetDateTime,
) -> Result<Breaking, DbError> {
    let Proposed { before, limits, life_stays } = proposed;
    let around = Around::load(conn, account)?;
    let concerned = || around.concerned(catalogue);
    let (found, _) = newest(page(conn, concerned(), any(against(limits).map(|(_, one)| one)), None, now)?);
    let count = counted(conn, concerned(), any(against(limits).map(|(_, one)| one)), now)?;
    let not_bound = against(limits)
        .filter(|(bound, _)| bound.older_from.is_none_or(|from| from > now))
        .map(|(bound, one)| -> Condition { Box::new(one.and(around.here_before(bound.since))) });
    // Bound by what was demanded before, they kept that.
    let newly: Option<Condition> =
        life_stays.then(|| -> Condition { Box::new(life(limits).and(not(life(before)))) });
    let asked_about = counted(conn, concerned(), any(not_bound.chain(newly)), now)?;
    let newest = described(conn, found, &around.people)?
        .into_iter()
        .filter(|one| one.token.account_id.is_some() || grants_in(catalogue, &one.rights, account))
        .map(|one| {
            let (policy, made) = (one.token.policy(one.rights), around.made(&one.token));
            let breaches = limits.broken_by(&policy, made.created_at);
            let refused = match limits.binding(&breaches, made, now) {
                Binding::Already if before.refuse(&policy, made, now) => Refused::Already,
                Binding::Already => Refused::AtOnce,
                Binding::From(day) => Refused::From(day),
                Binding::Never => Refused::No,
            };
            One { refused, breaches, user: one.user.map(|(user, _)| user), token: one.token }
        })
        .collect();
    let announced = limits.demanded().into_iter().filter_map(|bound| bound.older_from);
    let announced = announced.filter(|from| *from > now).min();
    Ok(Breaking { count, asked_about, newest, announced, life_stays })
}

/// Whether any such token is kept out, or will be, by the life that was demanded before, and would
/// not be let in by the one that is asked for.
pub fn lives_too_long(
    conn: &mut Conn,
    catalogue: &Catalogue,
    account: AccountId,
    (before, asked): (&Limits, &Limits),
    now: OffsetDateTime,
) -> Result<bool, DbError> {
    let around = Around::load(conn, account)?;
    let by_both = life(before).and(life(asked));
    let which: Condition = match before.life.older_from {
        Some(_) => Box::new(by_both),
        None => Box::new(by_both.and(not(around.here_before(before.life.since)))),
    };
    Ok(counted(conn, around.concerned(catalogue), which, now)? > 0)
}

/// An account, and who is in it since when.
struct Around {
    account: AccountId,
    people: HashMap<UserId, (User, Role)>,
    joined: HashMap<UserId, OffsetDateTime>,
}

impl Around {
    fn load(conn: &mut Conn, account: AccountId) -> Result<Around, DbError> {
        let rows: Vec<(User, String, OffsetDateTime)> = memberships::table
            .inner_join(users::table)
            .filter(memberships::account_id.eq(account))
            .select((User::as_select(), memberships::role, memberships::created_at))
            .load(conn)?;
        let (mut people, mut joined) = (HashMap::new(), HashMap::new());
        for (user, role, since) in rows {
            joined.insert(user.id, since);
            people.insert(user.id, (user, role_from(&role)?));
        }
        Ok(Around { account, people, joined })
    }

    /// The account's own tokens, and its members' that may reach it.
    fn concerned(&self, catalogue: &Catalogue) -> Condition {
        let ids: Vec<UserId> = self.people.keys().copied().collect();
        let own = tokens::account_id.eq(self.account).assume_not_null();
        let of_members = tokens::user_id.eq_any(ids).assume_not_null();
        Box::new(own.or(of_members.and(reaching(self.account, catalogue))))
    }

    /// Those of them that were made, and whose user joined, before then.
    fn here_before(&self, since: OffsetDateTime) -> Condition {
        let before = self.joined.iter().filter(|(_, joined)| **joined < since);
        let ids: Vec<UserId> = before.map(|(user, _)| *user).collect();
        let own = tokens::account_id.is_not_null();
        let of_members = tokens::user_id.is_not_null().and(tokens::user_id.eq_any(ids).assume_not_null());
        Box::new(tokens::created_at.lt(since).and(own.or(of_members)))
    }

    fn made(&self, token: &Token) -> Made {
        let joined = token.user_id.and_then(|user| self.joined.get(&user));
        joined.map_or(Made::here(token.created_at), |joined| Made::joined(token.created_at, *joined))
    }
}

fn counted(
    conn: &mut Conn,
    concerned: Condition,
    which: Condition,
    now: OffsetDateTime,
) -> Result<i64, DbError> {
    let found = tokens::table
        .filter(concerned)
        .filter(which)
        .filter(live(now))
        .limit(MOST_COUNTED + 1)
        .select(tokens::id)
        .load::<i64>(conn)?
        .len();
    Ok(i64::try_from(found).unwrap_or(i64::MAX))
}

fn nothing() -> Condition {
    Box::new(tokens::id.ne(tokens::id))
}

fn any(conditions: impl Iterator<Item = Condition>) -> Condition {
    conditions.fold(nothing(), |any, one| Box::new(any.or(one)))
}

/// The same as [`Limits::broken_by`], in the words of the database: a condition for each demand,
/// with whom it binds.
fn against(limits: &Limits) -> impl Iterator<Item = (Bound, Condition)> {
    let network = if limits.write_needs_network { from_anywhere() } else { nothing() };
    let everything: Condition =
        if limits.everything_allowed { nothing() } else { Box::new(tokens::full_access.eq(true)) };
    [(limits.life, life(limits)), (limits.network, network), (limits.everything, everything)].into_iter()
}

fn life(limits: &Limits) -> Condition {
    let mut any = nothing();
    if !limits.never_allowed {
        any = Box::new(any.or(tokens::expires_at.is_null()));
    }
    if let Some(days) = limits.longest_life_days {
        // In seconds: what a day is to the database depends on its time zone.
        let longest = (i64::from(days) + 1) * 86_400;
        let end = tokens::created_at + longest.seconds();
        let ends = tokens::expires_at.is_not_null();
        any = Box::new(any.or(ends.and(tokens::expires_at.assume_not_null().gt(end))));
    }
    any
}

fn from_anywhere() -> Condition {
    let writes = token_grants::table
        .filter(token_grants::token_id.eq(tokens::id).and(token_grants::access.eq("full")));
    // Nothing typed looks at each element of an array.
    let too_wide = sql::<Bool>(
        "EXISTS (SELECT FROM unnest(tokens.allowed_networks) AS network
         WHERE masklen(network) < CASE family(network) WHEN 4 THEN ",
    )
    .bind::<Integer, _>(i32::from(WIDEST_IPV4))
    .sql(" ELSE ")
    .bind::<Integer, _>(i32::from(WIDEST_IPV6))
    .sql(" END)");
    let from_anywhere = tokens::allowed_networks.eq(Vec::<ipnet::IpNet>::new()).or(too_wide);
    Box::new(from_anywhere.and(tokens::full_access.eq(true).or(exists(writes))))
}
