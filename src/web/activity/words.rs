//! Lines of the activity in plain words: one row for each action there is.

use crate::models::activity::{Kind, Line, Named, Source};
use crate::web::told::shortened;
use serde_json::Value;

/// What each action says after the name of whoever did it; `{}` stands for what it was done to.
const WORDS: &[(&str, &str)] = &[
    ("account.changed", "changed the name or address of {}"),
    ("account.created", "made the account {}"),
    ("account.deleted", "deleted the account {} for good"),
    ("account.deletion_begun", "began to delete the account {}"),
    ("account.limits_set", "set the limits of {}"),
    ("account.plan_changed", "changed the plan of {}"),
    ("account.restored", "brought the account {} back"),
    ("account.resumed", "let {} go on"),
    ("account.suspended", "suspended {}"),
    ("contact.created", "added the contact {}"),
    ("contact.deleted", "deleted the contact {}"),
    ("domain.added", "added the domain {}"),
    ("domain.auto_renewal_set", "switched auto-renewal of the domain {}"),
    ("domain.delegated", "delegated the domain {}"),
    ("domain.removed", "removed the domain {}"),
    ("domain.transfer_lock_set", "switched the transfer lock of the domain {}"),
    ("domain.whois_privacy_set", "switched whois privacy of the domain {}"),
    ("invitation.revoked", "revoked the invitation of {}"),
    ("member.invited", "invited {}"),
    ("member.invited_again", "invited {} again"),
    ("member.joined", "joined by an invitation"),
    ("member.removed", "removed {} from the account"),
    ("member.set", "set the role of {}"),
    ("message.posted", "posted the message {}"),
    ("record.created", "made the record {}"),
    ("record.deleted", "deleted the record {}"),
    ("record.updated", "changed the record {}"),
    ("seen.first_use", "was used for the first time"),
    ("seen.new_network", "was used from a new network"),
    ("seen.sign_in_refused", "tried to sign in as {}, with a wrong password"),
    ("seen.signed_in", "signed in"),
    ("template.created", "made the template {}"),
    ("template.deleted", "deleted the template {}"),
    ("token.blocked", "kept the token {} out of the account"),
    ("token.created", "made the token {}"),
    ("token.deleted", "deleted the token {}"),
    ("token.disabled", "disabled the token {}"),
    ("token.enabled", "enabled the token {}"),
    ("token.renamed", "renamed the token {}"),
    ("token.roll_finished", "ended the older secret of the token {}"),
    ("token.rolled", "rolled the token {}"),
    ("token.unblocked", "let the token {} into the account again"),
    ("tokens.revoked", "revoked all tokens of {}"),
    ("user.address_asked", "asked for another address for {}"),
    ("user.address_verified", "proved the address of {}"),
    ("user.changed", "changed the name or address of {}"),
    ("user.created", "made the user {}"),
    ("user.deactivated", "deactivated {}"),
    ("user.password_link_made", "made a link for a new password of {}"),
    ("user.password_set", "set a new password for {}"),
    ("user.reactivated", "reactivated {}"),
    ("user.session_ended", "ended a session of {}"),
    ("user.sessions_ended", "ended all other sessions of {}"),
    ("user.signed_out", "signed {} out everywhere"),
    ("user.site_admin_made", "made {} a site admin"),
    ("user.site_admin_unmade", "made {} a site admin no more"),
    ("webhook.created", "added the webhook to {}"),
    ("webhook.deleted", "deleted the webhook to {}"),
    ("zone.activated", "activated the zone {}"),
    ("zone.deactivated", "deactivated the zone {}"),
];

/// What stands around the name of what something was done to.
pub struct Said {
    pub before: String,
    pub shows_object: bool,
    pub after: String,
}

/// A value that was changed.
pub struct Detail {
    pub label: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// What was done, in words.
pub fn said(line: &Line) -> Said {
    let known = WORDS.iter().find(|(action, _)| *action == line.action);
    // A line that another version wrote is still told.
    let unknown = || format!("{}: {{}}", line.action.replace(['.', '_'], " "));
    let mut text = known.map_or_else(unknown, |(_, text)| (*text).to_owned());
    // The name of many at once says what they are: "added 40 domains". No single one has a space.
    if ["domain", "record"].contains(&line.object.kind.as_str()) && line.object.name.contains(' ') {
        text = text.replace(&format!(" the {} {{}}", line.object.kind), " {}");
    }
    match text.split_once("{}") {
        Some((before, after)) => Said {
            before: before.trim_end().to_owned(),
            shows_object: true,
            after: if after.starts_with(',') { after.to_owned() } else { after.trim_start().to_owned() },
        },
        None => Said { before: text, shows_object: false, after: String::new() },
    }
}

/// The whole line, for files.
pub fn sentence(line: &Line) -> String {
    let said = said(line);
    let object = Some(named(&line.object)).filter(|name| said.shows_object && !name.is_empty());
    let mut text = format!("{} {}", who(line), said.before);
    if let Some(object) = object {
        text.push(' ');
        text.push_str(&object);
    }
    if !said.after.is_empty() && !said.after.starts_with(',') {
        text.push(' ');
    }
    text + &said.after
}

/// Who did it.
pub fn who(line: &Line) -> String {
    let who = &line.who;
    match who.kind.as_str() {
        "command_line" => "The command line".to_owned(),
        // Nobody changes anything but the house itself; what is only seen may be anybody.
        "nobody" if line.place.source == Source::Seen => "Somebody".to_owned(),
        "nobody" => "Tokenhouse".to_owned(),
        "token" => format!("The token “{}”", who.name),
        _ => who.name.clone(),
    }
}

/// What it was done to: names that somebody chose stand in quotes, addresses and hosts do not.
pub fn named(object: &Named) -> String {
    match object.kind.as_str() {
        _ if object.name.is_empty() => String::new(),
        "token" | "template" | "message" | "contact" => format!("“{}”", object.name),
        _ => object.name.clone(),
    }
}

/// A kind, as it is chosen.
pub fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Tokens => "Tokens",
        Kind::Uses => "First uses and new networks",
        Kind::Members => "Members",
        Kind::Account => "Account",
        Kind::Domains => "Domains and records",
        Kind::Users => "Profile and password",
        Kind::SignIns => "Sign-ins",
        Kind::Other => "Everything else",
    }
}

