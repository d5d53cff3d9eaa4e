//! The admin API as a run needs it: to prepare, to read the books page by page, to clean up.

use super::books::{Books, DatasetRow, ReportRow, SessionRow};
use crate::cli::admin_client::{http_client, reason, refusal};
use crate::cli::Failure;
use reqwest::{Client, Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde::Deserialize;
use std::path::Path;

/// Rows of a page.
const PAGE: usize = 1_000;

/// A running service's admin API.
#[derive(Debug, Clone)]
pub struct Admin {
    http: Client,
    url: String,
    token: String,
}

/// An account, as far as it matters here.
#[derive(Debug, Deserialize)]
pub struct Project {
    /// Its name for people.
    pub name: String,
    /// Whether a key that signs its requests is registered.
    pub has_key: bool,
}

/// The newest record of each kind before a run: its own are newer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Floor {
    sessions: u64,
    datasets: u64,
    reports: u64,
}

#[derive(Deserialize)]
struct Id {
    id: u64,
}

impl Admin {
    /// The API of the service at `url`.
    ///
    /// # Errors
    /// When the token can't be read.
    pub fn new(url: &str, token_file: &Path) -> Result<Self, Failure> {
        let token = std::fs::read_to_string(token_file)
            .map_err(|error| format!("can't read the admin token in {}: {error}", token_file.display()))?;
        Ok(Self {
            http: http_client()?,
            url: format!("{}/api/admin/", url.trim_end_matches('/')),
            token: token.trim().to_owned(),
        })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        change: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<(u16, String), Failure> {
        let request = self
            .http
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.token);
        let response = change(request)
            .send()
            .await
            .map_err(|error| format!("can't reach {}: {}", self.url, reason(&error)))?;
        let status = response.status().as_u16();
        Ok((status, response.text().await?))
    }

    async fn done(
        &self,
        method: Method,
        path: &str,
        change: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<String, Failure> {
        match self.send(method, path, change).await? {
            (200, body) => Ok(body),
            (status, body) => Err(format!("{path}: {}", refusal(status, &body)).into()),
        }
    }

    /// Applies a facility file.
    ///
    /// # Errors
    /// When the service can't be reached or refuses it; every mistake is named.
    pub async fn apply(&self, toml: String) -> Result<(), Failure> {
        self.done(Method::POST, "apply", |request| {
            request.header("content-type", "application/toml").body(toml)
        })
        .await?;
        Ok(())
    }

    /// The account of a username, if there is one.
    ///
    /// # Errors
    /// When the service can't be reached or refuses.
    pub async fn project(&self, username: &str) -> Result<Option<Project>, Failure> {
        let path = format!("projects/{username}");
        match self.send(Method::GET, &path, |request| request).await? {
            (200, body) => Ok(Some(serde_json::from_str(&body)?)),
            (404, _) => Ok(None),
            (status, body) => Err(format!("{path}: {}", refusal(status, &body)).into()),
        }
    }

    /// Resets an account's key.
    ///
    /// # Errors
    /// When the service can't be reached or refuses.
    pub async fn reset_key(&self, username: &str) -> Result<(), Failure> {
        let path = format!("projects/{username}/key");
        self.done(Method::DELETE, &path, |request| request).await?;
        Ok(())
    }

    /// Sets an account's key.
    ///
    /// # Errors
    /// When the service can't be reached or refuses.
    pub async fn set_key(&self, username: &str, line: &str) -> Result<(), Failure> {
        let path = format!("projects/{username}/key");
        let form = [("key", line)];
        self.done(Method::PUT, &path, |request| request.form(&form))
            .await?;
        Ok(())
    }

    async fn rows<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Failure> {
        let body = self.done(Method::GET, path, |request| request).await?;
        serde_json::from_str(&body)
            .map_err(|error| format!("{path} has an unexpected answer: {error}").into())
    }

    /// The newest records there are.
    ///
    /// # Errors
    /// When the service can't be reached or refuses.
    pub async fn floor(&self) -> Result<Floor, Failure> {
        let mut newest = [0; 3];
        for (newest, list) in newest.iter_mut().zip(["sessions", "data", "reports"]) {
            let rows: Vec<Id> = self.rows(&format!("{list}?limit=1")).await?;
            *newest = rows.first().map_or(0, |row| row.id);
        }
        let [sessions, datasets, reports] = newest;
        Ok(Floor {
            sessions,
            datasets,
            reports,
        })
    }

    /// Enters everything of an account that is newer than `floor` into the books, a page at a time.
    ///
    /// # Errors
    /// When the service can't be reached or refuses.
    pub async fn audit(&self, username: &str, floor: Floor, books: &mut Books<'_>) -> Result<(), Failure> {
        self.pages(
            &format!("sessions?project={username}"),
            floor.sessions,
            |row: SessionRow| {
                books.session(&row);
                row.id
            },
        )
        .await?;
        self.pages(
            &format!("data?project={username}"),
            floor.datasets,
            |row: DatasetRow| {
                books.dataset(&row);
                row.id
            },
        )
        .await?;
        self.pages(
            &format!("reports?project={username}"),
            floor.reports,
            |row: ReportRow| {
                books.report(&row);
                row.id
            },
        )
        .await
    }

    /// Reads a list from new to old, down to `floor`. `enter` gives the id of its row.
    async fn pages<T: DeserializeOwned>(
        &self,
        list: &str,
        floor: u64,
        mut enter: impl FnMut(T) -> u64,
    ) -> Result<(), Failure> {
        let mut before = u64::MAX;
        while before > floor.saturating_add(1) {
            let rows: Vec<T> = self.rows(&format!("{list}&limit={PAGE}&before={before}")).await?;
            let Some(oldest) = rows.into_iter().map(&mut enter).last() else {
                break;
            };
            if oldest >= before {
                return Err(format!("{list} does not go from new to old").into());
            }
            before = oldest;
        }
        Ok(())
    }
}
