//! Why the DNS example refuses a call, beside what every API behind Tokenhouse refuses for.

use crate::policy::{RefusalFacts, closed_list};

closed_list! {
    /// The `code` of the answer.
    pub enum DnsRefusal {
        /// An SOA or NS record at the apex.
        SystemRecord = "system_record",
        /// A domain that is registered elsewhere.
        DomainNotRegistered = "domain_not_registered",
        /// WHOIS privacy that can't be switched off before it was ever on.
        WhoisPrivacyNeverOn = "whois_privacy_never_on",
        /// A contact that a domain or certificate names.
        ContactInUse = "contact_in_use",
        /// As many webhooks as an account may have.
        WebhookLimit = "webhook_limit",
        /// As many of a kind as an account may have.
        ListFull = "list_full",
        /// A plan without batches of changes.
        PlanWithoutBatches = "plan_without_batches",
        /// A certificate that isn't issued yet.
        CertificateNotIssued = "certificate_not_issued",
        /// A certificate whose private key was created elsewhere.
        PrivateKeyNotPresent = "private_key_not_present",
    }
}

impl DnsRefusal {
    /// What is said about it; none of them has anything to do with the token.
    pub const fn facts(self) -> RefusalFacts {
        let (status, message, meaning) = match self {
            DnsRefusal::SystemRecord => (
                400,
                "The SOA and NS records at the apex belong to the zone and stay as they are",
                "The SOA and NS records at the apex are created with the zone and can't be changed.",
            ),
            DnsRefusal::DomainNotRegistered => (
                400,
                "The domain is hosted only: it is registered elsewhere",
                "The domain is hosted here and registered elsewhere.",
            ),
            DnsRefusal::WhoisPrivacyNeverOn => (
                400,
                "WHOIS privacy was never on",
                "WHOIS privacy can't be switched off before it was on for the first time.",
            ),
            DnsRefusal::ContactInUse => (
                400,
                "The contact cannot be deleted because it's currently in use",
                "A domain or certificate is registered to this contact.",
            ),
            DnsRefusal::WebhookLimit => {
                (400, "The account has as many webhooks as it may", "The account can't have more webhooks.")
            }
            DnsRefusal::ListFull => {
                (400, "The account has as many of these as it may", "The account can't have more of these.")
            }
            DnsRefusal::PlanWithoutBatches => (
                412,
                "The plan of this account has no batches of changes",
                "The plan of the account has no batches of changes.",
            ),
            DnsRefusal::CertificateNotIssued => {
                (428, "Certificate not issued", "The certificate isn't issued yet.")
            }
            DnsRefusal::PrivateKeyNotPresent => (
                428,
                "Private key not present",
                "The certificate's private key was created elsewhere and isn't stored here.",
            ),
        };
        RefusalFacts { status, message, meaning, on_token: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::RefusalCode;

    #[test]
    fn no_code_of_the_example_is_the_products_and_none_is_about_the_token() {
        for code in DnsRefusal::ALL {
            assert_eq!(RefusalCode::from_key(code.key()), None);
            assert!((400..500).contains(&code.facts().status) && code.facts().on_token.is_none());
        }
    }
}
