//! The frame of every page, and what pages are made of.

use super::assets;
use super::told::DAY;
use crate::config::Support;
use crate::http::AppError;
use crate::models::{Account, User};
use crate::policy::Catalogue;
use crate::policy::words::long_day;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, HeaderValue, REFERRER_POLICY};
use askama::Template;
use serde::Deserialize;
use time::Date;

/// What the layout needs.
#[derive(Debug, Clone)]
pub struct Page {
    /// Title of the document.
    pub title: String,
    /// Form token for every form of the page.
    pub csrf: String,
    /// Whether there is somebody to sign out.
    pub signed_in: bool,
    /// The account of the page.
    pub account: Option<AccountNav>,
    /// The accounts to switch to.
    pub accounts: Vec<AccountNav>,
    /// Who is signed in.
    pub user: Option<UserNav>,
    /// Address of the style sheet.
    pub css: &'static str,
    /// Address of the script.
    pub js: &'static str,
    /// What was just done.
    pub flash: Option<String>,
    /// Where in the menu the page stands.
    pub section: Section,
    /// Whom people ask for help.
    pub support: Support,
}

/// A part of an account, as the menu has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// What its tokens reach.
    Domains,
    /// What its tokens reach.
    Zones,
    /// What its tokens reach.
    Certificates,
    /// Its tokens.
    Automation,
    /// Its people.
    Members,
    /// What was changed and seen in it.
    Activity,
    /// The account itself.
    Account,
    /// What site admins look at, outside any account.
    Admin,
    /// The person's own settings, outside any account.
    Settings,
}

impl Page {
    /// A page with forms that belong to this secret.
    pub fn new(support: &Support, title: &str, csrf_secret: &str) -> Page {
        Page {
            title: title.to_owned(),
            csrf: super::csrf::form_token(csrf_secret),
            signed_in: false,
            account: None,
            accounts: Vec::new(),
            user: None,
            css: assets::css().href(),
            js: assets::js().href(),
            flash: None,
            section: Section::Automation,
            support: support.clone(),
        }
    }

    /// For a person with these accounts.
    pub fn for_user(mut self, user: UserNav, accounts: Vec<AccountNav>) -> Page {
        self.user = Some(user);
        self.signed_in = true;
        self.accounts = accounts;
        self
    }

    /// In one of the person's accounts.
    pub fn in_account(mut self, id: i64) -> Page {
        for account in &mut self.accounts {
            account.current = account.id == id;
        }
        self.account = self.accounts.iter().find(|account| account.current).cloned();
        self
    }

    /// In another part of the account than its tokens.
    pub fn under(mut self, section: Section) -> Page {
        self.section = section;
        self
    }

    /// With word of what was just done, as the query of the address names it.
    pub fn with_flash(mut self, done: &str) -> Page {
        self.flash = match done {
            "disabled" => {
                Some("Token disabled. Whatever uses it gets an error until it is enabled.".to_owned())
            }
            "enabled" => Some("Token enabled. It works again.".to_owned()),
            "finished" => Some("The older secret has ended. Only the newer one works now.".to_owned()),
            "changed" => Some("The secrets of this token have changed since that page was opened. Nothing was done: look at them again.".to_owned()),
            "unfinished" => Some("Only one secret works already. Nothing was changed.".to_owned()),
            "away" => Some("Its account is suspended. Nothing was changed.".to_owned()),
            "deleted" => Some("Token deleted. Whatever used it gets an error from now on.".to_owned()),
            "chosen" => Some("Tokens deleted. Whatever used one gets an error from now on.".to_owned()),
            "chosen-rest" => Some("Tokens deleted. Some of those that you chose had ended already.".to_owned()),
            "chosen-already" => Some("All that you chose had ended already. Nothing was changed.".to_owned()),
            "chosen-none" => Some("No token was chosen. Tick the box in front of each that is to go, then press Delete selected.".to_owned()),
            "renamed" => Some("Token renamed.".to_owned()),
            "role" => Some("Role changed. It holds from the next call on.".to_owned()),
            "removed" => Some("Member removed. Their user tokens reach this account no more.".to_owned()),
            "blocked" => Some("Token blocked here. It goes on working elsewhere.".to_owned()),
            "unblocked" => Some("Token let in again.".to_owned()),
            "profile" => Some("Saved.".to_owned()),
            "link" => Some("A link was mailed. Nothing changes before it is opened.".to_owned()),
            "reset" => Some("Your new password is set. Sign in with it.".to_owned()),
            "uninvite" => Some("Invitation revoked. Its links open nothing any more.".to_owned()),
            "uninvited" => Some("That invitation was accepted, revoked or replaced before. Nothing was changed.".to_owned()),
            "member" => Some("Somebody with that address is a member by now. Nothing was changed.".to_owned()),
            "password" => Some("Password changed. You are signed in here only.".to_owned()),
            "session" => Some("Session ended. Whoever was there is signed out.".to_owned()),
            "sessions" => Some("All other sessions ended. You are signed in here only.".to_owned()),
            "alone" => Some("There was no other session. Nothing was changed.".to_owned()),
            "at-once" => Some(
                "They no longer work: whatever used one gets an error from now on. The database has no space left, so lists, the audit log and mail follow when there's room.".to_owned(),
            ),
            "revoked" => Some("All tokens revoked. Whatever used one gets an error from now on.".to_owned()),
            "account" => Some("Account changed.".to_owned()),
            "plan" => Some("Plan changed. It holds from the next call on.".to_owned()),
            "limits" => Some("Limits set. They hold from the next call on.".to_owned()),
            "restored" => Some("The account is back, and its tokens work again.".to_owned()),
            "late" => Some("The account was changed by somebody else meanwhile. Nothing was done.".to_owned()),
            "none" => Some("There was no token left to revoke.".to_owned()),
            "already" => Some("The token had ended already. Nothing was changed.".to_owned()),
            _ => None,
        };
        self
    }
}

