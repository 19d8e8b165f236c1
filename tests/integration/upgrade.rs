//! Databases of older versions: each state that was released is carried over, and what is older than
//! the first release is refused in words.

use crate::commands::Shell;
use crate::facts::texts_in;
use crate::support::{cluster, database, ledger};
use diesel::connection::SimpleConnection;
use secrecy::SecretString;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;
use tokenhouse::db::private::{DATABASE, PrivatePostgres, Tuning};
use tokenhouse::db::{self, Conn};

/// A dump of each state of the database, by the last migration that had run; docs/TESTING.md says how
/// the next one is taken.
const DUMPS: [(&str, &str); 3] = [
    ("20261201000002", include_str!("upgrade/20261201000002.sql")),
    ("20261201000004", include_str!("upgrade/20261201000004.sql")),
    ("20261201000301", include_str!("upgrade/20261201000301.sql")),
];

/// Columns, as `table.column`, that a migration took away or filled anew.
const CHANGED: [&str; 0] = [];

fn connect(name: &str) -> Conn {
    db::connect(&SecretString::from(database::url(name))).unwrap()
}

/// The schema as pg_dump writes it.
fn schema(name: &str) -> Vec<String> {
    let mut dump = Command::new(cluster::binaries().join("pg_dump"));
    let dump = dump.args(["--schema-only", "--no-owner", "--no-privileges"]).arg(database::url(name));
    let output = dump.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    // Lines for psql have a random key.
    text.lines().filter(|line| !line.starts_with('\\')).map(str::to_owned).collect()
}

/// Each table's rows as JSON, in the order of their text.
fn rows(conn: &mut Conn) -> BTreeMap<String, Vec<Value>> {
    let tables = texts_in(
        conn,
        "relname",
        "pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname NOT LIKE '\\_\\_%'",
    );
    let rows_of = |table: String| {
        let rows = texts_in(conn, "to_jsonb(line)", &format!("public.{table} AS line ORDER BY line::text"));
        (table, rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect())
    };
    tables.into_iter().map(rows_of).collect()
}

/// What a row said before, but for columns that were changed.
fn kept(table: &str, row: &Value, before: &Value) -> Value {
    let columns = before.as_object().unwrap().keys();
    let columns = columns.filter(|column| !CHANGED.contains(&format!("{table}.{column}").as_str()));
    columns.map(|column| (column.clone(), row[column].clone())).collect::<serde_json::Map<_, _>>().into()
}

#[test]
fn a_dump_of_every_earlier_state_migrates_to_the_schema_of_a_new_database_and_keeps_its_rows() {
    let new = database::empty();
    db::migrate(&mut connect(&new)).unwrap();
    for (version, dump) in DUMPS {
        let restored = database::empty();
        connect(&restored).batch_execute(dump).unwrap();
        let mut conn = connect(&restored);
        let last = texts_in(&mut conn, "max(version)", "__diesel_schema_migrations");
        assert_eq!(last, [version]);

        let before = rows(&mut conn);
        let empty: Vec<&String> =
            before.iter().filter(|(_, rows)| rows.is_empty()).map(|(name, _)| name).collect();
        assert_eq!(empty, Vec::<&String>::new(), "{version} has no row in these tables");
        db::migrate(&mut conn).unwrap();
        assert_eq!(schema(&restored), schema(&new), "{version}");
        let after = rows(&mut conn);
        for (table, rows) in &before {
            let now = after.get(table).unwrap_or_else(|| panic!("{version}: {table} is gone"));
            assert_eq!(now.len(), rows.len(), "{version}: {table}");
            for (now, before) in now.iter().zip(rows) {
                assert_eq!(kept(table, now, before), kept(table, before, before), "{version}: {table}");
            }
        }
    }
}

/// What diesel noted in a database of a version before the first release.
const OLD: &str = "CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY, \
     run_on timestamp NOT NULL DEFAULT now()); \
     INSERT INTO __diesel_schema_migrations (version) VALUES ('20261122000001'), ('20261130000020')";

const REFUSAL: &str = "the database is from before the first release of Tokenhouse (migration 20261122000001), \
     and can't be brought up to date.";

#[test]
fn a_database_from_before_the_first_release_is_refused_with_the_way_out() {
    let shell = Shell::empty();
    shell.conn().batch_execute(OLD).unwrap();
    let why = format!(
        "{REFUSAL} Create a new database and name it in DATABASE_URL. `pg_dump -Fc` keeps a copy of the old one."
    );
    for words in [&["migrate"][..], &["demo"], &["serve", "--listen", "127.0.0.1:0"]] {
        shell.refused(words, &why);
    }
    let tables = texts_in(
        &mut shell.conn(),
        "relname",
        "pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
    );
    assert_eq!(tables, ["__diesel_schema_migrations"]);
}

#[test]
fn a_private_postgres_from_before_the_first_release_is_refused_with_its_folder() {
    let folder = tempfile::tempdir_in(ledger::run_folder()).unwrap();
    let data = folder.path().join("data");
    let postgres = PrivatePostgres::start(&data, Tuning { durable: false }).unwrap();
    database::run(&postgres.url(DATABASE), OLD);
    postgres.stop().unwrap();
    let shell = Shell { database: String::new() };
    for words in [&["migrate", "--data"][..], &["serve", "--listen", "127.0.0.1:0", "--data"]] {
        let said = shell.command(words).arg(&data).env_remove("DATABASE_URL").output().unwrap();
        let why = format!(
            "tokenhouse: {REFUSAL} Delete {}, or move it away to keep what it holds: the next start creates a new one.\n",
            data.join("postgres").display()
        );
        assert_eq!(
            (said.status.code(), String::from_utf8(said.stderr).unwrap()),
            (Some(1), why),
            "{words:?}"
        );
    }
    std::fs::remove_dir_all(data.join("postgres")).unwrap();
    let again = shell.command(&["migrate", "--data"]).arg(&data).env_remove("DATABASE_URL").output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", String::from_utf8_lossy(&again.stderr));
}
