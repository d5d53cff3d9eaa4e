//! How the command line speaks to a running service's admin API.

use super::Failure;
use clap::Args;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Which service, and the right to steer it.
#[derive(Debug, Args)]
pub struct Service {
    /// The running service.
    #[arg(long, env = "BEAMLIVE_URL", default_value = "http://127.0.0.1:8000")]
    pub url: String,
    /// File with its admin token; the service makes it in its data directory.
    #[arg(
        long,
        env = "BEAMLIVE_TOKEN_FILE",
        value_name = "FILE",
        default_value = "data/admin.token"
    )]
    pub token_file: PathBuf,
}

/// What a facility file did, or would do.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// New records.
    pub created: usize,
    /// Changed records.
    pub updated: usize,
    /// Records that are already as declared.
    pub unchanged: usize,
    /// Removed records.
    pub removed: usize,
    /// Records that could not be removed, for others refer to them.
    pub kept: usize,
    /// One line per change.
    pub changes: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    error: RefusalInner,
}

#[derive(Debug, Deserialize)]
struct RefusalInner {
    message: String,
    #[serde(default)]
    fields: BTreeMap<String, String>,
}

impl Service {
    /// Sends a facility file.
    ///
    /// # Errors
    /// When the service can't be reached, or refuses; every mistake is named.
    pub async fn apply(
        &self,
        text: String,
        is_json: bool,
        dry_run: bool,
        prune: bool,
    ) -> Result<Counts, Failure> {
        let token = self.token()?;
        let url = format!(
            "{}/api/admin/apply?dry_run={dry_run}&prune={prune}",
            self.url.trim_end_matches('/')
        );
        let kind = if is_json {
            "application/json"
        } else {
            "application/toml"
        };
        let response = http_client()?
            .post(url)
            .bearer_auth(token.trim())
            .header("content-type", kind)
            .body(text)
            .send()
            .await
            .map_err(|error| format!("can't reach {}: {}", self.url, reason(&error)))?;
        let status = response.status();
        let body = response.text().await?;
        if status.is_success() {
            return Ok(serde_json::from_str(&body)?);
        }
        Err(refusal(status.as_u16(), &body).into())
    }

    /// Asks for a backup; its bytes are still to be received.
    ///
    /// # Errors
    /// When the service can't be reached, or refuses.
    pub async fn backup(&self) -> Result<reqwest::Response, Failure> {
        let url = format!("{}/api/admin/backup", self.url.trim_end_matches('/'));
        let response = client_builder()
            // A backup may take hours, but never stands still.
            .read_timeout(std::time::Duration::from_secs(120))
            .build()?
            .get(url)
            .bearer_auth(self.token()?.trim())
            .send()
            .await
            .map_err(|error| format!("can't reach {}: {}", self.url, reason(&error)))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        Err(refusal(status.as_u16(), &response.text().await?).into())
    }

    fn token(&self) -> Result<String, Failure> {
        let token = std::fs::read_to_string(&self.token_file).map_err(|error| {
            format!(
                "can't read the admin token in {}: {error}",
                self.token_file.display()
            )
        })?;
        Ok(token)
    }
}

/// What a service said when it refused, for a person: the message, and each field on a line of its own.
#[must_use]
pub fn refusal(status: u16, body: &str) -> String {
    match serde_json::from_str::<Refusal>(body) {
        Ok(Refusal { error }) => error.fields.iter().fold(
            format!("{status}: {}", error.message),
            |text, (place, mistake)| format!("{text}\n  {place}: {mistake}"),
        ),
        Err(_) => format!("{status}: {}", body.chars().take(500).collect::<String>()),
    }
}

/// The innermost cause, which is what a person needs.
#[must_use]
pub fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}

/// An HTTP client that follows no redirects.
///
/// # Errors
/// When TLS can't be set up.
pub fn http_client() -> Result<reqwest::Client, Failure> {
    let client = client_builder()
        .timeout(std::time::Duration::from_secs(120))
        .build()?;
    Ok(client)
}

fn client_builder() -> reqwest::ClientBuilder {
    crate::proxy::install_crypto();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        // The admin token goes to the service and to nobody else, whatever the environment says.
        .no_proxy()
}
