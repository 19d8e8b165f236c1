//! How a contact is told and sent.

use crate::api::body::Fields;
use crate::api::json::Moment;
use crate::dns::models::contact::{self, Details};
use crate::http::AppError;
use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// A contact. What is not required may be empty.
#[derive(Debug, Serialize, ToSchema)]
pub struct Contact {
    id: i64,
    account_id: i64,
    label: String,
    first_name: String,
    last_name: String,
    job_title: String,
    organization_name: String,
    email: String,
    phone: String,
    fax: String,
    address1: String,
    address2: String,
    city: String,
    state_province: String,
    postal_code: String,
    /// Two letters, as in ISO 3166.
    country: String,
    created_at: Moment,
    updated_at: Moment,
}

/// A contact to be made: the texts of [`Details`], some of them required.
pub struct NewContact;

impl ToSchema for NewContact {}

impl PartialSchema for NewContact {
    fn schema() -> RefOr<Schema> {
        let text = || Object::with_type(Type::String);
        let object = Details::fields().into_iter().fold(ObjectBuilder::new(), |all, (name, is_required)| {
            let all = all.property(name, text());
            if is_required { all.required(name) } else { all }
        });
        RefOr::T(Schema::Object(object.build()))
    }
}

impl From<contact::Contact> for Contact {
    fn from(one: contact::Contact) -> Contact {
        let of = one.details;
        Contact {
            id: one.id,
            account_id: one.account_id.get(),
            label: of.label,
            first_name: of.first_name,
            last_name: of.last_name,
            job_title: of.job_title,
            organization_name: of.organization_name,
            email: of.email,
            phone: of.phone,
            fax: of.fax,
            address1: of.address1,
            address2: of.address2,
            city: of.city,
            state_province: of.state_province,
            postal_code: of.postal_code,
            country: of.country,
            created_at: Moment(one.created_at),
            updated_at: Moment(one.updated_at),
        }
    }
}

/// What was sent, checked field by field.
pub fn details(mut fields: Fields) -> Result<Details, AppError> {
    let mut text = |name| fields.text(name).unwrap_or_default();
    let details = Details {
        label: text("label"),
        first_name: text("first_name"),
        last_name: text("last_name"),
        job_title: text("job_title"),
        organization_name: text("organization_name"),
        email: text("email"),
        phone: text("phone"),
        fax: text("fax"),
        address1: text("address1"),
        address2: text("address2"),
        city: text("city"),
        state_province: text("state_province"),
        postal_code: text("postal_code"),
        country: text("country"),
    };
    let details = details.tidied();
    fields.refuse_all(details.faults());
    fields.done()?;
    Ok(details)
}
