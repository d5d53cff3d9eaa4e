//! Slow clients, and only those, are disconnected at their deadline.

use super::{counted, dataset, upload_head};
use crate::support::{Client, Site};
use futures_util::future::join_all;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// The longest deadline of the tests, and the margin of a busy machine.
const DEADLINES: Duration = Duration::from_secs(4);
const SLACK: Duration = Duration::from_secs(10);
/// A large answer, which does not fit into the socket buffers.
const LARGE: &str = "GET /api/docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n";

async fn site() -> Site {
    Site::with(|settings| {
        let limits = &mut settings.limits;
        (limits.head_seconds, limits.body_seconds) = (1, 1);
        (limits.write_seconds, limits.idle_seconds) = (1, 3);
    })
    .await
}

/// Writes a byte every 50 ms until the service ends the connection. Returns its answer.
async fn drip(mut stream: TcpStream, bytes: Vec<u8>) -> String {
    let (mut reading, mut writing) = stream.split();
    let dripping = async {
        for byte in bytes.iter().cycle() {
            if writing.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        std::future::pending::<()>().await;
    };
    let mut said = Vec::new();
    tokio::select! {
        // A reset after the answer also ends it.
        _ = reading.read_to_end(&mut said) => {}
        () = dripping => {}
    }
    String::from_utf8_lossy(&said).into_owned()
}

/// The head of a request that never ends.
async fn head(site: &Site) -> String {
    let mut stream = TcpStream::connect(site.address()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    drip(stream, b"x".to_vec()).await
}

/// A body that arrives byte by byte.
async fn body(site: &Site, alice: &Client) -> String {
    let mut stream = TcpStream::connect(site.address()).await.unwrap();
    stream
        .write_all(upload_head(alice, Some(10_000)).as_bytes())
        .await
        .unwrap();
    drip(stream, b" ".to_vec()).await
}

/// A whole request, then one that never ends.
async fn second(site: &Site) -> String {
    let mut stream = TcpStream::connect(site.address()).await.unwrap();
    let both = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n";
    stream.write_all(both).await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    drip(stream, b"x".to_vec()).await
}

/// Requests a large answer and does not read it until the service gives up.
async fn reader(site: &Site) {
    let stream = slow_reader(site).await;
    loop {
        // A write finds the end without reading the answer.
        stream.writable().await.unwrap();
        if stream.try_write(b"\r\n").is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn slow_reader(site: &Site) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    let mut stream = socket.connect(site.address()).await.unwrap();
    stream.write_all(LARGE.as_bytes()).await.unwrap();
    stream
}

#[actix_web::test]
async fn two_hundred_slow_clients_are_ended_while_others_are_served() {
    let site = site().await;
    let alice = site.client("alice").await;
    let begin = Instant::now();
    let slow = async {
        let heads = join_all((0..50).map(|_| head(&site)));
        let bodies = join_all((0..50).map(|_| body(&site, &alice)));
        let seconds = join_all((0..50).map(|_| second(&site)));
        let readers = join_all((0..50).map(|_| reader(&site)));
        let ended = futures_util::future::join4(heads, bodies, seconds, readers);
        let ended = tokio::time::timeout(DEADLINES + SLACK, ended).await;
        ended.expect("all are disconnected at their deadlines")
    };
    let polite = async {
        let mut longest = Duration::ZERO;
        let client = alice.on_its_own_connection();
        while begin.elapsed() < DEADLINES {
            let asked = Instant::now();
            assert_eq!(client.data("BM", &dataset("polite")).await.status, 200);
            longest = longest.max(asked.elapsed());
        }
        longest
    };
    let ((heads, bodies, seconds, _), longest) = futures_util::future::join(slow, polite).await;
    assert!(longest < DEADLINES / 2, "another client waited for {longest:?}");
    for said in heads.iter().chain(&bodies) {
        assert!(said.starts_with("HTTP/1.1 408"), "{said:?}");
    }
    for said in &seconds {
        assert!(
            said.contains("HTTP/1.1 408") && said.contains("too_slow"),
            "{said:?}"
        );
    }
    assert_eq!(counted(&site, "slow_head").await, 100);
    assert_eq!(counted(&site, "slow_reader").await, 50);
}

#[actix_web::test]
async fn an_answer_that_is_read_slowly_but_steadily_is_not_ended() {
    let site = site().await;
    let begin = Instant::now();
    let mut stream = slow_reader(&site).await;
    let mut read = 0;
    let mut buffer = vec![0; 96 * 1024];
    loop {
        let bytes = stream.read(&mut buffer).await.unwrap();
        if bytes == 0 {
            break;
        }
        read += bytes;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(read > 1_000_000, "only {read} bytes were received");
    assert!(
        begin.elapsed() > DEADLINES,
        "the reader was not slow: {:?}",
        begin.elapsed()
    );
    assert_eq!(counted(&site, "slow_reader").await, 0);
}

#[actix_web::test]
async fn a_handler_that_works_longer_than_its_connections_deadlines_is_not_ended() {
    let mut site = site().await;
    site.restart_with(|settings| settings.limits.body_seconds = 60)
        .await;
    let alice = site.client("alice").await;
    let body = serde_json::to_vec(&dataset("slow")).unwrap();
    let mut stream = TcpStream::connect(site.address()).await.unwrap();
    stream
        .write_all(upload_head(&alice, Some(body.len())).as_bytes())
        .await
        .unwrap();
    let pause = 2 * DEADLINES / u32::try_from(body.len()).unwrap();
    for byte in body {
        stream.write_all(&[byte]).await.unwrap();
        tokio::time::sleep(pause).await;
    }
    let mut said = [0; 12];
    stream.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"HTTP/1.1 200");
    assert_eq!(counted(&site, "slow_head").await, 0);
}

#[actix_web::test]
async fn an_idle_connection_is_closed_without_an_answer() {
    let site = site().await;
    let mut stream = TcpStream::connect(site.address()).await.unwrap();
    stream
        .write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut said = Vec::new();
    let ended = tokio::time::timeout(DEADLINES + SLACK, stream.read_to_end(&mut said)).await;
    ended.expect("the connection is closed").unwrap();
    let said = String::from_utf8_lossy(&said);
    assert_eq!(said.matches("HTTP/1.1").count(), 1, "{said}");
}
