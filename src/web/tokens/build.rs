//! The builder of a token: rows of permissions with their resources, conditions, and on to the
//! summary. Drafts travel in the form; nothing is kept before *Generate token*.

mod row;

use super::choices::{Offers, chosen};
use super::draft::{Draft, MOST_ROWS, Problems, Shape, Source, Whose};
use super::expires::{ExpiryChoice, expires_choices, expires_hint};
use super::make::{Made, STALE, look_at, make};
use super::member::Member;
use super::problems::{ErrorLink, error_links, problem};
use super::summary;
use crate::db::{Conn, DbError};
use crate::http::{App, AppData, AppError};
use crate::models::Resource;
use crate::models::token::{Owner, Token, surroundings};
use crate::policy::words::{self, Sentence};
use crate::policy::{Act, Catalogue, ClientAddress, TokenId};
use crate::web::form::{Fields, Posted};
use crate::web::page::{Field, Page, go_to, render};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use row::{OptionGroup, RowView};
use std::sync::Arc;
use time::OffsetDateTime;

#[derive(Template)]
#[template(path = "tokens/build.html")]
struct BuildPage {
    page: Page,
    /// Name of the account; none for a person's own tokens.
    account: Option<String>,
    action: String,
    words_url: String,
    resources_url: String,
    start_url: String,
    cancel_url: String,
    nonce: String,
    name: Field,
    everything: bool,
    reach_error: Option<String>,
    options: Vec<OptionGroup>,
    rows: Vec<RowView>,
    /// The key of the row that *Add a permission* adds; none where there is no room.
    next_row: Option<String>,
    from: Field,
    not_from: Field,
    address: String,
    starts_on: Field,
    expires: String,
    expires_on: Field,
    expires_hint: String,
    expires_choices: Vec<ExpiryChoice>,
    errors: Vec<ErrorLink>,
    said: Vec<String>,
    words: Option<Vec<Sentence>>,
}

/// The builder: empty, or filled in like another token, from a template, or as its address asks.
pub async fn build(member: Member, app: AppData, request: HttpRequest) -> Result<HttpResponse, AppError> {
    if !member.scoped() {
        return Ok(go_to(member.paths().new_token()));
    }
    let query = Fields::parse(request.query_string().as_bytes())?;
    let like = match query.get("like") {
        "" => None,
        id => Some(id.parse().map_err(|_| AppError::BadRequest("There is no such token."))?),
    };
    let (owner, whose) = (member.owner(), Whose::of(&member));
    let (catalogue, now) = (Arc::clone(&app.catalogue), app.clock.now());
    let begun = app.db.run(move |conn| match like {
        Some(id) => begun_like(conn, owner, id, &catalogue, &whose, now),
        None => begun_as_asked(conn, &query, &catalogue, &whose),
    });
    let (mut draft, said) = begun.await?;
    if draft.rows.is_empty() {
        draft.add_row();
    }
    Builder { said, ..Builder::of(draft) }.answer(&member, &app, StatusCode::OK).await
}

fn begun_like(
    conn: &mut Conn,
    owner: Owner,
    id: TokenId,
    catalogue: &Catalogue,
    whose: &Whose,
    now: OffsetDateTime,
) -> Result<(Draft, Vec<String>), DbError> {
    let token = Token::find(conn, owner, id)?;
    let source = token.map(|token| Source::of(conn, &token, whose)).transpose()?;
    let blank = || (Draft::blank(Shape::Builder), Vec::new());
    Ok(source.map_or_else(blank, |source| Draft::like(&source, catalogue, whose, now)))
}

fn begun_as_asked(
    conn: &mut Conn,
    query: &Fields,
    catalogue: &Catalogue,
    whose: &Whose,
) -> Result<(Draft, Vec<String>), DbError> {
    let accounts = whose.numbers();
    Draft::from_query(query, catalogue, whose, &mut |kind, names| {
        Resource::of_names(conn, &accounts, kind, names)
    })
}

/// What the pressed button asks for.
pub async fn built(form: Posted<Member>, app: AppData) -> Result<HttpResponse, AppError> {
    let (member, fields, asked) = form.perhaps_stale();
    let mut draft = Draft::parse(&fields, Shape::Builder, &app.catalogue);
    if asked.is_stale {
        let builder = Builder { said: vec![STALE.to_owned()], ..Builder::of(draft) };
        return builder.answer(&member, &app, StatusCode::FORBIDDEN).await;
    }
    match fields.get("do").split_once('.').unwrap_or((fields.get("do"), "")) {
        ("summary", _) => return continued(&member, draft, &app).await,
        ("generate", _) => {
            asked.before(Act::CreateTokens, &fields, &app).await?;
            return match make(&member, draft, &app).await? {
                Made::Answer(answer) => Ok(answer),
                Made::Refused(draft, problems) => refused(&member, draft, problems, &app).await,
            };
        }
        ("add", _) => drop(draft.add_row()),
        ("remove", row) => draft.remove_row(row),
        ("spread", row) => draft = spread(&member, draft, row.to_owned(), &app).await?,
        ("address", _) => {
            let here = member.signed_in.origin(&app).address.and_then(ClientAddress::ip);
            here.iter().for_each(|ip| draft.add_address(&ip.to_string()));
        }
        // Back, Search, and Enter in a field: the form as it is.
        _ => {}
    }
    Builder::of(draft).answer(&member, &app, StatusCode::OK).await
}

