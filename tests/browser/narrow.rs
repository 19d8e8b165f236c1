//! On a phone nothing has to be pushed sideways, whatever people type.

use crate::support::{House, OWNER, database, ledger, made};
use crate::window::Window;
use tokenhouse::models::link::LinkSecret;
use tokenhouse::models::token::Owner;
use tokenhouse::models::user_link::{self, Purpose};
use tokenhouse::policy::{Policy, Rights};

#[actix_web::test]
async fn no_page_scrolls_sideways_on_a_phone() {
    let house = House::open();
    let (acme, hobby) = (house.account("Acme"), house.account("Hobby"));
    let mut owner = house.signed_in(OWNER).await;
    let long = "W".repeat(255);
    let (everything, _) = owner.make_full_token(acme, &long).await;
    let narrow = [
        ("name", "Terraform"),
        ("reach", "choose"),
        ("zones.access", "full"),
        ("zones.where", "all"),
        ("certificate_private_keys.access", "read"),
        ("certificate_private_keys.where", "all"),
        ("expires", "never"),
    ];
    let (scoped, _) = owner.make_token(acme, &narrow).await;
    let (ended, _) = owner.make_full_token(acme, &long).await;
    owner.delete_token(acme, ended).await;

    let (_, zone) = crate::reaches::fill(&house).await;

    let invitation = invite(&house, acme);
    let runs_the_site = "UPDATE users SET site_admin_since = created_at WHERE email = 'owner@example.com'";
    database::run(&database::url(&house.database), runs_the_site);
    let mut window = Window::open(&house, "narrow", true).await;
    let mut too_wide = Vec::new();
    look(&mut window, "/sign-in", &mut too_wide).await;
    window.field("E-mail").await.send_keys(OWNER).await.unwrap();
    window.field("Password").await.send_keys(&ledger::password()).await.unwrap();
    window.button("Sign in").await.click().await.unwrap();
    window.heading("Automation").await;
    let (list, members) = (format!("/accounts/{acme}/tokens"), format!("/accounts/{acme}/members"));
    let of_owner = Owner::User(house.user(OWNER).id);
    let (own, _) = made::with(&house, of_owner, &long, Policy::unconditional(Rights::Everything));
    for page in [
        "/accounts".to_owned(),
        list.clone(),
        format!("{list}/ended"),
        format!("{list}/new"),
        format!("{list}/new?like={scoped}"),
        format!("{list}/start"),
        format!("{list}/build?like={scoped}"),
        format!("{list}/build?template=read_all&name={long}&from={long}&scope=zones:{long}:read"),
        "/user/tokens/start".to_owned(),
        "/user/tokens/build?template=acme_dns_01&scope=billing:*:read".to_owned(),
        format!("{list}/{everything}"),
        format!("{list}/{everything}?repeated=1"),
        format!("{list}/{everything}/rename"),
        format!("{list}/{everything}/delete"),
        format!("{list}/{scoped}"),
        format!("{list}/{ended}"),
        format!("/accounts/{hobby}/tokens"),
        format!("/accounts/{hobby}/tokens/new"),
        "/nowhere".to_owned(),
        format!("{list}?q=terraform"),
        format!("{list}?q={}&sort=name", "w".repeat(120)),
        format!("/accounts/{acme}/domains"),
        format!("/accounts/{acme}/certificates"),
        format!("/accounts/{acme}/zones?q=example"),
        format!("/accounts/{acme}/zones/{zone}"),
        "/help/api".to_owned(),
        "/components".to_owned(),
        format!("{list}/{everything}/roll"),
        format!("{list}/{everything}/disable"),
        format!("{list}/revoke"),
        format!("{list}/chosen?id={everything}&id={scoped}"),
        format!("{list}?by=cli&unused=1"),
        format!("/accounts/{acme}/activity"),
        format!("/accounts/{acme}/activity?kind=tokens&token={}&from=nonsense", "w".repeat(120)),
        "/user/activity".to_owned(),
        format!("{members}/{}/remove", house.user(OWNER).id),
        format!("{members}/{}", house.user(OWNER).id),
        format!("{members}/tokens/{own}/block"),
        format!("{members}/tokens"),
        members,
        format!("/accounts/{acme}/invitations/new"),
        "/invitations/none".to_owned(),
        "/user/tokens".to_owned(),
        "/user".to_owned(),
        "/user/security".to_owned(),
        "/forgotten".to_owned(),
        "/forgotten?done=sent".to_owned(),
        format!("/user/tokens/{own}"),
        "/admin/tokens".to_owned(),
        "/admin/tokens?whose=Acme".to_owned(),
        format!("/admin/tokens?q={}", "w".repeat(120)),
        format!("/admin/tokens/revoke?token={everything}"),
        format!("/admin/tokens/revoke?account={acme}"),
        "/admin/users".to_owned(),
        format!("/admin/users/{}", house.user(OWNER).id),
        format!("/admin/users/{}/deactivate", house.user(OWNER).id),
        "/admin/accounts".to_owned(),
        format!("/admin/accounts/{acme}"),
    ] {
        look(&mut window, &page, &mut too_wide).await;
    }
    for (purpose, path) in [(Purpose::Password, "reset"), (Purpose::Address, "address")] {
        let page = link(&house, purpose, path);
        window.go(&page).await;
        measure(&mut window, path, &mut too_wide).await;
    }
    // By a name of its own: what the link holds is not for the name of a picture.
    window.go(&format!("/invitations/{invitation}")).await;
    measure(&mut window, "invitation", &mut too_wide).await;
    window.go(&format!("{list}/build?template=monitor&name={long}&from=2001:db8::/32")).await;
    window.button("Continue to summary").await.click().await.unwrap();
    window.heading("Summary").await;
    measure(&mut window, "summary", &mut too_wide).await;
    window.go(&format!("{list}/new?like={everything}")).await;
    let name = window.field("Name").await;
    name.clear().await.unwrap();
    name.send_keys(&long).await.unwrap();
    window.button("Generate token").await.click().await.unwrap();
    window.heading("Your token is ready").await;
    ledger::put_down(&window.field("Token").await.prop("value").await.unwrap().unwrap());
    measure(&mut window, "created", &mut too_wide).await;
    assert!(too_wide.is_empty(), "{too_wide:#?}");
}

