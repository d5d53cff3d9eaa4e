//! The issuer: its pages, and what it says of a person.
//!
//! Its addresses and keys are asked for when they are first needed, once an hour, and when a token
//! is signed with a key that is not known yet.

use super::flow::Flow;
use super::http::{HttpError, IssuerHttp};
use super::refusal::OidcRefused;
use super::setup::{Setup, SetupError};
use beamlive_actors::clock::Clock;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm as Algorithm,
    CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
    CoreTokenType,
};
use openidconnect::url::Url;
use openidconnect::{
    AdditionalClaims, AuthType, AuthorizationCode, ClaimsVerificationError, Client, ClientId, ClientSecret,
    CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdToken, IdTokenClaims,
    IdTokenFields, IdTokenVerifier, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, SignatureVerificationError, StandardErrorResponse, StandardTokenResponse,
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long its addresses and keys are used before they are asked for again.
const KNOWN_FOR: Duration = Duration::from_secs(3600);
/// Sign-ins that may wait for the issuer at once.
const CALLS: usize = 32;
/// Longest username, in bytes.
const LONGEST_NAME: usize = 150;
/// How ID tokens may be signed: with the issuer's own key. A secret that this service has too
/// proves less.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RsaSsaPkcs1V15Sha256,
    Algorithm::RsaSsaPkcs1V15Sha384,
    Algorithm::RsaSsaPkcs1V15Sha512,
    Algorithm::RsaSsaPssSha256,
    Algorithm::RsaSsaPssSha384,
    Algorithm::RsaSsaPssSha512,
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EdDsa,
];

/// The claims that the standard does not name.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct OtherClaims {
    #[serde(flatten)]
    claims: Map<String, Value>,
}

impl AdditionalClaims for OtherClaims {}

type Claims = IdTokenClaims<OtherClaims, CoreGenderClaim>;
type Token = IdToken<OtherClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, Algorithm>;
type Fields = IdTokenFields<
    OtherClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    Algorithm,
>;
type ErrorAnswer = StandardErrorResponse<CoreErrorResponseType>;

/// The client of the protocol, with the issuer's addresses and keys.
type Known = Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    ErrorAnswer,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The issuer.
pub(super) struct Issuer {
    url: IssuerUrl,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    redirect: RedirectUrl,
    claim: String,
    http: IssuerHttp,
    clock: Arc<dyn Clock>,
    /// With the time at which it was asked for.
    known: Mutex<Option<(Duration, Arc<Known>)>>,
    calls: Semaphore,
}

impl Issuer {
    /// Nothing is asked of it yet.
    pub(super) fn new(setup: Setup, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        let wrong = |key, text| move |_| SetupError::Url { key, text };
        let url = IssuerUrl::new(setup.issuer.clone()).map_err(wrong("issuer", setup.issuer))?;
        let redirect = RedirectUrl::new(setup.redirect_url.clone());
        let has_tls = url.url().scheme() == "https";
        Ok(Self {
            redirect: redirect.map_err(wrong("redirect_url", setup.redirect_url))?,
            http: IssuerHttp::new(setup.certificates.as_deref(), has_tls)?,
            url,
            client_id: ClientId::new(setup.client_id),
            client_secret: setup.client_secret.map(ClientSecret::new),
            claim: setup.claim,
            clock,
            known: Mutex::default(),
            calls: Semaphore::new(CALLS),
        })
    }

    /// The URL that it sends browsers back to.
    pub(super) fn redirect_url(&self) -> &Url {
        self.redirect.url()
    }

