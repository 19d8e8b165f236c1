//! The catalogue: what can be permitted, what the plans allow, and which calls need what; read from one
//! file, in the format that docs/CATALOGUE.md describes.

mod earlier;
mod fault;
mod read;
mod template;
mod tree;

pub use earlier::Earlier;
pub use fault::{Fault, Severity};
pub use template::{Reach, Template, TemplateRow};

use super::{Access, Kind, KindKey, PartForm, Role, Routes, budget, words};
use serde::Deserialize;
use std::fmt;

/// The validated key of a permission.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct PermissionKey(String);

impl PermissionKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PermissionKey {
    type Error = String;

    fn try_from(key: String) -> Result<Self, String> {
        let fits = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if fits { Ok(PermissionKey(key)) } else { Err(format!("“{key}” is no key of a permission")) }
    }
}

impl fmt::Display for PermissionKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// The category of what is the user's own, which every catalogue has.
const OF_USER: &str = "user";

/// A group of permissions on the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// Its key, as permissions name it.
    pub key: String,
    /// Its title on pages.
    pub title: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct LowestRole {
    read: Option<Role>,
    full: Option<Role>,
}

/// What a level lets do, where "read" and "read, create, change and delete" are the wrong words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Verbs {
    read: Option<String>,
    full: Option<String>,
}

/// A line of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// Its key.
    pub key: PermissionKey,
    /// Its title on pages.
    pub title: String,
    /// One sentence that says what it covers.
    pub sentence: String,
    /// What it is about, as the object of "read …" in a sentence.
    pub object: String,
    /// Key of its category; `user` is what is the user's own, for user tokens only.
    pub category: String,
    /// The kind of resource that narrows it.
    pub narrowed_by: Option<KindKey>,
    /// Which parts of its kind narrow it further, in the order of scope text.
    pub parts: Vec<String>,
    /// What can be chosen, besides no access; less first.
    pub access: Vec<Access>,
    verbs: Verbs,
    /// The kind that its write creates and deletes.
    pub creates: Option<KindKey>,
    /// Whether only its own row, or Everything, brings it along.
    pub sensitive: bool,
    /// Whether the sentence of Everything names it.
    pub named_in_everything: bool,
    lowest_role: LowestRole,
}

impl Permission {
    /// The lowest role of a member that may hold this access; `None` if no role may. Who holds a level
    /// holds the lower ones, also where they aren't offered by themselves.
    pub fn lowest_role(&self, access: Access) -> Option<Role> {
        match access {
            Access::Read if self.access.contains(&Access::Read) => self.lowest_role.read,
            Access::Read | Access::Full => self.lowest_role.full,
        }
    }

    /// The access that a grant of `granted` still gives: a level that is no longer offered gives the
    /// next lower one that is, if any.
    pub fn left_of(&self, granted: Access) -> Option<Access> {
        self.access.iter().copied().filter(|access| *access <= granted).max()
    }

    /// What this access lets do, where the catalogue has its own words for it.
    pub fn verbs(&self, access: Access) -> Option<&str> {
        match access {
            Access::Read => self.verbs.read.as_deref(),
            Access::Full => self.verbs.full.as_deref(),
        }
    }

    /// Whether a member with this role may hold this access.
    pub fn may_be_held(&self, access: Access, role: Role) -> bool {
        self.access.contains(&access) && self.lowest_role(access).is_some_and(|lowest| role >= lowest)
    }

    /// Whether it's about the user rather than about an account.
    pub fn is_of_user(&self) -> bool {
        self.category == OF_USER
    }
}

/// What an account can subscribe to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its key in the database.
    pub key: String,
    /// Its title on pages.
    pub title: String,
    /// Its identifier in the API.
    pub identifier: String,
    /// Whether account tokens may be scoped.
    pub scoped: bool,
    /// How many account tokens may be live at once; none means no limit.
    pub account_tokens: Option<i64>,
    /// Calls an hour; none means no limit.
    pub hourly_calls: Option<i64>,
    /// What else it has, by names that an extension gives a meaning.
    pub flags: Vec<String>,
}

/// Whose API it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// What pages and mail call it.
    pub name: String,
    /// What secrets begin with; lower-case letters and digits.
    pub prefix: String,
    /// Where its documentation is.
    pub docs: Option<String>,
    /// The base URL of its API, without a slash at the end.
    pub api: Option<String>,
}

