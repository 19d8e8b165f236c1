//! Calls that got past some proxy and its check once, and what each of them is told instead.

use crate::support::wire::Call;

/// The call that the token may make, and its neighbour.
pub const OWN: &str = "/v1/stores/berlin/orders";
pub const OTHER: &str = "/v1/stores/munich/orders";

/// What the check says to a call.
pub type Told = &'static [(u16, &'static str)];

const NO_TOKEN: Told = &[(401, "invalid_token")];
/// Joined by a comma, two are one that is wrong.
const TWO: Told = &[(401, "conflicting_credentials"), (401, "invalid_token")];
pub const NOT_NORMAL: Told = &[(403, "path_not_normal")];
const NO_ROUTE: Told = &[(403, "no_route")];
const NOT_THERE: Told = &[(404, "resource_not_found")];
/// Caddy writes such bytes in the one way that there is, for the check and for the API.
const NOT_NORMAL_OR_ENCODED: Told = &[(403, "path_not_normal"), (404, "resource_not_found")];
const OVERRIDE: Told = &[(403, "method_override")];

/// The paths, each with the token.
const PATHS: [(&str, &[u8], Told); 38] = [
    ("neighbour", b"/v1/stores/munich/orders", NOT_THERE),
    ("// in front", b"//v1/stores/berlin/orders", NOT_NORMAL),
    ("// inside", b"/v1/stores//berlin/orders", NOT_NORMAL),
    ("// at the end", b"/v1/stores/berlin/orders//", NOT_NORMAL),
    ("..", b"/v1/stores/berlin/../munich/orders", NOT_NORMAL),
    ("%2e%2e", b"/v1/stores/berlin/%2e%2e/munich/orders", NOT_NORMAL),
    (".%2e", b"/v1/stores/berlin/.%2e/munich/orders", NOT_NORMAL),
    (".. behind %2F", b"/v1/stores/berlin%2F..%2Fmunich/orders", NOT_NORMAL),
    (".. behind ;", b"/v1/stores/berlin/..;/munich/orders", NOT_NORMAL),
    ("..;/ to the own", b"/v1/stores/munich/..;/berlin/orders", NOT_NORMAL),
    (";x=1", b"/v1/stores/berlin;x=1/orders", NOT_NORMAL),
    ("%3B", b"/v1/stores/berlin%3Bx/orders", NOT_NORMAL),
    ("%62erlin", b"/v1/stores/%62erlin/orders", NOT_NORMAL),
    ("Berlin", b"/v1/stores/Berlin/orders", NOT_THERE),
    ("%00", b"/v1/stores/berlin%00/orders", NOT_NORMAL),
    ("%20", b"/v1/stores/berlin%20/orders", NOT_THERE),
    ("%23", b"/v1/stores/berlin%23/orders", NOT_NORMAL),
    ("#", b"/v1/stores/munich#/../berlin/orders", NOT_NORMAL),
    ("# behind the own", b"/v1/stores/berlin/orders#/../../munich/orders", NOT_NORMAL),
    ("%3F", b"/v1/stores/munich%3F/berlin/orders", NOT_NORMAL),
    ("the own as query", b"/v1/stores/munich/orders?/v1/stores/berlin/orders", NOT_THERE),
    ("\\", b"/v1/stores/berlin\\..\\munich/orders", NOT_NORMAL),
    ("%5C", b"/v1/stores/berlin%5C..%5Cmunich/orders", NOT_NORMAL),
    ("/ at the end", b"/v1/stores/berlin/orders/", NO_ROUTE),
    ("/.", b"/v1/stores/berlin/orders/.", NOT_NORMAL),
    ("%252F", b"/v1/stores/berlin%252Fmunich/orders", NOT_NORMAL),
    ("%C3%AF", b"/v1/stores/berl%C3%AFn/orders", NOT_THERE),
    ("UTF-8", b"/v1/stores/berl\xc3\xafn/orders", NOT_NORMAL_OR_ENCODED),
    ("%c0%ae", b"/v1/stores/berlin/%c0%ae%c0%ae/munich/orders", NOT_NORMAL),
    ("%ff", b"/v1/stores/berlin%ff/orders", NOT_NORMAL),
    ("/V1", b"/V1/stores/berlin/orders", NO_ROUTE),
    ("absolute form", b"http://evil.example/v1/stores/munich/orders", NOT_THERE),
    ("the address of the check", b"/_tokenhouse", NO_ROUTE),
    ("the same, encoded", b"/%5Ftokenhouse", NOT_NORMAL),
    ("the check itself", b"/authorize/nginx", NO_ROUTE),
    ("/", b"/", NO_ROUTE),
    ("*", b"*", NOT_NORMAL),
    ("%zz", b"/v1/stores/berlin%zz/orders", NOT_NORMAL),
];

/// All of them: name, call, and what the check says to it.
pub fn all(secret: &str) -> Vec<(String, Call, Told)> {
    let mut all = Vec::new();
    let mut add = |name: &str, call: Call, told: Told| all.push((name.to_owned(), call, told));
    for (name, target, told) in PATHS {
        add(name, Call::new("GET", target).bearing(secret), told);
    }
    let long = format!("{OWN}/{}", "a".repeat(5_000));
    add("5,000 letters", Call::new("GET", long).bearing(secret), NOT_NORMAL);

    add("no credential", Call::new("GET", OWN), NO_TOKEN);
    add("a wrong one", Call::new("GET", OWN).bearing("shop_a_nonsense"), NO_TOKEN);
    add("two", Call::new("GET", OWN).bearing("shop_a_nonsense").bearing(secret), TWO);
    add("two, the other way", Call::new("GET", OWN).bearing(secret).bearing("shop_a_nonsense"), TWO);
    let joined = format!("Bearer shop_a_nonsense, Bearer {secret}");
    add("joined by a comma", Call::new("GET", OWN).with("Authorization", joined), NO_TOKEN);
    let named = Call::new("GET", OWN).bearing("shop_a_nonsense").with("Connection", "Authorization");
    add("named in Connection", named, NO_TOKEN);

    add("a method of no route", Call::new("DELETE", OWN).bearing(secret), NO_ROUTE);
    add("lower case", Call::new("get", OWN).bearing(secret), NO_ROUTE);
    add("PURGE", Call::new("PURGE", OWN).bearing(secret), NO_ROUTE);
    add("TRACE", Call::new("TRACE", OWN).bearing(secret), NO_ROUTE);
    let overridden = format!("{OWN}?_method=DELETE");
    add("?_method=", Call::new("POST", overridden).bearing(secret), OVERRIDE);

    for name in ["X-Original-URI", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Forwarded-Prefix"]
    {
        for name in [name.to_owned(), name.replace('-', "_")] {
            for forged in [OWN, "/health"] {
                let call = Call::new("GET", OTHER).bearing(secret).with(&name, forged);
                add(&format!("{name}: {forged}"), call, NOT_THERE);
            }
        }
    }
    for name in ["X-Original-Method", "X-Forwarded-Method", "X_Original_Method", "X_Forwarded_Method"] {
        let call = Call::new("DELETE", OWN).bearing(secret).with(name, "GET");
        add(&format!("{name}: GET"), call, NO_ROUTE);
    }
    all
}
