//! `beamlive passwd`: the passwords of projects and persons.

use super::password::asked_twice;
use beamlive_client::admin::Service;
use beamlive_client::{print, Failure};
use clap::Args;

/// Set, reset or expire the password of a project or a person. Its tokens end, so its clients have
/// to sign in again.
#[derive(Debug, Args)]
pub struct Passwd {
    /// Username of the project or person. The new password is asked for; without a terminal, it is
    /// the first line of the input.
    username: String,
    /// Make a new password, and print it.
    #[arg(long, conflicts_with_all = ["expire", "end_tokens"])]
    reset: bool,
    /// Refuse sign-ins until a new password is set.
    #[arg(long, conflicts_with = "end_tokens")]
    expire: bool,
    /// Keep the password, and only end all tokens.
    #[arg(long)]
    end_tokens: bool,
    /// The service.
    #[command(flatten)]
    service: Service,
}

impl Passwd {
    /// Changes the password and prints what was done.
    ///
    /// # Errors
    /// When the service can't be reached or refuses, or the password is not typed twice alike.
    pub async fn run(self) -> Result<(), Failure> {
        let admin = self.service.admin()?;
        let username = self.username.as_str();
        if self.reset {
            let password = admin.reset_password(username).await?;
            return print(format_args!("the new password of {username}: {password}"));
        }
        if self.expire {
            admin.expire_password(username).await?;
            return print(format_args!(
                "{username} can't sign in before the password is set anew"
            ));
        }
        if self.end_tokens {
            admin.end_tokens(username).await?;
            return print(format_args!("{username} has to sign in again"));
        }
        let password = asked_twice(&format!("new password of {username}: "))?;
        admin.set_password(username, &password).await?;
        print(format_args!("{username} has a new password"))
    }
}
