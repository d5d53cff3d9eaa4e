//! A client of version 3.

use super::{Reply, Site};
use serde_json::Value;

/// An account with tokens.
#[derive(Debug, Clone)]
pub struct SignedIn {
    http: reqwest::Client,
    base: String,
    pub access: String,
    pub refresh: String,
    /// Headers of each request.
    headers: Vec<(&'static str, String)>,
}

impl Site {
    /// Posts a form to a route of version 3.
    pub async fn v3_form(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        Reply::of(self.http.post(format!("{}/api/v3/{path}", self.url())).form(form)).await
    }

    /// Tries to sign in.
    pub async fn try_sign_in(&self, username: &str, password: &str) -> Reply {
        let form = [("username", username), ("password", password)];
        self.v3_form("auth/", &form).await
    }

    /// Signs in.
    pub async fn sign_in(&self, username: &str, password: &str) -> SignedIn {
        let reply = self.try_sign_in(username, password).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        self.signed_in(&reply.json())
    }

    /// The client with the tokens of an answer.
    pub fn signed_in(&self, pair: &Value) -> SignedIn {
        let text = |name: &str| pair[name].as_str().unwrap().to_owned();
        SignedIn {
            http: self.http.clone(),
            base: self.url(),
            access: text("access"),
            refresh: text("refresh"),
            headers: Vec::new(),
        }
    }

    /// Sets the password of an account.
    pub async fn set_password(&self, username: &str, password: &str) {
        let url = format!("{}/api/admin/accounts/{username}/password", self.url());
        let request = self.http.put(url).bearer_auth(self.admin_token());
        let reply = Reply::of(request.form(&[("password", password)])).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
}

impl SignedIn {
    /// The same with one more header.
    pub fn with(&self, name: &'static str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name, value.to_owned()));
        client
    }

    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}/api/v3/{path}", self.base))
            .header("X-Access-Token", format!("Bearer {}", self.access));
        let headers = self.headers.iter();
        headers.fold(request, |request, (name, value)| request.header(*name, value))
    }

    pub async fn get(&self, path: &str) -> Reply {
        Reply::of(self.request(reqwest::Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Reply {
        Reply::of(self.request(reqwest::Method::POST, path).body(body)).await
    }

    pub async fn post_json(&self, path: &str, body: &Value) -> Reply {
        Reply::of(self.request(reqwest::Method::POST, path).json(body)).await
    }

    pub async fn start(&self, beamline: &str, session: &str) -> Reply {
        self.post(&format!("session/{beamline}/{session}/start/"), "")
            .await
    }

    pub async fn close(&self, beamline: &str, session: &str) -> Reply {
        self.post(&format!("session/{beamline}/{session}/close/"), "")
            .await
    }
}
