#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use beamlive_actors::forwarder::Cause;
use beamlive_storage::ids::ProjectId;
use beamlive_storage::Timestamp;
use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const KEY: &str = "00112233445566778899aabbccddeeff00112233";

fn entry(directory: &str) -> PendingForward {
    PendingForward {
        directory: directory.to_owned(),
        project: ProjectId(1),
        created: Timestamp(0),
        attempts: 0,
        last_error: None,
    }
}

/// Reads one request: head and body, as text.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 1024];
        let read = stream.read(&mut piece).await.ok()?;
        if read == 0 {
            return None;
        }
        bytes.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .unwrap_or("0");
            if body.len() >= length.trim().parse::<usize>().unwrap() {
                return Some(String::from_utf8(bytes).unwrap());
            }
        }
    }
}

/// Answers each request with the bytes of `reply`, and passes the requests on. With `hang`, the
/// connection then stays open.
async fn serve(reply: Vec<u8>, hang: bool) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (seen, requests) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (reply, seen) = (reply.clone(), seen.clone());
            tokio::spawn(async move {
                while let Some(text) = request(&mut stream).await {
                    let _ = seen.send(text);
                    let _ = stream.write_all(&reply).await;
                    if !hang {
                        return;
                    }
                }
            });
        }
    });
    (url, requests)
}

fn http(status: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

async fn ask(url: &str) -> Result<SecureKey, ProxyError> {
    let proxy = HttpProxy::new(url, Duration::from_secs(20), None, None).unwrap();
    proxy.create(&entry("/users/alice")).await
}

#[tokio::test]
async fn the_directory_is_sent_unchanged_and_the_key_is_returned() {
    let (url, mut requests) = serve(http("200 OK", &format!(r#"{{"key": "{KEY}"}}"#)), true).await;
    let proxy = HttpProxy::new(&format!("{url}/download/"), Duration::from_secs(20), None, None).unwrap();
    for (directory, encoded) in [
        ("alice/sess 1", "path=alice%2Fsess+1"),
        ("/users/ä&path=x", "path=%2Fusers%2F%C3%A4%26path%3Dx"),
    ] {
        assert_eq!(proxy.create(&entry(directory)).await.unwrap().to_hex(), KEY);
        let request = requests.recv().await.unwrap();
        assert!(
            request.starts_with("POST /download/data/create/ HTTP/1.1\r\n"),
            "{request}"
        );
        assert!(
            request.contains("content-type: application/x-www-form-urlencoded\r\n"),
            "{request}"
        );
        assert!(request.ends_with(&format!("\r\n\r\n{encoded}")), "{request}");
    }
}

#[rstest]
#[case::none(r#"{"key": null}"#, ProxyError::NoKey)]
#[case::missing("{}", ProxyError::Garbage(2))]
#[case::empty("", ProxyError::Garbage(0))]
#[case::html("<html>", ProxyError::Garbage(6))]
#[case::list("[1]", ProxyError::Garbage(3))]
#[case::two_values(r#"{"key": null}{}"#, ProxyError::Garbage(15))]
#[case::number(r#"{"key": 7}"#, ProxyError::MalformedKey)]
#[case::short(r#"{"key": "0011"}"#, ProxyError::MalformedKey)]
#[case::upper(
    r#"{"key": "00112233445566778899AABBCCDDEEFF00112233"}"#,
    ProxyError::MalformedKey
)]
#[case::long(
    r#"{"key": "00112233445566778899aabbccddeeff001122334"}"#,
    ProxyError::MalformedKey
)]
#[case::not_hex(
    r#"{"key": "0011223344556677889-aabbccddeeff00112233"}"#,
    ProxyError::MalformedKey
)]
#[tokio::test]
async fn any_other_answer_with_200_is_a_failure_of_the_directory(
    #[case] body: &str,
    #[case] expected: ProxyError,
) {
    let (url, _requests) = serve(http("200 OK", body), false).await;
    let error = ask(&url).await.unwrap_err();
    assert_eq!(error, expected);
    assert_eq!(error.caused_by(), Cause::Directory);
}

