//! `account create|plan|ref`.

use super::{CliError, Opened, account_of, open, output, product, user_of};
use crate::config::{CatalogueArgs, DatabaseArgs};
use crate::db;
use crate::extension::{Extension, Product};
use crate::models::{Account, Reference, membership};
use crate::policy::{AccountId, Role};
use clap::{Args, Subcommand};

#[derive(Subcommand)]
pub(super) enum AccountCommand {
    /// Make an account; prints its number.
    Create(CreateArgs),
    /// Put an account on another plan.
    Plan(PlanArgs),
    /// Say what your API calls an account.
    Ref(RefArgs),
}

#[derive(Args)]
pub(super) struct CreateArgs {
    /// Name, as pages show it.
    #[arg(long)]
    name: String,
    /// E-mail address of the account; the owner's unless given.
    #[arg(long)]
    email: Option<String>,
    /// E-mail address of the user who owns it.
    #[arg(long)]
    owner: String,
    /// Key of a plan. [default: the first of the catalogue]
    #[arg(long)]
    plan: Option<String>,
    /// What your API calls the account.
    #[arg(long = "ref", value_name = "REF", value_parser = Reference::parse)]
    reference: Option<Reference>,
    #[command(flatten)]
    catalogue: CatalogueArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct PlanArgs {
    /// Number of the account.
    #[arg(long)]
    account: AccountId,
    /// Key of a plan of the catalogue.
    #[arg(long)]
    plan: String,
    #[command(flatten)]
    catalogue: CatalogueArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct RefArgs {
    /// Number of the account.
    #[arg(long)]
    account: AccountId,
    /// What your API calls it.
    #[arg(value_name = "REF", value_parser = Reference::parse)]
    reference: Reference,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn run(command: AccountCommand, extension: Option<Extension>) -> Result<(), CliError> {
    match command {
        AccountCommand::Create(args) => create(args, extension),
        AccountCommand::Plan(args) => plan(args, extension),
        AccountCommand::Ref(args) => set_reference(args),
    }
}

fn create(args: CreateArgs, extension: Option<Extension>) -> Result<(), CliError> {
    let plan = known_plan(&product(args.catalogue, &args.database, extension)?, args.plan.as_deref())?;
    let name = args.name.trim();
    if !(1..=255).contains(&name.chars().count()) {
        return Err(CliError::said("Give a name of 1 to 255 characters."));
    }
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    let owner = user_of(&mut conn, &args.owner)?;
    let email = args.email.as_deref().unwrap_or(&owner.email);
    db::in_one(&mut conn, |conn| {
        let account = Account::create(conn, name, email, &plan, &origin)?;
        membership::set(conn, &account, &owner, Role::Owner, &origin)?;
        if let Some(reference) = &args.reference
            && !account.set_reference(conn, reference, &origin)?
        {
            return Err(taken(reference));
        }
        output::note(format!("The number of account {name}:"));
        // Inside the transaction: a script that didn't get the number would create the account again.
        output::answer(account.id).map_err(CliError::Undelivered)
    })?;
    output::note(format!("Account {name} was created."));
    Ok(())
}

fn plan(args: PlanArgs, extension: Option<Extension>) -> Result<(), CliError> {
    let plan = known_plan(&product(args.catalogue, &args.database, extension)?, Some(&args.plan))?;
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    let account = account_of(&mut conn, args.account)?;
    db::in_one(&mut conn, |conn| account.set_plan(conn, &plan, &origin))?
        .ok_or_else(|| CliError::said(format!("Account {} is gone.", account.id)))?;
    output::note(format!("Account {} is on the plan {plan} now.", account.id));
    Ok(())
}

fn set_reference(args: RefArgs) -> Result<(), CliError> {
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    let account = account_of(&mut conn, args.account)?;
    if !db::in_one(&mut conn, |conn| account.set_reference(conn, &args.reference, &origin))? {
        return Err(taken(&args.reference));
    }
    output::note(format!("Account {} is called {} by your API now.", account.id, args.reference.as_str()));
    Ok(())
}

fn taken(reference: &Reference) -> CliError {
    CliError::said(format!("Another account has the reference {}.", reference.as_str()))
}

fn known_plan(product: &Product, key: Option<&str>) -> Result<String, CliError> {
    let known: Vec<&str> = product.catalogue.plans.iter().map(|plan| plan.key.as_str()).collect();
    let key = key.or(known.first().copied()).unwrap_or_default();
    if known.contains(&key) {
        Ok(key.to_owned())
    } else {
        Err(CliError::said(format!("There is no plan “{key}”; there are {}.", known.join(", "))))
    }
}
