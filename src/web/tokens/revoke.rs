//! *Revoke all*: a page that says what will stop, then the end of every live token at once.

use crate::http::{AppData, AppError, Ended};
use crate::models::token::DeletionReason;
use crate::models::token::endings::{Ending, Which};
use crate::models::token::revoke::{self, Standing};
use crate::web::flash::{self, Flash};
use crate::web::form::Posted;
use crate::web::guard::{ManageTokens, TokenOwner};
use crate::web::page::{Field, Page, render};
use crate::web::told::Used;
use crate::web::told::grouped;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use time::OffsetDateTime;

#[derive(Template)]
#[template(path = "tokens/revoke.html")]
struct RevokePage {
    page: Page,
    of_user: bool,
    /// Whose tokens, as it has to be typed.
    whose: String,
    live: String,
    is_one: bool,
    in_use: String,
    uses: Vec<UseRow>,
    more: String,
    typed: Option<Field>,
    action: String,
    list_url: String,
}

struct UseRow {
    name: String,
    url: String,
    used: Used,
}

type Member = TokenOwner<ManageTokens>;

/// The page that asks.
pub async fn confirm(member: Member, app: AppData) -> Result<HttpResponse, AppError> {
    let (owner, now) = (member.owner(), app.clock.now());
    let standing = app.db.run(move |conn| revoke::standing(conn, owner, now)).await?;
    if standing.live == 0 {
        return Ok(flash::done(member.paths().list(), Flash::NothingToRevoke));
    }
    answer(&member, standing, Field::default(), StatusCode::OK, now)
}

/// Revokes all. Where any was used within a day, only with the owner's name typed.
pub async fn revoke(form: Posted<Member>, app: AppData) -> Result<HttpResponse, AppError> {
    let (member, fields) = form.accepted(&app).await?;
    let (owner, origin) = (member.owner(), member.signed_in.origin(&app));
    let (now, typed, whose) = (origin.now, fields.get("confirm").trim().to_owned(), whose(&member));
    let confirmed = typed == whose;
    if !confirmed {
        let standing = app.db.run(move |conn| revoke::standing(conn, owner, now)).await?;
        if standing.in_use > 0 {
            let why = format!("Type {whose} exactly, to say that you mean all of them.");
            let field = Field { value: typed, error: Some(why) };
            return answer(&member, standing, field, StatusCode::UNPROCESSABLE_ENTITY, now);
        }
    }
    let ending = Ending {
        which: Which::All(owner),
        why: DeletionReason::RevokeAll,
        note: None,
        origin: origin.clone(),
    };
    let revoked = app.endings.end(&app.db, ending, move |conn| revoke::revoke_all(conn, owner, &origin));
    let done = match revoked.await? {
        Ended::AtOnce(count) => flash::at_once(count),
        Ended::Whole(0) => Flash::NothingToRevoke,
        Ended::Whole(_) => Flash::AllRevoked,
    };
    Ok(flash::done(member.paths().list(), done))
}

/// The name of the account; of a person, the address.
fn whose(member: &Member) -> String {
    member.account().map_or_else(|| member.signed_in.user.email.clone(), |account| account.name.clone())
}

fn answer(
    member: &Member,
    standing: Standing,
    typed: Field,
    status: StatusCode,
    now: OffsetDateTime,
) -> Result<HttpResponse, AppError> {
    let paths = member.paths();
    let more = standing.in_use - i64::try_from(standing.uses.len()).unwrap_or(0);
    let page = RevokePage {
        page: member.page("Revoke all tokens"),
        of_user: member.account().is_none(),
        whose: whose(member),
        live: grouped(standing.live),
        is_one: standing.live == 1,
        in_use: grouped(standing.in_use),
        typed: (standing.in_use > 0).then_some(typed),
        uses: standing
            .uses
            .into_iter()
            .map(|(name, id, last)| UseRow { name, url: paths.token(id), used: Used::of(&last, now) })
            .collect(),
        more: if more > 0 { grouped(more) } else { String::new() },
        action: paths.revoke(),
        list_url: paths.list(),
    };
    render(&page, status)
}
