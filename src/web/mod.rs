//! The pages: one use case a file, and one table of routes.

mod account;
mod accounts;
mod activity;
mod admin;
pub mod assets;
pub mod browse;
#[cfg(debug_assertions)]
mod components;
mod csrf;
pub mod errors;
mod factor_link;
mod flash;
mod forgotten;
mod form;
mod form_secret;
mod guard;
pub(crate) mod guide;
mod help;
mod invitation;
mod known;
mod leaked;
mod members;
mod own;
pub mod page;
mod page_error;
mod password;
pub mod paths;
mod prove;
mod qr;
mod resources;
pub mod session;
mod sign_in;
mod tokens;
pub mod told;

use crate::http::{App, AppError, TableRow, get, resources};
use crate::policy::UserId;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, Scope};

/// What can be done with the tokens of an account, and with a person's own.
macro_rules! token_routes {
    ($at:ident) => {{
        use paths::$at as at;
        let post = web::post;
        // Before one token, whose number would take any of these words for one.
        vec![
            ("GET", at::LIST, get().to(tokens::live)),
            ("GET", at::ENDED, get().to(tokens::ended)),
            ("GET", at::NEW, get().to(tokens::new)),
            ("GET", at::START, get().to(tokens::start)),
            ("GET", at::BUILD, get().to(tokens::build)),
            ("POST", at::BUILD, post().to(tokens::built)),
            ("POST", at::WORDS, post().to(tokens::words)),
            ("GET", at::RESOURCES, get().to(tokens::resources)),
            ("GET", at::REVOKE, get().to(tokens::revoke_confirm)),
            ("POST", at::REVOKE, post().to(tokens::revoke)),
            ("GET", at::CHOSEN, get().to(tokens::chosen_confirm)),
            ("POST", at::CHOSEN, post().to(tokens::chosen_delete)),
            ("GET", at::TOKEN, get().to(tokens::show)),
            ("GET", at::RENAME, get().to(tokens::rename_edit)),
            ("POST", at::RENAME, post().to(tokens::rename)),
            ("GET", at::TRIAL, get().to(tokens::trial)),
            ("GET", at::DELETE, get().to(tokens::delete_confirm)),
            ("POST", at::DELETE, post().to(tokens::delete)),
            ("GET", at::ROLL, get().to(tokens::roll_confirm)),
            ("POST", at::ROLL, post().to(tokens::roll)),
            ("POST", at::ROLL_FINISH, post().to(tokens::roll_finish)),
            ("GET", at::DISABLE, get().to(tokens::disable_confirm)),
            ("POST", at::DISABLE, post().to(tokens::disable)),
            ("POST", at::ENABLE, post().to(tokens::enable)),
        ]
    }};
}

/// The pages that an extension brings, as rows of the table.
pub type Pages = fn() -> Vec<TableRow>;

