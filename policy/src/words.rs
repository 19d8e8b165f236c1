//! A policy in plain sentences, made from nothing but the policy itself and what is around it. They
//! say all of it: whoever reads them knows what a call gets (`tests/integration/words_decide.rs`).

mod around;
mod conditions;
mod grants;
mod offered;
mod places;
mod roles;
mod short;

pub use around::{Around, Surroundings};
pub use conditions::{last_day, long_day, works_through};
pub use offered::missing;
pub use places::inside;
pub use short::{Called, in_short};

use super::{Catalogue, Policy, Rights};
use serde::Serialize;

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

    /// Something to type.
    pub fn code(text: impl Into<String>) -> Phrase {
        Phrase { text: text.into(), strong: false, code: true }
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

    fn said(tone: &'static str, text: impl Into<String>) -> Sentence {
        Sentence::new(tone, vec![Phrase::plain(text)])
    }

    /// The sentence as plain text.
    pub fn text(&self) -> String {
        self.phrases.iter().map(|phrase| phrase.text.as_str()).collect()
    }
}

/// What a token with this policy can do, what it cannot, and when and from where it works. Of a
/// user token they speak to its user.
pub fn of_policy(catalogue: &Catalogue, policy: &Policy, around: &Surroundings) -> Vec<Sentence> {
    let (rights, no_longer) = offered::still(catalogue, &policy.rights);
    let mut sentences = match &rights {
        Rights::Everything => everything(catalogue, around),
        Rights::Grants(grants) if grants.is_empty() => vec![Sentence::said("cannot", "Can do nothing.")],
        Rights::Grants(grants) => grants::said(catalogue, grants, around),
    };
    sentences.extend(no_longer);
    if around.of_user {
        sentences.extend(roles::said(catalogue, &rights, around));
    }
    sentences.extend(conditions::said(policy));
    sentences
}

fn everything(catalogue: &Catalogue, around: &Surroundings) -> Vec<Sentence> {
    let place = if around.of_user {
        " that you may do, in all your accounts".to_owned()
    } else {
        format!(" in {}", around.accounts.first().map_or("the account", |account| account.name.as_str()))
    };
    // What nothing but its own row brings along has the weight.
    let mut named: Vec<(&str, bool)> = catalogue
        .permissions
        .iter()
        .filter(|one| one.named_in_everything)
        .map(|one| (one.object.as_str(), one.sensitive))
        .collect();
    named.sort_by_key(|(_, sensitive)| !sensitive);
    named.extend(around.of_user.then_some(("your own details", false)));
    let mut phrases = vec![
        Phrase::plain("Can do "),
        Phrase::strong("everything"),
        Phrase::plain(format!(
            "{place}, also with what is added later{}",
            if named.is_empty() { "." } else { "; " }
        )),
    ];
    phrases.extend(listed(&named, " and ", |(object, sensitive)| {
        vec![if *sensitive { Phrase::strong(*object) } else { Phrase::plain(*object) }]
    }));
    phrases.extend((!named.is_empty()).then(|| Phrase::plain(" are included.")));
    let mut sentences = vec![Sentence::new("warn", phrases)];
    sentences.extend(around.of_user.then(|| grants::all_accounts(around)));
    sentences.push(Sentence::said("cannot", "Cannot see, create or change tokens, nor members."));
    sentences
}

/// "a", "a and b", "a, b and c"; each item is what was made of it.
fn listed<T>(items: &[T], last: &str, mut say: impl FnMut(&T) -> Vec<Phrase>) -> Vec<Phrase> {
    let mut phrases = Vec::new();
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            phrases.push(Phrase::plain(if place + 1 == items.len() { last } else { ", " }));
        }
        phrases.extend(say(item));
    }
    phrases
}

/// The same for plain words.
pub(super) fn enumerated(words: &[&str]) -> String {
    listed(words, " and ", |word| vec![Phrase::plain(*word)]).into_iter().map(|phrase| phrase.text).collect()
}

#[cfg(test)]
mod tests;
