//! What pages behind links have in common, by which a person does something of their own without a session:
//! the link opens as long as it's good, and what it's for uses it up.

use super::page_error::PageError;
use super::password::{Caller, Tried, Whose, too_often, with_retry_after};
use crate::db::{Conn, DbError};
use crate::http::{App, AppError};
use crate::models::user_link::{self, Opened, Purpose};
use crate::models::{Actor, Origin};
use crate::policy::ClientAddress;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use time::Duration;

/// A link that was opened.
pub struct MailedLink {
    /// Whose it is, and the address that it went to.
    pub opened: Opened,
    /// What the URL holds.
    pub secret: String,
    purpose: Purpose,
}

/// What is wrong with the password that was typed.
pub struct WrongPassword {
    /// Beside the field.
    pub why: String,
    /// Of the answer.
    pub status: StatusCode,
    wait: Option<Duration>,
}

impl WrongPassword {
    /// The page that says so, with the time to wait where it was typed too often.
    pub fn answer(&self, page: HttpResponse) -> HttpResponse {
        match self.wait {
            Some(wait) => with_retry_after(page, wait),
            None => page,
        }
    }
}

impl MailedLink {
    /// The link of this purpose, if it's good.
    pub async fn find(app: &App, secret: &str, purpose: Purpose) -> Result<MailedLink, AppError> {
        let (secret, now) = (secret.to_owned(), app.clock.now());
        let asked = secret.clone();
        let opened = app.db.run(move |conn| user_link::open(conn, &asked, purpose, now)).await?;
        let opened = opened.ok_or(PageError::LinkOver)?;
        Ok(MailedLink { opened, secret, purpose })
    }

    /// Looks at the password: who has the mail needs it, too.
    pub async fn wrong_password(
        &self,
        typed: &str,
        caller: &Caller,
        app: &App,
    ) -> Result<Option<WrongPassword>, AppError> {
        Ok(match caller.tries(Whose::User(self.opened.user.id), typed, app).await? {
            Tried::Right(_) => None,
            Tried::Wrong => Some(WrongPassword {
                why: "This isn't your password.".to_owned(),
                status: StatusCode::UNPROCESSABLE_ENTITY,
                wait: None,
            }),
            Tried::TooOften(wait) => Some(WrongPassword {
                why: too_often(wait),
                status: StatusCode::TOO_MANY_REQUESTS,
                wait: Some(wait),
            }),
        })
    }

    /// Does what the link is for, as its person, and uses it up in the same transaction. `None` if it was used
    /// meanwhile.
    pub async fn use_up<T: Send + 'static>(
        &self,
        app: &App,
        address: ClientAddress,
        act: impl FnOnce(&mut Conn, &Opened, &Origin) -> Result<T, DbError> + Send + 'static,
    ) -> Result<Option<T>, DbError> {
        let (secret, purpose, now) = (self.secret.clone(), self.purpose, app.clock.now());
        let used = app.db.transaction(move |conn| {
            let Some(opened) = user_link::use_up(conn, &secret, purpose, now)? else { return Ok(None) };
            let actor = Actor::User { id: opened.user.id, email: opened.user.email.clone() };
            act(conn, &opened, &Origin { actor, now, address: Some(address) }).map(Some)
        });
        used.await
    }
}
