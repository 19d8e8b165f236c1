//! The migrations, and what the code believes of the tables.

use crate::facts::{count_in, texts_in};
use crate::support::database;
use diesel::connection::SimpleConnection;
use secrecy::SecretString;
use std::sync::Barrier;
use tokenhouse::db::{self, Conn};

fn empty() -> (String, Conn) {
    let url = database::url(&database::empty());
    let conn = db::connect(&SecretString::from(url.clone())).unwrap();
    (url, conn)
}

const OF_OURS: &str = "table_schema = 'public' AND table_name NOT LIKE '\\_\\_diesel%'";

/// Each column in order, as schema.rs writes it.
fn columns(conn: &mut Conn) -> Vec<String> {
    let diesel = "CASE udt_name WHEN 'int8' THEN 'Int8' WHEN 'int4' THEN 'Int4' WHEN 'text' THEN 'Text'
        WHEN 'timestamptz' THEN 'Timestamptz' WHEN 'bool' THEN 'Bool' WHEN 'bytea' THEN 'Bytea'
        WHEN 'jsonb' THEN 'Jsonb' WHEN 'date' THEN 'Date' WHEN 'uuid' THEN 'Uuid' WHEN 'inet' THEN 'Inet'
        WHEN '_text' THEN 'Array<Text>' WHEN '_cidr' THEN 'Array<Cidr>'
        WHEN 'cidr' THEN 'Cidr' ELSE 'unknown: ' || udt_name END";
    let line = format!(
        "table_name || '.' || column_name || ': ' ||
         CASE is_nullable WHEN 'YES' THEN 'Nullable<' || {diesel} || '>' ELSE {diesel} END"
    );
    let from = format!(
        "information_schema.columns WHERE {OF_OURS} ORDER BY table_name COLLATE \"C\", ordinal_position"
    );
    texts_in(conn, &line, &from)
}

/// The same, read from the product's schema.rs and the example's.
fn columns_in_the_code() -> Vec<String> {
    let (mut table, mut columns) = (String::new(), Vec::new());
    let product = include_str!("../../src/db/schema.rs");
    let example = include_str!("../../src/dns/models/schema.rs");
    for line in product.lines().chain(example.lines()).map(str::trim) {
        if line.starts_with("//") || line.starts_with("use ") {
            continue;
        }
        if let Some((name, kind)) = line.split_once(" -> ") {
            if let Some(kind) = kind.strip_suffix(',') {
                columns.push(format!("{table}.{name}: {kind}"));
            }
        } else if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with(") {")) {
            table = name.to_owned();
        }
    }
    // By table alone: columns are compared in their order.
    columns.sort_by(|one: &String, other| one.split('.').next().cmp(&other.split('.').next()));
    columns
}

#[test]
fn the_code_knows_every_table_and_column_as_it_is() {
    let (_, mut conn) = empty();
    db::migrate(&mut conn).unwrap();
    let (code, stored) = (columns_in_the_code(), columns(&mut conn));
    assert!(code.len() > 80, "schema.rs was not read: {code:?}");
    assert_eq!(code, stored);
}

#[test]
fn the_migrations_go_up_down_and_up_again() {
    let (_, mut conn) = empty();
    let ran = db::migrate(&mut conn).unwrap();
    assert!(ran > 0 && db::is_current(&mut conn).unwrap());
    let before = columns(&mut conn);
    assert_eq!(db::migrate(&mut conn).unwrap(), 0);

    db::revert_all(&mut conn).unwrap();
    assert!(!db::is_current(&mut conn).unwrap());
    let of_ours = "JOIN pg_namespace AS n ON n.oid = ";
    let relations = texts_in(
        &mut conn,
        "relname",
        &format!(
            "pg_class {of_ours} relnamespace WHERE nspname = 'public' AND relname NOT LIKE '\\_\\_diesel%'"
        ),
    );
    assert_eq!(relations, Vec::<String>::new());
    assert_eq!(
        count_in(
            &mut conn,
            &format!("pg_type {of_ours} typnamespace WHERE nspname = 'public' AND typname !~ '^_*diesel'")
        ),
        0
    );
    assert_eq!(
        count_in(
            &mut conn,
            &format!(
                "pg_proc {of_ours} pronamespace WHERE nspname = 'public' AND proname NOT LIKE 'diesel%'"
            )
        ),
        0
    );

    assert_eq!(db::migrate(&mut conn).unwrap(), ran);
    assert_eq!(columns(&mut conn), before);
}

