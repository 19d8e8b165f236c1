//! The commands, run as a person at a shell runs them.

use crate::facts::{count_in, texts_in};
use crate::support::client::Browser;
use crate::support::{House, START, database, ledger, soak};
use secrecy::SecretString;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use tokenhouse::clock::Clock;
use tokenhouse::db::{self, Conn};
use tokenhouse::models::password;
use tokenhouse::policy::AccountId;

pub(crate) struct Shell {
    pub(crate) database: String,
}

pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        Said {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Shell {
    /// On a database with nothing in it.
    pub(crate) fn empty() -> Shell {
        Shell { database: database::empty() }
    }

    /// On a database with the demo data.
    pub(crate) fn demo() -> Shell {
        Shell { database: database::fresh() }
    }

    pub(crate) fn url(&self) -> String {
        database::url(&self.database)
    }

    pub(crate) fn conn(&self) -> Conn {
        db::connect(&SecretString::from(self.url())).unwrap()
    }

    pub(crate) fn account(&self, name: &str) -> String {
        texts_in(&mut self.conn(), "id", &format!("accounts WHERE name = '{name}'")).remove(0)
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tokenhouse"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TOKENHOUSE_")) {
            command.env_remove(name);
        }
        command
            .args(words)
            .env("DATABASE_URL", self.url())
            .env("TOKENHOUSE_PRIMARY_FILE", ledger::run_folder().join("primary.toml"))
            .env("TOKENHOUSE_MAIL_FOLDER", ledger::run_folder().join("mail"))
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Said {
        self.command(words).output().unwrap().into()
    }

    /// Runs a command that goes well.
    pub(crate) fn ok(&self, words: &[&str]) -> Said {
        let said = self.run(words);
        assert_eq!(said.code, 0, "{words:?}: {}", said.err);
        said
    }

    /// Runs a command that is refused, with one sentence.
    pub(crate) fn refused(&self, words: &[&str], why: &str) {
        let said = self.run(words);
        assert_eq!(said.code, 1, "{words:?}: {}", said.err);
        assert_eq!(said.out, "", "{words:?}");
        assert_eq!(said.err.lines().count(), 1, "{}", said.err);
        assert!(said.err.starts_with("tokenhouse: ") && said.err.contains(why), "{words:?}: {}", said.err);
    }

    /// Makes a token; its secret is all that standard output has.
    pub(crate) fn token(&self, account: &str, words: &[&str]) -> (Said, String) {
        let mut all = vec!["token", "create", "--account", account];
        all.extend_from_slice(words);
        let said = self.ok(&all);
        let secret = said.out.strip_suffix('\n').unwrap().to_owned();
        ledger::put_down(&secret);
        assert!(secret.len() == 42 && secret.starts_with("tkh_a_"), "not a secret alone on one line");
        assert!(!said.err.contains(&secret), "the secret is said twice");
        (said, secret)
    }
}

#[actix_web::test]
async fn a_first_user_and_a_first_account_are_made_at_the_shell() {
    let shell = Shell::empty();
    assert!(shell.ok(&["migrate"]).err.contains("The database is up to date."));
    assert!(shell.ok(&["migrate"]).err.contains("The database is up to date."));
    let made = shell.ok(&["user", "create", "--email", "First@Example.com", "--name", "First"]);
    let password = made.out.trim().to_owned();
    ledger::put_down(&password);
    assert!(password.len() >= 16 && !made.err.contains(&password));
    let account = shell.ok(&["account", "create", "--name", "Mine", "--owner", "first@example.com"]).out;
    let account: AccountId = account.trim().parse().unwrap();
    let house = House::on(shell.database.clone(), Clock::fixed(START), |_| {});
    let mut browser = Browser::new(house.address);
    browser.sign_in("first@example.com", &password).await;
    let page = browser.get(&format!("/accounts/{account}/tokens")).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("No tokens yet"));
    assert_eq!(texts_in(&mut shell.conn(), "role", "memberships"), ["owner"]);

    let again = ["user", "create", "--email", "FIRST@example.com", "--name", "First"];
    shell.refused(&again, "There is a user FIRST@example.com already.");
    shell.refused(
        &["user", "create", "--email", "nobody", "--name", "N"],
        "Give an email address (in ASCII) and a name.",
    );
    for (weak, why) in [
        ("short", "Use at least 8 characters."),
        ("password1234", "breach of another site"),
        ("FIRST@example.com", "is your name, your address"),
    ] {
        let refused = Said::from(shell.command(&again).env("TOKENHOUSE_PASSWORD", weak).output().unwrap());
        assert_eq!((refused.code, refused.out.as_str()), (1, ""));
        assert!(refused.err.contains(why), "{}", refused.err);
    }
    // A command estimates and hashes by itself: it has no threads for it.
    let second = ["user", "create", "--email", "second@example.com", "--name", "Second"];
    let given = ledger::password();
    let made = Said::from(shell.command(&second).env("TOKENHOUSE_PASSWORD", &given).output().unwrap());
    assert_eq!((made.code, made.out.as_str()), (0, ""), "{}", made.err);
    Browser::new(house.address).sign_in("second@example.com", &given).await;
    let no_owner = ["account", "create", "--name", "X", "--owner", "no@example.com"];
    shell.refused(&no_owner, "There is no user no@example.com.");
    let no_plan = ["account", "create", "--name", "X", "--owner", "first@example.com", "--plan", "gold"];
    shell.refused(&no_plan, "There is no plan “gold”");
    assert_eq!(count_in(&mut shell.conn(), "accounts"), 1);
}

