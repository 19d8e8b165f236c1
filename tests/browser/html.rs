//! Pages as they were served, held against the standard of HTML by html-validate.

use crate::window::Window;
use http::Method;
use serde_json::{Value, json};
use std::process::Command;
use tempfile::TempDir;

/// Where `npm ci` puts what the lock file names.
pub const MODULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/npm/node_modules");

/// The body of the page that the window shows, as soon as it is there.
async fn served(window: &Window) -> Option<String> {
    let tree = window.driver.devtools("Page.getFrameTree", json!({})).await.unwrap();
    // A page's request has the number of what loaded it.
    let request = json!({ "requestId": tree["frameTree"]["frame"]["loaderId"] });
    let request = json!({ "cmd": "Network.getResponseBody", "params": request });
    let answer = window.driver.call(Method::POST, "goog/cdp/execute", Some(request)).await?;
    Some(answer["body"].as_str()?.to_owned())
}

/// The bodies of pages, until they are looked at all at once. The folder goes with it: some of
/// them show a secret.
pub struct Bodies {
    folder: TempDir,
    number: u32,
}

impl Bodies {
    pub fn none_yet() -> Bodies {
        Bodies { folder: tempfile::tempdir().unwrap(), number: 0 }
    }

    /// Keeps the page that the window shows, as the server sent it and before a script changed it.
    pub async fn keep(&mut self, window: &Window, name: &str) {
        let body = window.until("page", async || served(window).await).await;
        assert!(body.starts_with("<!doctype html>"), "{name}");
        self.number += 1;
        let name: String = name.chars().filter(|sign| sign.is_ascii_alphanumeric() || *sign == '-').collect();
        std::fs::write(self.folder.path().join(format!("{:03}-{name}.html", self.number)), body).unwrap();
    }

    /// What is not valid in them.
    pub fn wrong(&self) -> Vec<String> {
        // Into a file: what is written to a pipe is cut off when the process ends.
        let result = self.folder.path().join("result.json");
        let told = Command::new("node")
            .arg(format!("{MODULES}/html-validate/bin/html-validate.mjs"))
            .args(["--config", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/npm/htmlvalidate.cjs")])
            .arg(format!("--formatter=json={}", result.display()))
            .args(["--ext", "html"])
            .arg(self.folder.path())
            .output()
            .expect("node is installed: script/test does that");
        let written = std::fs::read(&result).unwrap_or_else(|_| panic!("html-validate failed: {told:?}"));
        let files: Value = serde_json::from_slice(&written).unwrap();
        let files = files.as_array().unwrap();
        let of_file = |file: &Value| {
            let name = file["filePath"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            file["messages"].as_array().unwrap().clone().into_iter().map(move |found| {
                format!("{name}:{}: {}: {}", found["line"], found["ruleId"], found["message"])
            })
        };
        files.iter().flat_map(of_file).collect()
    }
}