/// A page behind a mailed link, with an address that is as long as they come.
fn link(house: &House, purpose: Purpose, path: &str) -> String {
    let (user, now) = (house.user(OWNER).id, house.clock.now());
    let email = format!("{}@{}.example", "w".repeat(64), "x".repeat(60));
    let armed = tokenhouse::db::in_one(&mut house.conn(), |conn| {
        let id = user_link::ask(conn, user, purpose, &email, Some(user), now)?;
        user_link::arm(conn, id, now)
    });
    let secret = armed.unwrap().unwrap();
    ledger::put_down(secret.expose());
    format!("/{path}/{}", secret.expose())
}

/// An open invitation for a long address; what its link holds.
fn invite(house: &House, account: i64) -> String {
    let link = LinkSecret::generate().unwrap().expose().to_owned();
    ledger::put_down(&link);
    let (email, by) = (format!("{}@example.com", "w".repeat(200)), house.user(OWNER).id);
    let sql = format!(
        "INSERT INTO invitations (account_id, email, role, copied_digest, invited_by, created_at, expires_at)
         VALUES ({account}, '{email}', 'read_only', sha256('{link}'), {by}, '2026-11-22', '2026-11-29')"
    );
    database::run(&database::url(&house.database), &sql);
    link
}

async fn look(window: &mut Window, page: &str, too_wide: &mut Vec<String>) {
    window.go(page).await;
    measure(window, page, too_wide).await;
}

async fn measure(window: &mut Window, page: &str, too_wide: &mut Vec<String>) {
    for width in [320, 390] {
        window.size(width, 800).await;
        let (wide, _) = window.content().await;
        if wide > f64::from(width) {
            too_wide.push(format!("{page} is {wide} wide at {width}"));
        }
    }
    window.size(1280, 800).await;
    let name = page.trim_start_matches("/accounts/").replace(['/', '?', '='], "-");
    let name: String = name.chars().take(80).collect();
    window.narrow_picture(&name).await;
}
