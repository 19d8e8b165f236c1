//! The one place where a call is allowed or refused: a credential goes in, a verdict comes out. The API's
//! extractors are thin layers over it, and nothing else decides about a call.
//!
//! The order in which a call is refused is written here and nowhere else, as [`Step`]: what is wrong with
//! the token comes before what is wrong with the account, and that before what the call is about, so that
//! a refusal tells nothing that the step before it would have hidden.

mod by_route;
mod charges;
mod credential;
mod trial;
mod verdict;

pub use by_route::RouteCall;
pub use credential::{Conflict, credential, digest};
pub use trial::{Trace, trial};
pub use verdict::{Admitted, Missing, Refused, Said, Step, Used, Verdict};

use crate::http::App;
use crate::models::token::lookup::{self, Found, Names, Need, Reached};
use crate::models::token::roll;
use crate::models::token::secret::Digest;
use crate::models::token::usage::Use;
use crate::models::{Account, Actor, Origin, Resource};
use crate::policy::{
    self, Access, AccountId, ClientAddress, Decision, Kind, PartsAsked, Permission, Refusal, RefusalCode,
    Request, Target, TokenId,
};
use charges::Charges;
use std::sync::Arc;
use time::OffsetDateTime;

/// A call, as the one who asks has seen it.
pub struct Ask<'a> {
    /// Where the caller is.
    pub address: ClientAddress,
    /// What the client's program says it is.
    pub client: String,
    /// The number of the account that the call names, if any: the use of the token is noted there.
    pub account: Option<AccountId>,
    /// What the call is about.
    pub about: About<'a>,
}

/// What a call is about.
#[derive(Debug, Clone, Copy)]
pub enum About<'a> {
    /// What has become of the token, whether it works or not. Isn't a use that ends an overlap of a roll.
    State,
    /// That the token ends itself; any that works may.
    End,
    /// Whose the token is, or also what it may do; any token that works may ask.
    Token {
        /// How much of it is needed.
        need: Need,
        /// Whether the call uses the token, rather than only asks what it is: a use ends an overlap.
        uses: bool,
    },
    /// The user whose token it is.
    User {
        /// Key of a permission of the category user.
        permission: &'a str,
        /// How much of it.
        access: Access,
    },
    /// A call of an API in front of which this is asked, by the routes of the catalogue.
    Route(&'a RouteCall<'a>),
    /// Something in the account that the call names.
    Account {
        /// Key of the permission that guards it.
        permission: &'a str,
        /// How much of it.
        access: Access,
        /// What in the account.
        target: Wanted<'a>,
    },
}

/// What in an account a call wants.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// A list, or what is the whole account's.
    Collection,
    /// Something new, which needs *all, including future ones*.
    New,
    /// A resource of the kind that narrows the permission, by name or number.
    Resource(&'a str),
}

impl About<'_> {
    fn need(self) -> Need {
        match self {
            About::State | About::End => Need::Owner,
            About::Token { need, .. } => need,
            About::User { .. } | About::Account { .. } | About::Route(_) => Need::Rights,
        }
    }

    /// Which of the resources that the token's grants name the call is about, as far as that can be told
    /// before the token is known.
    fn names(self, app: &App) -> Names {
        let name = match self {
            About::State | About::End | About::User { .. } => return Names::Only(Vec::new()),
            About::Token { .. } => return Names::All,
            About::Route(call) => return call.names(&app.catalogue),
            About::Account { permission, target: Wanted::Resource(asked), .. } => {
                let kind = app.catalogue.find(permission).and_then(|found| found.narrowed_by);
                kind.and_then(|kind| Resource::asked_name(kind, asked, &app.extras.hooks))
            }
            About::Account { target: Wanted::New, .. } => return Names::Only(Vec::new()),
            About::Account { target: Wanted::Collection, .. } => None,
        };
        // What is asked for by number can have any name.
        name.map_or(Names::All, |name| Names::Only(vec![name]))
    }

    fn uses(self) -> bool {
        match self {
            About::State => false,
            About::Token { uses, .. } => uses,
            About::End | About::User { .. } | About::Account { .. } | About::Route(_) => true,
        }
    }
}

/// Decides a call with the one secret that it presents, charges for it, and notes the use of a token that
/// works.
pub async fn ask(app: &App, credential: Result<Digest, RefusalCode>, ask: &Ask<'_>) -> Verdict {
    let mut charges = Charges::new(app, ask.address, app.clock.now());
    let mut token = None;
    let outcome = present(app, credential, ask, &mut charges, &mut token).await;
    Verdict { outcome, quota: charges.quota, token }
}

