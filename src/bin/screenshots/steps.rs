//! What is done on a page before its picture is taken.

use crate::Failed;
use crate::driver::Driver;
use crate::find::{self, BUTTON, FIELD, FIELD_ROLES, HEADING, LINK, LIST_ROLES};
use crate::list::{Step, Thing};
use crate::stage::Set;
use fantoccini::Locator;
use fantoccini::elements::Element;
use std::time::{Duration, Instant};

/// So long something may take to appear.
const PATIENCE: Duration = Duration::from_secs(8);
/// So often is looked for it.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The menu, while it is folded.
const FOLDED: &str = "//header//details[not(@open)]/summary[normalize-space()='Menu']";

/// A browser that looks at one server.
pub struct Visitor<'a> {
    /// The browser.
    pub driver: &'a Driver,
    /// The server.
    pub set: &'a Set,
}

impl Step {
    /// For the line that says where it failed.
    pub fn said(&self) -> String {
        match self {
            Step::Go(page) => format!("go to {page}"),
            Step::Follow(label) => format!("follow “{label}”"),
            Step::Press(label) => format!("press “{label}”"),
            Step::Fill { field, .. } => format!("fill “{field}”"),
            Step::Choose { group, option } => format!("choose “{option}” of “{group}”"),
            Step::Select { list, option } => format!("select “{option}” in “{list}”"),
            Step::Tick(label) => format!("tick “{label}”"),
            Step::Open(label) => format!("open “{label}”"),
            Step::See(text) => format!("see “{text}”"),
            Step::Later(minutes) => format!("let {minutes} minutes pass"),
        }
    }
}

impl Visitor<'_> {
    /// Goes to a page of the server.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn go(&self, page: &str) -> Result<(), Failed> {
        Ok(self.driver.client.goto(&format!("http://{}{page}", self.set.address)).await?)
    }

    /// Does one step.
    ///
    /// # Errors
    /// What it did not find.
    pub async fn take(&self, step: &Step) -> Result<(), Failed> {
        match step {
            Step::Go(page) => self.go(page).await?,
            Step::Follow(label) => self.link(label).await?.click().await?,
            Step::Press(label) => self.by_role("button", BUTTON, label).await?.click().await?,
            Step::Fill { field, with } => {
                let field = self.labelled(&FIELD_ROLES, FIELD, field).await?;
                field.clear().await?;
                field.send_keys(with).await?;
            }
            Step::Choose { group, option } => {
                let within = find::choice("radio", &find::group(group));
                self.by_role("radio", &within, option).await?.click().await?;
            }
            Step::Select { list, option } => {
                self.labelled(&LIST_ROLES, FIELD, list).await?.select_by_label(option).await?;
            }
            Step::Tick(label) => {
                self.by_role("checkbox", &find::choice("checkbox", ""), label).await?.click().await?;
            }
            Step::Open(part) => {
                let menu = find::menu(part);
                self.unfold(&menu).await?;
                self.until(part, async || self.driver.client.find(Locator::XPath(&menu)).await.ok())
                    .await?
                    .click()
                    .await?;
            }
            Step::See(text) => self.see(text).await?,
            Step::Later(minutes) => self.set.clock.advance(time::Duration::minutes(*minutes)),
        }
        Ok(())
    }

    /// Waits until the browser is somewhere else.
    ///
    /// # Errors
    /// When it stays.
    pub async fn leave(&self, path: &str) -> Result<(), Failed> {
        let at = async || self.driver.client.current_url().await.ok().filter(|url| url.path() != path);
        self.until(&format!("way on from {path}"), at).await.map(drop)
    }

    /// Waits until the page says this.
    ///
    /// # Errors
    /// When it does not.
    pub async fn see(&self, text: &str) -> Result<(), Failed> {
        self.until(text, async || self.driver.text().await.contains(text).then_some(())).await
    }

    /// Waits for the heading.
    ///
    /// # Errors
    /// When there is none.
    pub async fn heading(&self, name: &str) -> Result<Element, Failed> {
        self.by_role("heading", HEADING, name).await
    }

    /// Finds something to ring, to number, or to show.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn thing(&self, thing: &Thing) -> Result<Element, Failed> {
        let Thing { role, label } = thing;
        let (roles, tags): (&[&str], &str) = match role.as_str() {
            "button" => (&["button"], BUTTON),
            "heading" => (&["heading"], HEADING),
            "textbox" => (&FIELD_ROLES, FIELD),
            "combobox" => (&LIST_ROLES, FIELD),
            "checkbox" => (&["checkbox"], "//input[@type='checkbox']"),
            "radio" => (&["radio"], "//input[@type='radio']"),
            "group" => (&["group", "radiogroup"], "//fieldset[legend[normalize-space()=NAME]]"),
            "table" => (&["table"], "//table"),
            "navigation" => (&["navigation"], "//nav"),
            "region" => (&["region"], "//section"),
            _ => (&[], ""),
        };
        if role == "link" && !label.is_empty() {
            return self.link(label).await;
        }
        if !tags.is_empty() && !label.is_empty() {
            return self.labelled(roles, tags, label).await;
        }
        let holding = format!("[contains(normalize-space(), {})]", find::quoted(label));
        let any = match role.as_str() {
            "row" => "(//tr | //li)",
            "menu" => "//summary",
            "main" => "//main",
            "form" => "//form",
            "section" => "//section",
            "list" => "(//ul | //ol | //dl)",
            "table" => "//table",
            "navigation" => "//nav",
            "note" => "//*[@role='status' or @role='alert' or @role='note']",
            other => return Err(format!("no way is known to find a {other} without a label").into()),
        };
        let path = format!("{any}{holding}");
        self.until(&format!("{role} “{label}”"), async || {
            self.driver.client.find(Locator::XPath(&path)).await.ok()
        })
        .await
    }

    async fn link(&self, label: &str) -> Result<Element, Failed> {
        self.unfold(&find::named(LINK, label)).await?;
        self.by_role("link", LINK, label).await
    }

    /// On a phone the menu is folded, and what stands in it is not there before it is opened.
    async fn unfold(&self, wanted: &str) -> Result<(), Failed> {
        let path = format!("{FOLDED}[//header//*[contains(@class, 'panel')]{wanted}]");
        if let Ok(menu) = self.driver.client.find(Locator::XPath(&path)).await
            && menu.is_displayed().await?
        {
            menu.click().await?;
        }
        Ok(())
    }

    async fn by_role(&self, role: &str, candidates: &str, name: &str) -> Result<Element, Failed> {
        self.labelled(&[role], candidates, name).await
    }

    async fn labelled(&self, roles: &[&str], candidates: &str, name: &str) -> Result<Element, Failed> {
        let what = format!("{} “{name}”", roles.first().unwrap_or(&""));
        self.until(&what, async || self.driver.look(roles, candidates, name).await).await
    }

    /// Asks until there is an answer.
    async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> Result<T, Failed> {
        let began = Instant::now();
        loop {
            if let Some(found) = look().await {
                return Ok(found);
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("there is no {what}").into());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
