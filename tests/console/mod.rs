//! The console: pages for people, as a browser gets them.

mod book;
mod changes;
mod events;
mod figures;
mod pages;
mod sign_in;

use crate::support::{Reply, Site};
use reqwest::Method;

/// A password that is long enough.
const PASSWORD: &str = "correct horse";

/// anna leads alice and is a member of bob; omar is an operator, vera a viewer; nemo is in no
/// project.
const PEOPLE: &str = r#"
[[person]]
username = "anna"
member_of = [{ project = "alice", role = "leader" }, { project = "bob" }]

[[person]]
username = "omar"
staff = "operator"

[[person]]
username = "vera"
staff = "viewer"

[[person]]
username = "nemo"
"#;

/// A site whose projects and persons have a password.
async fn site() -> Site {
    let site = Site::new().await;
    site.apply(PEOPLE).await;
    for username in ["alice", "bob", "anna", "omar", "vera", "nemo"] {
        site.set_password(username, PASSWORD).await;
    }
    site
}

/// A browser: it keeps a cookie, and sends what browsers send.
struct Browser<'a> {
    site: &'a Site,
    cookie: String,
}

impl<'a> Browser<'a> {
    /// A browser that is not signed in.
    fn new(site: &'a Site) -> Self {
        Self {
            site,
            cookie: String::new(),
        }
    }

    /// A browser in which `username` is signed in.
    async fn of(site: &'a Site, username: &str) -> Self {
        let mut browser = Self::new(site);
        let reply = browser.sign_in(username, PASSWORD).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        browser
    }

    /// Sends the form of the page for signing in.
    async fn sign_in(&mut self, username: &str, password: &str) -> Reply {
        let reply = self
            .post("/sign-in", &[("username", username), ("password", password)])
            .await;
        if let Some(cookie) = reply.header("set-cookie") {
            self.cookie = cookie.split(';').next().unwrap().to_owned();
        }
        reply
    }

    async fn get(&self, path: &str) -> Reply {
        Reply::of(self.request(Method::GET, path)).await
    }

    /// The text of a page, which must be there.
    async fn page(&self, path: &str) -> String {
        let reply = self.get(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.text()
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        Reply::of(self.request(Method::POST, path).form(form)).await
    }

    /// Sends a form of a page of this browser.
    async fn submit(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        let key = self.form_key().await;
        let form: Vec<_> = form.iter().copied().chain([("form_key", key.as_str())]).collect();
        self.post(path, &form).await
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.site
            .request(method, path)
            .header("cookie", &self.cookie)
            .header("sec-fetch-site", "same-origin")
    }

    /// The key that the forms of this browser have.
    async fn form_key(&self) -> String {
        let page = self.page("/").await;
        let (_, rest) = page.split_once("name=\"form_key\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }
}
