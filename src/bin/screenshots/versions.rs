//! What a picture's pixels hang on beside the pages: the browser and the fonts.

use crate::Failed;
use crate::driver::Driver;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// The families that static/css names, one after the other until one is there.
const FAMILIES: [&str; 6] = ["Inter", "system-ui", "sans-serif", "DejaVu Sans Mono", "monospace", "emoji"];
const STYLES: [&str; 3] = ["regular", "semibold", "bold"];
/// Where it stands, beside the pictures.
pub const FILE: &str = "VERSIONS";

/// A line for the browser, and one for each font.
///
/// # Errors
/// When the browser or fontconfig does not answer.
pub async fn here(driver: &Driver) -> Result<String, Failed> {
    let version = driver.devtools("Browser.getVersion", json!({})).await?;
    let product = version["product"].as_str().unwrap_or_default();
    let mut lines = vec![format!("{product} on {}", std::env::consts::ARCH)];
    let mut files = BTreeSet::new();
    for family in FAMILIES {
        for style in STYLES {
            let asked =
                Command::new("fc-match").args(["-f", "%{file}", &format!("{family}:{style}")]).output();
            files.insert(String::from_utf8(asked.map_err(|error| format!("fc-match: {error}"))?.stdout)?);
        }
    }
    for file in files {
        let digest: String =
            Sha256::digest(std::fs::read(&file)?).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let name = Path::new(&file).file_name().unwrap_or_default();
        lines.push(format!("{} {digest}", name.display()));
    }
    Ok(lines.join("\n") + "\n")
}
