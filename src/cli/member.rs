//! `member add|remove`.

use super::{CliError, Opened, account_of, open, output, user_of};
use crate::config::DatabaseArgs;
use crate::db;
use crate::models::membership::{self, Changed};
use crate::policy::{AccountId, Role};
use clap::{Args, Subcommand};

#[derive(Subcommand)]
pub(super) enum MemberCommand {
    /// Make a user a member of an account, or give the member another role.
    Add(AddArgs),
    /// Take a member out of an account.
    Remove(RemoveArgs),
}

#[derive(Args)]
pub(super) struct AddArgs {
    #[command(flatten)]
    who: Who,
    /// owner, admin, read_write or read_only.
    #[arg(long, value_parser = role)]
    role: Role,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct RemoveArgs {
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
struct Who {
    /// Number of the account.
    #[arg(long)]
    account: AccountId,
    /// E-mail address of the user.
    #[arg(long)]
    email: String,
}

pub(super) fn run(command: MemberCommand) -> Result<(), CliError> {
    match command {
        MemberCommand::Add(args) => add(args),
        MemberCommand::Remove(args) => remove(args),
    }
}

fn role(text: &str) -> Result<Role, String> {
    Role::from_key(text).ok_or_else(|| "there are owner, admin, read_write and read_only".to_owned())
}

fn add(args: AddArgs) -> Result<(), CliError> {
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    let (account, user) = (account_of(&mut conn, args.who.account)?, user_of(&mut conn, &args.who.email)?);
    let changed = db::in_one(&mut conn, |conn| membership::set(conn, &account, &user, args.role, &origin))?;
    match changed {
        Changed::LastOwner => return Err(last_owner(&user.email, &account.name)),
        Changed::NoAccount => return Err(gone(&account.name)),
        Changed::Done | Changed::NoMember | Changed::NotAllowed => {}
    }
    output::note(format!("{} is {} in {} now.", user.email, args.role.key(), account.name));
    Ok(())
}

fn remove(args: RemoveArgs) -> Result<(), CliError> {
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    let (account, user) = (account_of(&mut conn, args.who.account)?, user_of(&mut conn, &args.who.email)?);
    match db::in_one(&mut conn, |conn| membership::remove(conn, &account, &user, &origin))? {
        Changed::NoMember => {
            return Err(CliError::said(format!("{} is no member of {}.", user.email, account.name)));
        }
        Changed::LastOwner => return Err(last_owner(&user.email, &account.name)),
        Changed::NoAccount => return Err(gone(&account.name)),
        Changed::Done | Changed::NotAllowed => {}
    }
    output::note(format!("{} is no member of {} any more.", user.email, account.name));
    Ok(())
}

fn gone(account: &str) -> CliError {
    CliError::said(format!("{account} is gone."))
}

fn last_owner(email: &str, account: &str) -> CliError {
    CliError::said(format!("{email} is the last owner of {account}. Make somebody else an owner first."))
}
