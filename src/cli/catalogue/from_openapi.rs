//! `catalogue from-openapi`: a draft of a catalogue from the description that an API has already. It's a start:
//! whatever was guessed has a comment behind it that begins with `# decide:`.

use crate::cli::{CliError, output};
use crate::policy::{Catalogue, KindKey, NamePattern, path};
use clap::Args;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;

/// The most routes of a catalogue.
const MOST_ROUTES: usize = 1_000;
/// The methods that a description can have, in the order in which they are looked at: GET takes HEAD.
const METHODS: [&str; 7] = ["get", "head", "options", "post", "put", "patch", "delete"];
/// The longest text that is taken over, in characters.
const LONGEST: usize = 200;

#[derive(Args)]
pub(in crate::cli) struct FromOpenapiArgs {
    /// The description: OpenAPI 3 or Swagger 2, as JSON or YAML.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(in crate::cli) fn run(args: &FromOpenapiArgs) -> Result<(), CliError> {
    let name = args.file.display();
    let text = std::fs::read_to_string(&args.file)
        .map_err(|cause| CliError::said(format!("{name} cannot be read: {cause}")))?;
    let document =
        read(&text).map_err(|why| CliError::said(format!("{name} is no OpenAPI description: {why}")))?;
    let draft = Description::of(&document)
        .map_err(|why| CliError::said(format!("{name} can't become a catalogue: {why}")))?
        .draft();
    let (catalogue, faults) = Catalogue::check(&draft, &[]);
    if catalogue.is_none() {
        let list: Vec<String> = faults.iter().map(|fault| format!("\n{fault}")).collect();
        let why = format!("{name} became a draft that can't be used, which is a fault of this program:");
        return Err(CliError::said(format!("{why}{}", list.concat())));
    }
    output::answer(draft.trim_end())?;
    let guesses = draft.matches("# decide:").count();
    output::note(format!(
        "{guesses} things were guessed: look for “# decide:”. A token without grants can do nothing with it."
    ));
    Ok(())
}

fn read(text: &str) -> Result<Value, String> {
    let document: Value = match serde_json::from_str(text) {
        Ok(document) => document,
        Err(_) => serde_saphyr::from_str(text).map_err(|error| error.to_string())?,
    };
    let is_description = document.get("openapi").is_some() || document.get("swagger").is_some();
    if is_description {
        Ok(document)
    } else {
        Err("it has neither “openapi” nor “swagger” at its top".to_owned())
    }
}

/// What of a description makes a catalogue.
struct Description<'a> {
    document: &'a Value,
    /// What the paths of calls begin with; empty, or a slash first and none last.
    base: String,
    operations: Vec<Operation<'a>>,
    permissions: BTreeMap<String, Permission>,
    kinds: BTreeMap<KindKey, Kind>,
    names_accounts: bool,
}

/// One call.
struct Operation<'a> {
    method: &'static str,
    segments: Vec<Written<'a>>,
    /// Key of its permission.
    permission: String,
    public: bool,
    /// The kind that its first parameter names, with its place in the path.
    kind: Option<(KindKey, usize)>,
}

/// A segment of a path, as the description writes it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written<'a> {
    Literal(&'a str),
    Account,
    Parameter,
    /// Letters and parameters in one, or letters that no call can have.
    Mixed,
}

struct Permission {
    title: String,
    description: String,
    narrowed_by: Option<KindKey>,
}

struct Kind {
    noun: String,
    plural: String,
    pattern: String,
    example: String,
}

