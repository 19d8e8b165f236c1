//! Style sheet, script and mark: embedded, one file each, at addresses that name their content.

use super::guide;
use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, VARY,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::LazyLock;

/// An embedded file.
pub struct Asset {
    href: String,
    content_type: &'static str,
    body: Bytes,
    /// Empty for what is packed already.
    gzip: Bytes,
}

impl Asset {
    fn new(name: &str, content_type: &'static str, parts: &[&str]) -> Asset {
        let body = slim(&parts.join("\n"));
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        // Writing to memory does not fail; if it did, the plain file is served.
        let gzip = gzip.write_all(body.as_bytes()).and_then(|()| gzip.finish()).unwrap_or_default();
        Asset { href: href(name, body.as_bytes()), content_type, body: body.into(), gzip: gzip.into() }
    }

    /// A picture, which is packed already.
    pub fn png(name: &str, body: &'static [u8]) -> Asset {
        let href = href(&format!("{name}.png"), body);
        Asset { href, content_type: "image/png", body: Bytes::from_static(body), gzip: Bytes::new() }
    }

    /// Its address.
    pub fn href(&self) -> &str {
        &self.href
    }

    fn answer(&self, request: &HttpRequest, caching: &'static str) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        response
            .insert_header((CONTENT_TYPE, self.content_type))
            .insert_header((CACHE_CONTROL, caching))
            .insert_header((VARY, "accept-encoding"));
        if takes_gzip(request.headers()) && !self.gzip.is_empty() {
            response.insert_header((CONTENT_ENCODING, "gzip")).body(self.gzip.clone())
        } else {
            response.body(self.body.clone())
        }
    }
}

/// Without comments on lines of their own, indents and empty lines, which are a sixth of what would
/// go over the wire. Lines stay lines: scripts rely on them.
fn slim(text: &str) -> String {
    let mut slim = String::with_capacity(text.len());
    let mut in_comment = false;
    for line in text.lines().map(str::trim) {
        in_comment |= line.starts_with("/*") && (line.ends_with("*/") || !line.contains("*/"));
        if !in_comment && !line.is_empty() && !line.starts_with("//") {
            slim.push_str(line);
            slim.push('\n');
        }
        in_comment &= !line.ends_with("*/");
    }
    slim
}

fn href(name: &str, body: &[u8]) -> String {
    let hash = Sha256::digest(body).iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    format!("/static/{hash}/{name}")
}

macro_rules! files {
    ($folder:literal: $($name:literal),+ $(,)?) => {
        &[$(include_str!(concat!("../../static/", $folder, "/", $name))),+]
    };
}

static CSS: LazyLock<Asset> = LazyLock::new(|| {
    let parts = files!("css": "layers.css", "tokens.css", "base.css", "layout.css", "activity.css", "admin.css", "badge.css", "budget.css", "builder.css", "button.css", "card.css", "chip.css", "dialog.css",
        "facts.css", "field.css", "filters.css", "finder.css", "guide.css", "head.css", "help.css", "listing.css", "mark.css", "menu.css", "more.css", "notice.css", "picker.css", "plain.css", "print.css",
        "refusals.css", "revoke.css", "roles.css", "secret.css", "secrets.css", "segments.css", "sentences.css", "starts.css", "summary.css", "table.css", "tabs.css", "trial.css", "utilities.css", "way.css");
    Asset::new("app.css", "text/css; charset=utf-8", parts)
});

static JS: LazyLock<Asset> = LazyLock::new(|| {
    let parts = files!("js": "announce.js", "choose.js", "copy.js", "dialog.js", "focus.js", "leaving.js", "local-time.js", "once.js", "passkey.js", "picker.js", "tables.js", "build.js", "words.js");
    Asset::new("app.js", "text/javascript; charset=utf-8", parts)
});

static MARK: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("favicon.svg", "image/svg+xml", &[include_str!("../../static/favicon.svg")]));

/// The style sheet.
pub fn css() -> &'static Asset {
    &CSS
}

/// The script.
pub fn js() -> &'static Asset {
    &JS
}

/// Answers with a file of `/static`; the hash in the address must be its own.
pub async fn file(request: HttpRequest) -> Result<HttpResponse, crate::http::AppError> {
    let known = [css(), js()].into_iter().chain(guide::pictures());
    let known = known.into_iter().find(|asset| asset.href() == request.path());
    known
        .map(|asset| asset.answer(&request, "public, max-age=31536000, immutable"))
        .ok_or(crate::http::AppError::NotFound)
}

/// The mark in the browser's tab.
pub async fn favicon(request: HttpRequest) -> HttpResponse {
    MARK.answer(&request, "public, max-age=86400")
}

/// Whether the caller takes gzip.
pub fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT_ENCODING).map(HeaderValue::to_str);
    matches!(accepted, Some(Ok(list)) if list.split(',').any(|one| {
        let mut parts = one.split(';').map(str::trim);
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip")) && parts.next() != Some("q=0")
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_indents_are_left_out_and_lines_stay() {
        let text = "/* What\n   it is. */\n@layer a {\n/* why */ .a { }\n  b { c: d; } /* kept */\n  /* gone */\n\n  // gone\n  e('// f')\n}\n";
        assert_eq!(slim(text), "@layer a {\n/* why */ .a { }\nb { c: d; } /* kept */\ne('// f')\n}\n");
    }

    #[test]
    fn every_file_is_served_and_no_script_has_150_lines() {
        for (kind, asset) in [("css", css()), ("js", js())] {
            let body = std::str::from_utf8(&asset.body).unwrap();
            let folder = format!("{}/static/{kind}", env!("CARGO_MANIFEST_DIR"));
            for file in std::fs::read_dir(folder).unwrap() {
                let path = file.unwrap().path();
                let text = std::fs::read_to_string(&path).unwrap();
                assert!(body.contains(&slim(&text)), "{} is not served", path.display());
                assert!(kind == "css" || text.lines().count() < 150, "{}", path.display());
            }
        }
    }

    #[test]
    fn no_file_has_text_over_several_lines_whose_indents_would_be_lost() {
        for (name, asset) in [("css", css()), ("js", js())] {
            for line in std::str::from_utf8(&asset.body).unwrap().lines() {
                assert!(line.matches('`').count() % 2 == 0, "{name}: {line}");
            }
        }
    }
}
