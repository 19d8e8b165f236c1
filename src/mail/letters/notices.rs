//! What happened to tokens, and what soon will.

use super::{Sender, line, link, moment, text};
use crate::db::DbError;
use crate::http::App;
use crate::models::mail::{About, TokenEvent};
use crate::policy::words::{last_day, long_day};
use crate::policy::{ClientAddress, TokenId};
use askama::Template;
use time::{Duration, OffsetDateTime};

#[derive(Template)]
#[template(path = "mail/token.txt")]
struct TokenText {
    subject: String,
    said: String,
    at: String,
    by: String,
    address: Option<ClientAddress>,
    account: bool,
    gives_access: bool,
    link: String,
    from: Sender,
}

#[derive(Template)]
#[template(path = "mail/revoked.txt")]
struct RevokedText {
    subject: String,
    said: String,
    at: String,
    by: String,
    address: Option<ClientAddress>,
    account: bool,
    link: String,
    from: Sender,
}

#[derive(Template)]
#[template(path = "mail/expires.txt")]
struct ExpiresText {
    subject: String,
    said: String,
    last_day: String,
    link: String,
    from: Sender,
}

/// Who did something, when, and from where.
pub(super) struct Done<'a> {
    pub(super) by: &'a str,
    pub(super) at: OffsetDateTime,
    pub(super) address: Option<ClientAddress>,
}

/// Something happened to a token.
pub(super) fn token(
    app: &App,
    event: &TokenEvent,
    (id, name): (TokenId, &str),
    about: Option<&About>,
    done: &Done<'_>,
) -> Result<String, DbError> {
    let did = match event {
        TokenEvent::Made => "was made".to_owned(),
        TokenEvent::Rolled => "has a new secret".to_owned(),
        TokenEvent::Deleted => "was deleted".to_owned(),
        TokenEvent::Disabled => "was disabled".to_owned(),
        TokenEvent::Blocked(account) => format!("was blocked in {}", line(account)),
    };
    let name = line(name);
    text(&TokenText {
        subject: format!("Token “{name}” {did}"),
        said: format!("The token “{name}” {} {did}.", whose(about)),
        at: moment(done.at),
        by: line(done.by),
        address: done.address,
        account: about.is_some(),
        gives_access: matches!(event, TokenEvent::Made | TokenEvent::Rolled),
        link: link(app, &format!("{}/{id}", list(about))),
        from: Sender::of(app),
    })
}

/// Many tokens were revoked together.
pub(super) fn revoked(
    app: &App,
    tokens: i64,
    about: Option<&About>,
    done: &Done<'_>,
) -> Result<String, DbError> {
    let (many, were) = if tokens == 1 { ("token", "was") } else { ("tokens", "were") };
    text(&RevokedText {
        subject: format!("{tokens} {many} {were} revoked"),
        said: format!("{tokens} {many} {} {were} revoked.", whose(about)),
        at: moment(done.at),
        by: line(done.by),
        address: done.address,
        account: about.is_some(),
        link: link(app, &format!("{}/ended", list(about))),
        from: Sender::of(app),
    })
}

/// A token expires soon.
pub(super) fn expires(
    app: &App,
    (id, name): (TokenId, &str),
    about: Option<&About>,
    (end, now): (OffsetDateTime, OffsetDateTime),
) -> Result<Option<String>, DbError> {
    let name = line(name);
    // A mail that came late says what is so by then.
    let days = (end - now + Duration::days(1) - Duration::seconds(1)).whole_days();
    if end <= now {
        return Ok(None);
    }
    let when = if days == 1 { "within a day".to_owned() } else { format!("within {days} days") };
    let said = text(&ExpiresText {
        subject: format!("Token “{name}” expires {when}"),
        said: format!("The token “{name}” {} expires {when}.", whose(about)),
        last_day: long_day(last_day(end)),
        link: link(app, &format!("{}/{id}", list(about))),
        from: Sender::of(app),
    })?;
    Ok(Some(said))
}

fn whose(about: Option<&About>) -> String {
    about.map_or_else(|| "of yours".to_owned(), |about| format!("of {}", line(&about.name)))
}

fn list(about: Option<&About>) -> String {
    about.map_or_else(|| "/user/tokens".to_owned(), |about| format!("/accounts/{}/tokens", about.account))
}
