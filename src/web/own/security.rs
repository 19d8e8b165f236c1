//! The password, and where one is signed in.

use super::client;
use crate::db::Conn;
use crate::http::{AppData, AppError, client_name};
use crate::models::session::{self, MOST_SHOWN};
use crate::models::user::Credentials;
use crate::models::{User, password};
use crate::policy::ClientAddress;
use crate::web::form::Posted;
use crate::web::guard::{SignedIn, signed_in_session};
use crate::web::page::{Done, Page, Section, go_to, render};
use crate::web::password::{Caller, Tried, Whose, too_often};
use crate::web::told::Moment;
use crate::web::{paths, session as of_browser};
use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
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
}

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

/// Sets a new password. Every other session ends, and this one goes on with a new key.
pub async fn change_password(
    form: Posted<SignedIn>,
    app: AppData,
    request: HttpRequest,
    session: Session,
    caller: Caller,
) -> Result<HttpResponse, AppError> {
    let (by, fields) = form.genuine()?;
    let (present, new) = (fields.get("password"), fields.get("new_password"));
    let wrong = match password::check(new) {
        Err(refused) => Wrong { new: Some(refused.to_string()), ..Wrong::default() },
        Ok(()) => match caller.tries(Whose::User(by.user.id), present, &app).await? {
            Tried::Right(_) if present == new => {
                Wrong { new: Some("This is your password already.".to_owned()), ..Wrong::default() }
            }
            Tried::Right(of) => return changed(&by, new, of, &app, &request, &session, caller).await,
            Tried::Wrong => {
                Wrong { present: Some("This is not your password.".to_owned()), ..Wrong::default() }
            }
            Tried::TooOften(wait) => {
                Wrong { present: Some(too_often(wait)), wait: Some(wait), ..Wrong::default() }
            }
        },
    };
    answer(&by, &app, &request, "", wrong).await
}

async fn changed(
    by: &SignedIn,
    new: &str,
    of: Credentials,
    app: &AppData,
    request: &HttpRequest,
    session: &Session,
    caller: Caller,
) -> Result<HttpResponse, AppError> {
    let hash = app.hashing.hash(new.to_owned()).await.map_err(|_| AppError::Busy)?;
    let hash = hash.map_err(|error| AppError::Internal(error.to_string()))?;
    let (user, stored, origin) = (by.user.clone(), hash.clone(), by.origin(app));
    let set = move |conn: &mut Conn| {
        // Not shared, as by those who sign in: two forms at once would each wait for the other.
        User::lock(conn, user.id)?;
        // Whoever set another one meanwhile, perhaps the person, meant it.
        let is_same = User::credentials_of(conn, user.id)?.is_some_and(|now| now.hash == of.hash);
        if is_same {
            user.set_password(conn, &stored, &origin)?;
        }
        Ok(is_same)
    };
    if !app.db.transaction(set).await? {
        let why = "Your password was changed a moment ago, and not by this form.".to_owned();
        let wrong = Wrong { present: Some(why), ..Wrong::default() };
        return answer(by, app, request, "", wrong).await;
    }
    let credentials = Credentials { user: by.user.id, email: by.user.email.clone(), hash };
    of_browser::sign_in(session, &credentials, caller.address, &client_name(request.headers()))
        .map_err(|error| AppError::Internal(error.to_string()))?;
    let mut response = go_to(format!("{}?done=password", paths::SECURITY));
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
    let mut sessions = app.db.run(move |conn| session::of_user(conn, user, now)).await?;
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
    let wait = wrong.wait;
    let page = SecurityPage {
        page: by.page("Security").under(Section::Settings).with_flash(done),
        email: by.user.email.clone(),
        wrong,
        rows: sessions.into_iter().map(row).collect(),
        more,
        others_url: paths::SESSIONS_END_OTHERS,
    };
    let mut response = render(&page, status)?;
    if let Some(wait) = wait {
        response.headers_mut().insert(RETRY_AFTER, wait.whole_seconds().max(1).into());
    }
    Ok(response)
}
