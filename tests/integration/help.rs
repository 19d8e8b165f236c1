//! `/help/api`: for everybody, and in step with the code.

use crate::facts;
use crate::support::{House, OWNER, public};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use tokenhouse::policy::{Catalogue, State};

/// Every code that the source of the API answers with.
fn codes_in_the_source(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            codes_in_the_source(&path, found);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for mark in ["Unauthenticated(\"", "denied(\"", "forbidden(\"", "code: \""] {
            found.extend(code.split(mark).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
        }
        for rest in code.split("refused(StatusCode::").skip(1) {
            if let Some(text) = rest.split_once(", \"").filter(|(status, _)| !status.contains([')', '('])) {
                found.insert(text.1.split('"').next().unwrap().to_owned());
            }
        }
        // The table of errors: `=> ("message", "code")`.
        for line in code.lines().filter(|line| line.contains("=> (") && line.trim_end().ends_with("\"),")) {
            found.insert(line.rsplit('"').nth(1).unwrap().to_owned());
        }
    }
}

#[actix_web::test]
async fn the_page_names_every_code_that_the_api_answers_with_and_no_other() {
    let house = House::open();
    let page = house.anybody().get("/help/api").await;
    let said: BTreeSet<String> = page.all("[data-of='codes'] tbody th").into_iter().collect();
    let mut answered = BTreeSet::new();
    codes_in_the_source(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api"), &mut answered);
    answered.extend(State::ALL.iter().filter_map(|state| state.code()).map(str::to_owned));
    assert!(answered.len() > 20, "the source was not read: {answered:?}");
    assert_eq!(said, answered);
}

#[actix_web::test]
async fn anybody_may_read_it_and_it_says_where_the_house_is() {
    let house = House::with(|config| config.public = public("https://tokens.example"));
    let mut anybody = house.anybody();
    let page = anybody.get("/help/api").await;
    assert_eq!((page.status.as_u16(), page.heading().as_str()), (200, "The API"));
    let text = page.text();
    for part in [
        "https://tokens.example/v2/whoami",
        "Authorization: Bearer TOKEN",
        "xc-token: TOKEN",
        "zones:*,!example.com:write",
        "X-RateLimit-Remaining",
        "2400 calls an hour",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(page.links().contains(&"/v2/openapi.json".to_owned()));
    assert!(page.all("nav.nav a").is_empty() && page.links().contains(&"/sign-in".to_owned()));
    let keys = page.all("[data-of='permissions'] tbody th");
    let catalogue = Catalogue::embedded().unwrap();
    assert_eq!(keys, catalogue.permissions.iter().map(|one| one.key.to_string()).collect::<Vec<_>>());
    assert_eq!(facts::sessions(&house), 0);
}

#[actix_web::test]
async fn it_is_linked_beside_the_secret_and_at_the_foot_of_every_page() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let nonce = owner.new_form(acme).await;
    let fields =
        [("name", "X"), ("reach", "everything"), ("expires", "90"), ("nonce", &nonce), ("do", "generate")];
    let created = owner.post(&format!("/accounts/{acme}/tokens"), &fields).await;
    assert_eq!(created.attributes(".card a[target='_blank']", "href"), ["/help/using", "/help/api"]);
    let signed_in = owner.get("/help/api").await;
    assert!(signed_in.text().contains("owner@example.com") && !signed_in.body.contains(&created.secret()));
    for path in ["/accounts", "/nothing", "/sign-in"] {
        assert!(house.anybody().get("/sign-in").await.links().contains(&"/help/api".to_owned()));
        assert!(
            path == "/sign-in" || owner.get(path).await.links().contains(&"/help/api".to_owned()),
            "{path}"
        );
    }
    assert_eq!(facts::live_tokens(&house), 1);
}
