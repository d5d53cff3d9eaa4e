//! Sign-in with a username and a password, and the tokens that come of it.
//!
//! What is here knows no store, no routes and no configuration.
//!
//! | file | what it holds |
//! |---|---|
//! | `password.rs`, `password/` | [`password::Password`], and [`password::PasswordHash`]: read, verified, made |
//! | `stand_in.rs` | [`stand_in::StandIns`]: what is verified for an account that has no password |
//! | `checker.rs` | [`checker::Checker`]: checks passwords on threads of its own |
//! | `throttle.rs` | [`throttle::Throttle`]: the delay that grows with failures |
//! | `secrets.rs` | [`secrets::Secrets`]: what tokens are signed with |
//! | `token.rs`, `token/` | [`token::Claims`]: a token issued, and verified |
//! | `refresh.rs` | [`refresh::judge`]: what a refresh token is answered with |

pub mod checker;
pub mod password;
pub mod refresh;
pub mod secrets;
pub mod stand_in;
pub mod throttle;
pub mod token;
