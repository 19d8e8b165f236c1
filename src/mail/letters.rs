//! What each letter says: a template, its first line the subject.

use super::Mail;
use crate::db::{Conn, DbError};
use crate::http::App;
use crate::models::User;
use crate::models::invitation;
use crate::models::mail::{Due, LeakedToken, Letter};
use crate::models::text::is_hidden;
use crate::models::user_link::{self, Purpose};
use askama::Template;
use lettre::Address;
use time::OffsetDateTime;
use time::format_description::FormatItem;
use time::macros::format_description;

const EXACT: &[FormatItem<'_>] =
    format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");

/// What became of writing a letter.
pub(super) enum Written {
    /// To be sent.
    Mail(Mail),
    /// What it told of is over.
    NotWanted,
    /// Nobody can be reached by what stands for an address.
    NoAddress,
    /// No such letter is known here.
    NotKnown,
}

/// The text of a letter, whether it is still wanted, and whether it holds a link of its own.
type Said = Option<(String, Link)>;

/// Whether a letter says the same each time that it is written.
enum Link {
    /// It does.
    None,
    /// What its link holds is made anew each time, and what went before opens nothing any more.
    Made,
}

#[derive(Template)]
#[template(path = "mail/invitation.txt")]
struct InvitationText {
    inviter: String,
    account: String,
    role: &'static str,
    sentence: &'static str,
    until: String,
    link: String,
    home: String,
}

#[derive(Template)]
#[template(path = "mail/leaked.txt")]
struct LeakedText {
    first: String,
    /// How many there are beside the first.
    more: usize,
    tokens: Vec<String>,
    home: String,
}

#[derive(Template)]
#[template(path = "mail/password_link.txt")]
struct PasswordLinkText {
    name: String,
    link: String,
    home: String,
}

#[derive(Template)]
#[template(path = "mail/address_link.txt")]
struct AddressLinkText {
    name: String,
    email: String,
    link: String,
    home: String,
}

#[derive(Template)]
#[template(path = "mail/address_taken.txt")]
struct AddressTakenText {
    name: String,
    forgotten: String,
    home: String,
}

#[derive(Template)]
#[template(path = "mail/address_changed.txt")]
struct AddressChangedText {
    name: String,
    to: String,
    done: bool,
    home: String,
}

#[derive(Template)]
#[template(path = "mail/password_changed.txt")]
struct PasswordChangedText {
    name: String,
    at: String,
    forgotten: String,
    home: String,
}

/// Writes a letter, in a transaction: what its link holds is stored with that.
pub(super) fn write(conn: &mut Conn, app: &App, due: &Due, now: OffsetDateTime) -> Result<Written, DbError> {
    let Ok(recipient) = due.recipient.parse::<Address>() else { return Ok(Written::NoAddress) };
    let Some(letter) = &due.letter else { return Ok(Written::NotKnown) };
    let Some((text, link)) = say(conn, app, letter, due, now)? else { return Ok(Written::NotWanted) };
    let (subject, text) = text.split_once('\n').unwrap_or((&text, ""));
    let made = due.created_at.unix_timestamp();
    let message_id = match link {
        Link::None => format!("{}.{made}", due.id),
        // Not the same mail: whoever keeps one of two would keep a dead link.
        Link::Made => format!("{}.{made}.{}", due.id, due.attempt),
    };
    Ok(Written::Mail(Mail {
        id: due.id,
        message_id,
        recipient,
        subject: subject.to_owned(),
        text: text.trim_start().to_owned(),
        at: now,
    }))
}

fn say(conn: &mut Conn, app: &App, letter: &Letter, due: &Due, now: OffsetDateTime) -> Result<Said, DbError> {
    match letter {
        Letter::Invitation { invitation } => {
            let Some(armed) = invitation::arm(conn, *invitation, now)? else { return Ok(None) };
            let text = text(&InvitationText {
                inviter: line(&armed.inviter),
                account: line(&armed.account),
                role: armed.role.key(),
                sentence: armed.role.sentence(),
                until: moment(armed.expires_at),
                link: link(app, &format!("/invitations/{}", armed.secret.expose())),
                home: link(app, "/"),
            })?;
            Ok(Some((text, Link::Made)))
        }
        Letter::Leaked { tokens } => {
            let text = text(&LeakedText {
                first: tokens.first().map(|token| line(&token.name)).unwrap_or_default(),
                more: tokens.len().saturating_sub(1),
                tokens: tokens.iter().map(leaked).collect(),
                home: link(app, "/"),
            })?;
            Ok(Some((text, Link::None)))
        }
        Letter::PasswordLink => password_link(conn, app, &due.recipient, now),
        Letter::AddressLink { link } => address_link(conn, app, *link, now),
        Letter::AddressChanged { user, to, done } => {
            let Some(user) = User::find(conn, *user)? else { return Ok(None) };
            let (name, to, home) = (line(&user.name), line(to), link(app, "/"));
            let text = text(&AddressChangedText { name, to, done: *done, home })?;
            Ok(Some((text, Link::None)))
        }
        Letter::PasswordChanged { user } => {
            let Some(user) = User::find(conn, *user)? else { return Ok(None) };
            let (name, at) = (line(&user.name), moment(due.created_at));
            let (forgotten, home) = (link(app, "/forgotten"), link(app, "/"));
            let text = text(&PasswordChangedText { name, at, forgotten, home })?;
            Ok(Some((text, Link::None)))
        }
    }
}

fn leaked(token: &LeakedToken) -> String {
    let whose =
        token.account.as_ref().map_or("one of your own".to_owned(), |account| format!("of {account}"));
    line(&format!("{} ({}), {whose}", token.name, token.hint))
}

/// For an active user whose proved address it is; anybody else gets nothing.
fn password_link(conn: &mut Conn, app: &App, email: &str, now: OffsetDateTime) -> Result<Said, DbError> {
    let found = if email.is_ascii() { User::find_by_email(conn, email)? } else { None };
    let may_have = |user: &User| user.deactivated_at.is_none() && user.email_verified_at.is_some();
    let Some(user) = found.filter(may_have) else { return Ok(None) };
    let asked = user_link::ask(conn, user.id, Purpose::Password, &user.email, None, now)?;
    let Some(secret) = user_link::arm(conn, asked, now)? else { return Ok(None) };
    let text = text(&PasswordLinkText {
        name: line(&user.name),
        link: link(app, &format!("/reset/{}", secret.expose())),
        home: link(app, "/"),
    })?;
    Ok(Some((text, Link::Made)))
}

/// Whose address it is already is told so, and nobody else learns it.
fn address_link(conn: &mut Conn, app: &App, id: i64, now: OffsetDateTime) -> Result<Said, DbError> {
    let Some((user, email)) = user_link::asked(conn, id)? else { return Ok(None) };
    if let Some(other) = User::find_by_email(conn, &email)?.filter(|other| other.id != user.id) {
        let (name, forgotten) = (line(&other.name), link(app, "/forgotten"));
        let text = text(&AddressTakenText { name, forgotten, home: link(app, "/") })?;
        return Ok(Some((text, Link::None)));
    }
    let Some(secret) = user_link::arm(conn, id, now)? else { return Ok(None) };
    let text = text(&AddressLinkText {
        name: line(&user.name),
        email: line(&email),
        link: link(app, &format!("/address/{}", secret.expose())),
        home: link(app, "/"),
    })?;
    Ok(Some((text, Link::Made)))
}

fn text(template: &impl Template) -> Result<String, DbError> {
    template.render().map_err(|error| DbError::Corrupt(format!("template of a mail: {error}")))
}

/// An address that works from outside.
fn link(app: &App, path: &str) -> String {
    app.public.link(app.bound, path)
}

fn moment(at: OffsetDateTime) -> String {
    at.format(EXACT).unwrap_or_default()
}

/// What somebody wrote, on one line.
fn line(text: &str) -> String {
    text.chars().map(|sign| if is_hidden(sign) { ' ' } else { sign }).collect()
}