/// How the API's paths name the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InPath {
    /// By its number here.
    Number,
    /// By the reference that the API's owner gave it.
    Ref,
    /// Not at all.
    Absent,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// What its owner calls this state of it.
    pub version: Option<String>,
    /// Whose API it is.
    pub product: Product,
    /// The headers that a token may stand in, in lower case.
    pub headers: Vec<String>,
    /// How paths name the account.
    pub in_path: InPath,
    /// What grants can be narrowed to, in the order of the form.
    pub kinds: Vec<Kind>,
    /// Groups of permissions, in the order of the form.
    pub categories: Vec<Category>,
    /// In the order of the form.
    pub permissions: Vec<Permission>,
    /// Smallest first.
    pub plans: Vec<Plan>,
    /// How many live user tokens each person may have; none means any number. The site's to say.
    pub user_tokens: Option<i64>,
    /// What a new token can start from, in the order of the page.
    pub templates: Vec<Template>,
    /// Which calls need what; a call that none takes is refused.
    pub routes: Routes,
    /// The file that it was read from.
    pub text: String,
    /// What it no longer has.
    pub earlier: Earlier,
}

/// A catalogue can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// Its file has faults, in the order of their places.
    #[error("{}", listed(.name, .faults))]
    Faults {
        /// The file's name.
        name: String,
        /// What's wrong with it.
        faults: Vec<Fault>,
    },
    /// An extension needs a permission that it doesn't have.
    #[error("the catalogue has no permission “{0}”, and an extension needs it")]
    Missing(String),
}

impl CatalogueError {
    /// A permission that the program asks for and the catalogue does not hold.
    pub fn missing(key: &str) -> CatalogueError {
        CatalogueError::Missing(key.to_owned())
    }
}

/// A line for each fault, as compilers write them.
fn listed(name: &str, faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("{name}:{fault}")).collect::<Vec<_>>().join("\n")
}

impl Catalogue {
    /// Reads one from the text of a file. `forms` are the forms of parts that extensions bring.
    ///
    /// # Errors
    /// If there is any fault; all of them are named.
    pub fn parse(
        name: &str,
        text: &str,
        forms: &[&'static dyn PartForm],
    ) -> Result<Catalogue, CatalogueError> {
        let (catalogue, faults) = Catalogue::check(text, forms);
        catalogue.ok_or_else(|| CatalogueError::Faults { name: name.to_owned(), faults })
    }

    /// The same with all faults, warnings included; where a catalogue comes with some, all are warnings.
    pub fn check(text: &str, forms: &[&'static dyn PartForm]) -> (Option<Catalogue>, Vec<Fault>) {
        read::read(text, forms)
    }

    /// What a member with the lowest role sees of an account, within a sentence: "domains and zones".
    pub fn visible(&self) -> String {
        let plurals: Vec<&str> = self.kinds.iter().map(|kind| kind.plural.as_str()).collect();
        if plurals.is_empty() { "the account's name".to_owned() } else { words::enumerated(&plurals) }
    }

    /// The permission with this key.
    pub fn find(&self, key: &str) -> Option<&Permission> {
        self.permissions.iter().find(|permission| permission.key.as_str() == key)
    }

    /// The permission with this validated key.
    pub fn get(&self, key: &PermissionKey) -> Option<&Permission> {
        self.find(key.as_str())
    }

    /// What an account token can be given: all but the user permissions.
    pub fn for_account_tokens(&self) -> impl Iterator<Item = &Permission> {
        self.permissions.iter().filter(|permission| !permission.is_of_user())
    }

    /// The kind with this key.
    pub fn kind(&self, key: KindKey) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.key == key)
    }

    /// The kind that narrows a permission.
    pub fn kind_of(&self, permission: &Permission) -> Option<&Kind> {
        self.kind(permission.narrowed_by?)
    }

    /// Several of a kind, within a sentence; as it was called last where this catalogue doesn't have it.
    pub fn plural(&self, key: KindKey) -> String {
        let offered = self.kind(key).map(|kind| kind.plural.as_str());
        offered.or_else(|| self.earlier_plural(key)).unwrap_or(key.as_str()).to_owned()
    }

    /// One of a kind, within a sentence; its key where this catalogue doesn't have it.
    pub fn noun(&self, key: KindKey) -> String {
        self.kind(key).map_or_else(|| key.to_string(), Kind::noun)
    }

    /// Title of a permission's category.
    pub fn category_title(&self, permission: &Permission) -> &str {
        let own = self.categories.iter().find(|one| one.key == permission.category);
        own.map_or("", |category| category.title.as_str())
    }

    /// The template with this key.
    pub fn template(&self, key: &str) -> Option<&Template> {
        self.templates.iter().find(|template| template.key == key)
    }

    /// What such a token can be given.
    pub fn for_tokens(&self, of_user: bool) -> impl Iterator<Item = &Permission> {
        self.permissions.iter().filter(move |one| of_user || !one.is_of_user())
    }

    /// The plan with this key.
    pub fn plan(&self, key: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.key == key)
    }

    /// Calls an hour on a plan; none means no limit.
    pub fn hourly_calls(&self, plan: &str) -> Option<i64> {
        self.plan(plan).map_or(Some(budget::EACH), |plan| plan.hourly_calls)
    }

    /// Whether a plan has scoped account tokens.
    pub fn has_scopes(&self, plan: &str) -> bool {
        self.plan(plan).is_some_and(|plan| plan.scoped)
    }
}

#[cfg(test)]
mod tests;
