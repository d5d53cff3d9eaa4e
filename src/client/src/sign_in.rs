//! Version 3 of the API: signing in, and checking and refreshing tokens.

use crate::http::{http_client, reason, refusal};
use crate::tls::Trust;
use crate::Failure;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde::{Deserialize, Serialize};

/// The header of requests that has the access token.
pub const ACCESS_TOKEN: &str = "X-Access-Token";

/// The tokens of an account that has signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// Goes with each request, in [`ACCESS_TOKEN`].
    pub access: String,
    /// Is exchanged for a new pair.
    pub refresh: String,
}

/// The routes for tokens of one service.
#[derive(Debug, Clone)]
pub struct SignIn {
    http: Client,
    url: String,
}

impl SignIn {
    /// Those of the service at `url`.
    ///
    /// # Errors
    /// When a file of `trust` can't be used.
    pub fn new(url: &str, trust: &Trust) -> Result<Self, Failure> {
        Ok(Self {
            http: http_client(trust, None)?,
            url: url.trim_end_matches('/').to_owned(),
        })
    }

    /// Signs in.
    ///
    /// # Errors
    /// When the service can't be reached or refuses.
    pub async fn sign_in(&self, username: &str, password: &str) -> Result<Pair, Failure> {
        let form = [("username", username), ("password", password)];
        let body = self.post("auth/", &form).await?;
        Ok(serde_json::from_str(&body)?)
    }

    /// Exchanges a refresh token for a new pair.
    ///
    /// # Errors
    /// When the service can't be reached or refuses.
    pub async fn refresh(&self, refresh: &str) -> Result<Pair, Failure> {
        let body = self.post("auth/refresh/", &[("refresh", refresh)]).await?;
        Ok(serde_json::from_str(&body)?)
    }

    /// Asks whether a token is valid.
    ///
    /// # Errors
    /// When the service can't be reached, or the token is not valid.
    pub async fn verify(&self, token: &str) -> Result<(), Failure> {
        self.post("auth/verify/", &[("token", token)]).await.map(drop)
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<String, Failure> {
        let request = self.http.post(format!("{}/api/v3/{path}", self.url)).form(form);
        let response = request
            .send()
            .await
            .map_err(|error| format!("can't reach {}: {}", self.url, reason(&error)))?;
        match (response.status(), response.text().await?) {
            (StatusCode::OK, body) => Ok(body),
            (status, body) => Err(refusal(status.as_u16(), &body).into()),
        }
    }
}

/// Adds an access token to a request.
pub fn with_token(request: RequestBuilder, access: &str) -> RequestBuilder {
    request.header(ACCESS_TOKEN, format!("Bearer {access}"))
}
