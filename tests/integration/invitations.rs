//! Invitations: two links, each good for one use of the one invitation; only the mailed one proves
//! an address.

use crate::facts::{change, count, number, sessions, text, texts};
use crate::support::client::{Answer, Browser, read};
use crate::support::{ADMIN, House, MEMBER, OWNER, READER, STRANGER, ledger, made};
use time::Duration;
use tokenhouse::models::password;
use tokenhouse::models::token::Owner as TokenOwner;
use tokenhouse::policy::{Policy, Rights, Role};

const NEW: &str = "new@example.com";

/// Invites into Acme; the path behind the link that can be copied.
async fn invite(browser: &mut Browser, house: &House, email: &str, role: &str) -> String {
    let path = format!("/accounts/{}/invitations", house.account("Acme"));
    browser.get(&format!("{path}/new")).await;
    let answer = browser.post(&path, &[("email", email), ("role", role)]).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("cache-control")),
        (200, "no-store"),
        "{}",
        answer.text()
    );
    copied(&answer)
}

/// The path behind the link that a page shows once.
fn copied(answer: &Answer) -> String {
    let link = answer.all("#link").remove(0);
    let path = link[link.find("/invitations/").unwrap()..].to_owned();
    ledger::put_down(path.rsplit('/').next().unwrap());
    path
}

/// The path behind the link in the mail that is due.
async fn mailed(house: &House) -> String {
    let mails = house.mails().await;
    let text = &mails.last().expect("a mail").2;
    let link = text.split_whitespace().find(|word| word.contains("/invitations/")).unwrap();
    link[link.find("/invitations/").unwrap()..].to_owned()
}

/// Comes in by a link, as somebody new.
async fn join(house: &House, path: &str) -> (Browser, Answer) {
    let mut browser = house.anybody();
    let page = browser.get(path).await;
    assert_eq!((page.status.as_u16(), page.heading().as_str()), (200, "Join Acme"), "{}", page.text());
    assert_eq!(page.header("referrer-policy"), "strict-origin", "nobody is told the link");
    let password = ledger::password();
    let fields = [("name", "Nia New"), ("password", password.as_str())];
    let answer = browser.post(&format!("{path}/join"), &fields).await;
    (browser, answer)
}

fn tokens_of_acme(house: &House) -> String {
    format!("/accounts/{}/tokens", house.account("Acme"))
}

fn role_of(house: &House, email: &str) -> String {
    let acme = house.account("Acme");
    let from = format!("memberships m JOIN users u ON u.id = user_id WHERE account_id = {acme}");
    text(house, &format!("SELECT role FROM {from} AND email = '{email}'"))
}

fn assert_gone(answer: &Answer) {
    let said = (answer.status.as_u16(), answer.heading());
    assert_eq!(said, (404, "This invitation does not hold".to_owned()), "{}", answer.text());
    assert_eq!(answer.header("referrer-policy"), "strict-origin");
}

#[actix_web::test]
async fn a_mailed_link_makes_a_user_whose_address_is_proved_and_a_copied_one_does_not() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    invite(&mut owner, &house, NEW, "read_write").await;
    let path = mailed(&house).await;
    let (mut new, answer) = join(&house, &path).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, tokens_of_acme(&house).as_str()));
    assert_eq!(new.get(&tokens_of_acme(&house)).await.status, 200);
    assert_eq!(role_of(&house, NEW), "read_write");
    let proved =
        |email: &str| text(&house, &format!("SELECT email_verified_at FROM users WHERE email = '{email}'"));
    assert_eq!(proved(NEW), "2026-11-22 12:00:00+00");
    let lines = texts(
        &house,
        "action || ' ' || actor_name || ' ' || coalesce(after::text, '')",
        "(SELECT * FROM audit_events WHERE at = '2026-11-22 12:00Z' AND actor_kind = 'user' ORDER BY id) e",
    );
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert_eq!(
        lines,
        [
            "member.invited owner@example.com {\"role\": \"read_write\"}",
            "user.created new@example.com ",
            "member.joined new@example.com {\"role\": \"read_write\"}",
        ]
    );

    let path = invite(&mut owner, &house, "copied@example.com", "read_only").await;
    let said = house.anybody().get(&path).await.text();
    assert!(said.contains("Olive Owner (owner@example.com) invites copied@example.com to Acme"), "{said}");
    assert!(said.contains("A new user's address is unverified"), "{said}");
    let (_, answer) = join(&house, &path).await;
    assert_eq!(answer.status, 303);
    assert_eq!(
        (role_of(&house, "copied@example.com").as_str(), proved("copied@example.com").as_str()),
        ("read_only", "")
    );
}

