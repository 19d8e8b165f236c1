//! Roles, and what each of them may do on the pages: one table.

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

    /// What it is for, in a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Role::ReadOnly => "Sees domains, zones and certificates, and the names and states of tokens.",
            Role::ReadWrite => "Sees what tokens may do, and makes user tokens of their own.",
            Role::Admin => "Makes, rolls and deletes account tokens; manages members but owners, and limits.",
            Role::Owner => "All of that, and who is an owner, the plan and the account itself.",
        }
    }

    /// Whether this role may do it.
    pub fn may(self, act: Act) -> bool {
        self >= act.lowest_role()
    }
}

/// Something that a member may or may not do on the pages of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// See the account's domains, zones and certificates.
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
    /// See and invite members; give them roles below owner, and take them out.
    ManageMembers,
    /// Set what the account demands of tokens.
    ManageLimits,
    /// Read what was changed and seen.
    SeeActivity,
    /// Make owners, and unmake them.
    ManageOwners,
    /// Put the account on another plan.
    ManagePlan,
    /// Delete the account, and undo that.
    DeleteAccount,
}

impl Act {
    /// Every act.
    pub const ALL: [Act; 13] = [
        Act::SeeResources,
        Act::SeeTokenNames,
        Act::SeeTokens,
        Act::MakeOwnTokens,
        Act::CreateTokens,
        Act::ManageTokens,
        Act::SeeMembersTokens,
        Act::ManageMembers,
        Act::ManageLimits,
        Act::SeeActivity,
        Act::ManageOwners,
        Act::ManagePlan,
        Act::DeleteAccount,
    ];

    /// What it is, as the table of roles says it on the page of members and in the documentation.
    pub fn title(self) -> &'static str {
        match self {
            Act::SeeResources => "See domains, zones and certificates",
            Act::SeeTokenNames => "See names and states of tokens",
            Act::SeeTokens => "See what tokens may do, and when they were used",
            Act::MakeOwnTokens => "Make user tokens of one's own",
            Act::CreateTokens => "Make, roll and enable account tokens",
            Act::ManageTokens => "Rename, disable, delete and revoke account tokens",
            Act::SeeMembersTokens => "See the user tokens that reach the account, and block them here",
            Act::ManageMembers => "Invite members, change and remove them, but owners",
            Act::ManageLimits => "Set the limits for tokens",
            Act::SeeActivity => "Read the activity",
            Act::ManageOwners => "Make and unmake owners",
            Act::ManagePlan => "Change the plan",
            Act::DeleteAccount => "Delete the account, and undo that",
        }
    }

    /// The lowest role that may do it.
    pub fn lowest_role(self) -> Role {
        match self {
            Act::SeeResources | Act::SeeTokenNames => Role::ReadOnly,
            Act::SeeTokens | Act::MakeOwnTokens => Role::ReadWrite,
            Act::ManageTokens
            | Act::CreateTokens
            | Act::SeeMembersTokens
            | Act::ManageMembers
            | Act::ManageLimits
            | Act::SeeActivity => Role::Admin,
            Act::ManageOwners | Act::ManagePlan | Act::DeleteAccount => Role::Owner,
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
