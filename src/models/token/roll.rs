//! Rolling: a new secret for the same token, and how long the older one goes on beside it.

use super::active_secrets::{self, LiveRow, ShownSecret};
use super::overlap::Overlap;
use super::rules::{self, Holder};
use super::secret::Secret;
use super::{Owner, Token, grants};
use crate::db::schema::{token_secrets, tokens};
use crate::db::{Conn, DbError};
use crate::models::audit::{self, Action, Origin};
use crate::models::mail::TokenEvent;
use crate::models::notice::{self, Happened};
use crate::policy::{Catalogue, SecretId, TokenId};
use diesel::prelude::*;
use serde_json::json;
use uuid::Uuid;

/// What became of a roll.
#[derive(Debug)]
pub enum Rolled {
    /// There is a new secret, to be shown once.
    Made(Secret),
    /// This very form rolled it before.
    Repeated,
    /// The form was used for something else.
    NonceTaken,
    /// Other secrets work by now than those that the form was about; nothing was changed.
    Changed,
    /// The token has ended.
    Ended,
    /// The account is suspended or being deleted, or gone; the user is deactivated, or gone.
    OwnerAway,
    /// Whoever asks could not make such a token now.
    NotAllowed,
}

/// A roll that somebody wants.
#[derive(Debug, Clone)]
pub struct Asked {
    /// How long the secret of now goes on.
    pub overlap: Overlap,
    /// Of the form, so that posting it twice rolls once.
    pub nonce: Uuid,
    /// The secrets that the form showed; `None` if it showed none.
    pub shown: Option<Vec<ShownSecret>>,
}

/// What became of the end of an overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// The older secret has ended.
    Done,
    /// There was no overlap.
    None,
    /// Other secrets work by now than those that the page showed; nothing was changed.
    Changed,
}

impl Token {
    /// Gives it a new secret, in the caller's transaction; all else stays. What works now goes on
    /// as chosen, and at most two secrets work: of two, a newer one that was never used makes way,
    /// and otherwise the older one. Everything is decided again here, under a lock on owner and
    /// token.
    pub fn roll(
        &self,
        conn: &mut Conn,
        catalogue: &Catalogue,
        asked: &Asked,
        brand: &str,
        origin: &Origin,
    ) -> Result<Rolled, DbError> {
        let owner = self.owned_by()?;
        let Some(holder) = Holder::lock(conn, owner)? else { return Ok(Rolled::OwnerAway) };
        let Some(token) = lock(conn, self.id)? else { return Ok(Rolled::Ended) };
        let policy = token.policy(grants::of_token(conn, &token)?);
        if !rules::maker_may_still(conn, catalogue, &holder, &policy, &origin.actor)? {
            return Ok(Rolled::NotAllowed);
        }
        if let Some(known) = token.rolled_by(conn, asked.nonce)? {
            return Ok(known);
        }
        if token.has_ended(origin.now) {
            return Ok(Rolled::Ended);
        }
        let working = active_secrets::rows(conn, token.id, origin.now)?;
        if asked.shown.as_ref().is_some_and(|shown| *shown != active_secrets::as_shown(&working)) {
            return Ok(Rolled::Changed);
        }
        let secret =
            Secret::generate(brand, owner.kind()).map_err(|error| DbError::Corrupt(error.to_string()))?;
        token.replace(conn, &secret, &working, asked, origin)?;
        Ok(Rolled::Made(secret))
    }

    /// What the form with this nonce did before, if anything.
    pub fn rolled_by(&self, conn: &mut Conn, nonce: Uuid) -> Result<Option<Rolled>, DbError> {
        let known: Option<(TokenId, bool)> = token_secrets::table
            .filter(token_secrets::form_nonce.eq(nonce))
            .select((token_secrets::token_id, token_secrets::rolled))
            .first(conn)
            .optional()?;
        Ok(known.map(|known| if known == (self.id, true) { Rolled::Repeated } else { Rolled::NonceTaken }))
    }

    /// Ends an overlap of the secrets that a page showed, if it did, now.
    pub fn finish_roll(
        &self,
        conn: &mut Conn,
        shown: Option<&[ShownSecret]>,
        origin: &Origin,
    ) -> Result<Finished, DbError> {
        if lock(conn, self.id)?.is_none() {
            return Ok(Finished::None);
        }
        let working = active_secrets::rows(conn, self.id, origin.now)?;
        // Only which ones: that the newer one was used meanwhile is a reason to finish.
        let now = active_secrets::as_shown(&working);
        let ids = |secrets: &[ShownSecret]| secrets.iter().map(|one| one.id).collect::<Vec<_>>();
        if shown.is_some_and(|shown| ids(shown) != ids(&now)) {
            return Ok(Finished::Changed);
        }
        let mut older = active_secrets::not_ended(conn, self.id)?;
        older.pop();
        self.end_secrets(conn, &older, Ended::Replaced, origin)?;
        if older.is_empty() {
            return Ok(Finished::None);
        }
        self.record_finish(conn, &older, "person", origin)?;
        Ok(Finished::Done)
    }

