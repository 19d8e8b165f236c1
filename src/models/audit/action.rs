//! What the audit log can say was done.

use crate::models::stored::stored_list;

stored_list! {
    /// What was done: a noun, which [`Kind`](crate::models::activity::Kind) sorts by, and a verb.
    #[allow(missing_docs, reason = "the activity page has the words of each")]
    pub enum Action {
        AccountChanged = "account.changed",
        AccountCreated = "account.created",
        AccountDeleted = "account.deleted",
        AccountDeletionBegun = "account.deletion_begun",
        AccountFactorDemanded = "account.factor_demanded",
        AccountLimitsSet = "account.limits_set",
        AccountPlanChanged = "account.plan_changed",
        AccountRefChanged = "account.ref_changed",
        AccountRestored = "account.restored",
        AccountResumed = "account.resumed",
        AccountSuspended = "account.suspended",
        InvitationRevoked = "invitation.revoked",
        MemberInvited = "member.invited",
        MemberInvitedAgain = "member.invited_again",
        MemberJoined = "member.joined",
        MemberRemoved = "member.removed",
        MemberSet = "member.set",
        TokenBlocked = "token.blocked",
        TokenCreated = "token.created",
        TokenDeleted = "token.deleted",
        TokenDisabled = "token.disabled",
        TokenEnabled = "token.enabled",
        TokenRenamed = "token.renamed",
        TokenRollFinished = "token.roll_finished",
        TokenRolled = "token.rolled",
        TokenUnblocked = "token.unblocked",
        TokensRevoked = "tokens.revoked",
        UserAddressAsked = "user.address_asked",
        UserAddressVerified = "user.address_verified",
        UserChanged = "user.changed",
        UserCreated = "user.created",
        UserDeactivated = "user.deactivated",
        UserFactorAdded = "user.factor_added",
        UserFactorLinkMade = "user.factor_link_made",
        UserFactorRemoved = "user.factor_removed",
        UserFactorsReset = "user.factors_reset",
        UserPasswordLinkMade = "user.password_link_made",
        UserPasswordSet = "user.password_set",
        UserReactivated = "user.reactivated",
        UserRecoveryCodesMade = "user.recovery_codes_made",
        UserRefChanged = "user.ref_changed",
        UserSessionEnded = "user.session_ended",
        UserSessionsEnded = "user.sessions_ended",
        UserSignedOut = "user.signed_out",
        UserSiteAdminMade = "user.site_admin_made",
        UserSiteAdminUnmade = "user.site_admin_unmade",
    }
}

impl AsRef<str> for Action {
    fn as_ref(&self) -> &str {
        self.key()
    }
}
