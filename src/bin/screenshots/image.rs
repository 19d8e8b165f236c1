//! PNG files: cutting a part out of one, writing it small, and drawing where two differ.

use crate::Failed;
use oxipng::{BitDepth, ColorType, Options, RawImage, StripChunks};
use std::cmp::Reverse;
use std::collections::HashMap;

/// So many colours are kept as they are, those that fill most of a picture: paper, ink, lines.
const KEPT: usize = 24;
/// Any other is kept unless one that is kept is as near as this, by red, green and blue. Nobody sees
/// it at the edges of letters, and files are half as large.
const NEAR: i32 = 28;
/// At most as many are left: with them, all of the pictures are under 3 MB.
const MOST: usize = 128;

/// Pixels, three bytes each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Red, green, blue; row by row.
    pixels: Vec<[u8; 3]>,
}

impl Image {
    /// Reads a PNG of eight bits a channel, without what would shine through.
    ///
    /// # Errors
    /// When it is no such thing.
    pub fn read(file: &[u8]) -> Result<Image, Failed> {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info()?;
        let mut bytes = vec![0; reader.output_buffer_size().ok_or("a picture of no size")?];
        let info = reader.next_frame(&mut bytes)?;
        let pixels = match info.color_type {
            png::ColorType::Rgb => bytes.as_chunks::<3>().0.to_vec(),
            png::ColorType::Rgba => {
                bytes.as_chunks::<4>().0.iter().map(|[r, g, b, _]| [*r, *g, *b]).collect()
            }
            png::ColorType::Grayscale => bytes.iter().map(|grey| [*grey; 3]).collect(),
            other => return Err(format!("a picture of {other:?}").into()),
        };
        Ok(Image { width: info.width as usize, height: info.height as usize, pixels })
    }

    /// A part of it: left, top, width, height; what lies outside is left out.
    pub fn part(&self, (left, top, width, height): (usize, usize, usize, usize)) -> Image {
        let (right, bottom) = ((left + width).min(self.width), (top + height).min(self.height));
        let (left, top) = (left.min(right), top.min(bottom));
        let rows = (top..bottom).map(|row| &self.pixels[row * self.width + left..row * self.width + right]);
        Image { width: right - left, height: bottom - top, pixels: rows.flatten().copied().collect() }
    }

    /// The same in few colours, as it is written and compared.
    pub fn reduced(mut self) -> Image {
        let mut counts: HashMap<[u8; 3], usize> = HashMap::new();
        for pixel in &self.pixels {
            *counts.entry(*pixel).or_default() += 1;
        }
        let mut colours: Vec<([u8; 3], usize)> = counts.into_iter().collect();
        colours.sort_unstable_by_key(|(colour, count)| (Reverse(*count), *colour));
        let mut kept: Vec<[u8; 3]> = Vec::new();
        let mut becomes: HashMap<[u8; 3], [u8; 3]> = HashMap::new();
        for (colour, _) in colours {
            let nearest = kept.iter().copied().min_by_key(|known| apart(*known, colour));
            let near = nearest.filter(|known| {
                kept.len() >= MOST || (kept.len() >= KEPT && apart(*known, colour) <= NEAR * NEAR)
            });
            if near.is_none() {
                kept.push(colour);
            }
            becomes.insert(colour, near.unwrap_or(colour));
        }
        for pixel in &mut self.pixels {
            *pixel = becomes.get(pixel).copied().unwrap_or(*pixel);
        }
        self
    }

    /// As a file, small, and the same for the same pixels.
    ///
    /// # Errors
    /// When it has no pixels.
    pub fn write(&self) -> Result<Vec<u8>, Failed> {
        let (width, height) = (u32::try_from(self.width)?, u32::try_from(self.height)?);
        let color = ColorType::RGB { transparent_color: None };
        let bytes = self.pixels.concat();
        let raw = RawImage::new(width, height, color, BitDepth::Eight, bytes)?;
        Ok(raw.create_optimized_png(&Options { strip: StripChunks::All, ..Options::from_preset(2) })?)
    }

    /// Where the other differs: this one, pale, with red where pixels are not the same. None where
    /// they are all the same.
    pub fn difference(&self, other: &Image) -> Option<Image> {
        if self == other {
            return None;
        }
        let (width, height) = (self.width.max(other.width), self.height.max(other.height));
        let places = (0..height).flat_map(|row| (0..width).map(move |column| (row, column)));
        let pixels = places.map(|(row, column)| match (self.at(row, column), other.at(row, column)) {
            (Some(own), Some(others)) if own == others => own.map(|part| 170 + part / 3),
            _ => [214, 30, 30],
        });
        Some(Image { width, height, pixels: pixels.collect() })
    }

    fn at(&self, row: usize, column: usize) -> Option<[u8; 3]> {
        (row < self.height && column < self.width).then(|| self.pixels[row * self.width + column])
    }
}

/// How far two colours are from each other, squared.
fn apart(one: [u8; 3], other: [u8; 3]) -> i32 {
    one.into_iter().zip(other).map(|(a, b)| (i32::from(a) - i32::from(b)).pow(2)).sum()
}
