//! A policy in plain sentences, made from nothing but the policy itself.

use super::{Access, Catalogue, Grant, Permission, Policy, ResourceKind, ResourceRef, Rights, Selection};
use serde::Serialize;
use time::{Duration, OffsetDateTime};

/// A run of text within a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Phrase {
    /// The text.
    pub text: String,
    /// Whether the weight of the sentence lies on it.
    pub strong: bool,
    /// Whether it is something to type rather than to say.
    pub code: bool,
}

impl Phrase {
    /// Plain text.
    pub fn plain(text: impl Into<String>) -> Phrase {
        Phrase { text: text.into(), strong: false, code: false }
    }

    /// Text with weight.
    pub fn strong(text: impl Into<String>) -> Phrase {
        Phrase { text: text.into(), strong: true, code: false }
    }
}

/// One sentence of a summary. `tone` is `can`, `cannot`, `info` or `warn`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sentence {
    /// What kind of statement it is.
    pub tone: &'static str,
    /// Its text, in runs.
    pub phrases: Vec<Phrase>,
}

impl Sentence {
    fn new(tone: &'static str, phrases: Vec<Phrase>) -> Sentence {
        Sentence { tone, phrases }
    }

    /// The sentence as plain text.
    pub fn text(&self) -> String {
        self.phrases.iter().map(|phrase| phrase.text.as_str()).collect()
    }
}

/// What the sentences say besides the policy: the account's name and how much it holds now.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Name of the account.
    pub account: String,
    /// How many domains it has.
    pub domains: i64,
    /// How many zones it has.
    pub zones: i64,
}

impl Surroundings {
    /// How many resources of a kind there are now.
    pub fn count(&self, kind: ResourceKind) -> i64 {
        match kind {
            ResourceKind::Domain => self.domains,
            ResourceKind::Zone => self.zones,
        }
    }

    /// How many there are now but for those that are left out.
    pub fn reached(&self, kind: ResourceKind, except: &[ResourceRef]) -> i64 {
        let gone = except.iter().filter(|one| one.id.is_some()).count();
        self.count(kind) - i64::try_from(gone).unwrap_or(0)
    }
}

/// What an account token with this policy can do and what it cannot.
pub fn of_policy(catalogue: &Catalogue, policy: &Policy, around: &Surroundings) -> Vec<Sentence> {
    let mut sentences = match &policy.rights {
        Rights::Everything => everything(&around.account),
        Rights::Grants(grants) => {
            let mut all: Vec<Sentence> = grants
                .iter()
                .filter_map(|grant| Some(can(catalogue.get(&grant.permission)?, grant, around)))
                .collect();
            all.extend(cannot(catalogue, grants));
            all.extend(lists(catalogue, grants));
            all
        }
    };
    sentences.push(lifetime(policy));
    sentences
}

fn everything(account: &str) -> Vec<Sentence> {
    vec![
        Sentence::new(
            "warn",
            vec![
                Phrase::plain("Can do "),
                Phrase::strong("everything"),
                Phrase::plain(format!(" in {account}, also with what is added later; ")),
                Phrase::strong("private keys of certificates"),
                Phrase::plain(" and billing are included."),
            ],
        ),
        Sentence::new("cannot", vec![Phrase::plain("Cannot see, create or change tokens, nor members.")]),
    ]
}

fn can(permission: &Permission, grant: &Grant, around: &Surroundings) -> Sentence {
    let deed = match grant.access {
        Access::Read => "read",
        Access::Full => "read, create, change and delete",
    };
    let mut phrases = vec![Phrase::plain("Can "), Phrase::strong(deed)];
    match permission.narrowed_by {
        // Domains themselves, rather than something of them.
        Some(kind) if permission.object == kind.plural() => {
            phrases.extend(which(kind, &grant.selection, around, " "));
        }
        Some(kind) => {
            phrases.push(Phrase::plain(format!(" {}", permission.object)));
            phrases.extend(which(kind, &grant.selection, around, " of "));
        }
        None => phrases.push(Phrase::plain(format!(" {}.", permission.object))),
    }
    Sentence::new("can", phrases)
}

