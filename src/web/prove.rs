//! *Confirm it's you*: what a form needs before it does something, and the page that asks for it.

use super::form::Fields;
use super::own::passkey::of_session;
use super::page_error::{ConfirmIdentity, PageError};
use super::password::{Caller, Tried, Whose, too_often};
use super::session::{self as of_browser, SignedInSession};
use crate::http::{App, AppError};
use crate::models::User;
use crate::models::authenticator::{self, Asked, Factors, Tried as TriedCode};
use crate::models::begun::{self, AskedFor, AskedPasskey, Ticket};
use crate::models::passkey::{self, Answered};
use crate::models::session;
use crate::policy::{Act, Proof, UserId};
use crate::proof::webauthn::Question;
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
    /// It's enough; whether it's everything that they have.
    Enough(bool),
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
    /// With the passkey.
    pub passkey: Option<String>,
}

/// A question to a passkey, on the page.
#[derive(Debug, Clone, Default)]
pub struct AskedOfPasskey {
    /// What the form names it by.
    pub number: String,
    /// What the browser is asked.
    pub options: String,
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
            Given::Enough(fully) => {
                let now = app.clock.now();
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
        let both = factors.any() && proof == Proof::All;
        let passkey = self::question(app, user.id, self.session.id, &factors).await?;
        let asked =
            ConfirmIdentity { action, fields, email: user.email, has_app, both, passkey, faults, wait };
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
        if !fields.get("passkey").is_empty() {
            return self.by_passkey(fields, app).await;
        }
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
                "Type your password, or use another way.".to_owned()
            } else {
                "Type your password.".to_owned()
            });
            let code = (asks_both && factors.app.is_some()).then(|| "Type a code.".to_owned());
            return Ok(Given::Wrong(Faults { password, code, ..Faults::default() }));
        }
        if asks_both && password.is_empty() {
            let password = Some("Type your password.".to_owned());
            return Ok(Given::Wrong(Faults { password, ..Faults::default() }));
        }
        if asks_both && asked.is_none() {
            let why = Some("Type a code.".to_owned());
            return Ok(Given::Wrong(match factors.app {
                Some(_) => Faults { code: why, ..Faults::default() },
                None => Faults { recovery: why, ..Faults::default() },
            }));
        }
        if asks_both || asked.is_none() {
            let wrong = |text: String| Faults { password: Some(text), ..Faults::default() };
            match self.caller.tries(Whose::User(self.session.user), password, app).await? {
                Tried::Right(_) => {}
                Tried::Wrong => return Ok(Given::Wrong(wrong("This isn't your password.".to_owned()))),
                Tried::TooOften(wait) => return Ok(Given::Wait(wrong(too_often(wait)), wait)),
            }
        }
        let fully = proof == Proof::All || !factors.any();
        let Some(asked) = asked else { return Ok(Given::Enough(fully)) };
        let (user, now, keys) = (self.session.user, app.clock.now(), app.sealing_keys.clone());
        let typed = asked.clone();
        let tried = app.db.transaction(move |conn| {
            authenticator::attempt(conn, keys.as_ref().map(Arc::as_ref), user, &typed, now)
        });
        let tried: TriedCode = tried.await?;
        let Some(fault) = fault_of(tried, &asked) else { return Ok(Given::Enough(fully)) };
        let faults = match asked {
            Asked::Code(_) => Faults { code: Some(fault), ..Faults::default() },
            Asked::Recovery(_) => Faults { recovery: Some(fault), ..Faults::default() },
        };
        Ok(match tried {
            TriedCode::TooOften(wait) => Given::Wait(faults, wait),
            _ => Given::Wrong(faults),
        })
    }

    /// A passkey is everything: what holds it, and what its holder knows or is.
    async fn by_passkey(&self, fields: &Fields, app: &App) -> Result<Given, AppError> {
        let wrong = || {
            let passkey = Some("That passkey wasn't accepted. Try again, or use another way.".to_owned());
            Ok(Given::Wrong(Faults { passkey, ..Faults::default() }))
        };
        let Some(party) = app.relying_party.clone() else { return wrong() };
        let (number, text) = (fields.get("passkey_begun").to_owned(), fields.get("passkey").to_owned());
        let (user, browser, now) = (self.session.user, of_session(self.session.id), app.clock.now());
        let answered = app.db.transaction(move |conn| {
            let ticket = Ticket { number: &number, browser: &browser };
            passkey::answer(conn, &party, (ticket, AskedFor::Prove), &text, Some(user), now)
        });
        match answered.await? {
            Answered::Right(..) => Ok(Given::Enough(true)),
            Answered::Gone | Answered::Wrong => wrong(),
        }
    }
}

/// A question to the person's passkeys, where they have one that works here.
async fn question(
    app: &App,
    user: UserId,
    session: i64,
    factors: &Factors,
) -> Result<Option<AskedOfPasskey>, AppError> {
    let party = app.relying_party.clone().filter(|party| passkey::works_at(factors, party.host()));
    let Some(party) = party else { return Ok(None) };
    let now = app.clock.now();
    let question = app.db.transaction(move |conn| {
        let known = passkey::known(conn, user, party.host())?;
        let Some(question) = party.ask(&known) else { return Ok(None) };
        let asked =
            AskedPasskey { user: Some(user), epoch: None, state: question.state, next: String::new() };
        let browser = of_session(session);
        let ticket = Ticket { number: &question.challenge, browser: &browser };
        begun::ask_passkey(conn, ticket, AskedFor::Prove, &asked, now)?;
        let Question { challenge, options, .. } = question;
        Ok::<_, crate::db::DbError>(Some(AskedOfPasskey { number: challenge, options }))
    });
    Ok(question.await?)
}
