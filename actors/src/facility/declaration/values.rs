//! What a single value of a facility file may be. Every rule says what to write instead.

use crate::access::lists::parse_network;
use crate::facility::place::{quoted, suggestion};
use crate::key::{check_ssh_line, PublicKey};
use crate::zone::Reading;
use beamlive_storage::records::ContainerStatus;
use beamlive_storage::Timestamp;
use chrono::NaiveDate;
use chrono_tz::Tz;
use ipnet::IpNet;
use serde::de::{DeserializeSeed, Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

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

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident($value:ty) = $rule:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, PartialEq)]
        pub(crate) struct $name(pub(crate) $value);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let rule: fn(&str) -> Result<$value, String> = $rule;
                rule(<&str>::deserialize(deserializer)?).map(Self).map_err(D::Error::custom)
            }
        }

        impl AsRef<$value> for $name {
            fn as_ref(&self) -> &$value {
                &self.0
            }
        }
    )*};
}

texts! {
    /// One to 150 of `[A-Za-z0-9_-]`, as tokens take it.
    Username(String) = username;
    /// One to 64 of `[A-Za-z0-9_.-]`: a path segment of its own in URLs.
    Acronym(String) = acronym;
    /// A name for people: not blank, at most 255 characters, no control characters.
    Name(String) = name;
    /// One line of text that may be empty: at most 255 characters, no control characters.
    Line(String) = line;
    /// Several lines of text.
    Comments(String) = comments;
    /// Where a container is.
    Status(ContainerStatus) = status;
    /// An address or a network in CIDR form, written in one way: IPv4 in IPv6 form is IPv4, and a
    /// network of one address is that address.
    Network(String) = network;
    /// The canonical line of a key that signs requests.
    SigningKey(String) = |line| PublicKey::parse(line).map(|key| key.line()).map_err(|e| e.to_string());
    /// A line of `authorized_keys`. Lines that were cut out of a file keep its line ends.
    SshKey(String) = |line| {
        let line = line.trim();
        check_ssh_line(line).map(|()| line.to_owned()).map_err(|e| e.to_string())
    };
}

/// A date and time. The reader gives it an instant instead of the text, because it knows the zone.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename = "Time")]
pub(crate) struct Time(pub(crate) Timestamp);

impl Time {
    /// The name by which the reader knows this type.
    pub(super) const NAME: &'static str = "Time";
}

/// Different values, in the order of the file.
#[derive(Debug, PartialEq)]
pub(crate) struct List<T>(pub(crate) Vec<T>);

impl<T: AsRef<String>> List<T> {
    /// The values as text.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.0.iter().map(|item| item.as_ref().clone()).collect()
    }
}

impl<'de, T: Deserialize<'de> + AsRef<String>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + AsRef<String>> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts")
    }

    /// Goes on after an item that is wrong, so that all of them are noted.
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<List<T>, A::Error> {
        let mut list = Vec::new();
        let mut seen = HashSet::new();
        let mut wrong = None;
        loop {
            match items.next_element_seed(Item(&mut seen, PhantomData)) {
                Ok(Some(item)) => list.push(item),
                Ok(None) => return wrong.map_or(Ok(List(list)), Err),
                Err(error) => wrong = Some(error),
            }
        }
    }
}

/// An item that the list does not hold yet.
struct Item<'a, T>(&'a mut HashSet<String>, PhantomData<T>);

impl<'de, T: Deserialize<'de> + AsRef<String>> DeserializeSeed<'de> for Item<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        let item = T::deserialize(deserializer)?;
        if self.0.insert(item.as_ref().clone()) {
            return Ok(item);
        }
        let message = format!("stands in the list twice: {}", quoted(item.as_ref()));
        Err(D::Error::custom(message))
    }
}

fn username(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if text.is_empty() || text.len() > 150 || !text.chars().all(plain) {
        return Err(format!(
            "must be 1 to 150 letters, digits, `_` or `-`, not {}",
            quoted(text)
        ));
    }
    Ok(text.to_owned())
}

fn acronym(text: &str) -> Result<String, String> {
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

fn name(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("must not be empty".to_owned());
    }
    line(text)
}

fn line(text: &str) -> Result<String, String> {
    if text.chars().count() > NAME {
        return Err(format!("must be at most {NAME} characters long"));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("must not hold control characters: {}", quoted(text)));
    }
    Ok(text.to_owned())
}

fn comments(text: &str) -> Result<String, String> {
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

fn status(text: &str) -> Result<ContainerStatus, String> {
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

pub(super) fn network(text: &str) -> Result<String, String> {
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
pub(super) fn instant(text: &str, zone: Tz) -> Result<Timestamp, String> {
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
