//! How a contact is told and sent.

use super::body::Fields;
use super::json::Moment;
use crate::http::AppError;
use crate::models::contact::{self, Details};
use serde::Serialize;
use utoipa::ToSchema;

/// A contact.
#[derive(Debug, Serialize, ToSchema)]
pub struct Contact {
    id: i64,
    account_id: i64,
    #[serde(flatten)]
    details: ContactDetails,
    created_at: Moment,
    updated_at: Moment,
}

/// Who somebody is and where.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactDetails {
    #[schema(required = false)]
    label: String,
    first_name: String,
    last_name: String,
    /// Required with an `organization_name`.
    #[schema(required = false)]
    job_title: String,
    #[schema(required = false)]
    organization_name: String,
    email: String,
    phone: String,
    #[schema(required = false)]
    fax: String,
    address1: String,
    #[schema(required = false)]
    address2: String,
    city: String,
    state_province: String,
    postal_code: String,
    /// Two letters, as in ISO 3166.
    country: String,
}

impl From<contact::Contact> for Contact {
    fn from(one: contact::Contact) -> Contact {
        let of = one.details;
        let details = ContactDetails {
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
        };
        Contact {
            id: one.id,
            account_id: one.account_id,
            details,
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