impl Section {
    /// What stands above its tokens.
    pub fn title(self) -> &'static str {
        match self {
            Section::Settings => "Account Settings",
            _ => "Automation",
        }
    }

    /// For the layout.
    pub fn key(self) -> &'static str {
        match self {
            Section::Domains => "domains",
            Section::Zones => "zones",
            Section::Certificates => "certificates",
            Section::Automation => "automation",
            Section::Members => "members",
            Section::Activity => "activity",
            Section::Account => "account",
            Section::Admin => "admin",
            Section::Settings => "settings",
        }
    }
}

/// An account in the menu.
#[derive(Debug, Clone)]
pub struct AccountNav {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The first letter of its name.
    pub initial: String,
    /// Title of its plan.
    pub plan: String,
    /// What all of its pages say: that it is suspended, or being deleted.
    pub notice: Option<String>,
    /// Whether the page is in this account.
    pub current: bool,
}

impl AccountNav {
    /// The account as the menu shows it.
    pub fn of(account: &Account, catalogue: &Catalogue) -> AccountNav {
        AccountNav {
            id: account.id,
            name: account.name.clone(),
            initial: account
                .name
                .chars()
                .next()
                .map(|first| first.to_uppercase().collect())
                .unwrap_or_default(),
            plan: plan_title(catalogue, &account.plan),
            notice: match (account.is_active(), account.gone_from()) {
                (true, _) => None,
                (false, None) => Some(format!(
                    "{} is suspended: its tokens are paused, and user tokens reach nothing of it. Whoever runs this site can tell why.",
                    account.name
                )),
                (false, Some(end)) => Some(format!(
                    "{} is being deleted: its tokens are paused, and on {} it is gone. Until then an owner can bring it back, under Account → Delete.",
                    account.name,
                    long_day(end.date())
                )),
            },
            current: false,
        }
    }

    /// Address of its domains.
    pub fn domains(&self) -> String {
        super::paths::domains(self.id)
    }

    /// Address of its zones.
    pub fn zones(&self) -> String {
        super::paths::zones(self.id)
    }

    /// Address of its certificates.
    pub fn certificates(&self) -> String {
        super::paths::certificates(self.id)
    }

    /// Address of its members.
    pub fn members(&self) -> String {
        super::paths::members(self.id)
    }

    /// Address of the account itself.
    pub fn settings(&self) -> String {
        super::paths::account(self.id)
    }

    /// Address of its activity.
    pub fn activity(&self) -> String {
        super::paths::activity(self.id)
    }

    /// Address of its tokens.
    pub fn tokens(&self) -> String {
        super::paths::tokens(self.id).list()
    }
}

/// The person in the menu.
#[derive(Debug, Clone)]
pub struct UserNav {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Initials of the name.
    pub initials: String,
    /// Whether the person runs the site.
    pub site_admin: bool,
}

impl UserNav {
    /// The user as the menu shows it.
    pub fn of(user: &User) -> UserNav {
        let initials = user.name.split_whitespace().filter_map(|word| word.chars().next()).take(2);
        UserNav {
            name: user.name.clone(),
            email: user.email.clone(),
            initials: initials.flat_map(char::to_uppercase).collect(),
            site_admin: user.site_admin_since.is_some(),
        }
    }
}

/// A text field: what was typed, and what is wrong with it.
#[derive(Debug, Clone, Default)]
pub struct Field {
    /// What was typed.
    pub value: String,
    /// What is wrong with it.
    pub error: Option<String>,
}

impl Field {
    /// A field with this value and nothing wrong.
    pub fn of(value: impl Into<String>) -> Field {
        Field { value: value.into(), error: None }
    }

    /// Kind of an input for a day: a browser drops from its field for dates what is none, so that stays
    /// in one for text.
    pub fn day_kind(&self) -> &'static str {
        let written = self.value.starts_with(|first: char| first.is_ascii_digit());
        let is_day = written && Date::parse(&self.value, DAY).is_ok_and(|day| day.year() > 0);
        if is_day || self.value.is_empty() { "date" } else { "text" }
    }
}

/// Title of a plan.
pub fn plan_title(catalogue: &Catalogue, key: &str) -> String {
    catalogue.plan(key).map(|plan| plan.title.clone()).unwrap_or_default()
}

/// The query of an address that says what was just done.
#[derive(Debug, Default, Deserialize)]
pub struct Done {
    /// Its key.
    #[serde(default)]
    pub done: String,
}

/// Answers with a page.
pub fn render(page: &impl Template, status: StatusCode) -> Result<HttpResponse, AppError> {
    let body = page.render().map_err(|error| AppError::Internal(format!("template: {error}")))?;
    Ok(HttpResponse::build(status).content_type(ContentType::html()).body(body))
}

/// An answer at an address that holds a secret: of that address, browsers tell nobody the path. Not
/// `no-referrer`: with that, they would send `Origin: null` with the page's own form.
pub fn link_page(mut response: HttpResponse) -> HttpResponse {
    let policy = HeaderValue::from_static("strict-origin");
    response.headers_mut().insert(REFERRER_POLICY, policy);
    response
}

/// What a list says after tokens ended for which the database had no space otherwise.
pub fn at_once(count: usize) -> &'static str {
    if count > 0 { "at-once" } else { "chosen-already" }
}

/// Answers with another address to go to.
pub fn go_to(address: impl Into<String>) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((actix_web::http::header::LOCATION, address.into())).finish()
}
