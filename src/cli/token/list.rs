//! `token list`: one a line, for eyes and for `cut` alike.

use super::ListArgs;
use crate::cli::{CliError, Opened, account_of, open, output, product, user_of};
use crate::extension::{Extension, Product};
use crate::models::token::Owner;
use crate::models::token::expiry::iso_day;
use crate::models::token::filter::Filter;
use crate::models::token::list::{Listed, Sort, Wanted, Which};
use crate::models::{Account, User};
use crate::policy::Catalogue;
use crate::policy::words::last_day;
use crate::policy::{Rights, State, scope};
use std::io::ErrorKind;
use time::OffsetDateTime;

/// On standard error, so that standard output holds tokens and nothing else.
const HEADINGS: [&str; 7] = ["number", "hint", "state", "last used", "expires", "name", "scopes"];

enum Of {
    Account(Account),
    User(User),
}

pub(super) fn list(args: ListArgs, extension: Option<Extension>) -> Result<(), CliError> {
    let Product { catalogue, .. } = product(args.catalogue, &args.database, extension)?;
    let Opened { _postgres, mut conn, origin } = open(args.database)?;
    let of = match (args.account, args.user) {
        (_, Some(email)) => Of::User(user_of(&mut conn, &email)?),
        (Some(number), None) => Of::Account(account_of(&mut conn, number)?),
        (None, None) => return Err(CliError::said("Give --account or --user.")),
    };
    let owner = match &of {
        Of::Account(account) => Owner::Account(account.id),
        Of::User(user) => Owner::User(user.id),
    };
    let which = if args.ended { Which::Ended } else { Which::Live };
    let (wanted, mut after) = (Wanted { owner, which, search: None, filter: Filter::default() }, None);
    output::note(HEADINGS.join("\t"));
    loop {
        let (rows, next) = wanted.page(&mut conn, Sort::Newest, after, origin.now)?;
        for one in rows {
            let state = match &of {
                Of::Account(account) => one.token.state(account, &catalogue, origin.now),
                Of::User(user) => one.token.state_of_users(user, origin.now),
            };
            match output::answer(line(&catalogue, one, state)) {
                // Its reader has seen enough, as `head` has after ten lines.
                Err(gone) if gone.kind() == ErrorKind::BrokenPipe => return Ok(()),
                written => written?,
            }
        }
        after = next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Names hold no tabs: a token's name has no control characters.
fn line(catalogue: &Catalogue, one: Listed, state: State) -> String {
    let day = |at: Option<OffsetDateTime>| at.map_or("never".to_owned(), |at| iso_day(at.date()));
    let scopes = match &one.rights {
        Rights::Everything => "everything".to_owned(),
        Rights::Grants(grants) => {
            grants.iter().map(|grant| scope::of_grant(catalogue, grant)).collect::<Vec<_>>().join(" ")
        }
    };
    [
        one.token.id.to_string(),
        one.hint,
        state.word().to_owned(),
        day(one.last_use.map(|last| last.at)),
        one.token.expires_at.map_or("never".to_owned(), |end| iso_day(last_day(end))),
        one.token.name,
        scopes,
    ]
    .join("\t")
}
