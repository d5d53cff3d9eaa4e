//! Version 3: sign-in, tokens, and persons who act for projects.

mod auth;
mod oidc;
mod people;
mod refresh;
mod routes;
mod throttle;
mod tokens;

use crate::support::Site;

/// A password that is long enough.
const PASSWORD: &str = "correct horse";

/// Persons: anna leads alice and is a member of bob; omar is an operator without projects; ida may
/// not sign in.
const PEOPLE: &str = r#"
[[person]]
username = "anna"
name = "Anna"
member_of = [{ project = "alice", role = "leader" }, { project = "bob" }]

[[person]]
username = "omar"
staff = "operator"

[[person]]
username = "ida"
active = false
member_of = [{ project = "alice" }]
"#;

/// A site whose project alice and whose persons have a password.
async fn site() -> Site {
    let site = Site::with(|settings| settings.schedule = true).await;
    site.apply(PEOPLE).await;
    for username in ["alice", "anna", "omar", "ida"] {
        site.set_password(username, PASSWORD).await;
    }
    site
}
