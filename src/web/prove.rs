//! *Confirm it's you*: what a form needs before it does something, and the page that asks for it.

use super::form::Fields;
use super::page_error::{ConfirmIdentity, PageError};
use super::password::{Caller, Tried, Whose, too_often};
use super::session::{self as of_browser, SignedInSession};
use crate::http::{App, AppError};
use crate::models::User;
use crate::models::authenticator::{self, Asked, Factors, Tried as TriedCode};
use crate::models::session;
use crate::policy::{Act, Proof};
use actix_session::Session;
use std::sync::Arc;
use time::Duration;

/// How long nobody is asked again.
const LASTS: Duration = Duration::minutes(15);

/// What a form needs before it does something: the right form token, and for some acts a proof.
pub struct Confirmation {
    /// Whether the form token is that of another session, or of none.
    pub is_stale: bool,
    /// The session.
    pub session: SignedInSession,
    /// The same, as the browser has it.
    pub browser: Session,
    /// Who sends the form.
    pub caller: Caller,
    /// Where it was posted to.
    pub action: String,
}

/// What a person has just given.
enum Given {
    /// It's enough.
    Enough,
    /// Nothing yet.
    Nothing,
    /// Something of it is wrong.
    Wrong(Faults),
    /// It can't be looked at before this.
    Wait(Faults, Duration),
}

/// What is wrong with what was typed, beside each field.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// With the password.
    pub password: Option<String>,
    /// With the code.
    pub code: Option<String>,
    /// With the recovery code.
    pub recovery: Option<String>,
}

/// Words for a code that isn't accepted; `None` if it is.
pub fn fault_of(tried: TriedCode, asked: &Asked) -> Option<String> {
    Some(match (tried, asked) {
        (TriedCode::Right, _) => return None,
        (TriedCode::Wrong, Asked::Code(_)) => {
            "This code is wrong, or was used already. Wait for the next one.".to_owned()
        }
        (TriedCode::Wrong, Asked::Recovery(_)) => {
            "This recovery code is wrong, or was used already. Each works once.".to_owned()
        }
        (TriedCode::TooOften(wait), Asked::Code(_)) => {
            format!("Too many codes. Wait {} min, then try again, or use a recovery code.", minutes(wait))
        }
        (TriedCode::TooOften(wait), Asked::Recovery(_)) => {
            format!("Too many recovery codes. Wait {} min, then try again.", minutes(wait))
        }
        (TriedCode::Unreadable, _) => {
            "This server can't read the key of your app. Use a recovery code, and tell the people who run this site."
                .to_owned()
        }
    })
}

fn minutes(wait: Duration) -> i64 {
    (wait.whole_seconds() + 59) / 60
}

impl Confirmation {
    /// Lets an act pass whose form token is right. One that raises access waits until the person has proved who
    /// they are lately, or does in this form; until then the answer is the page that asks for it.
    pub async fn before(self, act: Act, fields: &Fields, app: &App) -> Result<(), AppError> {
        self.pass(act.proof(), fields, app).await
    }

    /// The same, for any kind of act.
    pub(super) async fn pass(self, proof: Proof, fields: &Fields, app: &App) -> Result<(), AppError> {
        if self.is_lately(proof, app) {
            return if self.is_stale { Err(PageError::StaleForm.into()) } else { Ok(()) };
        }
        self.proved_now(proof, fields, app).await
    }

    /// Whether so much was proved within the last quarter of an hour.
    fn is_lately(&self, proof: Proof, app: &App) -> bool {
        let now = app.clock.now();
        match proof {
            Proof::None => true,
            Proof::One => now - self.session.password_at <= LASTS,
            Proof::All => self.session.fully_at.is_some_and(|at| now - at <= LASTS),
        }
    }

