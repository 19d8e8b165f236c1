//! What the audit log can say was done in the example, beside resources that were added or removed.

use crate::models::audit;
use crate::policy::closed_list;

closed_list! {
    /// What was done: a noun and a verb.
    #[allow(missing_docs, reason = "`words` has the words of each")]
    pub enum DnsAction {
        ContactCreated = "contact.created",
        ContactDeleted = "contact.deleted",
        DomainAutoRenewalSet = "domain.auto_renewal_set",
        DomainDelegated = "domain.delegated",
        DomainTransferLockSet = "domain.transfer_lock_set",
        DomainWhoisPrivacySet = "domain.whois_privacy_set",
        MessagePosted = "message.posted",
        RecordCreated = "record.created",
        RecordsCreated = "records.created",
        RecordDeleted = "record.deleted",
        RecordUpdated = "record.updated",
        TemplateCreated = "template.created",
        TemplateDeleted = "template.deleted",
        WebhookCreated = "webhook.created",
        WebhookDeleted = "webhook.deleted",
        ZoneActivated = "zone.activated",
        ZoneDeactivated = "zone.deactivated",
    }
}

/// A line of the audit log about the example.
pub type Event<'a> = audit::Event<'a, DnsAction>;

impl DnsAction {
    /// What is said after the name of who did it; `{}` is what it was done to.
    pub const fn words(self) -> &'static str {
        match self {
            DnsAction::ContactCreated => "added the contact {}",
            DnsAction::ContactDeleted => "deleted the contact {}",
            DnsAction::DomainAutoRenewalSet => "switched auto-renewal of the domain {}",
            DnsAction::DomainDelegated => "delegated the domain {}",
            DnsAction::DomainTransferLockSet => "switched the transfer lock of the domain {}",
            DnsAction::DomainWhoisPrivacySet => "switched whois privacy of the domain {}",
            DnsAction::MessagePosted => "posted the message {}",
            DnsAction::RecordCreated => "created the record {}",
            DnsAction::RecordsCreated => "created {}",
            DnsAction::RecordDeleted => "deleted the record {}",
            DnsAction::RecordUpdated => "changed the record {}",
            DnsAction::TemplateCreated => "created the template {}",
            DnsAction::TemplateDeleted => "deleted the template {}",
            DnsAction::WebhookCreated => "added the webhook to {}",
            DnsAction::WebhookDeleted => "deleted the webhook to {}",
            DnsAction::ZoneActivated => "activated the zone {}",
            DnsAction::ZoneDeactivated => "deactivated the zone {}",
        }
    }
}

impl AsRef<str> for DnsAction {
    fn as_ref(&self) -> &str {
        self.key()
    }
}