async fn present(
    app: &App,
    credential: Result<Digest, RefusalCode>,
    ask: &Ask<'_>,
    charges: &mut Charges<'_>,
    token: &mut Option<TokenId>,
) -> Result<Admitted, Refused> {
    let digest = credential.map_err(|code| charges.unnamed(code))?;
    let wanted = lookup::Wanted { digest, need: ask.about.need(), names: ask.about.names(app) };
    let found = app.token_lookup.find(wanted).await?;
    let found = found.ok_or_else(|| charges.unknown(RefusalCode::InvalidToken))?;
    *token = Some(found.token);
    Call { app, ask, found, now: charges.now }.decide(charges).await
}

/// A call with the secret of a token.
struct Call<'a> {
    app: &'a App,
    ask: &'a Ask<'a>,
    found: Arc<Found>,
    now: OffsetDateTime,
}

impl Call<'_> {
    /// Every step of it, in their order.
    async fn decide(&self, charges: &mut Charges<'_>) -> Result<Admitted, Refused> {
        if let Some(code) = self.found.standing.state(self.now).code() {
            if matches!(self.ask.about, About::State) {
                charges.network_at_most();
                return Ok(self.admitted(None, None));
            }
            if charges.is_call() {
                tracing::info!(token = self.found.token.get(), code = code.key(), "call refused");
            }
            charges.network_at_most();
            return Err(code.into());
        }
        if let Some(error) = self.found.unread.as_ref().filter(|_| self.ask.about.need() == Need::Rights) {
            return Err(error.clone().into());
        }
        if charges.is_call() {
            self.note_use();
        }
        if !self.found.policy.admits(self.ask.address) {
            if charges.is_call() {
                tracing::info!(token = self.found.token.get(), "call refused by address");
            }
            charges.network_at_most();
            return Err(RefusalCode::AddressRefused.into());
        }
        if charges.is_call() && self.ask.about.uses() && self.found.awaits_first_use {
            self.note_first_use().await?;
        }
        match self.ask.about {
            // Asked what it is, and when it ends itself, it's never refused for an empty budget.
            About::State | About::End => {
                charges.holder_at_most(&self.found.holder).await;
                Ok(self.admitted(None, None))
            }
            About::Token { .. } => {
                charges.holder(&self.found.holder).await?;
                Ok(self.admitted(None, None))
            }
            About::User { permission, access } => {
                charges.holder(&self.found.holder).await?;
                self.about_user(permission, access)
            }
            About::Account { permission, access, target } => {
                self.in_account(charges, permission, access, target).await
            }
            About::Route(route) => self.by_route(charges, route).await,
        }
    }

    /// Notes that the secret was accepted, for the account that the call names, if the token's holder
    /// reaches it: it's a use whatever the call ends in.
    fn note_use(&self) {
        let Ask { address, client, account, .. } = self.ask;
        self.app.buffers.networks.note(self.found.token, *address, self.now, client);
        self.app.buffers.last_uses.add(Use {
            secret: self.found.secret,
            account: self.reached(*account).map_or(AccountId::from(0), |one| one.account.id),
            at: self.now,
            address: *address,
            client: client.clone(),
        });
    }

    /// Once for each rolled secret, before its first call is answered: the older secret may work until
    /// then.
    async fn note_first_use(&self) -> Result<(), Refused> {
        let (token, secret) = (self.found.token, self.found.secret);
        let actor = Actor::Token { id: token, name: self.found.name.clone() };
        let origin = Origin { actor, now: self.now, address: Some(self.ask.address) };
        let work = move |conn: &mut _| roll::note_first_use(conn, token, secret, &origin);
        Ok(self.app.db.transaction(work).await?)
    }

    fn about_user(&self, permission: &str, access: Access) -> Result<Admitted, Refused> {
        let permission = self.permission(permission)?;
        let (policy, holder) = (&self.found.policy, self.found.decided_by());
        let decision = policy::decide_for_user(&self.app.catalogue, policy, &holder, &permission.key, access);
        match decision {
            Decision::Allow => Ok(self.admitted(None, None)),
            Decision::Refuse(refusal) => Err(Refused::of(refusal, None)),
        }
    }

    async fn in_account(
        &self,
        charges: &mut Charges<'_>,
        permission: &str,
        access: Access,
        wanted: Wanted<'_>,
    ) -> Result<Admitted, Refused> {
        let permission = self.permission(permission)?;
        let target = match wanted {
            Wanted::Collection => Target::Collection,
            Wanted::New => Target::New,
            Wanted::Resource(name) => Target::Asked(name),
        };
        let entered = self.enter(permission, access, target);
        let (account, decision) = entered.inspect_err(|_| charges.network_at_most())?;
        charges.account(&account).await?;
        match (decision, wanted) {
            (Decision::Refuse(refusal), Wanted::Collection | Wanted::New)
            | (Decision::Refuse(refusal @ Refusal::Permission(_)), _) => Err(Refused::of(refusal, None)),
            (_, Wanted::Resource(name)) => self.on_resource(permission, access, account, name).await,
            (Decision::Allow, _) => Ok(self.admitted(Some(account), None)),
        }
    }

    /// The account of the call, and what the token's rights say of it, before a resource is looked up.
    fn enter(
        &self,
        permission: &Permission,
        access: Access,
        target: Target<'_>,
    ) -> Result<(Account, Decision), Refused> {
        let reached = self.reached(self.ask.account).ok_or(RefusalCode::AccountNotFound)?;
        let decision = self.decided(permission, access, reached.account.id, target);
        if decision == Decision::Refuse(Refusal::AccountNotFound) {
            return Err(RefusalCode::AccountNotFound.into());
        }
        self.admitted_there(reached)?;
        Ok((reached.account.clone(), decision))
    }

    /// Whether the account lets the token in: what its admins and the site's say of it.
    fn admitted_there(&self, reached: &Reached) -> Result<(), Refused> {
        if reached.is_blocked {
            return Err(RefusalCode::BlockedHere.into());
        }
        if !reached.account.is_active() {
            return Err(RefusalCode::AccountSuspended.into());
        }
        if self.found.breaks_limits(reached, self.now) {
            return Err(RefusalCode::AccountLimit.into());
        }
        Ok(())
    }

    async fn on_resource(
        &self,
        permission: &Permission,
        access: Access,
        account: Account,
        name: &str,
    ) -> Result<Admitted, Refused> {
        let kind = self.kind(permission)?;
        let missing = || Missing { kind: kind.title.clone(), asked: name.to_owned() };
        let (number, key, text) = (account.id, kind.key, name.to_owned());
        let hooks = self.app.extras.hooks;
        let found =
            self.app.db.run(move |conn| Resource::by_name_or_id(conn, number, key, &text, &hooks)).await?;
        let resource = found.ok_or_else(|| Refused::of(Refusal::ResourceNotFound, Some(missing())))?;
        if !self.found.names.include(&resource.name) {
            return Err(Refused::Fault(format!("the grants on resource {} weren't loaded", resource.id)));
        }
        match self.decided(permission, access, account.id, resource.target()) {
            Decision::Allow => Ok(self.admitted(Some(account), Some(resource))),
            Decision::Refuse(refusal) => Err(Refused::of(refusal, Some(missing()))),
        }
    }

    fn decided(
        &self,
        permission: &Permission,
        access: Access,
        account: AccountId,
        target: Target<'_>,
    ) -> Decision {
        let request =
            Request { account, permission: &permission.key, access, target, parts: PartsAsked::Aside };
        policy::decide(&self.app.catalogue, &self.found.policy, &self.found.decided_by(), &request)
    }

    /// The account with this number, if the token's holder reaches it.
    fn reached(&self, account: Option<AccountId>) -> Option<&Reached> {
        let account = account?;
        self.found.accounts.iter().find(|one| one.account.id == account)
    }

    fn permission(&self, key: &str) -> Result<&Permission, Refused> {
        let found = self.app.catalogue.find(key);
        found.ok_or_else(|| Refused::Fault(format!("the catalogue has no permission {key}")))
    }

    fn kind(&self, permission: &Permission) -> Result<&Kind, Refused> {
        let found = self.app.catalogue.kind_of(permission);
        found.ok_or_else(|| Refused::Fault(format!("{} has no resources", permission.key)))
    }

    fn admitted(&self, account: Option<Account>, resource: Option<Resource>) -> Admitted {
        let (found, now, address) = (Arc::clone(&self.found), self.now, self.ask.address);
        Admitted { found, now, address, account, resource, used: None }
    }
}
