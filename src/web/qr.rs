//! QR codes as inline SVG.

use qrcodegen::{QrCode, QrCodeEcc};
use std::fmt::Write as _;

/// Light modules around the code (ISO/IEC 18004 asks for four).
const QUIET: i32 = 4;

/// A QR code, as its template draws it.
pub struct Code {
    /// Width and height in modules, with the margin.
    pub size: i32,
    /// The dark modules, as one SVG path: a run of them at a time.
    pub path: String,
}

impl Code {
    /// The code of a text; `None` if it's too long for one.
    pub fn of(text: &str) -> Option<Code> {
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
        let mut path = String::new();
        for y in 0..code.size() {
            let mut x = 0;
            while x < code.size() {
                let start = x;
                while code.get_module(x, y) {
                    x += 1;
                }
                if x > start {
                    let _ = write!(path, "M{} {}h{}v1h-{}z", start + QUIET, y + QUIET, x - start, x - start);
                }
                x += 1;
            }
        }
        Some(Code { size: code.size() + 2 * QUIET, path })
    }
}
