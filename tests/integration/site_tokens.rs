//! Admin → Tokens: tokens of anybody, found and revoked by those who run the site.

use super::facts;
use crate::support::client::{Answer, whoami};
use crate::support::{House, MEMBER, OWNER, READER, STRANGER, database, made};
use diesel::connection::SimpleConnection;
use std::time::{Duration, Instant};
use tokenhouse::db;
use tokenhouse::models::token::{Owner, revoke};
use tokenhouse::policy::{Policy, Rights};

const SITE: &str = "site@example.com";

fn everything() -> Policy {
    Policy::unconditional(Rights::Everything)
}

fn names(page: &Answer) -> Vec<String> {
    assert_eq!(page.status, 200, "{}", page.text());
    page.all("[data-of='admin-tokens'] tbody .row-name")
}

fn search(q: &str, whose: &str) -> String {
    let fields = [("q", q), ("whose", whose)];
    format!("/admin/tokens?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish())
}

#[actix_web::test]
async fn a_pasted_secret_leads_to_its_token_and_stands_in_no_answer_and_no_address() {
    let house = House::open();
    house.site_admin(SITE);
    let (acme, rival) = (house.account("Acme"), house.account("Rival"));
    let mut owner = house.signed_in(OWNER).await;
    let (_, live) = house.signed_in(STRANGER).await.make_full_token(rival, "Live one").await;
    let (ended, dead) = owner.make_full_token(acme, "Dead one").await;
    owner.delete_token(acme, ended).await;
    let (rolled, older) = owner.make_full_token(acme, "Rolled one").await;
    let roll = format!("/accounts/{acme}/tokens/{rolled}/roll");
    let nonce = owner.get(&roll).await.value_of("nonce");
    owner.post(&roll, &[("nonce", &nonce), ("overlap", "leaked")]).await;
    let mut admin = house.signed_in(SITE).await;
    for (pasted, secret, said, name) in [
        (live.clone(), &live, "This secret works.", "Live one"),
        (format!("  Authorization: Bearer {live}\r\n"), &live, "This secret works.", "Live one"),
        (dead.clone(), &dead, "This secret works no more: its token has ended.", "Dead one"),
        (
            older.clone(),
            &older,
            "This secret works no more: it was replaced, and its token has a newer one.",
            "Rolled one",
        ),
    ] {
        let page = admin.post("/admin/tokens/secret", &[("secret", &pasted)]).await;
        assert_eq!(names(&page), [name]);
        assert!(page.text().contains(said), "{}", page.text());
        assert!(!page.body.contains(secret.as_str()) && !page.body.contains(&secret[6..38]));
    }
    let never = live.replace(&live[10..14], "0000");
    for (pasted, why) in [
        (never.as_str(), "none has this form and a right checksum"),
        (&live[..40], "none has this form and a right checksum"),
        ("", "none has this form"),
    ] {
        let page = admin.post("/admin/tokens/secret", &[("secret", pasted)]).await;
        assert_eq!(page.status, 422, "{}", page.text());
        assert!(page.text().contains(why), "{}", page.text());
        assert!(pasted.is_empty() || !page.body.contains(pasted));
    }
    // Whoever puts it into the search all the same is sent on without it.
    let line = format!("Authorization: Bearer {live}");
    for (q, whose) in [(live.as_str(), ""), (line.as_str(), ""), ("deploy", line.as_str())] {
        let answer = admin.get(&search(q, whose)).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, search_end(&live).as_str()));
    }
    let answer = admin.get(&search(&live, "")).await;
    assert_eq!(names(&admin.get(answer.location()).await), ["Live one"]);
    // Whoever was signed out meanwhile is not shown it again either.
    facts::change(&house, "DELETE FROM sessions");
    let answer = admin.post("/admin/tokens/secret", &[("secret", &live)]).await;
    assert_eq!(answer.status, 401);
    assert!(!answer.body.contains(&live));
}

fn search_end(secret: &str) -> String {
    format!("/admin/tokens?q={}", &secret[secret.len() - 4..])
}

