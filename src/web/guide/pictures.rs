//! The pictures of the guide, embedded: only those that an article shows.

use crate::web::assets::Asset;
use std::sync::LazyLock;

/// An embedded picture.
pub struct Picture {
    /// Its name, without `.png`.
    pub name: &'static str,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// What is served.
    pub asset: Asset,
}

/// As `build.rs` found them.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/pictures.rs"));

static PICTURES: LazyLock<Vec<Picture>> = LazyLock::new(|| {
    let picture = |(name, file): &(&'static str, &'static [u8])| {
        let (width, height) = size(file)?;
        Some(Picture { name, width, height, asset: Asset::png(name, file) })
    };
    FILES.iter().filter_map(picture).collect()
});

/// The picture of this name.
pub fn find(name: &str) -> Option<&'static Picture> {
    PICTURES.iter().find(|picture| picture.name == name)
}

/// All of them, to be served.
pub fn all() -> impl Iterator<Item = &'static Asset> {
    PICTURES.iter().map(|picture| &picture.asset)
}

/// Width and height, as the first chunk of a PNG says them (PNG specification, 11.2.2).
fn size(png: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| Some(u32::from_be_bytes(png.get(at..at + 4)?.try_into().ok()?));
    (png.get(12..16)? == b"IHDR").then_some(())?;
    Some((number(16)?, number(20)?))
}

/// Their names, without `.png`.
#[cfg(test)]
pub fn names() -> impl Iterator<Item = &'static str> {
    PICTURES.iter().map(|picture| picture.name)
}
