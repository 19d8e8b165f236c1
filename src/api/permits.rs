//! Permissions and access as types, so that a route says in its handler's arguments what it needs.

use crate::policy::catalogue::CatalogueError;
use crate::policy::{Access, Catalogue};

/// A permission of the catalogue, as a type.
pub trait Permit: 'static {
    /// Its key.
    const KEY: &'static str;
}

/// How much of a permission, as a type.
pub trait Level: 'static {
    /// The access.
    const ACCESS: Access;
}

/// Reading and listing.
pub struct Read;
/// Creating, changing and deleting, too.
pub struct Full;

impl Level for Read {
    const ACCESS: Access = Access::Read;
}

impl Level for Full {
    const ACCESS: Access = Access::Full;
}

macro_rules! permits {
    ($($name:ident = $key:literal),+ $(,)?) => {
        $(
            #[doc = concat!("The permission `", $key, "`.")]
            pub struct $name;

            impl $crate::api::permits::Permit for $name {
                const KEY: &'static str = $key;
            }
        )+

        /// Keys of every permission that has a type.
        pub const KEYS: &[&str] = &[$($key),+];
    };
}

/// Looks every type up in the catalogue: one that is missing there refuses to start.
pub fn resolve(catalogue: &Catalogue) -> Result<(), CatalogueError> {
    match crate::dns::api::permits::KEYS.iter().find(|key| catalogue.find(key).is_none()) {
        Some(missing) => Err(CatalogueError::missing(missing)),
        None => Ok(()),
    }
}

pub(crate) use permits;
