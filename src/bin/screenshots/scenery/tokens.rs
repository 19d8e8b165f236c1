//! Tokens: used a moment ago and never, about to expire, disabled, rolled, and ended in each way.

use super::Ground;
use crate::Failed;
use std::net::IpAddr;
use time::macros::date;
use time::{Date, Duration, OffsetDateTime, Time};
use tokenhouse::db;
use tokenhouse::dns::models::domain::DOMAIN;
use tokenhouse::dns::models::record::narrowed;
use tokenhouse::dns::models::zone::ZONE;
use tokenhouse::models::budget::{self, Payer};
use tokenhouse::models::token::refusals::{self, Kind, Span};
use tokenhouse::models::token::secret::Secret;
use tokenhouse::models::token::usage::{self, Use};
use tokenhouse::models::token::{DeletionReason, Issued, NewToken, Owner, TokenName, issue};
use tokenhouse::models::{Token, leak};
use tokenhouse::policy::TokenId;
use tokenhouse::policy::budget::Hour;
use tokenhouse::policy::{
    Access, ClientAddress, Grant, Parts, PermissionKey, Policy, RefusalCode, Rights, Selection,
};
use uuid::Uuid;

const OWNER: &str = "owner@example.com";
const MEMBER: &str = "member@example.com";
const OFFICE: &str = "203.0.113.7";

/// A token to be laid down.
struct Laid<'a> {
    /// What pages call it, in docs/pictures.toml.
    place: &'a str,
    name: &'a str,
    /// Who made it, and whose it is where it is no account's.
    maker: &'a str,
    rights: Rights,
    /// So many days ago.
    made: i64,
    /// The last day on which it works.
    last_day: Option<Date>,
    /// Where it works from.
    from: &'a [&'a str],
    /// So many minutes ago, from where, by what.
    used: Option<(i64, &'a str, &'a str)>,
}

pub(super) fn lay(ground: &mut Ground<'_>) -> Result<(), Failed> {
    let acme = ground.account("Acme")?;
    let of_acme = Owner::Account(acme.id);
    for laid in of_the_account(ground)? {
        make(ground, of_acme, &laid)?;
    }
    let of_owner = Owner::User(ground.user(OWNER)?.id);
    for laid in of_the_owner() {
        make(ground, of_owner, &laid)?;
    }
    let of_member = Owner::User(ground.user(MEMBER)?.id);
    for laid in of_the_member() {
        make(ground, of_member, &laid)?;
    }
    end(ground, of_acme)?;
    refuse(ground)?;
    let hour = Hour::of(ground.now);
    budget::add(ground.conn, hour, &[(Payer::Account(acme.id), 526)])?;
    Ok(())
}