    fn replace(
        &self,
        conn: &mut Conn,
        secret: &Secret,
        working: &[LiveRow],
        asked: &Asked,
        origin: &Origin,
    ) -> Result<(), DbError> {
        let overlap = asked.overlap;
        let goes_on = match working {
            _ if overlap == Overlap::Leaked => None,
            [older, newer] if newer.awaits_first_use() => Some(older),
            working => working.last(),
        };
        let mut ending = active_secrets::not_ended(conn, self.id)?;
        ending.retain(|one| goes_on.is_none_or(|goes_on| goes_on.id != one.id));
        let why = if overlap == Overlap::Leaked { Ended::Leaked } else { Ended::Replaced };
        self.end_secrets(conn, &ending, why, origin)?;
        if let Some(goes_on) = goes_on {
            diesel::update(token_secrets::table.find(goes_on.id))
                .set((
                    token_secrets::ends_at.eq(overlap.ends_at(origin.now)),
                    token_secrets::ends_when_successor_used.eq(overlap == Overlap::UntilFirstUse),
                ))
                .execute(conn)?;
        }
        diesel::insert_into(token_secrets::table)
            .values((
                token_secrets::token_id.eq(self.id),
                token_secrets::digest.eq(secret.digest().bytes()),
                token_secrets::hint.eq(secret.hint()),
                token_secrets::form_nonce.eq(asked.nonce),
                token_secrets::created_at.eq(origin.now),
                token_secrets::rolled.eq(true),
            ))
            .execute(conn)?;
        diesel::update(tokens::table.find(self.id)).set(tokens::updated_at.eq(origin.now)).execute(conn)?;
        let before = json!({ "goes_on": goes_on.map(|one| &one.hint), "ended": hints(&ending) });
        let after = json!({ "overlap": overlap.key(), "hint": secret.hint() });
        audit::record(conn, origin, &self.event(Action::TokenRolled, Some(before), Some(after)))?;
        let rolled = Happened::to(self, TokenEvent::Rolled, format!("rolled/{}", asked.nonce))?;
        notice::tell(conn, &rolled, origin)
    }

    fn end_secrets(
        &self,
        conn: &mut Conn,
        ending: &[LiveRow],
        why: Ended,
        origin: &Origin,
    ) -> Result<(), DbError> {
        let ids: Vec<SecretId> = ending.iter().map(|one| one.id).collect();
        diesel::update(token_secrets::table.filter(token_secrets::id.eq_any(ids)))
            .set((token_secrets::ended_at.eq(origin.now), token_secrets::ended_why.eq(why.key())))
            .execute(conn)?;
        Ok(())
    }

    fn record_finish(
        &self,
        conn: &mut Conn,
        ended: &[LiveRow],
        why: &str,
        origin: &Origin,
    ) -> Result<(), DbError> {
        let after = json!({ "why": why, "ended": hints(ended) });
        audit::record(conn, origin, &self.event(Action::TokenRollFinished, None, Some(after)))
    }

    pub(crate) fn owned_by(&self) -> Result<Owner, DbError> {
        self.owner().ok_or_else(|| DbError::Corrupt(format!("owner of token {}", self.id)))
    }
}

/// Notes that a rolled secret was used, and ends the older one that goes on until then. Several
/// calls may come here at once, on several nodes, and a roll beside them: the lock on the token
/// puts them in order. A secret that was replaced meanwhile ends nothing any more.
pub fn note_first_use(
    conn: &mut Conn,
    token: TokenId,
    secret: SecretId,
    origin: &Origin,
) -> Result<(), DbError> {
    // Whoever comes after the first has nothing to wait for.
    let still: Option<i64> = awaiting(secret).select(token_secrets::id).first(conn).optional()?;
    if still.is_none() {
        return Ok(());
    }
    let Some(token) = lock(conn, token)? else { return Ok(()) };
    let is_first =
        diesel::update(awaiting(secret)).set(token_secrets::first_used_at.eq(origin.now)).execute(conn)? > 0;
    if !is_first {
        return Ok(());
    }
    let mut until_now = active_secrets::not_ended(conn, token.id)?;
    until_now.retain(|one| one.id != secret && one.ends() == active_secrets::Ends::AtFirstUse);
    if until_now.is_empty() {
        return Ok(());
    }
    token.end_secrets(conn, &until_now, Ended::Replaced, origin)?;
    token.record_finish(conn, &until_now, "first_use", origin)
}

#[diesel::dsl::auto_type]
fn awaiting(secret: SecretId) -> _ {
    token_secrets::table
        .filter(token_secrets::id.eq(secret).and(token_secrets::rolled))
        .filter(token_secrets::first_used_at.is_null().and(token_secrets::ended_at.is_null()))
}

/// Why a secret has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Replaced,
    Leaked,
}

impl Ended {
    fn key(self) -> &'static str {
        match self {
            Ended::Replaced => "replaced",
            Ended::Leaked => "leaked",
        }
    }
}

/// The token with this number, kept as it is until the transaction ends.
pub(super) fn lock(conn: &mut Conn, id: TokenId) -> Result<Option<Token>, DbError> {
    Ok(tokens::table.find(id).select(Token::as_select()).for_no_key_update().first(conn).optional()?)
}

fn hints(secrets: &[LiveRow]) -> Vec<&str> {
    secrets.iter().map(|one| one.hint.as_str()).collect()
}
