//! Members: roles, the end of a membership, and the user tokens that reach an account.

use super::facts;
use crate::support::client::whoami;
use crate::support::{ADMIN, House, MEMBER, OWNER, READER, database, made};
use reqwest::Client;
use tokenhouse::db::DbError;
use tokenhouse::models::membership::{self, Changed};
use tokenhouse::models::token::Owner;
use tokenhouse::models::{Account, Actor, Origin};
use tokenhouse::policy::{Access, AccountId, Policy, Rights, Role, Selection};

fn role(house: &House, email: &str) -> String {
    let acme = house.account("Acme");
    facts::text(
        house,
        &format!(
            "SELECT coalesce((SELECT role FROM memberships JOIN users ON users.id = user_id
             WHERE account_id = {acme} AND email = '{email}'), 'none')"
        ),
    )
}

fn of_member(house: &House, email: &str) -> String {
    format!("/accounts/{}/members/{}", house.account("Acme"), house.user(email).id)
}

async fn zones(house: &House, secret: &str, account: AccountId) -> u16 {
    let url = house.url(&format!("/v2/{account}/zones"));
    Client::new().get(url).bearer_auth(secret).send().await.unwrap().status().as_u16()
}

#[actix_web::test]
async fn an_admin_changes_roles_below_owner_and_the_change_holds_at_the_next_call() {
    let house = House::open();
    let acme = house.account("Acme");
    let full = Policy::unconditional(Rights::Everything);
    let (_, secret) = made::with(&house, Owner::User(house.user(MEMBER).id), "Laptop", full);
    let create = || {
        let url = house.url(&format!("/v2/{acme}/domains"));
        let body = serde_json::json!({ "name": "new.example" });
        Client::new().post(url).bearer_auth(&secret).json(&body).send()
    };
    let mut admin = house.signed_in(ADMIN).await;
    let list = admin.get(&format!("/accounts/{acme}/members")).await;
    assert_eq!(list.all("tbody .row-name"), ["Ada Admin", "Milo Member", "Olive Owner", "Rita Reader"]);
    let path = of_member(&house, MEMBER);
    assert_eq!(admin.get(&path).await.heading(), "Milo Member");
    let answer = admin.post(&format!("{path}/role"), &[("role", "read_only")]).await;
    assert_eq!(
        (answer.status.as_u16(), answer.location()),
        (303, format!("/accounts/{acme}/members?done=role").as_str())
    );
    assert_eq!(role(&house, MEMBER), "read_only");
    assert_eq!(zones(&house, &secret, acme).await, 200);
    assert_eq!(create().await.unwrap().status().as_u16(), 403);
    let line = facts::text(
        &house,
        "SELECT before::text || after::text FROM audit_events WHERE action = 'member.set' ORDER BY id DESC LIMIT 1",
    );
    assert_eq!(line, "{\"role\": \"read_write\"}{\"role\": \"read_only\"}");
}

#[actix_web::test]
async fn an_admin_neither_makes_nor_lowers_nor_removes_an_owner() {
    let house = House::open();
    let mut admin = house.signed_in(ADMIN).await;
    for (email, wanted) in [(MEMBER, "owner"), (OWNER, "read_only"), (ADMIN, "owner")] {
        let before = role(&house, email);
        let answer = admin.post(&format!("{}/role", of_member(&house, email)), &[("role", wanted)]).await;
        assert_eq!(answer.status.as_u16(), 403, "{email}");
        assert!(answer.text().contains("Owners are made and lowered by owners."), "{}", answer.text());
        assert_eq!(role(&house, email), before);
    }
    let answer = admin.post(&format!("{}/remove", of_member(&house, OWNER)), &[]).await;
    assert_eq!((answer.status.as_u16(), role(&house, OWNER).as_str()), (403, "owner"));
    let disabled = admin.get(&of_member(&house, MEMBER)).await.attributes("input[disabled]", "value");
    assert_eq!(disabled, ["owner"]);
}

