//! Every component in every state, on one page, for whoever works on the look. Only in development builds.
//! The rows of the two forms are not among them: those are pages of nothing else.

use super::flash::Flash;
use super::page::{Field, Page, render};
use super::paths;
use super::told::{Expiry, Moment, StateBadge, Used};
use crate::http::{AppData, AppError};
use crate::models::token::usage::LastUse;
use crate::policy::words::{Phrase, Sentence};
use crate::policy::{ClientAddress, State};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
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
    budgets: Vec<Budget>,
    refusals: Vec<Refused>,
    secrets: Vec<SecretRow>,
    reaching: Vec<Reaching>,
    lines: Vec<Line>,
    roles: [&'static str; 2],
    acts: Vec<ActRow>,
}

struct Budget {
    is_unlimited: bool,
    is_spent: bool,
    remaining: &'static str,
    limit: &'static str,
    reset: Moment,
}

struct Refused {
    permission: Option<&'static str>,
    access: &'static str,
    why: &'static str,
    calls: &'static str,
    first: Option<Moment>,
    last: Moment,
}

struct SecretRow {
    which: &'static str,
    hint: &'static str,
    made: Moment,
    used: Option<Used>,
    ends: Option<Moment>,
    ends_at_first_use: bool,
}

/// A token that reaches a resource.
struct Reaching {
    url: Option<&'static str>,
    name: &'static str,
    state: StateBadge,
    user: Option<&'static str>,
    hint: &'static str,
    rules: Vec<Rule>,
}

struct Rule {
    title: &'static str,
    which: &'static str,
    inside: Option<&'static str>,
    full: bool,
    access: &'static str,
}

/// A line of the activity.
struct Line {
    who: Link,
    before: &'static str,
    object: Option<Link>,
    after: &'static str,
    place: Option<Link>,
    at: Moment,
    address: &'static str,
    client: &'static str,
    of_token: Option<&'static str>,
    details: Vec<Detail>,
}

struct Link {
    url: Option<&'static str>,
    text: &'static str,
}

struct Detail {
    label: &'static str,
    before: Option<&'static str>,
    after: Option<&'static str>,
}

struct ActRow {
    title: &'static str,
    may: [bool; 2],
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
    page.flash = Some(Flash::TokenRenamed.text());
    let wrong = "Give the token a name.".to_owned();
    let page = Components {
        page,
        here: paths::COMPONENTS,
        fields: Fields {
            empty: Field::default(),
            filled: Field::of("Take orders at the till"),
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
        budgets: [(false, "1,788"), (true, "0")]
            .map(|(is_spent, remaining)| {
                let reset = Moment { relative: "13:00 UTC".to_owned(), ..Moment::past(now, now) };
                Budget { is_unlimited: false, is_spent, remaining, limit: "2,400", reset }
            })
            .into(),
        refusals: refusals(now),
        secrets: secrets(now),
        reaching: reaching(),
        lines: lines(now),
        roles: ["owner", "read_only"],
        acts: vec![
            ActRow { title: "Look at tokens", may: [true, true] },
            ActRow { title: "Make tokens", may: [true, false] },
        ],
    };
    render(&page, StatusCode::OK)
}

fn sentence(tone: &'static str) -> Sentence {
    let phrases = vec![
        Phrase::plain("A sentence of the tone "),
        Phrase { text: tone.to_owned(), strong: true, code: false },
        Phrase::plain(", with something to type: "),
        Phrase { text: "berlin-*".to_owned(), strong: false, code: true },
    ];
    Sentence { tone, phrases }
}

fn used(now: OffsetDateTime, ago: Duration) -> Option<Used> {
    let address = ClientAddress::Known([203, 0, 113, 7].into());
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
            Phrase::plain("Orders full for "),
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

fn refusals(now: OffsetDateTime) -> Vec<Refused> {
    let ago = |minutes| Moment::past(now - Duration::minutes(minutes), now);
    vec![
        Refused {
            permission: Some("Orders"),
            access: "Full access",
            why: "Nothing was there that it reaches",
            calls: "1,204",
            first: Some(ago(2_000)),
            last: ago(14),
        },
        Refused {
            permission: None,
            access: "",
            why: "From an address that it does not work from",
            calls: "1",
            first: None,
            last: ago(90),
        },
    ]
}

fn secrets(now: OffsetDateTime) -> Vec<SecretRow> {
    let made = Moment::past(now - Duration::days(2), now);
    let older = SecretRow {
        which: "Older",
        hint: "tkh_a_…x7Qd",
        made: made.clone(),
        used: used(now, Duration::minutes(4)),
        ends: Some(Moment::past(now + Duration::days(1), now)),
        ends_at_first_use: false,
    };
    vec![
        SecretRow {
            which: "Newer",
            hint: "tkh_a_…0mPz",
            made,
            used: None,
            ends: None,
            ends_at_first_use: true,
        },
        older,
    ]
}

fn reaching() -> Vec<Reaching> {
    let rules = |full: bool, access| {
        vec![Rule {
            title: "Orders",
            which: "only this store",
            inside: full.then_some("orders named October"),
            full,
            access,
        }]
    };
    let account = Reaching {
        url: Some("#"),
        name: "Till",
        state: StateBadge::of(State::Active, None),
        user: None,
        hint: "tkh_a_…x7Qd",
        rules: rules(true, "Full access"),
    };
    let user = Reaching {
        url: None,
        name: "Laptop",
        state: StateBadge::of(State::Disabled, None),
        user: Some("member@example.com"),
        hint: "tkh_u_…0mPz",
        rules: rules(false, "Read only"),
    };
    vec![account, user]
}

fn lines(now: OffsetDateTime) -> Vec<Line> {
    let at = Moment::past(now - Duration::minutes(4), now);
    let whole = Line {
        who: Link { url: Some("#"), text: "owner@example.com" },
        before: "renamed the token",
        object: Some(Link { url: Some("#"), text: "“Terraform”" }),
        after: "",
        place: None,
        at: at.clone(),
        address: "203.0.113.7",
        client: "",
        of_token: Some("#"),
        details: vec![Detail { label: "Name", before: Some("Test"), after: Some("Terraform") }],
    };
    let seen = Line {
        who: Link { url: None, text: "The token “Laptop”" },
        before: "was used from a new network",
        object: None,
        after: "",
        place: Some(Link { url: None, text: "in Acme" }),
        at,
        address: "198.51.100.24",
        client: "octodns/1.9",
        of_token: None,
        details: Vec::new(),
    };
    vec![whole, seen]
}
