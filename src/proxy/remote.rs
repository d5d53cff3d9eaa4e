//! The files of an external Data Proxy, for the console: its pages load nothing from elsewhere, so
//! the service passes these files on.

use super::client::ClientError;
use beamlive_client::http::client_builder;
use beamlive_client::tls::Trust;
use reqwest::header::{self, HeaderMap, HeaderName};
use reqwest::{Client, Response, Url};
use std::path::Path;
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest time without a byte of a file.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// The headers of a request that are passed on.
const ASKED: [HeaderName; 5] = [
    header::ACCEPT,
    header::RANGE,
    header::IF_RANGE,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
];
/// The headers of an answer that are passed on. Cookies and redirects are not.
pub const ANSWERED: [HeaderName; 7] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::CONTENT_DISPOSITION,
    header::ACCEPT_RANGES,
    header::ETAG,
    header::LAST_MODIFIED,
];

/// The files of an external Data Proxy.
#[derive(Debug, Clone)]
pub struct RemoteFiles {
    client: Client,
    base: Url,
}

impl RemoteFiles {
    /// Files of the proxy at `proxy_url`, whose certificate is trusted as for forwarding.
    ///
    /// # Errors
    /// [`ClientError`] when the URL or the certificates can't be used.
    pub fn new(proxy_url: &str, ca_file: Option<&Path>) -> Result<Self, ClientError> {
        let base = Url::parse(&format!("{}/files/", proxy_url.trim_end_matches('/')))
            .map_err(|_| ClientError::Url(proxy_url.to_owned()))?;
        let client = client_builder(&Trust::of(ca_file.map(Path::to_owned)))
            .map_err(ClientError::Certificates)?
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(ClientError::Client)?;
        Ok(Self { client, base })
    }

    /// Asks for a file: `raw/{key}/{path}` and so on, as it stands in a URL. `None` for a path that
    /// leads elsewhere.
    pub async fn get(&self, path: &str, asked: &HeaderMap) -> Option<reqwest::Result<Response>> {
        let url = self.url(path)?;
        let mut request = self.client.get(url);
        for name in ASKED {
            if let Some(value) = asked.get(&name) {
                request = request.header(name, value);
            }
        }
        Some(request.send().await)
    }

    /// The address of a path, which must stay below the proxy's files.
    fn url(&self, path: &str) -> Option<Url> {
        let url = self.base.join(&format!("./{path}")).ok()?;
        let below = url.path().starts_with(self.base.path()) && url.origin() == self.base.origin();
        below.then_some(url)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(
        "raw/abc/x.xdi",
        Some("https://proxy.example.org/download/files/raw/abc/x.xdi")
    )]
    #[case(
        "raw/abc/a%20b?x=1",
        Some("https://proxy.example.org/download/files/raw/abc/a%20b?x=1")
    )]
    #[case("../data/create/", None)]
    #[case("raw/../../x", None)]
    #[case("raw/%2e%2e/%2e%2e/x", None)]
    #[case(
        "//evil.example/x",
        Some("https://proxy.example.org/download/files///evil.example/x")
    )]
    #[case(
        "http://evil.example/x",
        Some("https://proxy.example.org/download/files/http://evil.example/x")
    )]
    fn a_path_stays_below_the_files(#[case] path: &str, #[case] url: Option<&str>) {
        let files = RemoteFiles::new("https://proxy.example.org/download/", None).unwrap();
        assert_eq!(files.url(path).map(String::from).as_deref(), url);
    }
}