#[actix_web::test]
async fn tokens_are_found_by_name_hint_user_and_account_whosever_they_are() {
    let house = House::open();
    house.site_admin(SITE);
    let (acme, rival) = (house.account("Acme"), house.account("Rival"));
    let of = |owner, name: &str| made::with(&house, owner, name, everything()).1;
    let wanted = of(Owner::Account(acme), "Deploy DNS (ci)");
    of(Owner::Account(rival), "deploy 100%_sure");
    of(Owner::User(house.user(MEMBER).id), "Überweisung deploy");
    of(Owner::User(house.user(MEMBER).id), "Laptop");
    facts::change(&house, &format!("UPDATE accounts SET name = '{acme}' WHERE name = 'Hobby'"));
    let mut admin = house.signed_in(SITE).await;
    assert!(names(&admin.get("/admin/tokens").await).is_empty(), "nothing is looked for");
    let rival_number = rival.to_string();
    for (q, whose, found) in [
        ("deploy", "", vec!["Überweisung deploy", "deploy 100%_sure", "Deploy DNS (ci)"]),
        ("DEP dns", "", vec!["Deploy DNS (ci)"]),
        ("über", "", vec!["Überweisung deploy"]),
        ("sure", "", vec!["deploy 100%_sure"]),
        ("eploy", "", vec![]),
        ("%", "", vec![]),
        ("_", "", vec![]),
        ("a1010/deploy", "", vec![]),
        ("deploy:* | laptop", "", vec![]),
        (&wanted[38..], "", vec!["Deploy DNS (ci)"]),
        ("", "MEMBER@example.com", vec!["Laptop", "Überweisung deploy"]),
        ("deploy", "member@example.com", vec!["Überweisung deploy"]),
        ("", "rival", vec!["deploy 100%_sure"]),
        ("", &rival_number, vec!["deploy 100%_sure"]),
        ("", "no@example.com", vec![]),
        ("", "%", vec![]),
        ("", "99999999999999999999", vec![]),
    ] {
        assert_eq!(names(&admin.get(&search(q, whose)).await), found, "{q} of {whose}");
    }
    let nobody = admin.get(&search("", "no@example.com")).await.text();
    assert!(nobody.contains("There is no user no@example.com."), "{nobody}");
    let both = admin.get(&search("", &acme.to_string())).await;
    assert_eq!(names(&both), ["Deploy DNS (ci)"], "by its number, beside one of that name");
    let cells = admin.get(&search("laptop", "")).await;
    assert!(cells.links().contains(&format!("/admin/users/{}", house.user(MEMBER).id)));
    for bad in ["/admin/tokens?q=a%00", "/admin/tokens?whose=%00"] {
        assert_eq!(admin.get(bad).await.status, 400, "{bad}");
    }
    assert_eq!(admin.get("/admin/tokens?q=deploy&before=nonsense").await.status, 200);
}

#[actix_web::test]
async fn among_a_hundred_thousand_tokens_a_search_takes_no_longer_and_shows_fifty_at_once() {
    let house = House::open();
    house.site_admin(SITE);
    let (acme, rival) = (house.account("Acme"), house.account("Rival"));
    for (account, name, count) in [(acme, "Load", 100_000), (rival, "Rare load", 60)] {
        facts::change(
            &house,
            &format!(
                "INSERT INTO tokens (kind, account_id, name, full_access, created_at, updated_at, search_words)
                 SELECT 'account', {account}, '{name} ' || n, true, '2026-11-01Z', '2026-11-01Z',
                    array(SELECT 'a{account}/' || word FROM unnest(string_to_array(lower('{name} ' || n), ' ')) AS word)
                 FROM generate_series(1, {count}) AS n"
            ),
        );
    }
    facts::change(&house, "ANALYZE tokens");
    let mut admin = house.signed_in(SITE).await;
    for (q, whose, count, first) in [
        ("rare", "", 50, "Rare load 60"),
        ("load", "", 50, "Rare load 60"),
        ("load 99999", "", 1, "Load 99999"),
        ("loa 9999", "", 11, "Load 99999"),
        ("nothing", "", 0, ""),
        ("", "Acme", 50, "Load 100000"),
        ("", "Rival", 50, "Rare load 60"),
        ("load", "Rival", 50, "Rare load 60"),
    ] {
        let begun = Instant::now();
        let found = names(&admin.get(&search(q, whose)).await);
        println!("{q} of {whose}: {:?}", begun.elapsed());
        assert!(begun.elapsed() < Duration::from_secs(2), "{q} of {whose}: {:?}", begun.elapsed());
        assert_eq!(
            (found.len(), found.first().map_or("", |name| name.as_str())),
            (count, first),
            "{q} of {whose}"
        );
    }
    let mut page = admin.get(&search("rare", "")).await;
    let older = page.attributes("nav.pager a", "href").remove(0);
    page = admin.get(&older).await;
    assert_eq!(names(&page).len(), 10);
    assert!(page.all("nav.pager a").is_empty());
}

