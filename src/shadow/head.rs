//! Heads of requests and answers, parsed, and what they say about the length of their bodies. Pure.

use super::message::{Framing, Unreadable};

/// Most headers of a head.
const MAX_HEADERS: usize = 256;

/// Headers in their order, with the names as they were sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Headers(pub(super) Vec<(String, Vec<u8>)>);

impl Headers {
    fn of(parsed: &[httparse::Header<'_>]) -> Self {
        let pairs = parsed
            .iter()
            .map(|header| (header.name.to_owned(), header.value.to_vec()));
        Self(pairs.collect())
    }

    /// All values of a header that are text.
    pub(super) fn all<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h str> {
        let own = self
            .0
            .iter()
            .filter(move |(own, _)| own.eq_ignore_ascii_case(name));
        own.filter_map(|(_, value)| std::str::from_utf8(value).ok())
            .map(str::trim)
    }

    /// The first value of a header.
    pub(super) fn get<'h>(&'h self, name: &'h str) -> Option<&'h str> {
        self.all(name).next()
    }

    /// Whether a list in a header has this word.
    fn lists(&self, name: &str, word: &str) -> bool {
        self.all(name)
            .flat_map(|value| value.split(','))
            .any(|item| item.trim().eq_ignore_ascii_case(word))
    }

    /// The framing that the headers name, if they name one.
    fn framing(&self) -> Result<Option<Framing>, Unreadable> {
        if self.lists("transfer-encoding", "chunked") {
            return Ok(Some(Framing::Chunked));
        }
        let length = self.get("content-length");
        length
            .map(|length| length.parse().map(Framing::Length).map_err(|_| Unreadable))
            .transpose()
    }
}

/// The head of a request.
#[derive(Debug, Clone)]
pub(super) struct RequestHead {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Headers,
    pub(super) framing: Framing,
}

/// The head of an answer.
#[derive(Debug, Clone)]
pub(super) struct ResponseHead {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) framing: Framing,
}

impl RequestHead {
    pub(super) fn parse(head: &[u8]) -> Result<Self, Unreadable> {
        let mut parsed = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut parsed);
        if !request.parse(head).map_err(|_| Unreadable)?.is_complete() {
            return Err(Unreadable);
        }
        let headers = Headers::of(request.headers);
        Ok(Self {
            method: request.method.ok_or(Unreadable)?.to_owned(),
            target: request.path.ok_or(Unreadable)?.to_owned(),
            framing: headers.framing()?.unwrap_or(Framing::Length(0)),
            headers,
        })
    }
}

impl ResponseHead {
    /// Parses the head of an answer to a request with this method.
    pub(super) fn parse(head: &[u8], method: &str) -> Result<Self, Unreadable> {
        let mut parsed = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut parsed);
        if !response.parse(head).map_err(|_| Unreadable)?.is_complete() {
            return Err(Unreadable);
        }
        let status = response.code.ok_or(Unreadable)?;
        let headers = Headers::of(response.headers);
        let framing = match status {
            101 => Framing::Other,
            100..=199 => Framing::Interim,
            200..=299 if method == "CONNECT" => Framing::Other,
            204 | 304 => Framing::Length(0),
            _ if method == "HEAD" => Framing::Length(0),
            _ => headers.framing()?.unwrap_or(Framing::UntilEnd),
        };
        Ok(Self {
            status,
            headers,
            framing,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("GET / HTTP/1.1\r\n\r\n", Framing::Length(0))]
    #[case("POST / HTTP/1.1\r\ncontent-LENGTH: 12\r\n\r\n", Framing::Length(12))]
    #[case(
        "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n",
        Framing::Chunked
    )]
    fn requests_say_how_long_they_are(#[case] head: &str, #[case] framing: Framing) {
        assert_eq!(RequestHead::parse(head.as_bytes()).unwrap().framing, framing);
    }

    #[rstest]
    #[case("HTTP/1.1 200 OK\r\n\r\n", "GET", Framing::UntilEnd)]
    #[case("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "GET", Framing::Length(5))]
    #[case("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", Framing::Length(0))]
    #[case(
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        "GET",
        Framing::Length(0)
    )]
    #[case("HTTP/1.1 100 Continue\r\n\r\n", "POST", Framing::Interim)]
    #[case("HTTP/1.1 101 Switching Protocols\r\n\r\n", "GET", Framing::Other)]
    #[case("HTTP/1.1 200 OK\r\n\r\n", "CONNECT", Framing::Other)]
    fn answers_say_how_long_they_are(#[case] head: &str, #[case] method: &str, #[case] framing: Framing) {
        let head = ResponseHead::parse(head.as_bytes(), method).unwrap();
        assert_eq!(head.framing, framing);
    }

    #[test]
    fn a_length_that_is_no_number_is_not_guessed() {
        let head = b"POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n";
        assert_eq!(RequestHead::parse(head).unwrap_err(), Unreadable);
    }
}