/// What was before and is after, value by value.
pub fn details(before: Option<&Value>, after: Option<&Value>) -> Vec<Detail> {
    let names = |value: Option<&Value>| -> Vec<String> {
        value.and_then(Value::as_object).map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
    };
    let mut all = names(before);
    all.extend(names(after));
    let mut seen = Vec::new();
    all.retain(|name| {
        let is_new = !seen.contains(name);
        seen.push(name.clone());
        is_new
    });
    let text = |value: Option<&Value>, name: &str| value.and_then(|value| value.get(name)).map(told);
    all.into_iter()
        .map(|name| Detail {
            before: text(before, &name),
            after: text(after, &name),
            label: capitalised(&name.replace('_', " ")),
        })
        .collect()
}

/// A value of the record as a person reads it.
fn told(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.is_empty() => "empty".to_owned(),
        Value::String(text) => shortened(text),
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        Value::Array(list) => list.iter().map(told).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let field =
                |(name, value): (&String, &Value)| format!("{}: {}", name.replace('_', " "), told(value));
            fields.iter().map(field).collect::<Vec<_>>().join("; ")
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::fs;
    use std::path::Path;

    /// Every `"noun.verb"` that the models hold, but for names of hosts.
    fn actions(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                actions(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let source = fs::read_to_string(&path).unwrap();
                let code = source.split("#[cfg(test)]").next().unwrap();
                found.extend(
                    code.split('"').skip(1).step_by(2).filter(|text| is_action(text)).map(str::to_owned),
                );
            }
        }
    }

    fn is_action(text: &str) -> bool {
        let word = |part: &str| {
            part.len() > 1
                && !part.starts_with('_')
                && part.chars().all(|sign| sign.is_ascii_lowercase() || sign == '_')
        };
        text.split_once('.').is_some_and(|(noun, verb)| {
            word(noun) && word(verb) && !["com", "net", "org", "example", "invalid"].contains(&verb)
        })
    }

    #[test]
    fn every_action_in_the_source_has_words_and_there_are_no_others() {
        let mut found = Vec::new();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        for part in ["models", "cli", "server"] {
            actions(&source.join(part), &mut found);
        }
        found.sort();
        found.dedup();
        assert!(found.len() > 30, "the source was not read: {found:?}");
        let known: Vec<&str> = WORDS.iter().map(|(action, _)| *action).collect();
        let missing: Vec<&String> = found.iter().filter(|action| !known.contains(&action.as_str())).collect();
        assert_eq!(missing, Vec::<&String>::new(), "actions without words");
        let left: Vec<&&str> = known
            .iter()
            .filter(|action| !action.starts_with("seen.") && !found.iter().any(|one| one == **action))
            .collect();
        assert_eq!(left, Vec::<&&str>::new(), "words without an action");
        assert!(known.is_sorted(), "in the order of the alphabet, each once");
    }

    #[test]
    fn many_at_once_are_told_as_such_and_a_single_one_by_its_kind() {
        let added = |name: &str| {
            let named =
                |kind: &str, name: &str| Named { kind: kind.to_owned(), id: None, name: name.to_owned() };
            sentence(&Line {
                place: crate::models::activity::Cursor {
                    at: time::OffsetDateTime::UNIX_EPOCH,
                    source: Source::Changed,
                    id: 1,
                },
                account: None,
                user: None,
                who: named("command_line", ""),
                action: "domain.added".to_owned(),
                object: named("domain", name),
                before: None,
                after: None,
                address: None,
                client: String::new(),
            })
        };
        assert_eq!(added("40 domains"), "The command line added 40 domains");
        assert_eq!(added("360.example"), "The command line added the domain 360.example");
    }

    #[test]
    fn values_are_told_in_words_whatever_they_are() {
        let before = json!({ "role": "admin", "never_allowed": true, "name_servers": [] });
        let after = json!({ "role": "owner", "why": "", "more": { "a_b": 1, "c": null } });
        let told: Vec<String> = details(Some(&before), Some(&after))
            .into_iter()
            .map(|one| format!("{}: {:?} {:?}", one.label, one.before, one.after))
            .collect();
        let expected = [
            "Name servers: Some(\"none\") None",
            "Never allowed: Some(\"yes\") None",
            "Role: Some(\"admin\") Some(\"owner\")",
            "More: None Some(\"a b: 1; c: none\")",
            "Why: None Some(\"empty\")",
        ];
        assert_eq!(told, expected);
        assert!(details(None, None).is_empty());
    }
}
