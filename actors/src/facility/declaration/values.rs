//! What a single value of a facility file may be. Every rule says what to write instead.

use crate::access::lists::parse_network;
use crate::facility::place::{quoted, suggestion};
use crate::key::{check_ssh_line, PublicKey};
use crate::password::PasswordHash;
use crate::zone::Reading;
use beamlive_storage::records::ContainerStatus;
use beamlive_storage::Timestamp;
use chrono::NaiveDate;
use chrono_tz::Tz;
use ipnet::IpNet;
use serde_json::Value;

/// Longest name, in characters; also of barcodes and locations.
const NAME: usize = 255;

/// Longest comment, in characters.
const COMMENTS: usize = 10_000;

/// A value as a message shows it.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a table".to_owned(),
        other => other.to_string(),
    }
}

/// One to 150 of `[A-Za-z0-9_-]`, as tokens take it.
pub(crate) fn username(text: &str) -> Result<String, String> {
    word(text, 150, &['_', '-'], "`_` or `-`")
}

/// One to 64 of `[A-Za-z0-9_.-]`: a path segment of its own in URLs.
pub(crate) fn acronym(text: &str) -> Result<String, String> {
    let acronym = word(text, 64, &['_', '.', '-'], "`_`, `.` or `-`")?;
    if acronym.chars().all(|c| c == '.') {
        return Err(format!("must be more than dots, not {}", quoted(text)));
    }
    Ok(acronym)
}

/// An e-mail address, checked only as far as needed to tell it from other texts.
pub(crate) fn email(text: &str) -> Result<String, String> {
    let text = line(text)?;
    let is_address = text
        .rsplit_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
    if !is_address || text.contains(char::is_whitespace) {
        return Err(format!(
            "must be an address such as anna@example.org, not {}",
            quoted(&text)
        ));
    }
    Ok(text)
}

/// Letters, digits and `others`, of which `described` is the list for people.
fn word(text: &str, longest: usize, others: &[char], described: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || others.contains(&c);
    if text.is_empty() || text.len() > longest || !text.chars().all(plain) {
        let given = quoted(text);
        return Err(format!(
            "must be 1 to {longest} letters, digits, {described}, not {given}"
        ));
    }
    Ok(text.to_owned())
}

/// A name for people: not blank, at most 255 characters, no control characters.
pub(crate) fn name(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("must not be empty".to_owned());
    }
    line(text)
}

/// One line of text that may be empty: at most 255 characters, no control characters.
pub(crate) fn line(text: &str) -> Result<String, String> {
    let text = at_most(text, NAME)?;
    if text.chars().any(char::is_control) {
        return Err(format!("must not hold control characters: {}", quoted(&text)));
    }
    Ok(text)
}

/// Several lines of text.
pub(crate) fn comments(text: &str) -> Result<String, String> {
    let text = at_most(text, COMMENTS)?;
    let is_wrong = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(is_wrong) {
        return Err("must not hold control characters".to_owned());
    }
    Ok(text)
}

fn at_most(text: &str, longest: usize) -> Result<String, String> {
    if text.chars().count() > longest {
        return Err(format!("must be at most {longest} characters long"));
    }
    Ok(text.to_owned())
}

/// Where a container is.
pub(crate) fn status(text: &str) -> Result<ContainerStatus, String> {
    let known = ContainerStatus::ALL.map(ContainerStatus::name);
    ContainerStatus::ALL
        .into_iter()
        .find(|status| status.name() == text)
        .ok_or_else(|| {
            let suggestion = suggestion(text, &known);
            format!(
                "must be one of {}, not {}{suggestion}",
                known.join(", "),
                quoted(text)
            )
        })
}

/// An address or a network in CIDR form, written in one way: IPv4 in IPv6 form is IPv4, and a
/// network of one address is that address.
pub(crate) fn network(text: &str) -> Result<String, String> {
    let Some(network) = parse_network(text) else {
        return Err(format!(
            "must be an address or a network such as 10.45.0.0/24, not {}",
            quoted(text)
        ));
    };
    if text.parse::<IpNet>().is_ok_and(|given| given != given.trunc()) {
        return Err(format!(
            "has bits set beyond the network's: write {network} or a single address"
        ));
    }
    Ok(if network.prefix_len() == network.max_prefix_len() {
        network.addr().to_string()
    } else {
        network.to_string()
    })
}

/// The instant of a date and time, the earlier one of a local time that is repeated in `zone`.
pub(crate) fn instant(text: &str, zone: Tz) -> Result<Timestamp, String> {
    let what = match Reading::parse(text) {
        Some(time) => match time.skipped(zone) {
            None => return Ok(time.instant(zone)),
            Some(naive) => {
                return Err(format!("{naive} does not exist in {zone}: the clocks skip it"));
            }
        },
        None if NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok() => "must have a time of day too",
        None => "must be a date and time",
    };
    Err(format!(
        "{what}, such as 2026-11-23T08:00:00, not {}",
        quoted(text)
    ))
}

/// The canonical line of a key that signs requests.
pub(crate) fn signing_key(line: &str) -> Result<String, String> {
    PublicKey::parse(line)
        .map(|key| key.line())
        .map_err(|error| error.to_string())
}

/// A line of `authorized_keys`. Lines that were cut out of a file keep its line ends.
pub(crate) fn ssh_key(line: &str) -> Result<String, String> {
    let line = line.trim();
    check_ssh_line(line)
        .map(|()| line.to_owned())
        .map_err(|error| error.to_string())
}

/// The hash of a password.
pub(crate) fn password_hash(text: &str) -> Result<String, String> {
    let hash = PasswordHash::parse(text).map_err(|error| error.to_string())?;
    Ok(hash.to_text())
}
