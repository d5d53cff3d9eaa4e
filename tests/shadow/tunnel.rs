//! What passes is unchanged, whatever the real server and the copies do.

use super::upstream::{answer, large, Act, Upstream};
use super::{assert_sums, nowhere, row, send, shadow};
use rstest::rstest;
use std::time::{Duration, Instant};

const LIST: &str = "/api/v2/accesslist/";
const EVERYTHING: usize = usize::MAX;

/// Requests as bytes, answers as bytes: what a client and a server send.
fn dialogue() -> (Vec<u8>, Vec<u8>) {
    let requests = [
        "GET /api/v2/accesslist/ HTTP/1.1\r\nhOsT: mx\r\nX-Odd:   spaces  \r\nX-Odd: twice\r\n\r\n",
        "POST /api/v2/accesslist/?a=%20&b HTTP/1.1\r\nHost: mx\r\nTransfer-Encoding: chunked\r\n\r\n\
         3\r\nabc\r\n0\r\n\r\n",
        "HEAD /page HTTP/1.1\r\nHost: mx\r\n\r\n",
        "PROPFIND /dav HTTP/1.1\r\nHost: mx\r\nContent-Length: 2\r\n\r\nxy",
        "GET /last HTTP/1.1\r\nHost: mx\r\nConnection: close\r\n\r\n",
    ];
    let answers = [
        "HTTP/1.1 200 Very Fine\r\nserver: Gunicorn\r\nSet-Cookie: a\r\nset-cookie: b\r\nContent-Length: 2\r\n\r\n[]",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n1;e=1\r\n[\r\n1\r\n]\r\n0\r\nX-T: 1\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 123\r\n\r\n",
        "HTTP/1.1 207 Multi-Status\r\nContent-Length: 0\r\nX-Umlaut: \u{fc}\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\nuntil the end",
    ];
    (requests.concat().into_bytes(), answers.concat().into_bytes())
}

/// A server that gives the answers of the dialogue.
fn scripted() -> Upstream {
    let (_, answers) = dialogue();
    let parts = [0, 1, 2, 3, 4].map(|number| {
        let starts: Vec<_> = answers
            .windows(5)
            .enumerate()
            .filter(|(_, bytes)| bytes == b"HTTP/")
            .map(|(at, _)| at)
            .chain([answers.len()])
            .collect();
        answers[starts[number]..starts[number + 1]].to_vec()
    });
    Upstream::start(move |seen| match seen.line().as_str() {
        "GET /api/v2/accesslist/" => Act::Say(parts[0].clone()),
        "POST /api/v2/accesslist/?a=%20&b" => Act::Say(parts[1].clone()),
        "HEAD /page" => Act::Say(parts[2].clone()),
        "PROPFIND /dav" => Act::Say(parts[3].clone()),
        _ => Act::Cut(parts[4].clone()),
    })
}

#[actix_web::test]
async fn every_byte_passes_as_it_is() {
    let upstream = scripted();
    let shadow = shadow(&upstream.url(), &nowhere(), |_| {}).await;
    let (requests, answers) = dialogue();
    let got = send(shadow.address(), &requests, EVERYTHING).await;
    assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(&answers));
    assert_eq!(upstream.bytes(), [requests]);
    let report = shadow.stop().await.unwrap();
    assert_sums(&report);
    assert_eq!((report.requests, report.not_copied, report.dropped), (5, 3, 2));
    assert_eq!((report.unread, report.no_upstream), (0, 0));
}