/// Every page and every form: method, address, handler. Tests walk it.
fn routes(extension: Pages) -> Vec<TableRow> {
    let post = web::post;
    let mut routes: Vec<TableRow> = vec![
        ("GET", "/", get().to(accounts::home)),
        ("GET", paths::SIGN_IN, get().to(sign_in::new)),
        ("POST", paths::SIGN_IN, post().to(sign_in::create)),
        ("GET", paths::SIGN_IN_SECOND, get().to(sign_in::second::show)),
        ("POST", paths::SIGN_IN_SECOND, post().to(sign_in::second::finish)),
        ("POST", paths::SIGN_IN_PASSKEY_BEGIN, post().to(sign_in::passkey::begin)),
        ("POST", paths::SIGN_IN_PASSKEY, post().to(sign_in::passkey::finish)),
        ("POST", paths::SIGN_OUT, post().to(sign_in::delete)),
        ("GET", paths::HELP, get().to(guide::contents)),
        // Before an article, whose name would take this word for one.
        ("GET", paths::HELP_API, get().to(help::api)),
        ("GET", paths::HELP_ARTICLE, get().to(guide::article)),
        ("GET", paths::ACCOUNTS, get().to(accounts::index)),
        ("GET", paths::ACCOUNT, get().to(account::show)),
        ("POST", paths::ACCOUNT, post().to(account::change)),
        ("GET", paths::ACCOUNT_PLAN, get().to(account::plan_confirm)),
        ("POST", paths::ACCOUNT_PLAN, post().to(account::plan)),
        ("GET", paths::ACCOUNT_LIMITS, get().to(account::limits)),
        ("POST", paths::ACCOUNT_LIMITS, post().to(account::set_limits)),
        ("POST", paths::ACCOUNT_PEOPLE, post().to(account::set_people)),
        ("GET", paths::ACCOUNT_DELETE, get().to(account::delete_confirm)),
        ("POST", paths::ACCOUNT_DELETE, post().to(account::delete)),
        ("POST", paths::ACCOUNT_RESTORE, post().to(account::restore)),
        ("GET", paths::RESOURCES, get().to(resources::index)),
        ("GET", paths::RESOURCE, get().to(resources::show)),
        ("GET", paths::MEMBERS, get().to(members::index)),
        ("GET", paths::MEMBERS_TOKENS, get().to(members::tokens)),
        ("GET", paths::MEMBER_TOKEN_BLOCK, get().to(members::block_confirm)),
        ("POST", paths::MEMBER_TOKEN_BLOCK, post().to(members::block)),
        ("POST", paths::MEMBER_TOKEN_UNBLOCK, post().to(members::unblock)),
        ("GET", paths::INVITATION_NEW, get().to(members::invite_new)),
        ("POST", paths::INVITATIONS, post().to(members::invite)),
        ("POST", paths::INVITATION_AGAIN, post().to(members::invite_again)),
        ("POST", paths::INVITATION_REVOKE, post().to(members::uninvite)),
        ("GET", paths::INVITATION, get().to(invitation::show)),
        ("POST", paths::INVITATION, post().to(invitation::accept)),
        ("POST", paths::INVITATION_JOIN, post().to(invitation::join)),
        ("GET", paths::MEMBER, get().to(members::show)),
        ("POST", paths::MEMBER_ROLE, post().to(members::set_role)),
        ("GET", paths::MEMBER_REMOVE, get().to(members::remove_confirm)),
        ("POST", paths::MEMBER_REMOVE, post().to(members::remove)),
        ("GET", paths::MEMBER_FACTOR, get().to(members::factor_ask)),
        ("POST", paths::MEMBER_FACTOR, post().to(members::factor_send)),
        ("GET", paths::FACTOR_LOST, get().to(own::factor_lost_open)),
        ("POST", paths::FACTOR_LOST, post().to(own::factor_lost_reset)),
        ("GET", paths::FORGOTTEN, get().to(forgotten::new)),
        ("POST", paths::FORGOTTEN, post().to(forgotten::create)),
        ("GET", paths::RESET, get().to(forgotten::open)),
        ("POST", paths::RESET, post().to(forgotten::reset)),
        ("GET", paths::ADDRESS, get().to(own::address_open)),
        ("POST", paths::ADDRESS, post().to(own::address_prove)),
        ("GET", paths::PROFILE, get().to(own::profile)),
        ("POST", paths::PROFILE, post().to(own::change_profile)),
        ("POST", paths::OWN_ADDRESS, post().to(own::address_ask)),
        ("POST", paths::OWN_ADDRESS_AGAIN, post().to(own::address_again)),
        ("GET", paths::SECURITY, get().to(own::security)),
        ("POST", paths::SECURITY, post().to(own::change_password)),
        ("GET", paths::FACTOR_APP, get().to(own::app_begin)),
        ("POST", paths::FACTOR_APP, post().to(own::app_key)),
        ("POST", paths::FACTOR_APP_CONFIRM, post().to(own::app_confirm)),
        ("GET", paths::FACTOR_PASSKEY, get().to(own::passkey_about)),
        ("POST", paths::FACTOR_PASSKEY_BEGIN, post().to(own::passkey_begin)),
        ("POST", paths::FACTOR_PASSKEY, post().to(own::passkey_add)),
        ("POST", paths::FACTOR_CODES, post().to(own::codes)),
        ("GET", paths::FACTOR_REMOVE, get().to(own::factor_remove_confirm)),
        ("POST", paths::FACTOR_REMOVE, post().to(own::factor_remove)),
        ("POST", paths::SESSION_END, post().to(own::end)),
        ("POST", paths::SESSIONS_END_OTHERS, post().to(own::end_others)),
        ("GET", paths::ACTIVITY, get().to(activity::of_account)),
        ("GET", paths::ACTIVITY_CSV, get().to(activity::account_csv)),
        ("GET", paths::ACTIVITY_JSON_LINES, get().to(activity::account_json_lines)),
        ("GET", paths::OWN_ACTIVITY, get().to(activity::own)),
        ("GET", paths::OWN_ACTIVITY_CSV, get().to(activity::own_csv)),
        ("GET", paths::OWN_ACTIVITY_JSON_LINES, get().to(activity::own_json_lines)),
        ("POST", paths::account_tokens::LIST, post().to(tokens::create)),
        ("GET", paths::ADMIN_TOKENS, get().to(admin::tokens)),
        ("POST", paths::ADMIN_TOKENS_SECRET, post().to(admin::by_secret)),
        ("GET", paths::ADMIN_TOKENS_REVOKE, get().to(admin::revoke_confirm)),
        ("POST", paths::ADMIN_TOKENS_REVOKE, post().to(admin::revoke)),
        ("GET", paths::ADMIN_USERS, get().to(admin::users)),
        ("GET", paths::ADMIN_USER, get().to(admin::user)),
        ("GET", paths::ADMIN_USER_DEACTIVATE, get().to(admin::deactivate_confirm)),
        ("POST", paths::ADMIN_USER_DEACTIVATE, post().to(admin::deactivate)),
        ("POST", paths::ADMIN_USER_REACTIVATE, post().to(admin::reactivate)),
        ("POST", paths::ADMIN_USER_SIGN_OUT, post().to(admin::sign_out)),
        ("POST", paths::ADMIN_USER_PASSWORD, post().to(admin::password_link)),
        ("GET", paths::ADMIN_USER_FACTOR, get().to(admin::factor_ask)),
        ("POST", paths::ADMIN_USER_FACTOR, post().to(admin::factor_send)),
        ("GET", paths::ADMIN_ACCOUNTS, get().to(admin::accounts)),
        ("GET", paths::ADMIN_ACCOUNT, get().to(admin::account)),
        ("POST", paths::ADMIN_ACCOUNT_PLAN, post().to(admin::set_plan)),
        ("GET", paths::ADMIN_ACCOUNT_SUSPEND, get().to(admin::suspend_confirm)),
        ("POST", paths::ADMIN_ACCOUNT_SUSPEND, post().to(admin::suspend)),
        ("POST", paths::ADMIN_ACCOUNT_RESUME, post().to(admin::resume)),
        ("POST", paths::ADMIN_ACCOUNT_RESTORE, post().to(admin::restore)),
    ];
    #[cfg(debug_assertions)]
    routes.push(("GET", paths::COMPONENTS, get().to(components::components)));
    routes.extend(token_routes!(account_tokens));
    routes.extend(token_routes!(user_tokens));
    routes.extend(extension());
    routes
}