#[actix_web::test]
async fn one_is_revoked_for_a_reason_that_its_owner_reads() {
    let house = House::open();
    house.site_admin(SITE);
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "Deploy").await;
    let mut admin = house.signed_in(SITE).await;
    let page = admin.get(&format!("/admin/tokens/revoke?token={token}")).await;
    assert_eq!(page.heading(), "Revoke “Deploy”?");
    let id = token.to_string();
    let long = "x".repeat(256);
    for why in ["", "  ", "a\u{202e}b", "line\nbreak", &long] {
        let answer = admin.post("/admin/tokens/revoke", &[("token", &id), ("why", why)]).await;
        assert_eq!(answer.status, 422, "{why:?}");
        assert_eq!((answer.value_of("why"), answer.value_of("token")), (why.trim().to_owned(), id.clone()));
        assert_eq!(answer.all("#why-error").len(), 1);
    }
    assert_eq!(whoami(house.address, &secret).await.0, 200);
    let why = "Seen in a public <b>repository</b>";
    let answer = admin.post("/admin/tokens/revoke", &[("token", &id), ("why", why)]).await;
    assert_eq!(answer.location(), format!("/admin/tokens?whose={acme}&done=ended"));
    assert!(admin.get(answer.location()).await.text().contains("Revoked. Calls with these tokens"));
    assert_eq!(whoami(house.address, &secret).await.1["code"], "token_deleted");
    let page = owner.get(&format!("/accounts/{acme}/tokens/{token}")).await.text();
    assert!(page.contains(&format!("Deleted by a site admin on 22 Nov 2026, 12:00 UTC: “{why}”.")), "{page}");
    let list = owner.get(&format!("/accounts/{acme}/tokens/ended")).await.text();
    assert!(list.contains(&format!("Deleted by a site admin: “{why}”")), "{list}");
    let reader = house.signed_in(READER).await.get(&format!("/accounts/{acme}/tokens/ended")).await.text();
    assert!(!reader.contains("repository"), "{reader}");
    let line = facts::text(
        &house,
        "SELECT concat_ws(' ', account_id, actor_name, after->>'why', after->>'note') FROM audit_events WHERE action = 'token.deleted'",
    );
    assert_eq!(line, format!("{acme} {SITE} admin {why}"));
    let again = admin.post("/admin/tokens/revoke", &[("token", &id), ("why", why)]).await;
    assert!(again.location().ends_with("done=none"));
}

#[actix_web::test]
async fn several_of_several_owners_end_together_with_a_line_for_each_owner() {
    let house = House::open();
    house.site_admin(SITE);
    let (acme, rival, member) = (house.account("Acme"), house.account("Rival"), house.user(MEMBER).id);
    let of = |owner, name: &str| made::with(&house, owner, name, everything());
    let chosen = [
        of(Owner::Account(acme), "A"),
        of(Owner::Account(acme), "B"),
        of(Owner::Account(rival), "C"),
        of(Owner::User(member), "D"),
    ];
    let (_, kept) = of(Owner::Account(acme), "Kept");
    let ids: Vec<String> = chosen.iter().map(|(id, _)| id.to_string()).collect();
    let mut fields: Vec<(&str, &str)> = ids.iter().map(|id| ("token", id.as_str())).collect();
    let mut admin = house.signed_in(SITE).await;
    let query: Vec<String> = ids.iter().map(|id| format!("token={id}")).collect();
    let page = admin.get(&format!("/admin/tokens/revoke?{}", query.join("&"))).await;
    assert_eq!(page.heading(), "Revoke 4 tokens?");
    assert_eq!(page.all(".recent-uses b"), ["D", "C", "B", "A"]);
    fields.push(("why", "Found on a laptop"));
    assert_eq!(admin.post("/admin/tokens/revoke", &fields).await.status, 303);
    for (_, secret) in &chosen {
        assert_eq!(whoami(house.address, secret).await.0, 401);
    }
    assert_eq!(whoami(house.address, &kept).await.0, 200);
    let lines = facts::texts(
        &house,
        "concat_ws(' ', account_id, user_id, after->>'tokens', after->>'note')",
        "audit_events WHERE action = 'tokens.revoked' ORDER BY id",
    );
    let why = "Found on a laptop";
    assert_eq!(lines, [format!("{acme} 2 {why}"), format!("{rival} 1 {why}"), format!("{member} 1 {why}")]);
    assert_eq!(
        facts::count(&house, "tokens WHERE deleted_note = 'Found on a laptop' AND deleted_event IS NOT NULL"),
        4
    );
    for bad in ["", "?token=", "?token=x", "?user=99999999999999999999"] {
        let status = admin.get(&format!("/admin/tokens/revoke{bad}")).await.status.as_u16();
        assert!(matches!(status, 400 | 404), "{bad}: {status}");
    }
    assert_eq!(admin.get("/admin/tokens/revoke?user=987654").await.status, 404);
}

