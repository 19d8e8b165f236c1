//! The API's description, made from its table of routes.

use super::facts;
use crate::support::client::read;
use crate::support::{House, OWNER, description, product};
use serde_json::Value;
use std::collections::BTreeSet;
use tokenhouse::policy::Access;

#[actix_web::test]
async fn the_description_names_every_route_and_nothing_else_and_anybody_may_read_it() {
    let house = House::open();
    let answer = read(house.anybody().request("GET", "/v2/openapi.json")).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    let described: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(&described, description::whole());
    assert_eq!(described["openapi"], "3.1.0");
    let routes: BTreeSet<(String, String)> = product()
        .api_routes()
        .iter()
        .map(|route| (route.method.to_lowercase(), route.path.to_owned()))
        .collect();
    let mut named = BTreeSet::new();
    for (path, item) in described["paths"].as_object().unwrap() {
        named.extend(item.as_object().unwrap().keys().map(|method| (method.clone(), path.clone())));
    }
    assert_eq!(named, routes);
    assert_eq!(facts::live_tokens(&house), 0);
}

#[test]
fn every_reference_in_the_description_leads_somewhere() {
    let whole = description::whole();
    let text = whole.to_string();
    let references: BTreeSet<&str> =
        text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(references.len() > 3, "{references:?}");
    for reference in references {
        assert!(whole.pointer(reference).is_some(), "{reference}");
    }
}

/// Any working token may ask them.
const WITHOUT_PERMISSION: [(&str, &str); 4] = [
    ("GET", "/v2/whoami"),
    ("GET", "/v2/tokens/verify"),
    ("GET", "/v2/accounts"),
    ("DELETE", "/v2/tokens/current"),
];

#[test]
fn every_permission_guards_a_route_and_every_route_names_a_permission() {
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    for route in product().api_routes() {
        match route.needs {
            None => assert!(WITHOUT_PERMISSION.contains(&(route.method, route.path)), "{}", route.path),
            Some((key, access)) => {
                assert!(catalogue.find(key).unwrap().access.contains(&access), "{} {}", route.path, key);
                let changes = route.method != "GET";
                assert_eq!(access == Access::Full, changes, "{} {}", route.method, route.path);
            }
        }
    }
    for permission in &catalogue.permissions {
        let key = permission.key.as_str();
        let guards =
            product().api_routes().iter().any(|route| route.needs.is_some_and(|(needed, _)| needed == key));
        assert!(guards, "{key}");
    }
}

#[actix_web::test]
async fn an_answer_that_is_not_as_described_fails_the_test_that_sees_it() {
    let house = House::open();
    let (_, secret) = house.signed_in(OWNER).await.make_full_token(house.account("Acme"), "Seen").await;
    let answer = read(house.anybody().request("GET", "/v2/whoami").bearer_auth(&secret)).await;
    let told = |body: String| {
        std::panic::catch_unwind(|| description::check("GET", "/v2/whoami", answer.status, &body)).is_ok()
    };
    assert!(told(answer.body.clone()));
    assert!(!told(answer.body.replacen("\"email\":", "\"mail\":", 1)), "a field of another name");
    assert!(
        !told(answer.body.replacen("\"id\":1", "\"id\":\"1", 1).replacen(",\"email", "\",\"email", 1)),
        "a number as text"
    );
    assert!(!told("{}".to_owned()), "nothing under data");
}
