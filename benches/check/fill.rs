//! A million tokens, by SQL.

use crate::support::{OWNER, ledger};
use diesel::connection::SimpleConnection;
use std::fmt::Write as _;
use time::OffsetDateTime;
use tokenhouse::db::{self, Conn, DbError};
use tokenhouse::dns::demo;
use tokenhouse::models::password::{self, Cost};
use tokenhouse::models::token::Secret;
use tokenhouse::models::token::secret::Kind;
use tokenhouse::models::{Account, Origin, User};
use tokenhouse::policy::{AccountId, UserId};

/// Accounts whose lists are looked at: number, tokens.
pub const LISTS: [(i64, i64); 3] = [(900_001, 10), (900_002, 1_000), (900_003, 100_000)];
/// The account in which tokens are made.
pub const MAKING: i64 = 900_004;
/// All others belong to so many accounts.
const OTHERS: i64 = 1_000;
const FIRST_OTHER: i64 = 910_000;

/// The secrets that the load presents.
pub struct Secrets {
    /// Of tokens of many accounts, spread over all there are.
    pub many: Vec<String>,
    /// Of a token that names 500 resources.
    pub naming_many: String,
    /// Of a token that was deleted.
    pub deleted: String,
    /// Of a token that may read the records of one zone.
    pub narrowed: String,
    /// The account and the zone of the last two.
    pub acme: AccountId,
}

/// Fills an empty, migrated database with this many tokens.
pub fn fill(conn: &mut Conn, tokens: i64, live: usize) -> Secrets {
    let origin = Origin::command_line(db::database_now(conn).unwrap());
    let hash = password::hash(&ledger::password(), Cost::OWASP).unwrap();
    demo::fill::<DbError>(conn, &origin, |_| Ok(hash.clone())).unwrap();
    let acme = Account::find_by_name(conn, "Acme").unwrap().unwrap();
    acme.set_plan(conn, "enterprise", &origin).unwrap();
    let owner = User::find_by_email(conn, OWNER).unwrap().unwrap().id;
    let now = origin.now;
    accounts(conn, owner, now);
    bulk(conn, tokens, owner, now);
    // Spread over the tokens of the other accounts: those of the lists come first.
    let listed: i64 = LISTS.iter().map(|(_, tokens)| tokens).sum::<i64>().min(tokens / 2);
    let step = (tokens - listed) / i64::try_from(live).unwrap();
    let many: Vec<(i64, Secret)> =
        (0..).take(live).map(|place: i64| (listed + 1 + place * step, secret())).collect();
    give(conn, &many);
    let special = |conn: &mut Conn, number: i64, full: bool| {
        let secret = secret();
        run(
            conn,
            &format!(
                "INSERT INTO tokens (id, kind, account_id, name, full_access, created_at, updated_at)
                 VALUES ({number}, 'account', {}, 'Special', {full}, '{now}', '{now}');
                 INSERT INTO token_secrets (id, token_id, digest, hint, form_nonce, created_at)
                 VALUES ({number}, {number}, '\\x{}', 'tkh_a_…0000', gen_random_uuid(), '{now}')",
                acme.id,
                hex(&secret)
            ),
        );
        secret.expose().to_owned()
    };
    let naming_many = special(conn, 3_000_001, false);
    let deleted = special(conn, 3_000_002, true);
    let narrowed = special(conn, 3_000_003, false);
    run(
        conn,
        &format!(
            "INSERT INTO resources (account_id, kind, name, created_at)
             SELECT {acme}, 'zone', 'zone-' || n || '.example', '{now}' FROM generate_series(1, 500) n;
             INSERT INTO token_grants (id, token_id, permission, access, reach)
             VALUES (3000001, 3000001, 'zones', 'full', 'named'), (3000003, 3000003, 'zones', 'read', 'named');
             INSERT INTO token_grant_resources (grant_id, effect, account_id, resource_id, kind, name)
             SELECT 3000001, 'include', account_id, id, kind, name FROM resources
             WHERE account_id = {acme} AND name LIKE 'zone-%';
             INSERT INTO token_grant_resources (grant_id, effect, account_id, resource_id, kind, name)
             SELECT 3000003, 'include', account_id, id, kind, name FROM resources
             WHERE account_id = {acme} AND kind = 'zone' AND name = 'example.com';
             UPDATE tokens SET deleted_at = '{now}', deleted_why = 'person' WHERE id = 3000002;
             ALTER TABLE tokens ALTER COLUMN id RESTART WITH 4000000;
             ALTER TABLE token_secrets ALTER COLUMN id RESTART WITH 4000000;
             ALTER TABLE token_grants ALTER COLUMN id RESTART WITH 4000000",
            acme = acme.id
        ),
    );
    // Apart: it cannot run among others.
    run(
        conn,
        "VACUUM ANALYZE tokens, token_secrets, token_grants, token_grant_resources, accounts, resources",
    );
    let many = many.into_iter().map(|(_, secret)| secret.expose().to_owned()).collect();
    Secrets { many, naming_many, deleted, narrowed, acme: acme.id }
}

