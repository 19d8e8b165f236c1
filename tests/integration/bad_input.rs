//! Input that makes no sense is refused in words, and what was typed is kept.

use super::facts;
use crate::support::client::{Answer, Browser, read};
use crate::support::{House, OWNER};
use tokenhouse::policy::{AccountId, TokenId};

const FORM: &str = "application/x-www-form-urlencoded";

async fn at_home(house: &House) -> (Browser, AccountId, TokenId) {
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, _) = owner.make_full_token(acme, "Before").await;
    owner.get("/accounts").await;
    (owner, acme, token)
}

async fn raw(house: &House, browser: &Browser, path: &str, kind: &str, body: Vec<u8>) -> Answer {
    let request = browser.request("POST", path).header("origin", house.url("")).header("content-type", kind);
    read(request.body(body)).await
}

#[actix_web::test]
async fn a_form_that_is_no_text_is_refused() {
    let house = House::open();
    let (owner, acme, token) = at_home(&house).await;
    let rename = format!("/accounts/{acme}/tokens/{token}/rename");
    let before = facts::everything(&house);
    for path in [&rename, &format!("/accounts/{acme}/tokens"), "/sign-in"] {
        for bad in ["name=a%00b", "na%00me=a", "name=%ff", "name=%c3%28", "name=%ed%a0%80", "email=%00"] {
            let body = format!("csrf={}&{bad}", owner.csrf).into_bytes();
            let answer = raw(&house, &owner, path, FORM, body).await;
            assert_eq!(answer.status, 400, "{path} {bad}");
            let said = "The form holds characters that no text has. Nothing was changed.";
            assert!(answer.text().contains(said), "{path} {bad}: {}", answer.text());
        }
        for kind in ["application/json", "multipart/form-data; boundary=x", "text/plain", ""] {
            let body = format!("csrf={}&name=After", owner.csrf).into_bytes();
            let answer = raw(&house, &owner, path, kind, body).await;
            assert_eq!(answer.status, 400, "{path} {kind}");
            assert!(answer.text().contains("This address takes forms only."), "{}", answer.text());
        }
    }
    let mut body = format!("csrf={}&name=", owner.csrf).into_bytes();
    body.extend([0xff, 0xfe, 0x00]);
    assert_eq!(raw(&house, &owner, &rename, FORM, body).await.status, 400);
    assert_eq!(facts::everything(&house), before);
}

#[actix_web::test]
async fn a_form_larger_than_any_of_ours_is_refused() {
    let house = House::open();
    let (owner, acme, token) = at_home(&house).await;
    let rename = format!("/accounts/{acme}/tokens/{token}/rename");
    let start = format!("csrf={}&name=After&x=", owner.csrf);
    let fits = format!("{start}{}", "y".repeat(256 * 1024 - start.len()));
    let before = facts::everything(&house);
    let answer = raw(&house, &owner, &rename, FORM, format!("{fits}y").into_bytes()).await;
    assert_eq!((answer.status.as_u16(), answer.heading().as_str()), (413, "Too large"));
    let mut fields = format!("csrf={}&name=After", owner.csrf);
    fields.push_str(&"&a=1".repeat(1_999));
    let answer = raw(&house, &owner, &rename, FORM, fields.clone().into_bytes()).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("The form has too many fields."), "{}", answer.text());
    assert_eq!(facts::everything(&house), before);
    let fewer = fields.strip_suffix("&a=1").unwrap().as_bytes().to_vec();
    for (body, name) in [(fits.into_bytes(), "After"), (fewer, "After")] {
        facts::change(&house, "UPDATE tokens SET name = 'Before'");
        assert_eq!(raw(&house, &owner, &rename, FORM, body).await.status, 303);
        assert_eq!(facts::text(&house, "SELECT name FROM tokens"), name);
    }
}

