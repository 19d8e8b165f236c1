//! Records of the demo's zones.

use crate::db::{Conn, DbError};
use crate::dns::models::Record;
use crate::dns::models::action::{DnsAction, Event};
use crate::dns::models::record::Wanted;
use crate::dns::models::zone::ZONE;
use crate::models::audit;
use crate::models::{Origin, Resource};
use crate::policy::AccountId;

/// Name, type, priority and content.
type Line = (&'static str, &'static str, Option<i64>, &'static str);

const EVERYWHERE: [Line; 2] =
    [("www", "A", None, "192.0.2.10"), ("", "MX", Some(10), "mail.tokenhouse.example")];
const FIRST: [Line; 9] = [
    ("", "ALIAS", None, "lb.example.net"),
    ("", "TXT", None, "v=spf1 mx -all"),
    ("", "CAA", None, "0 issue \"ca.example\""),
    ("_acme-challenge", "TXT", None, "L4mTqZ3kV0x2cXr9o5wYbNfHs7uJ1aGdPeKi8RtQvBc"),
    ("_dmarc", "TXT", None, "v=DMARC1; p=none"),
    ("_sip._tcp", "SRV", Some(10), "5 5060 sip.example.com"),
    ("dev", "AAAA", None, "2001:db8::10"),
    ("*.dev", "CNAME", None, "dev.example.com"),
    ("sub", "NS", None, "ns1.example.net"),
];

/// Fills those of the account's zones that have no records of their own; the first one gets more.
pub(super) fn fill(
    conn: &mut Conn,
    account: AccountId,
    domains: &[String],
    first: &str,
    origin: &Origin,
) -> Result<(), DbError> {
    let mut added = 0;
    for name in domains {
        if let Some(zone) = Resource::find(conn, account, ZONE, name)? {
            added += Record::fill(conn, &zone, &lines(name == first), origin)?;
        }
    }
    if added > 0 {
        let label = format!("{added} records");
        let event = Event {
            account: Some(account),
            user: None,
            action: DnsAction::RecordsCreated,
            object: ("record", None, &label),
            before: None,
            after: None,
        };
        audit::record(conn, origin, &event)?;
    }
    Ok(())
}

fn lines(is_first: bool) -> Vec<Wanted> {
    let more: &[Line] = if is_first { &FIRST } else { &[] };
    EVERYWHERE
        .iter()
        .chain(more)
        .map(|(name, record_type, priority, content)| Wanted {
            name: Some((*name).to_owned()),
            record_type: Some((*record_type).to_owned()),
            content: Some((*content).to_owned()),
            priority: *priority,
            ..Wanted::default()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_of_the_demo_is_one_that_a_zone_takes() {
        for wanted in lines(true) {
            assert!(wanted.checked("example.com").is_ok(), "{wanted:?}");
        }
    }
}