#[actix_web::test]
async fn the_link_is_shown_once_and_kept_as_digests_and_the_same_form_again_harms_nothing() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let path = invite(&mut owner, &house, NEW, "admin").await;
    let mail = mailed(&house).await;
    assert_ne!(path, mail);
    let again = owner
        .post(&format!("/accounts/{acme}/invitations"), &[("email", "NEW@example.com"), ("role", "admin")])
        .await;
    assert_eq!(again.status, 422);
    assert!(again.text().contains("This address is invited already."), "{}", again.text());
    assert_eq!(again.value_of("email"), "NEW@example.com");
    assert_eq!(count(&house, "invitations"), 1);
    let list = owner.get(&format!("/accounts/{acme}/members")).await;
    for secret in [&path, &mail] {
        let secret = secret.rsplit('/').next().unwrap();
        assert!(!list.body.contains(secret) && !again.body.contains(secret));
        let kept = format!(
            "(SELECT t::text FROM invitations t UNION ALL SELECT t::text FROM mails t UNION ALL SELECT t::text FROM audit_events t) k(line) WHERE line LIKE '%{secret}%'"
        );
        assert_eq!(count(&house, &kept), 0);
    }
    assert!(list.text().contains("new@example.com by owner@example.com Admin"), "{}", list.text());
    assert!(list.text().contains("No mail is sent from this server"), "{}", list.text());
    // Looking changes nothing, and both lead to the same.
    for path in [&path, &mail] {
        assert_eq!(house.anybody().get(path).await.heading(), "Join Acme");
    }
    assert_eq!(join(&house, &path).await.1.status, 303);
    for path in [&path, &mail] {
        assert_gone(&house.anybody().get(path).await);
    }
}

#[actix_web::test]
async fn somebody_who_is_a_user_accepts_when_signed_in_and_keeps_their_role_where_they_are_a_member() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    invite(&mut owner, &house, "Stranger@Example.com", "read_write").await;
    change(&house, "UPDATE users SET email_verified_at = NULL WHERE email = 'stranger@example.com'");
    let path = mailed(&house).await;
    let page = house.anybody().get(&path).await;
    assert_eq!(page.all("form[action$='/join']"), Vec::<String>::new());
    let sign_in = page.attributes("main .actions a", "href").remove(0);
    let mut stranger = house.anybody();
    stranger.get(&sign_in).await;
    let password = ledger::password();
    let fields = [("email", STRANGER), ("password", password.as_str()), ("next", path.as_str())];
    let back = stranger.post("/sign-in", &fields).await;
    assert_eq!((back.status.as_u16(), back.location()), (303, path.as_str()));
    assert_eq!(stranger.get(&path).await.all("main form button"), ["Accept"]);
    let answer = stranger.post(&path, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, tokens_of_acme(&house).as_str()));
    assert_eq!(role_of(&house, STRANGER), "read_write");
    assert_eq!(
        count(&house, "users WHERE email = 'stranger@example.com' AND email_verified_at IS NOT NULL"),
        1
    );
    assert_eq!(count(&house, "audit_events WHERE action = 'user.address_verified'"), 1);

    // Meanwhile a member: a role is neither raised nor lowered.
    let path = invite(&mut owner, &house, NEW, "admin").await;
    let (mut new, _) = join(&house, &path).await;
    for role in ["read_only", "owner"] {
        change(&house, &format!("INSERT INTO invitations (account_id, email, role, copied_digest, invited_by, created_at, expires_at)
            SELECT {}, '{NEW}', '{role}', sha256('{}'), id, '2026-11-22', '2026-11-29' FROM users WHERE email = '{OWNER}'",
            house.account("Acme"), "a".repeat(40)));
        let path = format!("/invitations/{}", "a".repeat(40));
        new.get(&path).await;
        assert_eq!(new.post(&path, &[]).await.status, 303);
        assert_eq!(role_of(&house, NEW), "admin");
        assert_gone(&new.get(&path).await);
        change(&house, "DELETE FROM invitations");
    }
}

