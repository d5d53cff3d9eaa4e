//! Certificates that are replaced while the service runs.

use super::site;
use crate::support::process::{beamlive, Served};
use crate::support::{Certificates, Site};
use rustls::pki_types::CertificateDer;
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const DEADLINE: Duration = Duration::from_secs(30);

/// The certificate that a new connection gets.
async fn shown(address: std::net::SocketAddr, certificates: &Certificates) -> CertificateDer<'static> {
    let stream = TcpStream::connect(address).await.unwrap();
    let stream = certificates.connect(stream).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0]
        .clone()
        .into_owned()
}

async fn until_shown(site: &Site, certificates: &Certificates, expected: &CertificateDer<'static>) {
    let begin = Instant::now();
    while shown(site.address(), certificates).await != *expected {
        assert!(begin.elapsed() < DEADLINE, "the new certificate is not used");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[actix_web::test]
async fn a_certificate_is_replaced_under_load_without_a_failed_request() {
    let certificates = Rc::new(Certificates::new());
    let site = Rc::new(site(&certificates).await);
    let (stop, done) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(0)));
    let mut loads = Vec::new();
    for kept in [true, true, false, false] {
        let (site, certificates) = (site.clone(), certificates.clone());
        let (stop, done) = (stop.clone(), done.clone());
        loads.push(actix_web::rt::spawn(async move {
            let mut connection = None;
            while !stop.get() {
                let mut stream = match connection.take() {
                    Some(stream) => stream,
                    None => {
                        let stream = TcpStream::connect(site.address()).await.unwrap();
                        certificates.connect(stream).await.unwrap()
                    }
                };
                stream
                    .write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
                    .await
                    .unwrap();
                let mut said = Vec::new();
                while !said.ends_with(b"}") {
                    assert!(stream.read_buf(&mut said).await.unwrap() > 0);
                }
                assert!(said.starts_with(b"HTTP/1.1 200"));
                done.set(done.get() + 1);
                connection = kept.then_some(stream);
            }
        }));
    }
    let mut begun = 0;
    for _ in 0..3 {
        let new = certificates.issue_service();
        until_shown(&site, &certificates, &new).await;
        assert!(done.get() > begun + 10, "the load stands still at {}", done.get());
        begun = done.get();
    }
    stop.set(true);
    for load in loads {
        load.await.expect("no request failed");
    }
}

#[actix_web::test]
async fn a_broken_file_leaves_the_old_certificate_in_use_and_is_logged() {
    let certificates = Certificates::new();
    let first = certificates.issue_service();
    let place = tempfile::TempDir::new().unwrap();
    let (certificate, key) = (certificates.text("service.pem"), certificates.text("service.key"));
    std::fs::write(place.path().join("config.toml"), "[tls]\nreload_seconds = 1\n").unwrap();
    let mut served = Served::start(beamlive(
        place.path(),
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--config",
            "config.toml",
            "--tls-certificate",
            &certificate,
            "--tls-key",
            &key,
        ],
    ));
    let address = served.url.strip_prefix("https://").unwrap().parse().unwrap();
    // Another key, a file without a certificate, and no file.
    let others = Certificates::new();
    std::fs::copy(others.path("service.key"), &key).unwrap();
    served.until("is not the key of the first certificate");
    std::fs::write(&certificate, "nothing\n").unwrap();
    served.until("has no certificate");
    std::fs::remove_file(&certificate).unwrap();
    served.until("the certificate in use stays");
    assert_eq!(shown(address, &certificates).await, first);
    let second = certificates.issue_service();
    served.until("a new certificate is in use");
    assert_eq!(shown(address, &certificates).await, second);
    assert_eq!(served.stop("TERM").code, Some(0));
}

#[test]
fn a_service_does_not_start_with_files_that_can_not_be_used() {
    let (certificates, others) = (Certificates::new(), Certificates::new());
    let place = tempfile::TempDir::new().unwrap();
    let empty = place.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let empty = empty.to_str().unwrap();
    let (certificate, key) = (certificates.text("service.pem"), certificates.text("service.key"));
    for (arguments, words) in [
        (vec!["--tls-certificate", &certificate], "it needs tls.key too"),
        (vec!["--tls-key", &key], "it needs tls.certificate too"),
        (
            vec!["--tls-certificate", empty, "--tls-key", &key],
            "empty.pem has no certificate",
        ),
        (
            vec!["--tls-certificate", &certificate, "--tls-key", empty],
            "empty.pem has no private key",
        ),
        (
            vec!["--tls-certificate", "gone.pem", "--tls-key", &key],
            "can't read gone.pem",
        ),
        (
            vec![
                "--tls-certificate",
                &certificate,
                "--tls-key",
                &others.text("service.key"),
            ],
            "is not the key of the first certificate",
        ),
        (
            vec![
                "--tls-certificate",
                &certificate,
                "--tls-key",
                &key,
                "--tls-client-ca",
                empty,
            ],
            "empty.pem has no certificate",
        ),
    ] {
        let ended = crate::support::process::run(
            place.path(),
            &[&["serve", "--listen", "127.0.0.1:0"], arguments.as_slice()].concat(),
        );
        assert_eq!(ended.code, Some(1), "{arguments:?}");
        assert!(ended.stderr.contains(words), "{arguments:?}: {}", ended.stderr);
    }
}
