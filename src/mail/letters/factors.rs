//! Letters about signing in and second factors.

use super::{Link, Said, Sender, line, link, moment, text};
use crate::db::{Conn, DbError};
use crate::http::App;
use crate::models::mail::{About, FactorEvent};
use crate::models::{User, membership, user_link};
use crate::policy::words::long_day;
use crate::policy::{ClientAddress, UserId};
use askama::Template;
use time::OffsetDateTime;

#[derive(Template)]
#[template(path = "mail/factor_changed.txt")]
struct ChangedText {
    name: String,
    subject: &'static str,
    what: &'static str,
    at: String,
    address: Option<String>,
    security: String,
    from: Sender,
}

#[derive(Template)]
#[template(path = "mail/wrong_codes.txt")]
struct WrongCodesText {
    name: String,
    at: String,
    forgotten: String,
    from: Sender,
}

#[derive(Template)]
#[template(path = "mail/factor_link.txt")]
struct LinkText {
    name: String,
    by: String,
    why: String,
    link: String,
    from: Sender,
}

#[derive(Template)]
#[template(path = "mail/factor_link_asked.txt")]
struct LinkAskedText {
    name: String,
    email: String,
    by: String,
    why: String,
    at: String,
    from: Sender,
}

#[derive(Template)]
#[template(path = "mail/new_network.txt")]
struct NewNetworkText {
    name: String,
    client: String,
    address: String,
    at: String,
    security: String,
    from: Sender,
}

#[derive(Template)]
#[template(path = "mail/factor_demanded.txt")]
struct DemandedText {
    name: String,
    account: String,
    /// The first day on which its pages are closed; `None` if they are already.
    day: Option<String>,
    security: String,
    from: Sender,
}

/// Where someone sees what is theirs, and changes it.
const SECURITY: &str = "/user/security";

fn fixed(template: &impl Template) -> Result<Said, DbError> {
    Ok(Some((text(template)?, Link::None)))
}

/// A factor was added or removed.
pub(super) fn changed(
    conn: &mut Conn,
    app: &App,
    user: UserId,
    (event, address): (FactorEvent, Option<ClientAddress>),
    at: OffsetDateTime,
) -> Result<Said, DbError> {
    let Some(user) = User::find(conn, user)? else { return Ok(None) };
    let (subject, what) = match event {
        FactorEvent::AppAdded => ("An authenticator app was added", "an authenticator app was set up"),
        FactorEvent::AppRemoved => ("An authenticator app was removed", "your authenticator app was removed"),
        FactorEvent::PasskeyAdded => ("A passkey was added", "a passkey was added, which signs in as you,"),
        FactorEvent::PasskeyRemoved => ("A passkey was removed", "a passkey of yours was removed"),
        FactorEvent::PasskeyCopied => (
            "A passkey was refused",
            "a passkey of yours was refused, because it's behind: someone may have used a copy of it,",
        ),
        FactorEvent::CodesMade => {
            ("New recovery codes", "new recovery codes were created; the ones before no longer work,")
        }
        FactorEvent::Reset => (
            "Two-factor authentication was removed",
            "your second factors and recovery codes were removed, because they were reported as lost,",
        ),
    };
    let (name, at, address) = (line(&user.name), moment(at), address.map(|address| address.to_string()));
    fixed(&ChangedText {
        name,
        subject,
        what,
        at,
        address,
        security: link(app, SECURITY),
        from: Sender::of(app),
    })
}

/// The right password, and wrong codes.
pub(super) fn wrong_codes(
    conn: &mut Conn,
    app: &App,
    user: UserId,
    at: OffsetDateTime,
) -> Result<Said, DbError> {
    let Some(user) = User::find(conn, user)? else { return Ok(None) };
    let (name, forgotten) = (line(&user.name), link(app, "/forgotten"));
    fixed(&WrongCodesText { name, at: moment(at), forgotten, from: Sender::of(app) })
}

/// The link that removes lost factors.
pub(super) fn link_to_reset(
    conn: &mut Conn,
    app: &App,
    id: i64,
    now: OffsetDateTime,
) -> Result<Said, DbError> {
    let Some((user, by, why)) = user_link::asked_for(conn, id)? else { return Ok(None) };
    let Some(secret) = user_link::arm(conn, id, now)? else { return Ok(None) };
    let text = text(&LinkText {
        name: line(&user.name),
        by: line(&by),
        why: line(&why),
        link: link(app, &format!("/factor/{}", secret.expose())),
        from: Sender::of(app),
    })?;
    Ok(Some((text, Link::Made)))
}

/// An owner learns that it was asked for.
pub(super) fn link_asked(
    conn: &mut Conn,
    app: &App,
    user: UserId,
    (by, why): (&str, &str),
    at: OffsetDateTime,
) -> Result<Said, DbError> {
    let Some(user) = User::find(conn, user)? else { return Ok(None) };
    let (name, email) = (line(&user.name), line(&user.email));
    let (by, why, at, from) = (line(by), line(why), moment(at), Sender::of(app));
    fixed(&LinkAskedText { name, email, by, why, at, from })
}

/// A sign-in from a network that is new.
pub(super) fn new_network(
    conn: &mut Conn,
    app: &App,
    user: UserId,
    (client, address): (&str, ClientAddress),
    at: OffsetDateTime,
) -> Result<Said, DbError> {
    let Some(user) = User::find(conn, user)? else { return Ok(None) };
    let (name, client, address) = (line(&user.name), line(client), address.to_string());
    let security = link(app, SECURITY);
    fixed(&NewNetworkText { name, client, address, at: moment(at), security, from: Sender::of(app) })
}

/// An account asks for a second factor. Not who has one by now, or has left.
pub(super) fn demanded(
    conn: &mut Conn,
    app: &App,
    user: UserId,
    about: &About,
    (from, now): (OffsetDateTime, OffsetDateTime),
) -> Result<Said, DbError> {
    let Some(member) = membership::one(conn, about.account, user)? else { return Ok(None) };
    if member.user.factor_since.is_some() || member.user.deactivated_at.is_some() {
        return Ok(None);
    }
    fixed(&DemandedText {
        name: line(&member.user.name),
        account: line(&about.name),
        day: (from > now).then(|| long_day(from.date())),
        security: link(app, SECURITY),
        from: Sender::of(app),
    })
}
