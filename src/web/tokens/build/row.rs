//! A row of the builder, as its page shows it.

use super::super::choices::Finder;
use super::super::draft::{Level, Problems, RowDraft, Where, Whose};
use super::super::problems::problem;
use crate::policy::catalogue::Category;
use crate::policy::{Access, AccountId, Catalogue, Kind, KindKey, Permission, Role};
use crate::web::page::Field;

/// Permissions of one category, to choose from.
pub(super) struct OptionGroup {
    pub(super) title: String,
    pub(super) options: Vec<PermissionOption>,
}

/// A permission to choose.
pub(super) struct PermissionOption {
    pub(super) key: String,
    /// Its title, and why it cannot be chosen where that is so.
    pub(super) label: String,
    pub(super) disabled: bool,
}

/// A row.
pub(super) struct RowView {
    pub(super) key: String,
    pub(super) number: usize,
    /// Key of the permission; empty where none is chosen.
    pub(super) permission: String,
    pub(super) title: String,
    pub(super) sentence: String,
    pub(super) sensitive: bool,
    pub(super) level: &'static str,
    /// Whether *No access* is one of the choices: for what only a tick brings along.
    pub(super) offers_none: bool,
    pub(super) offers_read: bool,
    pub(super) offers_full: bool,
    /// Why an access cannot be granted.
    pub(super) access_note: Option<String>,
    pub(super) may_read: bool,
    pub(super) may_full: bool,
    /// Where it can apply; empty where that is no question.
    pub(super) places: Vec<Place>,
    /// What it needs no resource for, in a sentence.
    pub(super) place_note: Option<&'static str>,
    pub(super) accounts: Vec<AccountChoice>,
    pub(super) kind: Option<KindKey>,
    pub(super) finder: Option<Finder>,
    pub(super) spreads: bool,
    /// What can narrow it inside its resources; `None` if nothing can.
    pub(super) inside: Option<Inside>,
    pub(super) permission_error: Option<String>,
    pub(super) access_error: Option<String>,
    pub(super) where_error: Option<String>,
}

/// Fields for what narrows a permission inside its resources.
pub(super) struct Inside {
    /// Several of what's inside: "records".
    pub(super) items: String,
    pub(super) parts: Vec<PartView>,
    /// Whether there's something in one of them.
    pub(super) open: bool,
}

/// The field of a part.
pub(super) struct PartView {
    /// The end of its name.
    pub(super) end: String,
    pub(super) title: String,
    pub(super) hint: String,
    pub(super) field: Field,
}

impl Inside {
    fn of(permission: &Permission, kind: &Kind, row: &RowDraft, problems: &Problems) -> Option<Inside> {
        let parts: Vec<PartView> = permission
            .parts
            .iter()
            .filter_map(|key| kind.part(key))
            .map(|part| {
                let end = RowDraft::part_field(&part.key);
                let error = problem(problems, &format!("{}.{end}", row.key));
                let field = Field { value: row.part(&part.key).to_owned(), error };
                PartView { end, title: part.title.clone(), hint: part.hint.clone(), field }
            })
            .collect();
        let first = kind.part(permission.parts.first()?)?;
        Some(Inside {
            items: kind.items.as_ref().map_or_else(|| first.noun(), |(_, several)| several.clone()),
            open: parts.iter().any(|part| !part.field.value.is_empty() || part.field.error.is_some()),
            parts,
        })
    }
}

/// A choice of where a permission applies.
pub(super) struct Place {
    pub(super) value: &'static str,
    pub(super) label: String,
    pub(super) checked: bool,
}

/// An account to choose.
pub(super) struct AccountChoice {
    pub(super) id: AccountId,
    pub(super) label: String,
    pub(super) selected: bool,
    /// Whether it cannot be chosen; never what is selected, which browsers would not send then.
    pub(super) disabled: bool,
}

/// Whether a row's permission is narrowed by resources.
pub(super) fn is_narrowed(row: &RowDraft, catalogue: &Catalogue) -> bool {
    let permission = row.permission.as_ref().and_then(|key| catalogue.get(key));
    permission.is_some_and(|permission| permission.narrowed_by.is_some())
}

/// Every permission that such a token can have, by category.
pub(super) fn options(catalogue: &Catalogue, whose: &Whose) -> Vec<OptionGroup> {
    let of = |category: &Category| OptionGroup {
        title: category.title.clone(),
        options: catalogue
            .for_tokens(whose.of_user)
            .filter(|permission| permission.category == category.key)
            .map(|permission| option(permission, whose))
            .collect(),
    };
    let groups = catalogue.categories.iter().map(of);
    groups.filter(|group| !group.options.is_empty()).collect()
}

fn option(permission: &Permission, whose: &Whose) -> PermissionOption {
    let disabled = !permission.access.iter().any(|access| whose.may_grant(permission, *access));
    let lowest = permission.access.iter().filter_map(|access| permission.lowest_role(*access)).min();
    let label = match lowest.filter(|_| disabled) {
        Some(role) => format!("{} (needs the role {})", permission.title, role.key()),
        None => permission.title.clone(),
    };
    PermissionOption { key: permission.key.to_string(), label, disabled }
}

