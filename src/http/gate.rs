//! The tokens behind the secrets that calls present.

use crate::db::{Db, DbError};
use crate::models::token::lookup::{self, Found, Need};
use crate::models::token::secret::Digest;
use crate::policy::Catalogue;
use std::sync::Arc;

/// Looks tokens up, each at the moment of its call: nothing is kept, so that a deleted one is
/// refused at the next call, on every node.
pub struct Gate {
    db: Db,
    catalogue: Arc<Catalogue>,
}

impl Gate {
    /// A gate to this database.
    pub fn new(db: Db, catalogue: Arc<Catalogue>) -> Gate {
        Gate { db, catalogue }
    }

    /// The token behind a digest, an ended one included; none where there never was one.
    pub async fn find(&self, digest: Digest, need: Need) -> Result<Option<Found>, DbError> {
        let catalogue = Arc::clone(&self.catalogue);
        let found = self.db.run(move |conn| lookup::by_digests(conn, &catalogue, &[(digest, need)]));
        Ok(found.await?.remove(&digest))
    }
}
