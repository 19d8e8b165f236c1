//! A list as an account has it after a year: every kind of row at once.

use crate::support::{House, OWNER, START, database, ledger, made};
use crate::window::Window;
use time::Duration;
use tokenhouse::dns::models::record::narrowed;
use tokenhouse::dns::models::zone::ZONE;
use tokenhouse::models::Resource;
use tokenhouse::models::token::Owner;
use tokenhouse::policy::{
    Access, AccountId, Grant, KindKey, Parts, PermissionKey, Policy, Rights, Selection,
};

/// Name, permissions of the form, made and expiring so many days from now, used before so many
/// minutes, from where, by what.
type Token<'a> = (&'a str, &'a [(&'a str, &'a str)], i32, Option<i32>, Option<(i32, &'a str, &'a str)>);

const TOKENS: [Token<'_>; 5] = [
    ("Legacy CI", &[("reach", "everything")], -402, None, Some((310_000, "192.0.2.44", "dnsimple-ruby/8.4"))),
    (
        "Monitoring",
        &[
            ("zones.access", "read"),
            ("zones.where", "all"),
            ("domains.access", "read"),
            ("domains.where", "all"),
        ],
        -31,
        Some(59),
        None,
    ),
    (
        "Terraform",
        &[
            ("zones.access", "full"),
            ("zones.where", "all"),
            ("domains.access", "full"),
            ("domains.where", "all"),
        ],
        -81,
        Some(10),
        Some((4_400, "192.0.2.10", "terraform/1.9")),
    ),
    (
        "Deploy DNS from CI",
        &[
            ("zones.access", "full"),
            ("zones.where", "named"),
            ("zones.id", "zone example.com"),
            ("zones.id", "zone theburritobot.com"),
        ],
        -9,
        Some(82),
        Some((1_500, "198.51.100.24", "octodns/1.9")),
    ),
    (
        "Deploy certificates",
        &[
            ("certificates.access", "read"),
            ("certificates.where", "named"),
            ("certificates.id", "domain example.com"),
        ],
        -2,
        Some(89),
        Some((4, "203.0.113.7", "certbot/2.11")),
    ),
];

/// Name, permission, access and reason; first and last so many minutes from now, and how many.
type Refused<'a> = (&'a str, &'a str, &'a str, &'a str, i32, i32, i32);

const REFUSED: [Refused<'_>; 6] = [
    ("Terraform", "zones", "full", "resource_not_found", -2_000, -14, 3),
    ("Terraform", "certificate_private_keys", "read", "permission_denied", -90, -90, 1),
    ("Terraform", "domains", "full", "write_denied", -4_000, -1_600, 1_204),
    ("Terraform", "", "", "address_refused", -6_000, -5_000, 17),
    ("Old deploy script", "zones", "full", "token_deleted", 0, 0, 212),
    ("Old deploy script", "zones", "full", "quota_exceeded", -400, -350, 41),
];