#[actix_web::test]
async fn the_last_owner_stays_and_two_owners_who_lower_each_other_at_once_leave_one() {
    let house = House::open();
    let mut owner = house.signed_in(OWNER).await;
    let path = of_member(&house, OWNER);
    for (end, fields) in [("role", &[("role", "admin")][..]), ("remove", &[])] {
        let answer = owner.post(&format!("{path}/{end}"), fields).await;
        assert_eq!(answer.status.as_u16(), 422, "{end}");
        assert!(answer.text().contains("An account always has an owner."), "{}", answer.text());
    }
    let make = owner.post(&format!("{}/role", of_member(&house, ADMIN)), &[("role", "owner")]).await;
    assert_eq!(make.status.as_u16(), 303);
    for _ in 0..5 {
        let lower = |by: &str, whom: &str| {
            let (account, whom, by) = (house.account("Acme"), house.user(whom), house.user(by));
            let mut conn = house.conn();
            let actor = Actor::User { id: by.id, email: by.email };
            let origin = Origin { actor, now: house.clock.now(), address: None };
            move || {
                tokenhouse::db::in_one(&mut conn, |conn| {
                    let account = Account::find(conn, account)?.unwrap();
                    membership::set(conn, &account, &whom, Role::Admin, &origin)
                })
                .unwrap()
            }
        };
        let (mut one, other) = (lower(OWNER, ADMIN), lower(ADMIN, OWNER));
        let other = std::thread::spawn(other);
        let done = [one(), other.join().unwrap()];
        assert_eq!(done.iter().filter(|changed| **changed == Changed::Done).count(), 1, "{done:?}");
        let owners = facts::count(
            &house,
            &format!("memberships WHERE account_id = {} AND role = 'owner'", house.account("Acme")),
        );
        assert_eq!(owners, 1);
        database::run(
            &database::url(&house.database),
            &format!(
                "UPDATE memberships SET role = 'owner' WHERE account_id = {} AND user_id IN ({}, {})",
                house.account("Acme"),
                house.user(OWNER).id,
                house.user(ADMIN).id
            ),
        );
    }
}

#[actix_web::test]
async fn removing_says_what_stops_and_which_secrets_were_seen_and_stops_it_at_the_next_call() {
    let house = House::open();
    let (acme, rival) = (house.account("Acme"), house.account("Rival"));
    let full = Policy::unconditional(Rights::Everything);
    let elsewhere = [("zones", Access::Read, Selection::Account { account: rival, except: Vec::new() })];
    house.join("Rival", ADMIN, Role::ReadWrite);
    let admin = Owner::User(house.user(ADMIN).id);
    let (_, laptop) = made::with(&house, admin, "Laptop", full);
    made::granted(&house, admin, "Rival only", &elsewhere);
    let mut by = house.signed_in(ADMIN).await;
    let (seen, kept) = by.make_full_token(acme, "Deploy").await;
    let mut owner = house.signed_in(OWNER).await;
    let page = owner.get(&format!("{}/remove", of_member(&house, ADMIN))).await;
    assert_eq!(page.heading(), "Remove Ada Admin?");
    assert_eq!(page.all(".names li"), ["Laptop", "Deploy · Roll Deploy"]);
    for end in ["", "/roll"] {
        assert!(page.links().contains(&format!("/accounts/{acme}/tokens/{seen}{end}")), "{end}");
    }
    assert_eq!(zones(&house, &laptop, acme).await, 200);
    let answer = owner.post(&format!("{}/remove", of_member(&house, ADMIN)), &[]).await;
    assert_eq!(answer.status.as_u16(), 303);
    assert_eq!(zones(&house, &laptop, acme).await, 404);
    assert_eq!(zones(&house, &laptop, rival).await, 200);
    assert_eq!(whoami(house.address, &kept).await.0, 200);
    assert_eq!(by.get(&format!("/accounts/{acme}/tokens")).await.status.as_u16(), 404);
}

