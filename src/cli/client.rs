//! `beamlive client`: talks to a service as a program at a beamline does. An example to copy from.
//!
//! By version 2 each request is signed, and by version 3 it carries an access token.
//!
//! | file | what it holds |
//! |---|---|
//! | `signing.rs` | version 2: the key, an OpenSSH private key in a file, and how it signs |
//! | `tokens.rs` | version 3: the file with the tokens |

mod signing;
mod tokens;

use super::password::asked;
use crate::wire::json;
use beamlive_actors::clock::{Clock, SystemClock};
use beamlive_client::http::{http_client, reason, refusal};
use beamlive_client::sign_in::{with_token, Pair, SignIn};
use beamlive_client::tls::Trust;
use beamlive_client::{print, Failure};
use clap::{Args, Subcommand};
use reqwest::RequestBuilder;
use signing::{make_key, read_key, sign};
use std::path::{Path, PathBuf};
use tokens::TokenOptions;

/// Speak to a service as a beamline does.
#[derive(Debug, Args)]
pub struct Client {
    /// The service.
    #[arg(long, env = "BEAMLIVE_URL", default_value = "http://127.0.0.1:8000")]
    url: String,
    #[command(flatten)]
    trust: Trust,
    /// The project's username; with --v3 that of a project or a person.
    #[arg(long, env = "BEAMLIVE_USER", default_value = "alice")]
    user: String,
    /// The beamline's acronym.
    #[arg(long, env = "BEAMLIVE_BEAMLINE", default_value = "BM")]
    beamline: String,
    /// File with the project's private key (OpenSSH, Ed25519).
    #[arg(
        long,
        env = "BEAMLIVE_KEY",
        value_name = "FILE",
        default_value = "project.key"
    )]
    key: PathBuf,
    /// Speak version 3: sign in with a password instead of a key.
    #[arg(long)]
    v3: bool,
    #[command(flatten)]
    tokens: TokenOptions,
    /// What to do.
    #[command(subcommand)]
    action: Action,
}

/// What a client does.
#[derive(Debug, Clone, Subcommand)]
pub enum Action {
    /// Make a key, in the file that --key names.
    Keygen,
    /// Register the key; the account must have none yet. Makes the key if there is none.
    Register,
    /// With --v3: sign in, and write the tokens into the file that --token-file names. The password
    /// is asked for; without a terminal, it is the first line of the input.
    Login,
    /// With --v3: ask whether the access token is good.
    Verify,
    /// With --v3: exchange the refresh token for new tokens. The other actions do so by themselves
    /// when the access token is refused.
    Refresh,
    /// With --v3: remove the tokens from this machine. They stay good elsewhere: only
    /// `beamlive passwd --end-tokens` ends them.
    Logout,
    /// Take the beamline for a session.
    Launch {
        /// Its name.
        session: String,
    },
    /// List the samples that can be mounted here.
    Samples,
    /// Upload a dataset.
    Data {
        /// Its metadata: a JSON map.
        file: PathBuf,
    },
    /// Upload an analysis report.
    Report {
        /// A JSON map.
        file: PathBuf,
    },
    /// Give up the beamline.
    Close {
        /// The session's name.
        session: String,
    },
}

/// An answer.
struct Answer {
    status: u16,
    body: String,
}

impl Answer {
    /// The body of a success.
    fn accepted(self, hint: &str) -> Result<String, Failure> {
        match self.status {
            200 => Ok(self.body),
            status => Err(format!("{}{hint}", refusal(status, &self.body)).into()),
        }
    }

    /// Whether the access token was not good. Every other refusal has a body.
    fn refuses_token(&self) -> bool {
        self.status == 403 && self.body.is_empty()
    }
}

impl Client {
    /// Sends the request and prints the answer.
    ///
    /// # Errors
    /// When a file can't be read, the service can't be reached, or it refuses.
    pub async fn run(self) -> Result<(), Failure> {
        let said = match (&self.action, self.v3) {
            (Action::Keygen, false) => make_key(&self.key)?.1,
            (Action::Keygen | Action::Register, true) => {
                return Err("version 3 has no keys: sign in with beamlive client --v3 login".into())
            }
            (Action::Login | Action::Verify | Action::Refresh | Action::Logout, false) => {
                return Err("version 2 has keys and no tokens: add --v3 before the action".into())
            }
            (_, false) => self.with_key().await?,
            (Action::Login, true) => self.login().await?,
            (Action::Verify, true) => {
                let access = self.tokens.file().read()?.access;
                SignIn::new(&self.url, &self.trust)?.verify(&access).await?;
                "the access token is good".to_owned()
            }
            (Action::Refresh, true) => {
                self.refresh(&self.tokens.file().read()?).await?;
                "there are new tokens".to_owned()
            }
            (Action::Logout, true) => match self.tokens.file().remove()? {
                true => "the tokens are removed from this machine".to_owned(),
                false => "there were no tokens".to_owned(),
            },
            (_, true) => self.with_tokens().await?,
        };
        print(said)
    }