#[actix_web::test]
async fn somebody_else_who_is_signed_in_is_told_for_whom_it_is() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    let path = invite(&mut owner, &house, NEW, "read_only").await;
    let mut stranger = house.signed_in(STRANGER).await;
    let page = stranger.get(&path).await;
    assert!(
        page.text().contains("This is for new@example.com, and you are signed in as stranger@example.com."),
        "{}",
        page.text()
    );
    assert!(!page.all("form[action='/sign-out'] button").is_empty());
    assert_eq!(stranger.post(&path, &[]).await.location(), path);
    assert_eq!((role_of(&house, STRANGER), role_of(&house, NEW)), (String::new(), String::new()));
    assert_eq!(house.anybody().get(&path).await.heading(), "Join Acme");
}

#[actix_web::test]
async fn what_was_revoked_replaced_expired_or_never_was_is_one_page() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let (replaced, replaced_mail) = (invite(&mut owner, &house, NEW, "admin").await, mailed(&house).await);
    let id = number(&house, "SELECT id FROM invitations");
    let again = format!("/accounts/{acme}/invitations/{id}/again");
    owner.get(&format!("/accounts/{acme}/members")).await;
    let answer = owner.post(&again, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let (copy, mail) = (copied(&answer), mailed(&house).await);
    for path in [&replaced, &replaced_mail] {
        assert_gone(&house.anybody().get(path).await);
    }
    // The same form again: it is about what is gone.
    owner.get(&format!("/accounts/{acme}/members")).await;
    assert_eq!(owner.post(&again, &[]).await.location(), format!("/accounts/{acme}/members?done=uninvited"));
    assert_eq!(house.anybody().get(&copy).await.status, 200);
    let id = number(&house, "SELECT max(id) FROM invitations");
    let revoke = format!("/accounts/{acme}/invitations/{id}/revoke");
    assert_eq!(owner.post(&revoke, &[]).await.location(), format!("/accounts/{acme}/members?done=uninvite"));
    assert_eq!(owner.post(&revoke, &[]).await.location(), format!("/accounts/{acme}/members?done=uninvited"));
    for path in [&copy, &mail] {
        assert_gone(&house.anybody().get(path).await);
    }
    let path = invite(&mut owner, &house, NEW, "admin").await;
    house.clock.advance(Duration::days(7));
    assert_eq!(house.mails().await, [], "nobody is mailed what holds no more");
    let said = house.anybody().get(&path).await;
    assert_gone(&said);
    for never in [
        "/invitations/x".to_owned(),
        format!("/invitations/{}", "a".repeat(40)),
        "/invitations/%00".to_owned(),
    ] {
        assert_eq!(house.anybody().get(&never).await.text(), said.text(), "{never}");
    }
    let lines = texts(&house, "action", "audit_events WHERE object_kind = 'invitation' ORDER BY id");
    assert_eq!(lines, ["member.invited", "member.invited_again", "invitation.revoked", "member.invited"]);
}

