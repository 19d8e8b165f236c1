//! The frame of every page, and what pages are made of.

use super::assets;
use super::flash::Flash;
use super::told::DAY;
use crate::config::Support;
use crate::http::{AppError, Extras, MenuEntry};
use crate::models::{Account, User};
use crate::policy::words::long_day;
use crate::policy::{AccountId, Catalogue, Kind, KindKey};
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
    pub flash: Option<&'static str>,
    /// What the menu of an account has in front of what each account has.
    pub menu: Vec<MenuItem>,
    /// Where in the menu the page stands.
    pub section: Section,
    /// What the site is called, and whom people ask for help.
    pub support: Support,
}

/// A part of an account, as the menu has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// The entry of the extension's with this key.
    Extension(&'static str),
    /// Its resources of a kind.
    Resources(KindKey),
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
            menu: Vec::new(),
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
    pub fn in_account(mut self, id: AccountId) -> Page {
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

    /// Saying what was just done, as the query of the URL holds it.
    pub fn with_flash(mut self, done: &str) -> Page {
        self.flash = Flash::from_key(done).map(Flash::text);
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
            Section::Extension(key) => key,
            Section::Resources(_) => "resources",
            Section::Automation => "automation",
            Section::Members => "members",
            Section::Activity => "activity",
            Section::Account => "account",
            Section::Admin => "admin",
            Section::Settings => "settings",
        }
    }
}

/// An entry of an account's menu, in front of what each account has.
#[derive(Debug, Clone)]
pub enum MenuItem {
    /// A page of the extension's.
    Extension(&'static MenuEntry),
    /// The resources of a kind that the extension has no pages for.
    Resources {
        /// The kind.
        kind: KindKey,
        /// Several of it, as a heading.
        title: String,
    },
}

impl MenuItem {
    /// The menu of a server with this catalogue and extension.
    pub fn all(catalogue: &Catalogue, extras: &Extras) -> Vec<MenuItem> {
        let own = extras.menu.iter().map(MenuItem::Extension);
        let others = catalogue.kinds.iter().filter(|kind| !extras.kinds_with_pages.contains(&kind.key));
        let of_kind = |kind: &Kind| MenuItem::Resources { kind: kind.key, title: capitalized(&kind.plural) };
        own.chain(others.map(of_kind)).collect()
    }

    /// Its text.
    pub fn title(&self) -> &str {
        match self {
            MenuItem::Extension(entry) => entry.title,
            MenuItem::Resources { title, .. } => title,
        }
    }

    /// The name of its icon.
    pub fn icon(&self) -> &'static str {
        match self {
            MenuItem::Extension(entry) => entry.icon,
            MenuItem::Resources { .. } => "layers",
        }
    }

    /// The part of the account that it leads to.
    pub fn section(&self) -> Section {
        match self {
            MenuItem::Extension(entry) => Section::Extension(entry.key),
            MenuItem::Resources { kind, .. } => Section::Resources(*kind),
        }
    }
}

/// An account in the menu.
#[derive(Debug, Clone)]
pub struct AccountNav {
    /// Its number.
    pub id: AccountId,
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
    /// URL of an entry's page in this account.
    pub fn page_of(&self, item: &MenuItem) -> String {
        match item {
            MenuItem::Extension(entry) => (entry.url)(self.id),
            MenuItem::Resources { kind, .. } => super::paths::resources(*kind, self.id),
        }
    }

    /// The account as the menu shows it.
    pub fn of(account: &Account, catalogue: &Catalogue) -> AccountNav {
        AccountNav {
            id: account.id,
            name: account.name.clone(),
            initial: account.name.chars().take(1).flat_map(char::to_uppercase).collect(),
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

/// A text as a heading has it: with a capital.
pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
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

/// Answers with another address to go to.
pub fn go_to(address: impl Into<String>) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((actix_web::http::header::LOCATION, address.into())).finish()
}
