//! A call of the API behind the proxy with which a new token can be tried.

use crate::policy::{About, Catalogue, Grant, Needs, Rights, Route, Segment, Selection};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands in a path as it is (RFC 3986, unreserved).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// URL of a GET that these rights allow; none where the catalogue doesn't say where the API is, or where
/// each call would need a name that the rights don't have.
pub(super) fn call(catalogue: &Catalogue, rights: &Rights) -> Option<String> {
    let api = catalogue.product.api.as_deref()?;
    let path = catalogue.routes.iter().find_map(|route| path(route, rights))?;
    Some(format!("{api}{path}"))
}

fn path(route: &Route, rights: &Rights) -> Option<String> {
    let grant = match (&route.needs, rights) {
        _ if !route.takes("GET") => return None,
        (Needs::Open, _) => return None,
        (Needs::AnyToken, _) | (Needs::Scope(..), Rights::Everything) => None,
        (Needs::Scope(permission, access), Rights::Grants(grants)) => {
            let suits = |one: &&Grant| one.permission == *permission && one.access >= *access;
            Some(grants.iter().filter(suits).find(|one| reaches(route, one))?)
        }
    };
    let named = grant.map(|grant| &grant.selection);
    let mut path = String::new();
    for segment in &route.path {
        path.push('/');
        match (segment, named) {
            (Segment::Literal(text), _) => path.push_str(text),
            (Segment::Resource(kind), Some(Selection::Only(only))) => {
                let one = only.iter().find(|one| one.kind == *kind && one.id.is_some())?;
                path.extend(utf8_percent_encode(&one.name, PLAIN));
            }
            _ => return None,
        }
    }
    Some(path)
}

/// Whether a grant is enough for what the route is about, whichever resource that is.
fn reaches(route: &Route, grant: &Grant) -> bool {
    let whole = !matches!(grant.selection, Selection::Only(_)) && grant.selection.named().is_empty();
    match route.about {
        About::Named | About::Filtered => grant.parts.is_open(),
        About::All | About::New => whole,
    }
}