#[test]
fn several_migrators_at_once_all_succeed_and_each_migration_runs_once() {
    let (url, mut conn) = empty();
    let start = Barrier::new(4);
    let migrated = |_| {
        let mut conn = db::connect(&SecretString::from(url.clone())).unwrap();
        start.wait();
        db::migrate(&mut conn).unwrap()
    };
    let ran: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|number| scope.spawn(move || migrated(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(i64::try_from(ran).unwrap(), count_in(&mut conn, "__diesel_schema_migrations"));
    assert!(db::is_current(&mut conn).unwrap());
}

#[test]
fn what_is_deleted_takes_along_what_cannot_be_without_it_and_nothing_else() {
    let (_, mut conn) = empty();
    db::migrate(&mut conn).unwrap();
    let line = "conrelid::regclass || '.' || attname || ' → ' || confrelid::regclass || ': ' ||
        CASE confdeltype WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null' WHEN 'a' THEN 'refused' ELSE 'other' END";
    let from = "pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey)
        WHERE contype = 'f' ORDER BY conrelid::regclass::text COLLATE \"C\", attname";
    let expected = [
        "account_limits.account_id → accounts: cascade",
        "authenticators.user_id → users: cascade",
        "begun.user_id → users: cascade",
        "certificates.contact_id → contacts: refused",
        "certificates.domain_id → resources: cascade",
        "charges.account_id → accounts: cascade",
        "contacts.account_id → accounts: cascade",
        "domains.registrant_id → contacts: refused",
        "domains.resource_id → resources: cascade",
        "invitations.accepted_by → users: set null",
        "invitations.account_id → accounts: cascade",
        "invitations.invited_by → users: set null",
        "live_tokens.token_id → tokens: cascade",
        "memberships.account_id → accounts: cascade",
        "memberships.user_id → users: cascade",
        "platform_messages.account_id → accounts: cascade",
        "platform_statuses.account_id → accounts: cascade",
        "record_templates.account_id → accounts: cascade",
        "records.zone_id → resources: cascade",
        "recovery_codes.user_id → users: cascade",
        "resources.account_id → accounts: cascade",
        "sessions.user_id → users: cascade",
        "token_blocks.account_id → accounts: cascade",
        "token_blocks.blocked_by → users: set null",
        "token_blocks.token_id → tokens: cascade",
        "token_grant_resources.grant_id → token_grants: cascade",
        // The name stays, so that what was left out stays left out (rule 4).
        "token_grant_resources.resource_id → resources: set null",
        "token_grants.token_id → tokens: cascade",
        "token_networks.token_id → tokens: cascade",
        "token_refusals.token_id → tokens: cascade",
        "token_secrets.token_id → tokens: cascade",
        "token_use.secret_id → token_secrets: cascade",
        "tokens.account_id → accounts: cascade",
        "tokens.created_by → users: set null",
        "tokens.deleted_by → users: set null",
        "tokens.disabled_by → users: set null",
        "tokens.user_id → users: cascade",
        "user_links.made_by → users: set null",
        "user_links.user_id → users: cascade",
        "webhooks.account_id → accounts: cascade",
        "whois_privacies.domain_id → resources: cascade",
        "zones.resource_id → resources: cascade",
    ];
    assert_eq!(texts_in(&mut conn, line, from), expected);
}

#[test]
fn every_foreign_key_has_an_index_to_follow_it_back_but_those_that_name_people() {
    let (_, mut conn) = empty();
    db::migrate(&mut conn).unwrap();
    let without = texts_in(
        &mut conn,
        "conrelid::regclass || '.' || attname",
        "pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey)
         WHERE contype = 'f' AND NOT EXISTS (
             SELECT FROM pg_index WHERE indrelid = conrelid AND indkey[0] = attnum)
         ORDER BY 1",
    );
    // Users are deactivated, never deleted.
    assert_eq!(
        without,
        [
            "invitations.accepted_by",
            "invitations.invited_by",
            "token_blocks.blocked_by",
            "tokens.deleted_by",
            "tokens.disabled_by",
            "user_links.made_by"
        ]
    );
}

#[test]
fn what_a_decision_could_not_read_is_not_stored() {
    let (_, mut conn) = empty();
    db::migrate(&mut conn).unwrap();
    let good = ("'zones'", "'read'", r#"'{"name": ["a*"]}'"#);
    let columns = "INSERT INTO token_grants (token_id, permission, access, reach, parts) VALUES (1, ";
    let mut refused = |(permission, access, parts): (&str, &str, &str)| {
        let sql = format!("{columns}{permission}, {access}, 'everything', {parts})");
        conn.batch_execute(&sql).unwrap_err().to_string()
    };
    // There is no token of that number, which is looked at last.
    assert!(refused(good).contains("token_id_fkey"));
    for (bad, check) in [
        (("'Zones'", good.1, good.2), "permission_check"),
        (("'zones2'", good.1, good.2), "permission_check"),
        (("'é'", good.1, good.2), "permission_check"),
        ((good.0, "'write'", good.2), "access_check"),
        ((good.0, good.1, r#"'{"name": "a*"}'"#), "patterns_check"),
        ((good.0, good.1, r#"'{"name": []}'"#), "patterns_check"),
        ((good.0, good.1, r#"'{"type": ["A"], "name": [1]}'"#), "patterns_check"),
        ((good.0, good.1, r#"'["name"]'"#), "parts_check"),
    ] {
        let why = refused(bad);
        assert!(why.contains(check), "{bad:?}: {why}");
    }
}