#[actix_web::test]
async fn a_link_is_worth_no_more_than_whoever_invited() {
    let house = House::open();
    let mut admin = house.signed_in(ADMIN).await;
    let ada = house.user(ADMIN).id;
    let set = |what: &str| change(&house, &format!("UPDATE {what} WHERE user_id = {ada}"));
    let (acme, rival) = (house.account("Acme"), house.account("Rival"));
    for stop in ["demoted", "removed", "deactivated"] {
        let path = invite(&mut admin, &house, NEW, "admin").await;
        // The page was open already.
        let mut browser = house.anybody();
        assert_eq!(browser.get(&path).await.status, 200);
        match stop {
            "demoted" => set("memberships SET role = 'read_write'"),
            "removed" => set(&format!("memberships SET account_id = {rival}")),
            _ => change(&house, &format!("UPDATE users SET deactivated_at = now() WHERE id = {ada}")),
        }
        let password = ledger::password();
        let fields = [("name", "Nia New"), ("password", password.as_str())];
        assert_gone(&browser.post(&format!("{path}/join"), &fields).await);
        let made = (count(&house, &format!("users WHERE email = '{NEW}'")), role_of(&house, NEW));
        assert_eq!(made, (0, String::new()), "{stop}");
        assert_eq!(house.mails().await, [], "{stop}");
        set(&format!("memberships SET account_id = {acme}, role = 'admin'"));
        change(&house, "DELETE FROM invitations");
    }
}

#[actix_web::test]
async fn whoever_is_removed_does_not_come_back_by_an_older_invitation() {
    let house = House::open();
    let (acme, id) = (house.account("Acme"), house.user(STRANGER).id);
    let mut owner = house.signed_in(OWNER).await;
    let copy = invite(&mut owner, &house, "Stranger@Example.com", "admin").await;
    let mail = mailed(&house).await;
    let of_another = invite(&mut owner, &house, NEW, "read_only").await;
    house.join("Acme", STRANGER, Role::ReadWrite);
    let mut stranger = house.signed_in(STRANGER).await;
    assert_eq!(stranger.get(&copy).await.status, 200);
    assert_eq!(owner.post(&format!("/accounts/{acme}/members/{id}/remove"), &[]).await.status, 303);
    for path in [&copy, &mail] {
        assert_gone(&stranger.post(path, &[]).await);
        assert_gone(&stranger.get(path).await);
    }
    assert_eq!(role_of(&house, STRANGER), "");
    assert_eq!(house.anybody().get(&of_another).await.status, 200);
    let lines = texts(
        &house,
        "concat_ws(' ', actor_name, action, object_name)",
        "audit_events WHERE action IN ('invitation.revoked', 'member.removed') ORDER BY id",
    );
    let revoked = "owner@example.com invitation.revoked Stranger@Example.com";
    assert_eq!(lines, [revoked, "owner@example.com member.removed stranger@example.com"]);
}

#[actix_web::test]
async fn only_owners_invite_owners_and_only_managers_invite() {
    let house = House::open();
    let acme = house.account("Acme");
    let path = format!("/accounts/{acme}/invitations");
    let mut admin = house.signed_in(ADMIN).await;
    assert_eq!(admin.get(&format!("{path}/new")).await.attributes("input[disabled]", "value"), ["owner"]);
    let refused = admin.post(&path, &[("email", NEW), ("role", "owner")]).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("Only an owner can make somebody an owner."), "{}", refused.text());
    for email in [MEMBER, READER] {
        let mut member = house.signed_in(email).await;
        let answer = member.post(&path, &[("email", NEW), ("role", "read_only")]).await;
        assert_eq!(answer.status, 403, "{email}");
        assert!(!member.get(&format!("/accounts/{acme}/members")).await.body.contains("/invitations/new"));
    }
    let mut owner = house.signed_in(OWNER).await;
    invite(&mut owner, &house, NEW, "owner").await;
    // An admin sends no owner's invitation again, but may revoke it: that makes nobody mightier.
    let id = number(&house, "SELECT id FROM invitations");
    assert_eq!(admin.post(&format!("{path}/{id}/again"), &[]).await.status, 403);
    let rival = house.account("Rival");
    let foreign = format!("/accounts/{rival}/invitations/{id}/revoke");
    assert_eq!(admin.post(&foreign, &[]).await.status, 404);
    assert_eq!(count(&house, "invitations WHERE revoked_at IS NULL"), 1);
    assert_eq!(admin.post(&format!("{path}/{id}/revoke"), &[]).await.status, 303);
    assert_eq!(count(&house, "invitations WHERE revoked_at IS NULL"), 0);
}