impl RowView {
    /// The row, without the resources it can choose from.
    pub(super) fn of(
        number: usize,
        row: &RowDraft,
        catalogue: &Catalogue,
        whose: &Whose,
        problems: &Problems,
    ) -> RowView {
        let permission = row.permission.as_ref().and_then(|key| catalogue.get(key));
        let at = |end: &str| problem(problems, &format!("{}.{end}", row.key));
        let is = |test: &dyn Fn(&Permission) -> bool| permission.is_some_and(test);
        let offers = |access: Access| is(&|one| one.access.contains(&access));
        RowView {
            key: row.key.clone(),
            number,
            permission: permission.map(|one| one.key.to_string()).unwrap_or_default(),
            title: permission.map(|one| one.title.clone()).unwrap_or_default(),
            sentence: permission.map(|one| one.sentence.clone()).unwrap_or_default(),
            sensitive: is(&|one| one.sensitive),
            level: row.level.key(),
            offers_none: row.level == Level::NoAccess || is(&|one| one.sensitive),
            offers_read: offers(Access::Read),
            offers_full: offers(Access::Full),
            access_note: permission.and_then(|one| access_note(one, whose)),
            may_read: is(&|one| whose.may_grant(one, Access::Read)),
            may_full: is(&|one| whose.may_grant(one, Access::Full)),
            places: permission.map(|one| places(one, catalogue.kind_of(one), row, whose)).unwrap_or_default(),
            place_note: permission.and_then(|one| place_note(one, whose)),
            accounts: permission.map(|one| accounts(one, row, whose)).unwrap_or_default(),
            kind: permission.and_then(|one| one.narrowed_by),
            finder: None,
            spreads: false,
            inside: permission.and_then(|one| Inside::of(one, catalogue.kind_of(one)?, row, problems)),
            permission_error: at("permission"),
            access_error: at("access"),
            where_error: at("where"),
        }
    }
}

fn access_note(permission: &Permission, whose: &Whose) -> Option<String> {
    let refused = |access: &&Access| !whose.may_grant(permission, **access);
    let access = permission.access.iter().find(refused)?;
    let role = permission.lowest_role(*access).map_or("", Role::key);
    Some(format!("{} needs the role {role}, which you have in no account.", access.title()))
}

fn place_note(permission: &Permission, whose: &Whose) -> Option<&'static str> {
    if permission.is_of_user() {
        Some("It's about you, and needs no resource.")
    } else if permission.narrowed_by.is_none() && !whose.of_user {
        Some("It's about the account as a whole.")
    } else {
        None
    }
}

fn places(permission: &Permission, kind: Option<&Kind>, row: &RowDraft, whose: &Whose) -> Vec<Place> {
    let place =
        |(reach, label): (Where, String)| Place { value: reach.key(), label, checked: row.reach == reach };
    let listed = match kind {
        Some(kind) => {
            let kinds = &kind.plural;
            let mut listed = vec![(Where::Named, format!("Only selected {kinds}"))];
            if whose.of_user {
                listed.extend([
                    (Where::All, format!("All {kinds} of one account, including future ones")),
                    (Where::Except, format!("All {kinds} of one account, except selected ones")),
                    (Where::Everywhere, format!("All {kinds} in all accounts, including future ones")),
                    (Where::EverywhereExcept, format!("All {kinds} in all accounts, except selected ones")),
                ]);
            } else {
                listed.extend([
                    (Where::All, format!("All {kinds}, including future ones")),
                    (Where::Except, format!("All {kinds}, except selected ones")),
                ]);
            }
            listed
        }
        None if whose.of_user && !permission.is_of_user() => vec![
            (Where::All, "One account".to_owned()),
            (Where::Everywhere, "All accounts, including future ones".to_owned()),
        ],
        None => Vec::new(),
    };
    listed.into_iter().map(place).collect()
}

fn accounts(permission: &Permission, row: &RowDraft, whose: &Whose) -> Vec<AccountChoice> {
    if !whose.of_user || permission.is_of_user() {
        return Vec::new();
    }
    let choice = |(id, name, role): &(AccountId, String, Role)| {
        let twin = whose.accounts.iter().any(|(other, same, _)| same == name && other != id);
        let number = if twin { format!(" · account {id}") } else { String::new() };
        let held = |access: Access| permission.may_be_held(access, *role);
        let limit = match (held(Access::Read), held(Access::Full)) {
            (false, false) => format!(" (not as {})", role.key()),
            (true, false) if permission.access.contains(&Access::Full) => {
                format!(" (as {}: Read only)", role.key())
            }
            _ => String::new(),
        };
        let preselected = whose.only_account().filter(|_| !row.account_asked);
        let selected = row.account.or(preselected) == Some(*id);
        AccountChoice {
            id: *id,
            label: format!("{name}{number}{limit}"),
            selected,
            disabled: !selected && !held(Access::Read) && !held(Access::Full),
        }
    };
    whose.accounts.iter().map(choice).collect()
}
