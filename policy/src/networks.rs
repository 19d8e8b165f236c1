//! Client networks, as somebody writes them: an address or a network a line.

use super::shown;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};

/// At most so many lines of each kind.
pub const MOST_NETWORKS: usize = 100;

/// Lines are read up to so many bytes.
const MOST_BYTES: usize = 8192;

/// So many faults are told at once.
const MOST_TOLD: usize = 3;

/// Reads addresses and networks, one a line, also with commas between; none in a blank text. What is
/// given twice counts once. The error is for the person who wrote it, and names the lines.
pub fn parse(text: &str) -> Result<Vec<IpNet>, String> {
    if text.len() > MOST_BYTES {
        return Err(format!(
            "At most {} KB of networks fit here. A wider network takes the place of several.",
            MOST_BYTES / 1024
        ));
    }
    let (mut networks, mut known) = (Vec::new(), HashSet::new());
    let mut faults = Vec::new();
    for (place, line) in text.lines().enumerate() {
        for written in line.split(',').map(str::trim).filter(|written| !written.is_empty()) {
            match network(written) {
                Ok(network) if known.insert(network) => networks.push(network),
                Ok(_) => {}
                Err(why) => faults.push(format!("Line {}: {why}", place + 1)),
            }
        }
    }
    if faults.len() > MOST_TOLD {
        let more = faults.len() - MOST_TOLD;
        faults.truncate(MOST_TOLD);
        faults.push(format!("And {more} more."));
    }
    if !faults.is_empty() {
        return Err(faults.join(" "));
    }
    // Commas only: no address and no network, but not blank, which would set no condition.
    if networks.is_empty() && !text.trim().is_empty() {
        return Err("Write addresses or networks, or leave the field empty.".to_owned());
    }
    if networks.len() > MOST_NETWORKS {
        return Err(format!(
            "Write at most {MOST_NETWORKS} networks; these are {}. A wider network takes the place of several.",
            networks.len()
        ));
    }
    Ok(networks)
}

/// Whether no address is let in: each network it works from lies within those it never works from.
pub fn nowhere(allowed: &[IpNet], refused: &[IpNet]) -> bool {
    // Two halves that are refused refuse the whole.
    let refused = IpNet::aggregate(&refused.to_vec());
    let everywhere = [IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())];
    let allowed = if allowed.is_empty() { &everywhere[..] } else { allowed };
    allowed.iter().all(|one| refused.iter().any(|wide| wide.contains(one)))
}

/// Networks as [`parse`] reads them.
pub fn written(networks: &[IpNet]) -> String {
    networks.iter().map(|network| short(*network)).collect::<Vec<_>>().join("\n")
}

/// A single address without the length of its network.
pub fn short(network: IpNet) -> String {
    if network.prefix_len() == network.max_prefix_len() {
        network.addr().to_string()
    } else {
        network.to_string()
    }
}

fn network(written: &str) -> Result<IpNet, String> {
    let wrong = || {
        format!(
            "“{}” is neither an address nor a network; write it like 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32.",
            shown(written)
        )
    };
    let Some((address, length)) = written.split_once('/') else {
        let address: IpAddr = written.parse().map_err(|_| wrong())?;
        return Ok(IpNet::from(address.to_canonical()));
    };
    let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
    let length = length.trim();
    if length.is_empty() || !length.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(wrong());
    }
    let most = if address.is_ipv4() { 32 } else { 128 };
    let network = length.parse().ok().and_then(|length: u8| IpNet::new(address, length).ok());
    let network = network.ok_or_else(|| {
        let version = if address.is_ipv4() { "IPv4" } else { "IPv6" };
        format!("“{}” ends in /{}; an {version} network goes up to /{most}.", shown(written), shown(length))
    })?;
    let network = unmapped(network);
    if network.addr() == network.network() {
        Ok(network)
    } else {
        let meant = meant(network);
        Err(format!("{network} has bits beyond its /{}. Did you mean {meant}?", network.prefix_len()))
    }
}

/// The network that may be meant. Behind a mapped IPv4 address a length that fits IPv4 is the length
/// of an IPv4 network: none of IPv6 that is so wide is meant with such an address.
fn meant(network: IpNet) -> IpNet {
    let four = match network {
        IpNet::V6(six) => six.addr().to_ipv4_mapped(),
        IpNet::V4(_) => None,
    };
    let four = four.and_then(|four| Ipv4Net::new(four, network.prefix_len()).ok());
    four.map_or(network, IpNet::V4).trunc()
}

