//! Where a caller is, as far as it can be believed.

use super::{App, AppError};
use crate::models::text::is_hidden;
use crate::policy::{ClientAddress, shown};
use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, USER_AGENT};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use ipnet::{IpNet, Ipv6Net};
use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The address of the connection; or, behind trusted proxies, the last one in `X-Forwarded-For` that
/// isn't theirs.
pub fn client_address(request: &HttpRequest) -> Result<ClientAddress, AppError> {
    match (request.app_data::<Data<App>>(), request.peer_addr()) {
        (Some(app), Some(peer)) => Ok(of_request(app, Some(peer.ip()), request.headers())),
        _ => Err(AppError::Internal("a request without an address".to_owned())),
    }
}

/// The client of a call that a trusted proxy asks about; `None` where the one who asks isn't one. On a socket
/// in the file system nobody has an address: who may open it is trusted. A client that isn't named is
/// unknown, not the proxy.
pub fn forwarding_client(request: &HttpRequest, app: &App) -> Option<ClientAddress> {
    let peer = match request.peer_addr() {
        None => None,
        Some(peer) => {
            let ip = peer.ip().to_canonical();
            Some(ip).filter(|ip| app.trusted_proxies.iter().any(|net| net.contains(ip)))?;
            Some(ip)
        }
    };
    if !request.headers().contains_key("x-forwarded-for") {
        return Some(ClientAddress::Unknown);
    }
    Some(of_request(app, peer, request.headers()))
}

/// The same as an argument of a handler.
pub struct CallerAddress(pub ClientAddress);

impl FromRequest for CallerAddress {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(client_address(request).map(CallerAddress))
    }
}

fn of_request(app: &App, peer: Option<IpAddr>, headers: &HeaderMap) -> ClientAddress {
    match address_of(peer, headers, &app.trusted_proxies) {
        Ok(ip) => ClientAddress::Known(ip),
        Err(hop) => {
            // Once: anyone who sends such a hop could fill the log with it.
            app.unreadable_hop.call_once(|| {
                let hop = shown(&String::from_utf8_lossy(hop));
                tracing::warn!(
                    ?hop,
                    "a trusted proxy sends an X-Forwarded-For that can't be read; such clients are unknown, and tokens with a network condition refuse them. This isn't logged again"
                );
            });
            ClientAddress::Unknown
        }
    }
}

/// The address, or the hop that can't be read; without a peer the first hop is one that is trusted. Each proxy appends a hop, so the last is the only one
/// that a trusted peer vouches for; what's left of it counts only where that hop is trusted, too.
/// Nothing behind an unreadable hop is looked at: what's there was written by someone else.
fn address_of<'a>(
    peer: Option<IpAddr>,
    headers: &'a HeaderMap,
    trusted: &[IpNet],
) -> Result<IpAddr, &'a [u8]> {
    let is_trusted = |ip: &Option<IpAddr>| ip.is_none_or(|ip| trusted.iter().any(|net| net.contains(&ip)));
    let mut ip = peer.map(|ip| ip.to_canonical());
    // Several lines are one list, in their order (RFC 9110, section 5.3).
    let lines: Vec<&[u8]> = headers.get_all("x-forwarded-for").map(|line| line.as_bytes()).collect();
    for hop in lines.into_iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b',')) {
        if !is_trusted(&ip) {
            break;
        }
        ip = Some(read(hop).ok_or(hop)?);
    }
    ip.ok_or(&b""[..])
}

/// `192.0.2.7` or `2001:db8::7`, also with a port, in brackets or in quotes.
fn read(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop.trim_ascii()).ok()?;
    let hop = hop.strip_prefix('"').and_then(|hop| hop.strip_suffix('"')).unwrap_or(hop);
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    let ip = hop.parse().ok();
    let ip = ip.or_else(|| Some(hop.parse::<SocketAddr>().ok()?.ip()));
    Some(ip.or_else(|| Some(bracketed()?.into()))?.to_canonical())
}

/// The network that attempts are counted by: the address itself, or the /64 of an IPv6 one. All
/// unknown clients are one.
pub fn network_of(address: ClientAddress) -> String {
    match address {
        ClientAddress::Known(IpAddr::V4(ip)) => ip.to_string(),
        ClientAddress::Known(IpAddr::V6(ip)) => {
            Ipv6Net::new(ip, 64).map_or_else(|_| ip.to_string(), |net| net.trunc().to_string())
        }
        ClientAddress::Unknown => "unknown".to_owned(),
    }
}

