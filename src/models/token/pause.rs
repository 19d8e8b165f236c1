//! What stops a token for a while: disabling it, and an account that does not let it in.

use super::live::live;
use super::roll::lock;
use super::rules::{self, Holder};
use super::{Token, grants};
use crate::db::schema::{accounts, memberships, token_blocks, tokens};
use crate::db::{Conn, DbError};
use crate::models::Account;
use crate::models::audit::{self, Action, Event, Origin};
use crate::models::mail::TokenEvent;
use crate::models::notice::{self, Happened};
use crate::policy::{Catalogue, UserId};
use diesel::prelude::*;
use serde_json::json;
use time::OffsetDateTime;

/// What became of enabling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enabled {
    /// It works again, as far as nothing else stops it.
    Done,
    /// Nobody had disabled it, or somebody else enabled it before.
    WasNotDisabled,
    /// The token has ended.
    Ended,
    /// The account is suspended or being deleted, or gone; the user is deactivated, or gone.
    OwnerAway,
    /// Whoever asks could not make such a token now.
    NotAllowed,
}

/// An account that does not let a token in.
#[derive(Debug)]
pub struct Block {
    /// Name of the account.
    pub account: String,
    /// Since when.
    pub at: OffsetDateTime,
    /// Why, in the words of whoever blocked it.
    pub why: String,
}

impl Token {
    /// Disables it; says whether this call did. Of the calls begun after this is committed, none
    /// succeeds until it is enabled. An ended token stays ended.
    pub fn disable(&self, conn: &mut Conn, why: &str, origin: &Origin) -> Result<bool, DbError> {
        let disabled = diesel::update(
            tokens::table.find(self.id).filter(live(origin.now)).filter(tokens::disabled_at.is_null()),
        )
        .set((
            tokens::disabled_at.eq(origin.now),
            tokens::disabled_by.eq(origin.actor.user_id()),
            tokens::disabled_why.eq(why),
            tokens::updated_at.eq(origin.now),
        ))
        .execute(conn)?
            > 0;
        if disabled {
            let event = self.event(Action::TokenDisabled, None, Some(json!({ "why": why })));
            audit::record(conn, origin, &event)?;
            let once = format!("disabled/{}/{}", self.id, origin.now.unix_timestamp_nanos());
            notice::tell(conn, &Happened::to(self, TokenEvent::Disabled, once)?, origin)?;
        }
        Ok(disabled)
    }

    /// Enables it again, if whoever asks could make such a token now (rule 5).
    pub fn enable(
        &self,
        conn: &mut Conn,
        catalogue: &Catalogue,
        origin: &Origin,
    ) -> Result<Enabled, DbError> {
        let Some(holder) = Holder::lock(conn, self.owned_by()?)? else { return Ok(Enabled::OwnerAway) };
        let Some(token) = lock(conn, self.id)? else { return Ok(Enabled::Ended) };
        let policy = token.policy(grants::of_token(conn, &token)?);
        if !rules::maker_may_still(conn, catalogue, &holder, &policy, &origin.actor)? {
            return Ok(Enabled::NotAllowed);
        }
        if token.has_ended(origin.now) {
            return Ok(Enabled::Ended);
        }
        if token.disabled_at.is_none() {
            return Ok(Enabled::WasNotDisabled);
        }
        diesel::update(tokens::table.find(self.id))
            .set((
                tokens::disabled_at.eq(None::<OffsetDateTime>),
                tokens::disabled_by.eq(None::<UserId>),
                tokens::disabled_why.eq(None::<String>),
                tokens::updated_at.eq(origin.now),
            ))
            .execute(conn)?;
        audit::record(conn, origin, &self.event(Action::TokenEnabled, None, None))?;
        Ok(Enabled::Done)
    }

    /// Keeps it out of an account; says whether this call did.
    pub fn block(
        &self,
        conn: &mut Conn,
        account: &Account,
        why: &str,
        origin: &Origin,
    ) -> Result<bool, DbError> {
        let blocked = diesel::insert_into(token_blocks::table)
            .values((
                token_blocks::token_id.eq(self.id),
                token_blocks::account_id.eq(account.id),
                token_blocks::blocked_at.eq(origin.now),
                token_blocks::blocked_by.eq(origin.actor.user_id()),
                token_blocks::why.eq(why),
            ))
            .on_conflict_do_nothing()
            .execute(conn)?
            > 0;
        if blocked {
            let event = self.event(Action::TokenBlocked, None, Some(json!({ "why": why })));
            audit::record(conn, origin, &Event { account: Some(account.id), ..event })?;
            let nanos = origin.now.unix_timestamp_nanos();
            let once = format!("blocked/{}/{}/{nanos}", self.id, account.id);
            let event = TokenEvent::Blocked(account.name.clone());
            notice::tell(conn, &Happened::to(self, event, once)?, origin)?;
        }
        Ok(blocked)
    }

    /// The accounts of its user that do not let it in, by name. Of others nothing is told any more.
    pub fn blocks(&self, conn: &mut Conn) -> Result<Vec<Block>, DbError> {
        let rows: Vec<(String, OffsetDateTime, String)> = token_blocks::table
            .inner_join(accounts::table.inner_join(memberships::table))
            .filter(token_blocks::token_id.eq(self.id))
            .filter(memberships::user_id.nullable().eq(self.user_id))
            .order((accounts::name, accounts::id))
            .select((accounts::name, token_blocks::blocked_at, token_blocks::why))
            .load(conn)?;
        Ok(rows.into_iter().map(|(account, at, why)| Block { account, at, why }).collect())
    }

    /// Lets it into an account again; says whether this call did.
    pub fn unblock(&self, conn: &mut Conn, account: &Account, origin: &Origin) -> Result<bool, DbError> {
        let block = token_blocks::table.find((self.id, account.id));
        let unblocked = diesel::delete(block).execute(conn)? > 0;
        if unblocked {
            let event = self.event(Action::TokenUnblocked, None, None);
            audit::record(conn, origin, &Event { account: Some(account.id), ..event })?;
        }
        Ok(unblocked)
    }
}
