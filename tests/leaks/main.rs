//! The search at the end of a run: no secret and no password that any test made is in a database,
//! in the log, or in what Postgres logged. Run by itself, it searches what it made itself.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "tests")]

#[path = "../support/mod.rs"]
mod support;

use diesel::prelude::*;
use diesel::sql_types::Text;
use percent_encoding::{percent_decode, percent_decode_str};
use secrecy::SecretString;
use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::process::Command;
use support::app::AuthenticatorApp;
use support::client::{Browser, whoami};
use support::passkey::Passkey;
use support::{House, MEMBER, OWNER, database, ledger};
use time::Duration;
use tokenhouse::db::{self, Conn};
use tokenhouse::models::token::secret::{Kind, Secret};

/// So many bytes at the end of a secret are looked up first.
const WINDOW: usize = 8;

/// Secrets to be searched for.
struct Sought(HashMap<[u8; WINDOW], Vec<String>>);

impl Sought {
    fn all<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Sought {
        let mut sought: HashMap<[u8; WINDOW], Vec<String>> = HashMap::new();
        for secret in secrets {
            let end = secret.as_bytes().last_chunk::<WINDOW>().expect("every secret has 8 bytes or more");
            let known = sought.entry(*end).or_default();
            if !known.iter().any(|one| one == secret) {
                known.push(secret.to_owned());
            }
        }
        Sought(sought)
    }

    /// Says where secrets are found, by their last four characters; also such as were stored as bytes,
    /// or percent-encoded, however often.
    fn hits(&self, place: &str, text: &str) -> Vec<String> {
        let mut hits = self.plain_hits(text.as_bytes());
        let mut decoded: Vec<u8> = percent_decode_str(text).collect();
        let mut before = text.len();
        while decoded.len() < before {
            hits.extend(self.plain_hits(&decoded));
            before = decoded.len();
            decoded = percent_decode(&decoded).collect();
        }
        for (at, _) in text.match_indices("\\x") {
            let digits = text.as_bytes()[at + 2..].iter().take_while(|sign| sign.is_ascii_hexdigit());
            let digits: Vec<u8> = digits.copied().collect();
            if digits.len() >= 2 * WINDOW {
                hits.extend(self.plain_hits(&bytes(&digits)));
            }
        }
        hits.iter().map(|secret| format!("{place}: …{}", &secret[secret.len() - 4..])).collect()
    }

    fn plain_hits(&self, text: &[u8]) -> Vec<&str> {
        let mut hits = Vec::new();
        for (at, window) in text.windows(WINDOW).enumerate() {
            let known = window.first_chunk::<WINDOW>().and_then(|window| self.0.get(window));
            for secret in known.into_iter().flatten() {
                if text[..at + WINDOW].ends_with(secret.as_bytes()) {
                    hits.push(secret.as_str());
                }
            }
        }
        hits
    }
}

fn bytes(digits: &[u8]) -> Vec<u8> {
    let value = |digit: u8| u8::try_from(char::from(digit).to_digit(16).unwrap_or(0)).unwrap_or(0);
    digits.chunks_exact(2).map(|pair| value(pair[0]) * 16 + value(pair[1])).collect()
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    value: String,
}

fn lines(conn: &mut Conn, sql: &str) -> Vec<String> {
    diesel::sql_query(sql).load::<Line>(conn).unwrap().into_iter().map(|line| line.value).collect()
}

fn open(name: &str) -> Conn {
    db::connect(&SecretString::from(database::url(name))).unwrap()
}

/// All databases but the templates: a copy holds what its template does, and a connection to the
/// template would be in the way of the next copy.
fn databases() -> Vec<String> {
    let sql = "SELECT datname::text AS value FROM pg_database
        WHERE datallowconn AND pg_get_userbyid(datdba) = current_user
        AND datname NOT LIKE 'template%' ORDER BY datname";
    lines(&mut open("tokenhouse"), sql)
}

/// Every row of every table of a database, as text, with the table's name.
fn rows(name: &str) -> Vec<(String, String)> {
    let mut conn = open(name);
    let tables = lines(
        &mut conn,
        "SELECT format('%I.%I', schemaname, tablename) AS value FROM pg_tables
         WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1",
    );
    let mut all = Vec::new();
    for table in tables {
        let rows = lines(&mut conn, &format!("SELECT t::text AS value FROM {table} AS t"));
        all.push((format!("{name}, {table}"), rows.join("\n")));
    }
    all
}

fn in_database(sought: &Sought, name: &str) -> Vec<String> {
    rows(name).iter().flat_map(|(place, text)| sought.hits(place, text)).collect()
}

