//! A program with a token, as tests drive it: one method a call.

use crate::support::client::{Answer, read};
use crate::support::{House, ledger};
use serde_json::Value;
use tokenhouse::db;
use tokenhouse::db::Conn;
use tokenhouse::models::token::{Issued, NewToken, Owner, TokenName, issue};
use tokenhouse::models::{Origin, Resource};
use tokenhouse::policy::scope::{self, Written};
use tokenhouse::policy::{AccountId, Catalogue, Grant, Policy, ResourceRef, Rights, Selection, TokenId};
use uuid::Uuid;

/// A program that calls the API.
pub struct Program {
    pub token: TokenId,
    secret: String,
    base: String,
    http: reqwest::Client,
}

/// What it was answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
}

impl Program {
    /// With a token of the account that has these scopes.
    pub fn new(house: &House, account: AccountId, scopes: &[&str]) -> Program {
        let catalogue = tokenhouse::dns::catalogue().unwrap();
        let mut conn = house.conn();
        let grants = scopes.iter().map(|text| grant(&mut conn, &catalogue, account, text)).collect();
        Program::holding(house, account, Rights::Grants(grants))
    }

    /// With a token of the account that has Everything.
    pub fn with_everything(house: &House, account: AccountId) -> Program {
        Program::holding(house, account, Rights::Everything)
    }

    fn holding(house: &House, account: AccountId, rights: Rights) -> Program {
        let catalogue = tokenhouse::dns::catalogue().unwrap();
        let name = TokenName::parse("Program").unwrap();
        let new = NewToken { name, policy: Policy::unconditional(rights), nonce: Uuid::new_v4() };
        let origin = Origin::command_line(house.clock.now());
        let issued = db::in_one(&mut house.conn(), |conn| {
            issue(conn, &catalogue, Owner::Account(account), &new, "tkh", &origin)
        });
        let Issued::Made { id, secret } = issued.unwrap() else { panic!("not made") };
        ledger::put_down(secret.expose());
        Program::knowing(house, id, secret.expose())
    }

    /// With a token that somebody made.
    pub fn knowing(house: &House, token: TokenId, secret: &str) -> Program {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Program { token, secret: secret.to_owned(), base: house.url(""), http }
    }

    /// What it presents.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// DNSimple's own client, with the same token.
    pub fn official(&self) -> dnsimple::dnsimple::Client {
        let mut client = dnsimple::dnsimple::new_client(false, self.secret.clone()).unwrap();
        client.set_base_url(&self.base);
        client
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path).await
    }

    /// A call without a body.
    pub async fn ask(&self, method: &str, path: &str) -> Reply {
        reply(self.call(method, path, None).await)
    }

    /// A call with a JSON body.
    pub async fn send(&self, method: &str, path: &str, body: &Value) -> Reply {
        reply(self.call(method, path, Some(body.to_string())).await)
    }

    /// A call with any body; the answer as it came.
    pub async fn call(&self, method: &str, path: &str, body: Option<String>) -> Answer {
        let request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.base));
        let request = request.bearer_auth(&self.secret).header("content-type", "application/json");
        read(match body {
            Some(body) => request.body(body),
            None => request,
        })
        .await
    }
}

impl Reply {
    /// What stands under `data`.
    pub fn data(&self) -> &Value {
        &self.body["data"]
    }

    /// A field of each row under `data`.
    pub fn each(&self, field: &str) -> Vec<Value> {
        let rows = self.data().as_array().unwrap_or_else(|| panic!("no list: {self:?}"));
        rows.iter().map(|row| row[field].clone()).collect()
    }

    /// The names of the fields under `data`, or of its first row.
    pub fn fields(&self) -> Vec<&str> {
        let row = if self.data().is_array() { &self.data()[0] } else { self.data() };
        row.as_object().unwrap().keys().map(String::as_str).collect()
    }

    /// Asserts a refusal.
    pub fn refused(&self, status: u16, code: &str, message: &str) {
        let said = (self.status, self.body["code"].as_str(), self.body["message"].as_str());
        assert_eq!(said, (status, Some(code), Some(message)), "{}", self.body);
    }

    /// Asserts a refusal of fields: exactly these.
    pub fn invalid(&self, fields: &[&str]) {
        self.refused(400, "validation_failed", "Validation failed");
        let named: Vec<&str> = self.body["errors"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut fields = fields.to_vec();
        fields.sort_unstable();
        assert_eq!(named, fields, "{}", self.body);
    }

    /// Asserts that a scope is missing.
    pub fn needs(&self, code: &str, scope: &str) {
        self.refused(403, code, &format!("Permission Denied. Required Scope: {scope}"));
        assert_eq!(self.body["scope"], scope);
    }
}

fn reply(answer: Answer) -> Reply {
    let status = answer.status.as_u16();
    if answer.body.is_empty() {
        return Reply { status, body: Value::Null };
    }
    assert_eq!(answer.header("content-type"), "application/json", "{}", answer.body);
    Reply { status, body: serde_json::from_str(&answer.body).unwrap() }
}

/// Scope text as a grant of the account.
pub fn grant(conn: &mut Conn, catalogue: &Catalogue, account: AccountId, text: &str) -> Grant {
    let written = scope::parse(catalogue, text).unwrap();
    let mut found = |names: &[String]| named(conn, account, &written, names);
    let selection = match &written.only {
        Some(only) => Selection::Only(found(only)),
        None => Selection::Account { account, except: found(&written.except) },
    };
    Grant {
        permission: written.permission.key.clone(),
        access: written.access,
        selection,
        parts: written.parts,
    }
}

fn named(conn: &mut Conn, account: AccountId, written: &Written<'_>, names: &[String]) -> Vec<ResourceRef> {
    let Some(kind) = written.permission.narrowed_by else { return Vec::new() };
    let found = |name: &String| Resource::find(conn, account, kind, name).unwrap().unwrap().to_ref();
    names.iter().map(found).collect()
}
