//! The admin API of a running service.

use crate::http::{download_client, http_client, place, reason, refusal};
use crate::tls::Trust;
use crate::Failure;
use clap::Args;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The options that name a service and its admin token.
#[derive(Debug, Args)]
pub struct Service {
    /// The running service; for one on a Unix socket, unix:/path.
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
    /// Whom to trust.
    #[command(flatten)]
    pub trust: Trust,
}

impl Service {
    /// Its admin API.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn admin(&self) -> Result<Admin, Failure> {
        Admin::new(&self.url, &self.token_file, &self.trust)
    }
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
    /// Records that could not be removed, because others refer to them.
    pub kept: usize,
    /// One line per change.
    pub changes: Vec<String>,
}

/// An account, as far as a client needs it.
#[derive(Debug, Deserialize)]
pub struct Project {
    /// Its name for people.
    pub name: String,
    /// Whether a key that signs its requests is registered.
    pub has_key: bool,
}

#[derive(Deserialize)]
struct MadePassword {
    password: String,
}

/// The admin API of one service.
#[derive(Debug, Clone)]
pub struct Admin {
    http: Client,
    trust: Trust,
    socket: Option<PathBuf>,
    url: String,
    token: String,
}

impl Admin {
    /// The API of the service at `url`.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn new(url: &str, token_file: &Path, trust: &Trust) -> Result<Self, Failure> {
        let token = std::fs::read_to_string(token_file)
            .map_err(|error| format!("can't read the admin token in {}: {error}", token_file.display()))?;
        let (url, socket) = place(url);
        Ok(Self {
            http: http_client(trust, socket)?,
            socket: socket.map(Path::to_owned),
            trust: trust.clone(),
            url,
            token: token.trim().to_owned(),
        })
    }

    async fn send(
        &self,
        http: &Client,
        method: Method,
        path: &str,
        extend: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, Failure> {
        let request = http
            .request(method, format!("{}/api/admin/{path}", self.url))
            .bearer_auth(&self.token);
        let sent = extend(request).send().await;
        Ok(sent.map_err(|error| format!("can't reach {}: {}", self.url, reason(&error)))?)
    }

    /// Sends a request, and returns the answer's body; `None` for an answer of 404.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        extend: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Option<String>, Failure> {
        let response = self.send(&self.http, method, path, extend).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let response = accepted(response)
            .await
            .map_err(|error| format!("{path}: {error}"))?;
        Ok(Some(response.text().await?))
    }

    /// Sends a facility file.
    ///
    /// # Errors
    /// When the service can't be reached or refuses the file; every mistake is named.
    pub async fn apply(
        &self,
        text: String,
        is_json: bool,
        dry_run: bool,
        prune: bool,
    ) -> Result<Counts, Failure> {
        let path = format!("apply?dry_run={dry_run}&prune={prune}");
        let format = if is_json { "json" } else { "toml" };
        let response = self
            .send(&self.http, Method::POST, &path, |request| {
                request
                    .header("content-type", format!("application/{format}"))
                    .body(text)
            })
            .await?;
        let body = accepted(response).await?.text().await?;
        Ok(serde_json::from_str(&body)?)
    }

    /// Sends a sheet of samples of an account. `media_type` says whether it is CSV or a workbook.
    ///
    /// # Errors
    /// When the service can't be reached or refuses the sheet; every mistake is named.
    pub async fn import_samples(
        &self,
        username: &str,
        sheet: Vec<u8>,
        media_type: &str,
        dry_run: bool,
    ) -> Result<Counts, Failure> {
        let path = format!("projects/{username}/samples?dry_run={dry_run}");
        let response = self
            .send(&self.http, Method::POST, &path, |request| {
                request.header("content-type", media_type).body(sheet)
            })
            .await?;
        let body = accepted(response).await?.text().await?;
        Ok(serde_json::from_str(&body)?)
    }

    /// Asks for the samples of an account, as a sheet of this media type.
    ///
    /// # Errors
    /// When the service can't be reached or refuses.
    pub async fn export_samples(&self, username: &str, media_type: &str) -> Result<Vec<u8>, Failure> {
        let path = format!("projects/{username}/samples");
        let response = self
            .send(&self.http, Method::GET, &path, |request| {
                request.header("accept", media_type)
            })
            .await?;
        Ok(accepted(response).await?.bytes().await?.to_vec())
    }

    /// Asks for a backup; its bytes are still to be received.
    ///
    /// # Errors
    /// When the service can't be reached or refuses.
    pub async fn backup(&self) -> Result<Response, Failure> {
        let http = download_client(&self.trust, self.socket.as_deref())?;
        accepted(self.send(&http, Method::GET, "backup", |request| request).await?).await
    }

    /// Reads a page of the service that needs no token, such as `metrics`: its status and its text.
    ///
    /// # Errors
    /// When the service can't be reached.
    pub async fn page(&self, path: &str) -> Result<(u16, String), Failure> {
        let sent = self.http.get(format!("{}/{path}", self.url)).send().await;
        let response = sent.map_err(|error| format!("can't reach {}: {}", self.url, reason(&error)))?;
        Ok((response.status().as_u16(), response.text().await?))
    }

    /// Reads what is at `path`, below `/api/admin/`; `None` when nothing is there.
    ///
    /// # Errors
    /// When the service can't be reached or refuses, or the answer has another form.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Failure> {
        let Some(body) = self.ask(Method::GET, path, |request| request).await? else {
            return Ok(None);
        };
        let parsed = serde_json::from_str(&body);
        Ok(Some(parsed.map_err(|error| {
            format!("{path} has an unexpected answer: {error}")
        })?))
    }

    /// The account of a username, if there is one.
    ///
    /// # Errors
    /// As [`Admin::get`].
    pub async fn project(&self, username: &str) -> Result<Option<Project>, Failure> {
        self.get(&format!("projects/{username}")).await
    }

    /// Resets an account's key, so that its user may register one.
    ///
    /// # Errors
    /// When the service can't be reached or refuses.
    pub async fn reset_key(&self, username: &str) -> Result<(), Failure> {
        let path = format!("projects/{username}/key");
        let done = self.ask(Method::DELETE, &path, |request| request).await?;
        done.map(drop).ok_or_else(|| unknown(username))
    }

    /// Sends a piece of a file of an import, which begins at `offset`.
    ///
    /// # Errors
    /// When the service can't be reached or refuses.
    pub async fn send_piece(&self, part: &str, offset: u64, piece: Vec<u8>) -> Result<(), Failure> {
        let path = format!("import/{part}?offset={offset}");
        let sent = self.send(&self.http, Method::PUT, &path, |request| request.body(piece));
        accepted(sent.await?).await.map(drop)
    }

    /// Asks for the import of what was sent.
    ///
    /// # Errors
    /// When the service can't be reached or refuses.
    pub async fn start_import(&self, dry_run: bool) -> Result<(), Failure> {
        let path = format!("import?dry_run={dry_run}");
        let sent = self.send(&self.http, Method::POST, &path, |request| request);
        accepted(sent.await?).await.map(drop)
    }

    /// The lines of the newest import about what was mended or left out.
    ///
    /// # Errors
    /// When the service can't be reached or refuses.
    pub async fn import_report(&self) -> Result<String, Failure> {
        let text = self.ask(Method::GET, "import/report", |request| request).await?;
        Ok(text.unwrap_or_default())
    }

    /// Sets the password of a project or a person.
    ///
    /// # Errors
    /// When the service can't be reached or refuses.
    pub async fn set_password(&self, username: &str, password: &str) -> Result<(), Failure> {
        let path = format!("accounts/{username}/password");
        let form = [("password", password)];
        let done = self.ask(Method::PUT, &path, |request| request.form(&form));
        done.await?.map(drop).ok_or_else(|| unknown(username))
    }

    /// Makes a new password for a project or a person, and returns it.
    ///
    /// # Errors
    /// When the service can't be reached or refuses.
    pub async fn reset_password(&self, username: &str) -> Result<String, Failure> {
        let path = format!("accounts/{username}/password/reset");
        let done = self.ask(Method::POST, &path, |request| request).await?;
        let made: MadePassword = serde_json::from_str(&done.ok_or_else(|| unknown(username))?)?;
        Ok(made.password)
    }

    /// Expires the password of a project or a person.
    ///
    /// # Errors
    /// When the service can't be reached or refuses.
    pub async fn expire_password(&self, username: &str) -> Result<(), Failure> {
        let path = format!("accounts/{username}/password/expire");
        let done = self.ask(Method::POST, &path, |request| request).await?;
        done.map(drop).ok_or_else(|| unknown(username))
    }

    /// Ends all tokens of a project or a person.
    ///
    /// # Errors
    /// When the service can't be reached or refuses.
    pub async fn end_tokens(&self, username: &str) -> Result<(), Failure> {
        let path = format!("accounts/{username}/tokens");
        let done = self.ask(Method::DELETE, &path, |request| request).await?;
        done.map(drop).ok_or_else(|| unknown(username))
    }

    /// Sets an account's key: `line` is a public key as OpenSSH writes it.
    ///
    /// # Errors
    /// When the service can't be reached or refuses.
    pub async fn set_key(&self, username: &str, line: &str) -> Result<(), Failure> {
        let path = format!("projects/{username}/key");
        let form = [("key", line)];
        let done = self
            .ask(Method::PUT, &path, |request| request.form(&form))
            .await?;
        done.map(drop).ok_or_else(|| unknown(username))
    }
}

/// An answer of success; any other is an error.
async fn accepted(response: Response) -> Result<Response, Failure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    Err(refusal(status.as_u16(), &response.text().await?).into())
}

fn unknown(username: &str) -> Failure {
    format!("there is no account {username}").into()
}
