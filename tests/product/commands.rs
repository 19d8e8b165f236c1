//! The program with another catalogue than that of its build.

use crate::support::{SHOP, database};
use secrecy::SecretString;
use std::path::Path;
use std::process::{Command, Output};
use tokenhouse::db;
use tokenhouse::models::Resource;
use tokenhouse::policy::{AccountId, KindKey};

fn run(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokenhouse"));
    for name in ["TOKENHOUSE_CATALOGUE", "TOKENHOUSE_CONFIG", "TOKENHOUSE_DEMO", "DATABASE_URL"] {
        command.env_remove(name);
    }
    command.args(args).output().unwrap()
}

/// What a command that fails says.
pub fn refused(args: &[&str]) -> String {
    let output = run(args);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn serve_refuses_a_catalogue_that_it_cannot_use() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &Path| path.to_str().unwrap().to_owned();
    let missing = at(&folder.path().join("missing.toml"));
    let said = refused(&["serve", "--catalogue", &missing]);
    assert!(said.contains(&format!("The catalogue {missing} cannot be read: No such file")), "{said}");
    let broken = folder.path().join("broken.toml");
    let text =
        std::fs::read_to_string(SHOP).unwrap().replacen("category = \"money\"", "category = \"gold\"", 1);
    std::fs::write(&broken, text).unwrap();
    let said = refused(&["serve", "--catalogue", &at(&broken)]);
    assert!(said.contains(&format!("{}:", at(&broken))), "{said}");
    assert!(said.contains("there is no category “gold”; there are selling, money, user"), "{said}");
}

#[test]
fn the_demo_data_needs_the_example() {
    let said = refused(&["serve", "--catalogue", SHOP, "--demo"]);
    assert!(said.contains("The demo data belongs to the example"), "{said}");
}

#[cfg(not(feature = "dns"))]
#[test]
fn serve_without_a_catalogue_says_how_to_name_one() {
    let said = refused(&["serve"]);
    assert!(
        said.contains("This build has no built-in catalogue. Say which with --catalogue FILE."),
        "{said}"
    );
    let said = refused(&["demo"]);
    assert!(said.contains("The demo data belongs to the example"), "{said}");
}

#[test]
fn resources_of_a_kind_are_added_and_removed() {
    let database = database::empty();
    let url = database::url(&database);
    let told = |args: &[&str]| {
        let output = run(&[args, &["--database-url", &url]].concat());
        assert!(output.status.success(), "{args:?} {output:?}");
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    told(&["user", "create", "--email", "owner@example.com", "--name", "Olive"]);
    let create = ["account", "create", "--name", "Acme", "--owner", "owner@example.com"];
    let (number, _) = told(&[&create[..], &["--plan", "basic", "--catalogue", SHOP]].concat());
    let resource = |act: &'static str, more: &[&'static str]| {
        let args = ["resource", act, "--account", number.trim(), "--catalogue", SHOP];
        told(&[&args[..], more].concat()).1
    };
    assert_eq!(resource("add", &["--kind", "store", "berlin", "munich"]), "2 added, 0 were there already.\n");
    assert_eq!(resource("add", &["berlin"]), "0 added, 1 were there already.\n");
    assert_eq!(resource("remove", &["munich", "hamburg"]), "1 removed, 1 were not there.\n");
    let wrong = ["resource", "add", "--account", number.trim(), "--catalogue", SHOP, "--database-url", &url];
    let said = refused(&[&wrong[..], &["--kind", "shop", "berlin"]].concat());
    assert!(said.contains("There is no kind “shop”; there are: store."), "{said}");
    let said = refused(&[&wrong[..], &["two words"]].concat());
    assert!(said.contains("“two words” is no name of a store"), "{said}");
    let token = ["token", "create", "--account", number.trim(), "--name", "Till", "--expires", "never"];
    let (_, said) = told(&[&token[..], &["--scope", "orders:berlin:read", "--catalogue", SHOP]].concat());
    assert!(said.contains("Can read orders of berlin, and of no other store."), "{said}");
}

/// What a command answers.
pub fn answered(args: &[&str]) -> String {
    let output = run(args);
    assert!(output.status.success(), "{args:?} {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_starter_is_a_catalogue_without_a_mistake() {
    let starter = answered(&["catalogue", "starter"]);
    assert!(starter.contains("# What new secrets begin with: shop_a_…."), "{starter}");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &starter).unwrap();
    let path = file.path().to_str().unwrap();
    assert_eq!(answered(&["catalogue", "check", path]), "");
    assert_eq!(answered(&["catalogue", "check", path, "--json"]), "[]\n");
    let said = String::from_utf8(run(&["catalogue", "check", path]).stderr).unwrap();
    assert_eq!(said, format!("{path} can be used: 4 permissions, 11 routes, 0 warnings.\n"));
}

