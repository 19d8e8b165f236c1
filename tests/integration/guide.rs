//! `/help`: the articles of `docs/guide`, for everybody, and whom to ask beyond them.

use crate::facts;
use crate::faults::set_away;
use crate::support::client::{Answer, Browser, read};
use crate::support::{House, MEMBER, OWNER, public};
use serde_json::Value;
use tokenhouse::config::Support;

#[actix_web::test]
async fn anybody_reads_every_article_by_going_from_each_to_the_next() {
    let house = House::open();
    let mut anybody = house.anybody();
    let contents = anybody.get("/help").await;
    assert_eq!((contents.status.as_u16(), contents.heading().as_str()), (200, "Help"));
    let all = contents.attributes(".guide-links a", "href");
    let mut read = vec![all[0].clone()];
    while let Some(path) = read.last().filter(|path| *path != "/help/api").cloned() {
        let article = anybody.get(&path).await;
        assert_eq!(article.status, 200, "{path}");
        assert!(article.all(".guide-contents h1").is_empty() && !article.heading().is_empty(), "{path}");
        assert_eq!(article.attributes(".guide-list a[aria-current]", "href"), [path.as_str()]);
        assert_eq!(article.all("h1").len(), 1, "{path}");
        let before = article.attributes("a[rel='prev']", "href");
        assert_eq!(before.first(), read.len().checked_sub(2).map(|at| &read[at]), "{path}");
        let next = article.attributes("a[rel='next']", "href");
        read.extend(next.is_empty().then(|| "/help/api".to_owned()).or_else(|| next.into_iter().next()));
    }
    assert_eq!(read, all);
    assert_eq!(anybody.get("/help/nothing").await.status, 404);
    assert_eq!(facts::sessions(&house), 0);
}

#[actix_web::test]
async fn an_article_has_the_address_of_this_house_in_its_examples() {
    let house = House::with(|config| config.public = public("https://tokens.example"));
    let using = house.anybody().get("/help/using").await;
    assert!(using.text().contains("https://tokens.example/v2/whoami"), "{}", using.text());
    assert!(!using.body.contains("tokens.example.com"));
}

#[actix_web::test]
async fn pictures_are_served_under_their_content_and_kept_for_ever() {
    let house = House::open();
    let mut anybody = house.anybody();
    let mut seen = 0;
    for path in anybody.get("/help").await.attributes(".guide-links a", "href") {
        let article = anybody.get(&path).await;
        let sizes = article.attributes(".prose img", "width");
        for (address, width) in article.attributes(".prose img", "src").iter().zip(sizes) {
            let answer = anybody.request("GET", address).send().await.unwrap();
            let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
            assert_eq!((answer.status().as_u16(), header("content-type").as_str()), (200, "image/png"));
            assert!(header("cache-control").contains("immutable") && width != "0", "{address}");
            assert!(!answer.headers().contains_key("content-encoding"), "it is packed already: {address}");
            assert!(answer.bytes().await.unwrap().starts_with(b"\x89PNG"), "{address}");
            seen += 1;
        }
    }
    assert_eq!(seen, there(), "every picture of an article that is there");
}

#[actix_web::test]
async fn whom_to_ask_stands_at_the_foot_of_every_page_and_on_pages_of_errors() {
    let email = Some("help@example.com");
    let support = Support::parse(email, Some("https://chat.example.com/tokens")).unwrap();
    let house = House::with(move |config| config.support = support);
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let member = house.signed_in(MEMBER).await;
    let (nobody, new) = (house.anybody(), format!("/accounts/{acme}/tokens/new"));
    let mut quoted = 0;
    for (browser, path, status) in [
        (&nobody, "/sign-in", 200),
        (&nobody, "/forgotten", 200),
        (&nobody, "/help", 200),
        (&nobody, "/nothing", 404),
        (&nobody, "/invitations/none", 404),
        (&nobody, "/reset/none", 404),
        (&owner, "/accounts", 200),
        (&owner, &format!("/accounts/{acme}/tokens"), 200),
        (&owner, "/nothing", 404),
        (&member, &new, 403),
    ] {
        quoted += asks(browser, path, status).await;
    }
    assert_eq!(quoted, 4, "pages of errors say it beside the number to quote, too");
    facts::change(&house, "UPDATE sessions SET password_at = password_at - interval '1 hour'");
    let fields = [("name", "X"), ("reach", "everything"), ("expires", "90"), ("do", "generate")];
    let again = owner.post(&format!("/accounts/{acme}/tokens"), &fields).await;
    assert_eq!(again.heading(), "Confirm it's you");
    facts::change(&house, "DELETE FROM sessions");
    let out = owner.post(&format!("/accounts/{acme}/tokens"), &fields).await;
    assert_eq!(out.heading(), "You are signed out");
    set_away(&house, true);
    let away = owner.get("/accounts").await;
    assert_eq!(away.status, 503);
    for (answer, times) in [(again, 1), (out, 1), (away, 2)] {
        assert_eq!(mails(&answer), times, "{}", answer.text());
    }
    set_away(&house, false);
}

