//! Lines of the activity in plain words: one row for each action there is.

use crate::http::Extras;
use crate::models::Action;
use crate::models::activity::{Kind, Line, LineAction, Named, Source};
use crate::models::sighting::SightingKind;
use crate::web::page::capitalized;
use crate::web::told::shortened;
use serde_json::Value;

/// What each action says after the name of who did it; `{}` is what it was done to.
fn words(action: Action) -> &'static str {
    match action {
        Action::AccountChanged => "changed the name or email address of {}",
        Action::AccountCreated => "created the account {}",
        Action::AccountDeleted => "permanently deleted the account {}",
        Action::AccountDeletionBegun => "started to delete the account {}",
        Action::AccountFactorDemanded => "set whether {} asks members for two-factor authentication",
        Action::AccountLimitsSet => "set the limits of {}",
        Action::AccountPlanChanged => "changed the plan of {}",
        Action::AccountRefChanged => "set the reference of {}",
        Action::UserRefChanged => "set the reference of {}",
        Action::AccountRestored => "restored the account {}",
        Action::AccountResumed => "resumed {}",
        Action::AccountSuspended => "suspended {}",
        Action::InvitationRevoked => "revoked the invitation of {}",
        Action::MemberInvited => "invited {}",
        Action::MemberInvitedAgain => "invited {} again",
        Action::MemberJoined => "joined by an invitation",
        Action::MemberRemoved => "removed {} from the account",
        Action::MemberSet => "set the role of {}",
        Action::TokenBlocked => "blocked the token {} in the account",
        Action::TokenCreated => "created the token {}",
        Action::TokenDeleted => "deleted the token {}",
        Action::TokenDisabled => "disabled the token {}",
        Action::TokenEnabled => "enabled the token {}",
        Action::TokenRenamed => "renamed the token {}",
        Action::TokenRollFinished => "ended the older secret of the token {}",
        Action::TokenRolled => "rolled the token {}",
        Action::TokenUnblocked => "unblocked the token {} in the account",
        Action::TokensRevoked => "revoked all tokens of {}",
        Action::UserAddressAsked => "asked to change the email address of {}",
        Action::UserAddressVerified => "confirmed the email address of {}",
        Action::UserChanged => "changed the name or email address of {}",
        Action::UserCreated => "created the user {}",
        Action::UserDeactivated => "deactivated {}",
        Action::UserFactorAdded => "added a second factor for {}",
        Action::UserFactorLinkMade => "asked for a link to remove the lost factors of {}",
        Action::UserFactorRemoved => "removed a second factor of {}",
        Action::UserFactorsReset => "removed the lost factors of {}",
        Action::UserRecoveryCodesMade => "created new recovery codes for {}",
        Action::UserPasswordLinkMade => "created a link for a new password of {}",
        Action::UserPasswordSet => "set a new password for {}",
        Action::UserReactivated => "reactivated {}",
        Action::UserSessionEnded => "ended a session of {}",
        Action::UserSessionsEnded => "ended all other sessions of {}",
        Action::UserSignedOut => "signed {} out everywhere",
        Action::UserSiteAdminMade => "made {} a site admin",
        Action::UserSiteAdminUnmade => "removed {} as a site admin",
    }
}

/// The same for what was seen.
fn seen(kind: SightingKind) -> &'static str {
    match kind {
        SightingKind::FirstUse => "was used for the first time",
        SightingKind::NewNetwork => "was used from a new network",
        SightingKind::SignInRefused => "tried to sign in as {}, with a wrong password",
        SightingKind::CodeRefused => "tried to sign in as {}, with the right password and a wrong code",
        SightingKind::SignedIn => "signed in",
    }
}

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
pub fn said(line: &Line, extras: &Extras) -> Said {
    let text = match &line.action {
        LineAction::Done(action) => words(*action).to_owned(),
        LineAction::Seen(kind) => seen(*kind).to_owned(),
        LineAction::Other(key) => match (extras.activity.words)(key) {
            Some(words) => words.to_owned(),
            None => of_resource(key, &line.object.kind),
        },
    };
    match text.split_once("{}") {
        Some((before, after)) => Said {
            before: before.trim_end().to_owned(),
            shows_object: true,
            after: if after.starts_with(',') { after.to_owned() } else { after.trim_start().to_owned() },
        },
        None => Said { before: text, shows_object: false, after: String::new() },
    }
}

/// What was done with a resource, or with what this version doesn't know.
fn of_resource(key: &str, kind: &str) -> String {
    let noun = kind.replace('_', " ");
    match key.split_once('.') {
        Some((one, "added")) if one == kind => format!("added the {noun} {{}}"),
        Some((_, "added")) => "added {}".to_owned(),
        Some((one, "removed")) if one == kind => format!("removed the {noun} {{}}"),
        Some((_, "removed")) => "removed {}".to_owned(),
        Some((one, "titled")) if one == kind => format!("set the title of the {noun} {{}}"),
        Some((_, "titled")) => "set the titles of {}".to_owned(),
        _ => format!("{}: {{}}", key.replace(['.', '_'], " ")),
    }
}

/// The whole line, for files.
pub fn sentence(line: &Line, extras: &Extras, site_name: &str) -> String {
    let said = said(line, extras);
    let object = Some(named(&line.object, extras)).filter(|name| said.shows_object && !name.is_empty());
    let mut text = format!("{} {}", who(line, site_name), said.before);
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
pub fn who(line: &Line, site_name: &str) -> String {
    let who = &line.who;
    match who.kind.as_str() {
        "command_line" => "The command line".to_owned(),
        // Nobody changes anything but the house itself; what is only seen may be anybody.
        "nobody" if line.place.source == Source::Seen => "Somebody".to_owned(),
        "nobody" => site_name.to_owned(),
        "token" => format!("The token “{}”", who.name),
        _ => who.name.clone(),
    }
}

/// What it was done to: names that somebody chose stand in quotes, addresses and hosts do not.
pub fn named(object: &Named, extras: &Extras) -> String {
    match object.kind.as_str() {
        _ if object.name.is_empty() => String::new(),
        kind if kind == "token" || extras.activity.quoted.contains(&kind) => format!("“{}”", object.name),
        _ => object.name.clone(),
    }
}

/// A kind, as it is chosen.
pub fn title(kind: Kind, extras: &Extras) -> &'static str {
    match kind {
        Kind::Tokens => "Tokens",
        Kind::Uses => "First uses and new networks",
        Kind::Members => "Members",
        Kind::Account => "Account",
        Kind::Resources => extras.activity.resources,
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
            label: capitalized(&name.replace('_', " ")),
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn many_at_once_are_told_as_such_and_a_single_one_by_its_kind() {
        let added = |action: &str, name: &str| {
            let named =
                |kind: &str, name: &str| Named { kind: kind.to_owned(), id: None, name: name.to_owned() };
            let at = time::OffsetDateTime::UNIX_EPOCH;
            let line = Line {
                place: crate::models::activity::Cursor { at, source: Source::Changed, id: 1 },
                account: None,
                user: None,
                who: named("command_line", ""),
                action: LineAction::Other(action.to_owned()),
                object: named("web_shop", name),
                before: None,
                after: None,
                address: None,
                client: String::new(),
            };
            sentence(&line, &Extras::NONE, "Shoply")
        };
        assert_eq!(added("web_shops.added", "40 shops"), "The command line added 40 shops");
        assert_eq!(added("web_shop.added", "360"), "The command line added the web shop 360");
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
