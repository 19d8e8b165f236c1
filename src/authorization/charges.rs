//! Who pays for a call: the account or user whose token it is, or, where nobody else does, the caller's
//! network.

use super::Refused;
use crate::http::{App, Paid, Stranger};
use crate::models::Account;
use crate::models::budget::Payer;
use crate::models::token::lookup::Holder;
use crate::policy::budget::{self, Quota};
use crate::policy::{ClientAddress, RefusalCode};
use time::OffsetDateTime;

/// The charges for one call.
pub(super) struct Charges<'a> {
    app: &'a App,
    address: ClientAddress,
    pub(super) now: OffsetDateTime,
    /// What is left of the budget that was charged last.
    pub(super) quota: Option<Quota>,
    /// The account that pays, once that is known.
    pub(super) account: Option<Account>,
    is_call: bool,
}

impl<'a> Charges<'a> {
    pub(super) fn new(app: &'a App, address: ClientAddress, now: OffsetDateTime) -> Charges<'a> {
        Charges { app, address, now, quota: None, account: None, is_call: true }
    }

    /// For what is only asked about: nothing is charged, and nothing is refused for a budget.
    pub(super) fn none(app: &'a App, address: ClientAddress, now: OffsetDateTime) -> Charges<'a> {
        Charges { is_call: false, ..Charges::new(app, address, now) }
    }

    /// Whether there is a call, which is noted and logged.
    pub(super) fn is_call(&self) -> bool {
        self.is_call
    }

    /// For a call without anything that could be a secret: this refusal, or that the network has no
    /// calls left.
    pub(super) fn unnamed(&mut self, code: RefusalCode) -> Refused {
        self.stranger(Stranger::Unnamed).map_or_else(|over| over, |()| code.into())
    }

    /// The same for a call with what could be a secret and never was one.
    pub(super) fn unknown(&mut self, code: RefusalCode) -> Refused {
        self.stranger(Stranger::Unknown).map_or_else(|over| over, |()| code.into())
    }

    /// Charges the network of a call that nobody else pays for.
    pub(super) fn network(&mut self) -> Result<(), Refused> {
        self.stranger(Stranger::Unknown)
    }

    /// The same for a call that is refused for its own reason, even if no calls are left.
    pub(super) fn network_at_most(&mut self) {
        let _ = self.network();
    }

    pub(super) async fn account(&mut self, account: &Account) -> Result<(), Refused> {
        if !self.is_call {
            self.account = Some(account.clone());
        }
        let limit = self.app.catalogue.hourly_calls(&account.plan);
        self.payer(Payer::Account(account.id), limit).await
    }

    /// Charges the token's account, or its user.
    pub(super) async fn holder(&mut self, holder: &Holder) -> Result<(), Refused> {
        match holder {
            Holder::Account(account) => self.account(account).await,
            Holder::User(user) => self.payer(Payer::User(user.id), Some(budget::EACH)).await,
        }
    }

    /// The same for a call that isn't refused even if no calls are left.
    pub(super) async fn holder_at_most(&mut self, holder: &Holder) {
        let _ = self.holder(holder).await;
    }

    async fn payer(&mut self, payer: Payer, limit: Option<i64>) -> Result<(), Refused> {
        if !self.is_call {
            return Ok(());
        }
        let paid = self.app.budgets.charge(payer, limit, self.now).await;
        self.keep(paid)
    }

    fn stranger(&mut self, stranger: Stranger) -> Result<(), Refused> {
        if !self.is_call {
            return Ok(());
        }
        let paid = self.app.budgets.charge_stranger(stranger, self.address, self.now);
        self.keep(paid)
    }

    fn keep(&mut self, paid: Paid) -> Result<(), Refused> {
        let (quota, result) = match paid {
            Paid::Within(quota) => (quota, Ok(())),
            Paid::Over(quota) => (quota, Err(Refused::Quota(quota.wait(self.now)))),
        };
        self.quota = Some(quota);
        result
    }
}
