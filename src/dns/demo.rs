//! The demo data: the same at every run, but for passwords.

mod certificates;
mod holdings;
mod records;

use crate::db::{Conn, DbError};
use crate::models::audit::Origin;
use crate::models::{Account, Resource, User, membership};
use crate::policy::Role;

/// Who signs in to the demo: address, name.
pub const USERS: [(&str, &str); 3] = [
    ("owner@example.com", "Olive Owner"),
    ("member@example.com", "Milo Member"),
    ("stranger@example.com", "Stella Stranger"),
];

/// Their addresses.
pub const ADDRESSES: [&str; 3] = [USERS[0].0, USERS[1].0, USERS[2].0];

const ACME_FIRST: [&str; 2] = ["example.com", "theburritobot.com"];
const ACME_WORDS: [&str; 19] = [
    "anchor", "bakery", "candle", "delta", "ember", "falcon", "garden", "harbor", "island", "juniper",
    "kettle", "lantern", "meadow", "needle", "orchard", "pebble", "quarry", "river", "saddle",
];
const RIVAL: [&str; 3] = ["rival.example", "competitor.example", "secret-plans.example"];
const HOBBY: [&str; 1] = ["hobby.example"];

/// Fills in what is missing. `hash_for` takes an address to a password hash, for users that are
/// not there yet; returns the addresses of those that were made.
pub fn fill<E: From<DbError>>(
    conn: &mut Conn,
    origin: &Origin,
    mut hash_for: impl FnMut(&str) -> Result<String, E>,
) -> Result<Vec<&'static str>, E> {
    let mut made = Vec::new();
    for (email, name) in USERS {
        if User::find_by_email(conn, email)?.is_none() {
            let hash = hash_for(email)?;
            if User::create(conn, email, name, &hash, origin)?.is_some() {
                made.push(email);
            }
        }
    }
    let acme = account(conn, "Acme", "billing@acme.example", "teams", origin)?;
    let hobby = account(conn, "Hobby", "owner@example.com", "solo", origin)?;
    let rival = account(conn, "Rival", "office@rival.example", "teams", origin)?;
    for (account, email, role) in [
        (&acme, USERS[0].0, Role::Owner),
        (&acme, USERS[1].0, Role::ReadWrite),
        (&hobby, USERS[0].0, Role::Owner),
        (&rival, USERS[2].0, Role::Owner),
    ] {
        if let Some(user) = User::find_by_email(conn, email)?
            && membership::find(conn, account.id, user.id)?.is_none()
        {
            membership::set(conn, account, &user, role, origin)?;
        }
    }
    for (account, domains) in [
        (&acme, acme_domains()),
        (&hobby, HOBBY.map(str::to_owned).to_vec()),
        (&rival, RIVAL.map(str::to_owned).to_vec()),
    ] {
        Resource::add_domains(conn, account.id, &domains, origin)?;
        records::fill(conn, account.id, &domains, ACME_FIRST[0], origin)?;
    }
    holdings::fill(conn, acme.id)?;
    certificates::fill(conn, acme.id)?;
    Ok(made)
}

/// Acme's forty domains.
fn acme_domains() -> Vec<String> {
    let made_up =
        ACME_WORDS.iter().flat_map(|word| [format!("{word}.example"), format!("{word}-shop.example")]);
    ACME_FIRST.iter().map(|name| (*name).to_owned()).chain(made_up).collect()
}

fn account(
    conn: &mut Conn,
    name: &str,
    email: &str,
    plan: &str,
    origin: &Origin,
) -> Result<Account, DbError> {
    match Account::find_by_name(conn, name)? {
        Some(account) => Ok(account),
        None => Account::create(conn, name, email, plan, origin),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acme_has_forty_domains() {
        let domains = acme_domains();
        assert_eq!(domains.len(), 40);
        assert!(
            domains.iter().all(|name| crate::dns::models::domain::domain_name(name).as_ref() == Ok(name))
        );
    }
}
