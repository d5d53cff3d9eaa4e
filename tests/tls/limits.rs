//! The limits and deadlines of connections hold with TLS too.

use super::with_tls;
use crate::support::{eventually, Certificates, Site};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::client::TlsStream;

/// Longer than every deadline here, and the margin of a busy machine.
const SLACK: Duration = Duration::from_secs(14);
/// A large answer, which does not fit into the socket buffers.
const LARGE: &[u8] = b"GET /api/docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n";

async fn site(certificates: &Certificates) -> Site {
    Site::with(|settings| {
        with_tls(settings, certificates);
        let limits = &mut settings.limits;
        (limits.head_seconds, limits.write_seconds, limits.idle_seconds) = (1, 1, 3);
    })
    .await
}

async fn connect(site: &Site, certificates: &Certificates) -> TlsStream<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    let stream = socket.connect(site.address()).await.unwrap();
    certificates.connect(stream).await.unwrap()
}

async fn counted(site: &Site, limit: &str) -> u64 {
    let text = site.get("/metrics").await.text();
    let name = format!("beamlive_overload_total{{limit=\"{limit}\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&name));
    line.unwrap().parse().unwrap()
}

async fn rest(stream: &mut TlsStream<TcpStream>) -> String {
    let mut said = Vec::new();
    let read = tokio::time::timeout(SLACK, stream.read_to_end(&mut said)).await;
    // A reset after the answer also ends it.
    let _ = read.expect("the connection ends");
    String::from_utf8_lossy(&said).into_owned()
}

#[actix_web::test]
async fn a_handshake_that_does_not_progress_is_ended() {
    let certificates = Certificates::new();
    let site = site(&certificates).await;
    let mut silent = TcpStream::connect(site.address()).await.unwrap();
    let mut half = TcpStream::connect(site.address()).await.unwrap();
    half.write_all(&[22, 3, 1, 1, 0]).await.unwrap();
    for stream in [&mut silent, &mut half] {
        let ended = tokio::time::timeout(SLACK, stream.read(&mut [0; 16])).await;
        assert_eq!(ended.expect("the connection ends").unwrap(), 0);
    }
    assert_eq!(counted(&site, "slow_head").await, 2);
}

#[actix_web::test]
async fn a_head_that_does_not_arrive_is_answered_408() {
    let certificates = Certificates::new();
    let site = site(&certificates).await;
    let mut stream = connect(&site, &certificates).await;
    stream.write_all(b"GET / HTTP/1.1\r\nHo").await.unwrap();
    let said = rest(&mut stream).await;
    assert!(
        said.starts_with("HTTP/1.1 408") && said.contains("too_slow"),
        "{said}"
    );
}

#[actix_web::test]
async fn a_client_that_does_not_read_is_ended_and_one_that_reads_slowly_is_not() {
    let certificates = Certificates::new();
    let site = site(&certificates).await;
    let mut stalled = connect(&site, &certificates).await;
    stalled.write_all(LARGE).await.unwrap();
    let mut steady = connect(&site, &certificates).await;
    steady.write_all(LARGE).await.unwrap();
    let begin = Instant::now();
    let (mut read, mut buffer) = (0, vec![0; 16 * 1024]);
    loop {
        let bytes = steady.read(&mut buffer).await.unwrap();
        read += bytes;
        if read > 1_000_000 || bytes == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    assert!(read > 1_000_000, "only {read} bytes were received");
    assert!(
        begin.elapsed() > Duration::from_millis(1_500),
        "{:?}",
        begin.elapsed()
    );
    assert_eq!(counted(&site, "slow_reader").await, 1);
    let said = rest(&mut stalled).await;
    assert!(
        said.len() < 1_000_000,
        "the whole answer was sent: {}",
        said.len()
    );
}

#[actix_web::test]
async fn a_connection_beyond_the_limit_is_answered_in_tls() {
    let certificates = Certificates::new();
    let site = Site::with(|settings| {
        with_tls(settings, &certificates);
        settings.limits.connections = 8;
    })
    .await;
    let open = || site.app().connections.open();
    let mut kept = Vec::new();
    while open() < 8 {
        kept.push(TcpStream::connect(site.address()).await.unwrap());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut refused = connect(&site, &certificates).await;
    refused
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let said = rest(&mut refused).await;
    assert!(
        said.starts_with("HTTP/1.1 503") && said.contains("too many connections"),
        "{said}"
    );
    drop(kept);
    eventually("the others are closed", || async { (open() <= 1).then_some(()) }).await;
}

#[actix_web::test]
async fn what_is_no_http_is_answered_in_tls_with_the_reason() {
    let certificates = Certificates::new();
    let site = site(&certificates).await;
    let mut stream = connect(&site, &certificates).await;
    stream
        .write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/9\r\n\r\n")
        .await
        .unwrap();
    let said = rest(&mut stream).await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    assert!(
        said.contains("HTTP/1.1 400") && said.contains("not_http"),
        "{said}"
    );
}

#[actix_web::test]
async fn a_stop_finishes_what_is_in_flight_and_tells_new_clients() {
    let certificates = Certificates::new();
    let mut site = site(&certificates).await;
    let alice = site.client("alice").await;
    let body = serde_json::to_vec(&crate::support::dataset("last")).unwrap();
    let head = format!(
        "POST /api/v2/{}/data/BM/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        alice.token(),
        body.len()
    );
    let mut stream = connect(&site, &certificates).await;
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let address = site.address();
    let (_, said) = futures_util::future::join(site.stop(), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let late = TcpStream::connect(address).await.unwrap();
        let mut late = certificates.connect(late).await.unwrap();
        late.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        let told = rest(&mut late).await;
        assert!(
            told.starts_with("HTTP/1.1 503") && told.contains("stopping"),
            "{told}"
        );
        stream.write_all(&body).await.unwrap();
        rest(&mut stream).await
    })
    .await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
}
