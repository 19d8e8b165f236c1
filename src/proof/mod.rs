//! What people prove besides a password: codes of authenticator apps, recovery codes, passkeys, and how an app's key
//! is kept. As pure as [`policy`](crate::policy): no actix, no diesel, no clock.

pub mod recovery;
pub mod sealed;
pub mod totp;
pub mod webauthn;
