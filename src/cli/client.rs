//! `beamlive client`: talks to a service as a program at a beamline does. An example to copy from.
//!
//! All it takes is to sign each request: see [`sign`]. The key is an OpenSSH private key in a file.

use crate::wire::json;
use beamlive_actors::clock::{Clock, SystemClock};
use beamlive_client::http::{http_client, reason, refusal};
use beamlive_client::token::token;
use beamlive_client::{print, Failure};
use clap::{Args, Subcommand};
use ed25519_dalek::{Signer, SigningKey};
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Speak to a service as a beamline does.
#[derive(Debug, Args)]
pub struct Client {
    /// The service.
    #[arg(long, env = "BEAMLIVE_URL", default_value = "http://127.0.0.1:8000")]
    url: String,
    /// The project's username.
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

/// Signs a request of `username` at `unix_seconds`: the path segment that proves who sends it.
#[must_use]
pub fn sign(key: &SigningKey, username: &str, unix_seconds: u64) -> String {
    token(username, unix_seconds, |message| key.sign(message).to_vec())
}

impl Client {
    /// Sends the request and prints the answer.
    ///
    /// # Errors
    /// When a file can't be read, the service can't be reached, or it refuses.
    pub async fn run(self) -> Result<(), Failure> {
        let path = match &self.action {
            Action::Keygen => {
                let (_, public) = make_key(&self.key)?;
                return print(public);
            }
            Action::Register => "project".to_owned(),
            Action::Launch { session } => format!("launch/{}/{session}", self.beamline),
            Action::Close { session } => format!("close/{}/{session}", self.beamline),
            Action::Samples => format!("samples/{}", self.beamline),
            Action::Data { .. } => format!("data/{}", self.beamline),
            Action::Report { .. } => format!("report/{}", self.beamline),
        };
        let (key, public) = match &self.action {
            Action::Register if !self.key.exists() => make_key(&self.key)?,
            _ => read_key(&self.key)?,
        };
        let now = u64::try_from(SystemClock.now().0 / 1_000_000)?;
        let url = format!(
            "{}/api/v2/{}/{path}/",
            self.url.trim_end_matches('/'),
            sign(&key, &self.user, now)
        );
        let client = http_client()?;
        let request = match &self.action {
            Action::Samples => client.get(url),
            Action::Register => client.post(url).form(&[("public", public.as_str())]),
            // As MxDC does: MessagePack, without a content type.
            Action::Data { file } | Action::Report { file } => client.post(url).body(message_pack(file)?),
            Action::Keygen | Action::Launch { .. } | Action::Close { .. } => client.post(url),
        };
        let response = request
            .send()
            .await
            .map_err(|error| format!("can't reach {}: {}", self.url, reason(&error)))?;
        let status = response.status().as_u16();
        let body = response.text().await?;
        if status != 200 {
            let hint = match status {
                405 => "\n  does the key belong to this user, and is this machine's clock right?",
                _ => "",
            };
            return Err(format!("{}{hint}", refusal(status, &body)).into());
        }
        print(body)
    }
}

/// A JSON file as MessagePack.
fn message_pack(file: &Path) -> Result<Vec<u8>, Failure> {
    let text = std::fs::read(file).map_err(|error| format!("can't read {}: {error}", file.display()))?;
    Ok(json::to_msgpack(&text, 128).map_err(|error| format!("{}: {error}", file.display()))?)
}

/// Makes a key in a new file that only its owner can read.
fn make_key(file: &Path) -> Result<(SigningKey, String), Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| format!("the system gives no random bytes: {error}"))?;
    let pair = Ed25519Keypair::from_seed(&seed);
    let key = PrivateKey::new(KeypairData::Ed25519(pair), "beamlive client")?;
    let text = key.to_openssh(LineEnding::LF)?;
    let mut new = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .map_err(|error| format!("can't make the key file {}: {error}", file.display()))?;
    new.write_all(text.as_bytes())?;
    Ok((SigningKey::from_bytes(&seed), key.public_key().to_openssh()?))
}

fn read_key(file: &Path) -> Result<(SigningKey, String), Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        format!(
            "can't read the key in {}: {error}; make one with beamlive client keygen",
            file.display()
        )
    })?;
    let key = PrivateKey::from_openssh(&text)?;
    match key.key_data() {
        KeypairData::Ed25519(pair) => Ok((
            SigningKey::from_bytes(&pair.private.to_bytes()),
            key.public_key().to_openssh()?,
        )),
        _ => Err(format!(
            "{} is no Ed25519 key: make one with beamlive client keygen",
            file.display()
        )
        .into()),
    }
}