fn which(kind: ResourceKind, selection: &Selection, around: &Surroundings, of: &str) -> Vec<Phrase> {
    match selection {
        Selection::Only(only) => {
            let mut phrases = vec![Phrase::plain(of)];
            phrases.extend(names(only));
            phrases.push(Phrase::plain(format!(", and{of}no other {}.", kind.key())));
            phrases
        }
        Selection::Everywhere { except } | Selection::Account { except, .. } => {
            let mut phrases = vec![Phrase::plain(of), Phrase::strong(format!("all {}", kind.plural()))];
            if !except.is_empty() {
                phrases.push(Phrase::plain(" except "));
                phrases.extend(names(except));
            }
            phrases.push(Phrase::plain(format!(
                ": {} now, and those added later.",
                around.reached(kind, except)
            )));
            phrases
        }
    }
}

fn names(list: &[ResourceRef]) -> Vec<Phrase> {
    let mut phrases = Vec::new();
    for (place, one) in list.iter().enumerate() {
        if place > 0 {
            phrases.push(Phrase::plain(if place + 1 == list.len() { " and " } else { ", " }));
        }
        phrases.push(Phrase::strong(&one.name));
        if one.id.is_none() {
            phrases.push(Phrase::plain(" (deleted since)"));
        }
    }
    phrases
}

fn cannot(catalogue: &Catalogue, grants: &[Grant]) -> Option<Sentence> {
    let absent: Vec<&str> = catalogue
        .for_account_tokens()
        .filter(|permission| !grants.iter().any(|grant| grant.permission == permission.key))
        .map(|permission| permission.object.as_str())
        .collect();
    let text = format!(
        "Cannot touch {}tokens or members.",
        match absent.as_slice() {
            [] => String::new(),
            some => format!("{}, ", some.join(", ")),
        }
    );
    Some(Sentence::new("cannot", vec![Phrase::plain(text)]))
}

fn lists(catalogue: &Catalogue, grants: &[Grant]) -> Option<Sentence> {
    let narrowed = grants.iter().any(|grant| {
        catalogue.get(&grant.permission).is_some_and(|permission| permission.narrowed_by.is_some())
            && !grant.selection.named().is_empty()
    });
    narrowed.then(|| Sentence::new("info", vec![Phrase::plain("Lists will show only what it reaches.")]))
}

fn lifetime(policy: &Policy) -> Sentence {
    match policy.expires_at {
        Some(end) => Sentence::new("info", vec![Phrase::plain(works_through(end))]),
        None => Sentence::new(
            "warn",
            vec![
                Phrase::plain("Works until somebody deletes it: it "),
                Phrase::strong("never expires"),
                Phrase::plain("."),
            ],
        ),
    }
}

/// "Works through 19 February 2027 (UTC)." for the first instant after that day.
pub fn works_through(end: OffsetDateTime) -> String {
    format!("Works through {} (UTC).", long_day(last_day(end)))
}

/// The last day on which something that ends at this instant still works.
pub fn last_day(end: OffsetDateTime) -> time::Date {
    (end - Duration::nanoseconds(1)).date()
}

/// "19 February 2027".
pub fn long_day(day: time::Date) -> String {
    format!("{} {} {}", day.day(), day.month(), day.year())
}

/// A grant in a few words, for a row of the list.
pub fn in_short(catalogue: &Catalogue, rights: &Rights) -> Vec<Phrase> {
    let Rights::Grants(grants) = rights else {
        return vec![Phrase::plain("Everything in this account")];
    };
    let mut phrases = Vec::new();
    for (place, grant) in grants.iter().enumerate() {
        let Some(permission) = catalogue.get(&grant.permission) else { continue };
        let title = if place == 0 { permission.title.clone() } else { permission.title.to_lowercase() };
        if place > 0 {
            phrases.push(Phrase::plain("; "));
        }
        phrases.push(Phrase::plain(format!("{title} {}", grant.access.key())));
        phrases.extend(short_selection(&grant.selection));
    }
    phrases
}

