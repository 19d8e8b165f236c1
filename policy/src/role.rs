//! Roles, and what each of them may do on the pages: one table. What people do as site admins, and with
//! their own user, is beside it. Each act says whether it raises access.

use crate::Catalogue;
use serde::Deserialize;

/// A member's role in one account, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees names and states.
    ReadOnly,
    /// Works with the account's resources.
    ReadWrite,
    /// Manages tokens and people.
    Admin,
    /// Manages everything, owners and the plan included.
    Owner,
}

impl Role {
    /// Every role, lowest first.
    pub const ALL: [Role; 4] = [Role::ReadOnly, Role::ReadWrite, Role::Admin, Role::Owner];

    /// As the database and the command line spell it.
    pub fn key(self) -> &'static str {
        match self {
            Role::ReadOnly => "read_only",
            Role::ReadWrite => "read_write",
            Role::Admin => "admin",
            Role::Owner => "owner",
        }
    }

    /// The role that is spelled so.
    pub fn from_key(key: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.key() == key)
    }

    /// Whether this role may give a member who has one role, or none, another, or none: owners are
    /// made and lowered by owners alone.
    pub fn may_change(self, before: Option<Role>, after: Option<Role>) -> bool {
        let concerns_owners = [before, after].contains(&Some(Role::Owner));
        self.may(if concerns_owners { Act::ManageOwners } else { Act::ManageMembers })
    }

    /// What it is to give a member who has one role another.
    pub fn act_of_change(before: Role, after: Role) -> Act {
        if after > before { Act::RaiseMembers } else { Act::ManageMembers }
    }

    /// What it's for, in a sentence.
    pub fn sentence(self, catalogue: &Catalogue) -> String {
        match self {
            Role::ReadOnly => format!("Sees {}, and the names and states of tokens.", catalogue.visible()),
            Role::ReadWrite => "Sees what tokens may do, and creates user tokens of their own.".to_owned(),
            Role::Admin => {
                "Creates, rolls and deletes account tokens; manages limits, the account's name, and members except owners."
                    .to_owned()
            }
            Role::Owner => "Does all of that, makes owners, changes the plan and deletes the account.".to_owned(),
        }
    }

    /// Whether this role may do it.
    pub fn may(self, act: Act) -> bool {
        self >= act.lowest_role()
    }
}

/// What a person has to prove before an act, within the last quarter of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// Nothing: it makes nobody's access greater.
    None,
    /// One thing that they have: the password, or a factor.
    One,
    /// Everything that they have: before what decides how they sign in.
    All,
}

impl Proof {
    /// What an act needs that raises access, or doesn't.
    const fn of_raise(raises_access: bool) -> Proof {
        if raises_access { Proof::One } else { Proof::None }
    }
}

/// Something that a member may or may not do on the pages of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// See what the account has.
    SeeResources,
    /// See names and states of the account's tokens.
    SeeTokenNames,
    /// See what the account's tokens may do, and when they were used.
    SeeTokens,
    /// Rename, disable and delete account tokens.
    ManageTokens,
    /// Create and roll account tokens, and enable them again.
    CreateTokens,
    /// Make user tokens: this role is needed in one account, whichever.
    MakeOwnTokens,
    /// See which tokens of other members reach the account, and block them there.
    SeeMembersTokens,
    /// Unblock them.
    UnblockTokens,
    /// See members; give them lower roles, take them out, and revoke invitations.
    ManageMembers,
    /// Invite members, and give them higher roles.
    RaiseMembers,
    /// Set what the account demands of tokens.
    ManageLimits,
    /// Read what was changed and seen.
    SeeActivity,
    /// Make owners, and unmake them.
    ManageOwners,
    /// Change the account's name and address.
    ChangeAccount,
    /// Put the account on another plan.
    ManagePlan,
    /// Delete the account.
    DeleteAccount,
    /// Bring it back while it's kept.
    RestoreAccount,
}

impl Act {
    /// Every act.
    pub const ALL: [Act; 17] = [
        Act::SeeResources,
        Act::SeeTokenNames,
        Act::SeeTokens,
        Act::MakeOwnTokens,
        Act::CreateTokens,
        Act::ManageTokens,
        Act::SeeMembersTokens,
        Act::UnblockTokens,
        Act::ManageMembers,
        Act::RaiseMembers,
        Act::ManageLimits,
        Act::ChangeAccount,
        Act::SeeActivity,
        Act::ManageOwners,
        Act::ManagePlan,
        Act::DeleteAccount,
        Act::RestoreAccount,
    ];

    /// An act for each row of the table of roles: acts with the same title share one.
    pub fn rows() -> impl Iterator<Item = Act> {
        const ALL: &[Act] = &Act::ALL;
        ALL.chunk_by(|one, next| one.fixed_title() == next.fixed_title()).map(|row| row[0])
    }

    /// Whether it gives someone more access than before, which only a person who has just proved who
    /// they are may do. What ends or lowers access never has to wait for that.
    pub const fn raises_access(self) -> bool {
        match self {
            Act::CreateTokens
            | Act::MakeOwnTokens
            | Act::UnblockTokens
            | Act::RaiseMembers
            | Act::ManageLimits
            | Act::ManageOwners
            | Act::ManagePlan
            | Act::RestoreAccount => true,
            Act::SeeResources
            | Act::SeeTokenNames
            | Act::SeeTokens
            | Act::ManageTokens
            | Act::SeeMembersTokens
            | Act::ManageMembers
            | Act::SeeActivity
            | Act::ChangeAccount
            | Act::DeleteAccount => false,
        }
    }

    /// What has to be proved before it.
    pub const fn proof(self) -> Proof {
        Proof::of_raise(self.raises_access())
    }