#[actix_web::test]
async fn pages_lead_to_the_article_about_them_and_into_its_middle_to_a_heading() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, _) = owner.make_full_token(acme, "Deploy").await;
    let (list, user) = (format!("/accounts/{acme}/tokens"), house.user(MEMBER).id);
    let (members, settings) = (format!("/accounts/{acme}/members"), format!("/accounts/{acme}/settings"));
    for (path, article) in [
        (list.clone(), "account-and-user-tokens"),
        ("/user/tokens".to_owned(), "account-and-user-tokens"),
        (format!("{list}/new"), "scopes"),
        (format!("{list}/start"), "templates"),
        (format!("{list}/build"), "scopes"),
        (format!("{list}/{token}"), "viewing"),
        (format!("{list}/{token}/roll"), "rolling"),
        (format!("{list}/{token}/disable"), "disabling"),
        (format!("{list}/{token}/delete"), "deleting"),
        (format!("{list}/revoke"), "revoking-all"),
        (members.clone(), "members"),
        (format!("{members}/{user}"), "roles"),
        (format!("{members}/{user}/remove"), "members#change-a-role-or-remove-somebody"),
        (format!("{members}/tokens"), "members#user-tokens-that-reach-the-account"),
        (format!("/accounts/{acme}/invitations/new"), "members#invite-somebody"),
        (format!("{settings}/limits"), "limits"),
        (settings.clone(), "limits#the-plan"),
        (format!("{settings}/plan?to=solo"), "limits#the-plan"),
        (format!("/accounts/{acme}/activity"), "activity"),
        ("/user".to_owned(), "own-settings"),
        ("/user/security".to_owned(), "own-settings#security"),
    ] {
        let page = owner.get(&path).await;
        let help = page.attributes(".lead .help-link", "href");
        assert_eq!(help, [format!("/help/{article}")], "{path}: {}", page.heading());
        let led = owner.get(&help[0]).await;
        let heading = article.split_once('#').map_or("h1".to_owned(), |(_, id)| format!("h2#{id}"));
        assert_eq!((led.status.as_u16(), led.all(&heading).len()), (200, 1), "{article}");
    }
}

#[actix_web::test]
async fn where_nobody_is_configured_nobody_is_named() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    for path in ["/accounts", "/nothing", "/help"] {
        let answer = owner.get(path).await;
        assert_eq!((mails(&answer), answer.text().contains("Ask for help")), (0, false), "{path}");
        assert!(answer.attributes("footer a", "href").contains(&"/help".to_owned()), "{path}");
    }
}

/// How often an article shows a picture that is there.
fn there() -> usize {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let articles = std::fs::read_dir(docs.join("guide")).unwrap();
    let count = |article: std::io::Result<std::fs::DirEntry>| {
        let text = std::fs::read_to_string(article.unwrap().path()).unwrap();
        let names = text.split("](../pictures/").skip(1).map(|rest| rest.split(')').next().unwrap());
        names.filter(|name| docs.join("pictures").join(name).exists()).count()
    };
    articles.map(count).sum()
}

/// Looks at the foot of a page; whether the address stands on it once more.
async fn asks(browser: &Browser, path: &str, status: u16) -> usize {
    let answer = browser.clone().get(path).await;
    assert_eq!(answer.status, status, "{path}");
    let foot = answer.attributes("footer a", "href");
    for way in ["mailto:help@example.com", "https://chat.example.com/tokens"] {
        assert!(foot.contains(&way.to_owned()), "{way} on {path}: {foot:?}");
    }
    assert!(answer.text().contains("Ask for help: help@example.com or chat.example.com/tokens"), "{path}");
    mails(&answer) - 1
}

fn mails(answer: &Answer) -> usize {
    answer.links().iter().filter(|link| *link == "mailto:help@example.com").count()
}

#[actix_web::test]
async fn the_tour_says_what_its_command_answers_before_and_after_the_token_is_deleted() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let nonce = owner.new_form(acme).await;
    let fields = [("nonce", nonce.as_str()), ("do", "generate"), ("name", "Tour")];
    let rights = [("zones.access", "full"), ("zones.where", "all"), ("expires", "90")];
    let made = owner.post(&format!("/accounts/{acme}/tokens"), &[fields, rights].concat()).await;
    let (secret, command) = (made.secret(), made.all("#curl").swap_remove(0));
    let path = command.split_once("/v2/").map(|(_, rest)| format!("/v2/{rest}")).unwrap();
    let answer = async || {
        let answer = read(house.anybody().request("GET", &path).bearer_auth(&secret)).await;
        serde_json::from_str::<Value>(&answer.body).unwrap()["data"].clone()
    };
    let tour = std::fs::read_to_string("README.md").unwrap();
    let says = |value: &Value| tour.contains(&format!("`{}`", value.as_str().unwrap()));
    let before = answer().await;
    assert!(before["status"] == "active" && says(&before["status"]), "{before}");
    let token = before["id"].as_i64().unwrap();
    assert_eq!(owner.delete_token(acme, token.into()).await.status, 303);
    let after = answer().await;
    assert!(after["code"] == "token_deleted" && says(&after["status"]) && says(&after["code"]), "{after}");
}
