//! What opens something stays out of the log, wherever in a line it would be.

use crate::support::client::read;
use crate::support::{House, ledger};
use percent_encoding::percent_decode_str;
use tokenhouse::models::link::LinkSecret;
use tokenhouse::models::token::secret::{Kind, Secret};

/// A text in the spellings that a path can have.
fn spelled(text: &str) -> Vec<String> {
    let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let half = text.len() / 2;
    let mixed = format!("{}{}", &encoded[..half * 3], &text[half..]);
    vec![text.to_owned(), encoded.replace('%', "%25"), encoded, mixed]
}

#[actix_web::test]
async fn a_link_or_a_secret_is_in_no_line_of_the_log_however_its_address_is_spelled() {
    let house = House::open();
    let (link, secret) = (LinkSecret::generate().unwrap(), Secret::generate("tkh", Kind::User).unwrap());
    let held = [link.expose(), secret.expose()];
    held.into_iter().for_each(ledger::put_down);
    for place in [
        "/reset/",
        "/%72eset/",
        "/r%65%73et/",
        "/address/",
        "/invitations/",
        "/reset//",
        "/nowhere/",
        "/v2/1/",
    ] {
        for end in held.into_iter().flat_map(spelled) {
            read(house.anybody().request("GET", &format!("{place}{end}"))).await;
            read(house.anybody().request("GET", &format!("{place}{end}/join"))).await;
        }
    }
    for held in held {
        tracing::warn!(
            cause = format!("could not open “https://tokens.example/reset/{held}”: refused"),
            "from afar"
        );
    }
    let mut log = std::fs::read_to_string(ledger::run_folder().join("log.txt")).unwrap();
    for depth in 0..3 {
        for held in held {
            assert!(!log.contains(held), "decoded {depth} times, the log holds {held}");
        }
        log = percent_decode_str(&log).decode_utf8_lossy().into_owned();
    }
    assert!(log.contains("path=/nowhere/…/join}"), "the rest is logged");
}
