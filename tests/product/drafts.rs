//! `catalogue from-openapi` on the public descriptions of others.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tokenhouse::policy::{
    Access, AccountId, Catalogue, Decision, Holder, Needs, PartsAsked, Policy, Request, Rights, Target,
    decide,
};

const PUBLISHED: [&str; 4] = [
    "@figma/rest-api-spec/openapi/openapi.yaml",
    "@netlify/open-api/dist/swagger.json",
    "@readme/oas-examples/3.0/yaml/star-trek.yaml",
    "@readme/oas-examples/3.1/json/train-travel.json",
];

fn published(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/npm/node_modules");
    let file = folder.join(name);
    assert!(file.exists(), "{} is missing: script/test installs it", file.display());
    file
}

fn run(file: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tokenhouse"))
        .args(["catalogue", "from-openapi"])
        .arg(file)
        .output()
        .unwrap()
}

/// The description itself, and its draft.
fn draft(file: &Path) -> (Value, String) {
    let output = run(file);
    assert!(output.status.success(), "{output:?}");
    let (draft, note) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let guesses = draft.matches("# decide:").count();
    assert!(guesses > 5 && note.starts_with(&format!("{guesses} things were guessed")), "{note}");
    let text = std::fs::read_to_string(file).unwrap();
    let document = serde_json::from_str(&text).unwrap_or_else(|_| serde_saphyr::from_str(&text).unwrap());
    (document, draft)
}

/// A path that calls of the description have.
fn called(base: &str, written: &str) -> String {
    let segments: Vec<&str> =
        written.split('/').map(|one| if one.contains('{') { "42" } else { one }).collect();
    format!("{base}{}", segments.join("/"))
}

#[test]
fn published_descriptions_become_drafts_that_pass_the_check_and_take_their_calls() {
    for name in PUBLISHED {
        let (document, draft) = draft(&published(name));
        let (catalogue, faults) = Catalogue::check(&draft, &[]);
        let catalogue = catalogue.unwrap_or_else(|| panic!("{name}: {faults:?}"));
        let server = document.pointer("/servers/0/url").and_then(Value::as_str).unwrap_or_default();
        let in_server = server.splitn(4, '/').nth(3).map(|rest| format!("/{rest}"));
        let base = document["basePath"].as_str().map(str::to_owned).or(in_server).unwrap_or_default();
        let base = base.trim_end_matches('/');
        let (mut asked, mut open) = (0, 0);
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in ["get", "post", "put", "patch", "delete"] {
                let Some(operation) = item.get(method) else { continue };
                let call = called(base, path);
                let found = catalogue.routes.find(&method.to_uppercase(), &call);
                let found = found.unwrap_or_else(|| panic!("{name}: no route takes {method} {call}"));
                let public = operation.get("security").and_then(Value::as_array).is_some_and(Vec::is_empty);
                assert_eq!(found.route.needs == Needs::Open, public, "{name}: {method} {call}");
                let writes = matches!(&found.route.needs, Needs::Scope(_, Access::Full));
                assert!(public || writes == (method != "get"), "{name}: {method} {call}");
                asked += 1;
                open += usize::from(public);
            }
        }
        assert!(asked > 5 && open * 2 < asked, "{name}: {open} of {asked} are open");
    }
}

#[test]
fn a_draft_grants_nothing_by_itself() {
    for name in PUBLISHED {
        let (_, draft) = draft(&published(name));
        let catalogue = Catalogue::check(&draft, &[]).0.unwrap();
        assert!(catalogue.templates.is_empty(), "{name}");
        let policy = Policy::unconditional(Rights::Grants(Vec::new()));
        let account = AccountId::from(1);
        for route in catalogue.routes.iter() {
            let Needs::Scope(permission, access) = &route.needs else { continue };
            for target in [Target::Collection, Target::New, Target::All] {
                let parts = PartsAsked::Aside;
                let request = Request { account, permission, access: *access, target, parts };
                let decision = decide(&catalogue, &policy, &Holder::Account(account), &request);
                assert_ne!(decision, Decision::Allow, "{name}: {}", route.written);
            }
        }
    }
}

#[test]
fn what_is_guessed_follows_the_words_of_the_description() {
    let (_, draft) = draft(&published("@readme/oas-examples/3.1/json/train-travel.json"));
    let catalogue = Catalogue::check(&draft, &[]).0.unwrap();
    let bookings = catalogue.find("bookings").unwrap();
    assert_eq!(bookings.narrowed_by.unwrap().as_str(), "booking");
    assert_eq!(
        (bookings.access.as_slice(), bookings.creates),
        (&[Access::Read, Access::Full][..], bookings.narrowed_by)
    );
    assert_eq!(catalogue.find("stations").unwrap().access, [Access::Read]);
    for line in [
        "pattern = \"[0-9a-fA-F-]{36}\" # decide:",
        "path = \"/bookings/{booking}/payment\"",
        "target = \"new\" # decide:",
        "target = \"all\" # decide:",
    ] {
        assert!(draft.contains(line), "{line}\n{draft}");
    }
}

#[test]
fn what_is_no_description_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("api.yaml");
    for (text, said) in [
        ("", "is no OpenAPI description"),
        ("a: [", "is no OpenAPI description"),
        ("{\"info\": {}}", "it has neither “openapi” nor “swagger” at its top"),
        ("openapi: 3.1.0\ninfo: {title: X, version: '1'}\n", "it has no “paths”"),
        ("openapi: 3.0.0\npaths: {/x: {get: {security: []}}}\n", "none of its calls needs a token"),
    ] {
        std::fs::write(&file, text).unwrap();
        let output = run(&file);
        assert_eq!(output.status.code(), Some(1), "{text}");
        let why = String::from_utf8(output.stderr).unwrap();
        assert!(why.contains(said) && output.stdout.is_empty(), "{text}: {why}");
    }
    std::fs::remove_file(&file).unwrap();
    assert!(String::from_utf8(run(&file).stderr).unwrap().contains("cannot be read"));
    // Names that nothing can be called, parameters beside letters, two spellings of one call.
    std::fs::write(
        &file,
        "openapi: 3.0.0\nservers: [{url: 'https://{region}.x.test/v1'}]\npaths:\n  /a b/{x}.json: {get: {tags: ['Ünï 5']}}\n\
         \x20 /things/{id}: {get: {}, head: {}}\n  /things/{name}: {get: {}, patch: {}}\n  /accounts/{a}/x: {get: {}}\n",
    )
    .unwrap();
    let output = run(&file);
    let draft = String::from_utf8(output.stdout).unwrap();
    assert!(Catalogue::check(&draft, &[]).0.is_some(), "{draft}\n{:?}", output.stderr);
    for line in [
        "path = \"/v1/{*}/{*}\"",
        "/accounts/{account}/x",
        "it also takes 2 calls that differ",
        "in_path = \"ref\"",
    ] {
        assert!(draft.contains(line), "{line}\n{draft}");
    }
}