#[actix_web::test]
async fn whoever_invites_learns_of_members_and_of_nobody_else() {
    let house = House::open();
    let path = format!("/accounts/{}/invitations", house.account("Acme"));
    let mut owner = house.signed_in(OWNER).await;
    owner.get(&format!("{path}/new")).await;
    let member = owner.post(&path, &[("email", "Member@example.com"), ("role", "admin")]).await;
    assert_eq!(member.status, 422);
    assert_eq!(member.all("#email-error"), ["Somebody with this address is a member already."]);
    let mut pages = Vec::new();
    for email in [STRANGER, NEW] {
        let link = invite(&mut owner, &house, email, "read_only").await;
        // Not by the link that can be copied, either.
        let page = house.anybody().get(&link).await.text();
        pages.push(page.replace(email, "x"));
    }
    assert_eq!(pages[0], pages[1]);
    for (bad, role) in [
        ("", "admin"),
        ("a", "admin"),
        ("a@b@example.com", "admin"),
        ("ä@example.com", "admin"),
        ("%_@", "admin"),
    ] {
        let answer = owner.post(&path, &[("email", bad), ("role", role)]).await;
        assert_eq!((answer.status.as_u16(), answer.all("#email-error").len()), (422, 1), "{bad}");
        assert_eq!(answer.value_of("email"), bad);
    }
    let answer = owner.post(&path, &[("email", "x@example.com"), ("role", "king")]).await;
    assert_eq!((answer.status.as_u16(), answer.all("#role-error")), (422, vec!["Choose a role.".to_owned()]));
    for id in ["0", "99999999999999999999", "x"] {
        let answer = owner.post(&format!("{path}/{id}/revoke"), &[]).await;
        assert!(answer.status == 404 || answer.location().ends_with("uninvited"), "{id}: {}", answer.status);
    }
}

#[actix_web::test]
async fn what_somebody_new_enters_is_looked_at_and_kept() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    let path = invite(&mut owner, &house, NEW, "read_only").await;
    let mut new = house.anybody();
    new.get(&path).await;
    let (good, long) = (ledger::password(), "n".repeat(101));
    for (name, secret, field) in [
        ("", good.as_str(), "#name-error"),
        ("Nia", "short", "#password-error"),
        ("Nia", "password1234", "#password-error"),
        (long.as_str(), good.as_str(), "#name-error"),
    ] {
        let answer = new.post(&format!("{path}/join"), &[("name", name), ("password", secret)]).await;
        assert_eq!((answer.status.as_u16(), answer.all(field).len()), (422, 1), "{name} {}", answer.text());
        assert_eq!(answer.value_of("name"), name);
        assert!(!answer.body.contains(secret));
    }
    // An address of one's own is not to be chosen.
    let answer = new
        .post(
            &format!("{path}/join"),
            &[("name", "Nia"), ("email", "other@example.com"), ("password", good.as_str())],
        )
        .await;
    assert_eq!((answer.status.as_u16(), role_of(&house, NEW).as_str()), (303, "read_only"));

    let path = invite(&mut owner, &house, STRANGER, "read_only").await;
    let before = sessions(&house);
    let (_, answer) = join(&house, &path).await;
    assert_eq!(answer.status, 409);
    assert!(answer.text().contains("No new user can be made with this address."), "{}", answer.text());
    let wrong = password::random().unwrap();
    ledger::put_down(&wrong);
    let mut other = house.anybody();
    other.get(&path).await;
    for _ in 1..20 {
        assert_eq!(
            other.post(&format!("{path}/join"), &[("name", "N"), ("password", wrong.as_str())]).await.status,
            409
        );
    }
    assert_eq!(
        other.post(&format!("{path}/join"), &[("name", "N"), ("password", wrong.as_str())]).await.status,
        429
    );
    assert_eq!((sessions(&house), role_of(&house, STRANGER)), (before, String::new()));
}

