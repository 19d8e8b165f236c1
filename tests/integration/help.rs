//! `/help/api`: for everybody, and in step with the code.

use crate::facts;
use crate::support::{House, OWNER, product, public};
use serde_json::{Value, json};
use tokenhouse::dns::models::DnsRefusal;
use tokenhouse::policy::RefusalCode;

#[actix_web::test]
async fn the_page_and_the_description_name_every_code_that_a_call_can_be_refused_with() {
    let house = House::open();
    let own = RefusalCode::ALL.iter().map(|code| (code.facts().status, code.key()));
    let example = DnsRefusal::ALL.iter().map(|code| (code.facts().status, code.key()));
    let every: Vec<(u16, &str)> = own.chain(example).collect();
    let page = house.anybody().get("/help/api").await;
    let rows: Vec<String> = page.all("[data-of='codes'] tbody tr");
    let names = page.all("[data-of='codes'] tbody th");
    assert_eq!(names, every.iter().map(|(_, key)| *key).collect::<Vec<_>>());
    for (row, (status, key)) in rows.iter().zip(&every) {
        assert!(row.contains(&status.to_string()), "{key}: {row}");
    }
    let description: Value = serde_json::from_str(&product().api_description().unwrap()).unwrap();
    let described = &description["components"]["schemas"]["ErrorBody"]["properties"]["code"]["enum"];
    assert_eq!(described, &json!(names));
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
    let catalogue = tokenhouse::dns::catalogue().unwrap();
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
