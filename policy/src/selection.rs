//! Which resources a permission applies to.

use super::{Access, AccountId, KindKey, Parts, Permission, PermissionKey, ResourceId};

/// A resource as a selection remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceRef {
    /// Number of the account that owns it.
    pub account: AccountId,
    /// Its id; none once it was deleted.
    pub id: Option<ResourceId>,
    /// What it is.
    pub kind: KindKey,
    /// Its name when it was chosen.
    pub name: String,
}

/// The resources that one grant applies to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All that the token reaches, in every account, future ones included, except these.
    Everywhere {
        /// What is left out, for ever.
        except: Vec<ResourceRef>,
    },
    /// All of one account, future ones included, except these.
    Account {
        /// The account's number.
        account: AccountId,
        /// What is left out, for ever.
        except: Vec<ResourceRef>,
    },
    /// Only these. A deleted one matches nothing, and nothing else takes its place.
    Only(Vec<ResourceRef>),
}

impl Selection {
    /// Every resource that the selection names, to include or to leave out.
    pub fn named(&self) -> &[ResourceRef] {
        match self {
            Selection::Everywhere { except } | Selection::Account { except, .. } => except,
            Selection::Only(only) => only,
        }
    }

    /// Whether it reaches into this account at all.
    pub fn touches(&self, account: AccountId) -> bool {
        match self {
            Selection::Everywhere { .. } => true,
            Selection::Account { account: own, .. } => *own == account,
            Selection::Only(only) => only.iter().any(|one| one.account == account && one.id.is_some()),
        }
    }

    /// Whether it reaches what is still to be made in this account.
    pub fn includes_future(&self, account: AccountId) -> bool {
        match self {
            Selection::Everywhere { .. } => true,
            Selection::Account { account: own, .. } => *own == account,
            Selection::Only(_) => false,
        }
    }

    /// Whether it reaches this resource. *Only these* goes by id alone; *all except these* goes
    /// by id, or by account, kind and name, so that deleting and re-creating opens no door.
    pub fn reaches(&self, account: AccountId, id: ResourceId, kind: KindKey, name: &str) -> bool {
        let left_out = |except: &[ResourceRef]| {
            except.iter().any(|one| {
                one.id == Some(id) || (one.account == account && one.kind == kind && one.name == name)
            })
        };
        match self {
            Selection::Everywhere { except } => !left_out(except),
            Selection::Account { account: own, except } => *own == account && !left_out(except),
            Selection::Only(only) => only.iter().any(|one| one.account == account && one.id == Some(id)),
        }
    }
}

impl Selection {
    /// Whether it's certain by the name alone that this resource is reached. A name never changes, and one
    /// that was deleted has no id, so that a resource of the same name later isn't taken for it.
    pub fn reaches_named(&self, account: AccountId, kind: KindKey, name: &str) -> bool {
        match self {
            Selection::Everywhere { except } => except.is_empty(),
            Selection::Account { account: own, except } => *own == account && except.is_empty(),
            Selection::Only(only) => only.iter().any(|one| {
                one.id.is_some() && one.account == account && one.kind == kind && one.name == name
            }),
        }
    }
}

/// Permission, access and selection: one line of what a token may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What is permitted.
    pub permission: PermissionKey,
    /// How much of it.
    pub access: Access,
    /// On which resources. Permissions that cannot be narrowed have a selection without names.
    pub selection: Selection,
    /// What it's narrowed to inside these resources.
    pub parts: Parts,
}

impl Grant {
    /// The access that it gives by the catalogue's permission of its key. Where the catalogue has changed
    /// since, a narrow grant never becomes a wide one: one that names what the permission is no longer narrowed
    /// by gives nothing.
    pub fn gives(&self, permission: &Permission) -> Option<Access> {
        let named = self.selection.named().iter().all(|one| Some(one.kind) == permission.narrowed_by);
        let parts = self.parts.keys().all(|key| permission.parts.iter().any(|own| own == key));
        permission.left_of(self.access).filter(|_| named && parts)
    }

    /// What of it concerns one account; none where nothing does.
    pub fn within(mut self, account: AccountId) -> Option<Grant> {
        let here = |list: Vec<ResourceRef>| -> Vec<ResourceRef> {
            list.into_iter().filter(|one| one.account == account).collect()
        };
        self.selection = match self.selection {
            Selection::Everywhere { except } => Selection::Account { account, except: here(except) },
            Selection::Account { account: own, except } if own == account => {
                Selection::Account { account, except: here(except) }
            }
            Selection::Account { .. } => return None,
            Selection::Only(only) => Selection::Only(Some(here(only)).filter(|only| !only.is_empty())?),
        };
        Some(self)
    }
}