/// Those that work, as the list shows them from below.
fn of_the_account(ground: &mut Ground<'_>) -> Result<Vec<Laid<'static>>, Failed> {
    let everywhere = || Selection::Everywhere { except: Vec::new() };
    let zone = ground.resource(ZONE, "example.com")?;
    let domain = ground.resource(DOMAIN, "example.com")?;
    let all_but = |kind| -> Result<Selection, Failed> { Ok(Selection::Everywhere { except: vec![kind] }) };
    let but_zone = all_but(ground.resource(ZONE, "theburritobot.com")?)?;
    let but_domain = all_but(ground.resource(DOMAIN, "theburritobot.com")?)?;
    let challenge = narrowed(&["_acme-challenge*"], &["TXT"]);
    let certificates = grant("certificates", Access::Read, Selection::Only(vec![domain]))?;
    let read = |key| grant(key, Access::Read, everywhere());
    Ok(vec![
        Laid {
            last_day: Some(date!(2026 - 12 - 08)),
            ..Laid::of("reporting", "Reporting export", vec![read("billing")?], 63)
        },
        Laid {
            last_day: Some(date!(2027 - 01 - 20)),
            ..Laid::of(
                "monitoring",
                "Monitoring",
                vec![read("zones")?, read("domains")?, read("certificates")?, read("registrar")?],
                31,
            )
        },
        Laid {
            rights: Rights::Everything,
            used: Some((310_000, "192.0.2.44", "dnsimple-ruby/8.4")),
            ..Laid::of("legacy", "Legacy CI", Vec::new(), 402)
        },
        Laid {
            last_day: Some(date!(2026 - 11 - 30)),
            from: &["192.0.2.0/24"],
            used: Some((4_400, "192.0.2.10", "terraform/1.9")),
            ..Laid::of(
                "terraform",
                "Terraform",
                vec![
                    grant("zones", Access::Full, but_zone)?,
                    grant("domains", Access::Full, but_domain)?,
                    certificates.clone(),
                ],
                81,
            )
        },
        Laid {
            last_day: Some(date!(2027 - 03 - 01)),
            used: Some((1_500, "198.51.100.24", "certbot/2.11")),
            ..Laid::of(
                "acme-dns",
                "ACME DNS-01 for example.com",
                vec![Grant {
                    parts: challenge,
                    ..grant("zones", Access::Full, Selection::Only(vec![zone]))?
                }],
                40,
            )
        },
        Laid {
            last_day: Some(date!(2027 - 02 - 12)),
            used: Some((4, OFFICE, "certbot/2.11")),
            ..Laid::of("deploy", "Deploy certificates", vec![certificates], 8)
        },
    ])
}

fn of_the_owner() -> Vec<Laid<'static>> {
    vec![
        Laid {
            rights: Rights::Everything,
            last_day: Some(date!(2027 - 05 - 31)),
            used: Some((2_900, "198.51.100.61", "curl/8.10")),
            ..Laid::of("laptop", "Laptop", Vec::new(), 120)
        },
        Laid {
            rights: Rights::Everything,
            last_day: Some(date!(2026 - 12 - 31)),
            from: &["203.0.113.0/24"],
            used: Some((38, OFFICE, "octodns/1.9")),
            ..Laid::of("both", "Backup of both accounts", Vec::new(), 20)
        },
    ]
}

fn of_the_member() -> Vec<Laid<'static>> {
    vec![Laid {
        maker: MEMBER,
        rights: Rights::Everything,
        last_day: Some(date!(2027 - 01 - 31)),
        used: Some((190, "192.0.2.77", "curl/8.10")),
        ..Laid::of("member-laptop", "Milo’s laptop", Vec::new(), 55)
    }]
}

impl<'a> Laid<'a> {
    /// One of the owner's that was never used.
    fn of(place: &'a str, name: &'a str, grants: Vec<Grant>, made: i64) -> Laid<'a> {
        let (maker, rights) = (OWNER, Rights::Grants(grants));
        Laid { place, name, maker, rights, made, last_day: None, from: &[], used: None }
    }
}

fn grant(key: &str, access: Access, selection: Selection) -> Result<Grant, Failed> {
    let permission =
        PermissionKey::try_from(key.to_owned()).map_err(|_| format!("there is no permission {key}"))?;
    Ok(Grant { permission, access, selection, parts: Parts::default() })
}

fn make(ground: &mut Ground<'_>, owner: Owner, laid: &Laid<'_>) -> Result<(TokenId, Secret), Failed> {
    let origin = ground.by(laid.maker, Duration::days(laid.made) + Duration::minutes(95), OFFICE)?;
    let networks: Result<Vec<_>, _> = laid.from.iter().map(|network| network.parse()).collect();
    let last = |day: Date| OffsetDateTime::new_utc(day.next_day().unwrap_or(day), Time::MIDNIGHT);
    let policy = Policy {
        allowed_networks: networks?,
        expires_at: laid.last_day.map(last),
        ..Policy::unconditional(laid.rights.clone())
    };
    let name = TokenName::parse(laid.name).map_err(|_| format!("{} is no name", laid.name))?;
    let new = NewToken { name, policy, nonce: Uuid::new_v4() };
    let catalogue = &ground.catalogue;
    let made = db::in_one(ground.conn, |conn| issue(conn, catalogue, owner, &new, "tkh", &origin))?;
    let Issued::Made { id, secret } = made else { return Err(format!("{}: {made:?}", laid.name).into()) };
    if let Some((minutes, address, client)) = laid.used {
        let of_secret = ground.secret_of(id)?;
        let used = Use {
            secret: of_secret.into(),
            account: ground.account("Acme")?.id,
            at: ground.ago(Duration::minutes(minutes)),
            address: address.parse::<IpAddr>()?.into(),
            client: client.to_owned(),
        };
        usage::write(ground.conn, &[used])?;
    }
    ground.places.set(laid.place, id);
    Ok((id, secret))
}

