//! Sign-in with OpenID Connect: the authorization code flow with PKCE, for persons.
//!
//! | file | what it holds |
//! |---|---|
//! | `flow.rs` | what the browser keeps between the two requests |
//! | `issuer.rs` | the issuer's addresses and keys, and its ID tokens |
//! | `http.rs` | the HTTP client of the issuer |
//! | `setup.rs` | [`setup::Setup`]: what has to be configured |
//! | `refusal.rs` | [`refusal::OidcRefused`]: why a sign-in is refused |

mod flow;
mod http;
mod issuer;
pub mod refusal;
pub mod setup;

pub use flow::PATIENCE;

use beamlive_actors::clock::{Clock, KeySource};
use flow::Flow;
use issuer::Issuer;
use refusal::OidcRefused;
use serde::Deserialize;
use setup::{Setup, SetupError};
use std::fmt;
use std::sync::Arc;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Longest code, in bytes.
const LONGEST_CODE: usize = 4096;

/// Sign-in with OpenID Connect.
pub struct Oidc {
    issuer: Issuer,
    key: Zeroizing<[u8; 32]>,
    clock: Arc<dyn Clock>,
    keys: Arc<dyn KeySource>,
}

/// Where the browser goes, and what it keeps.
#[derive(Debug)]
pub struct Begun {
    /// The issuer's page.
    pub url: String,
    /// The value of the cookie.
    pub cookie: String,
}

/// What the issuer sends back, in the query.
#[derive(Default, Deserialize)]
pub struct Returned {
    /// The code that is exchanged for tokens.
    code: Option<String>,
    /// What was sent to the issuer.
    state: Option<String>,
    /// Why there is no code.
    error: Option<String>,
}

impl Oidc {
    /// Cookies are signed with `key`. Nothing is asked of the issuer yet.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(
        setup: Setup,
        key: [u8; 32],
        clock: Arc<dyn Clock>,
        keys: Arc<dyn KeySource>,
    ) -> Result<Self, SetupError> {
        Ok(Self {
            issuer: Issuer::new(setup, Arc::clone(&clock))?,
            key: Zeroizing::new(key),
            clock,
            keys,
        })
    }

    /// The URL that the issuer sends the browser back to.
    #[must_use]
    pub fn redirect_url(&self) -> &openidconnect::url::Url {
        self.issuer.redirect_url()
    }

    /// Begins a sign-in.
    ///
    /// # Errors
    /// [`OidcRefused::Away`] or [`OidcRefused::Busy`].
    pub async fn begin(&self) -> Result<Begun, OidcRefused> {
        let flow = Flow::new(&*self.keys, self.clock.now());
        Ok(Begun {
            url: self.issuer.page(&flow).await?,
            cookie: flow.seal(&self.key)?,
        })
    }

    /// Finishes a sign-in with what the issuer sent back, and the value of the cookie. Returns the
    /// username that the issuer vouches for.
    ///
    /// # Errors
    /// [`OidcRefused`].
    pub async fn finish(&self, returned: Returned, cookie: Option<&str>) -> Result<String, OidcRefused> {
        let flow = cookie.and_then(|cookie| Flow::open(cookie, &self.key, self.clock.now()));
        let flow = flow.ok_or(OidcRefused::NotBegun)?;
        let state = returned.state.ok_or(OidcRefused::Incomplete)?;
        if !bool::from(state.as_bytes().ct_eq(flow.state.as_bytes())) {
            return Err(OidcRefused::State);
        }
        if let Some(error) = returned.error {
            return Err(OidcRefused::denied(&error));
        }
        let code = returned.code.filter(|code| code.len() <= LONGEST_CODE);
        let code = code.ok_or(OidcRefused::Incomplete)?;
        self.issuer.username(code, &flow).await
    }
}

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oidc").finish_non_exhaustive()
    }
}
