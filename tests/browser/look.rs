//! What is asked of every page, in one visit: nothing to be pushed sideways, at 320 pixels or at
//! 400 % zoom; nothing that axe-core objects to; text that may be spaced; a focus that is seen;
//! valid HTML.

use crate::axe::strings;
use crate::html::Bodies;
use crate::window::Window;

/// What was found on the pages of a walk.
pub struct Looked {
    wrong: Vec<String>,
    bodies: Bodies,
}

impl Looked {
    pub fn begin() -> Looked {
        Looked { wrong: Vec::new(), bodies: Bodies::none_yet() }
    }

    /// Opens a page and looks at it.
    pub async fn visit(&mut self, window: &mut Window, name: &str, address: &str) {
        window.go(address).await;
        assert_eq!(window.path().await, address, "{name} leads elsewhere");
        self.here(window, name).await;
    }

    /// Looks at the page that the window shows. The name is that of its picture, too.
    pub async fn here(&mut self, window: &mut Window, name: &str) {
        let name = &name.replace(['/', '?', '&', '=', ':'], "-").replace(['{', '}'], "");
        self.bodies.keep(window, name).await;
        let mut wrong = Vec::new();
        // As small as a window of 1280 × 1024 is at 400 %.
        window.size(320, 256).await;
        wrong.extend(too_wide(window, 320).await);
        wrong.extend(strings(&window.script(include_str!("js/spacing.js")).await));
        for width in [390, 1280] {
            window.size(width, 800).await;
            wrong.extend(too_wide(window, width).await);
            wrong.extend(window.axe().await);
            window.scheme("dark").await;
            wrong.extend(window.axe_of_colours().await.into_iter().map(|found| format!("dark: {found}")));
            window.scheme("light").await;
        }
        wrong.extend(strings(&window.script(include_str!("js/focus.js")).await));
        wrong.extend(strings(&window.script(include_str!("js/spacing.js")).await));
        self.wrong.extend(wrong.into_iter().map(|found| format!("{name}: {found}")));
        window.narrow_picture(name).await;
    }

    /// Ends the walk: nothing must have been found.
    pub fn end(mut self) {
        self.wrong.extend(self.bodies.wrong());
        assert!(self.wrong.is_empty(), "{:#?}", self.wrong);
    }
}

async fn too_wide(window: &Window, width: u32) -> Option<String> {
    let (wide, _) = window.content().await;
    (wide > f64::from(width)).then(|| format!("{wide} wide at {width}"))
}
