//! docs/pictures.toml: what pictures there are, and how each is made.

use serde::Deserialize;
use std::collections::HashSet;
use toml::Spanned;

/// Where the list is. It is read at each run, so that whoever writes in it builds nothing anew.
pub const FILE: &str = "docs/pictures.toml";

/// All pictures, and what has none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The pictures, in the order in which they are made.
    #[serde(rename = "picture")]
    pub pictures: Vec<Picture>,
    /// Pages that no picture shows.
    #[serde(default)]
    #[cfg_attr(not(test), allow(dead_code, reason = "for the test that no page is missing"))]
    pub unshown: Vec<Unshown>,
}

/// A page that no picture shows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(test), allow(dead_code, reason = "for the test that no page is missing"))]
pub struct Unshown {
    /// Its address, as in the table of routes.
    pub route: String,
    /// Why not.
    pub why: String,
}

/// How a picture is made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// Name of the file, without `.png`.
    pub name: Spanned<String>,
    /// The page to begin at, with placeholders such as `{acme}`.
    pub page: String,
    /// Who is signed in; nobody, where it is left out.
    #[serde(rename = "as")]
    pub who: Option<Who>,
    /// What is done there first.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// The heading that is seen before the picture is taken.
    pub heading: String,
    /// What of the page is shown.
    #[serde(default)]
    pub crop: Crop,
    /// Width of the page in CSS pixels, where it matters.
    pub width: Option<u32>,
    /// What has a ring around it.
    #[serde(default)]
    pub rings: Vec<Thing>,
    /// What has a number at its corner: 1, 2, …
    #[serde(default)]
    pub badges: Vec<Thing>,
}

/// Somebody of the scenery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Who {
    /// Owner of Acme and of Hobby.
    Owner,
    /// Admin of Acme.
    Admin,
    /// Read-Write in Acme.
    Member,
    /// Read-Only in Acme.
    Reader,
    /// Owner of Rival, and nothing in Acme.
    Stranger,
    /// Who runs the site.
    Site,
}

impl Who {
    /// The address to sign in with.
    pub fn email(self) -> &'static str {
        match self {
            Who::Owner => "owner@example.com",
            Who::Admin => "ada@example.com",
            Who::Member => "member@example.com",
            Who::Reader => "rita@example.com",
            Who::Stranger => "stranger@example.com",
            Who::Site => "sasha@example.com",
        }
    }
}

/// Something that is done on a page.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Step {
    /// Goes to a page.
    Go(String),
    /// Follows the link with this label.
    Follow(String),
    /// Presses the button with this label.
    Press(String),
    /// Types into a field, in place of what it holds.
    Fill {
        /// Its label.
        field: String,
        /// What.
        with: String,
    },
    /// Chooses one of a group of radio buttons.
    Choose {
        /// The group's label.
        group: String,
        /// The button's label.
        option: String,
    },
    /// Chooses from a list that drops down.
    Select {
        /// The list's label.
        list: String,
        /// What it offers.
        option: String,
    },
    /// Ticks the checkbox with this label.
    Tick(String),
    /// Opens the menu or the fold whose label holds this.
    Open(String),
    /// Waits until the page says this.
    See(String),
    /// Lets so many minutes pass.
    Later(i64),
}

/// What of the page is shown.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Crop {
    /// All of it, however long.
    #[default]
    Page,
    /// What a window of 800 pixels height shows.
    Window,
    /// The part that holds these, and so many pixels around them.
    Around {
        /// What.
        things: Vec<Thing>,
        /// CSS pixels.
        #[serde(default = "usual_margin")]
        margin: u32,
    },
}

fn usual_margin() -> u32 {
    16
}

/// Something on a page, as a screen reader says it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thing {
    /// `link`, `button`, `heading`, `textbox`, `radio`, `checkbox`, `table`, `navigation` and so on.
    pub role: String,
    /// Its label; for what has none, such as a row, a text in it. Left out: the first of its role.
    #[serde(default)]
    pub label: String,
}

impl List {
    /// Reads a list.
    ///
    /// # Errors
    /// One sentence with the picture, or the line.
    pub fn parse(text: &str) -> Result<List, String> {
        let list: List = toml::from_str(text).map_err(|error| format!("{FILE}: {error}"))?;
        let mut seen = HashSet::new();
        for picture in &list.pictures {
            let wrong = |what: &str| {
                let line = text[..picture.name.span().start].lines().count();
                Err(format!("{FILE}, line {line}: {}: {what}", picture.name()))
            };
            let is_plain = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-';
            if picture.name().is_empty() || !picture.name().chars().all(is_plain) {
                return wrong("a name has lower-case letters, digits and hyphens only");
            }
            if !seen.insert(picture.name().to_owned()) {
                return wrong("there is another picture with this name");
            }
            if !picture.page.starts_with('/') {
                return wrong("the page begins with a slash");
            }
        }
        Ok(list)
    }
}

impl Picture {
    /// Its name.
    pub fn name(&self) -> &str {
        self.name.get_ref()
    }
}
