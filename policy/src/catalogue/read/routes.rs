//! Routes: which call needs what.

use super::super::tree::{At, Table};
use super::super::{InPath, Permission};
use super::Reading;
use crate::routes::{About, Needs, Route, Segment};
use crate::{Access, shown};
use std::collections::BTreeMap;

/// The most routes of a catalogue.
const MOST_ROUTES: usize = 1_000;

/// The most segments of a route's path.
const MOST_SEGMENTS: usize = 32;

impl Reading<'_, '_> {
    pub(super) fn routes(&mut self, tables: Vec<Table<'_, '_>>) -> Vec<Route> {
        let mut routes: Vec<At<Route>> = Vec::new();
        for (number, table) in tables.into_iter().enumerate() {
            if number == MOST_ROUTES {
                self.faults.error(table.at, format!("a catalogue has at most {MOST_ROUTES} routes"));
                break;
            }
            let at = table.at;
            let route = self.route(table);
            routes.extend(route.map(|value| At { value, at }));
        }
        self.across(&routes);
        routes.into_iter().map(|route| route.value).collect()
    }

    fn route(&mut self, table: Table<'_, '_>) -> Option<Route> {
        let faults = &mut self.faults;
        let methods = table.texts("methods", faults);
        if methods.is_empty() {
            table.missing::<()>("methods", faults);
        }
        for method in &methods {
            let fits = method.value.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
            if !fits || ["CONNECT", "TRACE"].contains(&method.value.as_str()) {
                faults.error(method.at, format!("“{}” is no method of a route", shown(&method.value)));
            }
        }
        let path = table.some_text("path", faults);
        let scope = table.text("scope", faults);
        let any_token = table.flag("any_token", faults);
        let open = table.flag("public", faults);
        let target = table.text("target", faults);
        let inside = table.text("parts", faults);
        let at = table.at;
        table.finish(faults);
        let needs = match (&scope, any_token, open) {
            (Some(scope), false, false) => self.needs(scope.as_ref()),
            (None, true, false) => Some(Needs::AnyToken),
            (None, false, true) => Some(Needs::Open),
            _ => {
                let text = "a route has one of “scope”, “any_token = true” and “public = true”";
                self.faults.error(at, text);
                None
            }
        };
        let filters_parts = match (&inside, &needs) {
            (None, _) => false,
            (Some(text), Some(needs)) if text.value == "filtered" && self.has_parts(needs) => true,
            (Some(text), _) => {
                let text_of = "“parts” is “filtered”, at routes whose permission is narrowed by parts";
                self.faults.error(text.at, text_of);
                false
            }
        };
        let path = path?;
        let segments = self.segments(&path);
        let (needs, segments) = (needs?, segments?);
        let about = self.about(&needs, &segments, target.as_ref(), at)?;
        Some(Route {
            methods: methods.into_iter().map(|one| one.value).collect(),
            written: path.value,
            path: segments,
            needs,
            about,
            filters_parts,
        })
    }

    fn needs(&mut self, scope: At<&String>) -> Option<Needs> {
        let found = scope.value.split_once(':').and_then(|(key, level)| {
            let permission = self.permissions.iter().find(|one| one.value.key.as_str() == key)?;
            let access = match level {
                "read" => Access::Read,
                "write" => Access::Full,
                _ => return None,
            };
            Some((&permission.value, access))
        });
        match found {
            None => {
                let text =
                    format!("“{}” is no permission and level, such as orders:read", shown(scope.value));
                self.faults.error(scope.at, text);
                None
            }
            Some((permission, Access::Full)) if !permission.access.contains(&Access::Full) => {
                let text = format!("“{}” doesn't offer the level “write”", permission.key);
                self.faults.error(scope.at, text);
                None
            }
            Some((permission, access)) => Some(Needs::Scope(permission.key.clone(), access)),
        }
    }

    fn permission_of(&self, needs: &Needs) -> Option<&Permission> {
        match needs {
            Needs::Scope(key, _) => self.permissions.iter().map(|one| &one.value).find(|one| one.key == *key),
            Needs::AnyToken | Needs::Open => None,
        }
    }

    fn has_parts(&self, needs: &Needs) -> bool {
        self.permission_of(needs).is_some_and(|permission| !permission.parts.is_empty())
    }

