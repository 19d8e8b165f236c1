//! `token create|list|delete`.

mod create;
mod list;

use super::{CliError, Opened, open, output};
use crate::config::{CatalogueArgs, DatabaseArgs};
use crate::db::{self, Conn};
use crate::extension::Extension;
use crate::models::Origin;
use crate::models::text::day;
use crate::models::token::{DeletionReason, Token, revoke};
use crate::policy::{AccountId, TokenId};
use clap::{Args, Subcommand};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

#[derive(Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token; prints the secret, once, on standard output and nothing else there.
    Create(CreateArgs),
    /// List the tokens of an account or of a user, newest first, one a line, with tabs between.
    List(ListArgs),
    /// Delete a token by its number, or all that were created before a moment.
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
    #[arg(required_unless_present = "created_before", conflicts_with = "created_before")]
    id: Option<TokenId>,
    /// All tokens of all accounts and users that were created before this moment: a day or an instant in UTC, such
    /// as 2026-12-01 or 2026-12-01T10:00:00Z. For a database that was restored from a dump of that moment: it
    /// brings tokens back that were deleted since.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    created_before: Option<OffsetDateTime>,
    /// How many that are: without it they're counted, and none is deleted.
    #[arg(long, value_name = "NUMBER", requires = "created_before")]
    tokens: Option<usize>,
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

fn moment(text: &str) -> Result<OffsetDateTime, String> {
    let instant = || OffsetDateTime::parse(text, &Rfc3339).ok();
    let moment = day(text).map(|day| day.midnight().assume_utc()).or_else(instant);
    moment.ok_or_else(|| "write a day or an instant, such as 2026-12-01 or 2026-12-01T10:00:00Z".to_owned())
}

fn delete(args: DeleteArgs) -> Result<(), CliError> {
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    if let Some(before) = args.created_before {
        return delete_older(&mut conn, before, args.tokens, &origin);
    }
    let Some(id) = args.id else {
        return Err(CliError::said("Give the number of a token, or --created-before."));
    };
    let deleted = db::in_one(&mut conn, |conn| {
        let token =
            Token::itself(conn, id)?.ok_or_else(|| CliError::said(format!("There is no token {id}.")))?;
        token.delete(conn, DeletionReason::CommandLine, &origin).map_err(CliError::from)
    })?;
    output::note(if deleted { "The token is deleted." } else { "The token was deleted before." });
    Ok(())
}

fn delete_older(
    conn: &mut Conn,
    before: OffsetDateTime,
    expected: Option<usize>,
    origin: &Origin,
) -> Result<(), CliError> {
    let deleted = db::in_one(conn, |conn| {
        let ids = revoke::created_before(conn, before, origin.now)?;
        if ids.is_empty() || expected == Some(ids.len()) {
            return Ok(revoke::revoke_at_the_shell(conn, &ids, origin)?);
        }
        let count = ids.len();
        Err(CliError::said(format!(
            "{count} tokens that work were created before. Nothing was deleted. To delete them, say so with \
             --tokens {count}."
        )))
    })?;
    output::note(format!("{deleted} tokens are deleted."));
    Ok(())
}
