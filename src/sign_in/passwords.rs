//! Changes of passwords by the staff.

use super::accounts::Accounts;
use beamlive_actors::activity::Origin;
use beamlive_actors::ask::Unavailable;
use beamlive_actors::facility::{SignInChange, SignInChanged};
use beamlive_actors::password::Password;
use std::net::Ipv4Addr;
use thiserror::Error;

/// Why a password was not changed.
#[derive(Debug, Error)]
pub enum NotChanged {
    /// It can't be a password, and why.
    #[error("{0}")]
    Unfit(String),
    /// There is no such account.
    #[error("there is no such account")]
    UnknownUser,
    /// Nothing was done.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Gives an account a password. All its tokens end.
    ///
    /// # Errors
    /// [`NotChanged`].
    pub async fn set_password(
        &self,
        username: &str,
        password: String,
        origin: Origin,
    ) -> Result<(), NotChanged> {
        let password = Password::new(password).map_err(|error| NotChanged::Unfit(error.to_string()))?;
        let fits = password.fits_new(username);
        fits.map_err(|error| NotChanged::Unfit(error.to_string()))?;
        let address = origin.address.unwrap_or(Ipv4Addr::LOCALHOST.into());
        let hash = self.hash(password, address).await?;
        self.change_sign_in(username, SignInChange::Set(hash), origin)
            .await
    }

    /// Gives an account a password that is made here, and returns it. All its tokens end.
    ///
    /// # Errors
    /// [`NotChanged`].
    pub async fn reset_password(&self, username: &str, origin: Origin) -> Result<String, NotChanged> {
        let password = self.made();
        self.set_password(username, password.clone(), origin).await?;
        Ok(password)
    }

    /// Changes how an account signs in.
    ///
    /// # Errors
    /// [`NotChanged`].
    pub async fn change_sign_in(
        &self,
        username: &str,
        change: SignInChange,
        origin: Origin,
    ) -> Result<(), NotChanged> {
        let changed = self
            .directory()
            .change_sign_in(username.to_owned(), change, origin);
        match changed.await? {
            SignInChanged::Changed | SignInChanged::Unchanged => Ok(()),
            SignInChanged::UnknownUser => Err(NotChanged::UnknownUser),
        }
    }

    /// A password of 80 bits, in letters and digits that are not mistaken for each other.
    fn made(&self) -> String {
        const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let key = self.directory().services().keys.secure_key();
        let letters = key.0.iter().take(16).map(|byte| {
            let letter = LETTERS.get(usize::from(byte % 32)).copied().unwrap_or(b'a');
            char::from(letter)
        });
        let letters: Vec<_> = letters.collect();
        let groups = letters.chunks(4).map(|group| group.iter().collect::<String>());
        groups.collect::<Vec<_>>().join("-")
    }
}
