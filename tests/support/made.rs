//! Tokens made by the models, at moments and with lives that no form gives.

use super::{House, ledger, product};
use time::{Duration, OffsetDateTime};
use tokenhouse::db;
use tokenhouse::models::Origin;
use tokenhouse::models::token::{Issued, NewToken, Owner, TokenName, issue};
use tokenhouse::policy::{
    Access, AccountId, Grant, Parts, PermissionKey, Policy, Rights, Selection, TokenId,
};
use uuid::Uuid;

/// Makes a token with Everything, now, that works for so long.
pub fn token(house: &House, account: AccountId, lives: Option<Duration>) -> TokenId {
    let now = house.clock.now();
    tokens(house, account, &[("Made".to_owned(), now)], lives)[0]
}

/// Makes a token with this policy; returns its number and its secret.
pub fn with(house: &House, owner: Owner, name: &str, policy: Policy) -> (TokenId, String) {
    let catalogue = product().catalogue;
    let new = NewToken { name: TokenName::parse(name).unwrap(), policy, nonce: Uuid::new_v4() };
    let made = db::in_one(&mut house.conn(), |conn| {
        issue(conn, &catalogue, owner, &new, "tkh", &house.command_line())
    });
    let Issued::Made { id, secret } = made.unwrap() else { panic!("{name} was not made") };
    ledger::put_down(secret.expose());
    (id, secret.expose().to_owned())
}

/// A permission with its access and selection.
pub fn grant(key: &str, access: Access, selection: Selection) -> Grant {
    Grant {
        permission: PermissionKey::try_from(key.to_owned()).unwrap(),
        access,
        selection,
        parts: Parts::default(),
    }
}

/// A token with these grants and no condition: key, access, selection.
pub fn granted(
    house: &House,
    owner: Owner,
    name: &str,
    grants: &[(&str, Access, Selection)],
) -> (TokenId, String) {
    let rights = grants.iter().map(|(key, access, selection)| grant(key, *access, selection.clone()));
    let rights = Rights::Grants(rights.collect());
    with(house, owner, name, Policy::unconditional(rights))
}

/// Makes tokens with these names at these moments, in one transaction.
pub fn tokens(
    house: &House,
    account: AccountId,
    wanted: &[(String, OffsetDateTime)],
    lives: Option<Duration>,
) -> Vec<TokenId> {
    let catalogue = product().catalogue;
    let made = db::in_one(&mut house.conn(), |conn| {
        wanted
            .iter()
            .map(|(name, at)| {
                let origin = Origin::command_line(*at);
                let expires_at = lives.map(|lives| *at + lives);
                let policy = Policy { expires_at, ..Policy::unconditional(Rights::Everything) };
                let new = NewToken { name: TokenName::parse(name).unwrap(), policy, nonce: Uuid::new_v4() };
                issue(conn, &catalogue, Owner::Account(account), &new, "tkh", &origin)
            })
            .collect::<Result<Vec<_>, _>>()
    });
    let id = |issued| {
        let Issued::Made { id, secret } = issued else { panic!("{issued:?}") };
        ledger::put_down(secret.expose());
        id
    };
    made.unwrap().into_iter().map(id).collect()
}
