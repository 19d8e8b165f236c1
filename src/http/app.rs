//! What every handler can reach.

use super::{Budgets, Buffers, Endings, Extras, Hashing, LargeLists, Sessions, TokenLookup};
use crate::clock::Clock;
use crate::config::{Mail, PublicUrl, SecondFactor, Support};
use crate::db::Db;
use crate::policy::Catalogue;
use crate::proof::sealed::SealingKeys;
use crate::proof::webauthn::RelyingParty;
use actix_web::cookie::Key;
use actix_web::web::Data;
use ipnet::IpNet;
use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Once};

/// The running house: one for all workers.
pub struct App {
    /// The database.
    pub db: Db,
    /// The tokens behind secrets.
    pub token_lookup: TokenLookup,
    /// The sessions behind cookies.
    pub sessions: Sessions,
    /// The one clock.
    pub clock: Clock,
    /// What can be permitted.
    pub catalogue: Arc<Catalogue>,
    /// What the extension adds.
    pub extras: Extras,
    /// Where the world reaches it.
    pub public: PublicUrl,
    /// Where mail goes.
    pub mail: Mail,
    /// What the site is called, and whom people ask for help.
    pub support: Support,
    /// Where it listens.
    pub bound: SocketAddr,
    /// Proxies whose word on client addresses counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether it was logged that a trusted proxy sent an address that can't be read.
    pub unreadable_hop: Once,
    /// Signs the cookies.
    pub signing_key: Key,
    /// Opens the keys of authenticator apps; `None`: nobody can use one.
    pub sealing_keys: Option<Arc<SealingKeys>>,
    /// What passkeys are created for; `None` where they can't work: at an IP address, or over http.
    pub relying_party: Option<Arc<RelyingParty>>,
    /// Who has to have a second factor.
    pub second_factor: SecondFactor,
    /// Hashes and verifies passwords.
    pub hashing: Hashing,
    /// What is noted of calls and not written yet.
    pub buffers: Buffers,
    /// Ends of tokens that are not written down yet.
    pub endings: Endings,
    /// What callers have spent of their hour.
    pub budgets: Budgets,
    /// Accounts with very many tokens.
    pub large_lists: LargeLists,
    /// Whether the process is about to end: it still answers, and is ready for nobody new.
    pub is_ending: AtomicBool,
}

/// The house, as handlers take it.
pub type AppData = Data<App>;
