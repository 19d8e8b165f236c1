//! Inviting: the form, the link that is shown once, sending again and revoking.

use super::{RoleChoice, title};
use crate::db::Conn;
use crate::http::{App, AppData, AppError};
use crate::models::invitation::{self, Invited, Revoked};
use crate::models::text;
use crate::models::throttle::{self, Allowance};
use crate::policy::{Act, Role};
use crate::web::flash::{self, Flash};
use crate::web::form::Posted;
use crate::web::guard::{AccountMember, ManageMembers, RaiseMembers};
use crate::web::page::{AccountNav, Field, Page, Section, render};
use crate::web::page_error::PageError;
use crate::web::paths;
use crate::web::told;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use time::Duration;

/// An account sends so many invitations, first ones and repeated ones.
const PER_ACCOUNT: Allowance = Allowance { attempts: 60, window: Duration::hours(1) };

#[derive(Template)]
#[template(path = "members/invite.html")]
struct InvitePage {
    page: Page,
    account: AccountNav,
    email: Field,
    roles: Vec<RoleChoice>,
    role_error: Option<&'static str>,
    mail_is_sent: bool,
    action: String,
    list_url: String,
}

#[derive(Template)]
#[template(path = "members/invited.html")]
struct InvitedPage {
    page: Page,
    account: AccountNav,
    email: String,
    role: &'static str,
    until: String,
    link: String,
    mail_is_sent: bool,
    list_url: String,
}

type By = AccountMember<RaiseMembers>;
/// Account and invitation of a path, as they are written there: the guard has read the account.
type InvitationPath = Path<(String, String)>;

/// What somebody has entered, and what is wrong with it.
#[derive(Default)]
struct Draft {
    email: Field,
    role: Option<Role>,
    role_error: Option<&'static str>,
}

/// The form.
pub async fn new(by: By, app: AppData) -> Result<HttpResponse, AppError> {
    ask(&by, &app, Draft::default(), StatusCode::OK)
}

/// Invites, and shows the link this once.
pub async fn create(form: Posted<By>, app: AppData) -> Result<HttpResponse, AppError> {
    let (by, fields) = form.accepted(&app).await?;
    let mut draft = Draft {
        email: Field::of(fields.get("email").trim()),
        role: Role::from_key(fields.get("role")),
        role_error: None,
    };
    if !text::is_email(&draft.email.value) || !draft.email.value.is_ascii() {
        draft.email.error = Some("Enter an e-mail address, such as ada@example.com.".to_owned());
    }
    let Some(role) = draft.role.filter(|_| draft.email.error.is_none()) else {
        draft.role_error = draft.role.is_none().then_some("Choose a role.");
        return ask(&by, &app, draft, StatusCode::UNPROCESSABLE_ENTITY);
    };
    let (account, email) = (by.account.clone(), draft.email.value.clone());
    count(&by, &app).await?;
    let origin = by.signed_in.origin(&app);
    let invite = move |conn: &mut Conn| invitation::invite(conn, &account, &email, role, &origin);
    let why = match app.db.transaction(invite).await? {
        Invited::Made { secret, invitation } => return show(&by, &app, secret.expose(), &invitation),
        Invited::Gone => return Err(AppError::NotFound),
        Invited::NotAllowed => {
            draft.role_error = Some("Only an owner can make somebody an owner.");
            return ask(&by, &app, draft, StatusCode::FORBIDDEN);
        }
        Invited::Member => "Somebody with this address is a member already.".to_owned(),
        Invited::IsOpen => "This address is invited already. To get a new link, send that invitation again: it stands in the list of members.".to_owned(),
        Invited::LimitReached(most) => {
            format!("{most} invitations are open already. Revoke some that nobody needs.")
        }
    };
    draft.email.error = Some(why);
    ask(&by, &app, draft, StatusCode::UNPROCESSABLE_ENTITY)
}