#[rstest]
#[case("500 Internal Server Error", 500, Cause::Proxy)]
#[case("503 Service Unavailable", 503, Cause::Proxy)]
#[case("429 Too Many Requests", 429, Cause::Proxy)]
#[case("400 Bad Request", 400, Cause::Directory)]
#[case("404 Not Found", 404, Cause::Directory)]
#[case("201 Created", 201, Cause::Directory)]
#[tokio::test]
async fn any_other_status_is_a_failure_even_with_a_key(
    #[case] line: &str,
    #[case] status: u16,
    #[case] cause: Cause,
) {
    let (url, _requests) = serve(http(line, &format!(r#"{{"key": "{KEY}"}}"#)), false).await;
    let error = ask(&url).await.unwrap_err();
    assert_eq!(error, ProxyError::Status(status));
    assert_eq!(error.caused_by(), cause);
}

/// A Data Proxy that refuses one kind of body with `status` and gives a key for the other. The kind
/// can be changed.
async fn strict(status: &'static str, json: Arc<AtomicBool>) -> (HttpProxy, mpsc::UnboundedReceiver<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (seen, requests) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (json, seen) = (json.clone(), seen.clone());
            tokio::spawn(async move {
                while let Some(text) = request(&mut stream).await {
                    let is_json = text.contains("content-type: application/json\r\n");
                    assert!(!is_json || text.ends_with(r#"{"path":"/users/alice"}"#), "{text}");
                    let _ = seen.send(is_json);
                    let reply = match is_json == json.load(Ordering::SeqCst) {
                        true => http("200 OK", &format!(r#"{{"key": "{KEY}"}}"#)),
                        false => http(status, "{}"),
                    };
                    let _ = stream.write_all(&reply).await;
                }
            });
        }
    });
    (
        HttpProxy::new(&url, Duration::from_secs(20), None, None).unwrap(),
        requests,
    )
}

fn seen(requests: &mut mpsc::UnboundedReceiver<bool>) -> Vec<bool> {
    std::iter::from_fn(|| requests.try_recv().ok()).collect()
}

#[rstest]
#[case("400 Bad Request")]
#[case("415 Unsupported Media Type")]
#[case("422 Unprocessable Entity")]
#[case("500 Internal Server Error")]
#[tokio::test]
async fn the_accepted_kind_of_body_is_remembered_until_it_is_refused(#[case] status: &'static str) {
    let json = Arc::new(AtomicBool::new(true));
    let (proxy, mut requests) = strict(status, json.clone()).await;
    let create = || async { proxy.create(&entry("/users/alice")).await.map(|key| key.to_hex()) };
    assert_eq!(create().await.unwrap(), KEY);
    assert_eq!(seen(&mut requests), [false, true]);
    assert_eq!(create().await.unwrap(), KEY);
    assert_eq!(seen(&mut requests), [true], "what worked is remembered");
    json.store(false, Ordering::SeqCst);
    assert_eq!(create().await.unwrap(), KEY);
    assert_eq!(seen(&mut requests), [true, false]);
    assert_eq!(create().await.unwrap(), KEY);
    assert_eq!(seen(&mut requests), [false]);
}

#[rstest]
#[case("408 Request Timeout")]
#[case("429 Too Many Requests")]
#[case("504 Gateway Timeout")]
#[case("201 Created")]
#[case("302 Found")]
#[tokio::test]
async fn only_a_refusal_is_followed_by_a_second_request(#[case] status: &'static str) {
    let (proxy, mut requests) = strict(status, Arc::new(AtomicBool::new(true))).await;
    assert!(proxy.create(&entry("/users/alice")).await.is_err());
    assert_eq!(seen(&mut requests), [false]);
}

#[tokio::test]
async fn after_a_timeout_or_an_answer_without_a_key_there_is_no_second_request() {
    let (url, mut requests) = serve(Vec::new(), true).await;
    let proxy = HttpProxy::new(&url, Duration::from_millis(100), None, None).unwrap();
    assert_eq!(
        proxy.create(&entry("/users/alice")).await,
        Err(ProxyError::Timeout)
    );
    requests.recv().await.unwrap();
    assert!(requests.try_recv().is_err());
    let (url, mut requests) = serve(http("200 OK", r#"{"key": null}"#), true).await;
    assert_eq!(ask(&url).await, Err(ProxyError::NoKey));
    requests.recv().await.unwrap();
    assert!(requests.try_recv().is_err());
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (elsewhere, mut requests) = serve(http("200 OK", &format!(r#"{{"key": "{KEY}"}}"#)), true).await;
    let reply =
        format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: {elsewhere}/\r\ncontent-length: 0\r\n\r\n");
    let (url, _requests) = serve(reply.into_bytes(), true).await;
    assert_eq!(ask(&url).await, Err(ProxyError::Status(307)));
    assert!(requests.try_recv().is_err());
}

#[rstest]
#[case::announced(format!("HTTP/1.1 200 OK\r\ncontent-length: 9999999999\r\n\r\n{}", "x".repeat(100_000)))]
#[case::streamed(format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}", format!("4000\r\n{}\r\n", "x".repeat(0x4000)).repeat(6)))]
#[tokio::test]
async fn an_endless_answer_is_a_failure(#[case] reply: String) {
    let (url, _requests) = serve(reply.into_bytes(), true).await;
    assert_eq!(ask(&url).await, Err(ProxyError::TooLong(ANSWER_LIMIT)));
}

#[rstest]
#[case::before_the_head(b"".to_vec())]
#[case::in_the_head(b"HTTP/1.1 200".to_vec())]
#[case::no_http(b"SSH-2.0-OpenSSH\r\n".to_vec())]
#[case::in_the_body(b"HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\n{\"key\"".to_vec())]
#[tokio::test]
async fn a_broken_connection_is_a_failure_of_the_proxy(#[case] reply: Vec<u8>) {
    let (url, _requests) = serve(reply, false).await;
    let error = ask(&url).await.unwrap_err();
    assert!(matches!(error, ProxyError::Broken(_)), "{error:?}");
    assert_eq!(error.caused_by(), Cause::Proxy);
}

#[rstest]
#[case::no_answer(Vec::new())]
#[case::half_an_answer(b"HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\n{\"key\"".to_vec())]
#[tokio::test]
async fn a_proxy_that_hangs_is_a_timeout(#[case] reply: Vec<u8>) {
    let (url, _requests) = serve(reply, true).await;
    let proxy = HttpProxy::new(&url, Duration::from_millis(100), None, None).unwrap();
    assert_eq!(
        proxy.create(&entry("/users/alice")).await,
        Err(ProxyError::Timeout)
    );
}

#[tokio::test]
async fn a_connection_failure_is_described_without_the_password() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = ask(&format!("http://staff:secret@{address}")).await.unwrap_err();
    let ProxyError::Connect(text) = &error else {
        panic!("{error:?}")
    };
    assert!(!text.is_empty() && !text.contains("secret"), "{text}");
}

#[rstest]
#[case("")]
#[case("proxy.example.org")]
#[case("ftp://proxy.example.org")]
#[case("http://proxy.example.org/?a=b")]
fn invalid_urls_are_refused(#[case] url: &str) {
    assert!(matches!(
        HttpProxy::new(url, Duration::from_secs(1), None, None),
        Err(ClientError::Url(_))
    ));
}

#[test]
fn https_is_possible() {
    assert!(HttpProxy::new(
        "https://proxy.example.org/download",
        Duration::from_secs(1),
        None,
        None
    )
    .is_ok());
}