#[actix_web::test]
async fn accepted_twice_at_once_on_two_nodes_it_makes_one_user_and_one_member() {
    let here = House::open();
    let there = here.second_node();
    let mut owner = here.signed_in(OWNER).await;
    for round in 0..10 {
        let email = format!("twice-{round}@example.com");
        let copy = invite(&mut owner, &here, &email, "read_write").await;
        let mail = mailed(&here).await;
        // One by either link, each on its own node; both pages are open before.
        let (mut one, mut other) = (here.anybody(), there.anybody());
        tokio::join!(one.get(&copy), other.get(&mail));
        let password = ledger::password();
        let fields = [("name", "Nia New"), ("password", password.as_str())];
        let (copy, mail) = (format!("{copy}/join"), format!("{mail}/join"));
        let (one, other) = tokio::join!(one.post(&copy, &fields), other.post(&mail, &fields));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 404]);
        assert_eq!(
            (count(&here, &format!("users WHERE email = '{email}'")), role_of(&here, &email).as_str()),
            (1, "read_write")
        );
        assert_eq!(
            count(&here, &format!("audit_events WHERE action = 'member.joined' AND object_name = '{email}'")),
            1
        );
    }
    let copy = invite(&mut owner, &here, STRANGER, "read_write").await;
    let mut browsers = [here.signed_in(STRANGER).await, there.signed_in(STRANGER).await];
    let [one, other] = &mut browsers;
    tokio::join!(one.get(&copy), other.get(&copy));
    let (one, other) = tokio::join!(one.post(&copy, &[]), other.post(&copy, &[]));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!((statuses, role_of(&here, STRANGER).as_str()), ([303, 404], "read_write"));
}

#[actix_web::test]
async fn inviting_asks_for_the_password_after_fifteen_minutes_and_revoking_never_does() {
    let house = House::open();
    let acme = house.account("Acme");
    let path = format!("/accounts/{acme}/invitations");
    let mut owner = house.signed_in(OWNER).await;
    invite(&mut owner, &house, NEW, "read_only").await;
    let id = number(&house, "SELECT id FROM invitations");
    house.clock.advance(Duration::minutes(16));
    let asked = owner.post(&path, &[("email", "x@example.com"), ("role", "admin")]).await;
    assert_eq!(
        (asked.status.as_u16(), asked.value_of("email").as_str()),
        (403, "x@example.com"),
        "{}",
        asked.text()
    );
    assert_eq!(owner.post(&format!("{path}/{id}/again"), &[]).await.status, 403);
    assert_eq!(count(&house, "invitations"), 1);
    assert_eq!(owner.post(&format!("{path}/{id}/revoke"), &[]).await.status, 303);
    assert_eq!(count(&house, "invitations WHERE revoked_at IS NULL"), 0);
}

#[actix_web::test]
async fn an_account_that_is_going_takes_nobody_in() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    let path = invite(&mut owner, &house, NEW, "read_only").await;
    change(&house, "UPDATE accounts SET state = 'deleting' WHERE name = 'Acme'");
    assert_gone(&house.anybody().get(&path).await);
    assert_eq!(house.mails().await, []);
    change(&house, "UPDATE accounts SET state = 'active' WHERE name = 'Acme'");
    assert_eq!(house.anybody().get(&path).await.status, 200);
}

/// Joins Acme with a copied link, as an address of someone else; with a user token that reads Acme,
/// and an invitation for another address.
async fn pre_hijack(house: &House) -> (Browser, String, String) {
    let mut owner = house.signed_in(OWNER).await;
    let path = invite(&mut owner, house, NEW, "admin").await;
    let (mut holder, answer) = join(house, &path).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let further = invite(&mut holder, house, "further@example.com", "admin").await;
    let of_user = TokenOwner::User(house.user(NEW).id);
    let (_, secret) = made::with(house, of_user, "Laptop", Policy::unconditional(Rights::Everything));
    assert_eq!(zones(house, &secret).await, 200);
    house.mails().await;
    (holder, secret, further)
}

