//! Every route of the API × everybody who may call it: the exact status and code, and what has
//! changed in the database.

use super::{facts, routes};
use crate::support::client::read;
use crate::support::{House, OWNER, READER, STRANGER, ledger, product};
use serde_json::Value;
use time::Duration;
use tokenhouse::db;
use tokenhouse::dns::models::domain::DOMAIN;
use tokenhouse::dns::models::zone::ZONE;
use tokenhouse::models::token::secret::{Kind, Secret};
use tokenhouse::models::token::{DeletionReason, Issued, NewToken, Owner, TokenName, issue};
use tokenhouse::models::{Account, Resource, Token, account_limits};
use tokenhouse::policy::{
    Access, AccountId, Catalogue, Grant, KindKey, Limits, Parts, Policy, ResourceRef, Rights, Role,
    Selection, TokenId,
};
use uuid::Uuid;

/// Method, address, body, and the status of a call that is let in. What deletes comes after what
/// still needs it.
type Row = (&'static str, &'static str, &'static str, u16);

const CONTACT: &str = r#"{"first_name":"Ada","last_name":"Acme","email":"ada@acme.example",
    "phone":"+1 555 0100","address1":"1 Road","city":"Town","state_province":"ST",
    "postal_code":"12345","country":"US"}"#;

const TABLE: [Row; 55] = [
    ("GET", "/v2/whoami", "", 200),
    ("GET", "/v2/tokens/verify", "", 200),
    ("GET", "/v2/user", "", 200),
    ("PATCH", "/v2/user", r#"{"name":"Made Up"}"#, 200),
    ("GET", "/v2/user/memberships", "", 200),
    ("GET", "/v2/accounts", "", 200),
    ("GET", "/v2/{account}/account", "", 200),
    ("PATCH", "/v2/{account}/account", r#"{"name":"Acme Ltd"}"#, 200),
    ("GET", "/v2/{account}/zones", "", 200),
    ("GET", "/v2/{account}/zones/{zone}", "", 200),
    ("GET", "/v2/{account}/zones/{zone}/file", "", 200),
    ("DELETE", "/v2/{account}/zones/{zone}/activation", "", 200),
    ("PUT", "/v2/{account}/zones/{zone}/activation", "", 200),
    ("GET", "/v2/{account}/zones/{zone}/records", "", 200),
    (
        "POST",
        "/v2/{account}/zones/{zone}/records",
        r#"{"name":"made","type":"A","content":"192.0.2.7"}"#,
        201,
    ),
    ("GET", "/v2/{account}/zones/{zone}/records/{record}", "", 200),
    ("PATCH", "/v2/{account}/zones/{zone}/records/{record}", r#"{"content":"192.0.2.8"}"#, 200),
    (
        "POST",
        "/v2/{account}/zones/{zone}/batch",
        r#"{"creates":[{"name":"batch","type":"A","content":"192.0.2.9"}]}"#,
        200,
    ),
    ("GET", "/v2/{account}/domains", "", 200),
    ("POST", "/v2/{account}/domains", r#"{"name":"made.example"}"#, 201),
    ("GET", "/v2/{account}/domains/{domain}", "", 200),
    ("GET", "/v2/{account}/domains/{domain}/certificates", "", 200),
    ("GET", "/v2/{account}/domains/{domain}/certificates/{certificate}", "", 200),
    ("GET", "/v2/{account}/domains/{domain}/certificates/{certificate}/download", "", 200),
    ("GET", "/v2/{account}/domains/{domain}/certificates/{certificate}/private_key", "", 200),
    ("GET", "/v2/{account}/registrar/domains/{domain}/check", "", 200),
    ("GET", "/v2/{account}/registrar/domains/{domain}/delegation", "", 200),
    (
        "PUT",
        "/v2/{account}/registrar/domains/{domain}/delegation",
        r#"["ns1.elsewhere.example","ns2.elsewhere.example"]"#,
        200,
    ),
    ("DELETE", "/v2/{account}/registrar/domains/{domain}/auto_renewal", "", 204),
    ("PUT", "/v2/{account}/registrar/domains/{domain}/auto_renewal", "", 204),
    ("PUT", "/v2/{account}/registrar/domains/{domain}/whois_privacy", "", 201),
    ("DELETE", "/v2/{account}/registrar/domains/{domain}/whois_privacy", "", 200),
    ("GET", "/v2/{account}/registrar/domains/{domain}/transfer_lock", "", 200),
    ("DELETE", "/v2/{account}/registrar/domains/{domain}/transfer_lock", "", 200),
    ("POST", "/v2/{account}/registrar/domains/{domain}/transfer_lock", "", 201),
    ("GET", "/v2/{account}/contacts", "", 200),
    ("POST", "/v2/{account}/contacts", CONTACT, 201),
    ("GET", "/v2/{account}/contacts/{contact}", "", 200),
    ("DELETE", "/v2/{account}/contacts/{contact}", "", 204),
    ("GET", "/v2/{account}/templates", "", 200),
    ("POST", "/v2/{account}/templates", r#"{"name":"Made","sid":"made","description":"By hand"}"#, 201),
    ("GET", "/v2/{account}/templates/{template}", "", 200),
    ("DELETE", "/v2/{account}/templates/{template}", "", 204),
    ("GET", "/v2/{account}/webhooks", "", 200),
    ("POST", "/v2/{account}/webhooks", r#"{"url":"https://hooks.example/made"}"#, 201),
    ("GET", "/v2/{account}/webhooks/{webhook}", "", 200),
    ("DELETE", "/v2/{account}/webhooks/{webhook}", "", 204),
    ("GET", "/v2/{account}/billing/charges", "", 200),
    ("GET", "/v2/{account}/domains/research/status", "", 200),
    ("GET", "/v2/{account}/platform/statuses", "", 200),
    ("GET", "/v2/{account}/platform/messages", "", 200),
    ("POST", "/v2/{account}/platform/messages", r#"{"subject":"Hello","body":"Is all well?"}"#, 201),
    ("DELETE", "/v2/{account}/zones/{zone}/records/{record}", "", 204),
    ("DELETE", "/v2/{account}/domains/{domain}", "", 204),
    ("DELETE", "/v2/tokens/current", "", 204),
];

/// Each row has an hour of its own, so that no budget is used up.
const HOUR: Duration = Duration::HOUR;

/// In the order in which product.md refuses.
const ACTORS: [&str; 22] = [
    "nobody",
    "malformed",
    "mistyped",
    "unknown",
    "cookie only",
    "deleted",
    "expired",
    "replaced",
    "owner away",
    "disabled",
    "frozen",
    "not yet",
    "another network",
    "another account",
    "no member",
    "blocked here",
    "suspended",
    "against the limits",
    "another permission",
    "another resource",
    "reading user",
    "reading",
];

#[actix_web::test]
async fn every_route_of_the_api_answers_everybody_with_its_status_and_code() {
    let known = product().api_routes().iter().map(|route| (route.method, route.path)).collect();
    routes::assert_same_routes(known, TABLE.map(|(method, path, ..)| (method, path)).to_vec());
    let mut world = World::after(&[]).await;
    let mut wrong = Vec::new();
    for (place, row) in TABLE.into_iter().enumerate() {
        world.house.clock.advance(HOUR);
        for actor in ACTORS.into_iter().chain(["full"]) {
            // A proxy in front of the same routes is told the same, before anything is done.
            let told = world.ask_check(actor, row).await;
            let ((status, code), before) = (expected(actor, row), world.fingerprint());
            let asks_for_the_state = row.1 == "/v2/tokens/verify" && STATES.contains(&actor);
            let by_check = (if status < 400 { 200 } else { status }, code.to_owned());
            if told != by_check && !asks_for_the_state {
                wrong
                    .push(format!("{actor}, {} {}: the check said {told:?}, not {by_check:?}", row.0, row.1));
            }
            let seen = world.ask(actor, row).await;
            if seen != (status, code.to_owned()) {
                wrong.push(format!("{actor}, {} {}: {seen:?}, not {status} {code}", row.0, row.1));
            }
            let may_change = changes(row.0) && status < 400;
            if (world.fingerprint() != before) != may_change {
                wrong.push(format!("{actor}, {} {}: what it changed", row.0, row.1));
                // What was let in by mistake must not spoil the cells that follow.
                world = World::after(&TABLE[..place]).await;
            }
            world.bring_back();
        }
    }
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
}

/// Actors whose token is real and doesn't work; the API tells each what has become of it.
const STATES: [&str; 7] = ["deleted", "expired", "replaced", "owner away", "disabled", "frozen", "not yet"];

fn changes(method: &str) -> bool {
    method != "GET"
}

/// What product.md says of a cell.
fn expected(actor: &str, (method, path, _, ok): Row) -> (u16, &'static str) {
    let let_in = (ok, "");
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    let needs = product()
        .api_routes()
        .into_iter()
        .find(|one| (one.method, one.path) == (method, path))
        .unwrap()
        .needs;
    let narrowed = needs.is_some_and(|(key, _)| catalogue.find(key).unwrap().narrowed_by.is_some());
    let of_user = needs.is_some_and(|(key, _)| catalogue.find(key).unwrap().is_of_user());
    match (actor, needs) {
        // Whoever holds a real secret learns its state, whatever that is.
        ("deleted" | "expired" | "replaced" | "owner away" | "disabled" | "frozen" | "not yet", _)
            if path == "/v2/tokens/verify" =>
        {
            let_in
        }
        ("nobody" | "malformed" | "mistyped" | "unknown" | "cookie only", _) => (401, "invalid_token"),
        ("deleted", _) => (401, "token_deleted"),
        ("expired", _) => (401, "token_expired"),
        ("replaced", _) => (401, "secret_replaced"),
        ("owner away", _) => (401, "owner_away"),
        ("disabled", _) => (401, "token_disabled"),
        ("frozen", _) => (401, "token_frozen"),
        ("not yet", _) => (401, "token_not_yet"),
        ("another network", _) => (403, "address_refused"),
        (_, None) => let_in,
        // The user itself is in no account, so that no account has a say.
        ("no member" | "blocked here" | "suspended" | "reading user", _) if of_user => let_in,
        _ if of_user => (403, "permission_denied"),
        ("another account" | "no member", _) => (404, "account_not_found"),
        ("blocked here", _) => (403, "blocked_here"),
        ("suspended", _) => (403, "account_suspended"),
        ("against the limits", _) => (403, "account_limit"),
        ("another permission", _) => (403, "permission_denied"),
        ("another resource", _) if !narrowed => (403, "permission_denied"),
        // Whether a domain is free is asked of those that are not there, too.
        ("another resource", _) if path.ends_with("/check") => let_in,
        ("another resource", _) if path.contains("{zone}") || path.contains("{domain}") => {
            (404, "resource_not_found")
        }
        ("another resource", _) if method == "POST" => (403, "write_denied"),
        ("another resource", _) => let_in,
        ("reading user", Some((key, _))) if lowest(&catalogue, key) > Role::ReadOnly => {
            (403, "permission_denied")
        }
        ("reading user" | "reading", _) if changes(method) => (403, "write_denied"),
        _ => let_in,
    }
}

fn lowest(catalogue: &Catalogue, key: &str) -> Role {
    catalogue.find(key).unwrap().lowest_role(Access::Read).unwrap()
}

struct World {
    house: House,
    acme: AccountId,
    secrets: Vec<(&'static str, String)>,
    cookie: crate::support::client::Browser,
}

impl World {
    /// As it is when these rows were gone through.
    async fn after(rows: &[Row]) -> World {
        let world = World::new().await;
        for row in rows {
            world.house.clock.advance(HOUR);
            world.ask("full", *row).await;
            world.bring_back();
        }
        world.house.clock.advance(HOUR);
        world
    }

    async fn new() -> World {
        let house = House::with(|config| config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()]);
        let (acme, hobby, rival) = (house.account("Acme"), house.account("Hobby"), house.account("Rival"));
        // No budget, and batches.
        for account in ["Acme", "Rival"] {
            house.set_plan(account, "enterprise");
        }
        let now = house.clock.now();
        let everything = || Policy::unconditional(Rights::Everything);
        let account = |policy: Policy| token(&house, Owner::Account(acme), policy);
        let user = |email: &str| token(&house, Owner::User(house.user(email).id), everything());
        let mut secrets = Vec::new();
        let mut add = |actor: &'static str, (id, secret): (TokenId, String)| {
            secrets.push((actor, secret));
            (actor, id)
        };
        let (mut conn, origin) = (house.conn(), house.command_line());
        let account_of = |name: &str| Account::find_by_name(&mut house.conn(), name).unwrap().unwrap();
        let of_number =
            |id: TokenId| Token::find(&mut house.conn(), Owner::Account(acme), id).unwrap().unwrap();
        let deleted = add("deleted", account(everything())).1;
        of_number(deleted).delete(&mut conn, DeletionReason::CommandLine, &origin).unwrap();
        let soon = Policy { expires_at: Some(now + Duration::seconds(1)), ..everything() };
        add("expired", account(soon));
        let replaced = add("replaced", account(everything())).1;
        facts::change(
            &house,
            &format!(
                "UPDATE token_secrets SET ended_at = '2026-11-22 12:00Z', ended_why = 'replaced' WHERE token_id = {replaced}"
            ),
        );
        let gone = routes::add_owner(&house);
        add("owner away", token(&house, Owner::User(gone.id), everything()));
        gone.deactivate(&mut conn, &origin).unwrap();
        let disabled = add("disabled", account(everything())).1;
        of_number(disabled).disable(&mut conn, "a test", &origin).unwrap();
        house.set_plan("Hobby", "teams");
        add(
            "frozen",
            token(&house, Owner::Account(hobby), holding(&house, hobby, &["zones"], Access::Read, None)),
        );
        house.set_plan("Hobby", "solo");
        let later = Policy { not_before: Some(now + Duration::days(900)), ..everything() };
        add("not yet", account(later));
        let elsewhere = Policy { allowed_networks: vec!["192.0.2.0/24".parse().unwrap()], ..everything() };
        add("another network", account(elsewhere));
        add("another account", token(&house, Owner::Account(rival), everything()));
        add("no member", user(STRANGER));
        let blocked = add("blocked here", user(OWNER)).1;
        let user_token = Token::itself(&mut conn, blocked).unwrap().unwrap();
        user_token.block(&mut conn, &account_of("Acme"), "a test", &origin).unwrap();
        add("suspended", user(OWNER));
        let narrowed = ["certificates", "certificate_private_keys", "domains", "registrar", "zones"];
        let other = Some("theburritobot.com");
        add("another resource", account(holding(&house, acme, &narrowed, Access::Full, other)));
        add("contacts", account(holding(&house, acme, &["contacts"], Access::Read, None)));
        add("webhooks", account(holding(&house, acme, &["webhooks"], Access::Read, None)));
        add("reading user", user(READER));
        let catalogue = tokenhouse::dns::catalogue().unwrap();
        let all: Vec<&str> = catalogue.for_account_tokens().map(|one| one.key.as_str()).collect();
        add("reading", account(holding(&house, acme, &all, Access::Read, None)));
        add("full", account(holding(&house, acme, &all, Access::Full, None)));
        // Those above were made before the limits, the last one at the same moment.
        house.clock.advance(Duration::seconds(1));
        add("against the limits", account(everything()));
        let limits = Limits { everything_allowed: false, ..Limits::none(house.clock.now()) };
        account_limits::set(&mut conn, &account_of("Acme"), &limits, &house.command_line()).unwrap();
        let cookie = house.signed_in(OWNER).await;
        World { house, acme, secrets, cookie }
    }

    /// What the check says of the same call: the status that its client is to see, and the code.
    async fn ask_check(&self, actor: &str, (method, pattern, ..): Row) -> (u16, String) {
        let browser = if actor == "cookie only" { self.cookie.clone() } else { self.house.anybody() };
        let mut request = browser
            .request("GET", "/authorize/nginx")
            .header("x-original-method", method)
            .header("x-original-uri", self.filled(pattern))
            .header("x-forwarded-for", "127.0.0.1");
        if let Some(secret) = self.secret(actor, pattern) {
            request = request.bearer_auth(secret);
        }
        let mut conn = self.house.conn();
        let acme = Account::find(&mut conn, self.acme).unwrap().unwrap();
        let suspend = |conn: &mut db::Conn, so| acme.suspend(conn, so, &self.house.command_line()).unwrap();
        if actor == "suspended" {
            suspend(&mut conn, true);
        }
        let answer = read(request).await;
        if actor == "suspended" {
            suspend(&mut conn, false);
        }
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let status = match answer.status.as_u16() {
            403 => answer.header("x-token-status").parse().unwrap(),
            status => status,
        };
        (status, body["code"].as_str().unwrap_or_default().to_owned())
    }

    async fn ask(&self, actor: &str, (method, pattern, body, _): Row) -> (u16, String) {
        let path = self.filled(pattern);
        let browser = if actor == "cookie only" { self.cookie.clone() } else { self.house.anybody() };
        let mut request = browser.request(method, &path).header("content-type", "application/json");
        if !body.is_empty() {
            request = request.body(body);
        }
        if let Some(secret) = self.secret(actor, pattern) {
            request = request.bearer_auth(secret);
        }
        let mut conn = self.house.conn();
        let acme = Account::find(&mut conn, self.acme).unwrap().unwrap();
        let suspend = |conn: &mut db::Conn, so| acme.suspend(conn, so, &self.house.command_line()).unwrap();
        if actor == "suspended" {
            suspend(&mut conn, true);
        }
        let answer = read(request).await;
        if actor == "suspended" {
            suspend(&mut conn, false);
        }
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let left: Option<u64> = answer.header("x-ratelimit-remaining").parse().ok();
        assert!(left.is_some(), "{actor}, {method} {path}: no budget is told");
        (answer.status.as_u16(), body["code"].as_str().unwrap_or_default().to_owned())
    }

    fn secret(&self, actor: &str, path: &str) -> Option<String> {
        let of = |name: &str| self.secrets.iter().find(|(known, _)| *known == name).unwrap().1.clone();
        let written = |secret: String| {
            ledger::put_down(&secret);
            Some(secret)
        };
        match actor {
            "nobody" | "cookie only" => None,
            "malformed" => Some("x".to_owned()),
            "mistyped" => {
                let right = of("full");
                let last = if right.ends_with('0') { "1" } else { "0" };
                written(right[..right.len() - 1].to_owned() + last)
            }
            "unknown" => written(Secret::generate("tkh", Kind::Account).unwrap().expose().to_owned()),
            "another permission" if path.contains("/contacts") => Some(of("webhooks")),
            "another permission" => Some(of("contacts")),
            other => Some(of(other)),
        }
    }

    fn filled(&self, pattern: &str) -> String {
        let newest = |from: &str| {
            facts::number(&self.house, &format!("SELECT coalesce(max(id), 0) FROM {from}")).to_string()
        };
        let of_zone = format!("records WHERE record_type = 'A' AND zone_id = {}", self.resource(ZONE));
        let of_domain = format!(
            "certificates WHERE private_key_pem IS NOT NULL AND server_pem IS NOT NULL AND domain_id = {}",
            self.resource(DOMAIN)
        );
        let path = pattern
            .replace("{account}", &self.acme.to_string())
            .replace("{zone}", "example.com")
            .replace("{domain}", "example.com");
        let path = if path.contains("{record}") { path.replace("{record}", &newest(&of_zone)) } else { path };
        let path = path
            .replace("{certificate}", &newest(&of_domain))
            .replace("{contact}", &newest("contacts"))
            .replace("{template}", &newest("record_templates"))
            .replace("{webhook}", &newest("webhooks"));
        if path.ends_with("/research/status") { path + "?domain=free.example" } else { path }
    }

    fn resource(&self, kind: KindKey) -> i64 {
        Resource::find(&mut self.house.conn(), self.acme, kind, "example.com")
            .unwrap()
            .map_or(0, |one| one.id.get())
    }

    /// Of all that a token can change.
    fn fingerprint(&self) -> String {
        let tables = [
            "resources",
            "domains",
            "zones",
            "records",
            "whois_privacies",
            "certificates",
            "contacts",
            "record_templates",
            "webhooks",
            "charges",
            "platform_statuses",
            "platform_messages",
        ];
        let rows: Vec<String> =
            tables.iter().map(|table| format!("SELECT t::text AS line FROM {table} t")).collect();
        facts::text(
            &self.house,
            &format!(
                "SELECT concat(md5(string_agg(line, '' ORDER BY line)),
                    (SELECT string_agg(name || email, ',' ORDER BY id) FROM accounts),
                    (SELECT string_agg(name || email, ',' ORDER BY id) FROM users),
                    (SELECT count(*) FROM tokens WHERE deleted_at IS NULL),
                    (SELECT count(*) FROM audit_events WHERE actor_kind = 'token')) FROM ({}) AS lines",
                rows.join(" UNION ALL ")
            ),
        )
    }

    /// Tokens that ended themselves, and users who changed themselves.
    fn bring_back(&self) {
        facts::change(&self.house, "UPDATE users SET name = 'Before' WHERE name = 'Made Up'");
        facts::change(
            &self.house,
            "UPDATE tokens SET deleted_at = NULL, deleted_why = NULL WHERE deleted_why = 'itself'",
        );
    }
}

/// These permissions, everywhere in the account or on one domain and its zone.
fn holding(house: &House, account: AccountId, keys: &[&str], access: Access, only: Option<&str>) -> Policy {
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    let grant = |key: &&str| {
        let permission = catalogue.find(key).unwrap();
        let selection = match (only, permission.narrowed_by) {
            (Some(name), Some(kind)) => {
                let one = Resource::find(&mut house.conn(), account, kind, name).unwrap().unwrap();
                Selection::Only(vec![ResourceRef { account, id: Some(one.id), kind, name: one.name }])
            }
            _ => Selection::Account { account, except: Vec::new() },
        };
        let access = if permission.access.contains(&access) { access } else { Access::Read };
        Grant { permission: permission.key.clone(), access, selection, parts: Parts::default() }
    };
    Policy::unconditional(Rights::Grants(keys.iter().map(grant).collect()))
}

fn token(house: &House, owner: Owner, policy: Policy) -> (TokenId, String) {
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    let new = NewToken { name: TokenName::parse("Actor").unwrap(), policy, nonce: Uuid::new_v4() };
    let origin = house.command_line();
    let issued =
        db::in_one(&mut house.conn(), |conn| issue(conn, &catalogue, owner, &new, "tkh", &origin)).unwrap();
    let Issued::Made { id, secret } = issued else { panic!("{issued:?}") };
    ledger::put_down(secret.expose());
    (id, secret.expose().to_owned())
}
