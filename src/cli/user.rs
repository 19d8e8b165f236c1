//! `user create|password|reset-factor|deactivate|reactivate|site-admin|ref`.

use super::{CliError, Opened, open, output, user_of};
use crate::config::DatabaseArgs;
use crate::db;
use crate::models::password::{self, Cost};
use crate::models::{Reference, User, text};
use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};
use std::convert::Infallible;

#[derive(Subcommand)]
pub(super) enum UserCommand {
    /// Make a user; prints a random password unless one is given.
    Create(CreateArgs),
    /// Set a new password and end every session; prints a random one unless one is given.
    Password(PasswordArgs),
    /// Remove every second factor of a user who lost it, and end every session.
    ResetFactor(OneUser),
    /// Let the user in no more: sessions end at once.
    Deactivate(OneUser),
    /// Let the user in again.
    Reactivate(OneUser),
    /// Let the user run the site: tokens, users and accounts of everybody.
    SiteAdmin(SiteAdminArgs),
    /// Say what your API calls a user.
    Ref(RefArgs),
}

#[derive(Args)]
pub(super) struct CreateArgs {
    /// E-mail address to sign in with.
    #[arg(long)]
    email: String,
    /// Name, as pages show it.
    #[arg(long)]
    name: String,
    #[command(flatten)]
    given: GivenPassword,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct PasswordArgs {
    /// E-mail address of the user.
    #[arg(long)]
    email: String,
    #[command(flatten)]
    given: GivenPassword,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
struct GivenPassword {
    /// The password; by the environment rather than here, where other users of the machine can see it.
    #[arg(long, env = "TOKENHOUSE_PASSWORD", hide_env_values = true, value_parser = typed_password)]
    password: Option<SecretString>,
}

#[derive(Args)]
pub(super) struct OneUser {
    /// E-mail address of the user.
    #[arg(long)]
    email: String,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct SiteAdminArgs {
    #[command(flatten)]
    user: OneUser,
    /// Let the user do so no longer.
    #[arg(long)]
    off: bool,
}

#[derive(Args)]
pub(super) struct RefArgs {
    #[command(flatten)]
    user: OneUser,
    /// What your API calls the user.
    #[arg(value_name = "REF", value_parser = Reference::parse)]
    reference: Reference,
}

pub(super) fn run(command: UserCommand) -> Result<(), CliError> {
    match command {
        UserCommand::Create(args) => create(args),
        UserCommand::Password(args) => set_password(args),
        UserCommand::ResetFactor(args) => reset_factor(args),
        UserCommand::Deactivate(args) => change(args, |user, conn, origin| user.deactivate(conn, origin)),
        UserCommand::Reactivate(args) => change(args, |user, conn, origin| user.reactivate(conn, origin)),
        UserCommand::Ref(RefArgs { user, reference }) => set_reference(user, &reference),
        UserCommand::SiteAdmin(SiteAdminArgs { user, off }) => {
            change(user, |user, conn, origin| user.set_site_admin(conn, !off, origin))
        }
    }
}

fn set_reference(args: OneUser, reference: &Reference) -> Result<(), CliError> {
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    let user = user_of(&mut conn, &args.email)?;
    if !db::in_one(&mut conn, |conn| user.set_reference(conn, reference, &origin))? {
        return Err(CliError::said(format!("Another user has the reference {}.", reference.as_str())));
    }
    output::note(format!("{} is called {} by your API now.", user.email, reference.as_str()));
    Ok(())
}

/// A line end behind a password comes from the file that it was kept in: no form could send it.
pub(super) fn typed_password(text: &str) -> Result<SecretString, Infallible> {
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n'])))
}

impl GivenPassword {
    /// The password, its hash, and whether it is a random one to be printed; `about` is what others know of whose
    /// it is.
    fn hashed(self, about: &[String]) -> Result<(String, String, bool), CliError> {
        let (text, random) = match self.password {
            Some(given) => {
                #[allow(clippy::disallowed_methods, reason = "a command keeps nobody waiting")]
                password::check(given.expose_secret(), about)
                    .map_err(|why| CliError::said(why.to_string()))?;
                (given.expose_secret().to_owned(), false)
            }
            None => (password::random()?, true),
        };
        let hash = password::hash(&text, Cost::OWASP)?;
        Ok((text, hash, random))
    }
}

fn create(args: CreateArgs) -> Result<(), CliError> {
    let (email, name) = (args.email.trim(), args.name.trim());
    if !text::is_email(email) || !email.is_ascii() || name.is_empty() {
        return Err(CliError::said("Give an email address (in ASCII) and a name."));
    }
    let (text, hash, random) = args.given.hashed(&[email.to_owned(), name.to_owned()])?;
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    db::in_one(&mut conn, |conn| {
        if User::create(conn, email, name, &hash, &origin)?.is_none() {
            return Err(CliError::said(format!("There is a user {email} already.")));
        }
        deliver_if(random, email, &text)
    })?;
    output::note(format!("User {email} was created."));
    Ok(())
}

fn set_password(args: PasswordArgs) -> Result<(), CliError> {
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    let user = user_of(&mut conn, &args.email)?;
    let (text, hash, random) = args.given.hashed(&user.known_of(&mut conn)?)?;
    let ended = db::in_one(&mut conn, |conn| {
        User::lock(conn, user.id)?;
        let ended = user.replace_password(conn, &hash, &origin)?;
        deliver_if(random, &user.email, &text).map(|()| ended)
    })?;
    output::note(format!("{} has a new password; every session has ended.", user.email));
    if user.email_verified_at.is_none() {
        output::note(format!(
            "The address was never verified, so user tokens ended, too ({ended}), and the invitations that the user sent no longer work."
        ));
    }
    Ok(())
}

fn reset_factor(args: OneUser) -> Result<(), CliError> {
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    let user = user_of(&mut conn, &args.email)?;
    if !db::in_one(&mut conn, |conn| user.reset_factors(conn, &origin))? {
        return Err(CliError::said(format!("{} has no second factor.", user.email)));
    }
    output::note(format!("{} has no second factor now; every session has ended.", user.email));
    Ok(())
}

/// Prints a random password, inside the transaction that sets it: one that nobody got is never set.
fn deliver_if(random: bool, email: &str, password: &str) -> Result<(), CliError> {
    if !random {
        return Ok(());
    }
    output::note(format!("The password of {email}, shown this once:"));
    output::answer(password).map_err(CliError::Undelivered)
}

fn change(
    args: OneUser,
    change: impl Fn(&User, &mut db::Conn, &crate::models::Origin) -> Result<bool, db::DbError>,
) -> Result<(), CliError> {
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    let user = user_of(&mut conn, &args.email)?;
    db::in_one(&mut conn, |conn| change(&user, conn, &origin))?;
    output::note(format!("Done for {}.", user.email));
    Ok(())
}
