//! Certificates of clients.

use super::with_tls;
use crate::support::{Certificates, Site};
use reqwest::{Client, Identity};

/// A client that trusts `certificates`, with the certificate of a client of `own`.
fn client(certificates: &Certificates, own: Option<&Certificates>) -> Client {
    let read = |of: &Certificates, name| std::fs::read(of.path(name)).unwrap();
    let authority = reqwest::Certificate::from_pem(&read(certificates, "ca.pem")).unwrap();
    let mut builder = Client::builder().add_root_certificate(authority);
    if let Some(own) = own {
        let identity = [read(own, "client.pem"), read(own, "client.key")].concat();
        builder = builder.identity(Identity::from_pem(&identity).unwrap());
    }
    builder.build().unwrap()
}

#[actix_web::test]
async fn only_clients_with_a_certificate_of_the_right_authority_are_served() {
    let (ours, others) = (Certificates::new(), Certificates::new());
    let site = Site::with(|settings| {
        with_tls(settings, &ours);
        settings.tls.client_ca = Some(ours.path("ca.pem"));
    })
    .await;
    let url = format!("{}/health/live", site.url());
    let served = client(&ours, Some(&ours)).get(&url).send().await.unwrap();
    assert_eq!(served.status(), 200);
    for refused in [client(&ours, None), client(&ours, Some(&others))] {
        assert!(refused.get(&url).send().await.is_err());
    }
    // A service's certificate is not accepted as a client's.
    std::fs::copy(ours.path("service.pem"), others.path("client.pem")).unwrap();
    std::fs::copy(ours.path("service.key"), others.path("client.key")).unwrap();
    assert!(client(&ours, Some(&others)).get(&url).send().await.is_err());
    let metrics = site.get("/metrics").await.text();
    assert!(
        metrics.contains("\nbeamlive_tls_handshakes_failed_total 3\n"),
        "{metrics}"
    );
}

#[actix_web::test]
async fn without_an_authority_for_clients_none_is_asked_for_a_certificate() {
    let certificates = Certificates::new();
    let site = super::site(&certificates).await;
    let url = format!("{}/health/live", site.url());
    let served = client(&certificates, None).get(&url).send().await.unwrap();
    assert_eq!(served.status(), 200);
}
