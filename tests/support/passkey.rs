//! An authenticator in software: passkeys without a browser, and answers that no browser gives.

use super::app::recovery_codes;
use super::client::{Answer, Browser};
use super::ledger;
use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

/// A passkey, which answers as its holder after having checked them.
pub struct Passkey {
    origin: String,
    id: Vec<u8>,
    key: Key,
    handle: Value,
    /// What it says that it was used.
    pub counter: u32,
}

enum Key {
    Es256(Box<EcdsaKeyPair>),
    EdDsa(Box<Ed25519KeyPair>),
}

/// Which key a passkey has.
#[derive(Clone, Copy)]
pub enum Algorithm {
    Es256,
    EdDsa,
}

/// What a page's button asks the browser. Its challenge is put down as a secret.
pub fn asked(options: &str) -> Value {
    let options: Value = serde_json::from_str(options).unwrap();
    ledger::put_down(options["publicKey"]["challenge"].as_str().unwrap());
    options["publicKey"].clone()
}

/// The question that a page's button asks.
pub fn question(page: &Answer) -> Value {
    asked(&page.attributes("[data-passkey]", "data-passkey")[0])
}

impl Passkey {
    /// Adds one as the person in this browser, who gave their password lately; also the recovery codes that
    /// come with a first factor.
    pub async fn add(browser: &mut Browser) -> (Passkey, Vec<String>) {
        let page = browser.post("/user/factors/passkey/begin", &[]).await;
        let (passkey, answer) = Passkey::create(&question(&page), browser.base(), Algorithm::Es256);
        let fields = [("begun", &*page.value_of("begun")), ("name", "Laptop"), ("passkey", &answer)];
        let added = browser.post("/user/factors/passkey", &fields).await;
        assert!([200, 303].contains(&added.status.as_u16()), "{}", added.text());
        (passkey, recovery_codes(&added))
    }

    /// Signs in with it alone; where the answer leads to.
    pub async fn sign_in(&mut self, browser: &mut Browser) -> String {
        browser.get("/sign-in").await;
        let page = browser.post("/sign-in/passkey/begin", &[]).await;
        let fields = [("begun", &*page.value_of("begun")), ("passkey", &self.answer(&question(&page)))];
        browser.post("/sign-in/passkey", &fields).await.location().to_owned()
    }

    /// A new one for what a page asks, and the answer to send.
    pub fn create(asked: &Value, origin: &str, algorithm: Algorithm) -> (Passkey, String) {
        let random = SystemRandom::new();
        let key = match algorithm {
            Algorithm::Es256 => {
                let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
                let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random);
                Key::Es256(Box::new(key.unwrap()))
            }
            Algorithm::EdDsa => {
                let key = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
                Key::EdDsa(Box::new(Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap()))
            }
        };
        let id = digest(&SHA256, key.public()).as_ref().to_vec();
        let handle = asked["user"]["id"].clone();
        let passkey = Passkey { origin: origin.to_owned(), id, key, handle, counter: 1 };
        let mut data = passkey.authenticator_data(asked["rp"]["id"].as_str().unwrap(), 0x45);
        data.extend([0; 16]);
        data.extend([0, u8::try_from(passkey.id.len()).unwrap()]);
        data.extend(&passkey.id);
        data.extend(passkey.key.cose());
        // {"fmt": "none", "attStmt": {}, "authData": …} as CBOR.
        let mut attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        attestation.push(u8::try_from(data.len()).unwrap());
        attestation.extend(data);
        let response = json!({
            "clientDataJSON": encoded(&passkey.client_data("webauthn.create", asked)),
            "attestationObject": encoded(&attestation),
        });
        let answer = passkey.answer_with(response);
        (passkey, answer)
    }

    /// The answer to a question, counted as a use.
    pub fn answer(&mut self, asked: &Value) -> String {
        self.counter += 1;
        let data = self.authenticator_data(asked["rpId"].as_str().unwrap(), 0x05);
        let client = self.client_data("webauthn.get", asked);
        let signed = [data.as_slice(), digest(&SHA256, &client).as_ref()].concat();
        self.answer_with(json!({
            "clientDataJSON": encoded(&client),
            "authenticatorData": encoded(&data),
            "signature": encoded(&self.key.sign(&signed)),
            "userHandle": self.handle,
        }))
    }

    fn answer_with(&self, response: Value) -> String {
        let id = encoded(&self.id);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": response, "extensions": {} })
            .to_string()
    }

    fn client_data(&self, kind: &str, asked: &Value) -> Vec<u8> {
        json!({ "type": kind, "challenge": asked["challenge"], "origin": self.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }

    fn authenticator_data(&self, host: &str, flags: u8) -> Vec<u8> {
        [digest(&SHA256, host.as_bytes()).as_ref(), &[flags], &self.counter.to_be_bytes()].concat()
    }
}

impl Key {
    fn public(&self) -> &[u8] {
        match self {
            Key::Es256(key) => key.public_key().as_ref(),
            Key::EdDsa(key) => key.public_key().as_ref(),
        }
    }

    /// As COSE writes it.
    fn cose(&self) -> Vec<u8> {
        let public = self.public();
        match self {
            Key::Es256(_) => {
                [b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", &public[1..33], b"\x22\x58\x20", &public[33..]]
                    .concat()
            }
            Key::EdDsa(_) => [b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20".as_slice(), public].concat(),
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Key::Es256(key) => key.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Key::EdDsa(key) => key.sign(message).as_ref().to_vec(),
        }
    }
}

/// Base64url without padding.
pub fn encoded(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// The same read back.
pub fn decoded(text: &str) -> Vec<u8> {
    BASE64URL_NOPAD.decode(text.as_bytes()).unwrap()
}