fn accounts(conn: &mut Conn, owner: UserId, now: OffsetDateTime) {
    run(
        conn,
        &format!(
            "INSERT INTO accounts (id, name, email, plan, state_since, created_at, updated_at)
             SELECT n, 'Account ' || n, 'office@account-' || n || '.example', 'enterprise', '{now}', '{now}', '{now}'
             FROM (SELECT generate_series({}, {MAKING}) UNION ALL
                   SELECT generate_series({FIRST_OTHER}, {FIRST_OTHER} + {OTHERS} - 1)) numbers (n);
             INSERT INTO memberships (account_id, user_id, role, created_at)
             SELECT n, {owner}, 'owner', '{now}' FROM generate_series({}, {MAKING}) n",
            LISTS[0].0, LISTS[0].0
        ),
    );
}

/// Half of them have Everything, half read all zones of their account.
fn bulk(conn: &mut Conn, tokens: i64, owner: UserId, now: OffsetDateTime) {
    let mut account = String::from("CASE");
    let mut below = 0;
    for (number, count) in LISTS {
        // A quick run has fewer tokens than the longest list.
        below += count.min(tokens / 2 - below);
        write!(account, " WHEN n <= {below} THEN {number}").unwrap();
    }
    write!(account, " ELSE {FIRST_OTHER} + n % {OTHERS} END").unwrap();
    run(
        conn,
        &format!(
            "INSERT INTO tokens (id, kind, account_id, name, full_access, created_by, created_at, updated_at, expires_at)
             SELECT n, 'account', {account}, 'Token ' || n, n % 2 = 0, {owner}, at, at, at + interval '400 days'
             FROM generate_series(1, {tokens}) n,
                  LATERAL (SELECT timestamptz '{now}' - n * interval '1 second' AS at) moment;
             INSERT INTO token_secrets (id, token_id, digest, hint, form_nonce, created_at)
             SELECT id, id, sha256((id || ' ' || random())::bytea), 'tkh_a_…' || to_char(id % 10000, 'FM0000'),
                    gen_random_uuid(), created_at FROM tokens;
             INSERT INTO token_grants (id, token_id, permission, access, reach, account_id)
             SELECT id, id, 'zones', 'read', 'account', account_id FROM tokens WHERE NOT full_access"
        ),
    );
}

/// Gives tokens a secret that is known here.
fn give(conn: &mut Conn, secrets: &[(i64, Secret)]) {
    let rows: Vec<String> =
        secrets.iter().map(|(token, secret)| format!("({token}, '\\x{}'::bytea)", hex(secret))).collect();
    run(
        conn,
        &format!(
            "UPDATE token_secrets SET digest = given.digest FROM (VALUES {}) AS given (id, digest)
             WHERE token_secrets.id = given.id",
            rows.join(", ")
        ),
    );
}

fn secret() -> Secret {
    Secret::generate("tkh", Kind::Account).unwrap()
}

fn hex(secret: &Secret) -> String {
    secret.digest().bytes().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn run(conn: &mut Conn, sql: &str) {
    conn.batch_execute(sql).unwrap();
}
