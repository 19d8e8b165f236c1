//! A server whose role may read and change rows and nothing else, on a database that others migrate,
//! that takes no writes, or that doesn't hold the signing key.

use crate::commands::{Said, Shell};
use crate::program::Program;
use crate::support::client::{Browser, read, whoami};
use crate::support::{House, MEMBER, OWNER, START, database};
use crate::{facts, roll};
use diesel::Connection;
use diesel::connection::SimpleConnection;
use secrecy::SecretSlice;
use tokenhouse::clock::Clock;
use tokenhouse::db::Conn;

#[actix_web::test]
async fn a_whole_server_runs_as_a_role_that_only_serves() {
    let house = House::open();
    let of_server = house.app.db.run(|conn| Ok(facts::texts_in(conn, "current_user", "(SELECT) AS one")));
    assert_eq!(of_server.await.unwrap(), [database::SERVES]);

    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "Deploy").await;
    assert_eq!(whoami(house.address, &secret).await.0, 200);
    assert_eq!(
        Program::knowing(&house, token, &secret).get(&format!("/v2/{acme}/zones/none.example")).await.status,
        404
    );
    let page = format!("/accounts/{acme}/tokens/{token}");
    let newer = roll::rolled(&mut owner, &page, "first_use").await;
    let calls = format!("/v2/{acme}/zones");
    assert_eq!(roll::call(&house, &calls, &newer).await, "ok");
    assert_eq!(roll::call(&house, &calls, &secret).await, "401 secret_replaced");
    assert_eq!(owner.delete_token(acme, token).await.status, 303);
    assert_eq!(whoami(house.address, &newer).await.0, 401);
    let (_, other) = owner.make_full_token(acme, "Other").await;
    let revoke = format!("/accounts/{acme}/tokens/revoke");
    owner.get(&revoke).await;
    let revoked = owner.post(&revoke, &[("confirm", "Acme")]).await;
    assert_eq!(revoked.status, 303, "{}", revoked.text());
    assert_eq!(whoami(house.address, &other).await.0, 401);
    assert!(!house.mails().await.is_empty());

    let second = house.second_node();
    house.close();
    let written = "SELECT least((SELECT count(*) FROM token_use), (SELECT count(*) FROM token_networks), \
                   (SELECT count(*) FROM sightings), (SELECT count(*) FROM audit_events), (SELECT count(*) FROM mails))";
    assert!(facts::number(&second, written) > 0, "what a server writes beside answering");
}

#[test]
fn a_role_that_only_serves_can_do_nothing_else() {
    let mut conn = Conn::establish(&database::serving_url(&database::fresh())).unwrap();
    for forbidden in [
        "CREATE TABLE mine (id bigint)",
        "DROP TABLE sessions",
        "ALTER TABLE sessions ADD COLUMN more bigint",
        "TRUNCATE sessions",
        "CREATE TABLE __diesel_schema_migrations_2 (version text)",
        "INSERT INTO __diesel_schema_migrations (version) VALUES ('1')",
        "UPDATE audit_events SET action = 'x'",
        "DELETE FROM audit_events",
        "DELETE FROM users",
        "UPDATE users SET site_admin_since = now()",
        "INSERT INTO accounts (name) VALUES ('x')",
        "UPDATE tokens SET full_access = true",
        "UPDATE tokens SET expires_at = NULL",
        "UPDATE token_grants SET access = 'full'",
        "DELETE FROM token_secrets",
        "UPDATE signing_keys SET key = ''",
        "SELECT setval('tokens_id_seq', 1)",
        "SET SESSION AUTHORIZATION postgres",
    ] {
        let said = conn.batch_execute(forbidden).unwrap_err().to_string();
        assert!(said.contains("permission denied") || said.contains("must be owner"), "{forbidden}: {said}");
    }
}