#[actix_web::test]
async fn a_list_with_every_kind_of_row() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let url = database::url(&house.database);
    for (name, permissions, made, expires, used) in TOKENS {
        let resources: Vec<(&str, String)> =
            permissions.iter().map(|(key, value)| (*key, number(&house, acme, value))).collect();
        let mut fields = vec![("name", name), ("expires", "90")];
        if !permissions.iter().any(|(key, _)| *key == "reach") {
            fields.push(("reach", "choose"));
        }
        fields.extend(resources.iter().map(|(key, value)| (*key, value.as_str())));
        let (id, _) = owner.make_token(acme, &fields).await;
        let now = "timestamptz '2026-11-22 12:00Z'";
        let end = expires.map_or("NULL".to_owned(), |days| format!("date '2026-11-22' + {days}"));
        database::run(
            &url,
            &format!(
                "UPDATE tokens SET created_at = {now} + interval '{made} days', expires_at = {end} WHERE id = {id}"
            ),
        );
        if let Some((minutes, address, client)) = used {
            database::run(
                &url,
                &format!(
                    "INSERT INTO token_use (secret_id, account_id, last_used_at, address, client)
                     SELECT id, {acme}, {now} - interval '{minutes} minutes', '{address}', '{client}'
                     FROM token_secrets WHERE token_id = {id}"
                ),
            );
        }
    }
    let (ended, _) = owner.make_full_token(acme, "Old deploy script").await;
    owner.delete_token(acme, ended).await;
    for (name, permission, access, reason, first, last, calls) in REFUSED {
        let at = |minutes: i32| format!("timestamptz '2026-11-22 12:00Z' + interval '{minutes} minutes'");
        database::run(
            &url,
            &format!(
                "INSERT INTO token_refusals
                 SELECT id, '{permission}', '{access}', '{reason}', {}, {}, {calls} FROM tokens WHERE name = '{name}'",
                at(first),
                at(last)
            ),
        );
    }
    let spent = format!("INSERT INTO budgets VALUES ('account {acme}', '2026-11-22 12:00Z', 612)");
    database::run(&url, &spent);

    let mut window = Window::open(&house, "gallery", true).await;
    window.go(&format!("/accounts/{acme}/tokens")).await;
    window.field("E-mail").await.send_keys(OWNER).await.unwrap();
    window.field("Password").await.send_keys(&ledger::password()).await.unwrap();
    window.button("Sign in").await.click().await.unwrap();
    window.link("Active 5").await;
    window.link("Ended 1").await;
    window.says("Everything in this account").await;
    window.says("No expiry").await;
    window.says("in 9 days").await;
    window.says("7 months ago 192.0.2.44").await;
    window.says("1,788 of 2,400 API calls left until 13:00 UTC").await;
    window.pictures("list").await;
    window.link("Terraform").await.click().await.unwrap();
    window.heading("Terraform").await;
    window.says("It may read there but change nothing").await;
    window.pictures("token").await;
    window.go(&format!("/accounts/{acme}/tokens/{ended}")).await;
    window.says("Still tried").await;
    window.pictures("ended").await;
    rolled(&mut window, acme).await;
    database::run(&url, "UPDATE budgets SET calls = 2400");
    window.go(&format!("/accounts/{acme}/tokens/ended")).await;
    window.says("No API calls left of 2,400 until 13:00 UTC").await;
    window.pictures("spent").await;
    window.menu("Acme").await.click().await.unwrap();
    window.picture("switcher").await;
    window.go(&format!("/accounts/{acme}/activity")).await;
    window.heading("Activity").await;
    window.pictures("activity").await;
    window.go(&format!("/accounts/{acme}/tokens?unused=1")).await;
    window.says("Not used for 90 days").await;
    window.pictures("narrowed").await;
}

/// The page that asks before a token is rolled, the overlap on its own page, and the softer ways.
async fn rolled(window: &mut Window, acme: AccountId) {
    window.go(&format!("/accounts/{acme}/tokens")).await;
    window.link("Deploy certificates").await.click().await.unwrap();
    window.link("Roll").await.click().await.unwrap();
    window.heading("Roll “Deploy certificates”?").await;
    window.pictures("roll").await;
    window.narrow_picture("roll").await;
    window.button("Roll token").await.click().await.unwrap();
    window.heading("The new secret is ready").await;
    let secret = window.field("Token").await.prop("value").await.unwrap().unwrap();
    ledger::put_down(&secret);
    window.link("Look at the token").await.click().await.unwrap();
    window.says("Two secrets").await;
    window.says("Works until 23 Nov 2026, 12:00 UTC").await;
    window.pictures("two-secrets").await;
    window.narrow_picture("two-secrets").await;
    window.link("Disable").await.click().await.unwrap();
    window.picture("disable").await;
    window.button("Disable token").await.click().await.unwrap();
    window.says("Disabled · paused").await;
    window.picture("disabled").await;
    window.link("Delete").await.click().await.unwrap();
    window.says("There are softer ways").await;
    window.picture("softer").await;
}

/// The number of "zone example.com"; anything else stays as it is.
fn number(house: &House, account: AccountId, value: &str) -> String {
    let Some((kind, name)) = value.split_once(' ') else { return value.to_owned() };
    let kind = KindKey::try_from(kind).unwrap();
    Resource::find(&mut house.conn(), account, kind, name).unwrap().unwrap().id.to_string()
}

