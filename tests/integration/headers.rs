//! What stands on every answer, whatever it is.

use super::facts;
use crate::support::client::{Answer, Browser, read};
use crate::support::{House, OWNER, product};
use flate2::read::GzDecoder;
use std::io::Read;
use tokenhouse::policy::{AccountId, TokenId};

const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                   form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

async fn at_home(house: &House) -> (Browser, AccountId, TokenId) {
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, _) = owner.make_full_token(acme, "Deploy").await;
    (owner, acme, token)
}

fn pages(account: AccountId, token: TokenId) -> Vec<String> {
    let get = product().page_table().into_iter().filter(|(method, _)| *method == "GET");
    get.map(|(_, path)| {
        path.replace("{account}", &account.to_string()).replace("{token}", &token.to_string())
    })
    .map(|path| if path.ends_with("/resources") { format!("{path}?kind=zone") } else { path })
    .collect()
}

fn assert_hardened(answer: &Answer, what: &str) {
    // What stands in the path of an invitation opens something: it is told to nobody.
    let referrer = if what.contains("/invitations/{secret}") { "strict-origin" } else { "same-origin" };
    for (name, value) in [
        ("content-security-policy", CSP),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", referrer),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{name} of {what}");
        assert_eq!(answer.headers.get_all(name).iter().count(), 1, "{name} of {what}");
    }
    assert!(answer.header("permissions-policy").contains("camera=()"), "{what}");
    assert_eq!(answer.header("server"), "", "{what}");
}

#[actix_web::test]
async fn every_answer_is_hardened_and_none_but_files_may_be_stored() {
    let house = House::open();
    let (owner, acme, token) = at_home(&house).await;
    let nobody = house.anybody();
    let mut asked: Vec<(&Browser, &str, String, Option<u16>)> =
        pages(acme, token).into_iter().map(|path| (&owner, "GET", path, None)).collect();
    let tokens = format!("/accounts/{acme}/tokens");
    asked.extend([
        (&nobody, "GET", tokens.clone(), Some(303)),
        (&nobody, "GET", "/nothing".to_owned(), Some(404)),
        (&nobody, "GET", "/static/0000000000000000/app.css".to_owned(), Some(404)),
        (&owner, "GET", "/nothing/at/all".to_owned(), Some(404)),
        (&owner, "GET", format!("{tokens}?before=%00&done=%ff"), None),
        (&owner, "GET", format!("{tokens}/new?like=x"), Some(400)),
        (&nobody, "POST", "/sign-in".to_owned(), Some(400)),
        (&owner, "DELETE", tokens.clone(), Some(405)),
        (&nobody, "GET", "/v2/whoami".to_owned(), Some(401)),
        (&nobody, "GET", "/v2/nothing".to_owned(), Some(404)),
        (&nobody, "PUT", "/v2/whoami".to_owned(), Some(405)),
        (&nobody, "GET", "/healthz".to_owned(), Some(200)),
        (&nobody, "GET", "/readyz".to_owned(), Some(200)),
    ]);
    let before = facts::everything(&house);
    for (browser, method, path, status) in asked {
        let answer = read(browser.request(method, &path)).await;
        let what = format!("{method} {path}: {}", answer.status);
        assert!(status.is_none_or(|status| answer.status == status), "{what}");
        assert!(!answer.status.is_server_error(), "{what}");
        assert_hardened(&answer, &what);
        assert_eq!(answer.header("cache-control"), "no-store", "{what}");
    }
    assert_eq!(facts::everything(&house), before);
}

#[actix_web::test]
async fn files_are_kept_for_a_year_under_the_name_of_their_content() {
    let house = House::open();
    let page = house.anybody().get("/sign-in").await;
    let files = [page.attributes("link[rel=stylesheet]", "href"), page.attributes("script", "src")].concat();
    assert_eq!(files.len(), 2);
    for path in files {
        let answer = house.anybody().get(&path).await;
        assert_eq!(answer.status, 200);
        assert_hardened(&answer, &path);
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(answer.header("set-cookie"), "");
        let small =
            house.anybody().request("GET", &path).header("accept-encoding", "br, gzip").send().await.unwrap();
        assert_eq!(small.headers()["content-encoding"], "gzip");
        assert_eq!(small.headers()["vary"], "accept-encoding");
        assert_eq!(unpacked(&small.bytes().await.unwrap()), answer.body);
        let head = read(house.anybody().request("HEAD", &path)).await;
        assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""));
    }
    assert_eq!(facts::sessions(&house), 0);
}