impl<'a> Description<'a> {
    fn of(document: &'a Value) -> Result<Description<'a>, String> {
        let mut found = Description {
            document,
            base: base(document),
            operations: Vec::new(),
            permissions: BTreeMap::new(),
            kinds: BTreeMap::new(),
            names_accounts: false,
        };
        let paths = document.get("paths").and_then(Value::as_object).ok_or("it has no “paths”")?;
        for (path, item) in paths {
            for method in METHODS {
                if let Some(operation) = item.get(method) {
                    found.add(path, method, item, operation);
                }
            }
        }
        if found.permissions.is_empty() {
            return Err("none of its calls needs a token".to_owned());
        }
        found.narrow();
        Ok(found)
    }

    fn add(&mut self, written: &'a str, method: &'static str, item: &'a Value, operation: &'a Value) {
        let path = written.split(['?', '#']).next().unwrap_or_default();
        let mut segments: Vec<Written<'a>> =
            path.trim_start_matches('/').split('/').map(|text| segment(text)).collect();
        let named = |place: usize| path.trim_start_matches('/').split('/').nth(place).unwrap_or_default();
        let first = segments.iter().position(|one| *one == Written::Parameter);
        let before = first.and_then(|place| Some((place, segments.get(place.checked_sub(1)?)?)));
        let mut kind = None;
        if let Some((place, Written::Literal(plural))) = before
            && let Some(noun) = singular(plural)
        {
            match KindKey::try_from(slug(&noun).as_str()) {
                Ok(_) if noun == "account" => {
                    segments[place] = Written::Account;
                    self.names_accounts = true;
                }
                Ok(key) => {
                    kind = Some((key, place));
                    let parameter = named(place).trim_start_matches('{').trim_end_matches('}');
                    let schema = self.parameter(parameter, item, operation);
                    self.kinds.entry(key).or_insert_with(|| Kind::of(&noun, plural, schema));
                }
                Err(_) => {}
            }
        }
        let public = match operation.get("security").or_else(|| self.document.get("security")) {
            Some(Value::Array(list)) => list.is_empty(),
            _ => false,
        };
        let title = title(operation, &segments);
        let permission = key(&title);
        if !public {
            if !self.permissions.contains_key(&permission) {
                let description = self.said_of(&title);
                self.permissions
                    .insert(permission.clone(), Permission { title, description, narrowed_by: None });
            }
        }
        self.operations.push(Operation { method, segments, permission, public, kind });
    }

    /// The schema of a path's parameter.
    fn parameter(&self, name: &str, item: &'a Value, operation: &'a Value) -> Option<&'a Value> {
        let lists = [operation, item].into_iter().filter_map(|one| one.get("parameters")?.as_array());
        let parameter = lists.flatten().map(|one| self.resolved(one)).find(|one| {
            one.get("in").and_then(Value::as_str) == Some("path")
                && one.get("name").and_then(Value::as_str) == Some(name)
        })?;
        // Swagger 2 has the schema's keys beside the name.
        Some(parameter.get("schema").map_or(parameter, |schema| self.resolved(schema)))
    }