/// What a client says it is, cut to 200 characters without control characters.
pub fn client_name(headers: &HeaderMap) -> String {
    let name =
        headers.get(USER_AGENT).map(|name| String::from_utf8_lossy(name.as_bytes())).unwrap_or_default();
    name.chars().filter(|character| !is_hidden(*character)).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    const TRUSTED: [&str; 1] = ["10.0.0.0/8"];
    const UNKNOWN: &str = "unknown";

    fn seen(peer: &str, forwarded: &[&[u8]], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers
                .append(HeaderName::from_static("x-forwarded-for"), HeaderValue::from_bytes(line).unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        address_of(Some(peer.parse().unwrap()), &headers, &trusted)
            .map_or_else(|_| UNKNOWN.to_owned(), |ip| ip.to_string())
    }

    fn behind_a_proxy(forwarded: &[&[u8]]) -> String {
        seen("10.0.0.1", forwarded, &TRUSTED)
    }

    #[test]
    fn without_a_trusted_proxy_a_forwarded_address_is_nothing_but_a_claim() {
        for claim in [b"198.51.100.1".as_slice(), b"\xff", b"", b"unknown"] {
            assert_eq!(seen("203.0.113.7", &[claim], &[]), "203.0.113.7");
            assert_eq!(seen("203.0.113.7", &[claim], &TRUSTED), "203.0.113.7");
        }
    }

    #[test]
    fn behind_proxies_the_last_address_that_is_none_of_theirs_counts() {
        assert_eq!(behind_a_proxy(&[b"198.51.100.1"]), "198.51.100.1");
        assert_eq!(behind_a_proxy(&[b"1.2.3.4, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(behind_a_proxy(&[b"10.0.0.3,10.0.0.2"]), "10.0.0.3");
        assert_eq!(behind_a_proxy(&[]), "10.0.0.1", "the proxy's machine itself");
        assert_eq!(seen("::ffff:10.0.0.1", &[b"198.51.100.1"], &TRUSTED), "198.51.100.1");
    }

    #[test]
    fn several_lines_are_one_list_in_their_order() {
        assert_eq!(behind_a_proxy(&[b"1.2.3.4", b"198.51.100.1"]), "198.51.100.1");
        assert_eq!(behind_a_proxy(&[b"\xff", b"1.2.3.4,", b"198.51.100.1", b"10.0.0.2"]), "198.51.100.1");
        assert_eq!(behind_a_proxy(&[b"198.51.100.1", b""]), UNKNOWN);
        assert_eq!(behind_a_proxy(&[b"198.51.100.1", b"\xff", b"10.0.0.2"]), UNKNOWN);
    }

    #[test]
    fn a_hop_is_read_with_a_port_in_brackets_in_quotes_and_mapped_into_ipv6() {
        for (hop, ip) in [
            ("203.0.113.9", "203.0.113.9"),
            (" 203.0.113.9\t", "203.0.113.9"),
            ("203.0.113.9:4711", "203.0.113.9"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:99", "2001:db8::1"),
            ("\"203.0.113.9\"", "203.0.113.9"),
            ("\"203.0.113.9:4711\"", "203.0.113.9"),
            ("\"[2001:db8::1]:99\"", "2001:db8::1"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("[::ffff:203.0.113.9]:99", "203.0.113.9"),
        ] {
            assert_eq!(behind_a_proxy(&[format!("1.2.3.4, {hop}").as_bytes()]), ip, "{hop}");
        }
    }

    #[test]
    fn whatever_stands_before_the_last_hop_changes_nothing() {
        for claim in
            [b"\xff".as_slice(), b"", b",", b"\"", b"1.2.3.4:5", b"[::1]:2", b"unknown", b"10.0.0.9", b"["]
        {
            assert_eq!(behind_a_proxy(&[&[claim, b", 198.51.100.1"].concat()]), "198.51.100.1", "{claim:?}");
            assert_eq!(behind_a_proxy(&[claim, b"198.51.100.1"]), "198.51.100.1", "{claim:?}");
        }
    }

    #[test]
    fn a_last_hop_that_cannot_be_read_is_an_unknown_client_and_never_the_proxy() {
        let unreadable: [&[u8]; 18] = [
            b"",
            b" ",
            b",",
            b"198.51.100.1,",
            b"198.51.100.1, ",
            b"\xff",
            b"198.51.100.1\xff",
            b"unknown",
            b"_hidden",
            b"unix:",
            b"198.51.100",
            b"198.51.100.1:",
            b"198.51.100.1:99999",
            b"[198.51.100.1]",
            b"[2001:db8::1",
            b"\"198.51.100.1",
            b"198.51.100.1 10.0.0.1",
            b"for=198.51.100.1",
        ];
        for hop in unreadable {
            assert_eq!(behind_a_proxy(&[hop]), UNKNOWN, "{:?}", hop.escape_ascii().to_string());
            let through_two = [hop, b", 10.0.0.2"].concat();
            assert_eq!(
                behind_a_proxy(&[&through_two]),
                UNKNOWN,
                "{:?}",
                through_two.escape_ascii().to_string()
            );
        }
    }

    #[test]
    fn an_ipv6_caller_is_counted_by_its_network_and_unknown_ones_together() {
        let network = |ip: &str| network_of(ClientAddress::Known(ip.parse().unwrap()));
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network("192.0.2.1"), "192.0.2.1");
        assert_eq!(network_of(ClientAddress::Unknown), "unknown");
    }

    proptest! {
        #[test]
        fn nothing_that_a_client_sends_makes_it_the_proxy(
            claim in proptest::collection::vec(proptest::collection::vec(32..=255_u8, 0..30), 0..4),
        ) {
            let claim: Vec<Vec<u8>> =
                claim.into_iter().map(|line| line.into_iter().filter(|byte| *byte != 127).collect()).collect();
            let mut lines: Vec<&[u8]> = claim.iter().map(Vec::as_slice).collect();
            lines.push(b"198.51.100.1");
            prop_assert_eq!(behind_a_proxy(&lines), "198.51.100.1");
            let appended = [claim.concat().as_slice(), b", 198.51.100.1"].concat();
            prop_assert_eq!(behind_a_proxy(&[&appended]), "198.51.100.1");
        }
    }
}
