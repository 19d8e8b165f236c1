//! Catalogues for tests: those that come with the product.

use crate::{Catalogue, PartForm};

/// The DNS example's, with a form of names that knows the apex and no more.
pub fn dns() -> Catalogue {
    of("dns", include_str!("../../src/dns/catalogue.toml"))
}

/// The shop of docs/examples.
pub fn shop() -> Catalogue {
    of("shop", include_str!("../../docs/examples/shop.toml"))
}

/// The CI service of docs/examples.
pub fn ci() -> Catalogue {
    of("ci", include_str!("../../docs/examples/ci.toml"))
}

/// The forms of parts that they use.
pub const FORMS: &[&dyn PartForm] = &[&RelativeName];

fn of(name: &str, text: &str) -> Catalogue {
    let (catalogue, faults) = Catalogue::check(text, FORMS);
    assert!(faults.is_empty(), "{name}: {faults:?}");
    catalogue.unwrap()
}

#[derive(Debug)]
struct RelativeName;

impl PartForm for RelativeName {
    fn key(&self) -> &'static str {
        "dns_name"
    }

    fn normal(&self, written: &str) -> Result<String, String> {
        match written {
            "@" => Ok(String::new()),
            name if name.bytes().all(|byte| byte.is_ascii_graphic() && !b"/,".contains(&byte)) => {
                Ok(name.to_ascii_lowercase())
            }
            _ => Err("is no name".to_owned()),
        }
    }

    fn written<'a>(&self, normal: &'a str) -> &'a str {
        if normal.is_empty() { "@" } else { normal }
    }

    fn explained(&self, normal: &str) -> Option<&'static str> {
        normal.is_empty().then_some("the zone's own name")
    }
}
