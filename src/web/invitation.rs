//! The page behind the link of an invitation. Looking at it changes nothing.

use super::form::{OpenForm, Posted};
use super::form_secret::FormSecret;
use super::guard::{SignedIn, own_acts};
use super::page::{Field, Page, go_to, link_page, render};
use super::{csrf, members, paths, session, told};
use crate::db::Conn;
use crate::http::{App, AppData, AppError, CallerAddress, client_name, network_of};
use crate::models::invitation::{self, Joined, NewPerson, Open};
use crate::models::throttle::{self, Allowance};
use crate::models::user::Credentials;
use crate::models::{User, link, password, text};
use crate::policy::{Catalogue, ClientAddress};
use crate::web::page_error::PageError;
use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use time::Duration;

/// Attempts to come in from one network.
const PER_NETWORK: Allowance = Allowance { attempts: 100, window: Duration::minutes(15) };
/// Attempts by one link.
const PER_LINK: Allowance = Allowance { attempts: 20, window: Duration::minutes(15) };
/// Longest name, in characters.
const LONGEST_NAME: usize = 100;

#[derive(Template)]
#[template(path = "invitations/show.html")]
struct InvitationPage {
    page: Page,
    account: String,
    role: &'static str,
    sentence: String,
    inviter: String,
    email: String,
    until: String,
    visitor: Visitor,
    name: Field,
    password_error: Option<String>,
    error: Option<&'static str>,
    by_mail: bool,
    accept_action: String,
    join_action: String,
    sign_in_url: String,
}

#[derive(Template)]
#[template(path = "invitations/gone.html")]
struct GonePage {
    page: Page,
}

/// Who looks.
enum Visitor {
    /// Somebody who is signed in with that address.
    Themselves,
    /// Somebody who is signed in with this other address.
    SomebodyElse(String),
    /// Nobody is signed in, and there is a user with that address: its mail was read, so it may be
    /// told.
    ToSignIn,
    /// Nobody is signed in.
    New,
}

/// What was typed, and what is wrong.
#[derive(Default)]
struct Typed {
    name: Field,
    password_error: Option<String>,
    error: Option<&'static str>,
}

/// The page: what it is about, and how to accept it.
pub async fn show(
    request: HttpRequest,
    app: AppData,
    secret: Path<String>,
) -> Result<HttpResponse, AppError> {
    let somebody = SignedIn::extract_if_any(&request).await?;
    let Some((open, is_known)) = find(&app, &secret).await? else { return gone(&app, somebody.as_ref()) };
    let Some(signed_in) = somebody else {
        let form = FormSecret::of(&request, &app);
        let visitor = if open.by_mail && is_known { Visitor::ToSignIn } else { Visitor::New };
        let page = Page::new(&app.support, "Invitation", &form.secret);
        return form.kept(
            answer(page, &app.catalogue, &open, visitor, &secret, Typed::default(), StatusCode::OK)?,
            &app,
        );
    };
    let visitor = if signed_in.user.email.eq_ignore_ascii_case(&open.invitation.email) {
        Visitor::Themselves
    } else {
        Visitor::SomebodyElse(signed_in.user.email.clone())
    };
    answer(
        signed_in.page("Invitation"),
        &app.catalogue,
        &open,
        visitor,
        &secret,
        Typed::default(),
        StatusCode::OK,
    )
}

/// Accepts, as the person who is signed in.
pub async fn accept(
    form: Posted<SignedIn, own_acts::AcceptInvitation>,
    app: AppData,
    CallerAddress(address): CallerAddress,
    secret: Path<String>,
) -> Result<HttpResponse, AppError> {
    let (signed_in, _) = form.accepted(&app).await?;
    let Some(digest) = link::presented(&secret) else { return gone(&app, Some(&signed_in)) };
    count(&app, &digest, address).await?;
    let (user, now) = (signed_in.user.id, app.clock.now());
    let accept = move |conn: &mut Conn| invitation::accept(conn, &digest, user, address, now);
    match app.db.transaction(accept).await? {
        Joined::Done { account, .. } => Ok(go_to(paths::tokens(account).list())),
        Joined::Gone | Joined::AddressTaken => gone(&app, Some(&signed_in)),
        // The page says for whom it is.
        Joined::NotTheirs => Ok(go_to(paths::invitation(&secret))),
    }
}

