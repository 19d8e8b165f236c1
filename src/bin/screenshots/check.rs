//! `--check`: what was committed, beside what is.

use crate::image::Image;
use crate::list::List;
use crate::{Failed, versions};
use std::io::ErrorKind;
use std::path::Path;

/// Where the committed pictures are.
const FOLDER: &str = "docs/pictures";

/// Why nothing can be compared here; none where it can.
///
/// # Errors
/// When the committed versions cannot be read.
pub fn not_comparable(here: &str) -> Result<Option<String>, Failed> {
    let known = match std::fs::read_to_string(Path::new(FOLDER).join(versions::FILE)) {
        Ok(known) => known,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(format!(
                "there is no {FOLDER}/{}: script/screenshots --out {FOLDER}",
                versions::FILE
            )
            .into());
        }
        Err(error) => return Err(error.into()),
    };
    Ok((known != here).then(|| {
        let lines = |one: &str, other: &str, sign: &str| {
            one.lines()
                .filter(|line| !other.lines().any(|known| known == *line))
                .map(|line| format!("\n  {sign} {line}"))
                .collect::<String>()
        };
        format!(
            "Not comparable: the pictures in {FOLDER} were made with another browser or other fonts.{}{}",
            lines(&known, here, "there:"),
            lines(here, &known, "here: ")
        )
    }))
}

/// Compares a picture with the committed one, and draws the difference: what is said of it, as an
/// error where it differs.
///
/// # Errors
/// When a file cannot be read or written.
pub fn compare(name: &str, image: &Image, out: &Path) -> Result<Result<String, String>, Failed> {
    let file = match std::fs::read(Path::new(FOLDER).join(format!("{name}.png"))) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok(Err(format!("MISSING in {FOLDER}")));
        }
        Err(error) => return Err(error.into()),
    };
    let Some(difference) = image.difference(&Image::read(&file)?) else {
        return Ok(Ok("the same".to_owned()));
    };
    let drawn = out.join(format!("{name}.diff.png"));
    std::fs::write(&drawn, difference.write()?)?;
    std::fs::write(out.join(format!("{name}.png")), image.write()?)?;
    Ok(Err(format!("DIFFERS, see {}", drawn.display())))
}

/// Committed pictures that are not in the list any more.
///
/// # Errors
/// When the folder cannot be read.
pub fn left_over(list: &List) -> Result<Vec<String>, Failed> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(FOLDER)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let is_picture = path.extension().is_some_and(|kind| kind == "png");
        if is_picture && !list.pictures.iter().any(|picture| picture.name() == name) {
            names.push(format!("{name}.png"));
        }
    }
    names.sort();
    Ok(names)
}
