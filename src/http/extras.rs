//! What an extension adds to the pages and to the API, as far as handlers reach it.

use crate::models::Hooks;
use crate::policy::{AccountId, KindKey, RefusalFacts};

/// An extension's part in what the product does. [`Extras::NONE`] is that of a product without one.
#[derive(Clone, Copy)]
pub struct Extras {
    /// What it does along with changes of resources and accounts.
    pub hooks: Hooks,
    /// What its pages add to the menu of an account, in front of what each account has.
    pub menu: &'static [MenuEntry],
    /// The kinds that it has pages of its own for: a list, and one for each resource at
    /// `/accounts/{account}/{kind}s/{id}`. The product has pages for the others.
    pub kinds_with_pages: &'static [KindKey],
    /// How the activity page tells of what it writes into the audit log.
    pub activity: ActivityWords,
    /// What the page about the API says of it.
    pub help: HelpWords,
    /// The codes that it refuses calls with, beside the product's.
    pub refusals: fn() -> Vec<(&'static str, RefusalFacts)>,
}

/// An entry of an account's menu.
#[derive(Debug, Clone, Copy)]
pub struct MenuEntry {
    /// What a page says to be below it.
    pub key: &'static str,
    /// Its text.
    pub title: &'static str,
    /// The name of its icon.
    pub icon: &'static str,
    /// The URL of its page in this account.
    pub url: fn(AccountId) -> String,
}

/// What the page about the API says of an extension's.
#[derive(Debug, Clone, Copy)]
pub struct HelpWords {
    /// A sentence at the top; empty for none.
    pub about: &'static str,
    /// Calls as examples: what each does, and a command in which `BASE` is the URL of the API.
    pub calls: &'static [(&'static str, &'static str)],
    /// What a resource is called in examples.
    pub name: &'static str,
    /// Scopes that are its own, with what each means.
    pub scopes: &'static [(&'static str, &'static str)],
    /// The articles of `/help` with its examples.
    pub guide: Option<&'static [ChapterSource]>,
}

/// A title, and the articles below it: name and Markdown.
pub type ChapterSource = (&'static str, &'static [(&'static str, &'static str)]);

/// How the activity page tells of an extension's actions.
#[derive(Clone, Copy)]
pub struct ActivityWords {
    /// What an action says after the name of who did it; `{}` is what it was done to.
    pub words: fn(&str) -> Option<&'static str>,
    /// Kinds of objects whose names people chose, so that they're in quotes.
    pub quoted: &'static [&'static str],
    /// Nouns of actions that belong to resources, beside the kinds themselves.
    pub nouns: &'static [&'static str],
    /// What the filter calls the actions on resources.
    pub resources: &'static str,
}

impl Extras {
    /// Nothing.
    pub const NONE: Extras = Extras {
        hooks: Hooks::NONE,
        menu: &[],
        kinds_with_pages: &[],
        activity: ActivityWords { words: |_| None, quoted: &[], nouns: &[], resources: "Resources" },
        help: HelpWords { about: "", calls: &[], name: "NAME", scopes: &[], guide: None },
        refusals: Vec::new,
    };
}
