//! A catalogue read from its file: table by table, every fault noted with its place.

use super::fault::{Fault, Faults, Severity};
use super::template::{Preset, Reach, Template, TemplateRow};
use super::tree::{At, Table};
use super::{
    Catalogue, Category, InPath, LowestRole, OF_USER, Permission, PermissionKey, Plan, Product, Verbs,
};
use crate::parts::{Form, MOST_PARTS, Part, PartForm, Parts};
use crate::routes::{About, Needs, Route, Routes, Segment};
use crate::{Access, Case, Kind, KindKey, NamePattern, NarrowedSentences, Role, Unique, shown};
use std::collections::BTreeMap;
use toml::de::DeTable;

/// The largest file, in bytes.
const LARGEST: usize = 1_000_000;

/// The most routes of a catalogue.
const MOST_ROUTES: usize = 1_000;

/// The most segments of a route's path.
const MOST_SEGMENTS: usize = 32;

/// A form of parts that the product or an extension knows.
type Forms<'a> = &'a [&'static dyn PartForm];

/// What is read so far: later tables name what earlier ones hold.
struct Reading<'a, 't> {
    faults: Faults<'t>,
    forms: Forms<'a>,
    in_path: InPath,
    kinds: Vec<Kind>,
    categories: Vec<At<Category>>,
    permissions: Vec<At<Permission>>,
}

/// Reads a file. The faults are sorted by place; where a catalogue comes with some, they are warnings.
pub(super) fn read(text: &str, forms: Forms<'_>) -> (Option<Catalogue>, Vec<Fault>) {
    let mut faults = Faults::of(text);
    if text.len() > LARGEST {
        faults.error(0, format!("a catalogue has at most {LARGEST} bytes, and this has {}", text.len()));
        return (None, faults.sorted());
    }
    let (document, syntax) = DeTable::parse_recoverable(text);
    for fault in &syntax {
        faults.error(fault.span().map_or(0, |span| span.start), fault.message().to_owned());
    }
    let mut reading = Reading {
        faults,
        forms,
        in_path: InPath::Absent,
        kinds: Vec::new(),
        categories: Vec::new(),
        permissions: Vec::new(),
    };
    let catalogue = reading.catalogue(Table::new(document.get_ref(), 0, "a catalogue"));
    let faults = reading.faults.sorted();
    let usable = faults.iter().all(|fault| fault.severity == Severity::Warning);
    (catalogue.filter(|_| usable), faults)
}

impl Reading<'_, '_> {
    fn catalogue(&mut self, file: Table<'_, '_>) -> Option<Catalogue> {
        let faults = &mut self.faults;
        if file.number("format", 2, 2, faults).is_none() {
            file.missing::<()>("format", faults);
        }
        let version = file.text("version", faults).map(|text| text.value);
        let product = file.table("product", "a product", faults);
        let product = match product {
            Some(product) => self.product(product),
            None => file.missing("product", &mut self.faults),
        };
        let headers = match file.table("credentials", "“credentials”", &mut self.faults) {
            Some(credentials) => self.headers(credentials),
            None => vec![AUTHORIZATION.to_owned()],
        };
        if let Some(accounts) = file.table("accounts", "“accounts”", &mut self.faults) {
            self.in_path(accounts);
        }
        for kind in file.tables("kinds", "a kind", &mut self.faults) {
            self.kind(kind);
        }
        for category in file.tables("categories", "a category", &mut self.faults) {
            self.category(category);
        }
        for permission in file.tables("permissions", "a permission", &mut self.faults) {
            self.permission(permission);
        }
        if self.permissions.is_empty() {
            file.missing::<()>("permissions", &mut self.faults);
        }
        for category in &self.categories {
            let used = |one: &At<Permission>| one.value.category == category.value.key;
            if category.value.key != OF_USER && !self.permissions.iter().any(used) {
                let text = format!("no permission is of category “{}”", category.value.key);
                self.faults.warning(category.at, text);
            }
        }
        let mut templates: Vec<Template> = Vec::new();
        for table in file.tables("templates", "a template", &mut self.faults) {
            let template = self.template(table, &templates);
            templates.extend(template);
        }
        let mut plans: Vec<Plan> = Vec::new();
        for table in file.tables("plans", "a plan", &mut self.faults) {
            let plan = self.plan(table, &plans);
            plans.extend(plan);
        }
        if plans.is_empty() {
            file.missing::<()>("plans", &mut self.faults);
        }
        let routes = file.tables("routes", "a route", &mut self.faults);
        let routes = self.routes(routes);
        file.finish(&mut self.faults);
        let mut categories: Vec<Category> = self.categories.drain(..).map(|one| one.value).collect();
        if !categories.iter().any(|one| one.key == OF_USER) {
            categories.push(Category { key: OF_USER.to_owned(), title: "User".to_owned() });
        }
        Some(Catalogue {
            version,
            product: product?,
            headers,
            in_path: self.in_path,
            kinds: std::mem::take(&mut self.kinds),
            categories,
            permissions: self.permissions.drain(..).map(|one| one.value).collect(),
            plans,
            user_tokens: None,
            templates,
            routes: Routes::new(routes),
        })
    }

    fn product(&mut self, table: Table<'_, '_>) -> Option<Product> {
        let faults = &mut self.faults;
        let name = table.some_text("name", faults);
        let prefix = table.some_text("prefix", faults);
        if let Some(prefix) = &prefix
            && !((2..=10).contains(&prefix.value.len())
                && prefix.value.starts_with(|first: char| first.is_ascii_lowercase())
                && prefix.value.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
        {
            faults.error(prefix.at, "“prefix” has 2 to 10 lower-case letters and digits, a letter first");
        }
        let mut url = |key| {
            let url = table.text(key, faults)?;
            let fits = ["https://", "http://"].iter().any(|scheme| url.value.starts_with(scheme))
                && !url.value.contains(|sign: char| sign.is_whitespace() || sign.is_control());
            if !fits {
                faults.error(url.at, format!("“{key}” has to be a URL such as https://example.com"));
            }
            Some(url.value.trim_end_matches('/').to_owned())
        };
        let (docs, api) = (url("docs"), url("api"));
        table.finish(&mut self.faults);
        Some(Product { name: name?.value, prefix: prefix?.value, docs, api })
    }

    fn headers(&mut self, table: Table<'_, '_>) -> Vec<String> {
        let headers = table.texts("headers", &mut self.faults);
        if headers.is_empty() {
            table.missing::<()>("headers", &mut self.faults);
        }
        for header in &headers {
            let fits = header.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if !fits || header.value.eq_ignore_ascii_case("cookie") {
                self.faults.error(header.at, format!("“{}” is no header for a token", shown(&header.value)));
            }
        }
        table.finish(&mut self.faults);
        headers.into_iter().map(|one| one.value.to_ascii_lowercase()).collect()
    }

    fn in_path(&mut self, table: Table<'_, '_>) {
        if let Some(text) = table.some_text("in_path", &mut self.faults) {
            match text.value.as_str() {
                "number" => self.in_path = InPath::Number,
                "ref" => self.in_path = InPath::Ref,
                "absent" => {}
                _ => self.faults.error(text.at, "“in_path” has to be “number”, “ref” or “absent”"),
            }
        }
        table.finish(&mut self.faults);
    }

    fn kind(&mut self, table: Table<'_, '_>) {
        let faults = &mut self.faults;
        let key = table.some_text("key", faults);
        let title = table.some_text("title", faults);
        let plural = table.some_text("plural", faults);
        let pattern = table.some_text("pattern", faults);
        let example = table.some_text("example", faults);
        let unique = match table.text("unique", faults) {
            Some(text) if text.value == "site" => Unique::Site,
            Some(text) if text.value != "account" => {
                faults.error(text.at, "“unique” has to be “account” or “site”");
                Unique::Account
            }
            _ => Unique::Account,
        };
        let case = match table.text("case", faults) {
            Some(text) if text.value == "lower" => Case::Lower,
            Some(text) if text.value != "exact" => {
                faults.error(text.at, "“case” has to be “exact” or “lower”");
                Case::Exact
            }
            _ => Case::Exact,
        };
        let items = table.table("items", "“items”", faults).and_then(|items| {
            let (one, several) = (items.some_text("one", faults), items.some_text("several", faults));
            items.finish(faults);
            Some((one?.value, several?.value))
        });
        let narrowed = table.table("narrowed", "“narrowed”", faults).and_then(|said| {
            let (all, some) = (said.some_text("all", faults), said.some_text("some", faults));
            said.finish(faults);
            Some(NarrowedSentences { all: all?.value, some: some?.value })
        });
        let mut parts = Vec::new();
        for (number, part) in table.tables("parts", "a part", faults).into_iter().enumerate() {
            if number == MOST_PARTS {
                faults.error(part.at, format!("a kind has at most {MOST_PARTS} parts"));
            }
            let part = read_part(part, &parts, self.forms, faults);
            parts.extend(part);
        }
        let at = table.at;
        table.finish(&mut self.faults);
        let pattern = pattern.and_then(|text| match NamePattern::parse(&text.value) {
            Ok(pattern) => Some(pattern),
            Err(why) => {
                // Of an expression's error the last line says what it is.
                let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                self.faults.error(text.at, format!("“pattern” is no regular expression: {why}"));
                None
            }
        });
        let key = key.and_then(|text| match KindKey::try_from(text.value.as_str()) {
            Ok(key) if self.kinds.iter().any(|kind| kind.key == key) => {
                self.faults.error(text.at, format!("there is a kind “{key}” already"));
                None
            }
            Ok(key) => Some(key),
            Err(why) => {
                self.faults.error(text.at, why);
                None
            }
        });
        let kind = (|| {
            Some(Kind {
                key: key?,
                title: title?.value,
                plural: plural?.value,
                pattern: pattern?,
                example: example.as_ref()?.value.clone(),
                unique,
                case,
                items,
                parts,
                narrowed,
            })
        })();
        let Some(kind) = kind else { return };
        if kind.name(&kind.example).is_none_or(|name| name != kind.example) {
            let at = example.map_or(at, |text| text.at);
            self.faults.error(at, format!("“{}” doesn't fit the pattern of its kind", shown(&kind.example)));
        }
        self.kinds.push(kind);
    }

    fn category(&mut self, table: Table<'_, '_>) {
        let key = table.some_text("key", &mut self.faults);
        let title = table.some_text("title", &mut self.faults);
        let at = table.at;
        table.finish(&mut self.faults);
        let (Some(key), Some(title)) = (key, title) else { return };
        if self.categories.iter().any(|one| one.value.key == key.value) {
            self.faults.error(key.at, format!("there is a category “{}” already", shown(&key.value)));
            return;
        }
        let value = Category { key: key.value, title: title.value };
        self.categories.push(At { value, at });
    }

    fn permission(&mut self, table: Table<'_, '_>) {
        let faults = &mut self.faults;
        let key = table.some_text("key", faults);
        let title = table.some_text("title", faults);
        let sentence = table.some_text("description", faults);
        let object = table.some_text("object", faults);
        let category = table.some_text("category", faults);
        let narrowed_by = table.text("narrowed_by", faults);
        let parts = table.texts("parts", faults);
        let levels = table.texts("levels", faults);
        let creates = table.text("creates", faults);
        let sensitive = table.flag("sensitive", faults);
        let named_in_everything = table.flag("named_in_everything", faults);
        let mut by_level = |key: &'static str, what| {
            let Some(own) = table.table(key, what, faults) else { return [None, None] };
            let found = [own.some_if_there("read", faults), own.some_if_there("write", faults)];
            own.finish(faults);
            found
        };
        let [read_verb, write_verb] = by_level("verbs", "“verbs”");
        let roles = by_level("lowest_role", "“lowest_role”");
        let at = table.at;
        if levels.is_empty() {
            table.missing::<()>("levels", faults);
        }
        table.finish(faults);
        let mut access = Vec::new();
        for level in &levels {
            match level.value.as_str() {
                "read" => access.push(Access::Read),
                "write" => access.push(Access::Full),
                other => faults
                    .error(level.at, format!("there is no level “{}”; there are read, write", shown(other))),
            }
        }
        if access == [Access::Full, Access::Read] {
            faults.error(levels.first().map_or(at, |one| one.at), "levels go from less to more: read, write");
        }
        let mut lowest = [None, None];
        for (place, role) in roles.iter().enumerate() {
            let Some(role) = role else { continue };
            lowest[place] = Role::from_key(&role.value);
            if lowest[place].is_none() {
                let text = format!(
                    "there is no role “{}”; there are read_only, read_write, admin, owner",
                    shown(&role.value)
                );
                faults.error(role.at, text);
            }
        }
        let said = [(Access::Read, &read_verb, &roles[0]), (Access::Full, &write_verb, &roles[1])];
        for (level, verb, role) in said {
            for extra in [verb, role].into_iter().flatten().filter(|_| !access.contains(&level)) {
                let text = format!("the permission doesn't offer the level “{}”", level.in_scope());
                faults.error(extra.at, text);
            }
        }
        let of_user = category.as_ref().is_some_and(|category| category.value == OF_USER);
        for level in access.iter().filter(|_| !of_user) {
            let place = usize::from(*level == Access::Full);
            if roles[place].is_none() {
                let text = format!("“lowest_role” says nothing about the level “{}”", level.in_scope());
                faults.error(at, text);
            }
        }
        if let Some(category) = &category
            && !of_user
            && !self.categories.iter().any(|one| one.value.key == category.value)
        {
            let known: Vec<&str> = self.categories.iter().map(|one| one.value.key.as_str()).collect();
            let text = format!(
                "there is no category “{}”; there are {}",
                shown(&category.value),
                [known.as_slice(), &[OF_USER]].concat().join(", ")
            );
            faults.error(category.at, text);
        }
        let name =
            key.as_ref().map_or_else(String::new, |key| format!("permission “{}” is ", shown(&key.value)));
        let narrowed_by = narrowed_by.and_then(|text| {
            let found = self.kinds.iter().find(|kind| kind.key.as_str() == text.value);
            if found.is_none() {
                let known: Vec<&str> = self.kinds.iter().map(|kind| kind.key.as_str()).collect();
                let there_are = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                let text_of = format!(
                    "{name}narrowed by “{}”, and there is no such kind; there are: {there_are}",
                    shown(&text.value)
                );
                self.faults.error(text.at, text_of);
            } else if of_user {
                self.faults.error(text.at, "what is the user's own isn't narrowed by a kind");
            }
            found
        });
        for part in &parts {
            if narrowed_by.is_none_or(|kind| kind.part(&part.value).is_none()) {
                let text = format!("{name}narrowed by part “{}”, and its kind has none", shown(&part.value));
                self.faults.error(part.at, text);
            }
        }
        let creates = creates.and_then(|text| {
            let found = self.kinds.iter().find(|kind| kind.key.as_str() == text.value);
            if found.is_none() {
                self.faults.error(text.at, format!("there is no kind “{}” to create", shown(&text.value)));
            }
            found.map(|kind| kind.key)
        });
        let narrowed_by = narrowed_by.map(|kind| kind.key);
        let key = key.and_then(|text| match PermissionKey::try_from(text.value.clone()) {
            Ok(key) if self.permissions.iter().any(|one| one.value.key == key) => {
                self.faults.error(text.at, format!("there is a permission “{key}” already"));
                None
            }
            Ok(key) => Some(key),
            Err(why) => {
                self.faults.error(text.at, why);
                None
            }
        });
        let permission = (|| {
            Some(Permission {
                key: key?,
                title: title?.value,
                sentence: sentence?.value,
                object: object?.value,
                category: category?.value,
                narrowed_by,
                parts: parts.into_iter().map(|part| part.value).collect(),
                access,
                verbs: Verbs {
                    read: read_verb.map(|text| text.value),
                    full: write_verb.map(|text| text.value),
                },
                creates,
                sensitive,
                named_in_everything,
                lowest_role: LowestRole { read: lowest[0], full: lowest[1] },
            })
        })();
        self.permissions.extend(permission.map(|value| At { value, at }));
    }

    fn template(&mut self, table: Table<'_, '_>, before: &[Template]) -> Option<Template> {
        let key = table.some_text("key", &mut self.faults);
        let title = table.some_text("title", &mut self.faults);
        let sentence = table.some_text("description", &mut self.faults);
        let hint = table.some_text("hint", &mut self.faults);
        let rows = table.tables("rows", "a row", &mut self.faults);
        if rows.is_empty() {
            table.missing::<()>("rows", &mut self.faults);
        }
        let rows: Vec<TemplateRow> = rows.into_iter().filter_map(|row| self.template_row(row)).collect();
        let at = table.at;
        table.finish(&mut self.faults);
        let key = key?;
        if before.iter().any(|template| template.key == key.value) {
            self.faults.error(key.at, format!("there is a template “{}” already", shown(&key.value)));
        } else if !key.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            self.faults.error(key.at, "the key of a template has letters, digits and _ only");
        }
        let of_account = |row: &TemplateRow| {
            let permission = self.permissions.iter().find(|one| one.value.key == row.permission);
            row.access().is_some() && permission.is_some_and(|one| !one.value.is_of_user())
        };
        if !rows.iter().any(of_account) {
            self.faults.error(at, "the template grants an account token nothing");
        }
        Some(Template {
            key: key.value,
            title: title?.value,
            sentence: sentence?.value,
            hint: hint?.value,
            rows,
        })
    }

    fn template_row(&mut self, table: Table<'_, '_>) -> Option<TemplateRow> {
        let faults = &mut self.faults;
        let permission = table.some_text("permission", faults);
        let level = table.some_text("level", faults);
        let reach = table.some_text("reach", faults);
        let parts =
            table.table("parts", "“parts”", faults).map(|parts| parts.lists(faults)).unwrap_or_default();
        table.finish(faults);
        let (permission, level, reach) = (permission?, level?, reach?);
        let Some(found) = self.permissions.iter().find(|one| one.value.key.as_str() == permission.value)
        else {
            let text = format!("there is no permission “{}”", shown(&permission.value));
            faults.error(permission.at, text);
            return None;
        };
        let found = &found.value;
        let preset = match level.value.as_str() {
            "none" => Preset::None,
            "read" => Preset::Read,
            "write" => Preset::Full,
            other => {
                let text = format!("there is no level “{}”; there are read, write, none", shown(other));
                faults.error(level.at, text);
                return None;
            }
        };
        let (choice, at) = (reach.value.as_str(), reach.at);
        let reach = match choice {
            "choose" => Reach::Choose,
            "all" => Reach::All,
            _ => {
                faults.error(at, "“reach” has to be “choose” or “all”");
                return None;
            }
        };
        let kind = found.narrowed_by.and_then(|key| self.kinds.iter().find(|kind| kind.key == key));
        match preset.access() {
            None if !found.sensitive => {
                faults.error(level.at, "only a row for something sensitive has the level “none”");
            }
            Some(_) if found.sensitive => {
                let text =
                    format!("“{}” is sensitive: no template grants it; write level = \"none\"", found.key);
                faults.error(level.at, text);
            }
            Some(access) if !found.access.contains(&access) => {
                let text = format!("“{}” doesn't offer the level “{}”", found.key, level.value);
                faults.error(level.at, text);
            }
            _ => {}
        }
        if reach == Reach::Choose && kind.is_none() {
            faults.error(at, format!("“{}” has no resources to choose", found.key));
        }
        let mut narrowed = Parts::default();
        for (key, written) in parts {
            let part =
                kind.filter(|_| found.parts.contains(&key.value)).and_then(|kind| kind.part(&key.value));
            let Some(part) = part else {
                faults.error(key.at, format!("“{}” has no part “{}”", found.key, shown(&key.value)));
                continue;
            };
            match part.normal(written.iter().map(|one| one.value.as_str())) {
                Ok(patterns) => narrowed = narrowed.with(&part.key, patterns),
                Err(why) => {
                    let at = written.first().map_or(key.at, |one| one.at);
                    faults.error(at, why.trim_end_matches('.').to_owned());
                }
            }
        }
        Some(TemplateRow { permission: found.key.clone(), preset, reach, parts: narrowed })
    }

    fn plan(&mut self, table: Table<'_, '_>, before: &[Plan]) -> Option<Plan> {
        let faults = &mut self.faults;
        let key = table.some_text("key", faults);
        let title = table.some_text("title", faults);
        let identifier = table.text("identifier", faults);
        let scoped = table.flag("scoped", faults);
        let account_tokens = table.number("account_tokens", 0, i64::MAX, faults);
        let hourly_calls = table.number("hourly_calls", 0, i64::MAX, faults);
        let flags = table.texts("flags", faults);
        table.finish(faults);
        let key = key?;
        if before.iter().any(|plan| plan.key == key.value) {
            faults.error(key.at, format!("there is a plan “{}” already", shown(&key.value)));
        }
        Some(Plan {
            identifier: identifier.map_or_else(|| key.value.clone(), |text| text.value),
            key: key.value,
            title: title?.value,
            scoped,
            account_tokens,
            hourly_calls,
            flags: flags.into_iter().map(|one| one.value).collect(),
        })
    }

    fn routes(&mut self, tables: Vec<Table<'_, '_>>) -> Vec<Route> {
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

fn read_part(
    table: Table<'_, '_>,
    before: &[Part],
    forms: Forms<'_>,
    faults: &mut Faults<'_>,
) -> Option<Part> {
    let key = table.some_text("key", faults);
    let title = table.some_text("title", faults);
    let form = table.some_text("form", faults);
    let values = table.texts("values", faults);
    let hint = table.text("hint", faults).map(|text| text.value).unwrap_or_default();
    let says = table.text("says", faults).map(|text| text.value);
    if let Some(key) = &key {
        if let Err(why) = KindKey::try_from(key.value.as_str()) {
            faults.error(key.at, why.replace("a kind", "a part"));
        }
        if before.iter().any(|part| part.key == key.value) {
            faults.error(key.at, format!("the kind has a part “{}” already", key.value));
        }
    }
    let form = form.and_then(|form| {
        let known = forms.iter().find(|one| one.key() == form.value);
        let found = match (form.value.as_str(), known) {
            ("prefix", _) => Form::Prefix,
            ("one_of", _) => Form::OneOf(values.iter().map(|one| one.value.clone()).collect()),
            (_, Some(own)) => Form::Of(*own),
            (other, None) => {
                let others = forms.iter().map(|one| format!("“{}”", one.key()));
                let all: Vec<String> =
                    ["“prefix”".to_owned(), "“one_of”".to_owned()].into_iter().chain(others).collect();
                let text = format!("there is no form “{}”; there are {}", shown(other), all.join(", "));
                faults.error(form.at, text);
                return None;
            }
        };
        match (&found, values.first()) {
            (Form::OneOf(_), None) => faults.error(form.at, "the form “one_of” needs “values”"),
            (Form::Prefix | Form::Of(_), Some(value)) => {
                faults.error(value.at, "only the form “one_of” has “values”");
            }
            _ => {}
        }
        Some(found)
    });
    for value in &values {
        if value.value.contains(|sign: char| "*,".contains(sign) || sign.is_whitespace()) {
            faults.error(value.at, "a value has no *, no comma and no white space in it");
        }
    }
    table.finish(faults);
    Some(Part { key: key?.value, title: title?.value, form: form?, hint, says })
}

/// Whether a place that stands for something in particular is there already.
fn is_twice(before: &[Segment], segment: &Segment) -> bool {
    !matches!(segment, Segment::Literal(_) | Segment::Any) && before.contains(segment)
}

/// The header that a token stands in where a catalogue says nothing else.
const AUTHORIZATION: &str = "authorization";
