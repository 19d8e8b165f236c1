//! Permissions: what each covers, and who may hold it.

use super::super::tree::{At, Table};
use super::super::{LowestRole, OF_USER, Permission, PermissionKey, Verbs};
use super::Reading;
use crate::{Access, Role, shown};

impl Reading<'_, '_> {
    pub(super) fn permission(&mut self, table: Table<'_, '_>) {
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
}
