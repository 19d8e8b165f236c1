//! Templates: what a new token can start from.

use super::super::template::{Preset, Reach, Template, TemplateRow};
use super::super::tree::Table;
use super::Reading;
use crate::{Parts, shown};

impl Reading<'_, '_> {
    pub(super) fn template(&mut self, table: Table<'_, '_>, before: &[Template]) -> Option<Template> {
        let key = table.some_text("key", &mut self.faults);
        let title = table.some_text("title", &mut self.faults);
        let sentence = table.some_text("description", &mut self.faults);
        let hint = table.some_text("hint", &mut self.faults);
        let rows = table.tables("rows", "a row", &mut self.faults);
        if rows.is_empty() {
            table.missing::<()>("rows", &mut self.faults);
        }
        let rows: Vec<TemplateRow> = rows.into_iter().filter_map(|row| self.template_row(row)).collect();
        let at = table.at;
        table.finish(&mut self.faults);
        let key = key?;
        if before.iter().any(|template| template.key == key.value) {
            self.faults.error(key.at, format!("there is a template “{}” already", shown(&key.value)));
        } else if !key.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            self.faults.error(key.at, "the key of a template has letters, digits and _ only");
        }
        let of_account = |row: &TemplateRow| {
            let permission = self.permissions.iter().find(|one| one.value.key == row.permission);
            row.access().is_some() && permission.is_some_and(|one| !one.value.is_of_user())
        };
        if !rows.iter().any(of_account) {
            self.faults.error(at, "the template grants an account token nothing");
        }
        Some(Template {
            key: key.value,
            title: title?.value,
            sentence: sentence?.value,
            hint: hint?.value,
            rows,
        })
    }

    fn template_row(&mut self, table: Table<'_, '_>) -> Option<TemplateRow> {
        let faults = &mut self.faults;
        let permission = table.some_text("permission", faults);
        let level = table.some_text("level", faults);
        let reach = table.some_text("reach", faults);
        let parts =
            table.table("parts", "“parts”", faults).map(|parts| parts.lists(faults)).unwrap_or_default();
        table.finish(faults);
        let (permission, level, reach) = (permission?, level?, reach?);
        let Some(found) = self.permissions.iter().find(|one| one.value.key.as_str() == permission.value)
        else {
            let text = format!("there is no permission “{}”", shown(&permission.value));
            faults.error(permission.at, text);
            return None;
        };
        let found = &found.value;
        let preset = match level.value.as_str() {
            "none" => Preset::None,
            "read" => Preset::Read,
            "write" => Preset::Full,
            other => {
                let text = format!("there is no level “{}”; there are read, write, none", shown(other));
                faults.error(level.at, text);
                return None;
            }
        };
        let (choice, at) = (reach.value.as_str(), reach.at);
        let reach = match choice {
            "choose" => Reach::Choose,
            "all" => Reach::All,
            _ => {
                faults.error(at, "“reach” has to be “choose” or “all”");
                return None;
            }
        };
        let kind = found.narrowed_by.and_then(|key| self.kinds.iter().find(|kind| kind.key == key));
        match preset.access() {
            None if !found.sensitive => {
                faults.error(level.at, "only a row for something sensitive has the level “none”");
            }
            Some(_) if found.sensitive => {
                let text =
                    format!("“{}” is sensitive: no template grants it; write level = \"none\"", found.key);
                faults.error(level.at, text);
            }
            Some(access) if !found.access.contains(&access) => {
                let text = format!("“{}” doesn't offer the level “{}”", found.key, level.value);
                faults.error(level.at, text);
            }
            _ => {}
        }
        if reach == Reach::Choose && kind.is_none() {
            faults.error(at, format!("“{}” has no resources to choose", found.key));
        }
        let mut narrowed = Parts::default();
        for (key, written) in parts {
            let part =
                kind.filter(|_| found.parts.contains(&key.value)).and_then(|kind| kind.part(&key.value));
            let Some(part) = part else {
                faults.error(key.at, format!("“{}” has no part “{}”", found.key, shown(&key.value)));
                continue;
            };
            match part.normal(written.iter().map(|one| one.value.as_str())) {
                Ok(patterns) => narrowed = narrowed.with(&part.key, patterns),
                Err(why) => {
                    let at = written.first().map_or(key.at, |one| one.at);
                    faults.error(at, why.trim_end_matches('.').to_owned());
                }
            }
        }
        Some(TemplateRow { permission: found.key.clone(), preset, reach, parts: narrowed })
    }
}
