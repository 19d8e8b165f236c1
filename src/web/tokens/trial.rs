//! *Would this call work?*: a call is described, and each step of the check is shown with what it says.

use crate::authorization::{self, Refused, RouteCall, Step, Trace};
use crate::http::{AppData, AppError, client_address};
use crate::models::token::Token;
use crate::policy::{
    Access, Act, Catalogue, ClientAddress, Needs, Permission, RefusalCode, Segment, path, scope, shown,
};
use crate::web::guard::{SeeTokens, TokenOwner};
use crate::web::page::{Field, Page, render};
use crate::web::told::exact;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use form_urlencoded::Serializer;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::net::IpAddr;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

#[derive(Template)]
#[template(path = "tokens/trial.html")]
struct TrialPage {
    page: Page,
    list_url: String,
    token_url: String,
    token_name: String,
    action: String,
    methods: Vec<(String, bool)>,
    path: Field,
    address: Field,
    at: Field,
    answer: Option<Answer>,
}

/// What the check would say.
struct Answer {
    works: bool,
    title: String,
    /// What a program would be told: status, code and message.
    told: Option<String>,
    steps: Vec<StepRow>,
    /// Where a token can be created that may do it.
    create_url: Option<String>,
}

/// One step of the check.
struct StepRow {
    title: &'static str,
    text: String,
    passed: bool,
}

/// The call in question.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    method: String,
    path: Option<String>,
    #[serde(default)]
    address: String,
    #[serde(default)]
    at: String,
}

/// A call that can be followed.
struct Described<'a> {
    method: &'a str,
    /// In its normal form, without a query.
    place: &'a str,
    address: ClientAddress,
    at: OffsetDateTime,
}

/// The form, and below it what would become of the call that the address describes.
pub async fn trial(
    member: TokenOwner<SeeTokens>,
    app: AppData,
    request: HttpRequest,
    asked: Query<Asked>,
) -> Result<HttpResponse, AppError> {
    let (owner, id, now) = (member.owner(), member.token()?, app.clock.now());
    let token = app.db.run(move |conn| Token::find(conn, owner, id)).await?.ok_or(AppError::NotFound)?;
    let own_address =
        || client_address(&request).map(|own| own.ip().map_or_else(String::new, |ip| ip.to_string()));
    let asks = asked.path.is_some();
    let mut page = TrialPage {
        list_url: member.paths().list(),
        token_url: member.paths().token(id),
        action: member.paths().trial(id),
        methods: methods(&app.catalogue, &asked.method),
        path: Field::of(asked.path.clone().unwrap_or_default()),
        address: Field::of(if asks { asked.address.clone() } else { own_address()? }),
        at: Field::of(asked.at.clone()),
        answer: None,
        page: member.page("Would this call work?"),
        token_name: token.name.clone(),
    };
    if !asks {
        return render(&page, StatusCode::OK);
    }
    let Some(described) = describe(&mut page, &app.catalogue, &asked.method, now) else {
        return render(&page, StatusCode::UNPROCESSABLE_ENTITY);
    };
    let found = app.catalogue.routes.find(described.method, described.place);
    let call = RouteCall { found };
    let trace = authorization::trial(&app, id, &call, described.address, described.at).await?;
    let trace = trace.ok_or(AppError::NotFound)?;
    match &trace.outcome {
        Err(Refused::Database(error)) => return Err(error.clone().into()),
        Err(Refused::Fault(why)) => return Err(AppError::Internal(why.clone())),
        Err(Refused::Because { .. } | Refused::Quota(_)) | Ok(_) => {}
    }
    let mut answer = answer(&app.catalogue, &token, &described, &call, &trace);
    if member.may(Act::CreateTokens) && member.scoped() {
        answer.create_url = enough(&call, &trace).map(|scope| {
            let query = Serializer::new(String::new())
                .append_pair("name", &token.name)
                .append_pair("scope", &scope)
                .finish();
            format!("{}?{query}", member.paths().build())
        });
    }
    page.answer = Some(answer);
    render(&page, StatusCode::OK)
}

