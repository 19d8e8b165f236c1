//! Forms, as they were posted.

use super::csrf;
use super::guard::{FormAct, Guard, signed_in_session};
use super::password::Caller;
use super::prove::Confirmation;
use crate::http::{App, AppError, read_body};
use crate::web::page_error::PageError;
use actix_session::SessionExt;
use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use percent_encoding::percent_decode;
use std::borrow::Cow;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

/// What is never kept for later: passwords, codes, and what the page that keeps a form has anew.
const NOT_KEPT: [&str; 11] = [
    "csrf",
    "password",
    "password_again",
    "new_password",
    "secret",
    "code",
    "code_again",
    "recovery",
    "recovery_again",
    "passkey",
    "passkey_begun",
];

/// No form of ours has more fields.
const MOST_FIELDS: usize = 2_000;

/// The fields of a form, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded` text: UTF-8 without NUL, which Postgres refuses.
    pub fn parse(body: &[u8]) -> Result<Fields, AppError> {
        let mut fields = Vec::new();
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if fields.len() == MOST_FIELDS {
                return Err(AppError::BadRequest("The form has too many fields."));
            }
            let equals = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let value = pair.get(equals + 1..).unwrap_or_default();
            fields.push((decoded(&pair[..equals])?, decoded(value)?));
        }
        Ok(Fields(fields))
    }

    /// The first value of a field; empty where there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// Whether there is such a field, be it empty.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Whether a box was ticked, whose value is 1. Of another value neither answer would be safe.
    pub fn ticked(&self, name: &str) -> Result<bool, AppError> {
        match self.has(name).then(|| self.get(name)) {
            None => Ok(false),
            Some("1") => Ok(true),
            Some(_) => Err(AppError::BadRequest("A box of the form has a value that it can't have.")),
        }
    }

    /// Every value of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What is kept where the form has to wait.
    pub(super) fn kept(self) -> Vec<(String, String)> {
        self.0.into_iter().filter(|(name, _)| !NOT_KEPT.contains(&name.as_str())).collect()
    }
}

fn decoded(raw: &[u8]) -> Result<String, AppError> {
    let spaced: Cow<'_, [u8]> = if raw.contains(&b'+') {
        raw.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect::<Vec<u8>>().into()
    } else {
        raw.into()
    };
    match percent_decode(&spaced).decode_utf8() {
        Ok(text) if !text.contains('\0') => Ok(text.into_owned()),
        _ => Err(AppError::BadRequest("The form holds characters that no text has.")),
    }
}

/// A form from one of our own pages, posted by anybody. Its form token is the handler's to check.
#[derive(Debug)]
pub struct OpenForm(pub Fields);

impl FromRequest for OpenForm {
    type Error = AppError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, AppError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move { Ok(OpenForm(fields_from_our_pages(&request, payload).await?)) })
    }
}

/// A form posted by someone the guard admits, to do this: `Posted<AccountMember<ManageTokens>>`,
/// `Posted<SiteAdmin, site_acts::Suspend>`. Its fields are out of reach before its form token was checked.
pub struct Posted<G: Guard, A = <G as Guard>::Act> {
    by: G,
    fields: Fields,
    asked: Confirmation,
    act: PhantomData<A>,
}

impl<G: Guard, A: FormAct> Posted<G, A> {
    /// The sender and the fields, if the form token is right and what the act needs was proved lately or is
    /// in this form. Otherwise the answer is a page that asks for it and posts the same form again.
    pub async fn accepted(self, app: &App) -> Result<(G, Fields), AppError> {
        self.asked.pass(A::PROOF, &self.fields, app).await?;
        Ok((self.by, self.fields))
    }
}

impl<G: Guard, A> Posted<G, A> {
    /// For forms that do several things, one by each button or choice: if the form token is right.
    /// Nothing may be changed before [`Confirmation::before`] has let the act pass.
    pub fn undecided(self) -> Result<(G, Fields, Confirmation), AppError> {
        if self.asked.is_stale { Err(PageError::StaleForm.into()) } else { Ok(self.perhaps_stale()) }
    }

    /// The same for forms whose values are worth keeping where the form token is wrong.
    pub fn perhaps_stale(self) -> (G, Fields, Confirmation) {
        (self.by, self.fields, self.asked)
    }
}

impl<G: Guard + 'static, A: 'static> FromRequest for Posted<G, A> {
    type Error = AppError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, AppError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let fields = fields_from_our_pages(&request, payload).await?;
            let action = request.path().to_owned();
            let Some(session) = signed_in_session(&request) else {
                return Err(PageError::SignedOut { action, fields: fields.kept() }.into());
            };
            let by = match G::check(&request).await {
                // The user was deactivated while the session was read.
                Err(error) if PageError::is_sign_in_first(&error) => {
                    return Err(PageError::SignedOut { action, fields: fields.kept() }.into());
                }
                other => other?,
            };
            let is_stale = !csrf::belongs(&session.csrf, fields.get("csrf"));
            let (browser, caller) = (request.get_session(), Caller::extract(&request).await?);
            let asked = Confirmation { is_stale, session, browser, caller, action };
            Ok(Posted { by, fields, asked, act: PhantomData })
        })
    }
}

async fn fields_from_our_pages(request: &HttpRequest, payload: Payload) -> Result<Fields, AppError> {
    let app = request.app_data::<Data<App>>().ok_or_else(|| AppError::Internal("no app".to_owned()))?;
    let body = read_body(payload).await?;
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some("application/x-www-form-urlencoded") {
        return Err(AppError::BadRequest("This address takes forms only."));
    }
    if !csrf::is_from_our_pages(request, app) {
        return Err(PageError::ForeignForm { open_at: csrf::opened_elsewhere(request, app) }.into());
    }
    Fields::parse(&body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_are_read_in_order_and_a_repeated_one_keeps_all_its_values() {
        let fields = Fields::parse(b"name=a+b%26c&zones.id=1&zones.id=2&empty").unwrap();
        assert_eq!(fields.get("name"), "a b&c");
        assert_eq!(fields.all("zones.id").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((fields.get("empty"), fields.get("absent")), ("", ""));
    }

    #[test]
    fn nul_invalid_utf8_and_thousands_of_fields_are_refused() {
        for bad in ["name=%00", "name=%ff", "na%00me=1"] {
            assert!(matches!(Fields::parse(bad.as_bytes()), Err(AppError::BadRequest(_))), "{bad}");
        }
        assert!(Fields::parse("a=1&".repeat(2_000).as_bytes()).is_ok());
        assert!(Fields::parse("a=1&".repeat(2_001).as_bytes()).is_err());
    }

    #[test]
    fn neither_passwords_nor_codes_nor_form_token_nor_a_pasted_secret_are_kept_for_later() {
        let fields = Fields::parse(
            b"csrf=1&password=2&name=3&password_again=4&new_password=5&secret=6&code=7&code_again=8&recovery=9&recovery_again=0",
        );
        let fields = fields.unwrap();
        assert_eq!(fields.kept(), [("name".to_owned(), "3".to_owned())]);
    }

    proptest! {
        #[test]
        fn what_a_browser_encodes_is_read_back(name in "[^\0]{0,20}", value in "[^\0]{0,40}") {
            let body = form_urlencoded::Serializer::new(String::new()).append_pair(&name, &value).finish();
            let fields = Fields::parse(body.as_bytes()).unwrap();
            prop_assert_eq!(fields.get(&name), value);
        }
    }
}