    /// What it is, as the table of roles says it on the page of members and in the documentation.
    pub fn title(self, catalogue: &Catalogue) -> String {
        self.fixed_title().map_or_else(|| format!("See {}", catalogue.visible()), str::to_owned)
    }

    /// The title where it's the same for every catalogue; acts that share a row of the table share it.
    fn fixed_title(self) -> Option<&'static str> {
        Some(match self {
            Act::SeeResources => return None,
            Act::SeeTokenNames => "See names and states of tokens",
            Act::SeeTokens => "See what tokens may do, and when they were used",
            Act::MakeOwnTokens => "Make user tokens of one's own",
            Act::CreateTokens => "Make, roll and enable account tokens",
            Act::ManageTokens => "Rename, disable, delete and revoke account tokens",
            Act::SeeMembersTokens | Act::UnblockTokens => {
                "See the user tokens that reach the account, and block them here"
            }
            Act::ManageMembers | Act::RaiseMembers => "Invite members, change and remove them, but owners",
            Act::ManageLimits => "Set the limits for tokens",
            Act::SeeActivity => "Read the activity",
            Act::ManageOwners => "Make and unmake owners",
            Act::ChangeAccount => "Change the account's name and address",
            Act::ManagePlan => "Change the plan",
            Act::DeleteAccount | Act::RestoreAccount => "Delete the account, and undo that",
        })
    }

    /// The lowest role that may do it.
    pub fn lowest_role(self) -> Role {
        match self {
            Act::SeeResources | Act::SeeTokenNames => Role::ReadOnly,
            Act::SeeTokens | Act::MakeOwnTokens => Role::ReadWrite,
            Act::ManageTokens
            | Act::CreateTokens
            | Act::SeeMembersTokens
            | Act::UnblockTokens
            | Act::ManageMembers
            | Act::RaiseMembers
            | Act::ManageLimits
            | Act::ChangeAccount
            | Act::SeeActivity => Role::Admin,
            Act::ManageOwners | Act::ManagePlan | Act::DeleteAccount | Act::RestoreAccount => Role::Owner,
        }
    }

    /// What a member who may not do it is told: who can.
    pub fn who_can(self) -> &'static str {
        match self.lowest_role() {
            Role::Owner => "an owner",
            Role::Admin => "an owner or admin",
            Role::ReadWrite => "an owner, an admin or a member with the role read_write",
            Role::ReadOnly => "a member",
        }
    }
}

/// Something that a site admin does, with tokens, users and accounts of anyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiteAct {
    /// Find the token of a secret.
    FindToken,
    /// Revoke tokens.
    RevokeTokens,
    /// Deactivate a user.
    Deactivate,
    /// Reactivate a user.
    Reactivate,
    /// End a user's sessions.
    SignOut,
    /// Create a link by which a user sets a new password.
    MakePasswordLink,
    /// Have a link sent by which a user removes lost factors.
    MakeFactorLink,
    /// Put an account on another plan.
    SetPlan,
    /// Suspend an account.
    Suspend,
    /// Resume an account.
    Resume,
    /// Bring an account back that is being deleted.
    Restore,
}

impl SiteAct {
    /// The same as [`Act::raises_access`].
    pub const fn raises_access(self) -> bool {
        match self {
            SiteAct::Reactivate
            | SiteAct::MakePasswordLink
            | SiteAct::MakeFactorLink
            | SiteAct::SetPlan
            | SiteAct::Resume
            | SiteAct::Restore => true,
            SiteAct::FindToken
            | SiteAct::RevokeTokens
            | SiteAct::Deactivate
            | SiteAct::SignOut
            | SiteAct::Suspend => false,
        }
    }

    /// The same as [`Act::proof`].
    pub const fn proof(self) -> Proof {
        match self {
            SiteAct::MakeFactorLink => Proof::All,
            other => Proof::of_raise(other.raises_access()),
        }
    }
}

/// Something that a person does with their own user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnAct {
    /// Accept an invitation.
    AcceptInvitation,
    /// Change one's name, and whether there is mail.
    ChangeProfile,
    /// Ask for another address to sign in with.
    ChangeAddress,
    /// Have the link sent again that verifies one's address.
    VerifyAddress,
    /// Set a new password, with the current one.
    ChangePassword,
    /// Add and remove second factors, and create recovery codes.
    ChangeFactors,
    /// End a session, or all others.
    EndSessions,
    /// Sign out.
    SignOut,
}

impl OwnAct {
    /// The same as [`Act::proof`]. A new password needs the current one in its own form, and of those who have a
    /// second factor all of it.
    pub const fn proof(self) -> Proof {
        match self {
            OwnAct::AcceptInvitation => Proof::One,
            OwnAct::ChangeAddress | OwnAct::ChangeFactors => Proof::All,
            OwnAct::ChangeProfile
            | OwnAct::VerifyAddress
            | OwnAct::ChangePassword
            | OwnAct::EndSessions
            | OwnAct::SignOut => Proof::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_that_share_a_row_need_the_same_role_and_stand_together() {
        let rows: Vec<Act> = Act::rows().collect();
        for act in Act::ALL {
            let row: Vec<&Act> = rows.iter().filter(|row| row.fixed_title() == act.fixed_title()).collect();
            assert_eq!(row.len(), 1, "{act:?}");
            assert_eq!(row[0].lowest_role(), act.lowest_role(), "{act:?}");
        }
    }

    #[test]
    fn to_give_a_higher_role_raises_access_and_to_give_a_lower_one_never_does() {
        for before in Role::ALL {
            for after in Role::ALL {
                assert_eq!(Role::act_of_change(before, after).raises_access(), after > before);
            }
        }
    }
}
