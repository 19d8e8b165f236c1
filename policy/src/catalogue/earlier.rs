//! What earlier catalogues had and this one doesn't: only what it was called.

use super::{Catalogue, KindKey};
use serde::Deserialize;

/// The last titles of permissions and kinds that are no longer offered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Earlier {
    #[serde(default)]
    permissions: Vec<Titled>,
    #[serde(default)]
    kinds: Vec<Titled>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Titled {
    key: String,
    title: String,
    /// Of kinds only.
    #[serde(default)]
    plural: String,
}

impl Catalogue {
    /// Learns from the text of an earlier catalogue what is no longer offered. The newest comes first:
    /// later ones don't change a title that is known.
    pub fn remember(&mut self, text: &str) {
        // It could be read once, perhaps by a version with other rules.
        let Ok(older) = toml::from_str::<Earlier>(text) else { return };
        for one in older.permissions {
            if self.find(&one.key).is_none() && titled(&self.earlier.permissions, &one.key).is_none() {
                self.earlier.permissions.push(one);
            }
        }
        for one in older.kinds {
            let offered = self.kinds.iter().any(|kind| kind.key.as_str() == one.key);
            if !offered && titled(&self.earlier.kinds, &one.key).is_none() {
                self.earlier.kinds.push(one);
            }
        }
    }

    /// What the permission with this key is called, or was called last; its key if it's unknown.
    pub fn title_of<'a>(&'a self, key: &'a str) -> &'a str {
        let offered = self.find(key).map(|permission| permission.title.as_str());
        offered.or_else(|| titled(&self.earlier.permissions, key)).unwrap_or(key)
    }

    /// Several of a kind that is no longer offered, within a sentence.
    pub(super) fn earlier_plural(&self, key: KindKey) -> Option<&str> {
        let known = self.earlier.kinds.iter().find(|one| one.key == key.as_str())?;
        Some(known.plural.as_str()).filter(|plural| !plural.is_empty())
    }
}

fn titled<'a>(list: &'a [Titled], key: &str) -> Option<&'a str> {
    list.iter().find(|one| one.key == key).map(|one| one.title.as_str())
}
