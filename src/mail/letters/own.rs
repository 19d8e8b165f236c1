//! Letters about one's own address and password.

use super::{Link, Said, Sender, line, link, moment, text};
use crate::db::{Conn, DbError};
use crate::http::App;
use crate::models::User;
use crate::models::mail::{Due, Letter};
use crate::models::user_link::{self, Purpose};
use crate::policy::UserId;
use askama::Template;
use time::OffsetDateTime;

#[derive(Template)]
#[template(path = "mail/password_link.txt")]
struct PasswordLinkText {
    name: String,
    link: String,
    ends_tokens: bool,
    from: Sender,
}

#[derive(Template)]
#[template(path = "mail/address_link.txt")]
struct AddressLinkText {
    name: String,
    email: String,
    link: String,
    from: Sender,
}

#[derive(Template)]
#[template(path = "mail/address_taken.txt")]
struct AddressTakenText {
    name: String,
    forgotten: String,
    from: Sender,
}

#[derive(Template)]
#[template(path = "mail/address_changed.txt")]
struct AddressChangedText {
    name: String,
    to: String,
    done: bool,
    from: Sender,
}

#[derive(Template)]
#[template(path = "mail/password_changed.txt")]
struct PasswordChangedText {
    name: String,
    at: String,
    forgotten: String,
    from: Sender,
}

/// The address that a link goes to, or the word that there is none: as the user has it who has it, and not as it
/// was typed. A mail server may tell the two apart.
pub(super) fn recipient(conn: &mut Conn, letter: &Letter, due: &Due) -> Result<String, DbError> {
    let owner = match letter {
        Letter::PasswordLink => User::find_by_email(conn, &due.recipient)?,
        Letter::AddressLink { link } => match user_link::asked(conn, *link)? {
            Some((user, email)) => User::find_by_email(conn, &email)?.filter(|other| other.id != user.id),
            None => None,
        },
        _ => None,
    };
    Ok(owner.map_or_else(|| due.recipient.clone(), |owner| owner.email))
}

/// For an active user whose address it is, whether or not it is proved; anybody else gets nothing.
pub(super) fn password_link(
    conn: &mut Conn,
    app: &App,
    email: &str,
    now: OffsetDateTime,
) -> Result<Said, DbError> {
    let found = if email.is_ascii() { User::find_by_email(conn, email)? } else { None };
    let Some(user) = found.filter(|user| user.deactivated_at.is_none()) else { return Ok(None) };
    let asked = user_link::ask(conn, user.id, Purpose::Password, &user.email, None, now)?;
    let Some(secret) = user_link::arm(conn, asked, now)? else { return Ok(None) };
    let text = text(&PasswordLinkText {
        name: line(&user.name),
        link: link(app, &format!("/reset/{}", secret.expose())),
        ends_tokens: user.email_verified_at.is_none(),
        from: Sender::of(app),
    })?;
    Ok(Some((text, Link::Made)))
}

/// Whose address it is already is told so, and nobody else learns it.
pub(super) fn address_link(
    conn: &mut Conn,
    app: &App,
    id: i64,
    now: OffsetDateTime,
) -> Result<Said, DbError> {
    let Some((user, email)) = user_link::asked(conn, id)? else { return Ok(None) };
    if let Some(other) = User::find_by_email(conn, &email)?.filter(|other| other.id != user.id) {
        let (name, forgotten) = (line(&other.name), link(app, "/forgotten"));
        let text = text(&AddressTakenText { name, forgotten, from: Sender::of(app) })?;
        return Ok(Some((text, Link::None)));
    }
    let Some(secret) = user_link::arm(conn, id, now)? else { return Ok(None) };
    let text = text(&AddressLinkText {
        name: line(&user.name),
        email: line(&email),
        link: link(app, &format!("/address/{}", secret.expose())),
        from: Sender::of(app),
    })?;
    Ok(Some((text, Link::Made)))
}

/// Another address is to be a user's, or is.
pub(super) fn address_changed(
    conn: &mut Conn,
    app: &App,
    user: UserId,
    to: &str,
    done: bool,
) -> Result<Said, DbError> {
    let Some(user) = User::find(conn, user)? else { return Ok(None) };
    let (name, to) = (line(&user.name), line(to));
    let text = text(&AddressChangedText { name, to, done, from: Sender::of(app) })?;
    Ok(Some((text, Link::None)))
}

/// A password was changed.
pub(super) fn password_changed(
    conn: &mut Conn,
    app: &App,
    user: UserId,
    at: OffsetDateTime,
) -> Result<Said, DbError> {
    let Some(user) = User::find(conn, user)? else { return Ok(None) };
    let (name, at) = (line(&user.name), moment(at));
    let forgotten = link(app, "/forgotten");
    let text = text(&PasswordChangedText { name, at, forgotten, from: Sender::of(app) })?;
    Ok(Some((text, Link::None)))
}