    /// What is meant, where it's written elsewhere in the file.
    fn resolved(&self, value: &'a Value) -> &'a Value {
        let target = value.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
        target.and_then(|pointer| self.document.pointer(pointer)).unwrap_or(value)
    }

    /// What the description says of a tag.
    fn said_of(&self, tag: &str) -> String {
        let tags = self.document.get("tags").and_then(Value::as_array).into_iter().flatten();
        let same = |one: &&Value| one.get("name").and_then(Value::as_str).map(plain).as_deref() == Some(tag);
        let said = tags.filter(same).find_map(|one| one.get("description")?.as_str());
        let said = said.and_then(|text| text.lines().map(plain).find(|line| !line.is_empty()));
        let said = said.unwrap_or_else(|| format!("What the description has under “{tag}”"));
        if said.ends_with(['.', '!', '?']) { said } else { format!("{said}.") }
    }

    /// A permission is narrowed by the kind that most of its calls name; kinds that narrow none go.
    fn narrow(&mut self) {
        for (key, permission) in &mut self.permissions {
            let own = self.operations.iter().filter(|one| one.permission == *key && !one.public);
            let mut counts: BTreeMap<KindKey, usize> = BTreeMap::new();
            let mut all = 0;
            for operation in own {
                all += 1;
                if let Some((kind, _)) = operation.kind {
                    *counts.entry(kind).or_default() += 1;
                }
            }
            let most = counts.into_iter().max_by_key(|(_, count)| *count);
            permission.narrowed_by = most.filter(|(_, count)| count * 2 >= all).map(|(kind, _)| kind);
        }
        let narrowing: BTreeSet<KindKey> =
            self.permissions.values().filter_map(|permission| permission.narrowed_by).collect();
        self.kinds.retain(|key, _| narrowing.contains(key));
    }

    fn draft(&self) -> String {
        let routes = self.routes();
        let mut text = String::new();
        let _ = self.write_top(&mut text);
        let _ = self.write_permissions(&mut text, &routes);
        let _ = write_routes(&mut text, &routes);
        text
    }

    fn write_top(&self, out: &mut String) -> std::fmt::Result {
        let info = |key: &str| self.document.pointer(&format!("/info/{key}")).and_then(Value::as_str);
        let name =
            info("title").map(plain).filter(|name| !name.is_empty()).unwrap_or_else(|| "API".to_owned());
        let letters: String = name.chars().filter(char::is_ascii_alphabetic).take(6).collect();
        let prefix = if letters.len() < 2 { "api".to_owned() } else { letters.to_ascii_lowercase() };
        writeln!(
            out,
            "# A draft of a catalogue, from an OpenAPI description. What was guessed says “decide”.\n"
        )?;
        writeln!(out, "format = 2\n\n[product]\nname = {}", quoted(&name))?;
        writeln!(out, "prefix = {} # decide: what new secrets begin with", quoted(&prefix))?;
        if let Some(api) = origin(self.document) {
            writeln!(out, "api = {}", quoted(&api))?;
        }
        if self.names_accounts {
            writeln!(
                out,
                "\n[accounts]\nin_path = \"ref\" # decide: how paths name the account: “number” or “ref”"
            )?;
        }
        for (key, kind) in &self.kinds {
            writeln!(out, "\n[[kinds]]\nkey = \"{key}\"\ntitle = {}", quoted(&capital(&kind.noun)))?;
            writeln!(out, "plural = {}", quoted(&kind.plural))?;
            writeln!(out, "pattern = {} # decide: what a name may be", quoted(&kind.pattern))?;
            writeln!(out, "example = {}", quoted(&kind.example))?;
            writeln!(out, "unique = \"site\" # decide: “account” if two accounts can have the same name")?;
        }
        writeln!(out, "\n[[categories]]\nkey = \"api\"\ntitle = {}", quoted(&name))?;
        writeln!(out, "\n[[plans]]\nkey = \"basic\"\ntitle = \"Basic\" # decide: your plans\nscoped = true")
    }

    fn write_permissions(&self, out: &mut String, routes: &[Route]) -> std::fmt::Result {
        for (key, permission) in &self.permissions {
            let has =
                |write: bool| routes.iter().any(|route| route.needs.as_ref() == Some(&(key.clone(), write)));
            let levels: Vec<(&str, &str)> = [(false, ("read", "read_only")), (true, ("write", "read_write"))]
                .into_iter()
                .filter_map(|(write, level)| has(write).then_some(level))
                .collect();
            // All of its calls are like others, or more than a catalogue has.
            let levels = if levels.is_empty() { vec![("read", "read_only")] } else { levels };
            let object = permission.title.to_lowercase();
            writeln!(out, "\n[[permissions]]\nkey = \"{key}\"\ntitle = {}", quoted(&permission.title))?;
            writeln!(
                out,
                "description = {} # decide: one sentence for the form",
                quoted(&permission.description)
            )?;
            writeln!(out, "object = {} # decide: as in “read {}”", quoted(&object), object)?;
            writeln!(out, "category = \"api\"")?;
            if let Some(kind) = permission.narrowed_by {
                writeln!(out, "narrowed_by = \"{kind}\" # decide: what a token can be narrowed to")?;
            }
            let creates = |route: &&Route| route.needs.as_ref().is_some_and(|(own, _)| own == key);
            if let Some(kind) = permission.narrowed_by
                && routes.iter().filter(creates).any(|route| route.target == Some("new"))
            {
                writeln!(out, "creates = \"{kind}\"")?;
            }
            let names: Vec<String> = levels.iter().map(|(level, _)| format!("\"{level}\"")).collect();
            let roles: Vec<String> =
                levels.iter().map(|(level, role)| format!("{level} = \"{role}\"")).collect();
            writeln!(out, "levels = [{}]", names.join(", "))?;
            writeln!(out, "lowest_role = {{ {} }} # decide: who may hold it", roles.join(", "))?;
        }
        Ok(())
    }

    /// The routes, each taking calls that no other one takes.
    fn routes(&self) -> Vec<Route> {
        let mut routes: Vec<Route> = Vec::new();
        let mut taken: BTreeSet<(&str, Vec<Option<&str>>)> = BTreeSet::new();
        for operation in &self.operations {
            let shape: Vec<Option<&str>> = operation.segments.iter().map(Written::literal).collect();
            let alike = |method| taken.contains(&(method, shape.clone()));
            if alike(operation.method)
                || (operation.method == "head" && alike("get"))
                || (operation.method == "get" && alike("head"))
            {
                if let Some(other) = routes.iter_mut().find(|route| route.shape_is(&shape, operation.method))
                {
                    other.others += 1;
                }
                continue;
            }
            taken.insert((operation.method, shape));
            let route = self.route(operation);
            match routes.iter_mut().find(|other| other.is_alike(&route)) {
                Some(other) => other.methods.extend(route.methods),
                None => routes.push(route),
            }
        }
        routes
    }

    fn route(&self, operation: &Operation<'_>) -> Route {
        let permission = self.permissions.get(&operation.permission).filter(|_| !operation.public);
        let narrowed_by = permission.and_then(|permission| permission.narrowed_by);
        let kind = operation.kind.filter(|(kind, _)| self.kinds.contains_key(kind));
        let mut written = self.base.clone();
        for (place, segment) in operation.segments.iter().enumerate() {
            written.push('/');
            match (segment, kind) {
                (Written::Literal(text), _) => written.push_str(text),
                (Written::Account, _) => written.push_str("{account}"),
                (Written::Parameter, Some((kind, at))) if at == place => {
                    let _ = write!(written, "{{{kind}}}");
                }
                (Written::Parameter | Written::Mixed, _) => written.push_str("{*}"),
            }
        }
        let is_read = ["get", "head", "options"].contains(&operation.method);
        let named = kind.is_some_and(|(kind, _)| Some(kind) == narrowed_by);
        let plural = narrowed_by.and_then(|kind| self.kinds.get(&kind)).map(|kind| kind.plural.as_str());
        let last = operation.segments.last().and_then(Written::literal);
        let target = match (narrowed_by, named) {
            (None, _) | (_, true) => None,
            (Some(_), false) if operation.method == "post" && last.map(worded).as_deref() == plural => {
                Some("new")
            }
            (Some(_), false) => Some("all"),
        };
        Route {
            methods: vec![operation.method],
            written,
            shape: operation.segments.iter().map(|one| one.literal().map(str::to_owned)).collect(),
            needs: permission.map(|_| (operation.permission.clone(), !is_read)),
            target,
            mixed: operation.segments.contains(&Written::Mixed),
            others: 0,
        }
    }
}

/// A route of the draft.
struct Route {
    methods: Vec<&'static str>,
    written: String,
    shape: Vec<Option<String>>,
    /// Key of the permission, and whether it's its write; `None` where nobody is asked.
    needs: Option<(String, bool)>,
    target: Option<&'static str>,
    /// Whether a segment has letters beside a parameter.
    mixed: bool,
    /// How many calls of the description it takes, too, because only the names in their paths differ.
    others: usize,
}

impl Route {
    fn is_alike(&self, other: &Route) -> bool {
        (&self.written, &self.needs, self.target) == (&other.written, &other.needs, other.target)
    }

