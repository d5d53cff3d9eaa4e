//! Version 3: the same as version 2, but accounts sign in with a password, and requests carry an
//! access token instead of a signature. Most of it is served under `/api/v2/` too.
//!
//! | file | what it holds |
//! |---|---|
//! | `auth.rs` | signing in, and checking and refreshing tokens |
//! | `oidc.rs` | signing in with OpenID Connect |
//! | `session.rs` | starting and closing sessions |
//! | `samples.rs`, `data.rs`, `report.rs` | as in version 2 |

pub mod auth;
pub mod data;
pub mod oidc;
pub mod report;
pub mod samples;
pub mod session;

use utoipa::IntoParams;

/// The project of a person's request, in its address.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProjectParameter {
    /// Username or id of a project. Without it, the project that has beamtime, or the beamline.
    #[param(required = false, example = "alice")]
    pub project: String,
}

/// The same in a header.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct ProjectHeader {
    /// The project, for clients that can't change their URLs.
    #[param(rename = "X-Project", required = false)]
    pub header: String,
}