#[test]
fn a_database_that_holds_or_compares_texts_in_another_way_is_refused_with_the_way_out() {
    let anew = "create a new one with createdb -T template0 -E UTF8 --locale=C.UTF-8";
    for (number, made, why) in [
        (1, "ENCODING 'LATIN1' LOCALE 'C'", "has the encoding LATIN1, which can't hold every name:"),
        (2, "ENCODING 'SQL_ASCII' LOCALE 'C'", "has the encoding SQL_ASCII, which can't hold every name:"),
        (
            3,
            "ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'tr'",
            "doesn't take A to Z and a to z for the same letters (its collation is",
        ),
    ] {
        let shell = Shell { database: format!("unsuitable_{number}_{}", std::process::id()) };
        let create = format!("CREATE DATABASE {} TEMPLATE template0 {made}", shell.database);
        database::run(&database::url("tokenhouse"), &create);
        for words in
            [&["migrate"][..], &["token", "list", "--account", "1"], &["serve", "--listen", "127.0.0.1:0"]]
        {
            let said = shell.run(words);
            assert_eq!((said.code, said.err.lines().count()), (1, 1), "{}", said.err);
            let whole =
                said.err.contains(&shell.database) && said.err.contains(why) && said.err.contains(anew);
            assert!(whole, "{}", said.err);
        }
        let conn = &mut shell.conn();
        assert_eq!(
            count_in(conn, "pg_class WHERE relnamespace = 'public'::regnamespace"),
            0,
            "nothing was created"
        );
    }
}

#[actix_web::test]
async fn what_is_read_again_under_a_lock_sees_what_others_did_whatever_a_database_sets() {
    let shell = Shell::demo();
    let set = format!("ALTER DATABASE {} SET default_transaction_isolation = 'serializable'", shell.database);
    database::run(&database::url("tokenhouse"), &set);
    let house = House::on(shell.database.clone(), Clock::fixed(START), |_| {});
    let isolation =
        |conn: &mut Conn| texts_in(conn, "current_setting('transaction_isolation')", "(SELECT) AS one");
    assert_eq!(house.app.db.run(move |conn| Ok(isolation(conn))).await.unwrap(), ["read committed"]);
    assert_eq!(isolation(&mut shell.conn()), ["read committed"]);
}

