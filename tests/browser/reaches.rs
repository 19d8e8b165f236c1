//! What tokens reach, and the list once it is long enough to be searched: as people see it.

use crate::support::{House, MEMBER, OWNER, database, ledger};
use crate::window::Window;
use tokenhouse::dns::models::zone::ZONE;
use tokenhouse::models::Resource;

const NAMES: [&str; 6] =
    ["Deploy DNS from CI", "Deploy certificates", "Terraform", "Überwachung", "Backup", "Reporting export"];

/// Tokens of every reach, records and certificates of `example.com`.
pub async fn fill(house: &House) -> (i64, i64) {
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let zone = Resource::find(&mut house.conn(), acme, ZONE, "example.com").unwrap().unwrap().id;
    let id = zone.to_string();
    for (place, name) in NAMES.into_iter().enumerate() {
        let scoped: &[(&str, &str)] = match place % 3 {
            0 => &[("zones.access", "full"), ("zones.where", "named"), ("zones.id", &id)],
            1 => &[("zones.access", "read"), ("zones.where", "all")],
            _ => &[("reach", "everything")],
        };
        owner.make_token(acme, &[&[("name", name), ("expires", "90")], scoped].concat()).await;
    }
    let url = database::url(&house.database);
    let user = house.user(MEMBER).id;
    database::run(
        &url,
        &format!(
            "DELETE FROM certificates;
             INSERT INTO records (zone_id, name, record_type, content, ttl, priority, created_at, updated_at)
             SELECT {zone}, name, type, content, 3600, priority, now(), now() FROM (VALUES
                ('', 'A', '192.0.2.10', NULL), ('', 'MX', 'mail.example.net', 10), ('www', 'CNAME', 'example.com', NULL),
                ('_acme-challenge', 'TXT', 'gfj9Xq1FVDbfvGf5oPqHwnGbrZ1cUfgnYkcXq0pXKQs', NULL),
                ('default._domainkey', 'TXT', 'v=DKIM1; k=rsa; p=' || repeat('MIGfMA0GCSqGSIb3', 14), NULL)
             ) AS new (name, type, content, priority);
             INSERT INTO certificates (domain_id, name, common_name, years, csr, state, auto_renew, alternate_names,
                authority_identifier, expires_at, created_at, updated_at)
             SELECT id, host, host || '.' || resources.name, 1, '', state, false, '{{}}', 'letsencrypt', ends, now(), now()
             FROM resources, (VALUES ('www', 'issued', timestamptz '2027-02-20'), ('mail', 'issued', '2026-11-30'),
                ('old', 'issued', '2026-11-01'), ('new', 'requesting', NULL)) AS one (host, state, ends)
             WHERE account_id = {acme} AND kind = 'domain' AND resources.name IN ('example.com', 'bakery-shop.example');
             UPDATE domains SET expires_at = '2027-06-01', auto_renew = true FROM resources
             WHERE id = resource_id AND name < 'c';
             UPDATE tokens SET disabled_at = now() WHERE name = 'Backup';
             WITH made AS (INSERT INTO tokens (kind, user_id, name, full_access, created_at, updated_at)
                VALUES ('user', {user}, 'My laptop', true, '2026-11-20', now()) RETURNING id)
             INSERT INTO token_secrets (token_id, digest, hint, form_nonce, created_at)
             SELECT id, sha256('a'), 'tkh_u_…9sQz', gen_random_uuid(), now() FROM made"
        ),
    );
    (acme.get(), zone.get())
}

async fn in_house(house: &House, called: &'static str, scripting: bool) -> Window {
    let window = Window::open(house, called, scripting).await;
    window.go("/sign-in").await;
    window.field("E-mail").await.send_keys(OWNER).await.unwrap();
    window.field("Password").await.send_keys(&ledger::password()).await.unwrap();
    window.button("Sign in").await.click().await.unwrap();
    window.heading("Automation").await;
    window
}

#[actix_web::test]
async fn from_a_zone_to_its_tokens_and_back_and_the_list_searched_and_sorted() {
    let house = House::open();
    let (acme, _) = fill(&house).await;
    for scripting in [true, false] {
        let mut window =
            in_house(&house, if scripting { "reaches" } else { "reaches-plain" }, scripting).await;
        window.go(&format!("/accounts/{acme}/tokens")).await;
        window.field("Search tokens").await.send_keys("deploy").await.unwrap();
        window.button("Show").await.click().await.unwrap();
        window.link("Active 2").await;
        window.pictures("found").await;
        window.link("Name").await.click().await.unwrap();
        window.link("Active 2").await;
        window.pictures("sorted").await;
        window.field("Search tokens").await.send_keys(" nothing").await.unwrap();
        window.button("Show").await.click().await.unwrap();
        window.heading("Automation").await;
        window.says("No token found").await;
        window.pictures("nothing-found").await;
        window.link("Clear the search").await.click().await.unwrap();
        window.link("Active 6").await;

        window.link("Domains").await.click().await.unwrap();
        window.heading("Domains").await;
        window.pictures("domains").await;
        window.link("Certificates").await.click().await.unwrap();
        window.heading("Certificates").await;
        window.pictures("certificates").await;
        window.link("Zones").await.click().await.unwrap();
        window.heading("Zones").await;
        window.pictures("zones").await;
        window.link("example.com").await.click().await.unwrap();
        window.heading("example.com").await;
        window.says("Tokens that reach this zone").await;
        window.pictures("zone").await;
        window.link("Deploy DNS from CI").await.click().await.unwrap();
        window.heading("Deploy DNS from CI").await;
        window.pictures("token").await;
        window.link("example.com").await.click().await.unwrap();
        window.heading("example.com").await;
        window.link("domain").await.click().await.unwrap();
        window.says("Tokens that reach this domain").await;
        window.pictures("domain").await;
        window.link("Help for the API").await.click().await.unwrap();
        window.heading("The API").await;
        window.pictures("help").await;
    }
}
