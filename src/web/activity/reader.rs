//! Who reads the activity, what of a line they may read, and where it leads them.

use super::words;
use crate::db::{Conn, DbError};
use crate::http::Extras;
use crate::models::activity::{Line, Named, Source, There};
use crate::models::token::Owner;
use crate::models::{Account, session};
use crate::policy::{AccountId, Act, KindKey, Role, UserId};
use crate::web::guard::SignedIn;
use crate::web::paths;
use std::collections::HashMap;
use time::OffsetDateTime;

/// A name, and where it leads.
pub struct Link {
    pub text: String,
    pub url: Option<String>,
}

/// Who reads, and which page it is. Cheap to clone.
#[derive(Clone)]
pub struct Reader {
    session: i64,
    /// The account of the page; none on a person's own.
    account: Option<AccountId>,
    me: UserId,
    /// What the catalogue calls resources.
    pub kinds: Vec<KindKey>,
    /// What the extension adds.
    pub extras: Extras,
    /// What the site is called.
    pub site_name: String,
    /// Name and role in each of the person's accounts.
    accounts: HashMap<AccountId, (String, Role)>,
}

impl Reader {
    /// Of the page of an account.
    pub fn of_account(signed_in: &SignedIn, account: AccountId) -> Reader {
        Reader { account: Some(account), ..Reader::of_user(signed_in) }
    }

    /// Of their own page.
    pub fn of_user(signed_in: &SignedIn) -> Reader {
        let accounts = signed_in.accounts.iter();
        let accounts = accounts.map(|(account, role)| (account.id, (account.name.clone(), *role))).collect();
        let kinds = signed_in.catalogue.kinds.iter().map(|kind| kind.key).collect();
        let (session, me, extras) = (signed_in.session, signed_in.user.id, signed_in.extras);
        let site_name = signed_in.catalogue.product.name.clone();
        Reader { session, account: None, me, kinds, extras, site_name, accounts }
    }

    /// The same reader with the roles of this moment; `None` if they may no longer read the page.
    pub fn still(&self, conn: &mut Conn, now: OffsetDateTime) -> Result<Option<Reader>, DbError> {
        if !session::goes_on(conn, self.session, now)? {
            return Ok(None);
        }
        let accounts = Account::list_of_user(conn, self.me)?.into_iter();
        let accounts: HashMap<_, _> =
            accounts.map(|(account, role)| (account.id, (account.name, role))).collect();
        let may = self
            .account
            .is_none_or(|account| accounts.get(&account).is_some_and(|(_, role)| role.may(Act::SeeActivity)));
        Ok(may.then_some(Reader { accounts, ..self.clone() }))
    }

    /// The nouns of actions on resources: of one, of several, and of what the extension keeps of them.
    pub fn resource_nouns(&self) -> Vec<String> {
        let of_kinds = self.kinds.iter().flat_map(|kind| [kind.to_string(), format!("{kind}s")]);
        of_kinds.chain(self.extras.activity.nouns.iter().map(|noun| (*noun).to_owned())).collect()
    }

    /// Whose tokens are searched.
    pub fn owner(&self) -> Owner {
        self.account.map_or(Owner::User(self.me), Owner::Account)
    }

    /// The line without what is not for this reader: on their own page, of an account that they
    /// have left only that they did something; what tokens may do only where they see that; and
    /// where others were when they did something never. Nor, on an account's, where somebody was who
    /// did not say who: whoever reports a leak is no business of the account.
    pub fn may_read(&self, mut line: Line) -> Line {
        if self.account.is_some() {
            if line.who.kind == "nobody" {
                line.address = None;
            }
            return line;
        }
        let concerns_me = line.user == Some(self.me);
        let role = line.account.and_then(|account| self.accounts.get(&account)).map(|(_, role)| *role);
        if line.account.is_some() && !concerns_me {
            if role.is_none() {
                line.object = Named { kind: String::new(), id: None, name: String::new() };
            }
            if !role.is_some_and(|role| role.may(Act::SeeTokens)) {
                (line.before, line.after) = (None, None);
            }
        }
        let by_me = line.who.is_user(self.me);
        if line.place.source == Source::Changed && !by_me {
            line.address = None;
        }
        line
    }

    /// Who did it: people lead to all that there is of them.
    pub fn who(&self, line: &Line, there: &There, here: &str) -> Link {
        let who = &line.who;
        let url = match (who.kind.as_str(), who.id) {
            ("user", Some(id)) => Some(format!("{here}?person={id}")),
            ("command_line", _) => Some(format!("{here}?person=cli")),
            _ => self.url(who, line, there),
        };
        let is_me = self.account.is_none() && who.is_user(self.me);
        Link { text: if is_me { "You".to_owned() } else { words::who(line, &self.site_name) }, url }
    }

    /// What it was done to; none where that is not told.
    pub fn object(&self, line: &Line, there: &There) -> Option<Link> {
        let object = &line.object;
        let is_me = self.account.is_none() && object.is_user(self.me);
        let text = if is_me { "you".to_owned() } else { words::named(object, &self.extras) };
        (!text.is_empty()).then(|| Link { text, url: self.url(object, line, there) })
    }

    /// On a person's own page, the account where it was.
    pub fn place(&self, line: &Line) -> Option<Link> {
        let account = line.account.filter(|_| self.account.is_none())?;
        Some(match self.accounts.get(&account) {
            Some((name, role)) => {
                let url = role.may(Act::SeeActivity).then(|| paths::activity(account));
                Link { text: format!("in {name}"), url }
            }
            None => Link { text: "in an account that you are no member of".to_owned(), url: None },
        })
    }

    fn sees(&self, account: AccountId) -> bool {
        self.account.map_or_else(|| self.accounts.contains_key(&account), |here| here == account)
    }

    fn url(&self, named: &Named, line: &Line, there: &There) -> Option<String> {
        let id = named.id?;
        match named.kind.as_str() {
            "token" => match there.tokens.get(&id.into())? {
                Owner::Account(account) => {
                    self.sees(*account).then(|| paths::tokens(*account).token(id.into()))
                }
                Owner::User(user) => (*user == self.me).then(|| paths::own_tokens().token(id.into())),
            },
            "user" => {
                let account = self.account.or(line.account)?;
                let may = self.accounts.get(&account)?.1.may(Act::ManageMembers);
                (may && there.members.contains(&(account, id.into())))
                    .then(|| paths::member(account, id.into()))
            }
            kind => {
                let kind = *self.kinds.iter().find(|known| known.as_str() == kind)?;
                let account =
                    there.resources.get(&id.into()).copied().filter(|account| self.sees(*account))?;
                Some(paths::resource(&self.extras, kind, account, id.into()))
            }
        }
    }
}
