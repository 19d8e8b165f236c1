//! What pictures promise: each page has one, they are the same each time, and no secret in them
//! works.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken expectation fails the test")]

use crate::driver::{self, Driver};
use crate::list::{FILE, List};
use crate::run::Shop;
use crate::stage::Stage;
use crate::{Args, Theme};
use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use tokenhouse::extension::Product;
use tokenhouse::models::example;
use tokenhouse::models::token::secret::{self, Kind, Secret};

/// Says what chromedriver says: the port asked for, then the port it has, or that it has none.
/// It counts its starts in a file, and has one at the third.
const LISTENS_AT_THE_THIRD: &str = r#"printf x >>"$0"
echo "Starting ChromeDriver on port 0"
if [ "$(cat "$0")" = xxx ]; then echo "ChromeDriver was started successfully on port 4711."
else echo "IPv4 port not available. Exiting..."; fi"#;

/// Examples are counted for the whole process.
static EXAMPLES: Mutex<()> = Mutex::new(());

fn list() -> List {
    List::parse(&std::fs::read_to_string(FILE).unwrap()).unwrap()
}

/// An address with its placeholders made alike, and without its query.
fn shape(address: &str) -> String {
    let path = address.split('?').next().unwrap_or_default();
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn every_page_is_shown_by_a_picture_or_has_a_reason_why_not() {
    let list = list();
    let shown: HashSet<String> = list.pictures.iter().map(|picture| shape(&picture.page)).collect();
    let unshown: HashSet<String> = list.unshown.iter().map(|one| shape(&one.route)).collect();
    let routes: HashSet<String> = Product::choose(None, Some(tokenhouse::dns::EXTENSION))
        .unwrap()
        .page_table()
        .into_iter()
        .filter(|(method, _)| *method == "GET")
        .map(|(_, path)| shape(path))
        .collect();
    let missing: Vec<_> =
        routes.iter().filter(|one| !shown.contains(*one) && !unshown.contains(*one)).collect();
    assert_eq!(missing, Vec::<&String>::new(), "pages without a picture in {FILE}");
    let idle: Vec<_> = unshown.iter().filter(|one| shown.contains(*one) || !routes.contains(*one)).collect();
    assert_eq!(idle, Vec::<&String>::new(), "reasons that nothing needs in {FILE}");
    assert!(list.unshown.iter().all(|one| one.why.len() > 5));
}

#[test]
fn a_driver_whose_port_was_taken_beside_it_is_started_again() {
    let starts = tempfile::NamedTempFile::new().unwrap();
    let mut command = Command::new("sh");
    let (_, port) = driver::listening(command.args(["-c", LISTENS_AT_THE_THIRD]).arg(starts.path())).unwrap();
    assert_eq!(port, 4711);

    let mut deaf = Command::new("sh");
    let error = driver::listening(deaf.args(["-c", "echo on port 0; echo no port is left"])).err().unwrap();
    assert_eq!(error.to_string(), "chromedriver took no port in 10 starts: no port is left");
}

#[test]
fn what_is_wrong_in_the_list_is_said_with_its_line() {
    let start = "\n[[picture]]\nname = \"a\"\npage = \"/\"\nheading = \"A\"\n";
    for (more, said) in [
        ("stepz = []", "unknown field `stepz`"),
        ("steps = [{ pres = \"OK\" }]", "unknown variant `pres`"),
        ("as = \"nobody\"", "unknown variant `nobody`"),
        ("rings = [{ role = \"link\", text = \"OK\" }]", "unknown field `text`"),
    ] {
        let error = List::parse(&format!("{start}{more}\n")).unwrap_err();
        assert!(error.contains(said) && error.contains("line 6"), "{error}");
    }
    let twice = List::parse(&format!("{start}{start}")).unwrap_err();
    assert_eq!(twice, "docs/pictures.toml, line 8: a: there is another picture with this name");
}

#[test]
fn not_one_example_is_taken_for_a_secret_and_each_run_has_the_same() {
    let _alone = EXAMPLES.lock().unwrap_or_else(PoisonError::into_inner);
    let examples = || {
        example::begin_at(1);
        let one = |number: usize| {
            let kind = if number.is_multiple_of(2) { Kind::Account } else { Kind::User };
            Secret::generate("tkh", kind).unwrap().expose().to_owned()
        };
        (0..1_000).map(one).collect::<Vec<_>>()
    };
    let made = examples();
    assert!(made.iter().all(|text| secret::presented(text).is_none() && text.len() == 42), "one would work");
    assert_eq!(made.iter().collect::<HashSet<_>>().len(), made.len());
    assert_eq!(examples(), made);
}

/// Pictures of this width, into this folder.
fn args(out: &Path, width: u32) -> Args {
    Args { out: out.to_owned(), only: Vec::new(), theme: Theme::Light, width, scale: 1, check: false }
}

#[test]
fn a_picture_is_the_same_twice_and_says_where_it_fails() {
    let _alone = EXAMPLES.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let args = args(folder.path(), 1280);
    let mut picture =
        list().pictures.into_iter().find(|picture| picture.name() == "access-token-generated").unwrap();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let shop =
            Shop { args: &args, stage: Stage::build().unwrap(), driver: Driver::start().await.unwrap() };
        let first = shop.one(1, &picture).await.unwrap().unwrap();
        // Number and bytes: what was done for the first one is not seen in the second.
        let second = shop.one(2, &picture).await.unwrap().unwrap();
        assert!(first.width == 1280 && first.height >= 800);
        assert_eq!(first.write().unwrap(), second.write().unwrap());

        picture.heading = "Another heading".to_owned();
        let failed = shop.one(3, &picture).await.unwrap().unwrap_err();
        assert!(failed.starts_with("FAILED at “see the heading “Another heading””"), "{failed}");
        assert!(folder.path().join("access-token-generated.failed.png").exists());
    });
}

#[test]
fn what_stands_in_a_folded_menu_is_shown_by_opening_it() {
    let _alone = EXAMPLES.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let args = args(folder.path(), 390);
    let list = list();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let shop =
            Shop { args: &args, stage: Stage::build().unwrap(), driver: Driver::start().await.unwrap() };
        for (number, name) in ["access-tokens-link", "account-settings"].into_iter().enumerate() {
            let picture = list.pictures.iter().find(|picture| picture.name() == name).unwrap();
            shop.one(number, picture).await.unwrap().unwrap();
        }
    });
}
