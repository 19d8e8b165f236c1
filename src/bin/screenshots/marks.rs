//! Rings and numbered badges: drawn over the page, without moving anything in it.

use crate::Failed;
use crate::driver::Driver;
use fantoccini::elements::Element;
use serde_json::{Value, json};

/// Draws a ring around each of `arguments[0]` and a number at the corner of each of `arguments[1]`.
/// Styles are set one by one, which the pages' policy lets a script do.
const DRAW: &str = include_str!("marks.js");

/// Draws them.
///
/// # Errors
/// When the page does not let it.
pub async fn draw(driver: &Driver, rings: &[Element], badges: &[Element]) -> Result<(), Failed> {
    if rings.is_empty() && badges.is_empty() {
        return Ok(());
    }
    let arguments: Vec<Value> = vec![json!(rings), json!(badges)];
    driver.client.execute(DRAW, arguments).await?;
    Ok(())
}
