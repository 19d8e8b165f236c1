//! The guide: the articles of `docs/guide`, for everybody, as pages.

mod markdown;
mod pictures;
#[cfg(test)]
mod tests;

pub use pictures::all as pictures;

use super::help::for_anybody;
use super::page::{Page, render};
use super::paths;
use crate::http::{App, AppData, AppError, ChapterSource};
use actix_web::http::StatusCode;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use markdown::{Prose, Text};
use std::sync::{LazyLock, OnceLock};

/// The address that stands in the articles for that of the house.
const EXAMPLE: &str = "https://tokens.example.com";

macro_rules! chapters {
    ($readers:literal; $($title:literal: $($name:literal),+;)+) => {
        &[$(($title, &[$((
            $name,
            include_str!(concat!(env!("OUT_DIR"), "/guide/", $readers, "/", $name, ".md")),
        )),+])),+]
    };
}

/// The articles as these readers get them (`build.rs` says which there are), in the order in which they are
/// read; and more of them on how it's used.
macro_rules! guide {
    ($readers:literal $(, $more:literal)*) => {
        $crate::web::guide::chapters! { $readers;
            "Start": "getting-there", "account-and-user-tokens";
            "Make a token": "generating", "scopes", "templates", "restricting";
            "Use it": "using" $(, $more)*;
            "Look after it": "viewing", "trying", "rolling", "disabling", "deleting", "revoking-all", "leaked";
            "The account": "roles", "members", "limits", "activity", "own-settings", "two-factor";
            "Your own API": "in-front", "headers";
        }
    };
}
pub(crate) use chapters;
#[cfg(feature = "dns")]
pub(crate) use guide;

/// Of a product with a catalogue of its own.
static SOURCES: &[ChapterSource] = guide!("own");

/// Read at first use, once.
static OWN: LazyLock<Vec<Chapter>> = LazyLock::new(|| read(SOURCES));

/// The same of the extension that is compiled in.
static OF_EXTENSION: OnceLock<Vec<Chapter>> = OnceLock::new();

fn read(sources: &[ChapterSource]) -> Vec<Chapter> {
    let chapter = |(title, articles): &ChapterSource| Chapter {
        title,
        articles: articles.iter().map(|(name, text)| Article::read(name, text)).collect(),
    };
    sources.iter().map(chapter).collect()
}

/// The chapter on getting in front of an API.
const OF_OPERATOR: &str = "Your own API";

/// What this product shows the reader of a page. Once it's in front of an API, its readers are that API's
/// customers, and how it got there is for those who run the site.
fn chapters_for(page: &Page, app: &App) -> Vec<&'static Chapter> {
    let runs_site = page.user.as_ref().is_some_and(|user| user.site_admin);
    match app.extras.help.guide {
        Some(sources) => OF_EXTENSION.get_or_init(|| read(sources)).iter().collect(),
        None => OWN.iter().filter(|chapter| runs_site || chapter.title != OF_OPERATOR).collect(),
    }
}

/// Articles that belong together.
struct Chapter {
    title: &'static str,
    articles: Vec<Article>,
}

/// An article of the guide.
struct Article {
    name: &'static str,
    href: String,
    text: Text,
}

impl Article {
    fn read(name: &'static str, source: &str) -> Article {
        Article { name, href: paths::help(name), text: markdown::read(source) }
    }
}

#[derive(Template)]
#[template(path = "help/index.html")]
struct ContentsPage {
    page: Page,
    chapters: Vec<&'static Chapter>,
}

#[derive(Template)]
#[template(path = "help/article.html")]
struct ArticlePage {
    page: Page,
    chapters: Vec<&'static Chapter>,
    article: &'static Article,
    /// With the address of this house where the article has an example.
    body: Prose,
    previous: Option<&'static Article>,
    next: Option<&'static Article>,
}

/// `/help`.
pub async fn contents(request: HttpRequest, app: AppData) -> Result<HttpResponse, AppError> {
    let page = for_anybody(&request, &app, "Help").await?;
    let page = ContentsPage { chapters: chapters_for(&page, &app), page };
    render(&page, StatusCode::OK)
}

/// One article.
pub async fn article(
    request: HttpRequest,
    app: AppData,
    name: Path<String>,
) -> Result<HttpResponse, AppError> {
    let mut page = for_anybody(&request, &app, "Help").await?;
    let chapters = chapters_for(&page, &app);
    let all: Vec<&'static Article> = chapters.iter().flat_map(|chapter| &chapter.articles).collect();
    let at = all.iter().position(|article| article.name == *name).ok_or(AppError::NotFound)?;
    let article = all[at];
    page.title.clone_from(&article.text.title);
    let page = ArticlePage {
        page,
        chapters,
        article,
        body: article.text.body.with(EXAMPLE, &app.public.link(app.bound, "")),
        previous: at.checked_sub(1).map(|before| all[before]),
        next: all.get(at + 1).copied(),
    };
    render(&page, StatusCode::OK)
}
