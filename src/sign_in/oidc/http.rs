//! The HTTP client of the issuer. The one that comes with `openidconnect` reads answers of any
//! length.

use super::setup::SetupError;
use beamlive_client::http::install_crypto;
use futures_util::future::BoxFuture;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{redirect, Certificate, Client};
use std::time::Duration;
use thiserror::Error;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer, in bytes. A discovery document or an ID token has a few thousand.
const LONGEST: usize = 256 * 1024;

/// The client. It follows no redirects, because what it sends is for the issuer alone.
#[derive(Debug)]
pub(super) struct IssuerHttp(Client);

/// Why there is no answer.
#[derive(Debug, Error)]
pub(super) enum HttpError {
    /// The request failed.
    #[error("the request failed")]
    Failed(#[source] reqwest::Error),
    /// The issuer answered with a server error.
    #[error("the issuer answers {0}")]
    Status(u16),
    /// The answer is too long.
    #[error("the answer is longer than {LONGEST} bytes")]
    TooLong,
}

impl IssuerHttp {
    /// A client that trusts these certificates (PEM), or those of Mozilla's list. With `https_only`
    /// no document of the issuer can lead it to an address without TLS.
    pub(super) fn new(certificates: Option<&[u8]>, https_only: bool) -> Result<Self, SetupError> {
        install_crypto();
        let mut client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .redirect(redirect::Policy::none())
            .https_only(https_only)
            .no_proxy();
        if let Some(pem) = certificates {
            let trusted = Certificate::from_pem_bundle(pem).map_err(|_| SetupError::Certificates)?;
            if trusted.is_empty() {
                return Err(SetupError::Certificates);
            }
            client = client.tls_built_in_root_certs(false);
            client = trusted.into_iter().fold(client, |client, certificate| {
                client.add_root_certificate(certificate)
            });
        }
        client.build().map(Self).map_err(SetupError::Client)
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let failed = |error: reqwest::Error| HttpError::Failed(error.without_url());
        let request = request.try_into().map_err(failed)?;
        let mut answer = self.0.execute(request).await.map_err(failed)?;
        if answer.status().is_server_error() {
            return Err(HttpError::Status(answer.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(failed)? {
            if body.len() + piece.len() > LONGEST {
                return Err(HttpError::TooLong);
            }
            body.extend_from_slice(&piece);
        }
        let mut response = HttpResponse::new(body);
        *response.status_mut() = answer.status();
        response.headers_mut().clone_from(answer.headers());
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for IssuerHttp {
    type Error = HttpError;
    type Future = BoxFuture<'c, Result<HttpResponse, HttpError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::net::TcpListener;

    #[actix_web::test]
    async fn nothing_is_sent_without_tls_to_an_issuer_with_tls() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let http = IssuerHttp::new(None, true).unwrap();
        let mut request = HttpRequest::new(Vec::new());
        let url = format!("http://{}/token", listener.local_addr().unwrap());
        *request.uri_mut() = url.parse().unwrap();
        assert!(http.send(request).await.is_err());
        assert!(listener.accept().is_err(), "it connects");
    }
}
