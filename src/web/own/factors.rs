//! Second factors: setting up an authenticator app, recovery codes, and removing them.

use crate::config::SecondFactor;
use crate::db::Conn;
use crate::http::{App, AppData, AppError};
use crate::models::authenticator::{self, Added, Pending, Removed};
use crate::models::session;
use crate::proof::recovery::grouped;
use crate::web::flash::{self, Flash};
use crate::web::form::Posted;
use crate::web::guard::{SignedIn, own_acts};
use crate::web::page::{Page, Section, go_to, render};
use crate::web::{paths, qr};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;

#[derive(Template)]
#[template(path = "own/app_begin.html")]
struct BeginPage {
    page: Page,
    /// Whether this server can keep an app's key.
    possible: bool,
    /// Whether there is an app, which the new one replaces.
    replaces: bool,
    action: &'static str,
    back_url: &'static str,
}

#[derive(Template)]
#[template(path = "own/app.html")]
struct AppPage {
    page: Page,
    qr: qr::Code,
    key: String,
    uri: String,
    error: Option<String>,
    end_others: bool,
    action: &'static str,
    back_url: &'static str,
}

#[derive(Template)]
#[template(path = "own/codes.html")]
struct CodesPage {
    page: Page,
    codes: String,
    rows: usize,
    /// The same as the address of a file.
    file: String,
    done_url: &'static str,
}

#[derive(Template)]
#[template(path = "own/factor_remove.html")]
struct RemovePage {
    page: Page,
    error: Option<String>,
    action: String,
    back_url: &'static str,
}

/// What it is, and a button that begins.
pub async fn app_begin(by: SignedIn, app: AppData) -> Result<HttpResponse, AppError> {
    let page = BeginPage {
        page: page(&by, "Set up an authenticator app"),
        possible: app.sealing_keys.is_some(),
        replaces: by.user.factor_since.is_some(),
        action: paths::FACTOR_APP,
        back_url: paths::SECURITY,
    };
    render(&page, StatusCode::OK)
}

/// Creates a key, and shows it: it counts once a code was typed.
pub async fn app_key(
    form: Posted<SignedIn, own_acts::ChangeFactors>,
    app: AppData,
) -> Result<HttpResponse, AppError> {
    let (by, _) = form.accepted(&app).await?;
    let Some(keys) = app.sealing_keys.clone() else { return Ok(go_to(paths::FACTOR_APP)) };
    let (user, now) = (by.user.id, app.clock.now());
    let pending = app.db.transaction(move |conn| authenticator::begin_app(conn, &keys, user, now)).await?;
    key_page(&by, &app, &pending, None, true)
}

/// Lets the app count, if this is its code.
pub async fn app_confirm(
    form: Posted<SignedIn, own_acts::ChangeFactors>,
    app: AppData,
) -> Result<HttpResponse, AppError> {
    let (by, fields) = form.accepted(&app).await?;
    let Some(keys) = app.sealing_keys.clone() else { return Ok(go_to(paths::FACTOR_APP)) };
    let (user, now, end_others) = (by.user.clone(), app.clock.now(), fields.ticked("end_others")?);
    let pending = app.db.run(move |conn| authenticator::pending_app(conn, &keys, user.id, now)).await?;
    let Some(pending) = pending else { return Ok(flash::done(paths::SECURITY, Flash::FactorOver)) };
    let Some(step) = pending.key.step_of(fields.get("code"), now) else {
        // Codes aren't kept where a form had to wait for a proof: then none was typed here.
        let why = fields.has("code").then(|| {
            "This code is wrong. Type the one that the app shows now, and check the clock of your phone."
                .to_owned()
        });
        return key_page(&by, &app, &pending, why, end_others);
    };
    let (user, session, origin) = (by.user.clone(), by.session, by.origin(&app));
    let added = app.db.transaction(move |conn: &mut Conn| {
        let added = authenticator::confirm_app(conn, &user, (pending.id, step), session, &origin)?;
        if end_others && matches!(added, Added::Done(_)) {
            session::end_others(conn, &user, session, &origin)?;
        }
        Ok::<_, crate::db::DbError>(added)
    });
    match added.await? {
        Added::Gone => Ok(flash::done(paths::SECURITY, Flash::FactorOver)),
        Added::Done(codes) if codes.is_empty() => Ok(flash::done(paths::SECURITY, Flash::AppAdded)),
        Added::Done(codes) => codes_page(&by, &codes),
    }
}

