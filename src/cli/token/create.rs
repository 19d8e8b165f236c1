//! `token create`: for an account, or for a user.

use super::CreateArgs;
use crate::cli::{CliError, Opened, account_of, open, output, product, user_of};
use crate::db::{self, Conn};
use crate::extension::{Extension, Product};
use crate::models::token::expiry::Expiry;
use crate::models::token::{DeletionReason, Issued, NewToken, Owner, Token, TokenName, issue};
use crate::models::{Account, Origin, Resource, User};
use crate::policy::scope::{self, Written};
use crate::policy::words::of_policy;
use crate::policy::{
    AccountId, Catalogue, Grant, KindKey, MOST_NAMED_RESOURCES, Policy, ResourceRef, Rights, Selection,
    TokenId,
};
use std::io;
use time::OffsetDateTime;
use uuid::Uuid;

/// Whose the token will be, and where it reaches.
enum For {
    Account(Account),
    /// Everywhere, or in one account.
    User(User, Option<Account>),
}

pub(super) fn create(args: CreateArgs, extension: Option<Extension>) -> Result<(), CliError> {
    let Product { catalogue, .. } = product(args.catalogue, &args.database, extension)?;
    let name = TokenName::parse(&args.name).map_err(|why| CliError::said(why.to_string()))?;
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    let holder = holder(&mut conn, args.account, args.user.as_deref())?;
    let rights = match (&holder, args.full) {
        (For::User(_, Some(_)), true) => {
            let why = "A user token with Everything reaches every account of the user: leave out --account, or give --scope.";
            return Err(CliError::said(why));
        }
        (_, true) => Rights::Everything,
        (_, false) => Rights::Grants(grants(&mut conn, &catalogue, &holder, &args.scope)?),
    };
    let expires_at = expires_at(&args.expires, origin.now)?;
    let policy = Policy { expires_at, ..Policy::unconditional(rights) };
    let new = NewToken { name, policy, nonce: Uuid::new_v4() };
    let owner = holder.owner();
    // Asked for first: once the token works, nothing may fail before its secret is delivered.
    let sentences = sentences(&mut conn, &catalogue, &holder, &new.policy)?;
    let issued = db::in_one(&mut conn, |conn| {
        issue(conn, &catalogue, owner, &new, &catalogue.product.prefix, &origin)
    })?;
    let (id, secret) = match issued {
        Issued::Made { id, secret } => (id, secret),
        refused => return Err(CliError::said(why_not(&refused, &holder))),
    };
    output::note(format!("Token {id} of {} was created.", holder.name()));
    for sentence in sentences {
        output::note(format!("  {sentence}"));
    }
    output::note("Its secret, shown this once:");
    output::answer(secret.expose()).map_err(|cause| withdrawn(&mut conn, id, &cause, &origin))
}

/// Deletes a token whose secret nobody got.
fn withdrawn(conn: &mut Conn, id: TokenId, cause: &io::Error, origin: &Origin) -> CliError {
    let deleted = db::in_one(conn, |conn| match Token::itself(conn, id)? {
        Some(token) => token.delete(conn, DeletionReason::CommandLine, origin),
        None => Ok(false),
    });
    CliError::said(match deleted {
        Ok(_) => format!("the secret could not be written ({cause}), so token {id} was deleted"),
        Err(error) => format!(
            "the secret could not be written ({cause}), and token {id} could not be deleted ({error}). It works, and nobody has its secret: run tokenhouse token delete {id}"
        ),
    })
}

impl For {
    fn owner(&self) -> Owner {
        match self {
            For::Account(account) => Owner::Account(account.id),
            For::User(user, _) => Owner::User(user.id),
        }
    }

    fn name(&self) -> &str {
        match self {
            For::Account(account) => &account.name,
            For::User(user, _) => &user.email,
        }
    }
}

fn holder(conn: &mut Conn, account: Option<AccountId>, user: Option<&str>) -> Result<For, CliError> {
    let account = account.map(|number| account_of(conn, number)).transpose()?;
    match (user, account) {
        (Some(email), within) => Ok(For::User(user_of(conn, email)?, within)),
        (None, Some(account)) => Ok(For::Account(account)),
        (None, None) => Err(CliError::said("Give --account or --user.")),
    }
}