/// A network of IPv4 addresses that are mapped into IPv6 is the IPv4 network: that is how the
/// address of a caller is looked at.
pub fn unmapped(network: IpNet) -> IpNet {
    let IpNet::V6(six) = network else { return network };
    let mapped = Ipv6Net::new_assert(Ipv4Addr::UNSPECIFIED.to_ipv6_mapped(), 96);
    let Some(four) = six.addr().to_ipv4_mapped().filter(|_| mapped.contains(&six.addr())) else {
        return network;
    };
    let length = six.prefix_len().checked_sub(96);
    length.and_then(|length| Ipv4Net::new(four, length).ok()).map_or(network, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        parse(text).unwrap().iter().map(ToString::to_string).collect()
    }

    fn fault(text: &str) -> String {
        parse(text).unwrap_err()
    }

    #[test]
    fn addresses_and_networks_are_read_one_a_line_or_with_commas() {
        assert_eq!(
            read("192.0.2.7\r\n\n 198.51.100.0/24 , 2001:db8::/32\n2001:db8::1"),
            ["192.0.2.7/32", "198.51.100.0/24", "2001:db8::/32", "2001:db8::1/128"]
        );
        assert_eq!(read(" \n\n"), Vec::<String>::new());
        assert_eq!(fault(" , \n,"), "Write addresses or networks, or leave the field empty.");
        assert_eq!(read("0.0.0.0/0"), ["0.0.0.0/0"]);
    }

    #[test]
    fn what_is_given_twice_counts_once() {
        assert_eq!(read("192.0.2.7\n192.0.2.7/32\n::ffff:192.0.2.7"), ["192.0.2.7/32"]);
    }

    #[test]
    fn a_mapped_address_is_the_ipv4_address_it_is() {
        assert_eq!(read("::ffff:192.0.2.1"), ["192.0.2.1/32"]);
        assert_eq!(read("::ffff:192.0.2.0/120"), ["192.0.2.0/24"]);
        assert!(fault("::ffff:192.0.2.1/120").contains("Did you mean 192.0.2.0/24?"));
        // A length that can only be meant for the IPv4 address.
        for (written, meant) in [
            ("::ffff:192.0.2.0/24", "192.0.2.0/24"),
            ("::ffff:192.0.2.7/24", "192.0.2.0/24"),
            ("::ffff:192.0.2.7/32", "192.0.2.7/32"),
            ("::ffff:192.0.2.7/0", "0.0.0.0/0"),
        ] {
            let said = fault(written);
            assert!(said.ends_with(&format!(" Did you mean {meant}?")), "{said}");
        }
    }

    #[test]
    fn bits_beyond_the_network_are_refused_with_the_network_that_may_be_meant() {
        assert_eq!(
            fault("10.0.0.0/8\n10.0.0.5/8"),
            "Line 2: 10.0.0.5/8 has bits beyond its /8. Did you mean 10.0.0.0/8?"
        );
        assert_eq!(
            fault("2001:db8::1/32"),
            "Line 1: 2001:db8::1/32 has bits beyond its /32. Did you mean 2001:db8::/32?"
        );
    }

    #[test]
    fn what_is_no_network_is_refused_with_its_line() {
        for wrong in
            ["office", "192.0.2", "192.0.2.300", "192.0.2.1/", "192.0.2.1/x", "/8", "::g", "1.2.3.4/+8"]
        {
            assert!(fault(&format!("192.0.2.1\n{wrong}")).starts_with("Line 2: “"), "{wrong}");
        }
        assert!(fault("192.0.2.1/33").contains("an IPv4 network goes up to /32"));
        assert!(fault("2001:db8::/129").contains("an IPv6 network goes up to /128"));
        assert!(fault("1.2.3.4/99999999999").contains("goes up to /32"));
        assert!(fault(&"x\n".repeat(10)).ends_with("And 7 more."));
    }

    #[test]
    fn what_is_repeated_of_a_fault_is_cut() {
        for wrong in ["x".repeat(8000), format!("192.0.2.1/{}", "9".repeat(8000))] {
            let said = fault(&wrong);
            assert!(said.len() < 300 && said.contains('…'), "{said}");
        }
    }

    #[test]
    fn more_than_a_hundred_networks_are_refused_with_their_number() {
        let many = |count: u32| (0..count).map(|n| format!("10.0.{n}.0/24\n")).collect::<String>();
        assert_eq!(read(&many(100)).len(), 100);
        assert!(fault(&many(101)).contains("these are 101"));
        let longer = "192.0.2.7,".repeat(820);
        assert!(fault(&longer).starts_with("At most 8 KB of networks fit here."));
        assert_eq!(read(&longer[..8190]), ["192.0.2.7/32"]);
    }

    #[test]
    fn a_token_would_work_from_nowhere_when_all_it_works_from_is_refused() {
        let nets = |text: &str| parse(text).unwrap();
        assert!(nowhere(&nets("192.0.2.7\n192.0.2.8"), &nets("192.0.2.0/24")));
        assert!(nowhere(&nets("10.0.0.0/8"), &nets("10.0.0.0/9\n10.128.0.0/9")));
        assert!(nowhere(&[], &nets("0.0.0.0/0\n::/0")));
        assert!(!nowhere(&[], &nets("0.0.0.0/0")));
        assert!(!nowhere(&nets("192.0.2.0/24"), &nets("192.0.2.7")));
        assert!(!nowhere(&nets("192.0.2.7\n198.51.100.1"), &nets("192.0.2.0/24")));
        assert!(!nowhere(&[], &[]));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let networks = parse("192.0.2.7\n198.51.100.0/24\n2001:db8::1\n::/0").unwrap();
        assert_eq!(written(&networks), "192.0.2.7\n198.51.100.0/24\n2001:db8::1\n::/0");
        assert_eq!(parse(&written(&networks)).unwrap(), networks);
    }
}