/// New recovery codes, shown once.
pub async fn codes(
    form: Posted<SignedIn, own_acts::ChangeFactors>,
    app: AppData,
) -> Result<HttpResponse, AppError> {
    let (by, _) = form.accepted(&app).await?;
    let (user, origin) = (by.user.clone(), by.origin(&app));
    let made = app.db.transaction(move |conn| authenticator::new_codes(conn, &user, &origin)).await?;
    match made {
        Some(codes) => codes_page(&by, &codes),
        None => Ok(flash::done(paths::SECURITY, Flash::FactorOver)),
    }
}

/// The page that asks.
pub async fn remove_confirm(
    by: SignedIn,
    app: AppData,
    path: Path<String>,
) -> Result<HttpResponse, AppError> {
    let (factor, user) = (number(&path)?, by.user.id);
    let factors = app.db.run(move |conn| authenticator::of_user(conn, user)).await?;
    let is_app = factors.app.as_ref().is_some_and(|app| app.id == factor);
    if !is_app && factors.passkeys.iter().all(|one| one.id != factor) {
        return Err(AppError::NotFound);
    }
    remove_page(&by, factor, None, StatusCode::OK)
}

/// Removes a factor.
pub async fn remove(
    form: Posted<SignedIn, own_acts::ChangeFactors>,
    app: AppData,
    path: Path<String>,
) -> Result<HttpResponse, AppError> {
    let (by, _) = form.accepted(&app).await?;
    let factor = number(&path)?;
    let by_site = match app.second_factor {
        SecondFactor::Off => false,
        SecondFactor::Admins => by.user.site_admin_since.is_some(),
        SecondFactor::Everyone => true,
    };
    let (user, origin) = (by.user.clone(), by.origin(&app));
    let removed =
        app.db.transaction(move |conn| authenticator::remove(conn, &user, factor, by_site, &origin)).await?;
    match removed {
        Removed::Done => Ok(flash::done(paths::SECURITY, Flash::FactorRemoved)),
        Removed::Gone => Err(AppError::NotFound),
        Removed::Demanded(names) => {
            let asks = if names.len() == 1 { "asks" } else { "ask" };
            let why = format!("{} {asks} for a second factor. Set up another first.", listed(&names));
            remove_page(&by, factor, Some(why), StatusCode::UNPROCESSABLE_ENTITY)
        }
    }
}

fn number(path: &Path<String>) -> Result<i64, AppError> {
    path.parse().map_err(|_| AppError::NotFound)
}

/// "A, B and C".
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

pub(super) fn page(by: &SignedIn, title: &str) -> Page {
    by.page(title).under(Section::Settings)
}

fn key_page(
    by: &SignedIn,
    app: &App,
    pending: &Pending,
    error: Option<String>,
    end_others: bool,
) -> Result<HttpResponse, AppError> {
    let unreadable = || AppError::Internal("the key of an app can't be shown".to_owned());
    let uri = pending.key.uri(app.support.site_name(), &by.user.email).ok_or_else(unreadable)?;
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = AppPage {
        page: page(by, "Set up an authenticator app"),
        qr: qr::Code::of(&uri).ok_or_else(unreadable)?,
        key: pending.key.text(),
        uri,
        error,
        end_others,
        action: paths::FACTOR_APP_CONFIRM,
        back_url: paths::SECURITY,
    };
    render(&page, status)
}

pub(super) fn codes_page(by: &SignedIn, codes: &[String]) -> Result<HttpResponse, AppError> {
    let grouped: Vec<String> = codes.iter().map(|code| grouped(code)).collect();
    let page = CodesPage {
        page: page(by, "Your recovery codes"),
        file: format!("data:text/plain;charset=utf-8,{}%0A", grouped.join("%0A")),
        rows: grouped.len(),
        codes: grouped.join("\n"),
        done_url: paths::SECURITY,
    };
    render(&page, StatusCode::OK)
}

fn remove_page(
    by: &SignedIn,
    factor: i64,
    error: Option<String>,
    status: StatusCode,
) -> Result<HttpResponse, AppError> {
    let page = RemovePage {
        page: page(by, "Remove this second factor?"),
        error,
        action: paths::factor_remove(factor),
        back_url: paths::SECURITY,
    };
    render(&page, status)
}
