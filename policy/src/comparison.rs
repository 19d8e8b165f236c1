//! What another catalogue changes for a token: asked of [`decide`], call by call, under both.

use crate::{
    Access, AccountId, Catalogue, Decision, Holder, KindKey, PartsAsked, Permission, PermissionKey, Policy,
    Request, ResourceId, Rights, Target, decide, decide_for_user,
};
use std::collections::BTreeSet;

/// What a token could do under one catalogue only, as permissions with their access. A permission is here even
/// if only some of its calls are concerned, such as those about one resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changed {
    /// Under the old one only.
    pub loses: BTreeSet<(PermissionKey, Access)>,
    /// Under the new one only.
    pub gains: BTreeSet<(PermissionKey, Access)>,
}

/// A token whose rights are compared.
#[derive(Debug, Clone, Copy)]
pub struct Compared<'a> {
    /// What it may do.
    pub policy: &'a Policy,
    /// Whose it is.
    pub holder: &'a Holder,
    /// Key of its account's plan, for account tokens: scoped ones freeze on a plan without scopes.
    pub plan: Option<&'a str>,
}

/// What becomes of a token when one catalogue takes the place of another.
pub fn compare(old: &Catalogue, new: &Catalogue, token: Compared<'_>) -> Changed {
    let mut changed = Changed::default();
    for key in keys(old, new, &token.policy.rights) {
        for access in [Access::Read, Access::Full] {
            let called = Called { token, key, access };
            if called.of_user(old) || called.of_user(new) {
                called.note(&mut changed, called.of_user_allowed(old), called.of_user_allowed(new));
                continue;
            }
            for account in accounts(token.holder) {
                for target in targets(old, new, token.policy, key, account) {
                    let allowed = |catalogue| called.allowed(catalogue, account, target);
                    called.note(&mut changed, allowed(old), allowed(new));
                }
            }
        }
    }
    changed
}

/// The permissions that a token could have under either.
fn keys<'a>(old: &'a Catalogue, new: &'a Catalogue, rights: &'a Rights) -> BTreeSet<&'a PermissionKey> {
    match rights {
        Rights::Everything => old.permissions.iter().chain(&new.permissions).map(|one| &one.key).collect(),
        Rights::Grants(grants) => grants.iter().map(|grant| &grant.permission).collect(),
    }
}

fn accounts(holder: &Holder) -> Vec<AccountId> {
    match holder {
        Holder::Account(account) => vec![*account],
        Holder::User(roles) => roles.iter().map(|(account, _)| *account).collect(),
    }
}

/// All that calls can be about as far as it makes a difference: what is named, and something that isn't.
fn targets<'a>(
    old: &Catalogue,
    new: &Catalogue,
    policy: &'a Policy,
    key: &PermissionKey,
    account: AccountId,
) -> Vec<Target<'a>> {
    let mut targets = vec![Target::Collection, Target::New, Target::All];
    let kind = |catalogue: &Catalogue| catalogue.get(key).and_then(|found| found.narrowed_by);
    let kinds: BTreeSet<KindKey> = [kind(old), kind(new)].into_iter().flatten().collect();
    // No resource has this number, and none this name.
    let other = |kind| Target::Resource { id: ResourceId::from(i64::MIN), kind, name: "" };
    targets.extend(kinds.into_iter().map(other));
    if let Rights::Grants(grants) = &policy.rights {
        let of_key = grants.iter().filter(|grant| grant.permission == *key);
        let here = of_key.flat_map(|grant| grant.selection.named()).filter(|one| one.account == account);
        targets.extend(
            here.filter_map(|one| Some(Target::Resource { id: one.id?, kind: one.kind, name: &one.name })),
        );
    }
    targets
}

/// Calls that need one access to one permission.
struct Called<'a> {
    token: Compared<'a>,
    key: &'a PermissionKey,
    access: Access,
}

impl Called<'_> {
    fn note(&self, changed: &mut Changed, before: bool, after: bool) {
        let list = match (before, after) {
            (true, false) => &mut changed.loses,
            (false, true) => &mut changed.gains,
            _ => return,
        };
        list.insert((self.key.clone(), self.access));
    }

    /// The permission, where routes can need this access to it.
    fn offered<'c>(&self, catalogue: &'c Catalogue) -> Option<&'c Permission> {
        catalogue.get(self.key).filter(|found| found.access.contains(&self.access))
    }

    fn of_user(&self, catalogue: &Catalogue) -> bool {
        catalogue.get(self.key).is_some_and(Permission::is_of_user)
    }

    fn of_user_allowed(&self, catalogue: &Catalogue) -> bool {
        let Compared { policy, holder, .. } = self.token;
        self.offered(catalogue).is_some_and(Permission::is_of_user)
            && decide_for_user(catalogue, policy, holder, self.key, self.access) == Decision::Allow
    }

    fn allowed(&self, catalogue: &Catalogue, account: AccountId, target: Target<'_>) -> bool {
        let Compared { policy, holder, plan } = self.token;
        let frozen =
            policy.rights != Rights::Everything && plan.is_some_and(|plan| !catalogue.has_scopes(plan));
        let parts = PartsAsked::Aside;
        let request = Request { account, permission: self.key, access: self.access, target, parts };
        !frozen
            && self.offered(catalogue).is_some()
            && decide(catalogue, policy, holder, &request) == Decision::Allow
    }
}