fn short_selection(selection: &Selection) -> Vec<Phrase> {
    let (joint, list) = match selection {
        Selection::Only(only) => (" for ", only),
        Selection::Everywhere { except } | Selection::Account { except, .. } => (", all but ", except),
    };
    match list.as_slice() {
        [] if matches!(selection, Selection::Only(_)) => vec![Phrase::plain(" for nothing any more")],
        [] => Vec::new(),
        [one] => vec![Phrase::plain(joint), Phrase::strong(&one.name)],
        [one, two] => vec![
            Phrase::plain(joint),
            Phrase::strong(&one.name),
            Phrase::plain(" and "),
            Phrase::strong(&two.name),
        ],
        [one, rest @ ..] => vec![
            Phrase::plain(joint),
            Phrase::strong(&one.name),
            Phrase::plain(format!(" and {} more", rest.len())),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn around() -> Surroundings {
        Surroundings { account: "Acme".to_owned(), domains: 40, zones: 40 }
    }

    fn texts(rights: Rights) -> Vec<String> {
        let catalogue = Catalogue::embedded().unwrap();
        of_policy(&catalogue, &Policy::unconditional(rights), &around()).iter().map(Sentence::text).collect()
    }

    fn grant(key: &str, access: Access, selection: Selection) -> Grant {
        let permission = Catalogue::embedded().unwrap().find(key).unwrap().key.clone();
        Grant { permission, access, selection, records: Default::default() }
    }

    fn zone(name: &str) -> ResourceRef {
        ResourceRef { account: 1, id: Some(1), kind: ResourceKind::Zone, name: name.to_owned() }
    }

    #[test]
    fn a_narrowed_grant_names_its_resources_and_says_that_there_are_no_others() {
        let only = Selection::Only(vec![zone("example.com"), zone("theburritobot.com")]);
        let said = texts(Rights::Grants(vec![grant("zones", Access::Full, only)]));
        assert_eq!(
            said[0],
            "Can read, create, change and delete DNS records of example.com and theburritobot.com, and of no other zone."
        );
        assert!(said[1].starts_with("Cannot touch the account's details, billing, certificates"));
        assert_eq!(said[2], "Lists will show only what it reaches.");
    }

    #[test]
    fn a_wide_grant_says_how_many_there_are_and_that_there_will_be_more() {
        let all = Selection::Account { account: 1, except: Vec::new() };
        let said = texts(Rights::Grants(vec![grant("certificates", Access::Read, all)]));
        assert_eq!(said[0], "Can read certificates of all domains: 40 now, and those added later.");
    }

    #[test]
    fn domains_are_named_themselves() {
        let all = Selection::Account { account: 1, except: Vec::new() };
        let only = Selection::Only(vec![zone("example.com")]);
        let said = texts(Rights::Grants(vec![
            grant("domains", Access::Read, all),
            grant("domains", Access::Full, only),
        ]));
        assert_eq!(said[0], "Can read all domains: 40 now, and those added later.");
        assert_eq!(said[1], "Can read, create, change and delete example.com, and no other domain.");
    }

    #[test]
    fn what_is_left_out_is_not_counted() {
        let all = Selection::Account { account: 1, except: vec![zone("theburritobot.com")] };
        let said = texts(Rights::Grants(vec![grant("zones", Access::Read, all)]));
        assert_eq!(
            said[0],
            "Can read DNS records of all zones except theburritobot.com: 39 now, and those added later."
        );
    }

    #[test]
    fn everything_is_said_loudly() {
        let said = texts(Rights::Everything);
        assert!(said[0].contains("everything in Acme") && said[0].contains("private keys"));
    }

    #[test]
    fn a_token_that_ends_at_midnight_works_through_the_day_before() {
        assert_eq!(works_through(datetime!(2027-02-20 0:00 UTC)), "Works through 19 February 2027 (UTC).");
    }
}