#[test]
fn check_names_every_mistake_with_its_place_and_fails_on_errors_only() {
    let shop = std::fs::read_to_string(SHOP).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let check = |text: &str, more: &[&str]| {
        std::fs::write(file.path(), text).unwrap();
        let output = run(&[&["catalogue", "check", path], more].concat());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let unused = shop.replacen("scope = \"payouts:read\"", "any_token = true", 1);
    let line = 1 + shop.lines().position(|line| line.contains("key = \"payouts\"")).unwrap() - 1;
    let (code, out, err) = check(&unused, &[]);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(out, format!("{path}:{line}:1: warning: no route needs permission “payouts”\n"));
    assert!(err.ends_with(" can be used: 4 permissions, 11 routes, 1 warning.\n"), "{err}");

    let broken = unused.replacen("category = \"money\"", "category = \"gold\"", 1).replacen(
        "[product]",
        "[produce]",
        1,
    );
    let (code, out, err) = check(&broken, &[]);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("“produce”") && out.contains("there is no category “gold”"), "{out}");
    assert!(out.lines().all(|line| line.starts_with(&format!("{path}:"))), "{out}");
    assert_eq!(err, format!("tokenhouse: {path} can't be used: 3 errors, 1 warning.\n"));

    let (code, out, _) = check(&broken, &["--json"]);
    let faults: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, faults.as_array().unwrap().len()), (Some(1), 4));
    let warning = &faults[3];
    assert_eq!(
        (&warning["line"], &warning["column"], &warning["severity"]),
        (&line.into(), &1.into(), &"warning".into())
    );
    assert_eq!(warning["message"], "no route needs permission “payouts”");
    assert!(refused(&["catalogue", "check", "missing.toml"]).contains("missing.toml cannot be read"));
}

#[test]
fn routes_says_which_call_needs_what_and_what_it_is_about() {
    let table = answered(&["catalogue", "routes", SHOP]);
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect();
    assert_eq!(rows.len(), 12, "{table}");
    for row in [
        &["METHODS", "PATH", "NEEDS", "ABOUT"][..],
        &["GET", "/v1/stores", "stores:read", "stores that the API filters"],
        &["POST", "/v1/stores", "stores:write", "a new store"],
        &["PATCH,DELETE", "/v1/stores/{store}", "stores:write", "the store in the path"],
        &["GET", "/v1/payouts", "payouts:read", "the account"],
        &["GET", "/health", "nothing"],
    ] {
        assert!(rows.iter().any(|one| one == row), "{row:?} {table}");
    }
}

#[test]
fn try_says_how_a_call_is_read_and_why_it_is_refused() {
    let attempt = |file, method, path| run(&["catalogue", "try", method, path, "--catalogue", file]);
    let reads = |file, method, path| {
        let output = attempt(file, method, path);
        assert!(output.status.success(), "{method} {path} {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(
        reads(SHOP, "GET", "/v1/stores/berlin/orders?page=2"),
        "route: GET /v1/stores/{store}/orders\nstore: berlin\nneeds: orders:read\nabout: the store in the \
         path\nscope: orders:berlin:read\n"
    );
    assert_eq!(
        reads(SHOP, "POST", "/v1/stores"),
        "route: POST /v1/stores\nneeds: stores:write\nabout: a new store\nscope: stores:*:write\n"
    );
    assert_eq!(reads(SHOP, "HEAD", "/health"), "route: GET /health\nneeds: nothing\n");
    let ci = SHOP.replace("shop.toml", "ci.toml");
    assert_eq!(
        reads(&ci, "POST", "/api/acme/projects/Website/branches/main/runs"),
        "route: POST /api/{account}/projects/{project}/branches/{project.branch}/runs\naccount: acme\nproject: \
         website\nbranches: main\nneeds: pipelines:write\nabout: the project in the path, narrowed to its \
         branches\nscope: pipelines:website:write\n"
    );
    for (method, path, why) in [
        ("GET", "/v1/../health", "programs could read the path “/v1/../health” in more than one way"),
        ("GET", "/v1/stores/Berlin", "“Berlin” can't be one of these: store."),
        ("GET", "/v2", "No route takes GET /v2, so the call is refused (code no_route).\n"),
        (
            "get",
            "/health",
            "No route takes get /health, so the call is refused (code no_route). It takes GET.",
        ),
        ("PUT", "/v1/stores/berlin", "It takes DELETE, GET, PATCH."),
    ] {
        let output = attempt(SHOP, method, path);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && said.contains(why), "{method} {path} {said}");
    }
}

/// A shop's database with an account for each of these names.
struct Shop {
    url: String,
    folder: tempfile::TempDir,
}