/// The methods that routes take, and which one is chosen.
fn methods(catalogue: &Catalogue, chosen: &str) -> Vec<(String, bool)> {
    let mut all: BTreeSet<&str> =
        catalogue.routes.iter().flat_map(|route| route.methods.iter().map(String::as_str)).collect();
    all.extend(["GET", "POST", "PUT", "PATCH", "DELETE"]);
    let chosen = if chosen.is_empty() { "GET" } else { chosen };
    let other = Some(chosen).filter(|chosen| !all.contains(chosen) && is_method(chosen));
    all.into_iter().chain(other).map(|method| (method.to_owned(), method == chosen)).collect()
}

fn is_method(text: &str) -> bool {
    !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Reads the fields; what's wrong with them is noted beside each.
fn describe<'a>(
    page: &'a mut TrialPage,
    catalogue: &Catalogue,
    method: &'a str,
    now: OffsetDateTime,
) -> Option<Described<'a>> {
    let written = page.path.value.trim();
    let base = catalogue.product.api.as_deref().map(|api| api.trim_end_matches('/'));
    let within = base.and_then(|base| written.strip_prefix(base)).filter(|rest| rest.starts_with('/'));
    let target = within.unwrap_or(written).to_owned();
    let address = page.address.value.trim().parse::<IpAddr>().ok();
    let at = match page.at.value.trim() {
        "" => Some(now),
        text => moment(text),
    };
    if path::normal(&target).is_none() {
        page.path.error = Some(
            "Write the path as a program sends it, from the first slash on, such as /v1/things/7: no empty \
             segments, no dots, and everything unusual percent-encoded."
                .to_owned(),
        );
    }
    if address.is_none() {
        page.address.error =
            Some("Write the caller's IP address, such as 203.0.113.7 or 2001:db8::7.".to_owned());
    }
    if at.is_none() {
        page.at.error =
            Some("Write a moment in UTC, such as 2026-12-24T18:00, or nothing for now.".to_owned());
    }
    page.path.value = target;
    let method = if method.is_empty() { "GET" } else { method };
    let place = path::normal(&page.path.value)?;
    let (address, at) = (address?, at?);
    is_method(method).then_some(Described { method, place, address: ClientAddress::from(address), at })
}

fn moment(text: &str) -> Option<OffsetDateTime> {
    let minutes = format_description!("[year]-[month]-[day]T[hour]:[minute]");
    let seconds = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let text = text.trim_end_matches('Z');
    let read = PrimitiveDateTime::parse(text, minutes).or_else(|_| PrimitiveDateTime::parse(text, seconds));
    read.ok().map(PrimitiveDateTime::assume_utc).filter(|at| (1..=9999).contains(&at.year()))
}

fn answer(
    catalogue: &Catalogue,
    token: &Token,
    described: &Described<'_>,
    call: &RouteCall<'_>,
    trace: &Trace,
) -> Answer {
    let refused = trace.outcome.as_ref().err();
    let told = refused.map(|refused| {
        let said = refused.said();
        format!("{} {}: {}", said.status, said.key, said.message)
    });
    let rows = Rows { catalogue, token, described, call, trace };
    Answer {
        works: refused.is_none(),
        title: if refused.is_none() { "Yes, it would work" } else { "No, it would be refused" }.to_owned(),
        told,
        steps: Step::ALL.iter().filter_map(|step| rows.row(*step)).collect(),
        create_url: None,
    }
}

/// What the steps say.
struct Rows<'a> {
    catalogue: &'a Catalogue,
    token: &'a Token,
    described: &'a Described<'a>,
    call: &'a RouteCall<'a>,
    trace: &'a Trace,
}

