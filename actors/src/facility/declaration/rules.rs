//! What a single value of a facility file may be. Every rule says what to write instead.

use crate::facility::place::{quoted, suggestion};
use crate::zone::Reading;
use beamlive_storage::records::ContainerStatus;
use beamlive_storage::Timestamp;
use chrono::{LocalResult, NaiveDate, TimeZone};
use chrono_tz::Tz;
use ipnet::{IpNet, Ipv4Net};
use std::net::IpAddr;

/// Longest name, in characters; also of barcodes and locations.
const NAME: usize = 255;

/// Longest comment, in characters.
const COMMENTS: usize = 10_000;

/// How a status is written.
const STATUSES: [(&str, ContainerStatus); 5] = [
    ("draft", ContainerStatus::Draft),
    ("sent", ContainerStatus::Sent),
    ("on-site", ContainerStatus::OnSite),
    ("returned", ContainerStatus::Returned),
    ("archived", ContainerStatus::Archived),
];

/// A username: one to 150 of `[A-Za-z0-9_-]`, as tokens take it.
pub(super) fn username(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if text.is_empty() || text.len() > 150 || !text.chars().all(plain) {
        return Err(format!(
            "must be 1 to 150 letters, digits, `_` or `-`, not {}",
            quoted(text)
        ));
    }
    Ok(text.to_owned())
}

/// An acronym: one to 64 of `[A-Za-z0-9_.-]`, and a path segment of its own in URLs.
pub(super) fn acronym(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if text.is_empty() || text.len() > 64 || !text.chars().all(plain) {
        return Err(format!(
            "must be 1 to 64 letters, digits, `_`, `.` or `-`, not {}",
            quoted(text)
        ));
    }
    if text.chars().all(|c| c == '.') {
        return Err(format!("must be more than dots, not {}", quoted(text)));
    }
    Ok(text.to_owned())
}

/// A name for people: something visible, at most 255 characters, no control characters.
pub(super) fn name(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("must not be empty".to_owned());
    }
    line(text)
}

/// One line of text that may be empty: at most 255 characters, no control characters.
pub(super) fn line(text: &str) -> Result<String, String> {
    if text.chars().count() > NAME {
        return Err(format!("must be at most {NAME} characters long"));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("must not hold control characters: {}", quoted(text)));
    }
    Ok(text.to_owned())
}

/// Several lines of text.
pub(super) fn comments(text: &str) -> Result<String, String> {
    if text.chars().count() > COMMENTS {
        return Err(format!("must be at most {COMMENTS} characters long"));
    }
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        return Err("must not hold control characters".to_owned());
    }
    Ok(text.to_owned())
}

/// Where a container is in its life.
pub(super) fn status(text: &str) -> Result<ContainerStatus, String> {
    let known = STATUSES.map(|(name, _)| name);
    STATUSES
        .into_iter()
        .find(|(name, _)| *name == text)
        .map(|(_, status)| status)
        .ok_or_else(|| {
            let suggestion = suggestion(text, &known);
            format!(
                "must be one of {}, not {}{suggestion}",
                known.join(", "),
                quoted(text)
            )
        })
}

/// An address or a network in CIDR form, in the one way of writing it: IPv4 in IPv6 form is IPv4, and a network of
/// one address is that address.
pub(super) fn network(text: &str) -> Result<String, String> {
    let network = match (text.parse::<IpAddr>(), text.parse::<IpNet>()) {
        (Ok(address), _) => IpNet::from(address),
        (_, Ok(network)) => network,
        _ => {
            return Err(format!(
                "must be an address or a network such as 10.45.0.0/24, not {}",
                quoted(text)
            ))
        }
    };
    let network = unmapped(network);
    if network != network.trunc() {
        return Err(format!(
            "has bits set beyond the network's: write {} or a single address",
            network.trunc()
        ));
    }
    let whole = network.prefix_len() == network.max_prefix_len();
    Ok(if whole {
        network.addr().to_string()
    } else {
        network.to_string()
    })
}

fn unmapped(network: IpNet) -> IpNet {
    let IpNet::V6(six) = network else { return network };
    let four = six.addr().to_ipv4_mapped().zip(six.prefix_len().checked_sub(96));
    match four.map(|(address, prefix)| Ipv4Net::new(address, prefix)) {
        Some(Ok(four)) => IpNet::V4(four),
        _ => network,
    }
}

/// An instant: with an offset, or on the clocks of the facility's zone. Of an hour that the clocks show twice, the
/// first is taken; an hour that they skip is none.
pub(super) fn time(text: &str, zone: Tz) -> Result<Timestamp, String> {
    let naive = match Reading::parse(text) {
        Some(Reading::Exact(time)) => return Ok(time),
        Some(Reading::Clock(naive)) => naive,
        None => {
            let what = if NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok() {
                "must have a time of day too"
            } else {
                "must be a date and time"
            };
            return Err(format!(
                "{what}, such as 2026-11-23T08:00:00, not {}",
                quoted(text)
            ));
        }
    };
    match zone.from_local_datetime(&naive) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => Ok(time.to_utc().into()),
        LocalResult::None => Err(format!("{naive} does not exist in {zone}: the clocks skip it")),
    }
}
