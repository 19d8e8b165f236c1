//! The program with another catalogue than that of its build.

use crate::support::{SHOP, database};
use std::path::Path;
use std::process::{Command, Output};

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