/// What `pg_dump` writes of a database, by the program beside the server that runs.
fn dump(name: &str) -> String {
    let told = fs::read_to_string(ledger::run_folder().join("pg/postgres/postmaster.opts")).unwrap();
    let server = told.split_whitespace().next().unwrap();
    let program = std::path::Path::new(server).with_file_name("pg_dump");
    let output = Command::new(program).arg("--dbname").arg(database::url(name)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn in_files(sought: &Sought) -> Vec<String> {
    let mut hits = Vec::new();
    for file in ["log.txt", "pg/postgres/server.log"] {
        let text = fs::read(ledger::run_folder().join(file)).unwrap();
        assert!(!text.is_empty(), "{file} is empty: it was not kept, or not searched");
        hits.extend(sought.hits(file, &String::from_utf8_lossy(&text)));
    }
    hits
}

/// A house in which the main job was done, so that there is always something to be found.
async fn used_house() -> House {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "Searched for").await;
    assert_eq!(whoami(house.address, &secret).await.0, 200);
    house.app.buffers.last_uses.flush_all(&house.app.db, house.clock.now()).await.unwrap();
    assert_eq!(owner.delete_token(acme, token).await.status, 303);
    assert_eq!(whoami(house.address, &secret).await.0, 401);
    // Everything that signs in.
    let mut member = Browser::at_localhost(house.address);
    member.sign_in(MEMBER, &ledger::password()).await;
    member.get("/user/security").await;
    let (app, codes) = AuthenticatorApp::set_up(&mut member, house.clock.now()).await;
    member.get("/user/security").await;
    let (mut passkey, _) = Passkey::add(&mut member).await;
    let mut other = Browser::at_localhost(house.address);
    assert_eq!(passkey.sign_in(&mut other).await, "/");
    let mut other = Browser::at_localhost(house.address);
    house.clock.advance(Duration::seconds(30));
    let begun = other.begin_sign_in(MEMBER, &ledger::password()).await;
    other.post("/sign-in/passkey/begin", &[("begun", &begun)]).await;
    let code = app.code(house.clock.now());
    let by_code = other.finish_sign_in(&begun, &code).await;
    assert_eq!(by_code.status, 303, "{}", by_code.text());
    let mut other = house.anybody();
    let begun = other.begin_sign_in(MEMBER, &ledger::password()).await;
    let fields = [("begun", begun.as_str()), ("recovery", &codes[0])];
    assert_eq!(other.post("/sign-in/second", &fields).await.status, 303);
    house
}

#[actix_web::test]
async fn no_secret_of_the_run_is_in_a_database_a_dump_or_a_log() {
    let house = used_house().await;
    let ledger = fs::read_to_string(ledger::run_folder().join("secrets.txt")).unwrap();
    let sought = Sought::all(ledger.lines());
    let names = databases();
    assert!(names.contains(&house.database) && ledger.lines().count() >= 2);
    let mut hits: Vec<String> = names.iter().flat_map(|name| in_database(&sought, name)).collect();
    let dump = dump(&house.database);
    for table in ["token_secrets", "sessions", "authenticators", "recovery_codes", "begun"] {
        assert!(dump.contains(&format!("COPY public.{table}")), "{table}");
    }
    hits.extend(sought.hits("pg_dump", &dump));
    hits.extend(in_files(&sought));
    assert_eq!(
        hits,
        Vec::<String>::new(),
        "of {} secrets in {} databases",
        ledger.lines().count(),
        names.len()
    );
    println!("{} secrets, {} databases: nothing found", ledger.lines().count(), names.len());
}

#[actix_web::test]
async fn the_same_search_finds_a_secret_that_was_planted() {
    let house = used_house().await;
    // None of the run's: the other search must not find it.
    let planted = Secret::generate("tkh", Kind::Account).unwrap();
    let planted = planted.expose();
    let sought = Sought::all([planted]);
    let name = house.database.as_str();
    assert_eq!(in_database(&sought, name), Vec::<String>::new());
    assert_eq!(sought.hits("pg_dump", &dump(name)), Vec::<String>::new());
    assert_eq!(in_files(&sought), Vec::<String>::new());

    let scratch = database::empty();
    let url = database::url(&scratch);
    database::run(&url, &format!("CREATE TABLE kept AS SELECT 'before {planted} after' AS note"));
    assert_eq!(in_database(&sought, &scratch).len(), 1);
    assert_eq!(sought.hits("pg_dump", &dump(&scratch)).len(), 1);
    database::run(&url, &format!("CREATE TABLE as_bytes AS SELECT '{planted}'::bytea AS note"));
    assert_eq!(in_database(&sought, &scratch).len(), 2);

    let sql = format!(
        "UPDATE sessions SET state = state || jsonb_build_object('note', '{planted}') \
         WHERE id = (SELECT min(id) FROM sessions)"
    );
    database::run(&house_url(&house), &sql);
    let hits = in_database(&sought, name);
    assert!(hits.len() == 1 && hits[0].contains("public.sessions"), "{hits:?}");
    assert_eq!(sought.hits("pg_dump", &dump(name)).len(), 1);

    tracing::info!(note = planted, "planted");
    assert_eq!(in_files(&sought), Vec::<String>::new(), "the log leaves it out");
    let encoded: String = planted.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for spelled in [planted, &encoded, &encoded.replace('%', "%25")] {
        let before = in_files(&sought).len();
        writeln!(ledger::log_file().lock().unwrap(), "GET /{spelled}/x").unwrap();
        let hits = in_files(&sought);
        assert!(hits.len() > before && hits[0].starts_with("log.txt"), "{hits:?}");
    }
    // Postgres logs a statement that fails, with what stands in it.
    let mut conn = open(&scratch);
    diesel::sql_query(format!("SELECT '{planted}' FROM nowhere")).execute(&mut conn).unwrap_err();
    assert!(in_files(&sought).iter().any(|hit| hit.starts_with("pg/postgres/server.log")));
}

fn house_url(house: &House) -> String {
    database::url(&house.database)
}