async fn continued(member: &Member, draft: Draft, app: &App) -> Result<HttpResponse, AppError> {
    match look_at(member, draft, app).await? {
        (draft, Ok(policy)) => summary::page(member, draft, policy, app).await,
        (draft, Err(problems)) => refused(member, draft, problems, app).await,
    }
}

async fn refused(
    member: &Member,
    draft: Draft,
    problems: Problems,
    app: &App,
) -> Result<HttpResponse, AppError> {
    Builder { problems, ..Builder::of(draft) }.answer(member, app, StatusCode::UNPROCESSABLE_ENTITY).await
}

/// Chooses for every other row that is narrowed the same as this one: of another kind, the resource of
/// the same name.
async fn spread(member: &Member, mut draft: Draft, key: String, app: &App) -> Result<Draft, AppError> {
    let (whose, catalogue) = (Whose::of(member), Arc::clone(&app.catalogue));
    let spread = app.db.run(move |conn| {
        let Some(model) = draft.rows.iter().find(|row| row.key == key).cloned() else { return Ok(draft) };
        let there = chosen(conn, &whose, &draft)?;
        let same: Vec<&Resource> = model.chosen.iter().filter_map(|id| there.get(id)).collect();
        let names: Vec<String> = same.iter().map(|one| one.name.clone()).collect();
        for row in draft.rows.iter_mut().filter(|row| row.key != key) {
            let permission = row.permission.as_ref().and_then(|key| catalogue.get(key));
            let Some(kind) = permission.and_then(|permission| permission.narrowed_by) else { continue };
            let mut found = Resource::of_names(conn, &whose.numbers(), kind, &names)?;
            found
                .retain(|one| same.iter().any(|of| (of.account_id, &of.name) == (one.account_id, &one.name)));
            (row.reach, row.account) = (model.reach, model.account);
            row.chosen = found.iter().map(|one| one.id).collect();
        }
        Ok(draft)
    });
    Ok(spread.await?)
}

/// The builder's form to be rendered, with what there is to say.
struct Builder {
    draft: Draft,
    problems: Problems,
    said: Vec<String>,
}

impl Builder {
    fn of(draft: Draft) -> Builder {
        Builder { draft, problems: Vec::new(), said: Vec::new() }
    }

    async fn answer(self, member: &Member, app: &App, status: StatusCode) -> Result<HttpResponse, AppError> {
        let (owner, whose, now) = (member.owner(), Whose::of(member), app.clock.now());
        let catalogue = Arc::clone(&app.catalogue);
        let Builder { draft, problems, said } = self;
        let loaded = app.db.run(move |conn| {
            let there = chosen(conn, &whose, &draft)?;
            let mut offers = Offers::new(&catalogue, &whose, &draft, &there);
            let spreads = draft.rows.iter().filter(|row| row::is_narrowed(row, &catalogue)).count() > 1;
            let views = draft.rows.iter().enumerate().map(|(place, row)| {
                let mut view = RowView::of(place + 1, row, &catalogue, &whose, &problems);
                view.spreads = spreads;
                if let Some(kind) = view.kind {
                    view.finder = Some(offers.finder(conn, kind, row, row.reach.names_some())?);
                }
                Ok(view)
            });
            let rows = views.collect::<Result<Vec<_>, DbError>>()?;
            let unnamed = Draft { name: "unnamed".to_owned(), ..draft.clone() };
            let words = match unnamed.check(&catalogue, &whose, &there, now) {
                Ok((_, policy)) => Some(words::of_policy(&catalogue, &policy, &surroundings(conn, owner)?)),
                Err(_) => None,
            };
            let options = row::options(&catalogue, &whose);
            Ok((draft, problems, rows, options, words))
        });
        let (draft, problems, rows, options, words) = loaded.await?;
        let paths = member.paths();
        let here = member.signed_in.origin(app).address.and_then(ClientAddress::ip);
        let field =
            |value: &str, place: &str| Field { value: value.to_owned(), error: problem(&problems, place) };
        let of_expiry = problem(&problems, "expires_on").or_else(|| problem(&problems, "expires"));
        let page = BuildPage {
            page: member.page(if member.account().is_some() {
                "New account token"
            } else {
                "New user token"
            }),
            account: member.account().map(|account| account.name.clone()),
            action: paths.build(),
            words_url: paths.words(),
            resources_url: paths.resources(),
            start_url: paths.start(),
            cancel_url: paths.list(),
            nonce: draft.nonce.to_string(),
            name: field(&draft.name, "name"),
            everything: draft.everything,
            reach_error: problem(&problems, "reach"),
            options,
            rows,
            next_row: (draft.rows.len() < MOST_ROWS).then(|| draft.next_key()),
            from: field(&draft.from, "from"),
            not_from: field(&draft.not_from, "not_from"),
            address: here.map(|ip| ip.to_string()).unwrap_or_default(),
            starts_on: field(&draft.starts_on, "starts_on"),
            expires_on: Field { value: draft.expires_on.clone(), error: of_expiry },
            expires_hint: expires_hint(&draft, now),
            expires_choices: expires_choices(&draft, now),
            expires: draft.expires,
            errors: error_links(&problems),
            said,
            words,
        };
        render(&page, status)
    }
}
