//! The frame of every page, and what pages are made of.

use super::assets;
use crate::http::AppError;
use crate::models::token::usage::LastUse;
use crate::models::{Account, User};
use crate::policy::words::{last_day, long_day};
use crate::policy::{Catalogue, State};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use askama::Template;
use time::format_description::FormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

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
}

impl Page {
    /// A page with forms that belong to this secret.
    pub fn new(title: &str, csrf_secret: &str) -> Page {
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

    /// With word of what was just done, as the query of the address names it.
    pub fn with_flash(mut self, done: &str) -> Page {
        self.flash = match done {
            "deleted" => Some("Token deleted. Whatever used it gets an error from now on.".to_owned()),
            "renamed" => Some("Token renamed.".to_owned()),
            "already" => Some("The token had ended already. Nothing was changed.".to_owned()),
            _ => None,
        };
        self
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
    /// Whether the page is in this account.
    pub current: bool,
}

impl AccountNav {
    /// The account as the menu shows it.
    pub fn of(account: &Account) -> AccountNav {
        let mut plan = account.plan.clone();
        if let Some(first) = plan.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        AccountNav {
            id: account.id,
            name: account.name.clone(),
            initial: account
                .name
                .chars()
                .next()
                .map(|first| first.to_uppercase().collect())
                .unwrap_or_default(),
            plan,
            current: false,
        }
    }

    /// Address of its tokens.
    pub fn tokens(&self) -> String {
        super::paths::tokens(self.id)
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
}

impl UserNav {
    /// The user as the menu shows it.
    pub fn of(user: &User) -> UserNav {
        let initials = user.name.split_whitespace().filter_map(|word| word.chars().next()).take(2);
        UserNav {
            name: user.name.clone(),
            email: user.email.clone(),
            initials: initials.flat_map(char::to_uppercase).collect(),
        }
    }
}

/// A point in time, as people and as machines read it.
#[derive(Debug, Clone)]
pub struct Moment {
    /// ISO-8601, UTC.
    pub iso: String,
    /// "4 minutes ago".
    pub relative: String,
    /// "22 Nov 2026, 01:02 UTC".
    pub exact: String,
}

const ISO: &[FormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
const EXACT: &[FormatItem<'_>] =
    format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC");
const SHORT_DAY: &[FormatItem<'_>] = format_description!("[day padding:none] [month repr:short] [year]");

impl Moment {
    /// A moment that has passed, seen from now.
    pub fn past(at: OffsetDateTime, now: OffsetDateTime) -> Moment {
        Moment {
            iso: at.format(ISO).unwrap_or_default(),
            relative: ago(now - at),
            exact: at.format(EXACT).unwrap_or_default(),
        }
    }
}

/// "4 minutes ago"; a clock that runs ahead a little never says "in".
fn ago(since: Duration) -> String {
    let (count, unit) = match since.whole_minutes() {
        ..1 => return "just now".to_owned(),
        minutes @ 1..60 => (minutes, "minute"),
        minutes @ 60..1_440 => (minutes / 60, "hour"),
        minutes if minutes < 2_880 => return "yesterday".to_owned(),
        minutes => match minutes / 1_440 {
            days @ ..60 => (days, "day"),
            days @ 60..730 => (days / 30, "month"),
            days => (days / 365, "year"),
        },
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

/// When and from where a token was last used.
#[derive(Debug, Clone)]
pub struct Used {
    /// When.
    pub at: Moment,
    /// From where.
    pub address: String,
    /// By what.
    pub client: String,
    /// Whether it is in use: within the last 30 days.
    pub recent: bool,
}

impl Used {
    /// The last use, seen from now.
    pub fn of(last: &LastUse, now: OffsetDateTime) -> Used {
        Used {
            at: Moment::past(last.at, now),
            address: last.address.to_string(),
            client: last.client.clone(),
            recent: now - last.at < Duration::days(30),
        }
    }
}

/// Until when a token works.
#[derive(Debug, Clone)]
pub struct Expiry {
    /// Whether it has no end.
    pub never: bool,
    /// Whether the end is at most 14 days away.
    pub soon: bool,
    /// The last day.
    pub iso_date: String,
    /// "12 Feb 2027", or "in 9 days" when that is soon.
    pub text: String,
    /// "through 12 February 2027 (UTC)".
    pub exact: String,
}

impl Expiry {
    /// The end, seen from now.
    pub fn of(end: Option<OffsetDateTime>, now: OffsetDateTime) -> Expiry {
        let Some(end) = end else {
            let (iso_date, text, exact) = (String::new(), "No expiry".to_owned(), String::new());
            return Expiry { never: true, soon: false, iso_date, text, exact };
        };
        let day = last_day(end);
        let left = (day - now.date()).whole_days();
        let soon = (0..=14).contains(&left);
        Expiry {
            never: false,
            soon,
            iso_date: crate::models::token::expiry::iso_day(day),
            text: match left {
                0 => "today".to_owned(),
                1 => "tomorrow".to_owned(),
                _ if soon => format!("in {left} days"),
                _ => day.format(SHORT_DAY).unwrap_or_default(),
            },
            exact: format!("through {} (UTC)", long_day(day)),
        }
    }
}

/// A token's state, in the words of the list.
#[derive(Debug, Clone)]
pub struct StateBadge {
    /// "Active", "Expired · ended", "Frozen by the plan · paused".
    pub label: String,
    /// `ok`, `paused` or `ended`.
    pub tone: &'static str,
    /// Whether the token works.
    pub active: bool,
}

impl StateBadge {
    /// The state in words.
    pub fn of(state: State, not_before: Option<OffsetDateTime>) -> StateBadge {
        let (label, tone) = match state {
            State::Deleted => ("Deleted · ended".to_owned(), "ended"),
            State::Expired => ("Expired · ended".to_owned(), "ended"),
            State::SecretReplaced => ("Secret replaced".to_owned(), "ended"),
            State::OwnerAway => ("Paused".to_owned(), "paused"),
            State::Disabled => ("Disabled · paused".to_owned(), "paused"),
            State::Frozen => ("Frozen by the plan · paused".to_owned(), "paused"),
            State::NotYet => {
                let day = not_before.map(|start| long_day(start.date())).unwrap_or_default();
                (format!("Starts on {day}"), "paused")
            }
            State::Active => ("Active".to_owned(), "ok"),
        };
        StateBadge { label, tone, active: state == State::Active }
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
}

/// Title of a plan.
pub fn plan_title(catalogue: &Catalogue, key: &str) -> String {
    catalogue.plan(key).map(|plan| plan.title.clone()).unwrap_or_default()
}

/// Answers with a page.
pub fn render(page: &impl Template, status: StatusCode) -> Result<HttpResponse, AppError> {
    let body = page.render().map_err(|error| AppError::Internal(format!("template: {error}")))?;
    Ok(HttpResponse::build(status).content_type(ContentType::html()).body(body))
}

/// Answers with another address to go to.
pub fn go_to(address: impl Into<String>) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((actix_web::http::header::LOCATION, address.into())).finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_moment_is_told_in_the_largest_unit_that_fits() {
        for (minutes, said) in [
            (-3, "just now"),
            (0, "just now"),
            (1, "1 minute ago"),
            (59, "59 minutes ago"),
            (60, "1 hour ago"),
            (1_439, "23 hours ago"),
            (1_440, "yesterday"),
            (2_880, "2 days ago"),
            (60 * 1_440, "2 months ago"),
            (800 * 1_440, "2 years ago"),
        ] {
            assert_eq!(ago(Duration::minutes(minutes)), said);
        }
    }

    #[test]
    fn an_expiry_names_the_last_day_and_counts_down_from_two_weeks() {
        let now = datetime!(2026-11-22 23:00 UTC);
        let far = Expiry::of(Some(datetime!(2027-02-13 0:00 UTC)), now);
        assert_eq!((far.text.as_str(), far.soon), ("12 Feb 2027", false));
        assert_eq!(far.exact, "through 12 February 2027 (UTC)");
        assert_eq!(Expiry::of(Some(datetime!(2026-12-02 0:00 UTC)), now).text, "in 9 days");
        assert_eq!(Expiry::of(Some(datetime!(2026-11-23 0:00 UTC)), now).text, "today");
        assert!(Expiry::of(None, now).never);
    }
}
