//! What may stand beside what: rules about records of one name.

use super::{Checked, Faults, Record};

/// What is wrong with the record beside those that have its name already. It tells nothing of
/// these but that they are there: the caller's token may not reach them.
pub(super) fn refused(record: &Checked, beside: &[Record]) -> Option<Faults> {
    let any = |types: &[&str]| beside.iter().any(|other| types.contains(&other.record_type.as_str()));
    let exact = |other: &Record| {
        other.record_type == record.record_type
            && other.content == record.content
            && other.priority == record.priority
            && other.regions.iter().any(|region| record.regions.contains(region))
    };
    let (field, why) = match record.record_type.as_str() {
        _ if beside.iter().any(exact) => ("content", "is there already under this name and type"),
        // RFC 1034, section 3.6.2.
        "CNAME" if !beside.is_empty() => ("name", "has other records, beside which a CNAME cannot stand"),
        _ if any(&["CNAME"]) => ("name", "has a CNAME, beside which nothing else can stand"),
        // An ALIAS is answered with addresses, and so would take the place of these.
        "ALIAS" if any(&["A", "AAAA", "ALIAS"]) => {
            ("name", "has addresses or an ALIAS, beside which another ALIAS cannot stand")
        }
        "A" | "AAAA" if any(&["ALIAS"]) => ("name", "has an ALIAS, beside which an address cannot stand"),
        _ => return None,
    };
    Some(vec![(field, why.to_owned())])
}