    /// The page where a person signs in.
    pub(super) async fn page(&self, flow: &Flow) -> Result<String, OidcRefused> {
        let _call = self.calls.try_acquire().map_err(|_| OidcRefused::Busy)?;
        let known = self.known().await?;
        let verifier = PkceCodeVerifier::new(flow.verifier.clone());
        let state = CsrfToken::new(flow.state.clone());
        let nonce = Nonce::new(flow.nonce.clone());
        let (url, _, _) = known
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || state, || nonce)
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scope(Scope::new("profile".to_owned()))
            .url();
        Ok(url.into())
    }

    /// The username of the person for whom it gave `code`.
    pub(super) async fn username(&self, code: String, flow: &Flow) -> Result<String, OidcRefused> {
        let _call = self.calls.try_acquire().map_err(|_| OidcRefused::Busy)?;
        let known = self.known().await?;
        let request = known
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| {
                tracing::error!(%error, "the issuer of OpenID Connect names no address for tokens");
                OidcRefused::Away
            })?;
        let verifier = PkceCodeVerifier::new(flow.verifier.clone());
        let request = request.set_pkce_verifier(verifier);
        let answer = request.request_async(&self.http).await.map_err(not_exchanged)?;
        let token = answer.extra_fields().id_token().ok_or(OidcRefused::NoToken)?;
        let nonce = Nonce::new(flow.nonce.clone());
        let claims = match self.verify(&known, token, &nonce) {
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => self.verify(&*self.ask().await?, token, &nonce),
            verified => verified,
        };
        named(&claims.map_err(not_good)?, &self.claim)
    }

    /// The claims of a token that this issuer signed, for this service, with this nonce.
    fn verify(&self, known: &Known, token: &Token, nonce: &Nonce) -> Result<Claims, ClaimsVerificationError> {
        let now = self.clock.now().to_utc();
        let verifier: IdTokenVerifier<'_, _> = known.id_token_verifier();
        let verifier = verifier.set_allowed_algs(ALGORITHMS).set_time_fn(move || now);
        token.claims(&verifier, nonce).cloned()
    }

    /// Its addresses and keys.
    async fn known(&self) -> Result<Arc<Known>, OidcRefused> {
        let now = self.clock.monotonic();
        let known = self.known.lock().clone();
        match known {
            Some((since, known)) if now.saturating_sub(since) < KNOWN_FOR => Ok(known),
            _ => self.ask().await,
        }
    }

    /// Asks for its addresses and keys.
    async fn ask(&self) -> Result<Arc<Known>, OidcRefused> {
        let now = self.clock.monotonic();
        let found = CoreProviderMetadata::discover_async(self.url.clone(), &self.http).await;
        let found = found.map_err(|error| {
            let cause = cause(&error);
            tracing::warn!(issuer = %self.url.as_str(), cause, "the issuer of OpenID Connect can't be used now");
            OidcRefused::Away
        })?;
        let secret_in_form = found
            .token_endpoint_auth_methods_supported()
            .is_some_and(|methods| {
                let has = |method| methods.contains(&method);
                has(CoreClientAuthMethod::ClientSecretPost) && !has(CoreClientAuthMethod::ClientSecretBasic)
            });
        let client = Known::from_provider_metadata(found, self.client_id.clone(), self.client_secret.clone())
            .set_redirect_uri(self.redirect.clone());
        let client = match secret_in_form {
            true => client.set_auth_type(AuthType::RequestBody),
            false => client,
        };
        let known = Arc::new(client);
        *self.known.lock() = Some((now, Arc::clone(&known)));
        Ok(known)
    }
}

/// The username in a claim. Whether there is such a person is not known here.
fn named(claims: &Claims, claim: &str) -> Result<String, OidcRefused> {
    let refused = || OidcRefused::NoName(claim.to_owned());
    let all = serde_json::to_value(claims).map_err(|_| refused())?;
    match all.get(claim) {
        Some(Value::String(name)) if !name.is_empty() && name.len() <= LONGEST_NAME => Ok(name.clone()),
        _ => Err(refused()),
    }
}

/// What a failed exchange of a code means.
fn not_exchanged(error: RequestTokenError<HttpError, ErrorAnswer>) -> OidcRefused {
    match error {
        RequestTokenError::ServerResponse(answer) => {
            let error = answer.error();
            tracing::warn!(%error, "the issuer of OpenID Connect does not take a code");
            OidcRefused::Code
        }
        RequestTokenError::Request(error) => {
            let cause = cause(&error);
            tracing::warn!(cause, "the issuer of OpenID Connect does not answer");
            OidcRefused::Away
        }
        // The causes may repeat what the issuer sent.
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            tracing::warn!("the answer of the issuer of OpenID Connect can't be read");
            OidcRefused::NoToken
        }
    }
}

/// What is wrong with a token, without what it says.
fn not_good(error: ClaimsVerificationError) -> OidcRefused {
    let why = match error {
        ClaimsVerificationError::Expired(_) => "it has expired",
        ClaimsVerificationError::InvalidAudience(_) => "it is for another service",
        ClaimsVerificationError::InvalidIssuer(_) => "it is from another issuer",
        ClaimsVerificationError::InvalidNonce(_) => "it is for another sign-in",
        ClaimsVerificationError::SignatureVerification(_) => "its signature is wrong",
        _ => "it breaks the rules of OpenID Connect",
    };
    tracing::warn!(why, "an ID token was refused");
    OidcRefused::Token(why)
}

/// An error with all its causes.
fn cause(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