#[actix_web::test]
async fn anybody_leaves_and_nobody_without_the_role_removes_somebody_else() {
    let house = House::open();
    let mut reader = house.signed_in(READER).await;
    let acme = house.account("Acme");
    let page = reader.get(&format!("/accounts/{acme}/members")).await;
    assert!(
        page.text().contains("Read only : Sees domains") || page.text().contains("Read only: Sees"),
        "{}",
        page.text()
    );
    assert!(!page.text().contains("member@example.com"), "others are not told");
    let answer = reader.post(&format!("{}/remove", of_member(&house, MEMBER)), &[]).await;
    assert_eq!((answer.status.as_u16(), role(&house, MEMBER).as_str()), (403, "read_write"));
    let own = format!("{}/remove", of_member(&house, READER));
    assert_eq!(reader.get(&own).await.heading(), "Leave Acme?");
    let answer = reader.post(&own, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, "/accounts"));
    assert_eq!(role(&house, READER), "none");
}

#[actix_web::test]
async fn an_admin_blocks_a_members_token_here_while_it_works_elsewhere_and_its_user_reads_why() {
    let house = House::open();
    let (acme, hobby) = (house.account("Acme"), house.account("Hobby"));
    let owner = Owner::User(house.user(OWNER).id);
    let (token, secret) = made::with(&house, owner, "Laptop", Policy::unconditional(Rights::Everything));
    let of_hobby = [("zones", Access::Read, Selection::Account { account: hobby, except: Vec::new() })];
    let (other, _) = made::granted(&house, owner, "Hobby only", &of_hobby);
    let mut admin = house.signed_in(ADMIN).await;
    let list = format!("/accounts/{acme}/members/tokens");
    assert_eq!(admin.get(&list).await.all("tbody .row-name"), ["Laptop"]);
    assert_eq!(admin.get(&format!("{list}/{other}/block")).await.status.as_u16(), 404);
    assert_eq!(admin.post(&format!("{list}/{other}/block"), &[("why", "x")]).await.status.as_u16(), 404);
    let asked = admin.get(&format!("{list}/{token}/block")).await;
    assert_eq!(asked.heading(), "Block “Laptop” in Acme?");
    let empty = admin.post(&format!("{list}/{token}/block"), &[("why", " ")]).await;
    assert_eq!(empty.status.as_u16(), 422);
    assert_eq!(zones(&house, &secret, acme).await, 200);
    let blocked = admin.post(&format!("{list}/{token}/block"), &[("why", "Seen in a build log")]).await;
    assert_eq!(blocked.location(), format!("{list}?done=blocked"));
    assert_eq!((zones(&house, &secret, acme).await, zones(&house, &secret, hobby).await), (403, 200));
    let page = house.signed_in(OWNER).await.get(&format!("/user/tokens/{token}")).await.text();
    assert!(page.contains("Blocked in Acme") && page.contains("“Seen in a build log”"), "{page}");
    assert_eq!(admin.post(&format!("{list}/{token}/unblock"), &[]).await.status.as_u16(), 303);
    assert_eq!(zones(&house, &secret, acme).await, 200);
}

#[actix_web::test]
async fn what_a_members_token_may_do_in_other_accounts_is_not_told_here() {
    let house = House::open();
    let (acme, hobby) = (house.account("Acme"), house.account("Hobby"));
    let all = |account| Selection::Account { account, except: Vec::new() };
    let grants = [("zones", Access::Read, all(acme)), ("contacts", Access::Full, all(hobby))];
    made::granted(&house, Owner::User(house.user(OWNER).id), "Both", &grants);
    let page = house.signed_in(ADMIN).await.get(&format!("/accounts/{acme}/members/tokens")).await.text();
    assert!(page.contains("Zones read") && !page.to_lowercase().contains("contacts"), "{page}");
}

