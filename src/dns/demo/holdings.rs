//! What an account of the demo has beside its domains: contacts, templates, webhooks, charges,
//! notices and messages. Two of each, and of each kind only where there is none yet.

use crate::db::schema::resources;
use crate::db::{Conn, DbError};
use crate::dns::models::charge::{ChargeState, Item};
use crate::dns::models::contact::Details;
use crate::dns::models::domain::DOMAIN;
use crate::dns::models::platform::PlatformState;
use crate::dns::models::schema::{
    charges, contacts, domains, platform_messages, platform_statuses, record_templates, webhooks,
};
use crate::policy::AccountId;
use diesel::prelude::*;
use serde_json::json;
use time::OffsetDateTime;
use time::macros::datetime;

/// When all of it was made.
pub(super) const MADE: OffsetDateTime = datetime!(2026-01-15 09:30 UTC);
/// The domains that are registered and not hosted only: name, end, auto renewal, transfer lock.
const REGISTERED: [(&str, OffsetDateTime, bool, bool); 2] = [
    ("example.com", datetime!(2027-08-31 12:00 UTC), true, true),
    ("theburritobot.com", datetime!(2027-03-14 12:00 UTC), false, false),
];

pub(super) fn fill(conn: &mut Conn, account: AccountId) -> Result<(), DbError> {
    fill_contacts(conn, account)?;
    register(conn, account)?;
    fill_templates(conn, account)?;
    fill_webhooks(conn, account)?;
    fill_charges(conn, account)?;
    fill_platform(conn, account)
}

fn fill_contacts(conn: &mut Conn, account: AccountId) -> Result<(), DbError> {
    if !is_empty(contacts::table.filter(contacts::account_id.eq(account)).count().get_result(conn)?) {
        return Ok(());
    }
    let text = str::to_owned;
    let olive = Details {
        label: text("Office"),
        first_name: text("Olive"),
        last_name: text("Owner"),
        job_title: text("Director"),
        organization_name: text("Acme"),
        email: text("office@acme.example"),
        phone: text("+49 30 5550100"),
        fax: text("+49 30 5550199"),
        address1: text("Market Street 1"),
        address2: text("Second floor"),
        city: text("Berlin"),
        state_province: text("BE"),
        postal_code: text("10115"),
        country: text("DE"),
    };
    let milo = Details {
        label: text("Milo"),
        first_name: text("Milo"),
        last_name: text("Member"),
        email: text("milo@acme.example"),
        phone: text("+1 212 5550142"),
        address1: text("9 Canal Street"),
        city: text("New York"),
        state_province: text("NY"),
        postal_code: text("10013"),
        country: text("US"),
        ..Details::default()
    };
    let dates = (contacts::created_at.eq(MADE), contacts::updated_at.eq(MADE));
    for details in [olive, milo] {
        diesel::insert_into(contacts::table)
            .values((contacts::account_id.eq(account), details, dates))
            .execute(conn)?;
    }
    Ok(())
}

fn register(conn: &mut Conn, account: AccountId) -> Result<(), DbError> {
    let registrant: Option<i64> = first_contact(conn, account)?;
    for (name, expires_at, auto_renew, transfer_lock) in REGISTERED {
        let own = resources::table
            .filter(resources::account_id.eq(account).and(resources::kind.eq(DOMAIN.as_str())))
            .filter(resources::name.eq(name))
            .select(resources::id);
        diesel::update(
            domains::table.filter(domains::resource_id.eq_any(own).and(domains::expires_at.is_null())),
        )
        .set((
            domains::registrant_id.eq(registrant),
            domains::expires_at.eq(expires_at),
            domains::auto_renew.eq(auto_renew),
            domains::transfer_lock.eq(transfer_lock),
            domains::updated_at.eq(MADE),
        ))
        .execute(conn)?;
    }
    Ok(())
}

/// To whom the domains are registered.
pub(super) fn first_contact(conn: &mut Conn, account: AccountId) -> Result<Option<i64>, DbError> {
    Ok(contacts::table
        .filter(contacts::account_id.eq(account))
        .order(contacts::id)
        .select(contacts::id)
        .first(conn)
        .optional()?)
}

