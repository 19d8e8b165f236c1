//! The password, and where one is signed in.

use super::client;
use crate::db::Conn;
use crate::http::{AppData, AppError, client_name};
use crate::models::session::{self, MOST_SHOWN};
use crate::models::user::Credentials;
use crate::models::{User, authenticator, password};
use crate::policy::{ClientAddress, Proof};
use crate::web::flash::{self, Flash};
use crate::web::form::Posted;
use crate::web::guard::{SignedIn, own_acts, signed_in_session};
use crate::web::page::{Done, Page, Section, render};
use crate::web::password::{Caller, NewPassword, Tried, Whose, too_often, with_retry_after};
use crate::web::told::Moment;
use crate::web::{paths, session as of_browser};
use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use time::Duration;

#[derive(Template)]
#[template(path = "own/security.html")]
struct SecurityPage {
    page: Page,
    email: String,
    wrong: Wrong,
    rows: Vec<Row>,
    /// Whether there are more than are shown.
    more: bool,
    others_url: &'static str,
    factors: FactorsCard,
    /// Said above the password's form.
    note: Option<&'static str>,
}

/// What the page says of two-factor authentication.
struct FactorsCard {
    /// Set up, and last used.
    app: Option<(Moment, Option<Moment>)>,
    app_url: &'static str,
    remove_url: String,
    codes: usize,
    codes_url: &'static str,
    /// Whether there are so few left that new ones are due.
    few: bool,
    on: bool,
    passkeys: Vec<PasskeyRow>,
    passkey_url: &'static str,
}

struct PasskeyRow {
    name: String,
    added: Moment,
    used: Option<Moment>,
    /// The host that it works for, where that is another.
    elsewhere: Option<String>,
    remove_url: String,
}

/// From here down, the page asks to create new recovery codes.
const FEW_CODES: usize = 3;

struct Row {
    client: String,
    address: String,
    since: Moment,
    seen: Moment,
    this_one: bool,
    end_url: String,
}

/// What was wrong with the passwords that were typed.
#[derive(Default)]
struct Wrong {
    present: Option<String>,
    new: Option<String>,
    wait: Option<Duration>,
    /// Nothing: what comes before was proved.
    proved: bool,
}

impl Wrong {
    fn of_present(why: impl ToString) -> Wrong {
        Wrong { present: Some(why.to_string()), ..Wrong::default() }
    }

    fn of_new(why: impl ToString) -> Wrong {
        Wrong { new: Some(why.to_string()), ..Wrong::default() }
    }
}

/// The page.
pub async fn show(
    by: SignedIn,
    app: AppData,
    request: HttpRequest,
    done: Query<Done>,
) -> Result<HttpResponse, AppError> {
    answer(&by, &app, &request, &done.done, Wrong::default()).await
}

/// Sets a new password. Every other session ends, and this one continues with a new key.
pub async fn change_password(
    form: Posted<SignedIn, own_acts::ChangePassword>,
    app: AppData,
    request: HttpRequest,
    session: Session,
    caller: Caller,
) -> Result<HttpResponse, AppError> {
    let (by, fields, asked) = form.undecided()?;
    if by.user.factor_since.is_some() {
        asked.pass(Proof::All, &fields, &app).await?;
        // Passwords aren't kept on the page that asks for a proof.
        if !fields.has("password") {
            let wrong = Wrong { proved: true, ..Wrong::default() };
            return answer(&by, &app, &request, "", wrong).await;
        }
    }
    let (present, new) = (fields.get("password"), fields.get("new_password"));
    // What costs nothing comes first; what costs much comes after it was counted.
    if let Err(refused) = password::check_length(new) {
        return answer(&by, &app, &request, "", Wrong::of_new(refused)).await;
    }
    let wrong = match caller.tries(Whose::User(by.user.id), present, &app).await? {
        Tried::Right(_) if present == new => Wrong::of_new("This is your password already."),
        Tried::Right(of) => match caller.hash_new(by.user.id, new, &app).await? {
            NewPassword::Hashed(hash) => {
                return changed(&by, hash, of, &app, &request, &session, caller).await;
            }
            NewPassword::Refused(refused) => Wrong::of_new(refused),
            NewPassword::TooOften(wait) => Wrong { wait: Some(wait), ..Wrong::of_new(too_often(wait)) },
        },
        Tried::Wrong => Wrong::of_present("This isn't your password."),
        Tried::TooOften(wait) => Wrong { wait: Some(wait), ..Wrong::of_present(too_often(wait)) },
    };
    answer(&by, &app, &request, "", wrong).await
}