#[actix_web::test]
async fn all_of_an_account_or_of_a_user_end_and_nobody_elses() {
    let house = House::open();
    house.site_admin(SITE);
    let (acme, owner) = (house.account("Acme"), house.user(OWNER).id);
    let of = |owner, name: &str| made::with(&house, owner, name, everything()).1;
    let account = [of(Owner::Account(acme), "One"), of(Owner::Account(acme), "Two")];
    let own = of(Owner::User(owner), "Own");
    let other = of(Owner::User(house.user(MEMBER).id), "Other");
    let mut admin = house.signed_in(SITE).await;
    let list = admin.get(&search("", "Acme")).await;
    assert!(list.links().contains(&format!("/admin/tokens/revoke?account={acme}")), "{:?}", list.links());
    let page = admin.get(&format!("/admin/tokens/revoke?account={acme}")).await;
    assert_eq!(page.heading(), "Revoke all tokens of Acme?");
    assert!(page.text().contains("There are 2 tokens that have not ended."), "{}", page.text());
    let number = acme.to_string();
    admin.post("/admin/tokens/revoke", &[("account", &number), ("why", "Broken into")]).await;
    for secret in &account {
        assert_eq!(whoami(house.address, secret).await.0, 401);
    }
    assert_eq!(whoami(house.address, &own).await.0, 200);
    let number = owner.to_string();
    let answer = admin.post("/admin/tokens/revoke", &[("user", &number), ("why", "Broken into")]).await;
    assert_eq!(answer.location(), "/admin/tokens?whose=owner%40example.com&done=ended");
    assert_eq!(whoami(house.address, &own).await.0, 401);
    assert_eq!(whoami(house.address, &other).await.0, 200);
    let page = house.signed_in(OWNER).await.get("/user/tokens/ended").await.text();
    assert!(page.contains("Deleted by a site admin: “Broken into”"), "{page}");
    let lines = "audit_events WHERE action = 'tokens.revoked' AND actor_name = 'site@example.com'";
    assert_eq!(facts::count(&house, lines), 2);
}

#[actix_web::test]
async fn a_token_whose_time_is_up_is_none_that_could_be_revoked() {
    let house = House::open();
    house.site_admin(SITE);
    let acme = house.account("Acme");
    let expired = made::token(&house, acme, Some(time::Duration::minutes(1)));
    let (live, _) = made::with(&house, Owner::Account(acme), "Live", everything());
    house.clock.advance(time::Duration::minutes(3));
    let mut admin = house.signed_in(SITE).await;
    let path = format!("/admin/tokens/revoke?token={expired}");
    let answer = admin.get(&path).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, "/admin/tokens?done=none"));
    let said = admin.get(answer.location()).await.text();
    assert!(said.contains("There was no token left to revoke."), "{said}");
    assert_eq!(admin.get(&format!("{path}&token={live}")).await.heading(), "Revoke “Live”?");
    let fields = [("token", expired.to_string()), ("why", "Too late".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = admin.post("/admin/tokens/revoke", &fields).await;
    assert!(answer.location().ends_with("done=none"), "{}", answer.location());
    assert_eq!(facts::live_tokens(&house), 2);
}

#[actix_web::test]
async fn of_all_tokens_the_live_ones_are_named_however_many_newer_ones_have_ended() {
    let house = House::open();
    house.site_admin(SITE);
    let acme = house.account("Acme");
    made::with(&house, Owner::Account(acme), "Live", everything());
    facts::change(
        &house,
        &format!(
            "INSERT INTO tokens (kind, account_id, name, full_access, created_at, updated_at, search_words, deleted_at, deleted_why)
             SELECT 'account', {acme}, 'Ended ' || n, true, '2026-11-22 13:00Z', '2026-11-22 13:00Z', '{{}}', '2026-11-22 13:00Z', 'person'
             FROM generate_series(1, 60) AS n"
        ),
    );
    let page = house.signed_in(SITE).await.get(&format!("/admin/tokens/revoke?account={acme}")).await;
    assert_eq!(page.all(".recent-uses b"), ["Live"]);
}

#[actix_web::test]
async fn tokens_of_several_owners_are_taken_in_the_order_that_a_report_of_leaked_ones_takes() {
    let house = House::open();
    let member = Owner::User(house.user(MEMBER).id);
    let (lower, _) = made::with(&house, member, "Laptop", everything());
    let (higher, _) = made::with(&house, Owner::Account(house.account("Acme")), "Deploy", everything());
    let mut report = database::connect(&house.database);
    let lock = |id: i64| format!("SELECT FROM tokens WHERE id = {id} FOR NO KEY UPDATE");
    report.batch_execute(&format!("BEGIN; {}", lock(lower.get()))).unwrap();
    let (mut conn, origin) = (house.conn(), house.command_line());
    let revoking = std::thread::spawn(move || {
        db::in_one(&mut conn, |conn| revoke::revoke_these(conn, &[lower, higher], "Found", &origin)).unwrap()
    });
    facts::until_one_waits(&house);
    report.batch_execute(&format!("{} NOWAIT; COMMIT", lock(higher.get()))).unwrap();
    assert_eq!(revoking.join().unwrap(), 2);
}
