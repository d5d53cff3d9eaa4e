//! Deserializers of settings that need checks of their own.

use actix_web::http::header::HeaderValue;
use actix_web::http::Uri;
use beamlive_actors::access::lists;
use ipnet::IpNet;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// A number that is not 0.
pub(super) fn positive<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default + PartialEq,
{
    let number = T::deserialize(deserializer)?;
    if number == T::default() {
        return Err(D::Error::custom("it must be at least 1"));
    }
    Ok(number)
}

/// A number of days, which is not 0.
pub(super) fn days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    match Option::deserialize(deserializer)? {
        Some(0) => Err(D::Error::custom("it must be at least 1")),
        days => Ok(days),
    }
}

/// A URL with scheme and host. A slash at its end is removed.
pub(super) fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = whole_url(deserializer)?;
    Ok(text.map(|mut text| {
        text.truncate(text.trim_end_matches('/').len());
        text
    }))
}

/// A URL with scheme and host, as it is.
pub(super) fn whole_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let uri = text.parse::<Uri>().ok();
    let is_whole = uri
        .is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.authority().is_some());
    if !is_whole {
        return Err(D::Error::custom(format!(
            "{text:?} is no whole URL, such as https://beamlive.example.org"
        )));
    }
    Ok(Some(text))
}

/// A path that begins with a slash.
pub(super) fn absolute<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let path = String::deserialize(deserializer)?;
    if path.starts_with('/') {
        Ok(path)
    } else {
        Err(D::Error::custom(format!(
            "{path:?} is no absolute path, such as /protected"
        )))
    }
}

/// Ends of file names.
pub(super) fn suffixes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let suffixes = Vec::<String>::deserialize(deserializer)?;
    match suffixes.iter().find(|suffix| suffix.contains(['/', '\0'])) {
        Some(suffix) => Err(D::Error::custom(format!(
            "{suffix:?} is no end of a file name, such as .cbf"
        ))),
        None => Ok(suffixes),
    }
}

/// Addresses and networks, as a list or as one text with commas. Each is read as in access lists.
pub(super) fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        List(Vec<String>),
        Text(String),
    }
    let texts = match Given::deserialize(deserializer)? {
        Given::List(texts) => texts,
        Given::Text(text) => text.split(',').map(str::to_owned).collect(),
    };
    let parse = |text: &String| {
        lists::parse_network(text).ok_or_else(|| {
            D::Error::custom(format!(
                "{text:?} is no address such as 10.0.0.1 or network such as 10.0.0.0/8"
            ))
        })
    };
    texts.iter().map(parse).collect()
}

/// A text that no error repeats. The environment gives a text of digits as a number.
pub(super) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Text(String),
        Number(u64),
    }
    let given = Option::<Given>::deserialize(deserializer)
        .map_err(|_| D::Error::custom("the secret must be a text"))?;
    let text = given.map(|given| match given {
        Given::Text(text) => text,
        Given::Number(number) => number.to_string(),
    });
    let is_header = |text: &String| HeaderValue::from_str(text).is_ok();
    if text.as_ref().is_none_or(is_header) {
        Ok(text)
    } else {
        Err(D::Error::custom(
            "write visible characters only, because it is sent in a header",
        ))
    }
}
