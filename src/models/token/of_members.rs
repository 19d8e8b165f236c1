//! Tokens and the members of an account: whose secrets each has seen, and the user tokens by which they
//! reach it.

use super::live::live;
use super::reaching::{Candidate, Condition, Cursor, Found, described, newest, page};
use crate::db::schema::{
    audit_events, token_blocks, token_grant_resources, token_grants, token_secrets, token_use, tokens,
};
use crate::db::{Conn, DbError};
use crate::models::audit::Action;
use crate::models::user::lower;
use crate::models::{Account, membership};
use crate::policy::{AccountId, Catalogue, TokenId, UserId, grants_in};
use diesel::dsl::{exists, max};
use diesel::prelude::*;
use std::collections::HashMap;
use time::OffsetDateTime;

/// So many of the tokens whose secrets somebody has seen are shown.
pub const MOST_SEEN: usize = 50;

/// Whose user tokens, and where.
#[derive(Debug, Clone, Copy)]
pub struct Of {
    /// The account that they can reach.
    pub account: AccountId,
    /// One member's; none means every member's.
    pub user: Option<UserId>,
}

/// An account token whose secret a member has seen.
#[derive(Debug)]
pub struct Seen {
    /// Number of the token.
    pub id: TokenId,
    /// Its name.
    pub name: String,
}

/// A user token that can reach the account.
#[derive(Debug)]
pub struct UserToken {
    /// The token, its rights and its user.
    pub candidate: Candidate,
    /// When it was last used in this account.
    pub used_here: Option<OffsetDateTime>,
    /// Since when the account does not let it in.
    pub blocked_at: Option<OffsetDateTime>,
}

/// The live account tokens whose secret was shown to the user, made or rolled by them: as many as
/// are shown, and one more where there are more.
pub fn seen_by(
    conn: &mut Conn,
    account: &Account,
    user: UserId,
    now: OffsetDateTime,
) -> Result<Vec<Seen>, DbError> {
    let shown = audit_events::table
        .filter(audit_events::account_id.eq(account.id))
        .filter(audit_events::actor_kind.eq("user").and(audit_events::actor_id.eq(user)))
        .filter(audit_events::action.eq_any([Action::TokenCreated, Action::TokenRolled]))
        .select(audit_events::object_id);
    let rows: Vec<(TokenId, String)> = tokens::table
        .filter(tokens::account_id.eq(account.id))
        .filter(live(now))
        .filter(tokens::id.nullable().eq_any(shown))
        .order((lower(tokens::name), tokens::id))
        .limit(i64::try_from(MOST_SEEN + 1).unwrap_or(i64::MAX))
        .select((tokens::id, tokens::name))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, name)| Seen { id, name }).collect())
}

/// The live user tokens that can reach the account, of all members or of one, newest first. What is
/// loaded may reach it; whoever asks decides.
pub fn user_tokens(
    conn: &mut Conn,
    catalogue: &Catalogue,
    of: Of,
    after: Option<Cursor>,
    now: OffsetDateTime,
) -> Result<(Vec<UserToken>, Option<Cursor>), DbError> {
    let account = of.account;
    let people = membership::people(conn, account, of.user)?;
    let ids: Vec<UserId> = people.keys().copied().collect();
    let own: Condition = Box::new(tokens::user_id.eq_any(ids).assume_not_null());
    let (found, next): (Vec<_>, _) = newest(page(conn, own, reaching(account, catalogue), after, now)?);
    let (candidates, next): Found = (described(conn, found, &people)?, next);
    Ok((with_facts(conn, catalogue, account, candidates)?, next))
}

/// One live user token that can reach the account.
pub fn user_token(
    conn: &mut Conn,
    catalogue: &Catalogue,
    account: AccountId,
    id: TokenId,
    now: OffsetDateTime,
) -> Result<Option<UserToken>, DbError> {
    let found = page(conn, Box::new(tokens::id.eq(id)), reaching(account, catalogue), None, now)?;
    let Some(user) = found.first().and_then(|token| token.user_id) else { return Ok(None) };
    let people = membership::people(conn, account, Some(user))?;
    if people.is_empty() {
        return Ok(None);
    }
    let candidates = described(conn, found, &people)?;
    Ok(with_facts(conn, catalogue, account, candidates)?.into_iter().next())
}

/// Tokens with a grant that concerns the account; what is the user's own concerns none.
pub(super) fn reaching(account: AccountId, catalogue: &Catalogue) -> Condition {
    let keys: Vec<String> = catalogue.for_account_tokens().map(|one| one.key.to_string()).collect();
    let everywhere = exists(
        token_grants::table
            .filter(token_grants::token_id.eq(tokens::id).and(token_grants::reach.eq("everything")))
            .filter(token_grants::permission.eq_any(keys)),
    );
    let whole = token_grants::table
        .filter(token_grants::account_id.eq(account).assume_not_null())
        .select(token_grants::token_id);
    let named = token_grant_resources::table
        .inner_join(token_grants::table)
        .filter(token_grant_resources::account_id.eq(account))
        .filter(token_grant_resources::effect.eq("include"))
        .filter(token_grant_resources::resource_id.is_not_null())
        .select(token_grants::token_id);
    Box::new(
        tokens::full_access.eq(true).or(everywhere).or(tokens::id.eq_any(whole)).or(tokens::id.eq_any(named)),
    )
}

fn with_facts(
    conn: &mut Conn,
    catalogue: &Catalogue,
    account: AccountId,
    mut candidates: Vec<Candidate>,
) -> Result<Vec<UserToken>, DbError> {
    candidates.retain(|one| grants_in(catalogue, &one.rights, account));
    let ids: Vec<TokenId> = candidates.iter().map(|one| one.token.id).collect();
    let used: HashMap<TokenId, Option<OffsetDateTime>> = token_use::table
        .inner_join(token_secrets::table)
        .filter(token_secrets::token_id.eq_any(&ids).and(token_use::account_id.eq(account)))
        .group_by(token_secrets::token_id)
        .select((token_secrets::token_id, max(token_use::last_used_at)))
        .load::<(TokenId, Option<OffsetDateTime>)>(conn)?
        .into_iter()
        .collect();
    let blocked: HashMap<TokenId, OffsetDateTime> = token_blocks::table
        .filter(token_blocks::token_id.eq_any(&ids).and(token_blocks::account_id.eq(account)))
        .select((token_blocks::token_id, token_blocks::blocked_at))
        .load::<(TokenId, OffsetDateTime)>(conn)?
        .into_iter()
        .collect();
    let facts = |candidate: Candidate| UserToken {
        used_here: used.get(&candidate.token.id).copied().flatten(),
        blocked_at: blocked.get(&candidate.token.id).copied(),
        candidate,
    };
    Ok(candidates.into_iter().map(facts).collect())
}
