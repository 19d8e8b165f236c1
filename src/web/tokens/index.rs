//! The list in two tabs: newest first, or as somebody looks for something.

use super::budget::Budget;
use super::granted;
use super::narrow::Narrowing;
use super::place::{Choice, Place};
use super::{how_it_ended, person};
use crate::http::{AppData, AppError};
use crate::models::Account;
use crate::models::budget::{self, Payer};
use crate::models::token::filter::{self, Filter};
use crate::models::token::list::{Listed, MOST_COUNTED, Sort, Wanted, Which};
use crate::models::token::search::Search;
use crate::policy::budget::Hour;
use crate::policy::words::{self, Phrase};
use crate::policy::{AccountId, Act, InPath, Rights, Role, TokenId};
use crate::web::guard::{SeeTokenNames, TokenOwner};
use crate::web::page::{Page, go_to, plan_title, render};
use crate::web::paths;
use crate::web::told::{Expiry, Moment, StateBadge, Used};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use time::OffsetDateTime;

#[derive(Template)]
#[template(path = "tokens/index.html")]
struct TokensPage {
    page: Page,
    account: Option<Owning>,
    accounts: Vec<Prefer>,
    list_url: String,
    new_url: String,
    revoke_url: Option<String>,
    /// Where what is chosen goes, for those who may delete it.
    chosen_url: Option<String>,
    ended: bool,
    here: String,
    live_url: String,
    ended_url: String,
    live_count: String,
    ended_count: String,
    q: String,
    search_hint: &'static str,
    further: &'static str,
    sort_key: &'static str,
    sorted: &'static str,
    choices: Vec<Choice>,
    narrowing: Narrowing,
    clear_url: String,
    rows: Vec<Row>,
    older: Option<String>,
    newer: Option<String>,
    may_create: bool,
    may_see: bool,
    who_can_help: String,
    budget: Option<Budget>,
}

/// The account whose tokens these are.
struct Owning {
    /// Its number, where the API's paths have it.
    in_paths: Option<AccountId>,
    name: String,
    scoped: bool,
    plan: String,
}

/// An account in which an account token would do, where the person can make one.
struct Prefer {
    name: String,
    url: String,
}

struct Row {
    id: TokenId,
    name: String,
    url: String,
    hint: String,
    state: StateBadge,
    summary: Vec<Phrase>,
    everything: bool,
    everything_label: &'static str,
    made_by: String,
    made: Moment,
    used: Option<Used>,
    expires: Expiry,
    delete_url: String,
    may_delete: bool,
    successor_url: Option<String>,
    ended_why: String,
    ended_at: Option<Moment>,
}

/// The tokens that are neither deleted nor expired.
pub async fn live(
    member: TokenOwner<SeeTokenNames>,
    app: AppData,
    place: Query<Place>,
) -> Result<HttpResponse, AppError> {
    index(member, app, &place, Which::Live).await
}

/// The tokens that have ended, and why.
pub async fn ended(
    member: TokenOwner<SeeTokenNames>,
    app: AppData,
    place: Query<Place>,
) -> Result<HttpResponse, AppError> {
    index(member, app, &place, Which::Ended).await
}