async fn changed(
    by: &SignedIn,
    hash: String,
    of: Credentials,
    app: &AppData,
    request: &HttpRequest,
    session: &Session,
    caller: Caller,
) -> Result<HttpResponse, AppError> {
    let (user, origin) = (by.user.clone(), by.origin(app));
    let set = move |conn: &mut Conn| {
        // Not shared, as by those who sign in: two forms at once would each wait for the other.
        User::lock(conn, user.id)?;
        // Whoever set another one meanwhile, perhaps the person, meant it.
        let is_same = User::credentials_of(conn, user.id)?.is_some_and(|now| now.hash == of.hash);
        if !is_same {
            return Ok(None);
        }
        user.set_password(conn, &hash, &origin)?;
        // With the epoch after the end of every session.
        User::credentials_of(conn, user.id)
    };
    let Some(credentials) = app.db.transaction(set).await? else {
        let wrong = Wrong::of_present("Your password was changed a moment ago, and not by this form.");
        return answer(by, app, request, "", wrong).await;
    };
    of_browser::sign_in(session, &credentials, caller.address, &client_name(request.headers()))
        .map_err(|error| AppError::Internal(error.to_string()))?;
    let mut response = flash::done(paths::SECURITY, Flash::PasswordChanged);
    caller.known.remember(&credentials, &mut response, app)?;
    Ok(response)
}

async fn answer(
    by: &SignedIn,
    app: &AppData,
    request: &HttpRequest,
    done: &str,
    wrong: Wrong,
) -> Result<HttpResponse, AppError> {
    let (user, now) = (by.user.id, app.clock.now());
    let this_one = signed_in_session(request).map(|session| session.id);
    let found = app.db.run(move |conn| {
        Ok::<_, crate::db::DbError>((session::of_user(conn, user, now)?, authenticator::of_user(conn, user)?))
    });
    let (mut sessions, factors) = found.await?;
    let more = sessions.len() > MOST_SHOWN;
    sessions.truncate(MOST_SHOWN);
    let row = |one: session::Shown| Row {
        client: client::in_words(&one.client),
        address: ClientAddress::from_stored(one.address).to_string(),
        since: Moment::past(one.created_at, now),
        seen: Moment::past(one.seen_at(), now),
        this_one: this_one == Some(one.id),
        end_url: paths::session_end(one.id),
    };
    let status = match &wrong {
        Wrong { wait: Some(_), .. } => StatusCode::TOO_MANY_REQUESTS,
        Wrong { present: None, new: None, .. } => StatusCode::OK,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let (wait, proved) = (wrong.wait, wrong.proved);
    let page = SecurityPage {
        page: by.page("Security").under(Section::Settings).with_flash(done),
        email: by.user.email.clone(),
        wrong,
        rows: sessions.into_iter().map(row).collect(),
        more,
        others_url: paths::SESSIONS_END_OTHERS,
        note: proved.then_some("Confirmed. Type your passwords once more: they weren't kept."),
        factors: FactorsCard {
            on: factors.any(),
            passkey_url: paths::FACTOR_PASSKEY,
            passkeys: factors
                .passkeys
                .iter()
                .map(|one| PasskeyRow {
                    name: one.name.clone(),
                    added: Moment::past(one.created_at, now),
                    used: one.used_at.map(|at| Moment::past(at, now)),
                    elsewhere: Some(one.host.clone())
                        .filter(|host| app.relying_party.as_ref().is_none_or(|party| party.host() != host)),
                    remove_url: paths::factor_remove(one.id),
                })
                .collect(),
            few: factors.any() && factors.codes <= FEW_CODES,
            codes: factors.codes,
            codes_url: paths::FACTOR_CODES,
            app_url: paths::FACTOR_APP,
            remove_url: factors.app.as_ref().map(|app| paths::factor_remove(app.id)).unwrap_or_default(),
            app: factors
                .app
                .map(|app| (Moment::past(app.created_at, now), app.used_at.map(|at| Moment::past(at, now)))),
        },
    };
    let response = render(&page, status)?;
    Ok(match wait {
        Some(wait) => with_retry_after(response, wait),
        None => response,
    })
}
