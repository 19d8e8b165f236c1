//! The catalogue: what can be permitted and what the plans allow, as data.

mod template;

pub use template::{Reach, Template, TemplateRow};

use super::{Access, Kind, KindKey, Role, budget};
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
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Its key, as permissions name it.
    pub key: String,
    /// Its title on pages.
    pub title: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LowestRole {
    read: Option<Role>,
    full: Option<Role>,
}

/// A line of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// What can be chosen, besides no access.
    pub access: Vec<Access>,
    /// Whether only its own row, or Everything, brings it along.
    #[serde(default)]
    pub sensitive: bool,
    /// Whether the sentence of Everything names it.
    #[serde(default)]
    pub named_in_everything: bool,
    /// Whether it can be narrowed to records of its kind.
    #[serde(default)]
    pub records: bool,
    #[serde(default)]
    lowest_role: LowestRole,
}

impl Permission {
    /// The lowest role of a member that may hold this access; none where no role does.
    pub fn lowest_role(&self, access: Access) -> Option<Role> {
        match access {
            Access::Read => self.lowest_role.read,
            Access::Full => self.lowest_role.full,
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
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// Whether records can be changed in batches.
    #[serde(default)]
    pub batch: bool,
}

/// All permissions and plans.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// What a member with the lowest role sees of an account, within a sentence.
    pub visible: String,
    /// What grants can be narrowed to, in the order of the form.
    #[serde(default)]
    pub kinds: Vec<Kind>,
    /// Groups of permissions, in the order of the form.
    pub categories: Vec<Category>,
    /// In the order of the form.
    pub permissions: Vec<Permission>,
    /// Smallest first.
    pub plans: Vec<Plan>,
    /// How many live user tokens each person may have; none means any number. The site's to say.
    #[serde(skip)]
    pub user_tokens: Option<i64>,
    /// What a new token can start from, in the order of the page.
    #[serde(default)]
    pub templates: Vec<Template>,
}

/// The catalogue does not hold together.
#[derive(Debug, thiserror::Error)]
#[error("the catalogue is not valid: {0}")]
pub struct CatalogueError(String);

impl CatalogueError {
    /// A permission that the program asks for and the catalogue does not hold.
    pub fn missing(key: &str) -> CatalogueError {
        CatalogueError(format!("“{key}” is not in it, and a route needs it"))
    }
}

impl Catalogue {
    /// The catalogue that is part of the binary.
    pub fn embedded() -> Result<Catalogue, CatalogueError> {
        Catalogue::parse(include_str!("catalogue/dns.toml"))
    }

    /// Reads a catalogue, and checks that it holds together.
    pub fn parse(text: &str) -> Result<Catalogue, CatalogueError> {
        let catalogue: Catalogue = toml::from_str(text).map_err(|error| CatalogueError(error.to_string()))?;
        for (place, permission) in catalogue.permissions.iter().enumerate() {
            let fault = if catalogue.permissions[..place].iter().any(|other| other.key == permission.key) {
                "stands there twice"
            } else if permission.access.is_empty() {
                "offers no access"
            } else if !permission.is_of_user()
                && permission.access.iter().any(|access| permission.lowest_role(*access).is_none())
            {
                "says for no role that it may hold it"
            } else if !catalogue.categories.iter().any(|one| one.key == permission.category) {
                "is of a category that is not there"
            } else if permission.narrowed_by.is_some_and(|kind| catalogue.kind(kind).is_none()) {
                "is narrowed by a kind that is not there"
            } else if permission.records
                && catalogue.kind_of(permission).is_none_or(|kind| kind.with_records.is_none())
            {
                "is narrowed to records of a kind that has none"
            } else {
                continue;
            };
            return Err(CatalogueError(format!("“{}” {fault}", permission.key)));
        }
        for (place, template) in catalogue.templates.iter().enumerate() {
            let twice = catalogue.templates[..place].iter().any(|other| other.key == template.key);
            let fault = if twice { Some("stands there twice") } else { template.fault(&catalogue) };
            if let Some(fault) = fault {
                return Err(CatalogueError(format!("template “{}” {fault}", template.key)));
            }
        }
        Ok(catalogue)
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

    /// Several of a kind, within a sentence; its key where this catalogue doesn't have it.
    pub fn plural(&self, key: KindKey) -> String {
        self.kind(key).map_or_else(|| key.to_string(), |kind| kind.plural.clone())
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
mod tests {
    use super::*;

    #[test]
    fn the_embedded_catalogue_holds_together() {
        let catalogue = Catalogue::embedded().unwrap();
        assert_eq!(catalogue.permissions.len(), 14);
        assert_eq!(catalogue.for_account_tokens().count(), 12);
        assert!(
            catalogue.has_scopes("teams")
                && catalogue.has_scopes("enterprise")
                && !catalogue.has_scopes("solo")
        );
    }

    #[test]
    fn a_permission_that_stands_twice_is_refused() {
        let line =
            "[[permissions]]\nkey='a'\ntitle=''\nsentence=''\nobject=''\ncategory='user'\naccess=['read']\n";
        let head = "visible=''\ncategories=[{key='user',title='User'}]\nplans=[]";
        assert!(Catalogue::parse(&format!("{head}\n{line}")).is_ok());
        assert!(Catalogue::parse(&format!("{head}\n{line}{line}")).is_err());
    }
}