#[actix_web::test]
async fn a_persons_own_tokens_with_every_kind_of_rule() {
    let house = House::open();
    let (acme, hobby) = (house.account("Acme"), house.account("Hobby"));
    let owner = Owner::User(house.user(OWNER).id);
    let zone = |name: &str| {
        let (mut conn, kind) = (house.conn(), ZONE);
        Resource::find(&mut conn, acme, kind, name).unwrap().unwrap().to_ref()
    };
    let parts = narrowed(&["_acme-challenge*"], &["TXT"]);
    let grant = |key: &str, access, selection| Grant {
        permission: PermissionKey::try_from(key.to_owned()).unwrap(),
        access,
        selection,
        parts: Parts::default(),
    };
    let all_but = Selection::Everywhere { except: vec![zone("theburritobot.com")] };
    let of_hobby = Selection::Account { account: hobby, except: Vec::new() };
    let only = Selection::Only(vec![zone("example.com"), zone("anchor.example")]);
    let everywhere = Selection::Everywhere { except: Vec::new() };
    let rights = Rights::Grants(vec![
        grant("zones", Access::Read, all_but),
        grant("domains", Access::Full, of_hobby.clone()),
        Grant { parts, ..grant("zones", Access::Full, only) },
        grant("contacts", Access::Full, of_hobby),
        grant("user_details", Access::Read, everywhere),
    ]);
    let (token, _) = made::with(
        &house,
        owner,
        "Two accounts at once",
        Policy {
            allowed_networks: vec!["203.0.113.0/24".parse().unwrap(), "2001:db8::/48".parse().unwrap()],
            refused_networks: vec!["203.0.113.66/32".parse().unwrap()],
            expires_at: Some(START + Duration::days(9)),
            ..Policy::unconditional(rights)
        },
    );
    made::with(&house, owner, "Laptop", Policy::unconditional(Rights::Everything));
    let mut window = Window::open(&house, "own", true).await;
    window.go("/user/tokens").await;
    window.field("E-mail").await.send_keys(OWNER).await.unwrap();
    window.field("Password").await.send_keys(&ledger::password()).await.unwrap();
    window.button("Sign in").await.click().await.unwrap();
    window.heading("Account Settings").await;
    window.says("Prefer an account token").await;
    window.pictures("list").await;
    window.go(&format!("/user/tokens/{token}")).await;
    window.heading("Two accounts at once").await;
    window.says("All zones in all your accounts, including future ones, except these").await;
    window.says("Only TXT records named _acme-challenge*").await;
    window.pictures("token").await;
    window.menu("owner@example.com").await.click().await.unwrap();
    window.link("Account Settings").await;
    window.picture("menu").await;
    window.go("/user").await;
    window.says("You sign in with owner@example.com").await;
    window.pictures("profile").await;
    window.narrow_picture("profile").await;
    window.go("/user/security").await;
    window.says("Where you are signed in").await;
    window.pictures("security").await;
    window.narrow_picture("security").await;
    window.go("/user/tokens/revoke").await;
    window.heading("Revoke all your tokens?").await;
    window.picture("revoke").await;
    let members = format!("/accounts/{acme}/members");
    window.go(&members).await;
    window.says("Milo Member").await;
    window.pictures("members").await;
    window.go(&format!("/accounts/{acme}/invitations/new")).await;
    window.heading("Invite somebody").await;
    window.pictures("invite").await;
    window.go("/invitations/none").await;
    window.heading("This invitation does not hold").await;
    window.picture("no-invitation").await;
    window.go(&format!("{members}/tokens")).await;
    window.says("Last used here").await;
    window.pictures("members-tokens").await;
    window.go(&format!("{members}/tokens/{token}/block")).await;
    window.picture("block").await;
    let member = house.user("member@example.com").id;
    window.go(&format!("{members}/{member}")).await;
    window.picture("member").await;
    window.go(&format!("{members}/{}/remove", house.user(OWNER).id)).await;
    window.heading("Leave Acme?").await;
    window.picture("leave").await;
}
