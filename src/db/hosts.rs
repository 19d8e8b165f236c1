//! The servers that a URL of the database names, one by one. libpq would take the first that answers.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// A server, in the words of a URL of libpq's.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Host {
    name: String,
    address: String,
    port: String,
}

/// The servers in the order of the URL; one without a name is libpq's default.
pub(super) fn of(url: &str) -> Vec<Host> {
    let (authority, _, query) = parts(url);
    let mut names = Vec::new();
    let mut ports = Vec::new();
    for one in authority.split(',') {
        // [::1]:5432, host:5432, or a folder of a socket, percent-encoded.
        let end_of_name = one.find(']').map_or_else(|| one.rfind(':').unwrap_or(one.len()), |at| at + 1);
        let (name, port) = one.split_at(end_of_name);
        names.push(decoded(name.trim_start_matches('[').trim_end_matches(']')));
        ports.push(port.trim_start_matches(':').to_owned());
    }
    let mut addresses = Vec::new();
    let listed = |value: &str| decoded(value).split(',').map(str::to_owned).collect::<Vec<_>>();
    // Behind the question mark they count for more.
    for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match key {
            "host" => names = listed(value),
            "hostaddr" => addresses = listed(value),
            "port" => ports = listed(value),
            _ => {}
        }
    }
    let of = |list: &[String], number: usize| {
        // One port is for all of them.
        list.get(number).or_else(|| list.first().filter(|_| list.len() == 1)).cloned().unwrap_or_default()
    };
    (0..names.len().max(addresses.len()))
        .map(|number| Host {
            name: names.get(number).cloned().unwrap_or_default(),
            address: addresses.get(number).cloned().unwrap_or_default(),
            port: of(&ports, number),
        })
        .collect()
}

/// The URL of one of several servers. Of two settings, libpq takes the later one. Which of them is the
/// primary is asked of each, so here any will do.
pub(super) fn url_of(url: &str, host: &Host) -> String {
    let mut one = url.to_owned();
    let mut separator = if parts(url).2.is_empty() && !url.ends_with('?') { '?' } else { '&' };
    let settings = [
        ("host", &host.name),
        ("hostaddr", &host.address),
        ("port", &host.port),
        ("target_session_attrs", &"any".to_owned()),
    ];
    for (key, value) in settings {
        // An empty one would mean the default, as it does in the list.
        if key == "hostaddr" && value.is_empty() {
            continue;
        }
        one.push(separator);
        one.push_str(&format!("{key}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
        separator = '&';
    }
    one
}

/// What tells one database from another, without user and password: its servers, in any order, and its
/// name.
pub(super) fn name_of(url: &str) -> String {
    let mut hosts = of(url);
    hosts.sort();
    let hosts: Vec<String> = hosts.iter().map(Host::to_string).collect();
    format!("{}/{}", hosts.join(","), decoded(parts(url).1))
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = if self.name.is_empty() { &self.address } else { &self.name };
        let port = if self.port.is_empty() { "5432" } else { &self.port };
        write!(f, "{name}:{port}")
    }
}

/// Servers, database and settings.
fn parts(url: &str) -> (&str, &str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    // A slash or question mark before the host belongs to a password.
    let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = before.split_once('/').unwrap_or((before, ""));
    (authority, database, query)
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(url: &str) -> Vec<String> {
        of(url).iter().map(Host::to_string).collect()
    }

    #[test]
    fn every_server_of_a_url_is_found_wherever_it_is_written() {
        for (url, expected) in [
            ("postgres://u:p?/w@one:1,two,[::1]:3/db?x=y", vec!["one:1", "two:5432", "::1:3"]),
            ("postgres://one,two/db?port=7", vec!["one:7", "two:7"]),
            ("postgres:///db?host=one,two&port=1,2", vec!["one:1", "two:2"]),
            ("postgres://u@%2Frun%2Fpg:5432/db", vec!["/run/pg:5432"]),
            ("postgres:///db", vec![":5432"]),
            ("postgres:///db?hostaddr=10.0.0.1,10.0.0.2", vec!["10.0.0.1:5432", "10.0.0.2:5432"]),
        ] {
            assert_eq!(hosts(url), expected, "{url}");
        }
    }

    #[test]
    fn the_url_of_one_server_names_that_one_last() {
        let url = "postgres://u:p@one:1,[::1]:2/db?target_session_attrs=read-write";
        let each: Vec<String> = of(url).iter().map(|host| url_of(url, host)).collect();
        assert_eq!(
            each,
            [
                format!("{url}&host=one&port=1&target_session_attrs=any"),
                format!("{url}&host=%3A%3A1&port=2&target_session_attrs=any"),
            ]
        );
        let bare = "postgres://one,two/db";
        assert!(url_of(bare, &of(bare)[1]).ends_with("/db?host=two&port=&target_session_attrs=any"));
    }

    #[test]
    fn a_database_has_one_name_in_whichever_order_its_servers_are_written() {
        let one = name_of("postgres://u:secret@b,a:7/db?sslmode=require");
        assert_eq!(one, "a:7,b:5432/db");
        assert_eq!(one, name_of("postgres://other@a:7,b/db"));
        assert_ne!(one, name_of("postgres://u@b,a:7/db2"));
    }
}
