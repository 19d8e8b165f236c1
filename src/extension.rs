//! What can be compiled in beside the product: an API of its own with pages, behind one value.

use crate::api::{self, ApiRoute};
use crate::db::Conn;
use crate::http::Extras;
use crate::models::Origin;
use crate::policy::{Catalogue, CatalogueError, PartForm};
use crate::web::{self, Pages};
use std::path::{Path, PathBuf};

/// An API with all that it brings along. It's handed to [`Server::build`](crate::server::Server::build)
/// and to the commands.
#[derive(Clone, Copy)]
pub struct Extension {
    /// What can be permitted in it.
    pub catalogue: fn() -> Result<Catalogue, CatalogueError>,
    /// The forms of parts that it brings; files may use them too.
    pub part_forms: &'static [&'static dyn PartForm],
    /// Its rows of the API's table.
    pub api: fn() -> Vec<ApiRoute>,
    /// Its rows of the pages' table.
    pub pages: Pages,
    /// What it adds elsewhere.
    pub extras: Extras,
    /// Data to try it out with.
    pub demo: Demo,
}

/// Data to try an extension out with.
#[derive(Clone, Copy)]
pub struct Demo {
    /// Email addresses of the people who sign in to it.
    pub users: &'static [&'static str],
    /// Fills in what is missing, and answers the addresses of the users that it created.
    pub fill: FillDemo,
}

/// Fills in the demo data; a user's hash is asked for by the address.
pub type FillDemo = fn(
    &mut Conn,
    &Origin,
    &mut dyn FnMut(&str) -> Result<String, anyhow::Error>,
) -> Result<Vec<&'static str>, anyhow::Error>;

/// What a server runs with: a catalogue, and the extension that it belongs to, if any.
#[derive(Clone)]
pub struct Product {
    /// What can be permitted.
    pub catalogue: Catalogue,
    /// `None` in front of an API that runs elsewhere.
    pub extension: Option<Extension>,
}

/// Why there is no catalogue to run with.
#[derive(Debug, thiserror::Error)]
pub enum NoCatalogue {
    /// Neither an extension nor a file.
    #[error("This build has no built-in catalogue. Say which with --catalogue FILE.")]
    NotNamed,
    /// No file, or none that can be read.
    #[error("The catalogue {} cannot be read: {cause}.", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// A file that holds no catalogue.
    #[error("{0}")]
    Invalid(CatalogueError),
    /// The extension's own is broken.
    #[error(transparent)]
    BuiltIn(#[from] CatalogueError),
}

impl Product {
    /// The catalogue of this file, else the extension with its own.
    pub fn choose(file: Option<&Path>, extension: Option<Extension>) -> Result<Product, NoCatalogue> {
        let Some(path) = file else {
            let extension = extension.ok_or(NoCatalogue::NotNamed)?;
            return Ok(Product { catalogue: (extension.catalogue)()?, extension: Some(extension) });
        };
        let at = || path.to_owned();
        let text =
            std::fs::read_to_string(path).map_err(|cause| NoCatalogue::Unreadable { path: at(), cause })?;
        let forms = extension.map_or(&[][..], |extension| extension.part_forms);
        let name = path.display().to_string();
        let catalogue = Catalogue::parse(&name, &text, forms).map_err(NoCatalogue::Invalid)?;
        Ok(Product { catalogue, extension: None })
    }

    /// What the extension adds to pages and API.
    pub fn extras(&self) -> Extras {
        self.extension.map_or(Extras::NONE, |extension| extension.extras)
    }

    /// Every route of the API.
    pub fn api_routes(&self) -> Vec<ApiRoute> {
        api::routes(self.extension.map(|extension| (extension.api)()).unwrap_or_default())
    }

    /// The description of the API.
    pub fn api_description(&self) -> Result<String, serde_json::Error> {
        let refusals: Vec<_> = (self.extras().refusals)().into_iter().map(|(code, _)| code).collect();
        api::describe(&self.api_routes(), &self.catalogue, &refusals)
    }

    /// The pages of the extension.
    pub fn pages(&self) -> Pages {
        self.extension.map_or(Vec::new, |extension| extension.pages)
    }

    /// Methods and addresses of every page.
    pub fn page_table(&self) -> Vec<(&'static str, &'static str)> {
        web::route_table(self.pages())
    }
}