impl Shop {
    fn open(names: &[&str]) -> (Shop, Vec<String>) {
        let shop = Shop { url: database::url(&database::empty()), folder: tempfile::tempdir().unwrap() };
        shop.told(&["user", "create", "--email", "owner@example.com", "--name", "Olive"]);
        let create = |name: &&str| {
            let args = ["account", "create", "--name", name, "--owner", "owner@example.com"];
            shop.told(&[&args[..], &["--catalogue", SHOP]].concat()).0.trim().to_owned()
        };
        let numbers = names.iter().map(create).collect();
        (shop, numbers)
    }

    fn run(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let output = run(&[args, &["--database-url", &self.url]].concat());
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    fn told(&self, args: &[&str]) -> (String, String) {
        let (code, out, err) = self.run(args);
        assert_eq!(code, Some(0), "{args:?} {err}");
        (out, err)
    }

    /// Runs an import of a file with this content, and answers whether it succeeded and what it says.
    fn import(&self, account: &str, file: &str, text: &str, more: &[&str]) -> (bool, String) {
        let path = self.folder.path().join(file);
        std::fs::write(&path, text).unwrap();
        let args = ["resource", "import", path.to_str().unwrap(), "--account", account, "--kind", "store"];
        let (code, _, err) = self.run(&[&args[..], &["--catalogue", SHOP], more].concat());
        (code == Some(0), err.replace(path.to_str().unwrap(), file))
    }

    fn names(&self, account: &str) -> Vec<String> {
        let mut conn = db::connect(&SecretString::from(self.url.clone())).unwrap();
        let account: AccountId = account.parse().unwrap();
        let found = Resource::search(&mut conn, &[account], KindKey::literal("store"), "", 100).unwrap();
        found.into_iter().map(|one| one.name).collect()
    }
}

#[test]
fn import_makes_a_file_the_whole_list_and_a_second_run_changes_nothing() {
    let (shop, accounts) = Shop::open(&["Acme"]);
    let acme = accounts[0].as_str();
    let done = |counts: &str| (true, format!("{counts}.\n"));
    let csv = "name\nberlin\n\"munich\"\n\n hamburg \nberlin\n";
    assert_eq!(shop.import(acme, "a.csv", csv, &[]), done("3 added, 0 removed, 0 unchanged"));
    assert_eq!(shop.import(acme, "a.csv", csv, &[]), done("0 added, 0 removed, 3 unchanged"));
    let token = ["token", "create", "--account", acme, "--name", "Till", "--expires", "never"];
    shop.told(&[&token[..], &["--scope", "orders:munich:read", "--catalogue", SHOP]].concat());

    let lines = "{\"name\": \"berlin\"}\n{\"name\": \"bremen\"}\n";
    let (_, said) = shop.import(acme, "list", lines, &["--dry-run"]);
    assert_eq!(
        said,
        "Would be: 1 added, 2 removed, 1 unchanged.\nTokens that name what is removed: 1: Till.\n"
    );
    assert_eq!(shop.names(acme), ["berlin", "hamburg", "munich"]);
    let (_, said) = shop.import(acme, "list", lines, &[]);
    assert_eq!(said, "1 added, 2 removed, 1 unchanged.\nTokens that name what is removed: 1: Till.\n");
    assert_eq!(shop.names(acme), ["berlin", "bremen"]);
}

#[test]
fn import_removes_many_only_when_their_number_is_said() {
    let (shop, accounts) = Shop::open(&["Acme"]);
    let acme = accounts[0].as_str();
    let list = |count| (0..count).map(|number| format!("store{number}\n")).collect::<String>();
    let file = |count| format!("name\n{}", list(count));
    assert!(shop.import(acme, "a.csv", &file(40), &[]).0);
    // As many as ten need no number; neither would a tenth of a long list.
    assert!(shop.import(acme, "a.csv", &file(30), &[]).0);
    let refused = "tokenhouse: The file would remove 11 of 30 stores. Nothing was changed. If that's right, \
                   say so with --removals 11.\n";
    for wrong in [&[][..], &["--removals", "10"], &["--removals", "12"]] {
        assert_eq!(shop.import(acme, "a.csv", &file(19), wrong), (false, refused.to_owned()));
    }
    let (_, said) = shop.import(acme, "a.csv", &file(19), &["--dry-run"]);
    assert_eq!(said, "Would be: 0 added, 11 removed, 19 unchanged.\nIt would need --removals 11.\n");
    assert_eq!(shop.names(acme).len(), 30);
    assert!(shop.import(acme, "a.csv", &file(19), &["--removals", "11"]).0);
    assert!(shop.import(acme, "a.csv", &file(9), &[]).0);
    for empty in ["", "name\n", "\n"] {
        let (done, said) = shop.import(acme, "a.csv", empty, &[]);
        assert!(!done && said.contains("would remove 9 of 9 stores"), "{empty:?} {said}");
    }
    assert!(shop.import(acme, "a.jsonl", "", &["--removals", "9"]).0);
    assert_eq!(shop.names(acme), [""; 0]);
}

#[test]
fn import_names_every_bad_row_and_changes_nothing() {
    let (shop, accounts) = Shop::open(&["Acme"]);
    let acme = accounts[0].as_str();
    let (done, said) = shop.import(acme, "a.csv", "name\nberlin\nBerlin\ntwo words\na,b\n", &[]);
    let lines: Vec<&str> = said.lines().collect();
    assert!(!done);
    assert_eq!(lines[0], "tokenhouse: Nothing was changed: 3 rows can't be used.");
    assert!(lines[1].starts_with("a.csv:3: “Berlin” is no name of a store: it has to fit [a-z]"), "{said}");
    assert!(lines[2].starts_with("a.csv:4: “two words” is no name of a store"), "{said}");
    assert_eq!(lines[3], "a.csv:5: it has 2 columns in place of 1");
    let json = "{\"name\": \"berlin\"}\n{\"name\": \"munich\", \"title\": \"x\"}\nberlin\n";
    let (done, said) = shop.import(acme, "a.jsonl", json, &[]);
    assert!(
        !done && said.contains("2 rows") && said.contains("\na.jsonl:2: unknown field `title`"),
        "{said}"
    );
    let (done, said) = shop.import(acme, "a.csv", "berlin\n", &[]);
    assert!(
        !done && said.contains("a.csv:1: the first line has to be “name”, and it is “berlin”."),
        "{said}"
    );
    assert_eq!(shop.names(acme), [""; 0]);
}

#[test]
fn a_name_that_is_given_once_is_refused_to_another_account() {
    let (shop, accounts) = Shop::open(&["Acme", "Rival"]);
    let (acme, rival) = (accounts[0].as_str(), accounts[1].as_str());
    assert!(shop.import(acme, "a.csv", "name\nberlin\nmunich\n", &[]).0);
    let add = ["resource", "add", "--account", rival, "--catalogue", SHOP, "hamburg", "berlin"];
    let (code, _, said) = shop.run(&add);
    assert_eq!(code, Some(1));
    assert_eq!(said, "tokenhouse: Another account has these stores: “berlin”. Nothing was changed.\n");
    let file = "name\nhamburg\nmunich\nberlin\n";
    for more in [&[][..], &["--dry-run"]] {
        let (done, said) = shop.import(rival, "a.csv", file, more);
        assert!(!done, "{said}");
        let lines: Vec<&str> = said.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "a.csv:3: another account has the store “munich”",
                "a.csv:4: another account has the store “berlin”"
            ]
        );
    }
    assert_eq!(shop.names(rival), [""; 0]);
    // What one account gives up, another one can have.
    assert!(shop.import(acme, "a.csv", "name\nmunich\n", &[]).0);
    shop.told(&add);
    assert_eq!(shop.names(rival), ["berlin", "hamburg"]);
}