/// What an account token may do, in words; of a user token, its scopes, for the words speak of one
/// account.
fn sentences(
    conn: &mut Conn,
    catalogue: &Catalogue,
    holder: &For,
    policy: &Policy,
) -> Result<Vec<String>, CliError> {
    let (user, within) = match holder {
        For::Account(account) => {
            let around = account.surroundings(conn)?;
            return Ok(of_policy(catalogue, policy, &around).iter().map(|one| one.text()).collect());
        }
        For::User(user, within) => (user, within),
    };
    let place =
        within.as_ref().map_or("every account of the user".to_owned(), |account| account.name.clone());
    let mut said = match &policy.rights {
        Rights::Everything => vec![format!("Can do everything that {} can do, in {place}.", user.email)],
        Rights::Grants(grants) => {
            grants.iter().map(|grant| format!("{} in {place}", scope::of_grant(catalogue, grant))).collect()
        }
    };
    said.push("Never more than the role of its user at the moment of a call.".to_owned());
    Ok(said)
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
    holder: &For,
    scopes: &[String],
) -> Result<Vec<Grant>, CliError> {
    let mut grants = Vec::new();
    for text in scopes {
        let written = scope::parse(catalogue, text).map_err(CliError::Said)?;
        if written.permission.is_of_user() && matches!(holder, For::Account(_)) {
            return Err(CliError::said(format!("“{}” is for user tokens only.", written.permission.key)));
        }
        grants.push(Grant {
            permission: written.permission.key.clone(),
            access: written.access,
            selection: selection(conn, holder, &written)?,
            parts: written.parts,
        });
    }
    Ok(grants)
}

fn selection(conn: &mut Conn, holder: &For, written: &Written<'_>) -> Result<Selection, CliError> {
    // What is the user's own belongs to no account.
    let everywhere = written.permission.is_of_user();
    let within = match holder {
        For::Account(account) | For::User(_, Some(account)) if !everywhere => Some(account),
        _ => None,
    };
    let accounts = match (within, holder) {
        (Some(account), _) => vec![account.clone()],
        (None, For::User(user, _)) => {
            Account::list_of_user(conn, user.id)?.into_iter().map(|(one, _)| one).collect()
        }
        (None, For::Account(_)) => Vec::new(),
    };
    let kind = written.permission.narrowed_by;
    Ok(match (&written.only, within) {
        (Some(only), _) => Selection::Only(named(conn, &accounts, kind, only)?),
        (None, Some(account)) => {
            Selection::Account { account: account.id, except: named(conn, &accounts, kind, &written.except)? }
        }
        (None, None) => Selection::Everywhere { except: named(conn, &accounts, kind, &written.except)? },
    })
}

/// Resources by their names; of a name that stands in several accounts, each.
fn named(
    conn: &mut Conn,
    accounts: &[Account],
    kind: Option<KindKey>,
    names: &[String],
) -> Result<Vec<ResourceRef>, CliError> {
    let Some(kind) = kind else { return Ok(Vec::new()) };
    let mut refs = Vec::new();
    for name in names {
        let before = refs.len();
        for account in accounts {
            refs.extend(Resource::find(conn, account.id, kind, name)?.map(|one| one.to_ref()));
        }
        if refs.len() == before {
            let who = match accounts {
                [one] => one.name.as_str(),
                _ => "No account of the user",
            };
            let no = if accounts.len() == 1 { "no" } else { "a" };
            return Err(CliError::said(format!("{who} has {no} {} {name}.", kind)));
        }
    }
    refs.sort_by(|left, right| (&left.name, left.account).cmp(&(&right.name, right.account)));
    refs.dedup();
    Ok(refs)
}

fn why_not(issued: &Issued, holder: &For) -> String {
    match issued {
        Issued::Made { .. } | Issued::Repeated { .. } | Issued::NonceTaken => "Try again.".to_owned(),
        Issued::LimitReached(limit) => format!("The plan allows {limit} tokens, and there are as many."),
        Issued::OwnLimitReached(limit) => {
            format!("The account's limits allow {limit} tokens, and there are as many.")
        }
        Issued::AgainstLimits(breaches) => {
            breaches.iter().map(|one| one.advice()).collect::<Vec<_>>().join(" ")
        }
        Issued::PlanHasNoScopes => "The plan of this account has no scoped tokens: use --full.".to_owned(),
        Issued::OwnerAway => match holder {
            For::Account(_) => "The account is suspended.".to_owned(),
            For::User(user, _) => format!("{} is deactivated.", user.email),
        },
        Issued::NotAllowed => "That cannot be granted.".to_owned(),
        Issued::NotHeld(scope) => format!("No role of {} could hold {scope}.", holder.name()),
        Issued::Empty => "Give at least one --scope.".to_owned(),
        Issued::TooManyNamed => format!("One token can name {MOST_NAMED_RESOURCES} resources."),
        Issued::ResourcesGone => "A named resource was deleted meanwhile.".to_owned(),
    }
}
