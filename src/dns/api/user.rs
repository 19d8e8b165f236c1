//! The user whom a token belongs to: name and e-mail address, and the accounts.

use super::permits::{Full, Memberships, Read, UserDetails as OfDetails};
use crate::api::body::{Body, Fields};
use crate::api::json::{Moment, ok};
use crate::api::of_user::OfUser;
use crate::db::{Conn, DbError};
use crate::http::{AppData, AppError};
use crate::models::{User, text};
use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

/// A user, with the name.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserDetails {
    id: i64,
    email: String,
    name: String,
    created_at: Moment,
    updated_at: Moment,
}

/// What is to change; what is null or not there stays. Another e-mail address is not changed at once,
/// as one signs in with it: a link is mailed there, and `email` stays what it is until the user has
/// opened the link and said the password.
#[derive(Debug, ToSchema)]
pub struct UserChange {
    name: Option<String>,
    email: Option<String>,
}

/// An account that the user is a member of.
#[derive(Debug, Serialize, ToSchema)]
pub struct Membership {
    account_id: i64,
    account_name: String,
    #[schema(example = "read_write")]
    role: String,
}

impl UserDetails {
    fn of(user: User) -> UserDetails {
        UserDetails {
            id: user.id.get(),
            email: user.email,
            name: user.name,
            created_at: Moment(user.created_at),
            updated_at: Moment(user.updated_at),
        }
    }
}

/// The user.
pub async fn show(caller: OfUser<OfDetails, Read>, app: AppData) -> Result<HttpResponse, AppError> {
    let id = caller.user;
    let user = app.db.run(move |conn| User::find(conn, id)).await?.ok_or(AppError::NotFound)?;
    Ok(ok(UserDetails::of(user)))
}

/// What became of a change.
enum Changed {
    To(User),
    Gone,
    TooOften,
}

/// Changes the name at once, and asks by mail about another e-mail address.
pub async fn change(
    caller: OfUser<OfDetails, Full>,
    app: AppData,
    body: Body,
) -> Result<HttpResponse, AppError> {
    let mut fields = body.fields().await?;
    let change = read(&mut fields)?;
    let (id, origin) = (caller.user, caller.origin());
    let work = move |conn: &mut Conn| {
        let Some(user) = User::find(conn, id)? else { return Ok(Changed::Gone) };
        if let Some(email) = change.email.filter(|email| *email != user.email)
            && user.ask_address(conn, &email, &origin)?.is_some()
        {
            return Ok(Changed::TooOften);
        }
        let user = User::change(conn, id, change.name.as_deref(), None, &origin)?;
        Ok::<_, DbError>(user.map_or(Changed::Gone, Changed::To))
    };
    let user = match app.db.transaction(work).await? {
        Changed::To(user) => Some(user),
        Changed::Gone => None,
        Changed::TooOften => {
            fields.refuse("email", "was asked for too often; try again in an hour");
            fields.done()?;
            None
        }
    };
    Ok(ok(UserDetails::of(user.ok_or(AppError::NotFound)?)))
}

fn read(fields: &mut Fields) -> Result<UserChange, AppError> {
    let trimmed = |text: String| text.trim().to_owned();
    let (name, email) = (fields.text("name").map(trimmed), fields.text("email").map(trimmed));
    match name.as_deref() {
        Some("") => fields.refuse("name", "can't be blank"),
        Some(name) => fields.refuse_all(text::fault_of_line(name, 255).map(|fault| ("name", fault))),
        None => {}
    }
    match email.as_deref() {
        Some(email) if !text::is_email(email) => fields.refuse("email", "is not an e-mail address"),
        // Whoever signs in is looked up by it: other letters fold in one way here, in another there.
        Some(email) if !email.is_ascii() => fields.refuse("email", "holds letters beyond ASCII"),
        _ => {}
    }
    fields.done()?;
    Ok(UserChange { name, email })
}

/// The accounts that the user is a member of, by number, whether the token reaches them or not.
pub async fn memberships(caller: OfUser<Memberships, Read>) -> HttpResponse {
    let membership = |account_id, name: &str, role: &str| Membership {
        account_id,
        account_name: name.to_owned(),
        role: role.to_owned(),
    };
    let accounts = caller.accounts().iter();
    let of =
        accounts.filter_map(|one| Some(membership(one.account.id.get(), &one.account.name, one.role?.key())));
    ok(of.collect::<Vec<_>>())
}