fn fill_templates(conn: &mut Conn, account: AccountId) -> Result<(), DbError> {
    let own = record_templates::table.filter(record_templates::account_id.eq(account));
    if !is_empty(own.count().get_result(conn)?) {
        return Ok(());
    }
    for (sid, name, description) in [
        ("web", "Web site", "A web site, with www as another name of it."),
        ("mail", "Mail", "Two mail servers and who may send."),
    ] {
        diesel::insert_into(record_templates::table)
            .values((
                record_templates::account_id.eq(account),
                record_templates::sid.eq(sid),
                record_templates::name.eq(name),
                record_templates::description.eq(description),
                record_templates::created_at.eq(MADE),
                record_templates::updated_at.eq(MADE),
            ))
            .execute(conn)?;
    }
    Ok(())
}

fn fill_webhooks(conn: &mut Conn, account: AccountId) -> Result<(), DbError> {
    let own = webhooks::table.filter(webhooks::account_id.eq(account));
    if !is_empty(own.count().get_result(conn)?) {
        return Ok(());
    }
    for (url, suppressed_at) in [
        ("https://hooks.acme.example/dns", None),
        ("https://old.acme.example/dns", Some(datetime!(2026-06-01 08:00 UTC))),
    ] {
        diesel::insert_into(webhooks::table)
            .values((
                webhooks::account_id.eq(account),
                webhooks::url.eq(url),
                webhooks::suppressed_at.eq(suppressed_at),
                webhooks::created_at.eq(MADE),
            ))
            .execute(conn)?;
    }
    Ok(())
}

fn fill_charges(conn: &mut Conn, account: AccountId) -> Result<(), DbError> {
    let plan = Item {
        description: "Teams, one month".to_owned(),
        cents: 2_900,
        product_id: None,
        product_type: "subscription".to_owned(),
        product_reference: None,
    };
    let renewal = Item {
        description: "example.com, one year".to_owned(),
        cents: 1_450,
        product_id: Some(1),
        product_type: "domain-renewal".to_owned(),
        product_reference: Some("example.com".to_owned()),
    };
    for (reference, at, balance, state, items) in [
        (
            "2026-0008",
            datetime!(2026-08-31 06:00 UTC),
            0,
            ChargeState::Collected,
            vec![plan.clone(), renewal],
        ),
        ("2026-0011", datetime!(2026-11-01 06:00 UTC), 2_900, ChargeState::Open, vec![plan]),
    ] {
        diesel::insert_into(charges::table)
            .values((
                charges::account_id.eq(account),
                charges::reference.eq(reference),
                charges::invoiced_at.eq(at),
                charges::total_cents.eq(items.iter().map(|item| item.cents).sum::<i64>()),
                charges::balance_cents.eq(balance),
                charges::state.eq(state),
                charges::items.eq(json!(items)),
            ))
            .on_conflict_do_nothing()
            .execute(conn)?;
    }
    Ok(())
}

fn fill_platform(conn: &mut Conn, account: AccountId) -> Result<(), DbError> {
    use {platform_messages as messages, platform_statuses as statuses};
    if is_empty(statuses::table.filter(statuses::account_id.eq(account)).count().get_result(conn)?) {
        for (component, state, message) in [
            ("api", PlatformState::Operational, "Everything works."),
            ("registrar", PlatformState::Maintenance, "Registrations wait until Sunday, 08:00 UTC."),
        ] {
            diesel::insert_into(statuses::table)
                .values((
                    statuses::account_id.eq(account),
                    statuses::component.eq(component),
                    statuses::state.eq(state),
                    statuses::message.eq(message),
                    statuses::created_at.eq(MADE),
                    statuses::updated_at.eq(MADE),
                ))
                .execute(conn)?;
        }
    }
    if is_empty(messages::table.filter(messages::account_id.eq(account)).count().get_result(conn)?) {
        for (subject, body) in [
            ("Welcome", "Your account is ready."),
            ("Maintenance on Sunday", "Registrations and transfers wait until 08:00 UTC."),
        ] {
            diesel::insert_into(messages::table)
                .values((
                    messages::account_id.eq(account),
                    messages::subject.eq(subject),
                    messages::body.eq(body),
                    messages::created_at.eq(MADE),
                ))
                .execute(conn)?;
        }
    }
    Ok(())
}

fn is_empty(count: i64) -> bool {
    count == 0
}
