//! An issuer of OpenID Connect on a real socket. It signs anna in without asking. A test can make
//! its ID tokens wrong.

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data, Form, Query};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use base64::Engine;
use hmac::{Hmac, Mac};
use rsa::pkcs1v15::SigningKey;
use rsa::signature::{SignatureEncoding, Signer};
use rsa::traits::PublicKeyParts;
use rsa::RsaPrivateKey;
use serde_json::{json, Map, Value};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

pub const CLIENT_ID: &str = "beamlive-test";
pub const CLIENT_SECRET: &str = "a secret of the issuer: 1%&";

/// How ID tokens are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// With the key that is published.
    Good,
    /// With another key, under the name of the one that is published.
    Forged,
    /// With another key, under a name that nothing has.
    Unknown,
    /// With the secret that the service has too.
    Shared,
    /// Not at all.
    None,
}

/// What the issuer does.
#[derive(Debug)]
struct Shared {
    url: String,
    key: Mutex<(String, RsaPrivateKey)>,
    other_key: RsaPrivateKey,
    signature: Mutex<Signature>,
    /// The time in ID tokens, in seconds since 1970.
    now: AtomicI64,
    /// Claims that differ; null leaves one out.
    claims: Mutex<Map<String, Value>>,
    /// What was asked for with each code that was not used yet.
    codes: Mutex<HashMap<String, HashMap<String, String>>>,
    /// What it sends instead of tokens: a status and a body.
    instead: Mutex<Option<(u16, String)>>,
    /// How often its addresses were asked for.
    discoveries: AtomicUsize,
    /// Secrets that it has given or taken.
    secrets: Mutex<Vec<String>>,
}

/// The issuer. It stops when this is dropped.
#[derive(Debug)]
pub struct Issuer {
    shared: Arc<Shared>,
    address: SocketAddr,
    handle: ServerHandle,
}

impl Issuer {
    /// Starts one whose time is `now`, in seconds since 1970.
    pub async fn start(now: i64) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), now).await
    }

    /// Starts one at a given address.
    pub async fn start_at(address: SocketAddr, now: i64) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            url: format!("http://{address}/realm"),
            key: Mutex::new(("first".to_owned(), new_key())),
            other_key: new_key(),
            signature: Mutex::new(Signature::Good),
            now: AtomicI64::new(now),
            claims: Mutex::default(),
            codes: Mutex::default(),
            instead: Mutex::default(),
            discoveries: AtomicUsize::new(0),
            secrets: Mutex::default(),
        });
        let data = Data::from(shared.clone());
        let server = HttpServer::new(move || {
            App::new().app_data(data.clone()).service(
                web::scope("/realm")
                    .route("/.well-known/openid-configuration", web::get().to(discovery))
                    .route("/jwks", web::get().to(jwks))
                    .route("/authorize", web::get().to(authorize))
                    .route("/token", web::post().to(token))
                    .route("/elsewhere", web::to(HttpResponse::ServiceUnavailable)),
            )
        })
        .workers(1)
        .shutdown_timeout(0)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            shared,
            address,
            handle,
        }
    }

    /// The value for the setting `oidc.issuer`.
    pub fn url(&self) -> String {
        self.shared.url.clone()
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes claims of the next ID tokens; null leaves one out.
    pub fn set_claims(&self, claims: &Value) {
        *self.shared.claims.lock().unwrap() = claims.as_object().unwrap().clone();
    }

    pub fn sign(&self, signature: Signature) {
        *self.shared.signature.lock().unwrap() = signature;
    }

    /// Has it answer this instead of tokens.
    pub fn answer_instead(&self, status: u16, body: &str) {
        *self.shared.instead.lock().unwrap() = Some((status, body.to_owned()));
    }

    /// Signs with a new key of another name. Only that is published from now on.
    pub fn rotate(&self) {
        *self.shared.key.lock().unwrap() = ("second".to_owned(), new_key());
    }

    /// How often its addresses were asked for.
    pub fn discoveries(&self) -> usize {
        self.shared.discoveries.load(Ordering::SeqCst)
    }

    /// All secrets that it has given or taken. No log may hold them.
    pub fn secrets(&self) -> Vec<String> {
        self.shared.secrets.lock().unwrap().clone()
    }

    /// Stops it.
    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

/// Short, because it is made again by each test.
fn new_key() -> RsaPrivateKey {
    RsaPrivateKey::new(&mut rand_core::OsRng, 1024).unwrap()
}

async fn discovery(shared: Data<Shared>) -> HttpResponse {
    shared.discoveries.fetch_add(1, Ordering::SeqCst);
    let url = &shared.url;
    HttpResponse::Ok().json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
    }))
}

