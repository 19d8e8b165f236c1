//! What a page says was just done, carried in the query of its URL.

use super::page::go_to;
use crate::policy::closed_list;
use actix_web::HttpResponse;

closed_list! {
    /// What was just done. The key is what the query holds.
    #[allow(missing_docs, reason = "the words of each are below")]
    pub enum Flash {
        TokenDisabled = "disabled",
        TokenEnabled = "enabled",
        TokenRenamed = "renamed",
        TokenDeleted = "deleted",
        TokenHadEnded = "already",
        RollFinished = "finished",
        NothingToFinish = "unfinished",
        SecretsChanged = "secrets-changed",
        OwnerAway = "away",
        ChosenDeleted = "chosen",
        ChosenDeletedInPart = "chosen-rest",
        ChosenHadEnded = "chosen-already",
        NoneChosen = "chosen-none",
        AllRevoked = "revoked",
        NothingToRevoke = "none",
        TokenBlocked = "blocked",
        TokenUnblocked = "unblocked",
        RoleChanged = "role",
        MemberRemoved = "removed",
        InvitationRevoked = "uninvite",
        InvitationGone = "uninvited",
        AlreadyMember = "member",
        ProfileSaved = "profile",
        EmailLinkSent = "link",
        PasswordReset = "reset",
        PasswordChanged = "password",
        SessionEnded = "session",
        OtherSessionsEnded = "sessions",
        NoOtherSession = "alone",
        AccountChanged = "account",
        PlanChanged = "plan",
        LimitsSet = "limits",
        AccountRestored = "restored",
        AccountSuspended = "suspended",
        AccountResumed = "resumed",
        ChangedMeanwhile = "changed",
        TokensRevoked = "ended",
        EndedAtOnce = "at-once",
        UserDeactivated = "deactivated",
        UserReactivated = "reactivated",
        UserSignedOut = "signed-out",
        SignInOver = "over",
        AppAdded = "app",
        PasskeyAdded = "passkey",
        PasskeyKnown = "passkey-known",
        PasskeyRefused = "passkey-refused",
        TooManyPasskeys = "passkeys",
        FactorOver = "factor-over",
        FactorRemoved = "factor-removed",
        FactorsReset = "factors-reset",
        FactorLinkSent = "factor-link",
        FactorDemanded = "factor-demanded",
        FactorNotDemanded = "factor-not-demanded",
    }
}

impl Flash {
    /// What the page says.
    pub fn text(self) -> &'static str {
        match self {
            Flash::TokenDisabled => "Token disabled. Calls with it are refused until it's enabled.",
            Flash::TokenEnabled => "Token enabled. It works again.",
            Flash::TokenRenamed => "Token renamed.",
            Flash::TokenDeleted => "Token deleted. Calls with it are refused from now on.",
            Flash::TokenHadEnded => "The token had already ended. Nothing was changed.",
            Flash::RollFinished => "The older secret has ended. Only the newer one works now.",
            Flash::NothingToFinish => "Only one secret works already. Nothing was changed.",
            Flash::SecretsChanged => {
                "The secrets of this token have changed since you opened that page. Nothing was done: check them again."
            }
            Flash::OwnerAway => "Its account is suspended. Nothing was changed.",
            Flash::ChosenDeleted => "Tokens deleted. Calls with them are refused from now on.",
            Flash::ChosenDeletedInPart => "Tokens deleted. Some of those you chose had already ended.",
            Flash::ChosenHadEnded => "All the tokens you chose had already ended. Nothing was changed.",
            Flash::NoneChosen => {
                "You didn't choose a token. Select the checkbox of each token to delete, then press Delete selected."
            }
            Flash::AllRevoked => "All tokens revoked. Calls with them are refused from now on.",
            Flash::NothingToRevoke => "There was no token left to revoke.",
            Flash::TokenBlocked => "Token blocked in this account. It still works elsewhere.",
            Flash::TokenUnblocked => "Token unblocked.",
            Flash::RoleChanged => "Role changed. It applies from the next call on.",
            Flash::MemberRemoved => "Member removed. Their user tokens no longer work in this account.",
            Flash::InvitationRevoked => "Invitation revoked. Its links no longer work.",
            Flash::InvitationGone => {
                "That invitation had already been accepted, revoked or replaced. Nothing was changed."
            }
            Flash::AlreadyMember => "Someone with that address is already a member. Nothing was changed.",
            Flash::ProfileSaved => "Saved.",
            Flash::EmailLinkSent => "We sent you a link. Nothing changes until you open it.",
            Flash::PasswordReset => "Your new password is set. Sign in with it.",
            Flash::PasswordChanged => "Password changed. You're signed out everywhere else.",
            Flash::SessionEnded => "Session ended. That browser is signed out.",
            Flash::OtherSessionsEnded => "All other sessions ended. You're signed in here only.",
            Flash::NoOtherSession => "There was no other session. Nothing was changed.",
            Flash::AccountChanged => "Account changed.",
            Flash::PlanChanged => "Plan changed. It applies from the next call on.",
            Flash::LimitsSet => "Limits set. They apply from the next call on.",
            Flash::AccountRestored => "Account restored. Its tokens work again.",
            Flash::AccountSuspended => "Account suspended. Its tokens are refused at the next call.",
            Flash::AccountResumed => "Account resumed. Its tokens work again.",
            Flash::ChangedMeanwhile => {
                "Someone else changed it in the meantime. Nothing was done: check it again."
            }
            Flash::TokensRevoked => "Revoked. Calls with these tokens are refused from now on.",
            Flash::EndedAtOnce => {
                "They no longer work: calls with them are refused from now on. The database has no space left, so lists, the audit log and mail follow when there's room."
            }
            Flash::UserDeactivated => {
                "User deactivated. Their sessions have ended, and their tokens are refused at the next call."
            }
            Flash::UserReactivated => "User reactivated. Their tokens work again, and they can sign in.",
            Flash::SignInOver => "This sign-in took too long, or was finished already. Sign in again.",
            Flash::AppAdded => "Authenticator app added. Signing in takes a code from it from now on.",
            Flash::PasskeyAdded => "Passkey added. It signs you in without your password.",
            Flash::PasskeyKnown => "That passkey is in use already. Nothing was changed.",
            Flash::PasskeyRefused => {
                "That passkey wasn't accepted. Sign in with your password, or try another passkey."
            }
            Flash::TooManyPasskeys => "You have 20 passkeys, which is the most. Remove one first.",
            Flash::FactorOver => "That took too long, or was done elsewhere. Nothing was changed.",
            Flash::FactorRemoved => "Removed. It no longer signs you in.",
            Flash::FactorsReset => {
                "Your lost factors are removed. Sign in with your password, then set up a new one."
            }
            Flash::FactorLinkSent => "The link is on its way to their address. It works for 24 hours.",
            Flash::FactorDemanded => "Saved. Members without a second factor get a mail.",
            Flash::FactorNotDemanded => "Saved. No second factor is asked for here.",
            Flash::UserSignedOut => "Every session of the user has ended.",
        }
    }
}

/// What a list says after tokens were ended although the database had no space for the rest.
pub fn at_once(count: usize) -> Flash {
    if count > 0 { Flash::EndedAtOnce } else { Flash::ChosenHadEnded }
}

/// Goes to this page, which says what was done.
pub fn done(url: impl Into<String>, flash: Flash) -> HttpResponse {
    let url = url.into();
    let sign = if url.contains('?') { '&' } else { '?' };
    go_to(format!("{url}{sign}done={}", flash.key()))
}
