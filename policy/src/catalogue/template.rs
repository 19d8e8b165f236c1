//! Templates: what a new token can start from, as lines of the catalogue.

use super::{Permission, PermissionKey};
use crate::{Access, Catalogue, Parts};

/// Something to start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its key, in addresses.
    pub key: String,
    /// Its title on pages.
    pub title: String,
    /// One sentence that says what such a token does.
    pub sentence: String,
    /// What is left to choose, in a sentence.
    pub hint: String,
    /// What it fills in.
    pub rows: Vec<TemplateRow>,
}

/// One permission of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateRow {
    /// Of what.
    pub permission: PermissionKey,
    pub(super) preset: Preset,
    /// On what.
    pub reach: Reach,
    /// What it's narrowed to inside its resources.
    pub parts: Parts,
}

/// What a template says of the resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Only those that are still to be chosen.
    Choose,
    /// All that the token can reach.
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Preset {
    /// Is there to be ticked.
    None,
    Read,
    Full,
}

impl Preset {
    pub(super) fn access(self) -> Option<Access> {
        match self {
            Preset::None => None,
            Preset::Read => Some(Access::Read),
            Preset::Full => Some(Access::Full),
        }
    }
}

impl TemplateRow {
    /// The access; none for what is there only to be ticked.
    pub fn access(&self) -> Option<Access> {
        self.preset.access()
    }
}

impl Template {
    /// Its rows that such a token can have; those of user permissions are for user tokens.
    pub fn rows<'a>(
        &'a self,
        catalogue: &'a Catalogue,
        of_user: bool,
    ) -> impl Iterator<Item = (&'a TemplateRow, &'a Permission)> {
        let fits = move |permission: &Permission| of_user || !permission.is_of_user();
        self.rows
            .iter()
            .filter_map(|row| Some((row, catalogue.get(&row.permission)?)))
            .filter(move |(_, permission)| fits(permission))
    }
}
