//! A token of anybody, as a row tells it.

use crate::models::admin::tokens::{Anybodys, Holder};
use crate::policy::{Catalogue, TokenId};
use crate::web::paths;
use crate::web::told::{Expiry, Moment, StateBadge, Used};
use time::OffsetDateTime;

pub(super) struct Row {
    pub(super) id: TokenId,
    pub(super) name: String,
    pub(super) hint: String,
    pub(super) state: StateBadge,
    /// Why a site admin deleted it.
    pub(super) note: Option<String>,
    pub(super) owner: String,
    pub(super) owner_is: String,
    pub(super) owner_url: String,
    /// What to look for, to find all tokens of the owner.
    pub(super) whose: String,
    pub(super) made: Moment,
    pub(super) used: Option<Used>,
    pub(super) expires: Expiry,
    pub(super) ended: bool,
    pub(super) revoke_url: String,
}

impl Row {
    pub(super) fn of(one: Anybodys, catalogue: &Catalogue, now: OffsetDateTime) -> Row {
        let state = one.state(catalogue, now);
        let (owner, owner_is, owner_url, whose) = match &one.holder {
            Holder::Account(account) => (
                account.name.clone(),
                format!("Account {}", account.id),
                paths::admin_account(account.id),
                account.id.to_string(),
            ),
            Holder::User(user) => {
                (user.email.clone(), "User".to_owned(), paths::admin_user(user.id), user.email.clone())
            }
        };
        let token = one.token;
        Row {
            id: token.id,
            hint: one.hint,
            state: StateBadge::of(state, token.not_before),
            note: token.deleted_note,
            owner,
            owner_is,
            owner_url,
            whose,
            made: Moment::past(token.created_at, now),
            used: one.last_use.map(|last| Used::of(&last, now)),
            expires: Expiry::of(token.expires_at, now),
            ended: state.has_ended(),
            revoke_url: format!("{}?token={}", paths::ADMIN_TOKENS_REVOKE, token.id),
            name: token.name,
        }
    }
}
