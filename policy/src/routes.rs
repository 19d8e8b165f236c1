//! The routes of an API: which scope a call needs, by its method and path, and what it's about.

use crate::{Access, KindKey, PermissionKey};
use percent_encoding::percent_decode_str;
use std::collections::HashMap;

/// A segment of a route's path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// These letters.
    Literal(String),
    /// The account, as the catalogue says that paths name it.
    Account,
    /// A resource of this kind, by its name.
    Resource(KindKey),
    /// A name of a part of the resource before it: kind and key of the part.
    Part(KindKey, String),
    /// Any one segment.
    Any,
    /// All that follows, perhaps nothing; the last one of its path.
    Rest,
}

/// What a call has to come with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needs {
    /// A token with this access to this permission.
    Scope(PermissionKey, Access),
    /// Any token that works.
    AnyToken,
    /// Nothing: nobody is asked.
    Open,
}

/// What a call is about, as far as its route says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// What its path names; without a resource there, the account or the person.
    Named,
    /// A resource that is to be created: needs *all, including future ones*.
    New,
    /// All of the kind at once: needs a grant without a selection.
    All,
    /// A list that the API itself filters to what the token reaches.
    Filtered,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its methods, in capitals.
    pub methods: Vec<String>,
    /// Its path, as the catalogue writes it.
    pub written: String,
    /// Its path.
    pub path: Vec<Segment>,
    /// What a call has to come with.
    pub needs: Needs,
    /// What a call is about.
    pub about: About,
    /// Whether the API itself keeps to the parts of the token's grants, rather than the path naming them.
    pub filters_parts: bool,
}

impl Route {
    /// Whether it takes this method: GET takes HEAD, too (RFC 9110, 9.3.2).
    pub fn takes(&self, method: &str) -> bool {
        self.methods.iter().any(|own| own == method || (own == "GET" && method == "HEAD"))
    }

    /// Whether some call fits this route and the other one, and neither goes before the other.
    pub fn collides(&self, other: &Route) -> bool {
        let alike = |(own, other): (&Segment, &Segment)| shape(own) == shape(other);
        self.path.len() == other.path.len()
            && self.path.iter().zip(&other.path).all(alike)
            && self.methods.iter().any(|one| other.takes(one) || (one == "GET" && other.takes("HEAD")))
    }
}

/// What of a segment decides whether it fits: a place fits every segment, whatever it stands for.
fn shape(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Literal(text) => Some(text),
        Segment::Account | Segment::Resource(_) | Segment::Part(..) | Segment::Any => None,
        Segment::Rest => Some("/"),
    }
}

/// Routes, found by method and path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Routes {
    routes: Vec<Route>,
    root: Node,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Node {
    literals: HashMap<String, Node>,
    place: Option<Box<Node>>,
    /// Routes that end here.
    here: Vec<usize>,
    /// Routes that take all that follows.
    rest: Vec<usize>,
}

/// A route that takes a call, and the segments of the call's path, decoded, in the order of the route's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<'r, 'p> {
    /// The route.
    pub route: &'r Route,
    segments: Vec<&'p str>,
}

impl Found<'_, '_> {
    /// What is at a place of the route's path, decoded; `None` where the route has no such place, or
    /// what is there isn't UTF-8.
    pub fn at(&self, wanted: impl Fn(&Segment) -> bool) -> Option<String> {
        let place = self.route.path.iter().position(wanted)?;
        percent_decode_str(self.segments.get(place)?).decode_utf8().ok().map(|text| text.into_owned())
    }
}

impl Routes {
    /// These routes.
    pub fn new(routes: Vec<Route>) -> Routes {
        let mut root = Node::default();
        for (number, route) in routes.iter().enumerate() {
            let mut node = &mut root;
            let mut whole = true;
            for segment in &route.path {
                node = match segment {
                    Segment::Literal(text) => node.literals.entry(text.clone()).or_default(),
                    Segment::Rest => {
                        whole = false;
                        break;
                    }
                    _ => node.place.get_or_insert_default(),
                };
            }
            if whole { node.here.push(number) } else { node.rest.push(number) }
        }
        Routes { routes, root }
    }

