//! Markdown as the articles use it, into what stands on a page.

use super::pictures;
use crate::web::paths;
use askama::filters::HtmlSafe;
use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use std::fmt::{self, Write as _};

/// An article, read.
pub struct Text {
    /// Its heading.
    pub title: String,
    /// Its first paragraph, without markup: what it is about.
    pub about: String,
    /// Its parts: where they are, and how they are called.
    pub parts: Vec<(String, String)>,
    /// All that comes after the first paragraph, as HTML.
    pub body: Prose,
}

/// HTML that [`read`] made of one of our own files, and nobody else of anything: pages do not escape
/// it. HTML in the file was taken for text, so that nothing but Markdown says what it holds.
pub struct Prose(String);

impl Prose {
    /// The same with this text in place of that one.
    pub fn with(&self, that: &str, this: &str) -> Prose {
        Prose(self.0.replace(that, &escaped(this)))
    }
}

impl fmt::Display for Prose {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl HtmlSafe for Prose {}

/// Reads an article. HTML in it is taken for text.
pub fn read(source: &str) -> Text {
    let mut reader = Reader { events: Parser::new_ext(source, Options::ENABLE_TABLES), parts: Vec::new() };
    let (mut title, mut about) = (String::new(), String::new());
    let mut out: Vec<Event<'_>> = Vec::new();
    while let Some(event) = reader.events.next() {
        match event {
            Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) => title = reader.words(),
            Event::Start(Tag::Paragraph) if about.is_empty() => about = reader.words(),
            other => reader.push(other, &mut out),
        }
    }
    let mut body = String::new();
    html::push_html(&mut body, out.into_iter());
    Text { title, about, parts: reader.parts, body: Prose(body) }
}

struct Reader<'a> {
    events: Parser<'a>,
    parts: Vec<(String, String)>,
}

impl<'a> Reader<'a> {
    fn push(&mut self, event: Event<'a>, out: &mut Vec<Event<'a>>) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let (tag, words) = (level, self.words());
                let id = id_of(&words);
                out.push(made(format!("<{tag} id=\"{id}\">{}</{tag}>\n", escaped(&words))));
                if level == HeadingLevel::H2 {
                    self.parts.push((id, words));
                }
            }
            Event::Start(Tag::Image { dest_url, .. }) => {
                let alt = self.words();
                let name = dest_url.rsplit('/').next().unwrap_or_default().trim_end_matches(".png");
                out.push(made(figure(name, &alt)));
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented)) => {
                let code = self.words();
                out.push(made(format!("<pre class=\"code\"><code>{}</code></pre>\n", escaped(&code))));
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let dest_url = address(&dest_url);
                out.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
            }
            // What stands on another page of the house, and is no file for whoever reads the articles
            // elsewhere.
            Event::Code(code) if *code == *paths::HELP_API => {
                out.push(made(format!("<a href=\"{code}\"><code>{code}</code></a>")));
            }
            Event::Start(Tag::Table(columns)) => {
                let about = self.parts.last().map(|(_, words)| escaped(words)).unwrap_or_default();
                out.push(made(format!("<section class=\"scroll\" tabindex=\"0\" aria-label=\"{about}\">")));
                out.push(Event::Start(Tag::Table(columns)));
            }
            Event::End(TagEnd::Table) => {
                out.push(Event::End(TagEnd::Table));
                out.push(made("</section>\n".to_owned()));
            }
            Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => {}
            Event::Html(text) | Event::InlineHtml(text) => out.push(Event::Text(text)),
            other => out.push(other),
        }
    }

    /// The words up to the end of what has just begun.
    fn words(&mut self) -> String {
        let (mut words, mut depth) = (String::new(), 1);
        while depth > 0 {
            match self.events.next() {
                Some(Event::Start(_)) => depth += 1,
                Some(Event::End(_)) => depth -= 1,
                Some(Event::Text(text) | Event::Code(text)) => words.push_str(&text),
                Some(Event::SoftBreak | Event::HardBreak) => words.push(' '),
                Some(_) => {}
                None => break,
            }
        }
        words
    }
}

/// HTML of our own making.
fn made<'a>(html: String) -> Event<'a> {
    Event::Html(CowStr::from(html))
}

/// A picture with its size, so that nothing moves when it arrives, and with a link to all of it, as
/// it is small on a phone. Spans, since it stands in a paragraph.
fn figure(name: &str, alt: &str) -> String {
    let Some(picture) = pictures::find(name) else { return String::new() };
    let (href, alt) = (picture.asset.href(), escaped(alt));
    let (width, height) = (picture.width, picture.height);
    format!(
        "<a class=\"picture\" href=\"{href}\"><img src=\"{href}\" alt=\"{alt}\" width=\"{width}\" height=\"{height}\" loading=\"lazy\"></a>"
    )
}

/// Where a link leads on the pages: other articles are files beside this one.
fn address(link: &str) -> CowStr<'static> {
    match link.split_once(".md") {
        Some((name, rest)) if !name.contains(['/', ':']) => {
            CowStr::from(format!("{}{rest}", paths::help(name)))
        }
        _ => CowStr::from(link.to_owned()),
    }
}

/// The id of a heading, as GitHub makes it, so that links into the middle lead there in both places.
pub fn id_of(words: &str) -> String {
    let letters = words.chars().filter(|one| one.is_alphanumeric() || matches!(one, ' ' | '-' | '_'));
    letters.flat_map(char::to_lowercase).map(|one| if one == ' ' { '-' } else { one }).collect()
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' | '<' | '>' | '"' | '\'' => {
                let _ = write!(safe, "&#{};", u32::from(letter));
            }
            other => safe.push(other),
        }
    }
    safe
}
