//! Templates: what a new token can start from, as lines of the catalogue.

use super::{Permission, PermissionKey};
use crate::{Access, Catalogue, RecordFilter};
use serde::Deserialize;

/// Something to start from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its key, in addresses.
    pub key: String,
    /// Its title on pages.
    pub title: String,
    /// One sentence that says what such a token does.
    pub sentence: String,
    /// What is left to choose, in a sentence.
    pub left: String,
    /// What it fills in.
    pub rows: Vec<TemplateRow>,
}

/// One permission of a template.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateRow {
    /// Of what.
    pub permission: PermissionKey,
    access: Preset,
    /// On what.
    pub reach: Reach,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    types: Vec<String>,
}

/// What a template says of the resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Only those that are still to be chosen.
    Choose,
    /// All that the token can reach.
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Preset {
    /// Stands there to be ticked.
    None,
    Read,
    Full,
}

impl TemplateRow {
    /// The access; none for what stands there only to be ticked.
    pub fn access(&self) -> Option<Access> {
        match self.access {
            Preset::None => None,
            Preset::Read => Some(Access::Read),
            Preset::Full => Some(Access::Full),
        }
    }

    /// The records of a zone that it is narrowed to.
    pub fn records(&self) -> RecordFilter {
        RecordFilter { names: self.names.clone(), types: self.types.clone() }
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

    /// What does not hold together, if anything.
    pub(super) fn fault(&self, catalogue: &Catalogue) -> Option<&'static str> {
        let row_fault = |row: &TemplateRow| {
            let Some(permission) = catalogue.get(&row.permission) else {
                return Some("names a permission that is not there");
            };
            match row.access() {
                None if !permission.sensitive => Some("has a row that is no access and nothing sensitive"),
                Some(_) if permission.sensitive => Some("brings a sensitive permission along"),
                Some(access) if !permission.access.contains(&access) => {
                    Some("has an access that its permission does not offer")
                }
                _ if row.reach == Reach::Choose && permission.narrowed_by.is_none() => {
                    Some("leaves resources to choose where there are none")
                }
                _ if !row.records().is_open() && !permission.records => {
                    Some("narrows records of what has none")
                }
                _ => None,
            }
        };
        if self.key.is_empty() || !self.key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Some("has a key that no address can hold");
        }
        if !self.rows(catalogue, false).any(|(row, _)| row.access().is_some()) {
            return Some("gives an account token nothing");
        }
        self.rows.iter().find_map(row_fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Right<'a> = (&'a str, Access, Reach, RecordFilter);

    fn rights<'a>(catalogue: &'a Catalogue, template: &'a Template, of_user: bool) -> Vec<Right<'a>> {
        let mut rights: Vec<Right<'_>> = template
            .rows(catalogue, of_user)
            .filter_map(|(row, one)| Some((one.key.as_str(), row.access()?, row.reach, row.records())))
            .collect();
        rights.sort_by_key(|(key, ..)| *key);
        rights
    }

    #[test]
    fn each_template_gives_other_rights_than_every_other() {
        let catalogue = Catalogue::embedded().unwrap();
        assert_eq!(catalogue.templates.len(), 9);
        for of_user in [false, true] {
            for (place, one) in catalogue.templates.iter().enumerate() {
                for other in &catalogue.templates[..place] {
                    let (left, right) =
                        (rights(&catalogue, one, of_user), rights(&catalogue, other, of_user));
                    assert_ne!(left, right, "{} and {}", one.key, other.key);
                }
            }
        }
    }

    #[test]
    fn no_template_brings_a_sensitive_permission_nor_an_account_token_a_user_permission() {
        let catalogue = Catalogue::embedded().unwrap();
        for template in &catalogue.templates {
            for (row, permission) in template.rows(&catalogue, true) {
                assert!(!permission.sensitive || row.access().is_none(), "{}", template.key);
            }
            for (_, permission) in template.rows(&catalogue, false) {
                assert!(!permission.is_of_user(), "{}", template.key);
            }
        }
    }

    #[test]
    fn reading_all_reads_each_permission_that_is_not_sensitive_and_offers_the_others() {
        let catalogue = Catalogue::embedded().unwrap();
        let all = catalogue.template("read_all").unwrap();
        for permission in &catalogue.permissions {
            let row = all.rows.iter().find(|row| row.permission == permission.key).unwrap();
            let expected = if permission.sensitive { None } else { Some(Access::Read) };
            assert_eq!(row.access(), expected, "{}", permission.key);
        }
    }

    #[test]
    fn a_template_that_does_not_hold_together_is_refused() {
        let permission = "[[permissions]]\nkey='zones'\ntitle=''\nsentence=''\nobject=''\ncategory='zone'\n\
             narrowed_by='zone'\nrecords=true\naccess=['read']\nlowest_role={read='read_only'}\n\
             [[permissions]]\nkey='billing'\ntitle=''\nsentence=''\nobject=''\ncategory='account'\n\
             access=['read']\nlowest_role={read='admin'}\n\
             [[permissions]]\nkey='keys'\ntitle=''\nsentence=''\nobject=''\ncategory='account'\nsensitive=true\n\
             access=['read']\nlowest_role={read='admin'}\n";
        let with = |key: &str, rows: &str| {
            let template =
                format!("[[templates]]\nkey='{key}'\ntitle=''\nsentence=''\nleft=''\nrows=[{rows}]\n");
            let head = "visible=''\nplans=[]\ncategories=[{key='zone',title=''},{key='account',title=''}]\n\
                 [[kinds]]\nkey='zone'\ntitle='Zone'\nplural='zones'\n\
                 with_records={all_limited='',some_limited=''}\n";
            Catalogue::parse(&format!("{head}{permission}{template}"))
        };
        let fine = "{permission='zones',access='read',reach='choose',types=['A']}";
        assert!(with("a", fine).is_ok());
        for (key, rows) in [
            ("a b", fine),
            ("a", ""),
            ("a", "{permission='zones',access='full',reach='all'}"),
            ("a", "{permission='nothing',access='read',reach='all'}"),
            ("a", "{permission='keys',access='read',reach='all'}"),
            ("a", "{permission='zones',access='none',reach='all'}"),
            ("a", "{permission='billing',access='read',reach='choose'}"),
            ("a", "{permission='billing',access='read',reach='all',names=['www']}"),
        ] {
            assert!(with(key, rows).is_err(), "{key}: {rows}");
        }
    }
}
