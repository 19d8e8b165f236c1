//! A window as a person uses it: everything in it is found by its role and its label, as the
//! browser itself computes them for a screen reader.

use crate::driver::Driver;
use crate::find::{self, BUTTON, FIELD, FIELD_ROLES, HEADING, LINK, LIST_ROLES, choice};
use crate::support::House;
use fantoccini::Locator;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use serde_json::json;
use std::time::{Duration, Instant};

/// So long a page may take.
const PATIENCE: Duration = Duration::from_secs(15);

pub struct Window {
    pub driver: Driver,
    base: String,
    /// Begins the names of its pictures.
    pub called: &'static str,
    pub pictures: u32,
    pub scripting: bool,
}

impl Window {
    /// A window of 1280 × 800, light.
    pub async fn open(house: &House, called: &'static str, scripting: bool) -> Window {
        Window::at(house.url(""), called, scripting).await
    }

    /// The same, for a server at this address.
    pub async fn at(base: String, called: &'static str, scripting: bool) -> Window {
        let driver = Driver::start().await.expect("script/test installs it");
        let window = Window { driver, base, called, pictures: 0, scripting };
        window.size(1280, 800).await;
        window.scheme("light").await;
        // Keeps what was served, which is no-store, for whoever asks for it.
        window.driver.devtools("Network.enable", json!({})).await.unwrap();
        if !scripting {
            window
                .driver
                .devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true }))
                .await
                .unwrap();
        }
        window
    }

    /// Sets what the page has for itself, without the frame of a window.
    pub async fn size(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.driver.devtools("Emulation.setDeviceMetricsOverride", metrics).await.unwrap();
    }

    /// `light` or `dark`.
    pub async fn scheme(&self, scheme: &str) {
        // A picture taken between two colours would show neither.
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.driver.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await.unwrap();
    }

    pub async fn go(&self, path: &str) {
        self.driver.client.goto(&format!("{}{path}", self.base)).await.unwrap();
    }

    /// Path and query of the page.
    pub async fn path(&self) -> String {
        let url = self.driver.client.current_url().await.unwrap();
        url[url::Position::BeforePath..].to_owned()
    }

    /// Size of the page's content in CSS pixels.
    pub async fn content(&self) -> (f64, f64) {
        let metrics = self.driver.devtools("Page.getLayoutMetrics", json!({})).await.unwrap();
        let side = |name: &str| metrics["cssContentSize"][name].as_f64().unwrap();
        (side("width"), side("height"))
    }

    /// Asks until there is an answer.
    pub async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(found) = look().await {
                return found;
            }
            if began.elapsed() > PATIENCE {
                self.picture_as_is(&format!("{}-FAILED", self.called)).await;
                panic!(
                    "{}: no {what} on {}, which says: {}",
                    self.called,
                    self.path().await,
                    self.text().await
                );
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    }

    /// What the page says to everybody.
    pub async fn text(&self) -> String {
        self.driver.text().await
    }

    pub async fn says(&self, text: &str) {
        self.until(&format!("text “{text}”"), async || self.text().await.contains(text).then_some(())).await;
    }

    /// The page as it arrived and as it is now, hidden parts included.
    pub async fn source(&self) -> String {
        self.driver.client.source().await.unwrap()
    }

    pub async fn link(&self, name: &str) -> Element {
        self.by_role("link", LINK, name).await
    }

    pub async fn button(&self, name: &str) -> Element {
        self.by_role("button", BUTTON, name).await
    }

    pub async fn heading(&self, name: &str) -> Element {
        self.by_role("heading", HEADING, name).await
    }

    /// A field to type in.
    pub async fn field(&self, label: &str) -> Element {
        self.labelled(&FIELD_ROLES, FIELD, label).await
    }

    /// Chooses from a list that drops down.
    pub async fn choose(&self, label: &str, option: &str) {
        let list = self.labelled(&LIST_ROLES, FIELD, label).await;
        list.select_by_label(option).await.unwrap();
    }

    pub async fn checkbox(&self, label: &str) -> Element {
        self.by_role("checkbox", &choice("checkbox", ""), label).await
    }

    /// A radio button of the group with this name.
    pub async fn radio(&self, group: &str, label: &str) -> Element {
        self.by_role("radio", &choice("radio", &find::group(group)), label).await
    }

    /// A menu that opens; its label holds this.
    pub async fn menu(&self, part: &str) -> Element {
        let summary = find::menu(part);
        self.until(part, async || self.driver.client.find(Locator::XPath(&summary)).await.ok()).await
    }

    /// Whether there is such a button now.
    pub async fn has_button(&self, name: &str) -> bool {
        self.driver.look(&["button"], BUTTON, name).await.is_some()
    }

    async fn by_role(&self, role: &str, candidates: &str, name: &str) -> Element {
        self.labelled(&[role], candidates, name).await
    }

    async fn labelled(&self, roles: &[&str], candidates: &str, name: &str) -> Element {
        let what = format!("{} “{name}”", roles[0]);
        self.until(&what, async || self.driver.look(roles, candidates, name).await).await
    }

    /// Role and label, as a screen reader gets them.
    pub async fn described(&self, element: &Element) -> Option<(String, String)> {
        self.driver.described(element).await
    }

    pub async fn press(&self, key: char) {
        let keys = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key });
        self.driver.client.perform_actions(keys).await.unwrap();
    }

    /// Types into what has the focus.
    pub async fn keys(&self, text: &str) {
        let keys = text.chars().fold(KeyActions::new("keyboard".to_owned()), |keys, key| {
            keys.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key })
        });
        self.driver.client.perform_actions(keys).await.unwrap();
    }

    /// Presses Tab until this has the focus.
    pub async fn tab_to(&self, role: &str, label: &str) {
        let mut seen = Vec::new();
        for _ in 0..120 {
            if let Ok(active) = self.driver.client.active_element().await
                && let Some(found) = self.described(&active).await
            {
                if found.0 == role && found.1 == label {
                    return;
                }
                seen.push(found);
            }
            self.press('\u{e004}').await;
        }
        panic!("Tab does not lead to {role} “{label}”, but to {seen:?}");
    }

    /// Goes there by Tab, and presses Enter.
    pub async fn follow(&self, role: &str, label: &str) {
        self.tab_to(role, label).await;
        self.press('\u{e007}').await;
    }
}
