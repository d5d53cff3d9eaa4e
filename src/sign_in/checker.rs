//! Checks passwords on threads of its own, so that a flood of guesses costs nobody else anything.
//!
//! The threads run only when nothing else wants the processor, and one core is left to everything
//! else. If that gives them no time for a second, one more thread checks at low priority, so that
//! people can sign in to a busy machine too. Each check uses up to 128 MiB (32 MiB for a hash that
//! is made here), so all together use at most [`THREADS`] and one times that. What waits is
//! bounded, and an address may use a quarter of the places.

use crate::pool::{PoolSize, Priority, WorkPool};
use beamlive_actors::ask::Unavailable;
use beamlive_actors::clock::KeySource;
use beamlive_actors::password::{HashError, Password, PasswordHash};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// Most checks at once.
pub const THREADS: usize = 2;

/// The threads that check passwords.
pub struct Checker {
    pool: WorkPool,
    salts: Arc<dyn KeySource>,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// It is not the password.
    Wrong,
    /// It is the password.
    Right {
        /// A new hash of the same password, if the old one should be replaced.
        rehashed: Option<PasswordHash>,
    },
}

impl Checker {
    /// A checker in which at most `waiting` checks wait or run. New hashes get salts of `salts`.
    #[must_use]
    pub fn new(waiting: usize, salts: Arc<dyn KeySource>) -> Self {
        let pool = WorkPool::new(PoolSize {
            name: "password",
            threads: THREADS,
            priority: Priority::Idle,
            waiting,
        });
        Self { pool, salts }
    }

    /// Checks a password for a caller at `from`. For an account that does not exist, `hash` is a
    /// stand-in, and the caller refuses in any case.
    ///
    /// # Errors
    /// [`Unavailable::Busy`] when the queue, or the caller's share of it, is full.
    pub async fn check(
        &self,
        from: IpAddr,
        password: Password,
        hash: PasswordHash,
    ) -> Result<Checked, Unavailable> {
        let salts = Arc::clone(&self.salts);
        let work = move || {
            if !hash.verify(&password) {
                return Checked::Wrong;
            }
            let rehashed = hash
                .needs_rehash()
                .then(|| PasswordHash::make(&password, &*salts))
                .and_then(|made| made.map_err(|error| tracing::error!(%error, "a new hash")).ok());
            Checked::Right { rehashed }
        };
        self.pool.run(from, work).await
    }

    /// Hashes a new password for a caller at `from`.
    ///
    /// # Errors
    /// [`Unavailable::Busy`] when the queue, or the caller's share of it, is full.
    pub async fn make(
        &self,
        from: IpAddr,
        password: Password,
    ) -> Result<Result<PasswordHash, HashError>, Unavailable> {
        let salts = Arc::clone(&self.salts);
        let work = move || PasswordHash::make(&password, &*salts);
        self.pool.run(from, work).await
    }
}

impl fmt::Debug for Checker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checker")
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use beamlive_actors::clock::CountingKeys;
    use futures_util::future::join_all;

    const DJANGO: &str = "pbkdf2_sha256$1000$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=";

    fn checker(waiting: usize) -> Checker {
        Checker::new(waiting, Arc::new(CountingKeys::default()))
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    fn password(text: &str) -> Password {
        Password::new(text.to_owned()).unwrap()
    }

    #[actix_web::test]
    async fn djangos_hash_is_replaced_at_the_first_good_sign_in() {
        let (checker, old) = (checker(8), PasswordHash::parse(DJANGO).unwrap());
        let wrong = checker.check(address(1), password("wrong"), old.clone()).await;
        assert_eq!(wrong, Ok(Checked::Wrong));
        let right = checker.check(address(1), password("correct horse"), old).await;
        let Ok(Checked::Right { rehashed: Some(new) }) = right else {
            unreachable!("{right:?}");
        };
        assert!(!new.needs_rehash());
        let again = checker.check(address(1), password("correct horse"), new).await;
        assert_eq!(again, Ok(Checked::Right { rehashed: None }));
    }

    #[actix_web::test]
    async fn a_new_password_is_hashed() {
        let checker = checker(8);
        let made = checker
            .make(address(1), password("correct horse"))
            .await
            .unwrap()
            .unwrap();
        assert!(made.verify(&password("correct horse")));
    }

    #[actix_web::test]
    async fn a_flood_of_guesses_is_refused_beyond_its_share_and_others_are_answered() {
        let checker = checker(8);
        let hash = PasswordHash::make(&password("correct horse"), &CountingKeys::default()).unwrap();
        let flood = (0..20).map(|_| checker.check(address(1), password("guess"), hash.clone()));
        let other = checker.check(address(2), password("correct horse"), hash.clone());
        let (flood, other) = futures_util::join!(join_all(flood), other);
        assert_eq!(other, Ok(Checked::Right { rehashed: None }));
        let refused = flood
            .iter()
            .filter(|answer| **answer == Err(Unavailable::Busy))
            .count();
        // All are asked at once, before one is done.
        assert!(refused >= 12, "{refused} of 20 were refused");
        assert!(flood.contains(&Ok(Checked::Wrong)));
    }
}
