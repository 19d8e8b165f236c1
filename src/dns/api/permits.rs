//! The permissions of the catalogue, as types.

pub use crate::api::permits::{Full, Level, Read};

use crate::api::permits::Permit;

macro_rules! permits {
    ($($name:ident = $key:literal),+ $(,)?) => {
        $(
            #[doc = concat!("The permission `", $key, "`.")]
            pub struct $name;

            impl Permit for $name {
                const KEY: &'static str = $key;
            }
        )+
    };
}

permits! {
    Account = "account",
    Billing = "billing",
    Certificates = "certificates",
    CertificatePrivateKeys = "certificate_private_keys",
    Contacts = "contacts",
    DomainResearch = "domain_research",
    Domains = "domains",
    Memberships = "memberships",
    Platform = "platform",
    Registrar = "registrar",
    Templates = "templates",
    UserDetails = "user_details",
    Webhooks = "webhooks",
    Zones = "zones",
}
