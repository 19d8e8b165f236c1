//! Lines out of their rows, and what of that which they name still exists.

use super::{Changed, Cursor, Line, LineAction, Named, Seen, Source};
use crate::db::schema::{memberships, resources, tokens};
use crate::db::{Conn, DbError};
use crate::models::audit::Action;
use crate::models::sighting::SightingKind;
use crate::models::token::Owner;
use crate::policy::{AccountId, ClientAddress, KindKey, ResourceId, TokenId, UserId};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// What of that which lines name exists, by its number; whoever shows it decides who may see it.
#[derive(Debug, Default)]
pub struct There {
    /// Whose each token is.
    pub tokens: HashMap<TokenId, Owner>,
    /// Account and user of each membership.
    pub members: HashSet<(AccountId, UserId)>,
    /// The account of each resource.
    pub resources: HashMap<ResourceId, AccountId>,
}

/// What of these lines exists; resources are of these kinds.
pub fn there(conn: &mut Conn, lines: &[Line], kinds: &[KindKey]) -> Result<There, DbError> {
    let kinds: Vec<&str> = kinds.iter().map(KindKey::as_str).collect();
    let named = |kinds: &[&str]| -> HashSet<i64> {
        let both = lines.iter().flat_map(|line| [&line.who, &line.object]);
        both.filter(|one| kinds.contains(&one.kind.as_str())).filter_map(|one| one.id).collect()
    };
    let owners: Vec<(TokenId, Option<AccountId>, Option<UserId>)> = tokens::table
        .filter(tokens::id.eq_any(named(&["token"])))
        .select((tokens::id, tokens::account_id, tokens::user_id))
        .load(conn)?;
    let owner = |(id, account, user): (TokenId, Option<AccountId>, Option<UserId>)| {
        Some((id, account.map(Owner::Account).or(user.map(Owner::User))?))
    };
    let accounts: HashSet<AccountId> = lines.iter().filter_map(|line| line.account).collect();
    let members = memberships::table
        .filter(memberships::account_id.eq_any(accounts))
        .filter(memberships::user_id.eq_any(named(&["user"])))
        .select((memberships::account_id, memberships::user_id))
        .load::<(AccountId, UserId)>(conn)?;
    let resources = resources::table
        .filter(resources::id.eq_any(named(&kinds)))
        .select((resources::id, resources::account_id))
        .load::<(ResourceId, AccountId)>(conn)?;
    Ok(There {
        tokens: owners.into_iter().filter_map(owner).collect(),
        members: members.into_iter().collect(),
        resources: resources.into_iter().collect(),
    })
}

impl From<Changed> for Line {
    fn from(row: Changed) -> Line {
        // People and programs come over a network, be it from an unknown address.
        let address = match row.actor_kind.as_str() {
            "user" | "token" => Some(ClientAddress::from_stored(row.address)),
            _ => row.address.map(|address| ClientAddress::from(address.addr())),
        };
        Line {
            place: Cursor { at: row.at, source: Source::Changed, id: row.id },
            account: row.account_id,
            user: row.user_id,
            who: Named { kind: row.actor_kind, id: row.actor_id, name: row.actor_name },
            action: Action::from_key(&row.action).map_or(LineAction::Other(row.action), LineAction::Done),
            object: Named { kind: row.object_kind, id: row.object_id, name: row.object_name },
            before: row.before,
            after: row.after,
            address,
            client: String::new(),
        }
    }
}

impl From<Seen> for Line {
    fn from(row: Seen) -> Line {
        let named = |kind: &str, id| Named { kind: kind.to_owned(), id, name: row.name.clone() };
        let object = match row.token_id {
            Some(token) => named("token", Some(token.get())),
            None => named("user", row.user_id.map(UserId::get)),
        };
        // Whoever did not know the password may have been anybody.
        let nobody = || Named { kind: "nobody".to_owned(), id: None, name: String::new() };
        Line {
            place: Cursor { at: row.at, source: Source::Seen, id: row.id },
            account: row.account_id,
            user: row.user_id,
            who: if row.kind == SightingKind::SignInRefused { nobody() } else { object.clone() },
            action: LineAction::Seen(row.kind),
            object,
            before: None,
            after: None,
            address: Some(ClientAddress::from_stored(row.address)),
            client: row.client,
        }
    }
}
