//! Every component in every state, on one page, for whoever works on the look. Only in development builds.

use super::page::{Field, Page, render};
use super::paths;
use super::told::{Expiry, Moment, StateBadge, Used};
use crate::http::{AppData, AppError};
use crate::models::token::usage::LastUse;
use crate::policy::State;
use crate::policy::words::{Phrase, Sentence};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use std::net::{IpAddr, Ipv4Addr};
use time::{Duration, OffsetDateTime};

#[derive(Template)]
#[template(path = "components/index.html")]
struct Components {
    page: Page,
    here: &'static str,
    fields: Fields,
    choices: Vec<Choice>,
    errors: Vec<FormError>,
    sentences: Vec<Sentence>,
    used: Option<Used>,
    unused: Option<Used>,
    made: Moment,
    expires: Expiry,
    from: From,
    live: Vec<Row>,
    ended: Vec<Row>,
}

struct Fields {
    empty: Field,
    filled: Field,
    wrong: Field,
    day: Field,
    lines: Field,
}

/// An order of a list.
struct Choice {
    label: &'static str,
    url: &'static str,
    current: bool,
    why_not: Option<&'static str>,
}

struct FormError {
    href: &'static str,
    text: &'static str,
}

struct From {
    allowed: Vec<&'static str>,
    refused: Vec<&'static str>,
}

/// A token in a list, as `components/row.html` wants it.
struct Row {
    id: i64,
    url: &'static str,
    name: String,
    state: StateBadge,
    hint: &'static str,
    may_delete: bool,
    delete_url: &'static str,
    everything: bool,
    everything_label: &'static str,
    summary: Vec<Phrase>,
    made_by: &'static str,
    made: Moment,
    used: Option<Used>,
    expires: Expiry,
    successor_url: Option<&'static str>,
    ended_why: &'static str,
    ended_at: Option<Moment>,
}

/// `/components`.
pub async fn components(app: AppData) -> Result<HttpResponse, AppError> {
    let now = app.clock.now();
    let mut page = Page::new(&app.support, "Components", "");
    page.flash = Some("Token renamed.".to_owned());
    let wrong = "Give the token a name.".to_owned();
    let page = Components {
        page,
        here: paths::COMPONENTS,
        fields: Fields {
            empty: Field::default(),
            filled: Field::of("Deploy DNS from CI"),
            wrong: Field { value: " ".to_owned(), error: Some(wrong) },
            day: Field::of("2027-02-19"),
            lines: Field::of("203.0.113.0/24\n2001:db8::/48"),
        },
        choices: vec![
            Choice { label: "Newest", url: "#", current: true, why_not: None },
            Choice { label: "Name", url: "#", current: false, why_not: None },
            Choice {
                label: "Last used",
                url: "#",
                current: false,
                why_not: Some("There are too many tokens."),
            },
        ],
        errors: vec![FormError { href: "#name", text: "Give the token a name." }],
        sentences: ["can", "cannot", "warn", "note"].map(sentence).into(),
        used: used(now, Duration::minutes(4)),
        unused: None,
        made: Moment::past(now - Duration::days(40), now),
        expires: Expiry::of(Some(now + Duration::days(9)), now),
        from: From { allowed: vec!["203.0.113.0/24"], refused: vec!["203.0.113.66/32"] },
        live: live(now),
        ended: vec![Row { state: StateBadge::of(State::Deleted, None), ..row(now, 9, "Old deploy script") }],
    };
    render(&page, StatusCode::OK)
}

fn sentence(tone: &'static str) -> Sentence {
    let phrases = vec![
        Phrase::plain("A sentence of the tone "),
        Phrase { text: tone.to_owned(), strong: true, code: false },
        Phrase::plain(", with something to type: "),
        Phrase { text: "_acme-challenge*".to_owned(), strong: false, code: true },
    ];
    Sentence { tone, phrases }
}

fn used(now: OffsetDateTime, ago: Duration) -> Option<Used> {
    let address = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));
    Some(Used::of(&LastUse { at: now - ago, address, client: "terraform/1.9".to_owned() }, now))
}

fn live(now: OffsetDateTime) -> Vec<Row> {
    vec![
        Row { used: used(now, Duration::minutes(4)), ..row(now, 1, "In use") },
        Row { used: used(now, Duration::days(200)), ..row(now, 2, "Not used for long") },
        Row {
            expires: Expiry::of(Some(now + Duration::days(9)), now),
            successor_url: Some("#"),
            ..row(now, 3, "Expires soon")
        },
        Row { everything: true, expires: Expiry::of(None, now), ..row(now, 4, "Everything, for ever") },
        Row { state: StateBadge::of(State::Disabled, None), ..row(now, 5, "Disabled") },
        Row { state: StateBadge::of(State::Frozen, None), ..row(now, 6, "Frozen") },
        row(now, 7, &"W".repeat(255)),
    ]
}

fn row(now: OffsetDateTime, id: i64, name: &str) -> Row {
    Row {
        id,
        url: "#",
        name: name.to_owned(),
        state: StateBadge::of(State::Active, None),
        hint: "tkh_a_…x7Qd",
        may_delete: true,
        delete_url: "#",
        everything: false,
        everything_label: "Everything in this account",
        summary: vec![
            Phrase::plain("Zones full for "),
            Phrase { text: "example.com".to_owned(), strong: true, code: false },
        ],
        made_by: "owner@example.com",
        made: Moment::past(now - Duration::days(2), now),
        used: None,
        expires: Expiry::of(Some(now + Duration::days(89)), now),
        successor_url: None,
        ended_why: "Deleted by owner@example.com",
        ended_at: Some(Moment::past(now - Duration::days(2), now)),
    }
}
