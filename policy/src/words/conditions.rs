//! From where and when a token works, in words.

use super::{Phrase, Sentence, listed};
use crate::Policy;
use ipnet::IpNet;
use time::{Duration, OffsetDateTime, Time, UtcOffset};

pub(super) fn said(policy: &Policy) -> Vec<Sentence> {
    let mut sentences = vec![networks(&policy.allowed_networks, &policy.refused_networks)];
    if let Some(start) = policy.not_before {
        sentences.push(Sentence::said("info", format!("Does not work before {} (UTC).", moment(start))));
    }
    sentences.push(match policy.expires_at {
        Some(end) if is_midnight(end) => Sentence::said("info", works_through(end)),
        Some(end) => Sentence::said("info", format!("Works until {} (UTC).", moment(end))),
        None => Sentence::new(
            "warn",
            vec![
                Phrase::plain("Works until somebody deletes it: it "),
                Phrase::strong("never expires"),
                Phrase::plain("."),
            ],
        ),
    });
    sentences
}

fn networks(allowed: &[IpNet], refused: &[IpNet]) -> Sentence {
    let list = |networks: &[IpNet]| listed(networks, " and ", |one| vec![Phrase::code(network(one))]);
    let mut phrases = Vec::new();
    match (allowed, refused) {
        ([], []) => phrases.push(Phrase::plain("Works from any address")),
        ([], refused) => {
            phrases.push(Phrase::plain("Works from any address but "));
            phrases.extend(list(refused));
        }
        (allowed, refused) => {
            phrases.push(Phrase::plain("Works only from "));
            phrases.extend(list(allowed));
            if !refused.is_empty() {
                phrases.push(Phrase::plain(", but never from "));
                phrases.extend(list(refused));
            }
        }
    }
    phrases.push(Phrase::plain("."));
    Sentence::new("info", phrases)
}

/// A single address without the length that says so.
fn network(network: &IpNet) -> String {
    if network.prefix_len() == network.max_prefix_len() {
        network.addr().to_string()
    } else {
        network.to_string()
    }
}

fn is_midnight(at: OffsetDateTime) -> bool {
    at.to_offset(UtcOffset::UTC).time() == Time::MIDNIGHT
}

/// "19 February 2027", and the time of day unless it begins there.
fn moment(at: OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    let day = long_day(at.date());
    if is_midnight(at) {
        return day;
    }
    format!("{day}, {:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}

/// "Works through 19 February 2027 (UTC)." for the first instant after that day.
pub fn works_through(end: OffsetDateTime) -> String {
    format!("Works through {} (UTC).", long_day(last_day(end)))
}

/// The last day on which something that ends at this instant still works.
pub fn last_day(end: OffsetDateTime) -> time::Date {
    (end - Duration::nanoseconds(1)).date()
}

/// "19 February 2027".
pub fn long_day(day: time::Date) -> String {
    format!("{} {} {}", day.day(), day.month(), day.year())
}
