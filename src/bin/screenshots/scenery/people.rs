//! Members, those who run the site, invitations, sign-ins, and links that were mailed.

use super::Ground;
use crate::Failed;
use diesel::prelude::*;
use std::net::IpAddr;
use time::Duration;
use tokenhouse::db;
use tokenhouse::models::invitation::{self, Invited};
use tokenhouse::models::session::{self, NewSession};
use tokenhouse::models::sighting::{self, SightingKind, SignIn};
use tokenhouse::models::user_link::{self, Purpose};
use tokenhouse::models::{Origin, User, membership};
use tokenhouse::policy::Role;

const OWNER: &str = "owner@example.com";
/// Who is there beside the demo's people: name, address, role in Acme, so many days ago.
const PEOPLE: [(&str, &str, Option<Role>, i64); 3] = [
    ("Ada Admin", "ada@example.com", Some(Role::Admin), 320),
    ("Rita Reader", "rita@example.com", Some(Role::ReadOnly), 74),
    ("Sasha Site", "sasha@example.com", None, 405),
];
const FIREFOX: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0";
const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1";

pub(super) fn lay(ground: &mut Ground<'_>) -> Result<(), Failed> {
    members(ground)?;
    invitations(ground)?;
    links(ground)?;
    sign_ins(ground)
}

fn members(ground: &mut Ground<'_>) -> Result<(), Failed> {
    let acme = ground.account("Acme")?;
    for (name, email, role, days) in PEOPLE {
        let origin = Origin::command_line(ground.ago(Duration::days(days)));
        let user =
            User::create(ground.conn, email, name, &ground.hash, &origin)?.ok_or("a user is there twice")?;
        if let Some(role) = role {
            let origin = ground.by(OWNER, Duration::days(days), "203.0.113.7")?;
            db::in_one(ground.conn, |conn| membership::set(conn, &acme, &user, role, &origin))?;
        }
    }
    use tokenhouse::db::schema::users;
    // As pages see it: nobody of these needs a code to sign in.
    diesel::update(users::table.filter(users::email.eq_any([OWNER, "ada@example.com"])))
        .set(users::factor_since.eq(users::created_at.nullable()))
        .execute(ground.conn)?;
    diesel::update(users::table.filter(users::email.eq("sasha@example.com")))
        .set(users::site_admin_since.eq(users::created_at.nullable()))
        .execute(ground.conn)?;
    let everybody = PEOPLE.map(|(_, email, ..)| email);
    for email in [OWNER, "member@example.com", "stranger@example.com"].into_iter().chain(everybody) {
        let id = ground.user(email)?.id;
        let place = email.split('@').next().unwrap_or_default();
        ground.places.set(place, id);
    }
    Ok(())
}

/// One that is open, and one that nobody accepted in time.
fn invitations(ground: &mut Ground<'_>) -> Result<(), Failed> {
    let acme = ground.account("Acme")?;
    for (email, role, days, place) in [
        ("otto@example.com", Role::ReadOnly, 12, "invitation-expired"),
        ("nia@example.com", Role::ReadWrite, 2, "invitation"),
    ] {
        let origin = ground.by(OWNER, Duration::days(days), "203.0.113.7")?;
        let made = db::in_one(ground.conn, |conn| invitation::invite(conn, &acme, email, role, &origin))?;
        let Invited::Made { secret, .. } = made else { return Err(format!("{email} is not invited").into()) };
        ground.places.set(place, secret.expose());
    }
    Ok(())
}

/// One for a new password, and one that proves an address.
fn links(ground: &mut Ground<'_>) -> Result<(), Failed> {
    let now = ground.ago(Duration::minutes(3));
    for (purpose, of, email, place) in [
        (Purpose::Password, "member@example.com", "member@example.com", "reset"),
        (Purpose::Address, "ada@example.com", "ada@acme.example", "address"),
        (Purpose::Factor, "ada@example.com", "ada@example.com", "factor"),
    ] {
        let user = ground.user(of)?.id;
        // Nobody is behind a forgotten password; a maker would have to be a site admin.
        let by = (purpose == Purpose::Address).then_some(user);
        let armed = db::in_one(ground.conn, |conn| {
            let id = user_link::ask(conn, user, purpose, email, by, now)?;
            user_link::arm(conn, id, now)
        })?;
        ground.places.set(place, armed.ok_or("a link is not armed")?.expose());
    }
    Ok(())
}

/// Where Olive was signed in before, and who tried a wrong password.
fn sign_ins(ground: &mut Ground<'_>) -> Result<(), Failed> {
    let owner = ground.user(OWNER)?;
    let credentials = User::credentials_of(ground.conn, owner.id)?.ok_or("the owner has no password")?;
    for (hours, address, client) in [(26, "203.0.113.7", FIREFOX), (5, "198.51.100.61", PHONE)] {
        let new = NewSession {
            user: owner.id,
            password: session::digest(&credentials.hash),
            epoch: credentials.epoch,
            state: serde_json::json!({}),
            address: address.parse::<IpAddr>()?.into(),
            client: client.to_owned(),
        };
        // The older one would have ended by being idle.
        let at = ground.ago(Duration::hours(hours % 24));
        session::save(ground.conn, &format!("a browser from {hours} hours ago"), &new, at)?;
    }
    let attempts = [
        (OWNER, true, 26 * 60, "203.0.113.7", FIREFOX),
        (OWNER, false, 5 * 60 + 1, "198.51.100.61", PHONE),
        (OWNER, true, 5 * 60, "198.51.100.61", PHONE),
        ("member@example.com", true, 190, "192.0.2.77", FIREFOX),
    ];
    for (email, good, minutes, address, client) in attempts {
        let (user, at) = (ground.user(email)?.id, ground.ago(Duration::minutes(minutes)));
        let (address, client) = (address.parse::<IpAddr>()?.into(), client.to_owned());
        let kind = if good { SightingKind::SignedIn } else { SightingKind::SignInRefused };
        let attempt = SignIn { user, email: email.to_owned(), kind, at, address, client };
        sighting::put_down(ground.conn, &[attempt])?;
    }
    Ok(())
}
