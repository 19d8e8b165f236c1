//! `token create|delete`.

use super::{CliError, Opened, account_of, open, open_database, output};
use crate::config::{BrandArgs, DatabaseArgs};
use crate::db::{self, Conn};
use crate::models::token::expiry::Expiry;
use crate::models::token::{Issued, NewToken, Token, TokenName, Why, issue};
use crate::models::{Account, Resource};
use crate::policy::scope::{self, Written};
use crate::policy::words::of_policy;
use crate::policy::{
    Catalogue, Grant, MOST_NAMED_RESOURCES, Policy, RecordFilter, ResourceRef, Rights, Selection,
};
use clap::{Args, Subcommand};
use time::OffsetDateTime;
use uuid::Uuid;

#[derive(Subcommand)]
pub(super) enum TokenCommand {
    /// Make an account token; prints the secret, once, on standard output and nothing else there.
    Create(CreateArgs),
    /// Delete a token by its number.
    Delete(DeleteArgs),
}

#[derive(Args)]
pub(super) struct CreateArgs {
    /// Number of the account.
    #[arg(long)]
    account: i64,
    /// What the token is for.
    #[arg(long)]
    name: String,
    /// The last day on which it works (year-month-day, UTC), or never.
    #[arg(long)]
    expires: String,
    /// Everything in the account, now and later.
    #[arg(long, required_unless_present = "scope", conflicts_with = "scope")]
    full: bool,
    /// What it may do, like zones:example.com:read or zones:*:write; several, with a space or --scope between.
    #[arg(long, num_args = 1..)]
    scope: Vec<String>,
    #[command(flatten)]
    brand: BrandArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct DeleteArgs {
    /// Number of the token; the address of its page ends in it.
    id: i64,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn run(command: TokenCommand) -> Result<(), CliError> {
    match command {
        TokenCommand::Create(args) => create(args),
        TokenCommand::Delete(args) => delete(args),
    }
}

fn create(args: CreateArgs) -> Result<(), CliError> {
    let catalogue = Catalogue::embedded().map_err(|error| CliError::said(error.to_string()))?;
    let name = TokenName::parse(&args.name).map_err(|why| CliError::said(why.to_string()))?;
    let (database, brand) = args.database.resolve_with_brand(args.brand)?;
    let Opened { _postgres, mut conn, origin } = open_database(&database)?;
    let account = account_of(&mut conn, args.account)?;
    let rights = if args.full {
        Rights::Everything
    } else {
        Rights::Grants(grants(&mut conn, &catalogue, &account, &args.scope)?)
    };
    let expires_at = expires_at(&args.expires, origin.now)?;
    let policy = Policy { expires_at, ..Policy::unconditional(rights) };
    let new = NewToken { name, policy, nonce: Uuid::new_v4() };
    let issued = db::in_one(&mut conn, |conn| issue(conn, &catalogue, account.id, &new, &brand, &origin))?;
    let (id, secret) = match issued {
        Issued::Made { id, secret } => (id, secret),
        refused => return Err(CliError::said(why_not(&refused))),
    };
    let around = account.surroundings(&mut conn)?;
    output::note(format!("Token {id} of {} was made.", account.name));
    for sentence in of_policy(&catalogue, &new.policy, &around) {
        output::note(format!("  {}", sentence.text()));
    }
    output::note("Its secret, shown this once:");
    output::answer(secret.expose());
    Ok(())
}

fn expires_at(text: &str, now: OffsetDateTime) -> Result<Option<OffsetDateTime>, CliError> {
    let expiry = match text {
        "never" => Expiry::Never,
        day => Expiry::parse_day(day, now).map_err(|why| CliError::said(why.to_string()))?,
    };
    Ok(expiry.ends_at(now))
}

fn grants(
    conn: &mut Conn,
    catalogue: &Catalogue,
    account: &Account,
    scopes: &[String],
) -> Result<Vec<Grant>, CliError> {
    let mut grants = Vec::new();
    for text in scopes {
        let written = scope::parse(catalogue, text).map_err(CliError::Said)?;
        if catalogue.for_account_tokens().all(|permission| permission.key != written.permission.key) {
            return Err(CliError::said(format!("“{}” is for user tokens only.", written.permission.key)));
        }
        let selection = selection(conn, account, &written)?;
        grants.push(Grant {
            permission: written.permission.key.clone(),
            access: written.access,
            selection,
            records: RecordFilter::default(),
        });
    }
    Ok(grants)
}

fn selection(conn: &mut Conn, account: &Account, written: &Written<'_>) -> Result<Selection, CliError> {
    let mut found = |names: &[String]| -> Result<Vec<ResourceRef>, CliError> {
        let Some(kind) = written.permission.narrowed_by else { return Ok(Vec::new()) };
        let mut refs = Vec::new();
        for name in names {
            let known = Resource::find(conn, account.id, kind, name)?.and_then(|resource| resource.to_ref());
            refs.push(
                known.ok_or_else(|| {
                    CliError::said(format!("{} has no {} {name}.", account.name, kind.key()))
                })?,
            );
        }
        refs.sort_by(|left, right| left.name.cmp(&right.name));
        refs.dedup();
        Ok(refs)
    };
    Ok(match &written.only {
        Some(only) => Selection::Only(found(only)?),
        None => Selection::Account { account: account.id, except: found(&written.except)? },
    })
}

fn why_not(issued: &Issued) -> String {
    match issued {
        Issued::Made { .. } | Issued::Repeated { .. } | Issued::NonceTaken => "Try again.".to_owned(),
        Issued::LimitReached(limit) => format!("The plan allows {limit} tokens, and there are as many."),
        Issued::PlanHasNoScopes => "The plan of this account has no scoped tokens: use --full.".to_owned(),
        Issued::AccountAway => "The account is suspended.".to_owned(),
        Issued::NotAllowed => "That cannot be granted.".to_owned(),
        Issued::Empty => "Give at least one --scope.".to_owned(),
        Issued::TooManyNamed => format!("One token can name {MOST_NAMED_RESOURCES} resources."),
        Issued::ResourcesGone => "A named resource was deleted meanwhile.".to_owned(),
    }
}

fn delete(args: DeleteArgs) -> Result<(), CliError> {
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    let nothing = || CliError::said(format!("There is no token {}.", args.id));
    let account = Token::account_of(&mut conn, args.id)?.ok_or_else(nothing)?;
    let deleted = db::in_one(&mut conn, |conn| {
        let token = Token::find(conn, account, args.id)?.ok_or_else(nothing)?;
        token.delete(conn, Why::CommandLine, &origin).map_err(CliError::from)
    })?;
    output::note(if deleted { "The token is deleted." } else { "The token was deleted before." });
    Ok(())
}
