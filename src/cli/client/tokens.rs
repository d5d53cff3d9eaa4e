//! Version 3: the tokens of an account, in a file.

use beamlive_client::sign_in::Pair;
use beamlive_client::Failure;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file with tokens: MessagePack of a map with `access` and `refresh`, as MxDC keeps them.
#[derive(Debug)]
pub(super) struct TokenFile<'a>(pub(super) &'a Path);

impl TokenFile<'_> {
    /// Reads the tokens.
    ///
    /// # Errors
    /// When there are none.
    pub(super) fn read(&self) -> Result<Pair, Failure> {
        let place = self.0.display();
        let bytes = fs::read(self.0).map_err(|error| {
            format!("can't read the tokens in {place}: {error}; sign in with beamlive client --v3 login")
        })?;
        Ok(rmp_serde::from_slice(&bytes).map_err(|error| {
            format!("{place} has no tokens: {error}; sign in with beamlive client --v3 login")
        })?)
    }

    /// Replaces the tokens, all at once. Only the owner can read the file.
    ///
    /// # Errors
    /// When the file can't be written; then it is as before.
    pub(super) fn write(&self, pair: &Pair) -> Result<(), Failure> {
        self.replace(&rmp_serde::to_vec_named(pair)?)
            .map_err(|error| format!("can't write the tokens to {}: {error}", self.0.display()).into())
    }

    fn replace(&self, bytes: &[u8]) -> std::io::Result<()> {
        let parent = self.0.parent().filter(|parent| !parent.as_os_str().is_empty());
        let mut new = NamedTempFile::new_in(parent.unwrap_or(Path::new(".")))?;
        new.write_all(bytes)?;
        new.as_file().sync_all()?;
        new.persist(self.0)?;
        Ok(())
    }

    /// Removes the tokens. Returns whether there were any.
    ///
    /// # Errors
    /// When the file can't be removed.
    pub(super) fn remove(&self) -> Result<bool, Failure> {
        match fs::remove_file(self.0) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(format!("can't remove {}: {error}", self.0.display()).into()),
        }
    }
}

/// The options that are for version 3.
#[derive(Debug, clap::Args)]
pub(super) struct TokenOptions {
    /// With --v3: file with the account's tokens.
    #[arg(
        long,
        env = "BEAMLIVE_TOKENS",
        value_name = "FILE",
        default_value = "project.tokens"
    )]
    token_file: PathBuf,
    /// With --v3: the project that a person's request is for, by its username or id.
    #[arg(long, env = "BEAMLIVE_PROJECT", value_name = "NAME", requires = "v3")]
    pub(super) project: Option<String>,
}

impl TokenOptions {
    /// The file with the tokens.
    pub(super) fn file(&self) -> TokenFile<'_> {
        TokenFile(&self.token_file)
    }
}