    fn segments(&mut self, path: &At<String>) -> Option<Vec<Segment>> {
        let Some(inside) = path.value.strip_prefix('/') else {
            self.faults.error(path.at, "a path begins with /");
            return None;
        };
        let written: Vec<&str> = inside.split('/').collect();
        if written.len() > MOST_SEGMENTS {
            self.faults.error(path.at, format!("a path has at most {MOST_SEGMENTS} segments"));
            return None;
        }
        let mut segments: Vec<Segment> = Vec::new();
        let mut sound = true;
        for (place, text) in written.iter().enumerate() {
            let last = place + 1 == written.len();
            let found = match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
                None if text.contains(['{', '}']) => Err(format!("“{}” is half a place", shown(text))),
                None if text.is_empty() && !last => Err("a path has no empty segments".to_owned()),
                None if crate::path::normal(&format!("/{text}")).is_none() => {
                    Err(format!("“{}” isn't spelled as paths that are asked for have to be", shown(text)))
                }
                None => Ok(Segment::Literal((*text).to_owned())),
                Some("*") => Ok(Segment::Any),
                Some("**") if !last => Err("{**} is the last segment of its path".to_owned()),
                Some("**") => Ok(Segment::Rest),
                Some("account") if self.in_path == InPath::Absent => {
                    Err("a path has {account} only where “in_path” says how it's written".to_owned())
                }
                Some("account") => Ok(Segment::Account),
                Some(name) => self.place(name),
            };
            match found {
                Ok(segment) if is_twice(&segments, &segment) => {
                    self.faults.error(path.at, format!("“{}” is there twice", shown(text)));
                    sound = false;
                }
                Ok(segment) => segments.push(segment),
                Err(why) => {
                    self.faults.error(path.at, why);
                    sound = false;
                }
            }
        }
        sound.then_some(segments)
    }

    fn place(&self, name: &str) -> Result<Segment, String> {
        let (kind, part) = name.split_once('.').map_or((name, None), |(kind, part)| (kind, Some(part)));
        let Some(found) = self.kinds.iter().find(|one| one.key.as_str() == kind) else {
            let known: Vec<String> = self.kinds.iter().map(|kind| format!("{{{}}}", kind.key)).collect();
            let known = [known, vec!["{*}".to_owned(), "{**}".to_owned()]].concat().join(", ");
            return Err(format!("there is no kind for the place {{{}}}; there are {known}", shown(name)));
        };
        match part {
            None => Ok(Segment::Resource(found.key)),
            Some(part) if found.part(part).is_some() => Ok(Segment::Part(found.key, part.to_owned())),
            Some(part) => Err(format!("“{kind}” has no part “{}”", shown(part))),
        }
    }

    fn about(
        &mut self,
        needs: &Needs,
        path: &[Segment],
        target: Option<&At<String>>,
        at: usize,
    ) -> Option<About> {
        let kind = self.permission_of(needs).and_then(|permission| permission.narrowed_by);
        let named = kind.is_some_and(|kind| path.contains(&Segment::Resource(kind)));
        let Some(target) = target else {
            if kind.is_some() && !named {
                let text = "the path names no resource, and the route doesn't say what it's about: \
                            “target” is “new” for what is to be created, “all” for what is about all of \
                            them, “filtered” for a list that your API filters by X-Token-Resources";
                self.faults.error(at, text);
                return None;
            }
            return Some(About::Named);
        };
        let about = match target.value.as_str() {
            "new" => About::New,
            "all" => About::All,
            "filtered" => About::Filtered,
            _ => {
                self.faults.error(target.at, "“target” has to be “new”, “all” or “filtered”");
                return None;
            }
        };
        if kind.is_none() || named {
            let text = if named {
                "the path names the resource that the route is about"
            } else {
                "only a route whose permission is narrowed by a kind has a “target”"
            };
            self.faults.error(target.at, text);
            return None;
        }
        Some(about)
    }

    /// What only shows beside the other routes.
    fn across(&mut self, routes: &[At<Route>]) {
        let mut by_shape: BTreeMap<usize, Vec<&At<Route>>> = BTreeMap::new();
        for route in routes {
            let same = by_shape.entry(route.value.path.len()).or_default();
            if let Some(other) = same.iter().find(|other| other.value.collides(&route.value)) {
                let text = format!("this takes the same calls as “{}”", shown(&other.value.written));
                self.faults.error(route.at, text);
            }
            for other in same.iter() {
                for (own, beside) in [(route, *other), (*other, route)] {
                    if let Some(literal) = self.shadowed(&own.value.path, &beside.value.path) {
                        let text = format!(
                            "“{literal}” goes before the place that “{}” has there: your API may see it otherwise",
                            shown(&beside.value.written)
                        );
                        self.faults.warning(own.at, text);
                    }
                }
            }
            same.push(route);
        }
        if routes.is_empty() {
            return;
        }
        for permission in &self.permissions {
            let used = |route: &At<Route>| match &route.value.needs {
                Needs::Scope(key, _) => *key == permission.value.key,
                Needs::AnyToken | Needs::Open => false,
            };
            if !routes.iter().any(used) {
                let text = format!("no route needs permission “{}”", permission.value.key);
                self.faults.warning(permission.at, text);
            }
        }
    }

    /// The literal of a path where a like one has a place for a resource that could be called so.
    fn shadowed<'p>(&self, path: &'p [Segment], beside: &[Segment]) -> Option<&'p str> {
        let first = path.iter().zip(beside).find(|(own, other)| own != other)?;
        match first {
            (Segment::Literal(literal), Segment::Resource(kind)) => {
                let kind = self.kinds.iter().find(|one| one.key == *kind)?;
                kind.name(literal).map(|_| literal.as_str())
            }
            _ => None,
        }
    }
}

/// Whether a place that stands for something in particular is there already.
fn is_twice(before: &[Segment], segment: &Segment) -> bool {
    !matches!(segment, Segment::Literal(_) | Segment::Any) && before.contains(segment)
}
