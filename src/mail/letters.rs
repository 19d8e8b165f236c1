//! What each letter says: a template, its first line the subject.

mod factors;
mod notices;
mod own;

use super::Mail;
use crate::db::{Conn, DbError};
use crate::http::App;
use crate::models::mail::{Due, LeakedToken, Letter};
use crate::models::text::is_hidden;
use crate::models::{invitation, notice};
use askama::Template;
use lettre::Address;
use notices::Done;
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

/// Whom a letter is from.
struct Sender {
    /// What the site is called.
    site: String,
    /// URL of its first page.
    home: String,
}

impl Sender {
    fn of(app: &App) -> Sender {
        Sender { site: line(app.support.site_name()), home: link(app, "/") }
    }
}

#[derive(Template)]
#[template(path = "mail/invitation.txt")]
struct InvitationText {
    inviter: String,
    account: String,
    role: &'static str,
    sentence: String,
    until: String,
    link: String,
    from: Sender,
}

#[derive(Template)]
#[template(path = "mail/leaked.txt")]
struct LeakedText {
    first: String,
    /// How many there are beside the first.
    more: usize,
    tokens: Vec<String>,
    from: Sender,
}

/// Writes a letter, in a transaction: what its link holds is stored with that.
pub(super) fn write(conn: &mut Conn, app: &App, due: &Due, now: OffsetDateTime) -> Result<Written, DbError> {
    let Some(letter) = &due.letter else { return Ok(Written::NotKnown) };
    let recipient = own::recipient(conn, letter, due)?;
    let Ok(recipient) = recipient.parse::<Address>() else { return Ok(Written::NoAddress) };
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
                sentence: armed.role.sentence(&app.catalogue),
                until: moment(armed.expires_at),
                link: link(app, &format!("/invitations/{}", armed.secret.expose())),
                from: Sender::of(app),
            })?;
            Ok(Some((text, Link::Made)))
        }
        Letter::PasswordLink => own::password_link(conn, app, &due.recipient, now),
        Letter::AddressLink { link } => own::address_link(conn, app, *link, now),
        Letter::AddressChanged { user, to, done } => own::address_changed(conn, app, *user, to, *done),
        Letter::PasswordChanged { user } => own::password_changed(conn, app, *user, due.created_at),
        Letter::FactorChanged { user, event, address } => {
            factors::changed(conn, app, *user, (*event, *address), due.created_at)
        }
        Letter::WrongCodes { user } => factors::wrong_codes(conn, app, *user, due.created_at),
        Letter::FactorLink { link } => factors::link_to_reset(conn, app, *link, now),
        Letter::FactorLinkAsked { user, by, why } => {
            factors::link_asked(conn, app, *user, (by, why), due.created_at)
        }
        Letter::NewNetwork { user, client, address } => {
            factors::new_network(conn, app, *user, (client, *address), due.created_at)
        }
        Letter::FactorDemanded { user, about, from } => {
            factors::demanded(conn, app, *user, about, (*from, now))
        }
        Letter::Token { about, .. } | Letter::Revoked { about, .. } | Letter::Expires { about, .. }
            if !notice::may_be_told(conn, &due.recipient, about.as_ref())? =>
        {
            Ok(None)
        }
        Letter::Token { event, token, name, about, by, at, address } => {
            let done = Done { by, at: *at, address: *address };
            let text = notices::token(app, event, (*token, name), about.as_ref(), &done)?;
            Ok(Some((text, Link::None)))
        }
        Letter::Revoked { tokens, about, by, at, address } => {
            let done = Done { by, at: *at, address: *address };
            Ok(Some((notices::revoked(app, *tokens, about.as_ref(), &done)?, Link::None)))
        }
        Letter::Expires { token, name, about, expires_at } => {
            let text = notices::expires(app, (*token, name), about.as_ref(), (*expires_at, now))?;
            Ok(text.map(|text| (text, Link::None)))
        }
        Letter::Leaked { .. } if !notice::may_be_told(conn, &due.recipient, None)? => Ok(None),
        Letter::Leaked { tokens } => {
            let text = text(&LeakedText {
                first: tokens.first().map(|token| line(&token.name)).unwrap_or_default(),
                more: tokens.len().saturating_sub(1),
                tokens: tokens.iter().map(leaked).collect(),
                from: Sender::of(app),
            })?;
            Ok(Some((text, Link::None)))
        }
    }
}

fn leaked(token: &LeakedToken) -> String {
    let whose =
        token.account.as_ref().map_or("one of your own".to_owned(), |account| format!("of {account}"));
    line(&format!("{} ({}), {whose}", token.name, token.hint))
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