async fn jwks(shared: Data<Shared>) -> HttpResponse {
    let (kid, key) = shared.key.lock().unwrap().clone();
    let number = |number: &rsa::BigUint| URL_SAFE_NO_PAD.encode(number.to_bytes_be());
    HttpResponse::Ok().json(json!({ "keys": [{
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": number(key.n()), "e": number(key.e()),
    }] }))
}

/// Signs the person in and sends the browser back.
async fn authorize(shared: Data<Shared>, query: Query<HashMap<String, String>>) -> HttpResponse {
    let asked = query.into_inner();
    let is_whole = asked["response_type"] == "code"
        && asked["client_id"] == CLIENT_ID
        && asked["code_challenge_method"] == "S256"
        && asked["scope"].split(' ').any(|scope| scope == "openid");
    if !is_whole {
        return HttpResponse::BadRequest().finish();
    }
    let mut codes = shared.codes.lock().unwrap();
    let mut secrets = shared.secrets.lock().unwrap();
    let code = format!("code-{}-{}", secrets.len(), asked["nonce"]);
    secrets.extend([&code, &asked["state"], &asked["nonce"]].map(String::clone));
    let back = [("code", &code), ("state", &asked["state"])];
    let back = serde_urlencoded::to_string(back).unwrap();
    let location = format!("{}?{back}", asked["redirect_uri"]);
    codes.insert(code, asked);
    HttpResponse::Found()
        .insert_header(("location", location))
        .finish()
}

async fn token(
    request: HttpRequest,
    shared: Data<Shared>,
    form: Form<HashMap<String, String>>,
) -> HttpResponse {
    if let Some((status, body)) = shared.instead.lock().unwrap().clone() {
        let status = actix_web::http::StatusCode::from_u16(status).unwrap();
        return HttpResponse::build(status)
            .content_type("application/json")
            .insert_header(("location", format!("{}/elsewhere", shared.url)))
            .body(body);
    }
    let refuse = |error: &str| HttpResponse::BadRequest().json(json!({ "error": error }));
    let quoted = |text| serde_urlencoded::to_string([("", text)]).unwrap()[1..].to_owned();
    let credentials = STANDARD.encode(format!("{}:{}", quoted(CLIENT_ID), quoted(CLIENT_SECRET)));
    let header = request.headers().get("authorization");
    if header.is_none_or(|header| header.as_bytes() != format!("Basic {credentials}").as_bytes()) {
        return refuse("invalid_client");
    }
    // A code is good once.
    let Some(asked) = shared.codes.lock().unwrap().remove(&form["code"]) else {
        return refuse("invalid_grant");
    };
    let verifier = &form["code_verifier"];
    let is_same = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == asked["code_challenge"]
        && form["redirect_uri"] == asked["redirect_uri"];
    if form["grant_type"] != "authorization_code" || !is_same {
        return refuse("invalid_grant");
    }
    let now = shared.now.load(Ordering::SeqCst);
    let mut claims = Map::from_iter([
        ("iss".to_owned(), json!(shared.url)),
        ("aud".to_owned(), json!(CLIENT_ID)),
        ("sub".to_owned(), json!("0f8b-3c2d")),
        ("iat".to_owned(), json!(now)),
        ("exp".to_owned(), json!(now + 300)),
        ("nonce".to_owned(), json!(asked["nonce"])),
        ("preferred_username".to_owned(), json!("anna")),
    ]);
    claims.extend(shared.claims.lock().unwrap().clone());
    claims.retain(|_, value| !value.is_null());
    let token = shared.signed(&Value::Object(claims));
    let mut secrets = shared.secrets.lock().unwrap();
    secrets.extend([verifier.clone(), token.clone(), "an-access-token".to_owned()]);
    HttpResponse::Ok().json(json!({
        "access_token": "an-access-token", "token_type": "Bearer", "expires_in": 300, "id_token": token,
    }))
}

impl Shared {
    fn signed(&self, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let (kid, key) = self.key.lock().unwrap().clone();
        let signature = *self.signature.lock().unwrap();
        let (algorithm, kid) = match signature {
            Signature::Good | Signature::Forged => ("RS256", kid),
            Signature::Unknown => ("RS256", "nobody's".to_owned()),
            Signature::Shared => ("HS256", kid),
            Signature::None => ("none", kid),
        };
        let header = json!({ "alg": algorithm, "kid": kid, "typ": "JWT" });
        let text = format!("{}.{}", part(&header), part(claims));
        let with = |key| SigningKey::<Sha256>::new(key).sign(text.as_bytes()).to_vec();
        let bytes = match signature {
            Signature::Good => with(key),
            Signature::Forged | Signature::Unknown => with(self.other_key.clone()),
            Signature::Shared => {
                let mac = Hmac::<Sha256>::new_from_slice(CLIENT_SECRET.as_bytes()).unwrap();
                mac.chain_update(&text).finalize().into_bytes().to_vec()
            }
            Signature::None => Vec::new(),
        };
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}
