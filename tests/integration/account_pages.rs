//! Account: its name and plan, and its end.

use super::facts;
use crate::support::client::whoami;
use crate::support::{ADMIN, House, MEMBER, OWNER, made};
use time::Duration;
use tokenhouse::db;
use tokenhouse::dns::models::HOOKS;
use tokenhouse::models::invitation::{self, Invited};
use tokenhouse::models::membership::{self, Changed};
use tokenhouse::models::token::Owner;
use tokenhouse::models::{Account, Actor, Origin, account_limits, account_state};
use tokenhouse::policy::{Access, Limits, Policy, Rights, Role, Selection};

fn read_zones() -> Policy {
    let everywhere = Selection::Everywhere { except: vec![] };
    Policy::unconditional(Rights::Grants(vec![made::grant("zones", Access::Read, everywhere)]))
}

fn state(house: &House) -> String {
    facts::text(house, "SELECT state FROM accounts WHERE name = 'Acme'")
}

#[actix_web::test]
async fn an_owner_or_admin_changes_name_and_address_and_other_members_do_not() {
    let house = House::open();
    let page = format!("/accounts/{}/settings", house.account("Acme"));
    let mut owner = house.signed_in(OWNER).await;
    let wrong = owner.post(&page, &[("name", " "), ("email", "nobody")]).await;
    assert_eq!(wrong.status, 422);
    assert_eq!((wrong.all("#name-error").len(), wrong.all("#email-error").len()), (1, 1));
    assert_eq!(wrong.value_of("email"), "nobody");
    let answer = owner.post(&page, &[("name", "Acme & Söhne"), ("email", "bills@acme.example")]).await;
    assert_eq!(answer.location(), format!("{page}?done=account"));
    let line = facts::text(
        &house,
        "SELECT before::text || after::text FROM audit_events WHERE action = 'account.changed'",
    );
    assert!(line.contains("Acme & Söhne") && line.contains("billing@acme.example"), "{line}");
    let mut admin = house.signed_in(ADMIN).await;
    let answer = admin.post(&page, &[("name", "Acme"), ("email", "bills@acme.example")]).await;
    assert_eq!(answer.location(), format!("{page}?done=account"));
    let mut member = house.signed_in(MEMBER).await;
    let seen = member.get(&page).await;
    assert_eq!((seen.status.as_u16(), seen.all("form input[name=name]").len()), (200, 0));
    assert!(seen.text().contains("Ask an owner or admin of Acme."), "{}", seen.text());
}

#[actix_web::test]
async fn a_lower_plan_says_what_freezes_before_it_freezes_and_a_higher_one_revives_it() {
    let house = House::open();
    let acme = house.account("Acme");
    let (_, secret) = made::with(&house, Owner::Account(acme), "Sync", read_zones());
    let mut owner = house.signed_in(OWNER).await;
    let page = format!("/accounts/{acme}/settings/plan");
    let asked = owner.get(&format!("{page}?to=solo")).await;
    assert_eq!(asked.heading(), "Put Acme on the plan Solo?");
    assert!(asked.text().contains("1 token with scopes freeze at once"), "{}", asked.text());
    assert_eq!(whoami(house.address, &secret).await.0, 200);
    let answer = owner.post(&page, &[("plan", "solo")]).await;
    assert_eq!(answer.location(), format!("/accounts/{acme}/settings?done=plan"));
    let (status, body) = whoami(house.address, &secret).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some("token_frozen")));
    let asked = owner.get(&format!("{page}?to=teams")).await;
    assert!(asked.text().contains("frozen until now, work again at once"), "{}", asked.text());
    assert_eq!(owner.post(&page, &[("plan", "teams")]).await.status, 303);
    assert_eq!(whoami(house.address, &secret).await.0, 200);
    for unknown in ["", "gold", "teams"] {
        let answer = owner.post(&page, &[("plan", unknown)]).await;
        assert_eq!(answer.location(), format!("/accounts/{acme}/settings"), "{unknown}");
    }
}

