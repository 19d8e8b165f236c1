//! The filters of a list: what there is to choose, what is set, and what it says of an empty list.

use super::place::maker_key;
use crate::models::token::filter::{Filter, Maker, UNUSED_FOR};
use crate::models::token::list::{MOST_SORTED_BY_USE, Which};
use time::Duration;

/// The filters as the page has them.
pub struct Narrowing {
    pub makers: Vec<Choice>,
    pub unused: bool,
    /// Whether there is a choice of those that nobody uses.
    pub offers_unused: bool,
    /// Why that one cannot be made.
    pub why_not: Option<&'static str>,
    pub is_set: bool,
    /// What the tokens that are looked for must be: "was made by …".
    pub wanted: Vec<String>,
}

/// A maker to choose.
pub struct Choice {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

/// Said where the list is as long as sorting by last use is not done any more, for the same reason.
const TOO_MANY: &str =
    "“Not used for 90 days” works for up to 10,000 tokens. Search or choose a maker first, to have fewer.";
const _: () = assert!(MOST_SORTED_BY_USE == 10_000, "the sentence says so");
const _: () = assert!(UNUSED_FOR.whole_days() == Duration::days(90).whole_days(), "the sentence says so");

impl Narrowing {
    /// For a list of which these are the makers. `asked` is what the address says.
    pub fn of(asked: Filter, makers: Vec<(Maker, String)>, which: Which, too_many: bool) -> Narrowing {
        let mut choices: Vec<Choice> = makers
            .into_iter()
            .map(|(maker, label)| Choice {
                value: maker_key(maker),
                label,
                chosen: asked.made_by == Some(maker),
            })
            .collect();
        // Whoever is asked for but made none of them is not told by name.
        if let Some(maker) = asked.made_by.filter(|_| choices.iter().all(|one| !one.chosen)) {
            let label = match maker {
                Maker::User(id) => format!("user {id}"),
                Maker::CommandLine => "the command line".to_owned(),
            };
            choices.push(Choice { value: maker_key(maker), label, chosen: true });
        }
        let offers_unused = which == Which::Live;
        let unused = asked.unused && offers_unused && !too_many;
        let chosen = choices.iter().find(|one| one.chosen);
        let mut wanted: Vec<String> = chosen.iter().map(|one| format!("was made by {}", one.label)).collect();
        if unused {
            wanted.push("has not been used for 90 days".to_owned());
        }
        Narrowing {
            is_set: asked.made_by.is_some() || unused,
            makers: choices,
            unused,
            offers_unused,
            why_not: (offers_unused && too_many).then_some(TOO_MANY),
            wanted,
        }
    }

    /// For those who do not see who made a token, nor when it was used.
    pub fn none() -> Narrowing {
        Narrowing::of(Filter::default(), Vec::new(), Which::Ended, false)
    }

    /// Whether there is anything to choose. One maker alone is no choice.
    pub fn is_offered(&self) -> bool {
        self.offers_unused || self.offers_makers()
    }

    /// Whether there are several makers, or one is chosen.
    pub fn offers_makers(&self) -> bool {
        self.makers.len() > 1 || self.makers.iter().any(|one| one.chosen)
    }
}
