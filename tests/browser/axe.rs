//! axe-core, which knows what can be told of accessibility without a person.

use crate::html::MODULES;
use crate::window::Window;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// What can differ between light and dark: where elements stand and what they are called cannot.
const OF_COLOUR: [&str; 2] = ["color-contrast", "link-in-text-block"];

static AXE: LazyLock<String> = LazyLock::new(|| {
    let path = format!("{MODULES}/axe-core/axe.min.js");
    std::fs::read_to_string(path).expect("axe-core is installed: script/test does that")
});

impl Window {
    /// Runs a script in the page. The page's own policy, which refuses scripts that it does not
    /// name, is none of WebDriver's.
    pub async fn script(&self, script: &str) -> Value {
        self.driver.client.execute(script, Vec::new()).await.unwrap()
    }

    /// What is against WCAG 2.0, 2.1 and 2.2, levels A and AA, or against good practice.
    pub async fn axe(&self) -> Vec<String> {
        if self.script("return typeof axe").await == "undefined" {
            self.script(&AXE).await;
        }
        self.axe_with(Value::Null).await
    }

    /// The same, of colours alone.
    pub async fn axe_of_colours(&self) -> Vec<String> {
        self.axe_with(json!(OF_COLOUR)).await
    }

    async fn axe_with(&self, rules: Value) -> Vec<String> {
        let found = self.driver.client.execute_async(include_str!("js/axe.js"), vec![rules]).await.unwrap();
        strings(&found)
    }
}

/// What a script of ours returns.
pub fn strings(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}
