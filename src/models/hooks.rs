//! What an extension does along with a change of the product's, in the same transaction.

use super::{Origin, Resource};
use crate::db::{Conn, DbError};
use crate::policy::{AccountId, KindKey};

/// An extension's part in changes of resources and accounts.
#[derive(Clone, Copy)]
pub struct Hooks {
    /// The name of a resource of this kind as it's stored; the error is a sentence for the person who
    /// wrote it.
    pub resource_name: fn(KindKey, &str) -> Result<String, String>,
    /// These resources were added.
    pub added: fn(&mut Conn, &[Resource], &Origin) -> Result<(), DbError>,
    /// This resource was removed.
    pub removed: fn(&mut Conn, &Resource) -> Result<(), DbError>,
    /// Deletes up to this many rows that the resources of an account hold, before the account itself
    /// goes; says whether there were any.
    pub clear: fn(&mut Conn, AccountId, i64) -> Result<bool, DbError>,
}

impl Hooks {
    /// Those of a product without an extension.
    pub const NONE: Hooks = Hooks {
        resource_name: plain_name,
        added: |_, _, _| Ok(()),
        removed: |_, _| Ok(()),
        clear: |_, _, _| Ok(false),
    };
}

/// The longest name of a resource, in bytes.
const LONGEST_NAME: usize = 253;

fn plain_name(kind: KindKey, written: &str) -> Result<String, String> {
    let name = written.trim();
    if name.is_empty()
        || name.len() > LONGEST_NAME
        || name.chars().any(|one| one.is_control() || one.is_whitespace())
    {
        return Err(format!(
            "“{written}” is no name of a {kind}: it has 1 to {LONGEST_NAME} bytes and no spaces."
        ));
    }
    Ok(name.to_owned())
}