/// What anybody may send without a session: cookies mean nothing there.
fn open_routes() -> Vec<TableRow> {
    vec![("POST", paths::LEAKED, web::post().to(leaked::report))]
}

/// Methods and addresses of what is open to programs without a token.
pub fn open_route_table() -> Vec<(&'static str, &'static str)> {
    open_routes().into_iter().map(|(method, path, _)| (method, path)).collect()
}

/// Methods and addresses of the pages, for the test that asks every actor × every route.
pub fn route_table(extension: Pages) -> Vec<(&'static str, &'static str)> {
    routes(extension).into_iter().map(|(method, path, _)| (method, path)).collect()
}

/// Files and pages. Sessions are loaded for pages only.
pub fn configure(app: &Data<App>, extension: Pages) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let sessions = session::middleware(app);
    move |config| {
        let files = vec![
            ("GET", "/static/{hash}/{file}", get().to(assets::file)),
            ("GET", "/favicon.svg", get().to(assets::favicon)),
        ];
        resources(files).into_iter().chain(resources(open_routes())).for_each(|file| {
            config.service(file);
        });
        let scope = web::scope("").wrap(from_fn(session::remember)).wrap(sessions);
        let scope = resources(routes(extension)).into_iter().fold(scope, Scope::service);
        config.service(scope.default_service(web::to(nothing_here)));
    }
}

/// The secret behind the forms of whoever is signed in.
pub fn csrf_secret(request: &HttpRequest) -> Option<String> {
    request.extensions().get::<session::SignedInSession>().map(|session| session.csrf.clone())
}

/// Who is signed in, by the session alone.
pub fn signed_in_user(request: &HttpRequest) -> Option<UserId> {
    request.extensions().get::<session::SignedInSession>().map(|session| session.user)
}

async fn nothing_here() -> Result<HttpResponse, AppError> {
    Err(AppError::NotFound)
}
