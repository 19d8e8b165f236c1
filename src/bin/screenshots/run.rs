//! A run: every picture that is asked for, one after the other.

use crate::camera::Camera;
use crate::driver::Driver;
use crate::image::Image;
use crate::list::{self, List, Picture};
use crate::stage::Stage;
use crate::{Args, Failed, check, say, versions};
use std::path::Path;
use std::time::Instant;
use tokio::signal::unix::{SignalKind, signal};

/// What became of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every picture was made, and is as it should be.
    Good,
    /// Some failed, or differ.
    Bad,
}

/// Makes the pictures, or compares them.
///
/// # Errors
/// When not even the first could be tried.
pub fn run(args: &Args) -> Result<Outcome, Failed> {
    let file = list::FILE;
    let list = List::parse(&std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?)?;
    let unknown = args.only.iter().find(|name| !list.pictures.iter().any(|one| one.name() == name.as_str()));
    if let Some(unknown) = unknown {
        return Err(format!("{file} has no picture {unknown}").into());
    }
    let asked =
        |picture: &&Picture| args.only.is_empty() || args.only.iter().any(|one| one == picture.name());
    let pictures: Vec<&Picture> = list.pictures.iter().filter(asked).collect();
    std::fs::create_dir_all(&args.out)?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        // What is dropped stops what it started: Postgres, the server, the browser.
        tokio::select! {
            outcome = all(args, &list, &pictures) => outcome,
            _ = interrupt.recv() => Err("interrupted".into()),
            _ = terminate.recv() => Err("terminated".into()),
        }
    })
}

async fn all(args: &Args, list: &List, pictures: &[&Picture]) -> Result<Outcome, Failed> {
    let driver = Driver::start().await?;
    let here = versions::here(&driver).await?;
    if args.check
        && let Some(why) = check::not_comparable(&here)?
    {
        say::line(why);
        return Ok(Outcome::Good);
    }
    let shop = Shop { args, stage: Stage::build()?, driver };
    let mut outcome = Outcome::Good;
    for (number, picture) in pictures.iter().enumerate() {
        let began = Instant::now();
        let said = match shop.one(number, picture).await? {
            Ok(image) if args.check => check::compare(picture.name(), &image, &args.out)?,
            Ok(image) => {
                std::fs::write(path(&args.out, picture.name()), image.write()?)?;
                Ok("made".to_owned())
            }
            Err(why) => Err(why),
        };
        if said.is_err() {
            outcome = Outcome::Bad;
        }
        let (Ok(said) | Err(said)) = &said;
        let (all, took) = (pictures.len(), began.elapsed().as_secs_f32());
        say::line(format!("{:>2}/{all} {}: {said} ({took:.1} s)", number + 1, picture.name()));
    }
    if args.check && args.only.is_empty() {
        for name in check::left_over(list)? {
            say::line(format!("{name}: stands in docs/pictures, and not in {}", list::FILE));
            outcome = Outcome::Bad;
        }
    }
    // Of some of them it would say nothing of the others.
    if !args.check && args.only.is_empty() {
        std::fs::write(args.out.join(versions::FILE), here)?;
    }
    Ok(outcome)
}

/// What all pictures are made with.
pub struct Shop<'a> {
    /// How.
    pub args: &'a Args,
    /// Where.
    pub stage: Stage,
    /// With what.
    pub driver: Driver,
}

impl Shop<'_> {
    /// One picture; or at which step it failed, with a picture of what was there.
    ///
    /// # Errors
    /// When there is no stage for it.
    pub async fn one(&self, number: usize, picture: &Picture) -> Result<Result<Image, String>, Failed> {
        let set = self.stage.set(number)?;
        let (args, places, password) = (self.args, &self.stage.places, self.stage.password.as_str());
        let camera = Camera { driver: &self.driver, args, places, password };
        let taken = match camera.take(picture, &set).await {
            Ok(image) => Ok(image.reduced()),
            Err(failed) => {
                let file = path(&self.args.out, &format!("{}.failed", picture.name()));
                let seen = match camera.as_is().await {
                    Ok(image) => {
                        std::fs::write(&file, image.write()?)?;
                        format!("what it saw is in {}", file.display())
                    }
                    Err(error) => format!("and there is no picture of that: {error}"),
                };
                Err(format!("FAILED at “{}”: {}; {seen}", failed.step, failed.why))
            }
        };
        drop(set);
        self.stage.strike(number)?;
        Ok(taken)
    }
}

fn path(folder: &Path, name: &str) -> std::path::PathBuf {
    folder.join(format!("{name}.png"))
}