#[test]
fn a_role_that_may_not_migrate_names_the_command_and_a_migrated_database_needs_none() {
    let shell = Shell::empty();
    let serving = |shell: &Shell, words: &[&str]| {
        let url = format!("{}?options=-crole%3D{}", shell.url(), database::SERVES);
        Said::from(shell.command(words).env("DATABASE_URL", url).output().unwrap())
    };
    for words in [&["serve", "--listen", "127.0.0.1:0"][..], &["migrate"]] {
        let said = serving(&shell, words);
        assert_eq!((said.code, said.out.as_str(), said.err.lines().count()), (1, "", 1), "{}", said.err);
        let expected = "tokenhouse: the database is empty, and the role tokenhouse_serves may not create tables in its \
                        schema public: run `tokenhouse migrate` as the role that is to own the tables, or, as the owner \
                        of the database, GRANT USAGE, CREATE ON SCHEMA public TO tokenhouse_serves";
        assert!(said.err.contains(expected), "{}", said.err);
        // A role that doesn't even see the schema is told the same.
        shell.conn().batch_execute("REVOKE USAGE ON SCHEMA public FROM PUBLIC").unwrap();
    }
    assert_eq!(facts::count_in(&mut shell.conn(), "pg_class WHERE relnamespace = 'public'::regnamespace"), 0);
    assert!(shell.ok(&["migrate"]).err.contains("The database is up to date."));
    // Also after an upgrade that added a table.
    shell.conn().batch_execute("GRANT USAGE ON SCHEMA public TO PUBLIC").unwrap();
    let without =
        "the role tokenhouse_serves may not read all tables: docs/serving-role.sql, run after each migration";
    for _ in 0..2 {
        let said = serving(&shell, &["serve", "--listen", "127.0.0.1:0"]);
        assert!(said.code == 1 && said.err.contains(without), "{}", said.err);
        database::let_serve(&shell.url(), database::SERVES);
        shell.conn().batch_execute("REVOKE ALL ON token_blocks FROM tokenhouse_serves").unwrap();
    }
    database::let_serve(&shell.url(), database::SERVES);
    let said = serving(&shell, &["migrate"]);
    assert_eq!((said.code, said.err.as_str()), (0, "The database is up to date.\n"));
    let older = "DELETE FROM __diesel_schema_migrations WHERE version = '20261201000002'";
    shell.conn().batch_execute(older).unwrap();
    let said = serving(&shell, &["migrate"]);
    let expected = "the database isn't up to date, and the role tokenhouse_serves may not change its tables: run \
                    `tokenhouse migrate` as the role that owns its tables";
    assert!(said.code == 1 && said.err.contains(expected), "{}", said.err);
}

#[actix_web::test]
async fn a_database_that_takes_no_writes_leaves_the_node_in_the_balancer_and_a_node_can_start_on_it() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "Deploy").await;
    let set = format!("ALTER DATABASE {} SET default_transaction_read_only = on", house.database);
    database::run(&database::url("tokenhouse"), &set);
    let node = House::on(house.database.clone(), Clock::fixed(START), |_| {});
    let ready = read(node.anybody().request("GET", "/readyz")).await;
    assert_eq!((ready.status.as_u16(), ready.body.as_str()), (200, "ready, reads only\n"));
    assert_eq!(whoami(node.address, &secret).await.0, 200);
    let mut there = owner.at(node.address);
    assert_eq!(there.get(&format!("/accounts/{acme}/tokens/{token}")).await.status, 200);
    let refused = there.delete_token(acme, token).await;
    assert_eq!((refused.status.as_u16(), refused.heading().as_str()), (503, "Back in a moment"));
    assert_eq!(whoami(node.address, &secret).await.0, 200);
    // The other node's connections are older than the setting.
    let ready = read(house.anybody().request("GET", "/readyz")).await;
    assert_eq!((ready.status.as_u16(), ready.body.as_str()), (200, "ready\n"));
}

#[actix_web::test]
async fn a_missing_migration_takes_the_node_out_of_the_balancer() {
    let house = House::open();
    house
        .conn()
        .batch_execute("DELETE FROM __diesel_schema_migrations WHERE version = '20261201000002'")
        .unwrap();
    let ready = read(house.anybody().request("GET", "/readyz")).await;
    assert_eq!((ready.status.as_u16(), ready.body.as_str()), (503, "migrations are missing\n"));
}

#[actix_web::test]
async fn a_signing_key_from_a_file_is_shared_by_nodes_that_have_it_and_another_signs_everyone_out() {
    let key = |byte: u8| Some(SecretSlice::from(vec![byte; 64]));
    let here = House::on(database::fresh(), Clock::fixed(START), |config| config.signing_key = key(1));
    let node =
        |byte| House::on(here.database.clone(), here.clock.clone(), |config| config.signing_key = key(byte));
    let (same, other) = (node(1), node(2));
    let acme = here.account("Acme");
    let mut member: Browser = here.signed_in(OWNER).await;
    let (_, secret) = member.make_full_token(acme, "Deploy").await;
    assert_eq!(read(member.at(same.address).request("GET", "/accounts")).await.status, 200);
    assert_eq!(read(member.at(other.address).request("GET", "/accounts")).await.status, 303);
    for node in [&here, &same, &other] {
        assert_eq!(whoami(node.address, &secret).await.0, 200);
    }
    assert_eq!(facts::count(&here, "signing_keys"), 0, "the database knows no key");
    other.signed_in(MEMBER).await;
}