    /// Lets an act pass only when so much is proved in this form, however lately it was.
    pub async fn proved_now(self, proof: Proof, fields: &Fields, app: &App) -> Result<(), AppError> {
        if self.is_stale {
            return Err(PageError::StaleForm.into());
        }
        let (id, user) = (self.session.id, self.session.user);
        let factors = app.db.run(move |conn| authenticator::of_user(conn, user)).await?;
        let (faults, wait) = match self.given(proof, &factors, fields, app).await? {
            Given::Enough => {
                let (now, fully) = (app.clock.now(), proof == Proof::All || !factors.any());
                if app.db.run(move |conn| session::proved(conn, id, fully, now)).await? {
                    return of_browser::change_key(&self.browser)
                        .map_err(|error| AppError::Internal(error.to_string()));
                }
                // The session was ended meanwhile.
                return Err(
                    PageError::SignedOut { action: self.action, fields: fields.clone().kept() }.into()
                );
            }
            Given::Nothing => (Faults::default(), None),
            Given::Wrong(faults) => (faults, None),
            Given::Wait(faults, wait) => (faults, Some(wait)),
        };
        let user = app.db.run(move |conn| User::find(conn, user)).await?.ok_or(AppError::NotFound)?;
        let (action, fields) = (self.action, fields.clone().kept());
        let has_app = factors.app.is_some();
        let both = has_app && proof == Proof::All;
        let asked = ConfirmIdentity { action, fields, email: user.email, has_app, both, faults, wait };
        Err(PageError::ConfirmIdentity(asked).into())
    }

    /// Looks at what was typed: the password first, so that a wrong one uses no code up.
    async fn given(
        &self,
        proof: Proof,
        factors: &Factors,
        fields: &Fields,
        app: &App,
    ) -> Result<Given, AppError> {
        let [password, code, recovery] = ["password_again", "code_again", "recovery_again"]
            .map(|name| fields.get(name).trim_end_matches('\n'));
        let asks_both = factors.any() && proof == Proof::All;
        let asked = match (code.is_empty(), recovery.is_empty()) {
            _ if !factors.any() => None,
            (false, _) => Some(Asked::Code(code.to_owned())),
            (true, false) => Some(Asked::Recovery(recovery.to_owned())),
            (true, true) => None,
        };
        if password.is_empty() && asked.is_none() {
            if !fields.has("password_again") {
                return Ok(Given::Nothing);
            }
            let password = Some(if factors.any() && !asks_both {
                "Type your password, or a code from your app.".to_owned()
            } else {
                "Type your password.".to_owned()
            });
            let code = asks_both.then(|| "Type a code.".to_owned());
            return Ok(Given::Wrong(Faults { password, code, recovery: None }));
        }
        if asks_both && password.is_empty() {
            let password = Some("Type your password.".to_owned());
            return Ok(Given::Wrong(Faults { password, ..Faults::default() }));
        }
        if asks_both && asked.is_none() {
            let code = Some("Type a code.".to_owned());
            return Ok(Given::Wrong(Faults { code, ..Faults::default() }));
        }
        if asks_both || asked.is_none() {
            let wrong = |text: String| Faults { password: Some(text), ..Faults::default() };
            match self.caller.tries(Whose::User(self.session.user), password, app).await? {
                Tried::Right(_) => {}
                Tried::Wrong => return Ok(Given::Wrong(wrong("This isn't your password.".to_owned()))),
                Tried::TooOften(wait) => return Ok(Given::Wait(wrong(too_often(wait)), wait)),
            }
        }
        let Some(asked) = asked else { return Ok(Given::Enough) };
        let (user, now, keys) = (self.session.user, app.clock.now(), app.sealing_keys.clone());
        let typed = asked.clone();
        let tried = app.db.transaction(move |conn| {
            authenticator::attempt(conn, keys.as_ref().map(Arc::as_ref), user, &typed, now)
        });
        let tried: TriedCode = tried.await?;
        let Some(fault) = fault_of(tried, &asked) else { return Ok(Given::Enough) };
        let faults = match asked {
            Asked::Code(_) => Faults { code: Some(fault), ..Faults::default() },
            Asked::Recovery(_) => Faults { recovery: Some(fault), ..Faults::default() },
        };
        Ok(match tried {
            TriedCode::TooOften(wait) => Given::Wait(faults, wait),
            _ => Given::Wrong(faults),
        })
    }
}
