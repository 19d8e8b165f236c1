//! A catalogue read from its file: table by table, every fault noted with its place.

mod kinds;
mod permissions;
mod routes;
mod templates;

use super::fault::{Fault, Faults, Severity};
use super::template::Template;
use super::tree::{At, Table};
use super::{Catalogue, Category, Earlier, InPath, OF_USER, Permission, Plan, Product};
use crate::parts::PartForm;
use crate::routes::Routes;
use crate::{Kind, shown};
use toml::de::DeTable;

/// The largest file, in bytes.
const LARGEST: usize = 1_000_000;

/// The header that a token is in where a catalogue says nothing else.
const AUTHORIZATION: &str = "authorization";

/// The forms of parts that extensions know.
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
    let catalogue = reading.catalogue(text, Table::new(document.get_ref(), 0, "a catalogue"));
    let faults = reading.faults.sorted();
    let usable = faults.iter().all(|fault| fault.severity == Severity::Warning);
    (catalogue.filter(|_| usable), faults)
}

impl Reading<'_, '_> {
    fn catalogue(&mut self, text: &str, file: Table<'_, '_>) -> Option<Catalogue> {
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
            text: text.to_owned(),
            earlier: Earlier::default(),
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
}
