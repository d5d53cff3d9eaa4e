//! Sends a copy to the service.

use super::content::Content;
use super::exchange::{Dropped, Exchange};
use super::head::Headers;
use beamlive_client::http::client_builder;
use beamlive_client::tls::Trust;
use beamlive_client::Failure;
use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Url};
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Longest answer of the service that is read.
const MAX_ANSWER: usize = 64 << 20;
/// Headers that concern one connection, or that are computed again for the copy.
const OWN: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
    "content-length",
    FORWARDED,
];
const FORWARDED: &str = "x-forwarded-for";

/// Where copies go.
#[derive(Debug)]
pub(super) struct Copies {
    client: Client,
    service: Url,
}

/// The answer to a copy.
#[derive(Debug)]
pub(super) struct Copied {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) content: Content,
    pub(super) took: Duration,
}

impl Copies {
    /// A client that waits at most `timeout` for an answer.
    ///
    /// # Errors
    /// When a file of `trust` can't be used.
    pub(super) fn new(service: Url, timeout: Duration, trust: &Trust) -> Result<Self, Failure> {
        let client = client_builder(trust)?.timeout(timeout).build()?;
        Ok(Self { client, service })
    }

    /// Sends a copy with this body.
    pub(super) async fn send(&self, exchange: &Exchange, body: Bytes) -> Result<Copied, Dropped> {
        let url = url(&self.service, &exchange.target).ok_or(Dropped::Target)?;
        let method = Method::from_bytes(exchange.method.as_bytes()).map_err(|_| Dropped::Target)?;
        let mut request = self
            .client
            .request(method, url)
            .headers(headers(&exchange.request_headers, exchange.client));
        if !body.is_empty() || exchange.request_headers.get("content-length").is_some() {
            request = request.body(body);
        }
        let began = Instant::now();
        let lost = |error: reqwest::Error| {
            if error.is_timeout() {
                Dropped::TimedOut
            } else {
                Dropped::Unreached
            }
        };
        let mut response = request.send().await.map_err(lost)?;
        let pairs = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
        let headers = Headers(pairs.collect());
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(lost)? {
            if body.len() + piece.len() > MAX_ANSWER {
                return Err(Dropped::TooLarge);
            }
            body.extend_from_slice(&piece);
        }
        Ok(Copied {
            status: response.status().as_u16(),
            content: Content::of(&headers, &body),
            headers,
            took: began.elapsed(),
        })
    }
}

/// The address of a copy, if it can be written exactly as the request's was.
fn url(service: &Url, target: &str) -> Option<Url> {
    // Anything else could name another host.
    if !target.starts_with('/') {
        return None;
    }
    let base = service.as_str().trim_end_matches('/');
    let url = Url::parse(&format!("{base}{target}")).ok()?;
    (url.as_str() == format!("{base}{target}")).then_some(url)
}

/// The headers of a copy. It names the client as the last that was forwarded, because beamlive sees
/// the shadow's own address as the peer's.
fn headers(sent: &Headers, client: IpAddr) -> HeaderMap {
    let named: Vec<String> = sent
        .all("connection")
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let mut headers = HeaderMap::new();
    for (name, value) in &sent.0 {
        let lower = name.to_ascii_lowercase();
        if OWN.contains(&lower.as_str()) || named.contains(&lower) {
            continue;
        }
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_bytes(value),
        ) {
            headers.append(name, value);
        }
    }
    let mut forwarded: Vec<String> = sent.all(FORWARDED).map(ToOwned::to_owned).collect();
    forwarded.push(client.to_canonical().to_string());
    if let Ok(value) = HeaderValue::from_str(&forwarded.join(", ")) {
        headers.insert(FORWARDED, value);
    }
    headers
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("/api/v2/alice:1vb66i:AA==/data/BM/")]
    #[case("/api/v2/alice%3A1:b'AA-_=='/data/BM?x=%20&y")]
    fn addresses_are_copied_exactly(#[case] target: &str) {
        let service = Url::parse("http://127.0.0.1:8000").unwrap();
        assert_eq!(
            url(&service, target).unwrap().as_str(),
            format!("http://127.0.0.1:8000{target}")
        );
    }

    #[rstest]
    #[case("/api/v2/../admin/")]
    #[case("/api/v2/a b/")]
    #[case("@example.org/api/v2/")]
    fn addresses_that_would_change_are_not_copied(#[case] target: &str) {
        let service = Url::parse("http://127.0.0.1:8000").unwrap();
        assert_eq!(url(&service, target), None);
    }

    #[test]
    fn the_client_is_named_and_the_connection_is_not() {
        let sent = [
            ("Host", "mx.example.org"),
            ("Connection", "keep-alive, X-Hop"),
            ("X-Hop", "1"),
            ("Content-Length", "5"),
            ("X-Forwarded-For", "10.1.1.1"),
            ("Accept", "a"),
            ("accept", "b"),
        ];
        let sent = sent.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        let headers = headers(&Headers(sent.to_vec()), "::ffff:10.2.2.2".parse().unwrap());
        assert_eq!(headers.len(), 4);
        assert_eq!(headers["host"], "mx.example.org");
        assert_eq!(headers["x-forwarded-for"], "10.1.1.1, 10.2.2.2");
        assert_eq!(headers.get_all("accept").iter().count(), 2);
    }
}