/// Replaces an invitation, and shows the new link this once.
pub async fn send_again(
    form: Posted<By>,
    app: AppData,
    path: InvitationPath,
) -> Result<HttpResponse, AppError> {
    let (by, _) = form.accepted(&app).await?;
    let (account, id, origin) = (by.account.clone(), number(&path)?, by.signed_in.origin(&app));
    count(&by, &app).await?;
    let again = move |conn: &mut Conn| invitation::send_again(conn, &account, id, &origin);
    match app.db.transaction(again).await? {
        Invited::Made { secret, invitation } => show(&by, &app, secret.expose(), &invitation),
        Invited::NotAllowed => Err(PageError::Forbidden(by.who_can(Act::ManageOwners)).into()),
        Invited::Member => Ok(flash::done(paths::members(by.account.id), Flash::AlreadyMember)),
        Invited::Gone | Invited::IsOpen | Invited::LimitReached(_) => {
            Ok(flash::done(paths::members(by.account.id), Flash::InvitationGone))
        }
    }
}

/// Revokes an invitation: its links open nothing any more.
pub async fn revoke(
    form: Posted<AccountMember<ManageMembers>>,
    app: AppData,
    path: InvitationPath,
) -> Result<HttpResponse, AppError> {
    let (by, _) = form.accepted(&app).await?;
    let (account, id, origin) = (by.account.clone(), number(&path)?, by.signed_in.origin(&app));
    let list = paths::members(account.id);
    let revoke = move |conn: &mut Conn| invitation::revoke(conn, &account, id, &origin);
    match app.db.transaction(revoke).await? {
        Revoked::Done => Ok(flash::done(list, Flash::InvitationRevoked)),
        Revoked::Gone => Ok(flash::done(list, Flash::InvitationGone)),
        Revoked::NotAllowed => Err(PageError::Forbidden(by.who_can(Act::ManageMembers)).into()),
    }
}

fn number(path: &InvitationPath) -> Result<i64, AppError> {
    path.1.parse().map_err(|_| AppError::NotFound)
}

/// Mail costs its recipients something.
async fn count(by: &By, app: &App) -> Result<(), AppError> {
    let (bucket, now) = (format!("invite {}", by.account.id), app.clock.now());
    let counted = move |conn: &mut Conn| throttle::count(conn, &[(bucket.as_str(), PER_ACCOUNT)], now);
    app.db.run(counted).await?.map_or(Ok(()), |wait| Err(AppError::TooMany(wait)))
}

fn ask(by: &By, app: &App, draft: Draft, status: StatusCode) -> Result<HttpResponse, AppError> {
    let choice = |role: Role| RoleChoice {
        key: role.key(),
        title: title(role),
        sentence: role.sentence(&by.signed_in.catalogue),
        checked: draft.role == Some(role),
        why_not: (!by.role().may_change(None, Some(role))).then_some("Only an owner can choose this."),
    };
    let page = InvitePage {
        page: by.page("Invite somebody").under(Section::Members),
        account: by.nav(),
        roles: Role::ALL.into_iter().rev().map(choice).collect(),
        role_error: draft.role_error,
        email: draft.email,
        mail_is_sent: app.mail.is_sent(),
        action: paths::invitations(by.account.id),
        list_url: paths::members(by.account.id),
    };
    render(&page, status)
}

fn show(
    by: &By,
    app: &App,
    secret: &str,
    invitation: &invitation::Invitation,
) -> Result<HttpResponse, AppError> {
    let page = InvitedPage {
        page: by.page("Invitation").under(Section::Members),
        account: by.nav(),
        email: invitation.email.clone(),
        role: title(invitation.role()?),
        until: told::exact(invitation.expires_at),
        link: app.public.link(app.bound, &paths::invitation(secret)),
        mail_is_sent: app.mail.is_sent(),
        list_url: paths::members(by.account.id),
    };
    render(&page, StatusCode::OK)
}
