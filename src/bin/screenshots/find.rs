//! What is on a page, found by its role and its label, as the browser itself computes them for a
//! screen reader.

use crate::driver::Driver;
use fantoccini::Locator;
use fantoccini::elements::Element;
use http::Method;

// What may have a role, to be asked for it; NAME stands for the label.
/// Links.
pub const LINK: &str = "//a[contains(normalize-space(), NAME)]";
/// Buttons.
pub const BUTTON: &str = "//button[contains(normalize-space(), NAME)]";
/// Headings.
pub const HEADING: &str = "//*[self::h1 or self::h2 or self::h3][contains(normalize-space(), NAME)]";
/// Fields with a label of their own.
pub const FIELD: &str = "//*[@id=//label[normalize-space()=NAME]/@for]";
/// What a field to type in may be: a password has no role, and dates and searches have others.
pub const FIELD_ROLES: [&str; 6] = ["textbox", "searchbox", "Date", "none", "", "generic"];
/// What a list that drops down may be.
pub const LIST_ROLES: [&str; 2] = ["combobox", "menulist"];

impl Driver {
    /// The first of the candidates that has one of these roles, and this label.
    pub async fn look(&self, roles: &[&str], candidates: &str, name: &str) -> Option<Element> {
        for element in self.client.find_all(Locator::XPath(&named(candidates, name))).await.ok()? {
            let (role, label) = self.described(&element).await?;
            if roles.contains(&role.as_str()) && label == name {
                return Some(element);
            }
        }
        None
    }

    /// Role and label, as a screen reader gets them.
    pub async fn described(&self, element: &Element) -> Option<(String, String)> {
        let id = element.element_id();
        let role = self.call(Method::GET, format!("element/{id}/computedrole"), None).await?;
        let label = self.call(Method::GET, format!("element/{id}/computedlabel"), None).await?;
        let label = label.as_str()?.split_whitespace().collect::<Vec<_>>().join(" ");
        Some((role.as_str()?.to_owned(), label))
    }

    /// What the page says to everybody.
    pub async fn text(&self) -> String {
        let Ok(body) = self.client.find(Locator::Css("body")).await else { return String::new() };
        body.text().await.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Candidates with this label.
pub fn named(candidates: &str, name: &str) -> String {
    candidates.replace("NAME", &quoted(name))
}

/// Controls inside a label with the text NAME, below what the XPath `within` finds.
pub fn choice(kind: &str, within: &str) -> String {
    format!("{within}//label[normalize-space()=NAME]//input[@type='{kind}']")
}

/// The group of controls with this name, for [`choice`].
pub fn group(name: &str) -> String {
    format!("//fieldset[legend[normalize-space()={}]]", quoted(name))
}

/// A menu that opens; its label holds this.
pub fn menu(part: &str) -> String {
    format!("//summary[contains(normalize-space(), {})]", quoted(part))
}

/// A string of XPath, which has no escapes.
pub fn quoted(text: &str) -> String {
    if text.contains('"') { format!("'{text}'") } else { format!("\"{text}\"") }
}