#[actix_web::test]
async fn deleting_an_account_pauses_its_tokens_at_once_and_an_owner_brings_it_back() {
    let house = House::open();
    let acme = house.account("Acme");
    let (_, of_account) = made::with(&house, Owner::Account(acme), "Sync", read_zones());
    let (_, of_user) = made::with(&house, Owner::User(house.user(MEMBER).id), "Laptop", read_zones());
    let mut owner = house.signed_in(OWNER).await;
    let page = format!("/accounts/{acme}/settings/delete");
    assert!(owner.get(&page).await.text().contains("1 account token and whatever uses them stop at once"));
    let unsure = owner.post(&page, &[("confirm", "acme")]).await;
    assert_eq!((unsure.status.as_u16(), unsure.value_of("confirm")), (422, "acme".to_owned()));
    assert_eq!(state(&house), "active");
    assert_eq!(owner.post(&page, &[("confirm", "Acme")]).await.status, 303);
    assert_eq!(state(&house), "deleting");
    let (status, body) = whoami(house.address, &of_account).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some("owner_away")));
    let url = house.url(&format!("/v2/{acme}/zones"));
    let answer = reqwest::Client::new().get(&url).bearer_auth(&of_user).send().await.unwrap();
    assert_eq!(answer.status(), 403);
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["code"], "account_suspended");

    let mut member = house.signed_in(MEMBER).await;
    let text = member.get(&format!("/accounts/{acme}/tokens")).await.text();
    assert!(text.contains("Acme is being deleted") && text.contains("22 December 2026"), "{text}");
    assert_eq!(owner.get(&page).await.heading(), "Acme is being deleted");
    assert_eq!(
        owner.post(&page, &[("confirm", "Acme")]).await.location(),
        format!("/accounts/{acme}/settings?done=changed")
    );
    let restore = format!("/accounts/{acme}/settings/restore");
    assert_eq!(
        owner.post(&restore, &[]).await.location(),
        format!("/accounts/{acme}/settings?done=restored")
    );
    assert_eq!(whoami(house.address, &of_account).await.0, 200);
    let lines = facts::text(
        &house,
        "SELECT string_agg(action, ' ' ORDER BY id) FROM audit_events WHERE action LIKE 'account.%' AND actor_kind = 'user'",
    );
    assert_eq!(lines, "account.deletion_begun account.restored");
}

#[actix_web::test]
async fn after_thirty_days_a_deleted_account_is_gone_and_its_record_stays() {
    let house = House::open();
    let acme = house.account("Acme");
    let (_, secret) = made::with(&house, Owner::Account(acme), "Sync", read_zones());
    let mut owner = house.signed_in(OWNER).await;
    let page = format!("/accounts/{acme}/settings/delete");
    owner.post(&page, &[("confirm", "Acme")]).await;
    let lines = facts::count(&house, &format!("audit_events WHERE account_id = {acme}"));
    house.clock.advance(Duration::days(30));
    let mut owner = house.signed_in(OWNER).await;
    let restore = format!("/accounts/{acme}/settings/restore");
    assert!(owner.post(&restore, &[]).await.location().ends_with("?done=changed"), "a part may be gone");
    // The chore runs at the start of each node.
    let second = House::on(house.database.clone(), house.clock.clone(), |_| {});
    facts::until(|| facts::count(&house, &format!("accounts WHERE id = {acme}")) == 0);
    for of in ["tokens", "resources", "memberships"] {
        assert_eq!(facts::count(&house, &format!("{of} WHERE account_id = {acme}")), 0, "{of}");
    }
    assert_eq!(facts::count(&house, &format!("audit_events WHERE account_id = {acme}")), lines + 1);
    let last = "SELECT actor_kind || ' ' || action FROM audit_events ORDER BY id DESC LIMIT 1";
    assert_eq!(facts::text(&house, last), "nobody account.deleted");
    let (status, body) = whoami(second.address, &secret).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some("invalid_token")));
    assert_eq!(owner.get(&page).await.status, 404);
}

#[actix_web::test]
async fn an_account_that_cannot_go_now_keeps_no_later_one() {
    let house = House::open();
    let acme = house.account("Acme");
    facts::change(
        &house,
        &format!(
            "CREATE TABLE holds (account_id bigint REFERENCES accounts);
             INSERT INTO holds VALUES ({acme});
             UPDATE accounts SET state = 'deleting', state_since = '2026-10-01Z' WHERE name = 'Acme';
             UPDATE accounts SET state = 'deleting', state_since = '2026-10-02Z' WHERE name = 'Rival'"
        ),
    );
    let _second = house.second_node();
    facts::until(|| facts::count(&house, "accounts WHERE name = 'Rival'") == 0);
    assert_eq!(facts::count(&house, "accounts WHERE name = 'Acme'"), 1);
}