/// Makes the user who accepts, and signs them in.
pub async fn join(
    request: HttpRequest,
    app: AppData,
    form: OpenForm,
    session: Session,
    CallerAddress(address): CallerAddress,
    secret: Path<String>,
) -> Result<HttpResponse, AppError> {
    let (fields, kept) = (form.0, FormSecret::of(&request, &app));
    let is_genuine = csrf::belongs(&kept.secret, fields.get("csrf"));
    let Some((digest, (open, _))) = link::presented(&secret).zip(find(&app, &secret).await?) else {
        return if is_genuine { gone(&app, None) } else { Err(PageError::StaleForm.into()) };
    };
    let mut typed = Typed { name: Field::of(fields.get("name").trim()), ..Typed::default() };
    let again = |typed: Typed, status: StatusCode| {
        let page = Page::new(&app.support, "Invitation", &kept.secret);
        kept.kept(answer(page, &app.catalogue, &open, Visitor::New, &secret, typed, status)?, &app)
    };
    if !is_genuine {
        typed.error = Some(kept.why_stale());
        return again(typed, StatusCode::FORBIDDEN);
    }
    let password = fields.get("password").to_owned();
    typed.name.error = fault_of_name(&typed.name.value);
    // What costs nothing comes first; what costs much comes after it was counted.
    typed.password_error = password::check_length(&password).err().map(|why| why.to_string());
    if typed.name.error.is_some() || typed.password_error.is_some() {
        return again(typed, StatusCode::UNPROCESSABLE_ENTITY);
    }
    count(&app, &digest, address).await?;
    let about = vec![open.invitation.email.clone(), typed.name.value.clone(), open.account.name.clone()];
    let password_hash = match app.hashing.hash_new(password, about).await? {
        Ok(hash) => hash,
        Err(refused) => {
            typed.password_error = Some(refused.to_string());
            return again(typed, StatusCode::UNPROCESSABLE_ENTITY);
        }
    };
    let (name, now) = (typed.name.value.clone(), app.clock.now());
    let person = NewPerson { name, password_hash: password_hash.clone() };
    let join = move |conn: &mut Conn| invitation::join(conn, &digest, &person, address, now);
    match app.db.transaction(join).await? {
        Joined::Done { account, user } => {
            let email = open.invitation.email.clone();
            // Of a user who is new, no session has ended yet.
            let credentials = Credentials { user, email, hash: password_hash, epoch: 0 };
            session::sign_in(&session, &credentials, address, &client_name(request.headers()))
                .map_err(|error| AppError::Internal(error.to_string()))?;
            tracing::info!(user = user.get(), account = account.get(), "came in by an invitation");
            Ok(go_to(paths::tokens(account).list()))
        }
        Joined::Gone | Joined::NotTheirs => gone(&app, None),
        Joined::AddressTaken => {
            typed.error = Some(
                "No new user can be made with this address. If it is yours and you sign in here already, do that: then accept.",
            );
            again(typed, StatusCode::CONFLICT)
        }
    }
}

/// The invitation, and whether there is a user with its address.
async fn find(app: &App, secret: &str) -> Result<Option<(Open, bool)>, AppError> {
    let Some(digest) = link::presented(secret) else { return Ok(None) };
    let now = app.clock.now();
    let found = app.db.run(move |conn| {
        let Some(open) = invitation::find(conn, &digest, now)? else { return Ok(None) };
        let is_known = User::find_by_email(conn, &open.invitation.email)?.is_some();
        Ok(Some((open, is_known)))
    });
    Ok(found.await?)
}

async fn count(app: &App, digest: &[u8; 32], address: ClientAddress) -> Result<(), AppError> {
    let network = format!("invitation {}", network_of(address));
    let (by_link, now) = (format!("invitation {digest:?}"), app.clock.now());
    let counted = move |conn: &mut Conn| {
        throttle::count(conn, &[(network.as_str(), PER_NETWORK), (by_link.as_str(), PER_LINK)], now)
    };
    app.db.run(counted).await?.map_or(Ok(()), |wait| Err(AppError::TooMany(wait)))
}

fn fault_of_name(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("Enter your name.".to_owned());
    }
    text::fault_of_line(name, LONGEST_NAME).map(|fault| format!("The name {fault}."))
}

fn answer(
    page: Page,
    catalogue: &Catalogue,
    open: &Open,
    visitor: Visitor,
    secret: &str,
    typed: Typed,
    status: StatusCode,
) -> Result<HttpResponse, AppError> {
    let role = open.invitation.role()?;
    let path = paths::invitation(secret);
    let page = InvitationPage {
        page,
        account: open.account.name.clone(),
        role: members::title(role),
        sentence: role.sentence(catalogue),
        inviter: open.inviter.clone(),
        email: open.invitation.email.clone(),
        until: told::exact(open.invitation.expires_at),
        visitor,
        name: typed.name,
        password_error: typed.password_error,
        error: typed.error,
        by_mail: open.by_mail,
        join_action: paths::invitation_join(secret),
        sign_in_url: paths::sign_in_and_back(&path),
        accept_action: path,
    };
    Ok(link_page(render(&page, status)?))
}

/// The same for what was used, revoked, replaced, has expired or never was. One whose inviter may not
/// invite just now can hold again: its address is kept to itself, too.
fn gone(app: &App, signed_in: Option<&SignedIn>) -> Result<HttpResponse, AppError> {
    let page = match signed_in {
        Some(signed_in) => signed_in.page("No invitation"),
        None => Page::new(&app.support, "No invitation", ""),
    };
    Ok(link_page(render(&GonePage { page }, StatusCode::NOT_FOUND)?))
}