#[actix_web::test]
async fn large_bodies_stream_both_ways_and_are_not_copied() {
    const LENGTH: usize = 100 << 20;
    let upstream = Upstream::start(|_| Act::Large(LENGTH));
    let shadow = shadow(&upstream.url(), &nowhere(), |_| {}).await;
    let body = large(LENGTH);
    let mut request = format!("POST {LIST} HTTP/1.1\r\nContent-Length: {LENGTH}\r\n\r\n").into_bytes();
    request.extend_from_slice(&body);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n");
    let got = send(shadow.address(), &request, head.len() + LENGTH).await;
    assert!(
        got.starts_with(head.as_bytes()) && got[head.len()..] == body,
        "the answer is another one"
    );
    assert!(upstream.bytes() == [request], "the request is another one");
    let report = shadow.stop().await.unwrap();
    assert_sums(&report);
    let dropped = &row(&report, "POST", LIST).dropped;
    assert_eq!((dropped.len(), dropped[0].count), (1, 1));
    assert_eq!(dropped[0].why, "longer than what is copied");
}

#[actix_web::test]
async fn a_client_waits_for_the_real_server_to_ask_for_the_body() {
    let done = answer("200 OK", "", "[]");
    let said = done.clone();
    let upstream = Upstream::start(move |seen| {
        if seen.line().contains("/refused/") {
            Act::Say(answer("417 Expectation Failed", "", ""))
        } else {
            Act::AfterContinue(said.clone())
        }
    });
    let shadow = shadow(&upstream.url(), &nowhere(), |_| {}).await;
    let head = format!("POST {LIST} HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    let goes_on = b"HTTP/1.1 100 Continue\r\n\r\n";
    let mut stream = tokio::net::TcpStream::connect(shadow.address()).await.unwrap();
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut asked = vec![0; goes_on.len()];
    stream.read_exact(&mut asked).await.unwrap();
    assert_eq!(asked, goes_on);
    stream.write_all(b"abc").await.unwrap();
    let mut answered = vec![0; done.len()];
    stream.read_exact(&mut answered).await.unwrap();
    assert_eq!(answered, done);
    let refused = head.replace("accesslist", "refused");
    let refusal = answer("417 Expectation Failed", "", "");
    assert_eq!(
        send(shadow.address(), refused.as_bytes(), refusal.len()).await,
        refusal
    );
}

#[actix_web::test]
async fn an_upgrade_is_passed_on() {
    let switch = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n";
    let upstream = Upstream::start(move |_| Act::Echo(switch.into()));
    let shadow = shadow(&upstream.url(), &nowhere(), |_| {}).await;
    let request = "GET /socket HTTP/1.1\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n\u{1}\u{2}not HTTP";
    let expected = format!("{switch}\u{1}\u{2}not HTTP");
    let got = send(shadow.address(), request.as_bytes(), expected.len()).await;
    assert_eq!(String::from_utf8_lossy(&got), expected);
    let report = shadow.stop().await.unwrap();
    assert_sums(&report);
    assert_eq!((report.unread, report.not_copied), (1, 1));
}

#[rstest]
#[case::not_http(&b"\x16\x03\x01 this is no HTTP\r\n\r\n"[..])]
#[case::two_lengths(b"POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n")]
#[case::empty_name(b"GET / HTTP/1.1\r\n: x\r\n\r\n")]
#[actix_web::test]
async fn what_can_t_be_read_passes_too(#[case] request: &'static [u8]) {
    let upstream = Upstream::start(|_| Act::Cut(answer("400 Bad Request", "", "no")));
    let shadow = shadow(&upstream.url(), &nowhere(), |_| {}).await;
    let got = send(shadow.address(), request, EVERYTHING).await;
    assert_eq!(got, answer("400 Bad Request", "", "no"));
    assert!(upstream.bytes()[0].starts_with(&request[..request.len() - 1]));
    let report = shadow.stop().await.unwrap();
    assert_sums(&report);
    assert_eq!((report.unread, report.requests), (1, 0));
}

fn words(answer: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

#[actix_web::test]
async fn a_dead_server_is_a_bad_gateway() {
    let shadow = shadow(&nowhere(), "http://127.0.0.1:1", |_| {}).await;
    for (request, has_body) in [("GET", true), ("HEAD", false)] {
        let request = format!("{request} {LIST} HTTP/1.1\r\nHost: mx\r\n\r\n");
        let (head, body) = words(&send(shadow.address(), request.as_bytes(), EVERYTHING).await);
        assert!(head.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{head}");
        assert!(head.contains("Connection: close"), "{head}");
        assert_eq!(body.contains("can't be reached"), has_body, "{body}");
    }
    let report = shadow.stop().await.unwrap();
    assert_sums(&report);
    assert_eq!((report.no_upstream, report.requests, report.dropped), (2, 2, 2));
}

#[actix_web::test]
async fn a_server_that_hangs_up_is_a_bad_gateway_and_a_cut_answer_is_cut() {
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
    let upstream = Upstream::start(move |seen| match seen.line().as_str() {
        "GET /nothing" => Act::Cut(Vec::new()),
        "GET /half" => Act::Cut(cut.to_vec()),
        _ => Act::Say(answer("200 OK", "", "fine")),
    });
    let shadow = shadow(&upstream.url(), &nowhere(), |_| {}).await;
    let got = send(shadow.address(), b"GET /nothing HTTP/1.1\r\n\r\n", EVERYTHING).await;
    assert!(
        got.starts_with(b"HTTP/1.1 502 "),
        "{}",
        String::from_utf8_lossy(&got)
    );
    let got = send(shadow.address(), b"GET /half HTTP/1.1\r\n\r\n", EVERYTHING).await;
    assert_eq!(got, cut);
    // On a kept connection, the client must see what the server did: it may try again.
    let kept = b"GET /fine HTTP/1.1\r\n\r\nGET /nothing HTTP/1.1\r\n\r\n";
    let got = send(shadow.address(), kept, EVERYTHING).await;
    assert_eq!(got, answer("200 OK", "", "fine"));
    let report = shadow.stop().await.unwrap();
    assert_sums(&report);
    assert_eq!((report.no_upstream, report.requests), (1, 4));
}

#[actix_web::test]
async fn a_late_answer_is_waited_for_and_one_that_never_comes_ends_with_its_client() {
    let late = answer("200 OK", "", "late");
    let said = late.clone();
    let upstream = Upstream::start(move |seen| match seen.line().as_str() {
        "GET /late" => Act::Late(Duration::from_millis(300), said.clone()),
        _ => Act::Never,
    });
    let shadow = shadow(&upstream.url(), &nowhere(), |_| {}).await;
    let began = Instant::now();
    assert_eq!(
        send(shadow.address(), b"GET /late HTTP/1.1\r\n\r\n", late.len()).await,
        late
    );
    assert!(began.elapsed() >= Duration::from_millis(300));
    let never = send(shadow.address(), b"GET /never HTTP/1.1\r\n\r\n", EVERYTHING);
    let waited = tokio::time::timeout(Duration::from_millis(200), never).await;
    assert!(waited.is_err(), "there is an answer: {waited:?}");
    let report = shadow.stop().await.unwrap();
    assert_sums(&report);
    assert_eq!((report.requests, report.not_copied), (2, 2));
}

#[actix_web::test]
async fn a_stop_waits_for_answers_and_ends_kept_connections() {
    let late = answer("200 OK", "", "late");
    let said = late.clone();
    let upstream = Upstream::start(move |_| Act::Late(Duration::from_millis(300), said.clone()));
    let shadow = shadow(&upstream.url(), &nowhere(), |_| {}).await;
    let unused = tokio::net::TcpStream::connect(shadow.address()).await.unwrap();
    let kept = actix_web::rt::spawn(send(shadow.address(), b"GET /late HTTP/1.1\r\n\r\n", EVERYTHING));
    while upstream.bytes().iter().all(Vec::is_empty) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let began = Instant::now();
    let report = shadow.stop().await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(report.requests, 1);
    assert_eq!(kept.await.unwrap(), late);
    drop(unused);
}
