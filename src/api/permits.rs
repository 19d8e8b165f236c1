//! Permissions and access as types, so that a route says in its handler's arguments what it needs.

use crate::policy::Access;

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
