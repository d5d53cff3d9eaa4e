//! A client that signs as MxDC does.

use super::Site;
use base64::prelude::{Engine, BASE64_URL_SAFE};
use beamlive::auth::token::{base62, sign_message};
use beamlive_actors::clock::Clock;
use beamlive_actors::clock::ManualClock;
use ed25519_dalek::{Signer, SigningKey};
use reqwest::header::HeaderMap;
use serde_json::Value;
use ssh_key::private::{DsaKeypair, Ed25519Keypair, KeypairData};
use ssh_key::PrivateKey;

/// Kinds of keys that the tests generate. The vectors contain the other kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    Ed25519,
    Dsa,
}

#[derive(Clone)]
enum Key {
    Ed25519(SigningKey),
    Dsa(dsa::SigningKey),
}

/// A client program that signs as one project.
#[derive(Clone)]
pub struct Client {
    pub user: String,
    pub public: String,
    key: Key,
    url: String,
    clock: ManualClock,
    http: reqwest::Client,
}

/// A whole answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        Self::try_of(request).await.unwrap()
    }

    /// The answer, or an error if the service ends before it has answered.
    pub async fn try_of(request: reqwest::RequestBuilder) -> reqwest::Result<Self> {
        let response = request.send().await?;
        Ok(Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await?.to_vec(),
        })
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.text()))
    }

    /// The fields that an error names.
    pub fn fields(&self) -> Vec<String> {
        let json = self.json();
        let fields = json["error"]["fields"].as_object().cloned().unwrap_or_default();
        fields.into_iter().map(|(name, _)| name).collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Key {
    /// A new key, and its OpenSSH line.
    fn generate(kind: KeyKind) -> (Self, String) {
        let mut random = rand_core::OsRng;
        let (key, data) = match kind {
            KeyKind::Ed25519 => {
                let key = SigningKey::generate(&mut random);
                let pair = Ed25519Keypair::from_seed(&key.to_bytes());
                (Self::Ed25519(key), KeypairData::Ed25519(pair))
            }
            KeyKind::Dsa => {
                let pair = DsaKeypair::random(&mut random).unwrap();
                let key = dsa::SigningKey::try_from(&pair).unwrap();
                (Self::Dsa(key), KeypairData::Dsa(pair))
            }
        };
        let private = PrivateKey::new(data, "test").unwrap();
        (key, private.public_key().to_openssh().unwrap())
    }
}

impl Client {
    pub fn new(site: &Site, user: &str, kind: KeyKind) -> Self {
        let (key, public) = Key::generate(kind);
        Self {
            user: user.to_owned(),
            public,
            key,
            url: site.url(),
            clock: site.clock.clone(),
            http: site.http.clone(),
        }
    }

    /// A client, with a new Ed25519 key, of a service in another process.
    pub fn of_service(url: String, user: &str, clock: ManualClock) -> Self {
        let (key, public) = Key::generate(KeyKind::Ed25519);
        beamlive::proxy::install_crypto();
        Self {
            user: user.to_owned(),
            public,
            key,
            url,
            clock,
            http: reqwest::Client::new(),
        }
    }

    /// The same key with the name of another account in its tokens.
    pub fn posing_as(&self, user: &str) -> Self {
        Self {
            user: user.to_owned(),
            ..self.clone()
        }
    }

    /// The same client with its own connections.
    pub fn on_its_own_connection(&self) -> Self {
        let timeout = std::time::Duration::from_secs(60);
        Self {
            http: reqwest::Client::builder().timeout(timeout).build().unwrap(),
            ..self.clone()
        }
    }

    /// The same client after the service has moved to another port.
    pub fn at(&self, site: &Site) -> Self {
        Self {
            url: site.url(),
            ..self.clone()
        }
    }

    /// The same client after the service was started again at another URL.
    pub fn moved_to(&self, url: &str) -> Self {
        Self {
            url: url.to_owned(),
            ..self.clone()
        }
    }

    /// A POST that is not sent yet.
    pub fn posting(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.post(self.url(path))
    }

    /// A token with the current time.
    pub fn token(&self) -> String {
        self.token_at(u64::try_from(self.clock.now().0 / 1_000_000).unwrap())
    }

    /// A token with another time.
    pub fn token_at(&self, unix_seconds: u64) -> String {
        let time = base62(unix_seconds);
        let message = sign_message(&self.user, &time);
        let signature = match &self.key {
            Key::Ed25519(key) => key.sign(&message).to_bytes().to_vec(),
            Key::Dsa(key) => {
                use dsa::pkcs8::der::Encode;
                use dsa::signature::DigestSigner;
                use sha2::{Digest, Sha256};
                let signature: dsa::Signature = key.sign_digest(Sha256::new_with_prefix(&message));
                signature.to_der().unwrap()
            }
        };
        format!("{}:{time}:{}", self.user, BASE64_URL_SAFE.encode(signature))
    }

    /// The URL of a signed route.
    pub fn url(&self, path: &str) -> String {
        format!("{}/api/v2/{}/{path}", self.url, self.token())
    }

    pub async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Reply {
        Reply::of(self.http.post(self.url(path)).body(body)).await
    }

    pub async fn post_json(&self, path: &str, body: &Value) -> Reply {
        Reply::of(self.http.post(self.url(path)).json(body)).await
    }

    /// A POST as MxDC sends it: MessagePack without a content type.
    pub async fn post_msgpack(&self, path: &str, body: &Value) -> Reply {
        self.post(path, rmp_serde::to_vec(body).unwrap()).await
    }

    /// As [`Self::post_msgpack`], with an `Idempotency-Key`.
    pub async fn post_once(&self, path: &str, key: &str, body: &Value) -> Reply {
        let request = self.http.post(self.url(path)).header("Idempotency-Key", key);
        Reply::of(request.body(rmp_serde::to_vec(body).unwrap())).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        Reply::of(self.http.get(self.url(path))).await
    }

    pub async fn register(&self) -> Reply {
        Reply::of(
            self.http
                .post(self.url("project/"))
                .form(&[("public", &self.public)]),
        )
        .await
    }

    pub async fn launch(&self, beamline: &str, session: &str) -> Reply {
        self.post(&format!("launch/{beamline}/{session}/"), "").await
    }

    pub async fn close(&self, beamline: &str, session: &str) -> Reply {
        self.post(&format!("close/{beamline}/{session}/"), "").await
    }

    pub async fn samples(&self, beamline: &str) -> Reply {
        self.get(&format!("samples/{beamline}/")).await
    }

    pub async fn data(&self, beamline: &str, body: &Value) -> Reply {
        self.post_msgpack(&format!("data/{beamline}/"), body).await
    }

    pub async fn report(&self, beamline: &str, body: &Value) -> Reply {
        self.post_msgpack(&format!("report/{beamline}/"), body).await
    }
}