    fn shape_is(&self, shape: &[Option<&str>], method: &str) -> bool {
        let same = |(own, other): (&Option<String>, &Option<&str>)| own.as_deref() == *other;
        let reads = |one: &str| ["get", "head"].contains(&one);
        let takes = self.methods.iter().any(|own| *own == method || (reads(own) && reads(method)));
        takes && self.shape.len() == shape.len() && self.shape.iter().zip(shape).all(same)
    }
}

fn write_routes(out: &mut String, routes: &[Route]) -> std::fmt::Result {
    if routes.len() > MOST_ROUTES {
        let more = routes.len() - MOST_ROUTES;
        writeln!(out, "\n# decide: {more} more routes are left out: a catalogue has at most {MOST_ROUTES}.")?;
    }
    for route in routes.iter().take(MOST_ROUTES) {
        let methods: Vec<String> =
            route.methods.iter().map(|one| format!("\"{}\"", one.to_uppercase())).collect();
        writeln!(out, "\n[[routes]]\nmethods = [{}]\npath = {}", methods.join(", "), quoted(&route.written))?;
        match &route.needs {
            Some((key, write)) => {
                writeln!(out, "scope = \"{key}:{}\"", if *write { "write" } else { "read" })?
            }
            None => writeln!(out, "public = true # decide: the description says that nobody is asked")?,
        }
        match route.target {
            Some("new") => writeln!(out, "target = \"new\" # decide: needs all, including future ones")?,
            Some(target) => {
                writeln!(
                    out,
                    "target = \"{target}\" # decide: “filtered” if your API filters by X-Token-Resources"
                )?;
            }
            None => {}
        }
        if route.mixed {
            writeln!(
                out,
                "# decide: a segment of this path is more than one parameter; any text is taken there"
            )?;
        }
        if route.others > 0 {
            let calls = if route.others == 1 { "call that differs" } else { "calls that differ" };
            writeln!(
                out,
                "# decide: it also takes {} {calls} only in the names of its parameters",
                route.others
            )?;
        }
    }
    Ok(())
}

impl Written<'_> {
    fn literal(&self) -> Option<&str> {
        match self {
            Written::Literal(text) => Some(text),
            Written::Account | Written::Parameter | Written::Mixed => None,
        }
    }
}