#[actix_web::test]
async fn a_token_about_its_user_alone_is_nobodys_business_in_an_account() {
    let house = House::open();
    let acme = house.account("Acme");
    let own = [("user_details", Access::Read, Selection::Everywhere { except: Vec::new() })];
    let (token, _) = made::granted(&house, Owner::User(house.user(MEMBER).id), "Private matter", &own);
    let mut admin = house.signed_in(ADMIN).await;
    let list = format!("/accounts/{acme}/members/tokens");
    assert!(!admin.get(&list).await.text().contains("Private matter"));
    assert_eq!(admin.get(&format!("{list}/{token}/block")).await.status.as_u16(), 404);
    let asked = admin.get(&format!("{}/remove", of_member(&house, MEMBER))).await.text();
    assert!(!asked.contains("Private matter"), "{asked}");
}

#[actix_web::test]
async fn whoever_is_taken_out_while_a_role_is_given_stays_out() {
    let house = House::open();
    let (acme, admin, member) = (house.account("Acme"), house.user(ADMIN), house.user(MEMBER));
    let origin = Origin {
        actor: Actor::User { id: admin.id, email: admin.email },
        now: house.clock.now(),
        address: None,
    };
    let changed = tokenhouse::db::in_one(&mut house.conn(), |conn| {
        let account = Account::find(conn, acme)?.unwrap();
        assert_eq!(membership::remove(conn, &account, &member, &origin)?, Changed::Done);
        membership::change(conn, &account, &member, Role::Admin, &origin)
    });
    assert_eq!(changed.unwrap(), Changed::NoMember);
    assert_eq!(role(&house, MEMBER), "none");
}

#[actix_web::test]
async fn whoever_has_left_an_account_is_told_nothing_of_it_any_more() {
    let house = House::open();
    let acme = house.account("Acme");
    house.join("Hobby", MEMBER, Role::ReadWrite);
    let owner = Owner::User(house.user(MEMBER).id);
    let (token, _) = made::with(&house, owner, "Laptop", Policy::unconditional(Rights::Everything));
    let mut admin = house.signed_in(ADMIN).await;
    admin.post(&format!("/accounts/{acme}/members/tokens/{token}/block"), &[("why", "Seen in a log")]).await;
    let mut member = house.signed_in(MEMBER).await;
    let page = format!("/user/tokens/{token}");
    assert!(member.get(&page).await.text().contains("Blocked in Acme"));
    admin.post(&format!("{}/remove", of_member(&house, MEMBER)), &[]).await;
    let text = member.get(&page).await.text();
    assert!(!text.contains("Acme") && !text.contains("Seen in a log"), "{text}");
}

#[actix_web::test]
async fn an_owner_who_is_deactivated_at_the_same_moment_is_none_to_be_left_behind() {
    let house = House::open();
    house.join("Acme", ADMIN, Role::Owner);
    let (acme, owner, admin) = (house.account("Acme"), house.user(OWNER), house.user(ADMIN));
    let mut conn = house.conn();
    let actor = Actor::User { id: admin.id, email: admin.email.clone() };
    let origin = Origin { actor, now: house.clock.now(), address: None };
    let leave = move || {
        tokenhouse::db::in_one(&mut conn, |conn| {
            let account = Account::find(conn, acme)?.unwrap();
            membership::remove(conn, &account, &admin, &origin)
        })
        .unwrap()
    };
    let leaving = tokenhouse::db::in_one(&mut house.conn(), |conn| {
        assert!(owner.deactivate(conn, &house.command_line())?);
        let leaving = std::thread::spawn(leave);
        facts::until_one_waits(&house);
        Ok::<_, DbError>(leaving)
    });
    assert_eq!(leaving.unwrap().join().unwrap(), Changed::LastOwner);
    assert_eq!(role(&house, ADMIN), "owner");
}
