//! What a grant can be narrowed to beside names.

/// The types that can be made, in the order in which people are told of them.
pub const RECORD_TYPES: [&str; 14] = [
    "A", "AAAA", "ALIAS", "CAA", "CNAME", "HINFO", "MX", "NAPTR", "NS", "PTR", "SRV", "SSHFP", "TLSA", "TXT",
];