fn segment(text: &str) -> Written<'_> {
    let inside = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    match inside {
        Some(name) if !name.contains(['{', '}']) => Written::Parameter,
        Some(_) => Written::Mixed,
        None if text.contains(['{', '}']) || path::normal(&format!("/{text}")).is_none() => Written::Mixed,
        None => Written::Literal(text),
    }
}

impl Kind {
    /// A pattern that the description has is taken where it's one here, too.
    fn of(noun: &str, plural: &str, schema: Option<&Value>) -> Kind {
        let text = |key: &str| schema.and_then(|schema| schema.get(key)).and_then(Value::as_str);
        let own = text("pattern").map(|own| own.trim_start_matches('^').trim_end_matches('$').to_owned());
        let own =
            own.filter(|own| NamePattern::parse(own).is_ok() && !own.is_empty() && own.len() <= LONGEST);
        let (pattern, example) = match (own, text("type"), text("format")) {
            (Some(own), ..) => (own, None),
            (None, Some("integer" | "number"), _) => ("[0-9]{1,19}".to_owned(), Some("42")),
            (None, _, Some("uuid")) => {
                ("[0-9a-fA-F-]{36}".to_owned(), Some("5f3c2b1a-0d4e-4c6f-8a7b-9e0d1c2b3a4f"))
            }
            _ => (ANY_NAME.to_owned(), Some("example")),
        };
        let fits = |one: &&str| NamePattern::parse(&pattern).is_ok_and(|read| read.fits(one));
        let given = schema.and_then(|schema| schema.get("example")).and_then(Value::as_str);
        let example = given.into_iter().chain(example).chain(["example", "a", "1", "A1"]).find(fits);
        let (pattern, example) = match example.map(str::to_owned) {
            Some(example) => (pattern, example),
            None => (ANY_NAME.to_owned(), "example".to_owned()),
        };
        Kind { noun: noun.to_owned(), plural: worded(plural), pattern, example }
    }
}

