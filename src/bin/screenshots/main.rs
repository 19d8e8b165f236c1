//! `script/screenshots`: the pictures of the documentation, the same at every run.
//! docs/SCREENSHOTS.md says how to use it and how to add one.

mod camera;
mod check;
mod driver;
mod find;
mod image;
mod list;
mod marks;
mod run;
mod say;
mod scenery;
mod stage;
mod steps;
#[cfg(test)]
mod tests;
mod versions;

use clap::{Parser, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;

/// What is wrong, in a sentence.
type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Makes the pictures of docs/pictures.toml.
#[derive(Parser, Clone)]
#[command(name = "screenshots", bin_name = "script/screenshots")]
struct Args {
    /// Where the pictures go.
    #[arg(long, default_value = "target/pictures")]
    out: PathBuf,
    /// Only these.
    #[arg(long, num_args = 1.., value_name = "NAME")]
    only: Vec<String>,
    /// In which colours.
    #[arg(long, value_enum, default_value = "light")]
    theme: Theme,
    /// Width of the page, in CSS pixels, for pictures that do not say theirs.
    #[arg(long, default_value_t = 1280, value_parser = clap::value_parser!(u32).range(320..=3840))]
    width: u32,
    /// So many pixels for each CSS pixel.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4))]
    scale: u32,
    /// Compares with the pictures in docs/pictures, and draws in --out where one differs.
    #[arg(long, conflicts_with_all = ["theme", "width", "scale"])]
    check: bool,
}

/// In which colours.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq)]
enum Theme {
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// As browsers spell it.
    fn key(self) -> &'static str {
        match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }
}

fn main() -> ExitCode {
    match run::run(&Args::parse()) {
        Ok(run::Outcome::Good) => ExitCode::SUCCESS,
        Ok(run::Outcome::Bad) => ExitCode::FAILURE,
        Err(error) => {
            say::line(error);
            ExitCode::from(2)
        }
    }
}
