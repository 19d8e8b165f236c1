//! Takes a picture: signs in, goes to the page, does the steps, waits for the heading, draws the
//! marks, and cuts out what is to be seen.

use crate::driver::Driver;
use crate::image::Image;
use crate::list::{Crop, Picture, Step, Thing, Who};
use crate::scenery::Places;
use crate::stage::Set;
use crate::steps::Visitor;
use crate::{Args, Failed, marks};
use serde_json::{Value, json};

/// Height of a window, in CSS pixels.
const HEIGHT: u32 = 800;
/// No picture is longer.
const TALLEST: u32 = 6_000;
/// Where the browser is, as pages show it.
const ADDRESS: &str = "203.0.113.7";

/// What stands still, and what is not to be seen: the cursor in a field.
const STILL: &str = "
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('*, *::before, *::after { caret-color: transparent !important;\
        animation: none !important; transition: none !important; }');
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    document.activeElement?.blur();
    scrollTo(0, 0);";
/// Fonts are there, and two frames were drawn since.
const READY: &str = "
    const done = arguments[arguments.length - 1];
    document.fonts.ready.then(() => requestAnimationFrame(() => requestAnimationFrame(() => done(true))));";
/// Left, top, right and bottom of what holds all of these.
const BOX: &str = "
    const boxes = arguments[0].map(element => element.getBoundingClientRect());
    return [Math.min(...boxes.map(box => box.left)), Math.min(...boxes.map(box => box.top)),
        Math.max(...boxes.map(box => box.right)), Math.max(...boxes.map(box => box.bottom))];";

/// Why there is no picture.
pub struct NoPicture {
    /// At which step.
    pub step: String,
    /// Why.
    pub why: Failed,
}

/// The camera.
pub struct Camera<'a> {
    /// The browser.
    pub driver: &'a Driver,
    /// In which colours, and how large.
    pub args: &'a Args,
    /// What placeholders stand for.
    pub places: &'a Places,
    /// The password of everybody.
    pub password: &'a str,
}

impl Camera<'_> {
    /// Takes it.
    ///
    /// # Errors
    /// At which step it failed, and why.
    pub async fn take(&self, picture: &Picture, set: &Set) -> Result<Image, NoPicture> {
        let visitor = Visitor { driver: self.driver, set };
        let width = picture.width.unwrap_or(self.args.width);
        at("open the browser", self.begin(width).await)?;
        if let Some(who) = picture.who {
            at("sign in", self.sign_in(&visitor, who).await)?;
        }
        at(&format!("go to {}", picture.page), self.go(&visitor, &picture.page).await)?;
        for step in &picture.steps {
            let taken = match step {
                Step::Go(page) => self.go(&visitor, page).await,
                other => visitor.take(other).await,
            };
            at(&step.said(), taken)?;
        }
        at(&format!("see the heading “{}”", picture.heading), visitor.heading(&picture.heading).await)?;
        at("take the picture", self.shoot(picture, &visitor, width).await)
    }

    /// What the window shows now, whatever that is.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn as_is(&self) -> Result<Image, Failed> {
        Image::read(&self.driver.client.screenshot().await?)
    }

    /// A browser that knows nothing of the picture before.
    async fn begin(&self, width: u32) -> Result<(), Failed> {
        self.driver.client.goto("about:blank").await?;
        self.driver.devtools("Network.enable", json!({})).await?;
        self.driver.devtools("Network.clearBrowserCookies", json!({})).await?;
        let headers = json!({ "headers": { "X-Forwarded-For": ADDRESS } });
        self.driver.devtools("Network.setExtraHTTPHeaders", headers).await?;
        self.driver.devtools("Emulation.setTimezoneOverride", json!({ "timezoneId": "UTC" })).await?;
        let features = json!([
            { "name": "prefers-color-scheme", "value": self.args.theme.key() },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.driver.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await?;
        self.size(width, HEIGHT).await
    }

    async fn size(&self, width: u32, height: u32) -> Result<(), Failed> {
        let scale = self.args.scale;
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": false });
        self.driver.devtools("Emulation.setDeviceMetricsOverride", metrics).await?;
        Ok(())
    }

    async fn sign_in(&self, visitor: &Visitor<'_>, who: Who) -> Result<(), Failed> {
        visitor.go("/sign-in").await?;
        let fill = |field: &str, with: &str| Step::Fill { field: field.to_owned(), with: with.to_owned() };
        visitor.take(&fill("E-mail", who.email())).await?;
        visitor.take(&fill("Password", self.password)).await?;
        visitor.take(&Step::Press("Sign in".to_owned())).await?;
        visitor.leave("/sign-in").await?;
        // Else the chore that does it may come before or after the picture.
        let app = &visitor.set.app;
        Ok(app.buffers.sign_ins.flush(&app.db, app.clock.now()).await?)
    }

    async fn go(&self, visitor: &Visitor<'_>, page: &str) -> Result<(), Failed> {
        visitor.go(&self.places.fill(page)?).await
    }

    async fn shoot(&self, picture: &Picture, visitor: &Visitor<'_>, width: u32) -> Result<Image, Failed> {
        // The pointer stays where it pressed last, and what lies there now would look so.
        let pointer = json!({ "type": "mouseMoved", "x": 0, "y": 0 });
        self.driver.devtools("Input.dispatchMouseEvent", pointer).await?;
        self.driver.client.execute(STILL, Vec::new()).await?;
        if !matches!(picture.crop, Crop::Window) {
            let metrics = self.driver.devtools("Page.getLayoutMetrics", json!({})).await?;
            let tall = metrics["cssContentSize"]["height"].as_f64().unwrap_or_default();
            self.size(width, (tall as u32).clamp(HEIGHT, TALLEST)).await?;
        }
        let rings = self.things(visitor, &picture.rings).await?;
        let badges = self.things(visitor, &picture.badges).await?;
        marks::draw(self.driver, &rings, &badges).await?;
        self.driver.client.execute_async(READY, Vec::new()).await?;
        let shot = self.as_is().await?;
        match &picture.crop {
            Crop::Page | Crop::Window => Ok(shot),
            Crop::Around { things, margin } => {
                let shown = self.things(visitor, things).await?;
                let around = self.driver.client.execute(BOX, vec![json!(shown)]).await?;
                Ok(shot.part(self.pixels(&around, *margin)?))
            }
        }
    }

    async fn things(
        &self,
        visitor: &Visitor<'_>,
        things: &[Thing],
    ) -> Result<Vec<fantoccini::elements::Element>, Failed> {
        let mut found = Vec::new();
        for thing in things {
            found.push(visitor.thing(thing).await?);
        }
        Ok(found)
    }

    /// Left, top, width and height in pixels of the picture.
    fn pixels(&self, sides: &Value, margin: u32) -> Result<(usize, usize, usize, usize), Failed> {
        let (margin, scale) = (f64::from(margin), f64::from(self.args.scale));
        let side = |index: usize, outwards: f64| {
            let side = sides[index].as_f64().ok_or("it has no place on the page")?;
            Ok::<f64, Failed>(((side + outwards * margin).round().max(0.0)) * scale)
        };
        let (left, top, right, bottom) = (side(0, -1.0)?, side(1, -1.0)?, side(2, 1.0)?, side(3, 1.0)?);
        Ok((left as usize, top as usize, (right - left) as usize, (bottom - top) as usize))
    }
}

fn at<T>(step: &str, done: Result<T, Failed>) -> Result<T, NoPicture> {
    done.map_err(|why| NoPicture { step: step.to_owned(), why })
}