async fn zones(house: &House, secret: &str) -> u16 {
    let path = format!("/v2/{}/zones", house.account("Acme"));
    read(house.anybody().request("GET", &path).bearer_auth(secret)).await.status.as_u16()
}

async fn set_by(house: &House, link: &str) {
    let new = password::random().unwrap();
    ledger::put_down(&new);
    let mut browser = house.anybody();
    let page = browser.get(link).await.text();
    assert!(page.contains("so your user tokens end, too, and the invitations you sent"), "{page}");
    assert_eq!(browser.post(link, &[("new_password", &new)]).await.status, 303);
    browser.get("/sign-in").await;
    assert_eq!(browser.post("/sign-in", &[("email", NEW), ("password", &new)]).await.status, 303);
    let list = browser.get("/user/tokens/ended").await;
    let said = "Ended by a new password, set while the owner's address was unverified";
    assert!(list.text().contains(said), "{}", list.text());
}

#[actix_web::test]
async fn a_stranger_who_joined_as_someone_else_keeps_nothing_once_the_real_owner_has_a_link() {
    for by_mail in [false, true] {
        let house = House::open();
        let site = house.site_admin("site@example.com");
        let (mut holder, secret, further) = pre_hijack(&house).await;
        let link = if by_mail {
            let mut owner = house.anybody();
            owner.get("/forgotten").await;
            owner.post("/forgotten", &[("email", NEW)]).await;
            let mails = house.mails().await;
            assert!(mails[0].2.contains("so your user tokens end, too, and the invitations you sent"));
            mails[0].2.split_whitespace().find(|word| word.contains("/reset/")).unwrap().to_owned()
        } else {
            let mut admin = house.signed_in(&site.email).await;
            let path = format!("/admin/users/{}", house.user(NEW).id);
            let text = admin.get(&path).await.text();
            assert!(text.contains("new@example.com (not verified)"), "{text}");
            let page = admin.post(&format!("{path}/password-link"), &[]).await;
            let warns = "The address was never verified: the link also ends the user's tokens";
            assert!(page.text().contains(warns), "{}", page.text());
            page.secret()
        };
        let link = link.strip_prefix(&house.url("")).unwrap().to_owned();
        ledger::put_down(link.rsplit('/').next().unwrap());
        assert_eq!(zones(&house, &secret).await, 200, "looking at it changes nothing");
        set_by(&house, &link).await;
        assert_eq!(zones(&house, &secret).await, 401);
        assert_eq!(holder.get("/user").await.status, 303, "signed out");
        assert_gone(&house.anybody().get(&further).await);
        assert_eq!(count(&house, "tokens WHERE deleted_why = 'unverified_address'"), 1);
        let lines = texts(
            &house,
            "concat_ws(' ', action, object_name, after)",
            &format!(
                "audit_events WHERE actor_name = '{NEW}' AND id > (SELECT max(id) FROM audit_events WHERE action = 'token.created') ORDER BY id"
            ),
        );
        let mut expected = vec![
            "tokens.revoked new@example.com {\"why\": \"unverified_address\", \"tokens\": 1}",
            "user.password_set new@example.com",
        ];
        if by_mail {
            expected.insert(0, "user.address_verified new@example.com");
        }
        assert_eq!(lines, expected);
        // Once it's verified, a link ends sessions alone.
        let after = if by_mail { 200 } else { 401 };
        let of_user = TokenOwner::User(house.user(NEW).id);
        let (_, secret) = made::with(&house, of_user, "Desk", Policy::unconditional(Rights::Everything));
        let mut admin = house.signed_in(&site.email).await;
        let page = admin.post(&format!("/admin/users/{}/password-link", house.user(NEW).id), &[]).await;
        let link = page.secret().strip_prefix(&house.url("")).unwrap().to_owned();
        ledger::put_down(link.rsplit('/').next().unwrap());
        let new = password::random().unwrap();
        ledger::put_down(&new);
        let mut browser = house.anybody();
        browser.get(&link).await;
        assert_eq!(browser.post(&link, &[("new_password", &new)]).await.status, 303);
        assert_eq!(zones(&house, &secret).await, after);
    }
}
