//! The rows of a draft: a permission, how much of it, and on what.

use crate::policy::{Access, AccountId, Catalogue, Part, Permission, PermissionKey, ResourceId};
use crate::web::form::Fields;
use std::collections::BTreeMap;

/// A form has no more rows than this.
pub const MOST_ROWS: usize = 50;

/// Where a permission applies, as far as that is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Where {
    /// Not chosen yet.
    #[default]
    Unchosen,
    /// All of one account, future ones included.
    All,
    /// All of one account but the chosen ones.
    Except,
    /// All in every account.
    Everywhere,
    /// All in every account but the chosen ones.
    EverywhereExcept,
    /// Only the chosen ones.
    Named,
}

impl Where {
    const ALL: [Where; 6] = [
        Where::Unchosen,
        Where::All,
        Where::Except,
        Where::Everywhere,
        Where::EverywhereExcept,
        Where::Named,
    ];

    /// As forms spell it.
    pub fn key(self) -> &'static str {
        match self {
            Where::Unchosen => "",
            Where::All => "all",
            Where::Except => "except",
            Where::Everywhere => "everywhere",
            Where::EverywhereExcept => "everywhere_except",
            Where::Named => "named",
        }
    }

    fn from_key(key: &str) -> Where {
        Where::ALL.into_iter().find(|one| one.key() == key).unwrap_or_default()
    }

    /// Whether resources are chosen for it, to include or to leave out.
    pub fn names_some(self) -> bool {
        matches!(self, Where::Except | Where::EverywhereExcept | Where::Named)
    }
}

/// How much of a permission, as far as that is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Level {
    /// Not chosen yet.
    #[default]
    Unchosen,
    /// Nothing, on purpose.
    NoAccess,
    /// So much.
    Of(Access),
}

impl Level {
    /// As forms spell it.
    pub fn key(self) -> &'static str {
        match self {
            Level::Unchosen => "",
            Level::NoAccess => "none",
            Level::Of(access) => access.key(),
        }
    }

    fn from_key(key: &str) -> Level {
        match Access::from_key(key) {
            Some(access) => Level::Of(access),
            None if key == "none" => Level::NoAccess,
            None => Level::Unchosen,
        }
    }
}

/// One row of a form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowDraft {
    /// What the names of its fields begin with.
    pub key: String,
    /// The permission, if one is chosen.
    pub permission: Option<PermissionKey>,
    /// How much of it.
    pub level: Level,
    /// Where it applies.
    pub reach: Where,
    /// Of which account, where that is a question.
    pub account: Option<AccountId>,
    /// Whether that question was asked, so that an empty answer is one.
    pub account_asked: bool,
    /// Ids of the chosen resources.
    pub chosen: Vec<ResourceId>,
    /// Whether something else than an id was among them: it could be what's left out.
    pub unreadable: bool,
    /// What was searched for.
    pub search: String,
    /// What it's narrowed to inside its resources, as typed, by key of the part; none is blank.
    pub parts: BTreeMap<String, String>,
}

impl RowDraft {
    /// The simple form's line of a permission; its fields are called like that.
    pub(super) fn of_permission(fields: &Fields, permission: &Permission) -> RowDraft {
        let permission = &permission.key;
        RowDraft { permission: Some(permission.clone()), ..RowDraft::read(fields, permission.as_str(), &[]) }
    }

    /// The builder's rows: `r1`, `r2`, … as the fields `row` list them.
    pub(super) fn of_builder(fields: &Fields, catalogue: &Catalogue) -> Vec<RowDraft> {
        let mut rows: Vec<RowDraft> = Vec::new();
        let parts: Vec<&Part> = catalogue.kinds.iter().flat_map(|kind| &kind.parts).collect();
        for key in fields.all("row") {
            if rows.len() == MOST_ROWS || number(key).is_none() || rows.iter().any(|row| row.key == key) {
                continue;
            }
            let permission = catalogue.find(fields.get(&format!("{key}.permission")));
            let permission = permission.map(|permission| permission.key.clone());
            rows.push(RowDraft { permission, ..RowDraft::read(fields, key, &parts) });
        }
        rows
    }

    fn read(fields: &Fields, key: &str, parts: &[&Part]) -> RowDraft {
        let of = |end: &str| format!("{key}.{end}");
        let ids: Vec<Option<ResourceId>> = fields.all(&of("id")).map(|id| id.parse().ok()).collect();
        let unreadable = ids.contains(&None);
        let mut chosen: Vec<ResourceId> = ids.into_iter().flatten().collect();
        chosen.sort_unstable();
        chosen.dedup();
        RowDraft {
            key: key.to_owned(),
            permission: None,
            level: Level::from_key(fields.get(&of("access"))),
            reach: Where::from_key(fields.get(&of("where"))),
            account: fields.get(&of("account")).parse().ok(),
            account_asked: fields.all(&of("account")).next().is_some(),
            chosen,
            unreadable,
            search: fields.get(&of("q")).trim().to_owned(),
            parts: parts
                .iter()
                .map(|part| (part.key.clone(), fields.get(&of(&RowDraft::part_field(&part.key))).to_owned()))
                .filter(|(_, written)| !written.is_empty())
                .collect(),
        }
    }

    /// The fields that the builder's row is read from.
    pub(super) fn put_down(&self, fields: &mut Vec<(String, String)>) {
        let mut put = |end: &str, value: String| fields.push((format!("{}.{end}", self.key), value));
        if let Some(permission) = &self.permission {
            put("permission", permission.to_string());
        }
        put("access", self.level.key().to_owned());
        put("where", self.reach.key().to_owned());
        if self.account.is_some() || self.account_asked {
            put("account", self.account.map(|account| account.to_string()).unwrap_or_default());
        }
        for id in &self.chosen {
            put("id", id.to_string());
        }
        for (part, written) in &self.parts {
            put(&RowDraft::part_field(part), written.clone());
        }
        fields.push(("row".to_owned(), self.key.clone()));
    }

    /// What was typed for a part.
    pub fn part(&self, key: &str) -> &str {
        self.parts.get(key).map(String::as_str).unwrap_or_default()
    }

    /// The end of the name of a part's field.
    pub fn part_field(key: &str) -> String {
        format!("part.{key}")
    }

    /// Whether it says something besides its permission and how much of it.
    pub(super) fn says_where(&self) -> bool {
        self.reach != Where::Unchosen
            || self.account.is_some()
            || !(self.chosen.is_empty() && self.parts.is_empty())
    }

    /// A key that no row has.
    pub(super) fn next_key(rows: &[RowDraft]) -> String {
        let last = rows.iter().filter_map(|row| number(&row.key)).max().unwrap_or(0);
        format!("r{}", last + 1)
    }
}

/// The number of `r1`. Keys are parts of addresses and of ids, so there are no others.
fn number(key: &str) -> Option<u32> {
    let digits = key.strip_prefix('r')?;
    let fits = (1..=6).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|_| fits)
}