#[actix_web::test]
async fn the_records_of_an_account_go_in_parts_before_their_zones() {
    let house = House::open();
    let acme = house.account("Acme");
    let zone = facts::zone(&house, acme, "example.com");
    facts::change(
        &house,
        &format!(
            "INSERT INTO records (zone_id, name, record_type, content, ttl, created_at, updated_at)
             SELECT {zone}, 'n' || n, 'A', '192.0.2.1', 3600, '2026-11-22Z', '2026-11-22Z' FROM generate_series(1, 2500) AS n;
             UPDATE accounts SET state = 'deleting', state_since = '2026-11-22 12:00Z' WHERE id = {acme}"
        ),
    );
    let records = format!("records JOIN resources ON resources.id = zone_id WHERE account_id = {acme}");
    let resources = format!("resources WHERE account_id = {acme}");
    let before = (facts::count(&house, &records), facts::count(&house, &resources));
    let origin = Origin::nobody(house.clock.now() + account_state::KEPT);
    let gone = db::in_one(&mut house.conn(), |conn| account_state::take_apart(conn, acme, &HOOKS, &origin));
    assert!(!gone.unwrap());
    let after = (facts::count(&house, &records), facts::count(&house, &resources));
    assert_eq!(after, (before.0 - 2_000, before.1));
}

#[actix_web::test]
async fn a_plan_that_it_is_on_by_now_is_no_change() {
    let house = House::open();
    let (mut conn, origin) = (house.conn(), house.command_line());
    let as_read = Account::find(&mut conn, house.account("Acme")).unwrap().unwrap();
    for _ in 0..2 {
        assert_eq!(as_read.set_plan(&mut conn, "solo", &origin).unwrap().unwrap().plan, "solo");
    }
    assert_eq!(facts::count(&house, "audit_events WHERE action = 'account.plan_changed'"), 1);
}

#[actix_web::test]
async fn what_is_done_to_an_account_that_is_gone_finds_none() {
    let house = House::open();
    let (mut conn, owner, command_line) = (house.conn(), house.user(OWNER), house.command_line());
    let account = Account::create(&mut conn, "Short", "short@example.com", "teams", &command_line).unwrap();
    facts::change(&house, "DELETE FROM accounts WHERE name = 'Short'");
    let actor = Actor::User { id: owner.id, email: owner.email.clone() };
    let origin = Origin { actor, ..command_line };
    assert!(account.set_plan(&mut conn, "solo", &origin).unwrap().is_none());
    let (limits, catalogue) = (Limits::none(house.clock.now()), &house.app.catalogue);
    let set = account_limits::change(&mut conn, catalogue, &account, (&limits, None), &origin);
    assert!(matches!(set.unwrap(), account_limits::Changed::Gone));
    let set = membership::set(&mut conn, &account, &owner, Role::Admin, &origin);
    assert_eq!(set.unwrap(), Changed::NoAccount);
    let invited = invitation::invite(&mut conn, &account, "new@example.com", Role::Admin, &origin);
    assert!(matches!(invited.unwrap(), Invited::Gone));
}

#[actix_web::test]
async fn the_table_of_roles_stands_on_the_page_of_members_and_in_the_documentation_as_it_is_enforced() {
    use tokenhouse::policy::{Act, Role};
    let catalogue = tokenhouse::dns::catalogue().unwrap();
    let house = House::open();
    let mut member = house.signed_in(MEMBER).await;
    let page = member.get(&format!("/accounts/{}/members", house.account("Acme"))).await;
    let mut written =
        String::from("| may | owner | admin | read_write | read_only |\n| --- | --- | --- | --- | --- |\n");
    let mut shown = Vec::new();
    for act in Act::rows() {
        let cells = Role::ALL.into_iter().rev().map(|role| if role.may(act) { "yes" } else { "no" });
        let cells: Vec<&str> = cells.collect();
        written.push_str(&format!("| {} | {} |\n", act.title(&catalogue), cells.join(" | ")));
        shown.push(format!("{}{}", act.title(&catalogue), cells.concat()).to_lowercase());
    }
    let rows: Vec<String> = page.all(".roles-table tbody tr").iter().map(|row| row.to_lowercase()).collect();
    assert_eq!(rows, shown);
    assert!(
        include_str!("../../docs/SECURITY.md").contains(&written),
        "docs/SECURITY.md has not:\n{written}"
    );
}