async fn index(
    member: TokenOwner<SeeTokenNames>,
    app: AppData,
    place: &Place,
    which: Which,
) -> Result<HttpResponse, AppError> {
    let (paths, now) = (member.paths(), app.clock.now());
    let here = match which {
        Which::Live => paths.list(),
        Which::Ended => paths.ended(),
    };
    if place.q.contains('\0') {
        return Err(AppError::BadRequest("The search holds characters that no name has."));
    }
    if let Some(safe) = place.without_secret(&here) {
        return Ok(go_to(safe));
    }
    // Who does not see hints and uses cannot find or sort by them either.
    let may_see = member.may(Act::SeeTokens);
    let search = Search::parse(&place.q).map(|search| if may_see { search } else { search.by_name_only() });
    let asked = if may_see || place.sort() != Sort::LastUse { place.sort() } else { Sort::Newest };
    let filter = if may_see { place.filter() } else { Filter::default() };
    // Whether there are too many is asked without what then could not be done.
    let wanted = Wanted { owner: member.owner(), which, search, filter: Filter { unused: false, ..filter } };
    // Whoever merely looks does not pay for counting: only the choice itself is always checked.
    let by_use = asked == Sort::LastUse || filter.unused;
    let is_usual = wanted.search.is_none() && filter.made_by.is_none() && which == Which::Live && !by_use;
    let account = member.account().map(|account| account.id);
    let known = account.and_then(|account| app.large_lists.known(account, now)).filter(|_| is_usual);
    let from = place.clone();
    let found = app.db.run(move |conn| {
        let mut wanted = wanted;
        let (mut live, ended) =
            (wanted.of(Which::Live).count(conn, now)?, wanted.of(Which::Ended).count(conn, now)?);
        let count = if which == Which::Live { live } else { ended };
        let too_many = match known {
            _ if !may_see || count <= MOST_COUNTED => false,
            Some(too_many) => too_many,
            None => wanted.are_too_many_to_sort_by_use(conn, now)?,
        };
        if filter.unused && !too_many {
            wanted.filter.unused = true;
            live = wanted.of(Which::Live).count(conn, now)?;
        }
        let makers = if may_see { filter::makers(conn, wanted.owner)? } else { Vec::new() };
        let sort = if too_many && asked == Sort::LastUse { Sort::Newest } else { asked };
        let cursor = from.cursor(sort);
        let (rows, next) = wanted.page(conn, sort, cursor.clone(), now)?;
        let spent = account.map(|id| budget::spent(conn, Payer::Account(id), Hour::of(now))).transpose()?;
        Ok((live, ended, too_many, makers, sort, cursor.is_some(), rows, next, spent))
    });
    let (live, ended, too_many, makers, sort, is_further, listed, next, spent) = found.await?;
    if let Some(account) = account
        && is_usual
        && known.is_none()
        && may_see
        && live > MOST_COUNTED
    {
        app.large_lists.note(account, too_many, now);
    }
    let budget = member.account().zip(spent).map(|(account, spent)| {
        let limit = app.catalogue.hourly_calls(&account.plan);
        Budget::of(app.budgets.of_payer(Payer::Account(account.id), limit, spent, now), limit, now)
    });
    let page = TokensPage {
        page: member.page("Tokens").with_flash(&place.done),
        account: member.account().map(|account| Owning {
            in_paths: (app.catalogue.in_path == InPath::Number).then_some(account.id),
            name: account.name.clone(),
            scoped: member.scoped(),
            plan: plan_title(&app.catalogue, &account.plan),
        }),
        accounts: prefer(&member),
        list_url: paths.list(),
        new_url: paths.new_token(),
        revoke_url: (live > 0 && member.may(Act::ManageTokens)).then(|| paths.revoke()),
        chosen_url: (which == Which::Live && member.may(Act::ManageTokens)).then(|| paths.chosen()),
        ended: which == Which::Ended,
        live_url: place.link(&paths.list(), sort, None),
        ended_url: place.link(&paths.ended(), sort, None),
        live_count: counted(live),
        ended_count: counted(ended),
        q: place.q.trim().to_owned(),
        search_hint: if may_see { "Name or last four characters" } else { "Words of the name" },
        further: if sort == Sort::Newest { "Older" } else { "Next" },
        sort_key: Place::key(sort),
        sorted: match sort {
            Sort::Newest => "newest first",
            Sort::Name => "by name",
            Sort::LastUse => "last used first",
        },
        choices: place.choices(&here, sort, may_see, too_many),
        narrowing: if may_see { Narrowing::of(filter, makers, which, too_many) } else { Narrowing::none() },
        clear_url: Place::default().link(&here, sort, None),
        rows: listed.into_iter().map(|one| Row::of(one, &member, &app, now)).collect(),
        older: next.map(|next| place.link(&here, sort, Some(&next))),
        newer: is_further.then(|| place.link(&here, sort, None)),
        may_create: member.may(Act::CreateTokens),
        may_see,
        who_can_help: member.who_can(Act::CreateTokens),
        budget,
        here,
    };
    render(&page, StatusCode::OK)
}

/// Where an account token would be the better choice than one's own.
fn prefer(member: &TokenOwner<SeeTokenNames>) -> Vec<Prefer> {
    if member.account().is_some() {
        return Vec::new();
    }
    let may_create = |(_, role): &&(Account, Role)| role.may(Act::CreateTokens);
    let link = |(account, _): &(Account, Role)| Prefer {
        name: account.name.clone(),
        url: paths::tokens(account.id).new_token(),
    };
    member.accounts().iter().filter(may_create).map(link).collect()
}

impl Row {
    fn of(one: Listed, member: &TokenOwner<SeeTokenNames>, app: &AppData, now: OffsetDateTime) -> Row {
        let token = one.token;
        let (paths, id) = (member.paths(), token.id);
        let state = member.state(&token, now);
        let expires = Expiry::of(token.expires_at, now);
        let may_see = member.may(Act::SeeTokens);
        let ended_at = token.deleted_at.or(token.expires_at).filter(|_| state.has_ended());
        let ended_why = match token.deleted_at {
            Some(_) if may_see => {
                let (how, note) = how_it_ended(&token, one.remover);
                format!("{how}{note}")
            }
            Some(_) => "Deleted".to_owned(),
            None => "Expired".to_owned(),
        };
        Row {
            id,
            name: token.name,
            url: paths.token(id),
            hint: one.hint,
            state: StateBadge::of(state, token.not_before),
            everything: may_see && one.rights == Rights::Everything,
            everything_label: match member.account() {
                Some(_) => "Everything in this account",
                None => "Everything you can reach",
            },
            summary: if may_see {
                let called = |id| granted::name_of(id, member);
                let of_user: Option<words::Called<'_>> = member.account().is_none().then_some(&called);
                words::in_short(&app.catalogue, &one.rights, of_user)
            } else {
                Vec::new()
            },
            made_by: person(one.maker),
            made: Moment::past(token.created_at, now),
            used: one.last_use.filter(|_| may_see).map(|last| Used::of(&last, now)),
            successor_url: (expires.soon && member.may(Act::CreateTokens)).then(|| paths.like(id)),
            expires,
            delete_url: paths.delete(id),
            may_delete: member.may(Act::ManageTokens) && !state.has_ended(),
            ended_why,
            ended_at: ended_at.map(|at| Moment::past(at, now)),
        }
    }
}

fn counted(count: usize) -> String {
    if count > MOST_COUNTED { "1,000+".to_owned() } else { count.to_string() }
}