impl Rows<'_> {
    /// A step that was looked at.
    fn row(&self, step: Step) -> Option<StepRow> {
        let refusing = self.trace.outcome.as_ref().err().and_then(Refused::step);
        let last = self.trace.last?;
        // A name that nothing can have is refused before the account is known.
        let jumped = self.trace.account.is_none() && refusing == Some(Step::Resource) && step != last;
        if step > last || (jumped && step > Step::Route) {
            return None;
        }
        let passed = refusing != Some(step);
        let text = if passed { self.passed(step)? } else { self.refused() };
        Some(StepRow { title: title(step), text, passed })
    }

    fn permission(&self) -> Option<(&Permission, Access)> {
        match &self.call.found.as_ref()?.route.needs {
            Needs::Scope(key, access) => Some((self.catalogue.get(key)?, *access)),
            Needs::AnyToken | Needs::Open => None,
        }
    }

    /// The resource that the path names, with the title of its kind.
    fn resource(&self) -> Option<(String, String)> {
        let kind = self.permission()?.0.narrowed_by?;
        let name = self.call.found.as_ref()?.at(|one| *one == Segment::Resource(kind))?;
        Some((self.catalogue.kind(kind)?.title.to_lowercase(), shown(&name)))
    }

    /// What a step says that lets the call on; `None` where it has nothing to look at.
    fn passed(&self, step: Step) -> Option<String> {
        let account = self.trace.account.as_ref().map(|account| account.name.as_str());
        Some(match step {
            Step::Credential | Step::Budget => return None,
            Step::State => format!("It's active on {}.", exact(self.described.at)),
            Step::Network => {
                let anywhere =
                    self.token.allowed_networks.is_empty() && self.token.refused_networks.is_empty();
                if anywhere {
                    "It works from anywhere.".to_owned()
                } else {
                    "It works from this address.".to_owned()
                }
            }
            Step::Route => {
                let route = self.call.found.as_ref()?.route;
                let more = match route.needs {
                    Needs::AnyToken => " Any token that works may make it.",
                    Needs::Open => " It needs no token at all.",
                    Needs::Scope(..) => "",
                };
                format!("{} {} takes it.{more}", route.methods.join(", "), route.written)
            }
            Step::Account => format!("It reaches {}.", account?),
            Step::AccountRules => format!("{} is active, and nothing there keeps the token out.", account?),
            Step::Permission => format!("It has {}.", self.permission()?.0.title),
            Step::Resource => {
                let (kind, name) = self.resource()?;
                format!("It reaches the {kind} “{name}”.")
            }
            Step::Access => match self.permission()?.1 {
                Access::Read => "The call reads, and it may read there.".to_owned(),
                Access::Full => "The call changes something, and it may change it there.".to_owned(),
            },
        })
    }

    /// What the step says that refuses the call.
    fn refused(&self) -> String {
        let Some(code) = self.trace.outcome.as_ref().err().and_then(|refused| refused.said().code) else {
            return String::new();
        };
        let permission = || self.permission().map_or_else(String::new, |(found, _)| found.title.clone());
        match (code, self.resource()) {
            (RefusalCode::NoRoute, _) => {
                format!("No route of the catalogue takes {} {}.", self.described.method, self.described.place)
            }
            (RefusalCode::PermissionDenied, _) => format!("It doesn't have {}.", permission()),
            (RefusalCode::ResourceNotFound, Some((kind, name))) => {
                format!(
                    "There's no {kind} “{name}” that it reaches, or nothing in it of what the path names."
                )
            }
            (RefusalCode::WriteDenied, _) => {
                format!("It may read {} there, but change nothing.", permission())
            }
            (code, _) => code.facts().meaning.to_owned(),
        }
    }
}

fn title(step: Step) -> &'static str {
    match step {
        Step::Credential => "Secret",
        Step::State => "Token",
        Step::Network => "Network",
        Step::Route => "Route",
        Step::Account => "Account",
        Step::AccountRules => "Account's rules",
        Step::Budget => "Budget",
        Step::Permission => "Permission",
        Step::Resource => "Resource",
        Step::Access => "Access",
    }
}

/// The scope with which the call would work; `None` where it's not a matter of scopes.
fn enough(call: &RouteCall<'_>, trace: &Trace) -> Option<String> {
    let Err(Refused::Because { code, scope, missing }) = &trace.outcome else { return None };
    let Needs::Scope(key, access) = &call.found.as_ref()?.route.needs else { return None };
    match (code, scope, missing) {
        (_, Some(scope), _) => Some(scope.clone()),
        (RefusalCode::ResourceNotFound, None, Some(missing)) => {
            Some(scope::asked(key, Some(&missing.asked), *access))
        }
        _ => None,
    }
}
