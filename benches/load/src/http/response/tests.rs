#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;

/// Status and body of the first prefix of `bytes` that is a whole response, which must be all of
/// `bytes`.
fn whole(bytes: &[u8]) -> (u16, Vec<u8>) {
    for end in 0..=bytes.len() {
        let mut sofar = bytes[..end].to_vec();
        let Some(head) = head(&sofar).unwrap() else {
            continue;
        };
        let ended = end == bytes.len() && head.body == Length::UntilEnd;
        if let Some(range) = body(&head, &mut sofar, ended).unwrap() {
            assert_eq!(end, bytes.len(), "complete too early");
            return (head.status, sofar[range].to_vec());
        }
    }
    (0, Vec::new())
}

#[test]
fn a_body_ends_as_its_head_says() {
    let length = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    assert_eq!(whole(length), (200, b"hello".to_vec()));
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
    assert_eq!(whole(chunked), (200, b"hello".to_vec()));
    let until_end = b"HTTP/1.0 500 No\r\n\r\nhello";
    assert_eq!(whole(until_end), (500, b"hello".to_vec()));
    let none = b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n";
    assert_eq!(whole(none), (304, Vec::new()));
}

#[test]
fn a_connection_is_kept_unless_the_head_says_otherwise() {
    let closes = |text: &str| head(text.as_bytes()).unwrap().unwrap().closes;
    assert!(!closes("HTTP/1.1 200 OK\r\n\r\n"));
    assert!(closes("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"));
    assert!(closes("HTTP/1.0 200 OK\r\n\r\n"));
    assert!(!closes("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n"));
}

#[test]
fn bytes_that_are_not_http_are_an_error() {
    assert!(head(b"SSH-2.0-OpenSSH\r\n\r\n").is_err());
    assert!(head(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n").is_err());
    let text = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";
    let parsed = head(text).unwrap().unwrap();
    assert!(body(&parsed, &mut text.to_vec(), false).is_err());
    let text = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", usize::MAX);
    let parsed = head(text.as_bytes()).unwrap().unwrap();
    assert!(body(&parsed, &mut text.into_bytes(), false).is_err());
}
