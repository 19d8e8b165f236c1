//! `GET /v2/whoami`: whose token this is.

use super::caller::{AnyToken, Asking};
use super::json::{Moment, ok};
use crate::http::AppData;
use crate::models;
use crate::models::token::lookup::{Holder, Person};
use crate::policy::Catalogue;
use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

/// Whose token it is. The other one is null, and both keys are there.
#[derive(Debug, Serialize, ToSchema)]
pub struct Whoami {
    user: Option<User>,
    account: Option<Account>,
}

/// A user.
#[derive(Debug, Serialize, ToSchema)]
pub struct User {
    id: i64,
    email: String,
    created_at: Moment,
    updated_at: Moment,
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub struct Account {
    id: i64,
    email: String,
    name: String,
    plan_identifier: Option<String>,
    created_at: Moment,
    updated_at: Moment,
}

impl Account {
    /// An account, as answers tell it.
    pub fn of(account: &models::Account, catalogue: &Catalogue) -> Account {
        Account {
            id: account.id.get(),
            email: account.email.clone(),
            name: account.name.clone(),
            plan_identifier: catalogue.plan(&account.plan).map(|plan| plan.identifier.clone()),
            created_at: Moment(account.created_at),
            updated_at: Moment(account.updated_at),
        }
    }
}

impl User {
    fn of(person: &Person) -> User {
        User {
            id: person.id.get(),
            email: person.email.clone(),
            created_at: Moment(person.created_at),
            updated_at: Moment(person.updated_at),
        }
    }
}

/// Account or user.
pub async fn whoami(token: AnyToken<Asking>, app: AppData) -> HttpResponse {
    ok(match &token.found().holder {
        Holder::Account(account) => {
            Whoami { user: None, account: Some(Account::of(account, &app.catalogue)) }
        }
        Holder::User(person) => Whoami { user: Some(User::of(person)), account: None },
    })
}
