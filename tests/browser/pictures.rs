//! Pictures of what people see, in the folder of the run: of a failure always, of every step where
//! `TOKENHOUSE_PICTURES` is set, as they take half of the time.

use crate::support::ledger;
use crate::window::Window;

impl Window {
    /// A picture of the window as it is.
    pub async fn picture_as_is(&self, name: &str) {
        let folder = ledger::run_folder().join("pictures");
        std::fs::create_dir_all(&folder).unwrap();
        let png = self.driver.client.screenshot().await.unwrap();
        std::fs::write(folder.join(format!("{name}.png")), png).unwrap();
    }

    /// Pictures of the whole page, on a desk; light, and dark too.
    pub async fn picture(&mut self, name: &str) {
        self.pictures_at(name, &[(1280, "light"), (1280, "dark")]).await;
    }

    /// Pictures of a page that matters more: on a phone too.
    pub async fn pictures(&mut self, name: &str) {
        self.pictures_at(name, &[(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]).await;
    }

    /// Pictures on the narrowest phone.
    pub async fn narrow_picture(&mut self, name: &str) {
        self.pictures_at(name, &[(320, "light")]).await;
    }

    async fn pictures_at(&mut self, name: &str, looks: &[(u32, &str)]) {
        self.pictures += 1;
        if std::env::var_os("TOKENHOUSE_PICTURES").is_none() {
            return;
        }
        // Without scripting the colours are the same, so that one look is enough.
        for (width, scheme) in looks.iter().filter(|(_, scheme)| self.scripting || *scheme == "light") {
            self.scheme(scheme).await;
            self.size(*width, 800).await;
            let tall = self.content().await.1.clamp(800.0, 6000.0);
            self.size(*width, tall as u32).await;
            let name = format!("{}-{:02}-{name}-{scheme}-{width}", self.called, self.pictures);
            self.picture_as_is(&name).await;
        }
        self.scheme("light").await;
        self.size(1280, 800).await;
    }
}