#[test]
fn members_come_and_go_and_change_roles() {
    let shell = Shell::demo();
    let acme = shell.account("Acme");
    let roles = || {
        let from = "memberships JOIN users ON users.id = user_id JOIN accounts ON accounts.id = account_id
            WHERE accounts.name = 'Acme' AND users.email = 'stranger@example.com'";
        texts_in(&mut shell.conn(), "role", from)
    };
    let member = ["--account", &acme, "--email", "stranger@example.com"];
    shell.ok(&[&["member", "add", "--role", "read_only"], &member[..]].concat());
    assert_eq!(roles(), ["read_only"]);
    shell.ok(&[&["member", "add", "--role", "admin"], &member[..]].concat());
    assert_eq!(roles(), ["admin"]);
    shell.ok(&[&["member", "remove"], &member[..]].concat());
    assert_eq!(roles(), Vec::<String>::new());
    shell.refused(&[&["member", "remove"], &member[..]].concat(), "is no member of Acme.");
    let nowhere = ["member", "add", "--role", "admin", "--account", "1", "--email", "stranger@example.com"];
    shell.refused(&nowhere, "There is no account 1.");
    let recorded = "audit_events WHERE action LIKE 'member%' AND object_name = 'stranger@example.com'
        AND actor_kind = 'command_line'";
    assert!(count_in(&mut shell.conn(), recorded) >= 3);
}

#[test]
fn whoever_runs_the_site_is_named_at_the_shell_alone() {
    let shell = Shell::demo();
    let since = || texts_in(&mut shell.conn(), "email", "users WHERE site_admin_since IS NOT NULL");
    let lines = || {
        texts_in(&mut shell.conn(), "action", "audit_events WHERE action LIKE 'user.site_admin%' ORDER BY id")
    };
    shell.ok(&["user", "site-admin", "--email", "owner@example.com"]);
    shell.ok(&["user", "site-admin", "--email", "Owner@example.com"]);
    assert_eq!(
        (since(), lines()),
        (vec!["owner@example.com".to_owned()], vec!["user.site_admin_made".to_owned()])
    );
    shell.ok(&["user", "site-admin", "--email", "owner@example.com", "--off"]);
    assert_eq!((since().len(), lines().len()), (0, 2));
    shell.refused(&["user", "site-admin", "--email", "no@example.com"], "There is no user no@example.com.");
}

#[test]
fn a_new_password_at_the_shell_ends_the_tokens_of_a_user_whose_address_was_never_verified() {
    let shell = Shell::demo();
    let token = ["token", "create", "--user", "member@example.com", "--name", "Laptop"];
    let made = shell.ok(&[&token, &["--full", "--expires", "never"][..]].concat());
    ledger::put_down(made.out.trim());
    database::run(&shell.url(), "UPDATE users SET email_verified_at = NULL");
    let said = shell.ok(&["user", "password", "--email", "member@example.com"]);
    ledger::put_down(said.out.trim());
    assert!(
        said.err.contains("The address was never verified, so user tokens ended, too (1)"),
        "{}",
        said.err
    );
    assert_eq!(texts_in(&mut shell.conn(), "deleted_why", "tokens"), ["unverified_address"]);
}