    /// All of them, in the order of the catalogue.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.routes.iter()
    }

    /// The route that takes a call: a literal goes before a place, and a place before *all that
    /// follows*. `path` is in normal form ([`path::normal`](crate::path::normal)).
    pub fn find<'p>(&self, method: &str, path: &'p str) -> Option<Found<'_, 'p>> {
        let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        let route = self.descend(&self.root, method, &segments)?;
        Some(Found { route, segments })
    }

    /// Each node is looked at once at most: its depth says which segment it's asked for.
    fn descend(&self, node: &Node, method: &str, rest: &[&str]) -> Option<&Route> {
        let taking = |numbers: &[usize]| {
            numbers.iter().filter_map(|number| self.routes.get(*number)).find(|route| route.takes(method))
        };
        let found = match rest {
            [] => taking(&node.here),
            [first, rest @ ..] => {
                let literal = node.literals.get(*first).and_then(|next| self.descend(next, method, rest));
                // A place stands for something.
                let place = || {
                    let next = node.place.as_deref().filter(|_| !first.is_empty())?;
                    self.descend(next, method, rest)
                };
                literal.or_else(place)
            }
        };
        found.or_else(|| taking(&node.rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: &str, path: &str) -> Route {
        let segment = |text: &str| match text {
            "{store}" => Segment::Resource(KindKey::literal("store")),
            "{*}" => Segment::Any,
            "{**}" => Segment::Rest,
            text => Segment::Literal(text.to_owned()),
        };
        Route {
            methods: vec![method.to_owned()],
            written: path.to_owned(),
            path: path[1..].split('/').map(segment).collect(),
            needs: Needs::AnyToken,
            about: About::Named,
            filters_parts: false,
        }
    }

    fn found(routes: &Routes, method: &str, path: &str) -> Option<String> {
        routes.find(method, path).map(|found| found.route.written.clone())
    }

    #[test]
    fn a_literal_goes_before_a_place_and_a_place_before_all_that_follows() {
        let written = ["/stores/{store}", "/stores/new", "/stores/{store}/{*}", "/stores/{**}", "/{*}/x"];
        let routes = Routes::new(written.iter().map(|path| route("GET", path)).collect());
        for (path, expected) in [
            ("/stores/berlin", Some("/stores/{store}")),
            ("/stores/new", Some("/stores/new")),
            ("/stores/new/orders", Some("/stores/{store}/{*}")),
            ("/stores/a/b/c", Some("/stores/{**}")),
            ("/stores", Some("/stores/{**}")),
            ("/stores/", Some("/stores/{**}")),
            ("/stores/x", Some("/stores/{store}")),
            ("/other/x", Some("/{*}/x")),
            ("//x", None),
            ("/other", None),
            ("/", None),
            ("stores/berlin", None),
        ] {
            assert_eq!(found(&routes, "GET", path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn another_method_falls_through_to_a_route_that_takes_it_and_get_takes_head() {
        let routes = Routes::new(vec![
            route("GET", "/stores/new"),
            route("POST", "/stores/{store}"),
            route("OPTIONS", "/{**}"),
        ]);
        assert_eq!(found(&routes, "HEAD", "/stores/new").as_deref(), Some("/stores/new"));
        assert_eq!(found(&routes, "POST", "/stores/new").as_deref(), Some("/stores/{store}"));
        assert_eq!(found(&routes, "OPTIONS", "/stores/new").as_deref(), Some("/{**}"));
        assert_eq!(found(&routes, "OPTIONS", "/").as_deref(), Some("/{**}"));
        for method in ["get", "DELETE", "", "GET "] {
            assert_eq!(found(&routes, method, "/stores/new"), None, "{method}");
        }
    }

    #[test]
    fn routes_collide_where_a_call_fits_both_and_neither_goes_first() {
        for (own, other, collide) in [
            (("GET", "/a/{store}"), ("GET", "/a/{*}"), true),
            (("GET", "/a/{store}"), ("HEAD", "/a/{store}"), true),
            (("HEAD", "/a/{store}"), ("GET", "/a/{*}"), true),
            (("GET", "/a/{store}"), ("POST", "/a/{store}"), false),
            (("GET", "/a/{store}"), ("GET", "/a/b"), false),
            (("GET", "/a/{**}"), ("GET", "/a/{*}"), false),
            (("GET", "/{**}"), ("GET", "/{**}"), true),
        ] {
            assert_eq!(route(own.0, own.1).collides(&route(other.0, other.1)), collide, "{own:?} {other:?}");
        }
    }

    #[test]
    fn what_stands_at_a_place_is_decoded() {
        let routes = Routes::new(vec![route("GET", "/stores/{store}/{*}")]);
        let found = routes.find("GET", "/stores/k%C3%B6ln/7").unwrap();
        assert_eq!(found.at(|one| matches!(one, Segment::Resource(_))).as_deref(), Some("köln"));
        assert_eq!(found.at(|one| *one == Segment::Account), None);
    }
}
