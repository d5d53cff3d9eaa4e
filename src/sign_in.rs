//! Sign-in with a username and a password or with OpenID Connect, and the tokens that result.
//!
//! Only `accounts.rs` knows the store; none of it knows routes or the configuration.
//!
//! | file | what it holds |
//! |---|---|
//! | `accounts.rs` | [`accounts::Accounts`]: puts the others together, with the facility and the store |
//! | `stand_in.rs` | [`stand_in::StandIns`]: what is verified for an account that has no password |
//! | `checker.rs` | [`checker::Checker`]: checks passwords on threads of its own |
//! | `share.rs` | signed links to reports |
//! | `passwords.rs` | changes of passwords by the staff |
//! | `throttle.rs` | [`throttle::Throttle`]: the delay that grows with failures |
//! | `secrets.rs` | [`secrets::Secrets`]: what tokens are signed with |
//! | `token.rs`, `token/` | [`token::Claims`]: a token issued, and verified |
//! | `owner.rs` | the account that a token names |
//! | `oidc.rs`, `oidc/` | [`oidc::Oidc`]: persons whom an issuer of OpenID Connect verifies |
//! | `refresh.rs` | [`refresh::judge`]: what a refresh token is answered with |

pub mod accounts;
pub mod checker;
pub mod oidc;
mod owner;
pub mod passwords;
pub mod refresh;
pub mod secrets;
pub mod share;
pub mod stand_in;
pub mod throttle;
pub mod token;