#[test]
fn domains_come_with_their_zones_also_many_from_standard_input() {
    let shell = Shell::demo();
    let hobby = shell.account("Hobby");
    let named = |name: &str| count_in(&mut shell.conn(), &format!("resources WHERE name = '{name}'"));
    let said = shell.ok(&["resource", "add", "--account", &hobby, "New.Example", "hobby.example"]);
    assert!(said.err.contains("1 added, 1 were there already."), "{}", said.err);
    assert_eq!(named("new.example"), 2);

    let mut child = shell
        .command(&["resource", "add", "--account", &hobby, "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let many = soak::size(1_500, 50_000);
    let lines: String = (0..many).map(|number| format!("d{number}.example\n\n")).collect();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let said = Said::from(child.wait_with_output().unwrap());
    assert_eq!((said.code, said.err), (0, format!("{many} added, 0 were there already.\n")));
    assert_eq!(count_in(&mut shell.conn(), "resources WHERE name ~ '^d[0-9]+[.]example$'"), 2 * many);
    soak::row("domains from standard input", many);

    let said = shell.ok(&["resource", "remove", "--account", &hobby, "new.example", "gone.example"]);
    assert!(said.err.contains("1 removed, 1 were not there."), "{}", said.err);
    assert_eq!(named("new.example"), 0);
    shell.refused(
        &["resource", "add", "--account", &hobby, "ok.example", "not a name"],
        "is not a domain's name",
    );
    assert_eq!(named("ok.example"), 0);
}

#[test]
fn the_demo_is_the_same_when_it_is_loaded_again() {
    let shell = Shell::empty();
    let first = shell.ok(&["demo"]);
    for line in first.err.lines().filter(|line| line.contains('@')) {
        ledger::put_down(line.split_whitespace().last().unwrap());
    }
    assert!(first.err.contains("shown this once"));
    let stored = || {
        let mut all = texts_in(&mut shell.conn(), "u", "users AS u ORDER BY id");
        all.extend(texts_in(&mut shell.conn(), "a", "accounts AS a ORDER BY id"));
        all.extend(texts_in(&mut shell.conn(), "m", "memberships AS m ORDER BY account_id, user_id"));
        all.extend(texts_in(&mut shell.conn(), "r", "resources AS r ORDER BY id"));
        all.extend(texts_in(&mut shell.conn(), "e", "audit_events AS e ORDER BY id"));
        all
    };
    let before = stored();
    let second = shell.ok(&["demo"]);
    assert!(second.err.contains("The demo data is there already."));
    assert_eq!(stored(), before);
    assert_eq!(count_in(&mut shell.conn(), "resources WHERE kind = 'zone'"), 44);
}

#[test]
fn a_database_that_cannot_be_reached_is_one_sentence() {
    let shell = Shell::empty();
    let nowhere = "postgres://nobody@127.0.0.1:1/none";
    let said = Said::from(shell.command(&["migrate"]).env("DATABASE_URL", nowhere).output().unwrap());
    assert_eq!((said.code, said.err.trim_end().lines().count()), (1, 1), "{}", said.err);
    assert!(said.err.starts_with("tokenhouse: "));
}

#[test]
fn a_wrong_database_url_is_told_without_its_password() {
    let shell = Shell::empty();
    for password in [
        "Secret%Pass",
        "Secret%zzPass",
        "Secret%00Pass",
        "Secr@etPass",
        "Secr/etPass",
        "Secr?etPass/",
        "12?Secret/Pass",
        "Secret%Pa@ss/",
    ] {
        for url in [
            format!("postgres://role:{password}@127.0.0.1:1/database"),
            format!("postgres://127.0.0.1:1/database?user=role&password={password}&Secr&et=Pass"),
        ] {
            let said = Said::from(shell.command(&["migrate"]).env("DATABASE_URL", &url).output().unwrap());
            assert_eq!((said.code, said.err.lines().count()), (1, 1), "{url}: {}", said.err);
            assert!(!said.err.contains("Secr") && !said.err.contains("Pass"), "{url}: {}", said.err);
        }
    }
}

#[test]
fn white_space_around_a_database_url_is_left_out() {
    let shell = Shell::empty();
    for (before, after) in [("", "\n"), (" ", "\r\n"), ("\t", " ")] {
        let url = format!("{before}{}{after}", shell.url());
        let said = Said::from(shell.command(&["migrate"]).env("DATABASE_URL", &url).output().unwrap());
        assert_eq!((said.code, said.err.as_str()), (0, "The database is up to date.\n"), "{url:?}");
    }
}

#[test]
fn a_line_end_behind_a_password_from_the_environment_is_no_part_of_it() {
    let shell = Shell::demo();
    let words = ["user", "password", "--email", "owner@example.com"];
    let set = shell.command(&words).env("TOKENHOUSE_PASSWORD", "tall quiet harbour \r\n").output();
    assert_eq!(Said::from(set.unwrap()).code, 0);
    let hash = texts_in(&mut shell.conn(), "password_hash", "users WHERE email = 'owner@example.com'");
    #[allow(clippy::disallowed_methods, reason = "a test keeps nobody waiting")]
    let is_set = password::verify("tall quiet harbour ", &hash[0]);
    assert!(is_set);
}

#[test]
fn a_port_that_is_no_text_is_refused_like_one_that_is_no_number() {
    use std::os::unix::ffi::OsStrExt as _;
    let shell = Shell::empty();
    for port in [b"80\xff".as_slice(), b"eighty"] {
        // A setting that is refused, too, so that nothing is served in any case.
        let mut command = shell.command(&["serve", "--pool-size", "0"]);
        let said: Said = command.env("PORT", std::ffi::OsStr::from_bytes(port)).output().unwrap().into();
        assert_eq!(said.code, 1);
        assert!(said.err.contains("PORT must be a number from 0 to 65535, and is \""), "{}", said.err);
    }
}