/// What a name may be where nothing is said.
const ANY_NAME: &str = "[A-Za-z0-9._~-]{1,100}";

/// One of what a plural noun names, in small letters; `None` for what is none.
fn singular(plural: &str) -> Option<String> {
    let plural = worded(plural);
    let is_word = plural.len() > 2 && plural.chars().all(|one| one.is_ascii_lowercase() || one == ' ');
    let stem = plural.strip_suffix('s').filter(|stem| is_word && !stem.ends_with('s'))?;
    if let Some(stem) = stem.strip_suffix("ie") {
        return Some(format!("{stem}y"));
    }
    let hissing = ["sse", "xe", "che", "she"].iter().any(|end| stem.ends_with(end));
    Some(if hissing { stem.trim_end_matches('e').to_owned() } else { stem.to_owned() })
}

/// A segment as words: `blog-posts` and `blogPosts` are "blog posts".
fn worded(segment: &str) -> String {
    let mut words = String::new();
    for one in segment.chars() {
        match one {
            '-' | '_' => words.push(' '),
            one if one.is_ascii_uppercase() && !words.is_empty() && !words.ends_with(' ') => {
                words.push(' ');
                words.push(one.to_ascii_lowercase());
            }
            one => words.push(one.to_ascii_lowercase()),
        }
    }
    words
}

/// As a key: small letters and lines.
fn slug(text: &str) -> String {
    let letters = text.to_lowercase();
    let each = letters.split(|one: char| !one.is_ascii_lowercase()).filter(|word| !word.is_empty());
    each.collect::<Vec<_>>().join("_")
}

/// Key of the permission with this title.
fn key(title: &str) -> String {
    let key = slug(title);
    if key.is_empty() { "api".to_owned() } else { key }
}

/// The tag of a call, else the first word of its path.
fn title(operation: &Value, segments: &[Written<'_>]) -> String {
    let tag = operation.get("tags").and_then(|tags| tags.get(0)).and_then(Value::as_str).map(plain);
    let is_version = |text: &str| {
        text.strip_prefix('v').is_some_and(|rest| rest.starts_with(|one: char| one.is_ascii_digit()))
    };
    let first = || {
        let mut words = segments.iter().filter_map(Written::literal);
        words.find(|text| !text.is_empty() && !is_version(text)).map(|text| capital(&worded(text)))
    };
    tag.filter(|tag| !slug(tag).is_empty()).or_else(first).unwrap_or_else(|| "API".to_owned())
}

/// What calls' paths begin with, after the host.
fn base(document: &Value) -> String {
    let server = document.pointer("/servers/0/url").and_then(Value::as_str);
    let path = match server {
        Some(url) => match url.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("", |start| &rest[start..]),
            None => url,
        },
        None => document.get("basePath").and_then(Value::as_str).unwrap_or_default(),
    };
    let path = path.trim_end_matches('/');
    let sound = path.starts_with('/') && path::normal(path) == Some(path);
    if sound { path.to_owned() } else { String::new() }
}

/// Scheme and host of the API, if the description says one without variables.
fn origin(document: &Value) -> Option<String> {
    let url = match document.pointer("/servers/0/url").and_then(Value::as_str) {
        Some(url) => url.to_owned(),
        None => {
            let scheme = document.pointer("/schemes/0").and_then(Value::as_str).unwrap_or("https");
            format!("{scheme}://{}", document.get("host")?.as_str()?)
        }
    };
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split('/').next().unwrap_or_default();
    let sound = ["http", "https"].contains(&scheme)
        && !host.is_empty()
        && host.bytes().all(|one| one.is_ascii_alphanumeric() || b"-.:[]".contains(&one));
    sound.then(|| format!("{scheme}://{host}"))
}

/// In one line, and not too long.
fn plain(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|one: char| one.is_whitespace() || one.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ").chars().take(LONGEST).collect()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// As a text of TOML.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