#[actix_web::test]
async fn no_page_holds_a_script_or_a_style_of_its_own() {
    let house = House::open();
    let (mut owner, acme, token) = at_home(&house).await;
    let mut answers = vec![house.anybody().get("/sign-in").await, owner.get("/nothing").await];
    for path in pages(acme, token) {
        answers.push(owner.get(&path).await);
    }
    let nonce = owner.new_form(acme).await;
    let fields = [
        ("nonce", nonce.as_str()),
        ("name", "x"),
        ("reach", "everything"),
        ("expires", "90"),
        ("do", "generate"),
    ];
    answers.push(owner.post(&format!("/accounts/{acme}/tokens"), &fields).await);
    assert!(!answers.last().unwrap().secret().is_empty());
    for answer in answers.iter().filter(|answer| answer.header("content-type").starts_with("text/html")) {
        let heading = answer.heading();
        assert_eq!(answer.all("script:not([src]), style"), Vec::<String>::new(), "{heading}");
        assert_eq!(answer.attributes("[style]", "style"), Vec::<String>::new(), "{heading}");
        for event in ["onclick", "onload", "onsubmit", "onerror", "onchange", "oninput", "onfocus"] {
            assert!(!answer.body.contains(&format!(" {event}=")), "{heading}: {event}");
        }
        assert!(!answer.body.contains("javascript:"), "{heading}");
    }
    assert_eq!(facts::live_tokens(&house), 2);
}

#[actix_web::test]
async fn odd_methods_are_refused_and_echo_nothing() {
    let house = House::open();
    let (owner, acme, token) = at_home(&house).await;
    let before = facts::everything(&house);
    let mut paths = pages(acme, token);
    paths.extend(["/v2/whoami", "/healthz", "/readyz", "/favicon.svg", "/sign-out"].map(str::to_owned));
    for path in &paths {
        for method in ["TRACE", "PUT", "DELETE", "PATCH", "PROPFIND", "OPTIONS", "FOO"] {
            let answer = read(owner.request(method, path).header("x-secret", "echo-me")).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            assert!(!answer.body.contains("echo-me"), "{method} {path}");
        }
    }
    for method in ["TRACE", "FOO"] {
        assert_eq!(read(owner.request(method, "/nothing")).await.status, 404);
    }
    assert_eq!(facts::everything(&house), before);
}

#[actix_web::test]
async fn head_answers_as_get_does_without_a_body() {
    let house = House::open();
    let (owner, acme, token) = at_home(&house).await;
    for path in
        pages(acme, token).into_iter().chain(["/healthz", "/readyz", "/favicon.svg"].map(str::to_owned))
    {
        let get = read(owner.request("GET", &path)).await;
        let head = read(owner.request("HEAD", &path)).await;
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
    }
    assert_eq!(facts::live_tokens(&house), 1);
}

#[actix_web::test]
async fn long_pages_are_packed_for_whoever_takes_gzip() {
    let house = House::open();
    let (owner, acme, _) = at_home(&house).await;
    let path = format!("/accounts/{acme}/tokens/new");
    for (accepted, packed) in [("gzip, br", true), ("gzip;q=0", false), ("br", false)] {
        let answer = owner.request("GET", &path).header("accept-encoding", accepted).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers().contains_key("content-encoding"), packed, "{accepted}");
        let body = answer.bytes().await.unwrap();
        let text = if packed { unpacked(&body) } else { String::from_utf8(body.to_vec()).unwrap() };
        assert!(text.contains("<h1>New account token</h1>") && text.ends_with("</html>"), "{accepted}");
    }
    assert_eq!(facts::live_tokens(&house), 1);
}

fn unpacked(body: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(body).read_to_string(&mut text).unwrap();
    text
}
