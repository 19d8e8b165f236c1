//! `token create|list|delete`.

mod create;
mod list;

use super::{CliError, Opened, open, output};
use crate::config::{CatalogueArgs, DatabaseArgs};
use crate::db;
use crate::extension::Extension;
use crate::models::token::{DeletionReason, Token};
use crate::policy::{AccountId, TokenId};
use clap::{Args, Subcommand};

#[derive(Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token; prints the secret, once, on standard output and nothing else there.
    Create(CreateArgs),
    /// List the tokens of an account or of a user, newest first, one a line, with tabs between.
    List(ListArgs),
    /// Delete a token by its number.
    Delete(DeleteArgs),
}

#[derive(Args)]
pub(super) struct CreateArgs {
    /// Number of the account; with --user, the only account that the token reaches.
    #[arg(long, required_unless_present = "user")]
    account: Option<AccountId>,
    /// E-mail address of the user whom the token belongs to; an account token otherwise.
    #[arg(long)]
    user: Option<String>,
    /// What the token is for.
    #[arg(long)]
    name: String,
    /// The last day on which it works (year-month-day, UTC), or never.
    #[arg(long)]
    expires: String,
    /// Everything, now and later: all of the account, or all that the user can do in every account.
    #[arg(long, required_unless_present = "scope", conflicts_with = "scope")]
    full: bool,
    /// What it may do, like orders:berlin:read or orders:*:write; several, with a space or --scope between.
    #[arg(long, num_args = 1..)]
    scope: Vec<String>,
    #[command(flatten)]
    catalogue: CatalogueArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct ListArgs {
    /// Number of the account.
    #[arg(long, required_unless_present = "user", conflicts_with = "user")]
    account: Option<AccountId>,
    /// E-mail address of the user whose own tokens are listed.
    #[arg(long)]
    user: Option<String>,
    /// Those that have ended, instead of those that have not.
    #[arg(long)]
    ended: bool,
    #[command(flatten)]
    catalogue: CatalogueArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct DeleteArgs {
    /// Number of the token; the address of its page ends in it.
    id: TokenId,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn run(command: TokenCommand, extension: Option<Extension>) -> Result<(), CliError> {
    match command {
        TokenCommand::Create(args) => create::create(args, extension),
        TokenCommand::List(args) => list::list(args, extension),
        TokenCommand::Delete(args) => delete(args),
    }
}

fn delete(args: DeleteArgs) -> Result<(), CliError> {
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    let deleted = db::in_one(&mut conn, |conn| {
        let token = Token::itself(conn, args.id)?
            .ok_or_else(|| CliError::said(format!("There is no token {}.", args.id)))?;
        token.delete(conn, DeletionReason::CommandLine, &origin).map_err(CliError::from)
    })?;
    output::note(if deleted { "The token is deleted." } else { "The token was deleted before." });
    Ok(())
}
