//! The tokens and sessions behind the secrets that calls present.
//!
//! Both are looked up at the moment of the call, and nothing is kept: a token or a session that
//! has ended is refused at the next call, on every node. Look-ups that wait at the same moment are
//! answered by one query, and what can't be read of one is an error for that one alone.

use super::coalescer::Coalescer;
use crate::db::{Db, DbError};
use crate::models::session::{self, SessionDigest, Stored};
use crate::models::token::lookup::{self, Found, Names, Need, Wanted};
use crate::models::token::secret::Digest;
use crate::policy::Catalogue;
use std::collections::HashMap;
use std::sync::Arc;

/// One token's answer.
type Answer = Result<Option<Arc<Found>>, DbError>;

/// Looks tokens up.
pub struct TokenLookup(Coalescer<Wanted, Answer>);

impl TokenLookup {
    /// Looks them up in this database.
    pub fn new(db: Db, catalogue: Arc<Catalogue>) -> TokenLookup {
        TokenLookup(Coalescer::start(move || {
            let (mut kept, catalogue) = (db.kept(), Arc::clone(&catalogue));
            move |wanted: &[Wanted]| {
                let found = kept.read(|conn| lookup::find(conn, &catalogue, wanted))?;
                // One token may be asked for many times at once, and may name hundreds of resources.
                let found: HashMap<Digest, Result<Arc<Found>, DbError>> =
                    found.into_iter().map(|(digest, found)| (digest, found.map(Arc::new))).collect();
                Ok(wanted.iter().map(|one| found.get(&one.digest).cloned().transpose()).collect())
            }
        }))
    }

    /// The token behind a digest, an ended one included; `None` if there never was one.
    pub async fn find(&self, wanted: Wanted) -> Answer {
        self.0.ask(wanted).await?
    }

    /// Whether calls are answered now: asked as a call asks, in the same queue, for a token that there
    /// is not.
    pub async fn answers(&self) -> Result<(), DbError> {
        let nobodys = Wanted { digest: Digest::of(""), need: Need::Owner, names: Names::All };
        self.find(nobodys).await.map(|_| ())
    }
}

/// Looks sessions of the pages up.
pub struct Sessions(Coalescer<SessionDigest, Option<Stored>>);

impl Sessions {
    /// The sessions in this database.
    pub fn new(db: Db) -> Sessions {
        Sessions(Coalescer::start(move || {
            let mut kept = db.kept();
            move |digests: &[SessionDigest]| {
                let found = kept.read(|conn| session::by_digests(conn, digests))?;
                Ok(digests.iter().map(|digest| found.get(digest).cloned()).collect())
            }
        }))
    }

    /// The session behind a digest, of a user who is still active; its limits are not looked at.
    pub async fn find(&self, digest: SessionDigest) -> Result<Option<Stored>, DbError> {
        self.0.ask(digest).await
    }
}