    /// Version 2: signs the request.
    async fn with_key(&self) -> Result<String, Failure> {
        let (key, public) = match &self.action {
            Action::Register if !self.key.exists() => make_key(&self.key)?,
            _ => read_key(&self.key)?,
        };
        let now = u64::try_from(SystemClock.now().0 / 1_000_000)?;
        let token = sign(&key, &self.user, now);
        let beamline = &self.beamline;
        let path = match &self.action {
            Action::Launch { session } => format!("launch/{beamline}/{session}/"),
            Action::Close { session } => format!("close/{beamline}/{session}/"),
            Action::Register => "project/".to_owned(),
            _ => self.same_path(),
        };
        let mut request = self.request(&format!("v2/{token}/{path}"))?;
        if let Action::Register = &self.action {
            request = request.form(&[("public", public.as_str())]);
        }
        let answer = self.send(request).await?;
        let hint = match answer.status {
            405 => "\n  does the key belong to this user, and is this machine's clock right?",
            _ => "",
        };
        answer.accepted(hint)
    }

    /// Version 3: signs in.
    async fn login(&self) -> Result<String, Failure> {
        let password = asked(&format!("password of {}: ", self.user))?;
        let pair = SignIn::new(&self.url, &self.trust)?
            .sign_in(&self.user, &password)
            .await?;
        self.tokens.file().write(&pair)?;
        Ok(format!("{} has signed in", self.user))
    }

    /// Version 3: exchanges the refresh token.
    async fn refresh(&self, pair: &Pair) -> Result<Pair, Failure> {
        let refreshed = SignIn::new(&self.url, &self.trust)?.refresh(&pair.refresh).await;
        let refreshed =
            refreshed.map_err(|error| format!("{error}\n  sign in with beamlive client --v3 login"))?;
        self.tokens.file().write(&refreshed)?;
        Ok(refreshed)
    }

    /// Version 3: sends the access token along. If it is refused, exchanges the refresh token, and
    /// sends the request once more.
    async fn with_tokens(&self) -> Result<String, Failure> {
        let beamline = &self.beamline;
        let path = match &self.action {
            Action::Launch { session } => format!("session/{beamline}/{session}/start/"),
            Action::Close { session } => format!("session/{beamline}/{session}/close/"),
            _ => self.same_path(),
        };
        let send = async |pair: &Pair| {
            let request = with_token(self.request(&format!("v3/{path}"))?, &pair.access);
            let project = self.tokens.project.iter();
            self.send(project.fold(request, |request, name| request.header("X-Project", name)))
                .await
        };
        let pair = self.tokens.file().read()?;
        let mut answer = send(&pair).await?;
        if answer.refuses_token() {
            answer = send(&self.refresh(&pair).await?).await?;
        }
        let hint = match answer.refuses_token() {
            true => "the service refuses a token that it has just made",
            false => "",
        };
        answer.accepted(hint)
    }

    /// The paths that both versions have.
    fn same_path(&self) -> String {
        let what = match &self.action {
            Action::Data { .. } => "data",
            Action::Report { .. } => "report",
            _ => "samples",
        };
        format!("{what}/{}/", self.beamline)
    }

    /// The request of the action at `path`, below `/api/`, with its body.
    fn request(&self, path: &str) -> Result<RequestBuilder, Failure> {
        let url = format!("{}/api/{path}", self.url.trim_end_matches('/'));
        let client = http_client(&self.trust, None)?;
        Ok(match &self.action {
            Action::Samples => client.get(url),
            // As MxDC does: MessagePack, without a content type.
            Action::Data { file } | Action::Report { file } => client.post(url).body(message_pack(file)?),
            _ => client.post(url),
        })
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer, Failure> {
        let sent = request.send().await;
        let response = sent.map_err(|error| format!("can't reach {}: {}", self.url, reason(&error)))?;
        Ok(Answer {
            status: response.status().as_u16(),
            body: response.text().await?,
        })
    }
}

/// A JSON file as MessagePack.
fn message_pack(file: &Path) -> Result<Vec<u8>, Failure> {
    let text = std::fs::read(file).map_err(|error| format!("can't read {}: {error}", file.display()))?;
    Ok(json::to_msgpack(&text, 128).map_err(|error| format!("{}: {error}", file.display()))?)
}
