//! What is spoken: TLS 1.2 and 1.3, and HTTP/1.1.

use super::site;
use crate::support::raw::{exchange, RawRequest};
use crate::support::{dataset, Certificates, Site};
use std::process::{Command, Stdio};

/// A handshake by openssl with these arguments: whether it succeeded, and what openssl said.
fn handshake(site: &Site, certificates: &Certificates, arguments: &[&str]) -> (bool, String) {
    let ended = Command::new("openssl")
        .args(["s_client", "-connect", &site.address().to_string()])
        .args(["-CAfile", &certificates.text("ca.pem"), "-verify_return_error"])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = [ended.stdout, ended.stderr].concat();
    (
        ended.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[actix_web::test]
async fn a_day_at_the_beamline_goes_over_tls() {
    let certificates = Certificates::new();
    let site = site(&certificates).await;
    assert!(site.url().starts_with("https://127.0.0.1:"), "{}", site.url());
    let alice = site.client("alice").await;
    let launched = alice.launch("BM", "day").await;
    let survey = launched.json()["survey"].as_str().unwrap().to_owned();
    assert!(survey.starts_with(&format!("{}/survey/", site.url())), "{survey}");
    assert_eq!(alice.data("BM", &dataset("first")).await.status, 200);
    let metrics = site.get("/metrics").await.text();
    // 2100-01-01.
    assert!(
        metrics.contains("\nbeamlive_tls_certificate_end_seconds 4102444800\n"),
        "{metrics}"
    );
}

#[actix_web::test]
async fn tls_1_2_and_1_3_are_spoken_and_nothing_older() {
    let certificates = Certificates::new();
    let site = site(&certificates).await;
    for version in ["-tls1_2", "-tls1_3"] {
        let (succeeded, said) = handshake(&site, &certificates, &[version]);
        assert!(
            succeeded && said.contains("Verification: OK"),
            "{version}: {said}"
        );
    }
    for version in ["-tls1_1", "-tls1"] {
        // Without this, openssl itself does not speak it.
        let (succeeded, said) = handshake(&site, &certificates, &[version, "-cipher", "DEFAULT@SECLEVEL=0"]);
        assert!(!succeeded, "{version}: {said}");
        let by_the_service = ["alert protocol version", "alert handshake failure"];
        assert!(
            by_the_service.iter().any(|words| said.contains(words)),
            "{version}: {said}"
        );
    }
}

#[actix_web::test]
async fn weak_ciphers_are_refused() {
    let certificates = Certificates::new();
    let site = site(&certificates).await;
    for ciphers in [
        "AES128-SHA",
        "ECDHE-ECDSA-AES128-SHA",
        "ECDHE-ECDSA-AES256-SHA384",
    ] {
        let ciphers = format!("{ciphers}@SECLEVEL=0");
        let (succeeded, said) = handshake(&site, &certificates, &["-tls1_2", "-cipher", &ciphers]);
        assert!(
            !succeeded && said.contains("alert handshake failure"),
            "{ciphers}: {said}"
        );
    }
}

#[actix_web::test]
async fn http_1_1_is_announced_and_http_2_is_not() {
    let certificates = Certificates::new();
    let site = site(&certificates).await;
    let (succeeded, said) = handshake(&site, &certificates, &["-alpn", "h2,http/1.1"]);
    assert!(succeeded && said.contains("ALPN protocol: http/1.1"), "{said}");
    let (succeeded, said) = handshake(&site, &certificates, &["-alpn", "h2"]);
    assert!(
        !succeeded && said.contains("alert no application protocol"),
        "{said}"
    );
}

#[actix_web::test]
async fn a_client_that_speaks_plain_http_is_told_what_to_write() {
    let certificates = Certificates::new();
    let site = site(&certificates).await;
    let address = site.address();
    let bytes = RawRequest::get("/health/live").bytes();
    let reply = actix_web::web::block(move || exchange(address, &bytes, false))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert_eq!(reply.json()["error"]["code"], "needs_tls");
    assert!(reply.text().contains("https://"), "{}", reply.text());
    let metrics = site.get("/metrics").await.text();
    assert!(
        metrics.contains("\nbeamlive_tls_handshakes_failed_total 1\n"),
        "{metrics}"
    );
}
