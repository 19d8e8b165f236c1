//! Passkeys, by webauthn-rs. It demands of each that it verifies its holder (PIN, finger, face), so that one
//! passkey is two factors. ES256, ES384 and RS256.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::net::IpAddr;
use url::Url;
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Webauthn, WebauthnBuilder,
};

/// No answer of a browser is longer.
const LONGEST: usize = 16_384;

/// The site that passkeys are created for: its host and its origin.
pub struct RelyingParty {
    webauthn: Webauthn,
    host: String,
}

/// A question to a browser: what it's asked, and what has to be kept until it answers.
pub struct Question {
    /// For the browser, as JSON.
    pub options: String,
    /// For this server.
    pub state: Value,
}

/// A new passkey.
pub struct Created {
    /// What it's known by.
    pub credential: Vec<u8>,
    /// What is stored of it.
    pub passkey: Value,
}

/// Which passkey answered.
pub struct Claim {
    answer: PublicKeyCredential,
}

impl Claim {
    /// What the answer says, if it has the form of one. It proves nothing yet.
    pub fn read(text: &str) -> Option<Claim> {
        Some(Claim { answer: parsed(text)? })
    }

    /// What the passkey is known by.
    pub fn credential(&self) -> &[u8] {
        self.answer.get_credential_id()
    }

    /// What the passkey calls the user, where it says.
    pub fn handle(&self) -> Option<Uuid> {
        self.answer.get_user_unique_id().and_then(|bytes| Uuid::from_slice(bytes).ok())
    }
}

impl RelyingParty {
    /// For this origin, where passkeys work there: over https, or on localhost, and never at an IP address.
    pub fn new(origin: &Url, name: &str) -> Option<RelyingParty> {
        let host = origin.domain()?.to_owned();
        if host.parse::<IpAddr>().is_ok() || origin.scheme() != "https" && host != "localhost" {
            return None;
        }
        let webauthn = WebauthnBuilder::new(&host, origin).ok()?.rp_name(name).build().ok()?;
        Some(RelyingParty { webauthn, host })
    }

    /// The host.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Asks for a new passkey, on none of the devices that hold one of these.
    pub fn ask_new(&self, handle: Uuid, email: &str, name: &str, known: &[Value]) -> Option<Question> {
        let known = known.iter().filter_map(stored::<Passkey>).map(|one| one.cred_id().clone()).collect();
        let (options, state) =
            self.webauthn.start_passkey_registration(handle, email, name, Some(known)).ok()?;
        let mut options = serde_json::to_value(options).ok()?;
        // So that it signs in alone, without the email address first.
        options["publicKey"]["authenticatorSelection"]["residentKey"] = json!("preferred");
        Some(Question { options: options.to_string(), state: serde_json::to_value(state).ok()? })
    }

    /// The new passkey, if this answers the question.
    pub fn create(&self, answer: &str, state: &Value) -> Option<Created> {
        let answer: RegisterPublicKeyCredential = parsed(answer)?;
        let state: PasskeyRegistration = stored(state)?;
        let passkey = self.webauthn.finish_passkey_registration(&answer, &state).ok()?;
        let credential = passkey.cred_id().to_vec();
        Some(Created { credential, passkey: serde_json::to_value(passkey).ok()? })
    }

    /// Asks for one of these passkeys; without any, for whichever the browser has for this site.
    pub fn ask(&self, known: &[Value]) -> Option<Question> {
        let (options, state) = self.webauthn.start_discoverable_authentication().ok()?;
        let mut options = serde_json::to_value(options).ok()?;
        if let Some(options) = options.as_object_mut() {
            // This is a button that was pressed, not a field that fills itself in.
            options.remove("mediation");
        }
        let known: Vec<Passkey> = known.iter().filter_map(stored).collect();
        if !known.is_empty() {
            // The list as the library writes it; its own question is not used.
            let (named, _) = self.webauthn.start_passkey_authentication(&known).ok()?;
            let named = serde_json::to_value(named).ok()?;
            options["publicKey"]["allowCredentials"] = named["publicKey"]["allowCredentials"].clone();
        }
        Some(Question { options: options.to_string(), state: serde_json::to_value(state).ok()? })
    }

    /// The passkey with its new counter, if this answers the question with it: origin, host, challenge, signature,
    /// verification of the holder, and a counter that grew unless there is none.
    pub fn proved(&self, claim: &Claim, state: &Value, passkey: &Value) -> Option<Value> {
        let (state, mut passkey): (DiscoverableAuthentication, Passkey) = (stored(state)?, stored(passkey)?);
        let proved =
            self.webauthn.finish_discoverable_authentication_v2(&claim.answer, state, &passkey).ok()?;
        passkey.update_credential(&proved).filter(|_| proved.user_verified())?;
        serde_json::to_value(passkey).ok()
    }
}

fn parsed<T: DeserializeOwned>(text: &str) -> Option<T> {
    (text.len() <= LONGEST).then(|| serde_json::from_str(text).ok()).flatten()
}

fn stored<T: DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(origin: &str) -> Option<RelyingParty> {
        RelyingParty::new(&Url::parse(origin).unwrap(), "Tokens")
    }

    #[test]
    fn passkeys_work_at_a_name_over_https_and_on_localhost_and_nowhere_else() {
        assert_eq!(party("https://tokens.example.com").unwrap().host(), "tokens.example.com");
        assert_eq!(party("http://localhost:8080").unwrap().host(), "localhost");
        for other in
            ["http://tokens.example.com", "https://192.0.2.1", "http://127.0.0.1:8080", "https://[::1]"]
        {
            assert!(party(other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_question_names_the_host_and_demands_that_the_holder_is_verified() {
        let party = party("https://tokens.example.com").unwrap();
        let new = party.ask_new(Uuid::from_u128(7), "anna@example.com", "Anna", &[]).unwrap();
        let asked: Value = serde_json::from_str(&new.options).unwrap();
        assert_eq!(asked["publicKey"]["rp"]["id"], "tokens.example.com");
        assert_eq!(asked["publicKey"]["authenticatorSelection"]["userVerification"], "required");
        assert_eq!(asked["publicKey"]["authenticatorSelection"]["residentKey"], "preferred");
        let (one, two) = (party.ask(&[]).unwrap(), party.ask(&[]).unwrap());
        assert_ne!(one.options, two.options, "each has a challenge of its own");
        assert!(
            one.options.contains("\"userVerification\":\"required\"") && !one.options.contains("mediation")
        );
        for nonsense in ["", "{}", "null", "[1]", &"[".repeat(20_000)] {
            assert!(
                Claim::read(nonsense).is_none() && party.create(nonsense, &new.state).is_none(),
                "{nonsense}"
            );
        }
    }
}
