//! Passkeys, by webauthn-rs. It demands of each that it verifies its holder (PIN, finger, face), so that one
//! passkey is two factors. ES256, ES384 and RS256.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::net::IpAddr;
use url::Url;
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Webauthn, WebauthnBuilder, WebauthnError,
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
    /// For this server: all but the challenge.
    pub state: Value,
    /// Random, and of use once. It comes back with the answer, so only its digest has to be kept.
    pub challenge: String,
}

/// What was kept of a question, and the challenge that came back.
#[derive(Clone, Copy)]
pub struct Kept<'a> {
    /// The state.
    pub state: &'a Value,
    /// The challenge.
    pub challenge: &'a str,
}

/// Why an answer proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It's signed by the passkey, but a use that came later was seen already: there is a copy.
    WentBack,
    /// It isn't what was asked for.
    Wrong,
}

/// Where webauthn-rs has the challenge: of a new passkey, of one that is used.
const CHALLENGES: [&str; 2] = ["/rs/challenge", "/ast/challenge"];

impl Question {
    fn new(options: &Value, state: impl Serialize) -> Option<Question> {
        let mut state = serde_json::to_value(state).ok()?;
        let place = CHALLENGES.into_iter().find(|place| state.pointer(place).is_some())?;
        let challenge = state.pointer_mut(place)?.take().as_str()?.to_owned();
        // A version that has it elsewhere, too, is not one to store the state of.
        let is_gone = !state.to_string().contains(&challenge);
        is_gone.then(|| Question { options: options.to_string(), state, challenge })
    }
}

impl Kept<'_> {
    fn state<T: DeserializeOwned>(self) -> Option<T> {
        let mut state = self.state.clone();
        let place = CHALLENGES.into_iter().find(|place| state.pointer(place).is_some())?;
        *state.pointer_mut(place)? = self.challenge.into();
        serde_json::from_value(state).ok()
    }
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
        Question::new(&options, state)
    }

    /// The new passkey, if this answers the question.
    pub fn create(&self, answer: &str, asked: Kept<'_>) -> Option<Created> {
        let answer: RegisterPublicKeyCredential = parsed(answer)?;
        let state: PasskeyRegistration = asked.state()?;
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
        Question::new(&options, state)
    }

    /// The passkey with its new counter, if this answers the question with it: origin, host, challenge, signature,
    /// verification of the holder, and a counter that grew unless there is none.
    pub fn proved(&self, claim: &Claim, asked: Kept<'_>, passkey: &Value) -> Result<Value, Refused> {
        let state: DiscoverableAuthentication = asked.state().ok_or(Refused::Wrong)?;
        let mut passkey: Passkey = stored(passkey).ok_or(Refused::Wrong)?;
        let proved = self.webauthn.finish_discoverable_authentication_v2(&claim.answer, state, &passkey);
        let proved = proved.map_err(|why| match why {
            WebauthnError::CredentialPossibleCompromise => Refused::WentBack,
            _ => Refused::Wrong,
        })?;
        passkey.update_credential(&proved).filter(|_| proved.user_verified()).ok_or(Refused::Wrong)?;
        serde_json::to_value(passkey).map_err(|_| Refused::Wrong)
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
        let offered = asked["publicKey"]["pubKeyCredParams"].as_array().unwrap();
        let offered: Vec<i64> = offered.iter().map(|one| one["alg"].as_i64().unwrap()).collect();
        assert_eq!(offered, [-7, -35, -257], "ES256, ES384 and RS256");
        let (one, two) = (party.ask(&[]).unwrap(), party.ask(&[]).unwrap());
        assert_ne!(one.options, two.options, "each has a challenge of its own");
        assert!(
            one.options.contains("\"userVerification\":\"required\"") && !one.options.contains("mediation")
        );
        let kept = Kept { state: &new.state, challenge: &new.challenge };
        for nonsense in ["", "{}", "null", "[1]", &"[".repeat(20_000)] {
            assert!(Claim::read(nonsense).is_none() && party.create(nonsense, kept).is_none(), "{nonsense}");
        }
    }
}
