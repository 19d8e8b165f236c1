//! Every page there is, and addresses of it that show it at its longest.

use crate::support::{House, OWNER, READER, database, ledger, made, product};
use std::collections::HashSet;
use tokenhouse::dns::models::domain::DOMAIN;
use tokenhouse::models::Resource;
use tokenhouse::models::link::LinkSecret;
use tokenhouse::models::token::Owner;
use tokenhouse::models::user_link::{self, Purpose};
use tokenhouse::policy::{AccountId, Policy, Rights};

/// A route, and what follows it in the addresses that are looked at; with a slash in front, the
/// whole address.
type Row = (&'static str, &'static [&'static str]);

/// For the owner of Acme and of Hobby, who also runs the site. Words in braces: see [`Places`].
pub const PAGES: &[Row] = &[
    ("/accounts", &[""]),
    (
        "/accounts/{account}/tokens",
        &["", "?q=terraform", "?q={word}&sort=name", "?by=cli&unused=1", "/accounts/{hobby}/tokens"],
    ),
    ("/accounts/{account}/tokens/ended", &["", "/accounts/{hobby}/tokens/ended"]),
    ("/accounts/{account}/tokens/new", &["", "?like={scoped}", "/accounts/{hobby}/tokens/new"]),
    ("/accounts/{account}/tokens/start", &[""]),
    (
        "/accounts/{account}/tokens/build",
        &["?like={scoped}", "?template=read_all&name={long}&from={long}&scope=zones:{long}:read"],
    ),
    ("/accounts/{account}/tokens/revoke", &[""]),
    ("/accounts/{account}/tokens/chosen", &["?id={token}&id={scoped}"]),
    (
        "/accounts/{account}/tokens/{token}",
        &["", "?repeated=1", "/accounts/{account}/tokens/{scoped}", "/accounts/{account}/tokens/{ended}"],
    ),
    ("/accounts/{account}/tokens/{token}/rename", &[""]),
    (
        "/accounts/{account}/tokens/{token}/trial",
        &[
            "",
            "?method=GET&path=/v2/{account}/zones/example.com&address=127.0.0.1&at=",
            "/accounts/{account}/tokens/{scoped}/trial?method=PUT&path=/{long}&address=nonsense&at={long}",
            "/accounts/{account}/tokens/{scoped}/trial?method=GET&path=/v2/{account}/zones/{long}&address=::1",
        ],
    ),
    ("/accounts/{account}/tokens/{token}/delete", &[""]),
    ("/accounts/{account}/tokens/{token}/roll", &[""]),
    ("/accounts/{account}/tokens/{token}/disable", &[""]),
    (
        "/accounts/{account}/resources/{kind}",
        &["?q=example", "?q=nothing", "/accounts/{hobby}/resources/{kind}"],
    ),
    ("/accounts/{account}/resources/{kind}/{id}", &[""]),
    ("/accounts/{account}/domains", &["", "/accounts/{hobby}/domains"]),
    ("/accounts/{account}/domains/{domain}", &[""]),
    ("/accounts/{account}/zones", &["?q=example", "/accounts/{hobby}/zones"]),
    ("/accounts/{account}/zones/{zone}", &[""]),
    ("/accounts/{account}/certificates", &["", "/accounts/{hobby}/certificates"]),
    ("/accounts/{account}/activity", &["", "?kind=tokens&token={word}&from=nonsense"]),
    ("/accounts/{account}/members", &[""]),
    ("/accounts/{account}/members/{user}", &[""]),
    ("/accounts/{account}/members/{user}/remove", &[""]),
    ("/accounts/{account}/members/{user}/factor", &["/accounts/{account}/members/{reader}/factor", ""]),
    ("/accounts/{account}/members/tokens", &[""]),
    ("/accounts/{account}/members/tokens/{token}/block", &["/accounts/{account}/members/tokens/{own}/block"]),
    ("/accounts/{account}/invitations/new", &[""]),
    ("/accounts/{account}/settings", &[""]),
    ("/accounts/{account}/settings/plan", &["?to=solo"]),
    ("/accounts/{account}/settings/limits", &[""]),
    ("/accounts/{account}/settings/delete", &[""]),
    ("/user", &[""]),
    ("/user/security", &[""]),
    ("/user/factors/app", &[""]),
    ("/user/factors/passkey", &[""]),
    ("/user/activity", &[""]),
    ("/user/tokens", &[""]),
    ("/user/tokens/ended", &[""]),
    ("/user/tokens/start", &[""]),
    ("/user/tokens/build", &["?template=acme_dns_01&scope=billing:*:read"]),
    ("/user/tokens/revoke", &[""]),
    ("/user/tokens/chosen", &["?id={own}"]),
    ("/user/tokens/{token}", &["/user/tokens/{own}"]),
    ("/user/tokens/{token}/rename", &["/user/tokens/{own}/rename"]),
    ("/user/tokens/{token}/trial", &["/user/tokens/{own}/trial?path=/v2/user&address=127.0.0.1"]),
    ("/user/tokens/{token}/delete", &["/user/tokens/{own}/delete"]),
    ("/user/tokens/{token}/roll", &["/user/tokens/{own}/roll"]),
    ("/user/tokens/{token}/disable", &["/user/tokens/{own}/disable"]),
    ("/admin/tokens", &["", "?whose=Acme", "?q={word}"]),
    ("/admin/tokens/revoke", &["?token={token}", "?account={account}"]),
    ("/admin/users", &[""]),
    ("/admin/users/{user}", &[""]),
    ("/admin/users/{user}/deactivate", &[""]),
    ("/admin/users/{user}/factor", &[""]),
    ("/admin/accounts", &[""]),
    ("/admin/accounts/{account}", &[""]),
    ("/admin/accounts/{account}/suspend", &[""]),
    ("/help", &[""]),
    // The first is weighed, and has no pictures: those come in requests of their own, when they are seen.
    ("/help/{article}", &["/help/using", "/help/scopes"]),
    ("/help/api", &[""]),
    #[cfg(debug_assertions)]
    ("/components", &[""]),
    ("/forgotten", &["", "?done=sent"]),
    ("/reset/{secret}", &["/reset/{reset}", "/reset/none"]),
    ("/address/{secret}", &["/address/{address}", "/address/none"]),
    ("/factor/{secret}", &["/factor/{factor}", "/factor/none"]),
    ("/invitations/{secret}", &["/invitations/{invitation}", "/invitations/none"]),
];

/// What answers with something else than a page to whoever is signed in.
const NO_PAGES: [&str; 11] = [
    // These lead on.
    "/",
    "/user/tokens/new",
    // For whoever is not signed in: the walk begins there.
    "/sign-in",
    // For someone with an app: two_factor.rs walks them.
    "/sign-in/second",
    "/user/factors/{factor}/remove",
    // Files, and JSON for scripts.
    "/accounts/{account}/activity.csv",
    "/accounts/{account}/activity.jsonl",
    "/user/activity.csv",
    "/user/activity.jsonl",
    "/accounts/{account}/tokens/resources",
    "/user/tokens/resources",
];

#[test]
fn every_page_is_looked_at() {
    let routes: HashSet<_> = product()
        .page_table()
        .into_iter()
        .chain(tokenhouse::web::open_route_table())
        .filter(|(method, _)| *method == "GET")
        .map(|(_, path)| path)
        .collect();
    let rows = PAGES.iter().map(|(route, _)| *route).chain(NO_PAGES);
    let rows: HashSet<_> = rows.collect();
    let sorted = |some: Vec<&&'static str>| {
        let mut some: Vec<&str> = some.into_iter().copied().collect();
        some.sort_unstable();
        some
    };
    assert_eq!(sorted(routes.difference(&rows).collect()), Vec::<&str>::new(), "pages without a row");
    assert_eq!(sorted(rows.difference(&routes).collect()), Vec::<&str>::new(), "rows without a page");
}

/// What is put in the place of the words in braces.
pub struct Places(Vec<(&'static str, String)>);

impl Places {
    /// Fills the house, and makes what has an address of its own.
    pub async fn make(house: &House) -> Places {
        let (acme, hobby) = (house.account("Acme"), house.account("Hobby"));
        let long = "W".repeat(255);
        let mut owner = house.signed_in(OWNER).await;
        let (token, _) = owner.make_full_token(acme, &long).await;
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
        let (_, zone) = crate::reaches::fill(house).await;
        let domain = Resource::find(&mut house.conn(), acme, DOMAIN, "example.com");
        let domain = domain.unwrap().unwrap().id;
        let user = house.user(OWNER).id;
        let (own, _) = made::with(house, Owner::User(user), &long, Policy::unconditional(Rights::Everything));
        let runs_the_site =
            "UPDATE users SET site_admin_since = created_at WHERE email = 'owner@example.com'";
        database::run(&database::url(&house.database), runs_the_site);
        Places(vec![
            ("{account}", acme.to_string()),
            ("{hobby}", hobby.to_string()),
            ("{token}", token.to_string()),
            ("{scoped}", scoped.to_string()),
            ("{ended}", ended.to_string()),
            ("{own}", own.to_string()),
            ("{user}", user.to_string()),
            ("{zone}", zone.to_string()),
            ("{domain}", domain.to_string()),
            ("{kind}", "zone".to_owned()),
            ("{id}", zone.to_string()),
            ("{long}", long),
            ("{word}", "w".repeat(120)),
            ("{reset}", link(house, Purpose::Password)),
            ("{address}", link(house, Purpose::Address)),
            ("{factor}", link(house, Purpose::Factor)),
            ("{reader}", house.user(READER).id.to_string()),
            ("{invitation}", invite(house, acme)),
        ])
    }

    /// An address with its places filled in.
    pub fn fill(&self, address: &str) -> String {
        self.0.iter().fold(address.to_owned(), |address, (place, value)| address.replace(place, value))
    }

    /// The addresses of a row, each with a name for its picture: what a link holds is not in it.
    pub fn of(&self, (route, ends): &Row) -> Vec<(String, String)> {
        let whole = |end: &str| if end.starts_with('/') { end.to_owned() } else { format!("{route}{end}") };
        ends.iter().map(|end| (whole(end).replace(['{', '}'], ""), self.fill(&whole(end)))).collect()
    }
}

/// What a mailed link holds, with an address that is as long as they come.
fn link(house: &House, purpose: Purpose) -> String {
    let (user, now) = (house.user(OWNER).id, house.clock.now());
    let email = match purpose {
        // It works as long as this is the user's address.
        Purpose::Factor => OWNER.to_owned(),
        Purpose::Password | Purpose::Address => format!("{}@{}.example", "w".repeat(64), "x".repeat(60)),
    };
    let armed = tokenhouse::db::in_one(&mut house.conn(), |conn| {
        let id = user_link::ask(conn, user, purpose, &email, Some(user), now)?;
        user_link::arm(conn, id, now)
    });
    let secret = armed.unwrap().unwrap();
    ledger::put_down(secret.expose());
    secret.expose().to_owned()
}

/// An open invitation for a long address; what its link holds.
fn invite(house: &House, account: AccountId) -> String {
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