#[test]
fn a_kind_that_becomes_unique_on_the_site_takes_the_names_that_are_there_or_refuses_to_start() {
    let (shop, accounts) = Shop::open(&["Acme", "Rival"]);
    let (acme, rival) = (accounts[0].as_str(), accounts[1].as_str());
    let before = shop.folder.path().join("before.toml");
    let text = std::fs::read_to_string(SHOP).unwrap();
    std::fs::write(&before, text.replace("unique = \"site\"", "unique = \"account\"")).unwrap();
    let add = |account: &str, names: &[&str]| {
        let args = ["resource", "add", "--account", account, "--catalogue", before.to_str().unwrap()];
        shop.told(&[&args[..], names].concat());
    };
    add(acme, &["berlin", "munich", "hamburg"]);
    add(rival, &["berlin", "munich", "bremen"]);
    let serve = ["serve", "--listen", "127.0.0.1:0", "--catalogue", SHOP];
    let refused = "tokenhouse: the catalogue gives each name of stores once on the whole site, and more than one \
                   account has “berlin”, “munich”. Remove them from all accounts but one with `tokenhouse \
                   resource remove`, or take `unique = \"site\"` out.\n";
    assert_eq!(shop.run(&serve), (Some(1), String::new(), refused.to_owned()));

    let remove = ["resource", "remove", "--account", rival, "--catalogue", SHOP, "berlin", "munich"];
    shop.told(&remove);
    let mut conn = db::connect(&SecretString::from(shop.url.clone())).unwrap();
    let catalogue = crate::support::shop().catalogue;
    assert!(Resource::make_names_unique(&mut conn, &catalogue.kinds).unwrap().is_empty());
    let args = ["resource", "add", "--account", rival, "--catalogue", SHOP, "hamburg"];
    let (code, _, said) = shop.run(&args);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(said, "tokenhouse: Another account has these stores: “hamburg”. Nothing was changed.\n");
}