#[actix_web::test]
async fn a_number_that_is_none_is_no_account_and_no_token() {
    let house = House::open();
    let (mut owner, acme, _) = at_home(&house).await;
    let before = facts::everything(&house);
    for id in [
        "0",
        "-1",
        "9223372036854775807",
        "9223372036854775808",
        "99999999999999999999999",
        "abc",
        "1e3",
        "%00",
        "%ff",
        "1.0",
        "%20",
    ] {
        let paths = [
            format!("/accounts/{id}/tokens"),
            format!("/accounts/{id}/tokens/new"),
            format!("/accounts/{id}/tokens/1/rename"),
            format!("/accounts/{acme}/tokens/{id}"),
            format!("/accounts/{acme}/tokens/{id}/rename"),
            format!("/accounts/{acme}/tokens/{id}/delete"),
        ];
        for (place, path) in paths.iter().enumerate() {
            let answer = owner.get(path).await;
            assert_eq!((answer.status.as_u16(), answer.heading().as_str()), (404, "Nothing here"), "{path}");
            if place > 3 {
                let answer = owner.post(path, &[("name", "After")]).await;
                assert_eq!(answer.status, 404, "POST {path}");
            }
        }
    }
    assert_eq!(facts::everything(&house), before);
}

#[actix_web::test]
async fn a_query_that_makes_no_sense_is_no_fault_of_the_server() {
    let house = House::open();
    let (owner, acme, token) = at_home(&house).await;
    let tokens = format!("/accounts/{acme}/tokens");
    let before = facts::everything(&house);
    for (path, status) in [
        (format!("{tokens}/new?like=abc"), 400),
        (format!("{tokens}/new?like=99999999999999999999"), 400),
        (format!("{tokens}/new?like=-1"), 200),
        (format!("{tokens}/new?like=0"), 200),
        (format!("{tokens}?before=nonsense"), 200),
        (format!("{tokens}?before=99999999999999999999-1"), 200),
        (format!("{tokens}?done=%3Cscript%3E"), 200),
        (format!("{tokens}/{token}?done=nonsense&repeated=7"), 200),
        (format!("{tokens}/resources"), 400),
        (format!("{tokens}/resources?kind=planet"), 400),
        (format!("{tokens}/resources?kind=zone&q=%00"), 400),
        (format!("{tokens}/resources?kind=zone&q=%25%5F%5C%27"), 200),
        ("/sign-in?next=1&next=2".to_owned(), 400),
    ] {
        let answer = read(owner.request("GET", &path)).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert!(!answer.body.contains("<script>"), "{path}");
    }
    assert_eq!(facts::everything(&house), before);
}

#[actix_web::test]
async fn a_hostile_name_is_shown_as_it_was_typed() {
    let house = House::open();
    let (mut owner, acme, token) = at_home(&house).await;
    let (longest, tokens) = ("字".repeat(255), format!("/accounts/{acme}/tokens"));
    for name in [
        "<img src=x onerror=alert(1)>",
        "</script><script>alert(1)</script>",
        "\"' autofocus onfocus=alert(1) x='",
        "&amp; &lt;b&gt; {{ 7*7 }}",
        "'; DROP TABLE tokens; --",
        "👩‍👩‍👧 🚀 مرحبا",
        &longest,
    ] {
        let answer = owner.post(&format!("{tokens}/{token}/rename"), &[("name", name)]).await;
        assert_eq!(answer.status, 303, "{name}");
        assert_eq!(facts::text(&house, "SELECT name FROM tokens"), name);
        let list = owner.get(&tokens).await;
        assert_eq!(list.all("a.token-name"), [name.split_whitespace().collect::<Vec<_>>().join(" ")]);
        let form = owner.get(&format!("{tokens}/{token}/rename")).await;
        assert_eq!(form.value_of("name"), name);
        let paths = ["", "/delete"].map(|end| format!("{tokens}/{token}{end}"));
        let show = owner.get(&paths[0]).await;
        let delete = owner.get(&paths[1]).await;
        for page in [&list, &form, &show, &delete] {
            assert_eq!(page.status, 200);
            assert!(page.text().contains(name), "{name}: {}", page.text());
            assert!(page.attributes("[onerror], [onfocus]", "id").is_empty(), "{name}");
            assert!(page.all("script:not([src]), main img, main b > script").is_empty(), "{name}");
            assert!(!page.body.contains("<script>alert") && !page.body.contains("<img"), "{name}");
        }
    }
}

