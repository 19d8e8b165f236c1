//! What the articles say holds: their links, their pictures, and the labels that they name.

use super::*;
use crate::policy::{Act, Role};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path as File, PathBuf};

fn docs(folder: &str) -> PathBuf {
    File::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(folder)
}

/// The articles with the example's words: all there are.
fn of_example() -> &'static [ChapterSource] {
    crate::dns::EXTENSION.extras.help.guide.unwrap()
}

fn sources() -> impl Iterator<Item = (&'static str, &'static str)> {
    of_example().iter().flat_map(|(_, articles)| articles.iter().copied())
}

/// All links or all pictures of an article, as they are written.
fn targets(source: &str, of_pictures: bool) -> Vec<String> {
    let target = |event| match event {
        Event::Start(Tag::Image { dest_url, .. }) if of_pictures => Some(dest_url.to_string()),
        Event::Start(Tag::Link { dest_url, .. }) if !of_pictures => Some(dest_url.to_string()),
        _ => None,
    };
    Parser::new_ext(source, Options::ENABLE_TABLES).filter_map(target).collect()
}

/// What stands in bold, or between any other of these tags.
fn between(source: &str, begins: fn(&Tag<'_>) -> bool, ends: fn(&TagEnd) -> bool) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), None);
    for event in Parser::new_ext(source, Options::ENABLE_TABLES) {
        match event {
            Event::Start(tag) if begins(&tag) => open = Some(String::new()),
            Event::End(tag) if ends(&tag) => found.extend(open.take()),
            Event::Text(text) | Event::Code(text) => {
                open.iter_mut().for_each(|open| open.push_str(&text));
            }
            _ => {}
        }
    }
    found
}

/// Every file of the pages, in one text.
fn pages() -> String {
    fn read(folder: &File, all: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // What is checked against itself proves nothing.
                if !path.ends_with("guide") {
                    read(&path, all);
                }
            } else {
                all.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    // Labels that pages make from what the catalogue calls things.
    let made = [">Only some records<", ">Only some branches<"];
    let root = File::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = made.concat();
    for folder in ["templates", "src/web", "src/dns", "policy/src"] {
        read(&root.join(folder), &mut all);
    }
    all
}

/// Whether the words stand somewhere in one piece: alone between two tags, or as a text in the code.
fn stands_alone(words: &str, pages: &str) -> bool {
    pages.match_indices(words).any(|(at, _)| {
        let before = pages[..at].trim_end().chars().next_back();
        let after = pages[at + words.len()..].trim_start().chars().next();
        matches!(before, Some('>' | '"' | '}')) && matches!(after, Some('<' | '"' | '{'))
    })
}

#[test]
fn each_article_is_served_and_listed_in_the_order_of_the_contents() {
    let files = fs::read_dir(docs("guide")).unwrap().map(|entry| entry.unwrap().file_name());
    let files: BTreeSet<String> = files.map(|name| name.into_string().unwrap()).collect();
    let mut served: BTreeSet<String> = sources().map(|(name, _)| format!("{name}.md")).collect();
    served.insert("README.md".to_owned());
    assert_eq!(files, served);
    let readme = fs::read_to_string(docs("guide").join("README.md")).unwrap();
    let in_order: Vec<String> = sources().map(|(name, _)| format!("{name}.md")).collect();
    assert_eq!(targets(&readme, false), in_order);
    for chapter in read(of_example()) {
        assert!(readme.contains(&format!("\n## {}\n", chapter.title)), "{}", chapter.title);
        for one in &chapter.articles {
            assert!(readme.contains(&format!("- [{}]({}.md)", one.text.title, one.name)), "{}", one.name);
            assert!(!one.text.title.is_empty() && one.text.about.ends_with('.'), "{}", one.name);
        }
    }
}

#[test]
fn every_link_in_the_guide_leads_to_an_article_and_into_the_middle_to_a_heading() {
    let mut astray = Vec::new();
    for guide in [SOURCES, of_example()] {
        let chapters = read(guide);
        let articles = || chapters.iter().flat_map(|chapter| &chapter.articles);
        for (name, source) in guide.iter().flat_map(|(_, articles)| articles.iter()) {
            for link in targets(source, false) {
                let (file, part) = link.split_once('#').unwrap_or((&link, ""));
                let there = articles().find(|one| format!("{}.md", one.name) == file);
                let is_there = there.is_some_and(|there| {
                    part.is_empty() || there.text.parts.iter().any(|(id, _)| id == part)
                });
                if !is_there {
                    astray.push(format!("{name}: {link}"));
                }
            }
        }
    }
    assert!(astray.is_empty(), "{astray:#?}");
}

#[test]
fn with_a_catalogue_of_ones_own_no_article_shows_a_mark_or_a_picture_of_the_example() {
    for (name, source) in SOURCES.iter().chain(of_example()).flat_map(|(_, articles)| articles.iter()) {
        assert!(!source.contains("<!--") && !source.contains("-->"), "{name}");
    }
    let own: Vec<_> = SOURCES.iter().flat_map(|(_, articles)| articles.iter()).collect();
    assert!(own.iter().all(|(_, source)| targets(source, true).is_empty()));
    assert_eq!(own.len() + 1, sources().count());
}

/// The pictures that articles show, and which articles.
fn shown() -> Vec<(&'static str, String)> {
    let of = |(name, source)| targets(source, true).into_iter().map(move |target| (name, target));
    sources().flat_map(of).collect()
}

fn name_of(target: &str) -> Option<&str> {
    target.strip_prefix("../pictures/")?.strip_suffix(".png")
}

#[test]
fn every_picture_that_an_article_names_is_there() {
    let is_there = |target: &str| name_of(target).and_then(pictures::find).is_some();
    let missing: Vec<_> = shown().into_iter().filter(|(_, target)| !is_there(target)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn the_program_carries_the_pictures_that_articles_show_and_no_other() {
    let shown = shown();
    let named: BTreeSet<&str> = shown.iter().filter_map(|(_, target)| name_of(target)).collect();
    let there = |name: &&&str| docs("pictures").join(format!("{name}.png")).exists();
    let there: BTreeSet<&str> = named.iter().filter(there).copied().collect();
    assert_eq!(pictures::names().collect::<BTreeSet<_>>(), there);
    assert!(shown.iter().all(|(_, target)| name_of(target).is_some()), "{shown:?}");
}

#[test]
fn every_picture_says_what_it_shows() {
    for (name, source) in sources() {
        let alts = between(source, |tag| matches!(tag, Tag::Image { .. }), |end| *end == TagEnd::Image);
        assert!(alts.iter().all(|alt| alt.split_whitespace().count() > 1), "{name}: {alts:?}");
        assert_eq!(alts.len(), targets(source, true).len(), "{name}");
    }
}

#[test]
fn every_label_in_bold_stands_on_a_page() {
    let pages = pages();
    let mut unknown = Vec::new();
    for (name, source) in sources() {
        let labels = between(source, |tag| matches!(tag, Tag::Strong), |end| *end == TagEnd::Strong);
        unknown.extend(
            labels.into_iter().filter(|label| !stands_alone(label, &pages)).map(|label| (name, label)),
        );
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
    assert!(!stands_alone("Generate tok", &pages) && stands_alone("Generate token", &pages));
}

#[test]
fn the_article_on_roles_has_the_table_that_is_asked() {
    let (_, source) = sources().find(|(name, _)| *name == "roles").unwrap();
    let catalogue = crate::dns::catalogue().unwrap();
    let row = |act: Act| {
        let may = Role::ALL.iter().rev().map(|role| if role.may(act) { "Yes" } else { "No" });
        format!("| {} | {} |", act.title(&catalogue), may.collect::<Vec<_>>().join(" | "))
    };
    let rows: Vec<String> = Act::rows().map(row).collect();
    let written: Vec<&str> =
        source.lines().filter(|line| line.ends_with("Yes |") || line.ends_with("No |")).collect();
    assert_eq!(written, rows);
}

#[test]
fn html_in_an_article_is_text() {
    let text = markdown::read(
        "# A <b>title</b>\n\nAbout.\n\n<script>alert(1)</script>\n\nIn <i>it</i>.\n\n```\n<u>\n```\n\n![a \"b\"](../pictures/none.png)",
    );
    assert!(
        !text.body.to_string().contains("<script")
            && !text.body.to_string().contains("<i>")
            && !text.body.to_string().contains("<u>")
    );
    assert!(text.body.to_string().contains("&lt;script&gt;") && text.body.to_string().contains("&lt;i&gt;"));
    assert!(!text.body.to_string().contains("<img"), "a picture that is not there leaves nothing");
}

#[test]
fn headings_have_ids_and_links_between_files_become_links_between_pages() {
    let text = markdown::read(
        "# T\n\nAbout.\n\n## The secret, once\n\n[On](rolling.md#while-both-work), [out](https://example.com/a.md), `/help/api`.",
    );
    assert_eq!(text.parts, [("the-secret-once".to_owned(), "The secret, once".to_owned())]);
    for part in [
        "<h2 id=\"the-secret-once\">The secret, once</h2>",
        "href=\"/help/rolling#while-both-work\"",
        "href=\"https://example.com/a.md\"",
        "<a href=\"/help/api\"><code>/help/api</code></a>",
    ] {
        assert!(text.body.to_string().contains(part), "{part} in {}", text.body);
    }
}
