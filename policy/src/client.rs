//! Where a caller is, as far as it's known.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// The address of a client. As text it's the IP address, or `unknown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAddress {
    /// A trusted proxy passed the call on without saying readably from where. No network condition
    /// holds for such a client, and all of them are counted as one.
    Unknown,
    /// This IP address. An IPv4 address that is mapped into IPv6 is the IPv4 address.
    #[serde(untagged)]
    Known(IpAddr),
}

impl ClientAddress {
    /// The IP address, where it's known.
    pub fn ip(self) -> Option<IpAddr> {
        match self {
            ClientAddress::Known(ip) => Some(ip),
            ClientAddress::Unknown => None,
        }
    }

    /// As the database keeps it: NULL where it's unknown.
    pub fn stored(self) -> Option<IpNet> {
        self.ip().map(IpNet::from)
    }

    /// From a column that is NULL where the address is unknown.
    pub fn from_stored(stored: Option<IpNet>) -> ClientAddress {
        stored.map_or(ClientAddress::Unknown, |net| ClientAddress::from(net.addr()))
    }
}

impl From<IpAddr> for ClientAddress {
    fn from(ip: IpAddr) -> ClientAddress {
        ClientAddress::Known(ip.to_canonical())
    }
}

/// As people read it, behind "from".
impl fmt::Display for ClientAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientAddress::Known(ip) => ip.fmt(out),
            ClientAddress::Unknown => out.write_str("an unknown address"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_an_ip_address_or_as_unknown_and_read_back() {
        let known = ClientAddress::from("::ffff:192.0.2.7".parse::<IpAddr>().unwrap());
        for (address, text) in [(known, "\"192.0.2.7\""), (ClientAddress::Unknown, "\"unknown\"")] {
            assert_eq!(serde_json::to_string(&address).unwrap(), text);
            assert_eq!(serde_json::from_str::<ClientAddress>(text).unwrap(), address);
        }
        for other in ["\"\"", "\"Unknown\"", "\"192.0.2\"", "null", "1"] {
            assert!(serde_json::from_str::<ClientAddress>(other).is_err(), "{other}");
        }
    }

    #[test]
    fn it_is_stored_as_null_where_it_is_unknown() {
        let known = ClientAddress::Known([192, 0, 2, 7].into());
        for address in [known, ClientAddress::Unknown] {
            assert_eq!(ClientAddress::from_stored(address.stored()), address);
        }
    }
}