const NAMES: [(&str, &str); 7] = [
    ("", "Give the token a name."),
    (" \t\u{3000} ", "Give the token a name."),
    ("a\u{202e}gpj.exe", "Leave out line breaks and other control characters."),
    ("a\u{2066}b", "Leave out line breaks and other control characters."),
    ("line\nbreak", "Leave out line breaks and other control characters."),
    ("bell\u{7}", "Leave out line breaks and other control characters."),
    ("<long>", "Use at most 255 characters."),
];

#[actix_web::test]
async fn a_name_that_is_none_is_refused_beside_its_field_and_everything_is_kept() {
    let house = House::open();
    let (mut owner, acme, token) = at_home(&house).await;
    let tokens = format!("/accounts/{acme}/tokens");
    for (name, why) in NAMES {
        let name = if name == "<long>" { "🚀".repeat(256) } else { name.to_owned() };
        let before = facts::everything(&house);
        let answer = owner.post(&format!("{tokens}/{token}/rename"), &[("name", &name)]).await;
        assert_refused(&answer, "#name-error", why);
        // A parser of pages reads a line break in an attribute as it stands.
        assert_eq!(answer.value_of("name"), name);
        let nonce = owner.new_form(acme).await;
        for button in ["generate", "review"] {
            let fields = [
                ("nonce", nonce.as_str()),
                ("name", &name),
                ("reach", "choose"),
                ("zones.access", "full"),
                ("zones.where", "all"),
                ("expires", "365"),
                ("do", button),
            ];
            let answer = owner.post(&tokens, &fields).await;
            assert_refused(&answer, "#name-error", why);
            assert_eq!((answer.value_of("name"), answer.value_of("nonce")), (name.clone(), nonce.clone()));
            assert_eq!(answer.attributes("input[name='zones.access'][checked]", "value"), ["full"]);
            assert_eq!(answer.attributes("input[name='expires'][checked]", "value"), ["365"]);
        }
        assert_eq!(facts::everything(&house), before, "{name:?}");
    }
}

#[actix_web::test]
async fn an_expiry_that_makes_no_sense_is_refused_beside_its_field() {
    let house = House::open();
    let (mut owner, acme, _) = at_home(&house).await;
    let unchosen = "Choose until when the token works.";
    let no_day = "Write the day as year-month-day, like 2027-02-19.";
    let too_far = "This day is more than a hundred years away. Choose “Never” if that is meant.";
    let before = facts::everything(&house);
    for (expires, day, why) in [
        ("", "", unchosen),
        ("0", "", unchosen),
        ("-90", "", unchosen),
        ("90000000000000000000", "", unchosen),
        ("soon", "2027-02-19", unchosen),
        ("date", "", no_day),
        ("date", "2027-02-30", no_day),
        ("date", "19.02.2027", no_day),
        ("date", "99999-01-01", no_day),
        ("date", "2026-11-21", "This day has passed. Choose today or a later day."),
        ("date", "2127-11-22", too_far),
    ] {
        let nonce = owner.new_form(acme).await;
        let fields = [
            ("nonce", nonce.as_str()),
            ("name", "Kept"),
            ("reach", "everything"),
            ("expires", expires),
            ("expires_on", day),
            ("do", "generate"),
        ];
        let answer = owner.post(&format!("/accounts/{acme}/tokens"), &fields).await;
        assert_refused(&answer, "#expires_on-error", why);
        assert_eq!((answer.value_of("name").as_str(), answer.value_of("expires_on").as_str()), ("Kept", day));
    }
    assert_eq!(facts::everything(&house), before);
}

fn assert_refused(answer: &Answer, place: &str, why: &str) {
    assert_eq!((answer.status.as_u16(), answer.all(place)), (422, vec![why.to_owned()]), "{}", answer.text());
}