/// One that is disabled, and three that have ended: deleted, expired, and reported as leaked.
fn end(ground: &mut Ground<'_>, owner: Owner) -> Result<(), Failed> {
    let reporting = ground.token("reporting")?;
    let origin = ground.by("ada@example.com", Duration::days(6), "203.0.113.19")?;
    db::in_one(ground.conn, |conn| reporting.disable(conn, "Paused while the books are closed", &origin))?;

    let old = Laid {
        used: Some((129_600, "198.51.100.24", "curl/7.88")),
        ..Laid::of("old", "Old deploy script", vec![read_zones()?], 300)
    };
    make(ground, owner, &old)?;
    let trial = Laid {
        last_day: Some(date!(2026 - 10 - 31)),
        ..Laid::of("trial", "Trial of octoDNS", vec![read_zones()?], 113)
    };
    make(ground, owner, &trial)?;
    let staging = Laid {
        used: Some((31_000, "192.0.2.18", "python-requests/2.32")),
        ..Laid::of("leaked", "Staging sync", vec![read_zones()?], 150)
    };
    let (_, secret) = make(ground, owner, &staging)?;

    let old = ground.token("old")?;
    let origin = ground.by(OWNER, Duration::days(90), OFFICE)?;
    db::in_one(ground.conn, |conn| old.delete(conn, DeletionReason::Person, &origin))?;
    let at = ground.ago(Duration::days(21));
    leak::put_down(ground.conn, &[secret.digest()], ClientAddress::Known([198, 51, 100, 200].into()), at)?;
    let first = leak::next(ground.conn, 0)?.ok_or("the leak was not put down")?;
    db::in_one(ground.conn, |conn| leak::work_off(conn, first, at))?;
    Ok(())
}

fn read_zones() -> Result<Grant, Failed> {
    grant("zones", Access::Read, Selection::Everywhere { except: Vec::new() })
}

/// Calls that tokens made and were not allowed: why, first and last so many minutes ago, how many.
fn refuse(ground: &mut Ground<'_>) -> Result<(), Failed> {
    let of =
        |place: &str, ground: &mut Ground<'_>| -> Result<TokenId, Failed> { Ok(ground.token(place)?.id) };
    let (terraform, old) = (of("terraform", ground)?, of("old", ground)?);
    let registrar = Some(("registrar", Access::Full));
    let zones = Some(("zones", Access::Full));
    for (token, needs, reason, first, last, calls) in [
        (terraform, registrar, RefusalCode::PermissionDenied, 9_000, 4_400, 14),
        (terraform, zones, RefusalCode::ResourceNotFound, 20_000, 12_000, 3),
        (old, zones, RefusalCode::TokenDeleted, 100_000, 700, 212),
    ] {
        let span = Span {
            first_at: ground.ago(Duration::minutes(first)),
            last_at: ground.ago(Duration::minutes(last)),
            calls,
        };
        refusals::write(
            ground.conn,
            &[(Kind { token, needs: needs.map(|(key, access)| (key.into(), access)), reason }, span)],
        )?;
    }
    Ok(())
}

impl Ground<'_> {
    /// A token that was laid down.
    fn token(&mut self, place: &str) -> Result<Token, Failed> {
        let id: TokenId = self.places.fill(&format!("{{{place}}}"))?.parse()?;
        Ok(Token::itself(self.conn, id)?.ok_or_else(|| format!("there is no token {place}"))?)
    }
}
