//! What is verified when an account is unknown, inactive or has no password, so that the time of
//! the answer does not tell.
//!
//! A hash of Argon2id and one of Django's take different times. If every unknown account cost the
//! same, an account with a hash of the other kind could be told by its time. So an unknown name
//! gets one of the costs that the accounts have, in the same proportions: if a third of the hashes
//! are Django's, so is a third of the stand-ins. A keyed hash of the name chooses, so that a name
//! always costs the same, and nobody can tell the choice from a real account's.
//!
//! What is left: a name whose cost changes while the facility's mix stays the same is an account
//! whose password was replaced.

use beamlive_actors::password::{Cost, HashError, PasswordHash};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The stand-ins of a facility.
#[derive(Debug, Clone)]
pub struct StandIns {
    seed: [u8; 32],
    /// For each cost, the number of accounts' hashes up to and including it, and its stand-in.
    up_to: Vec<(u64, PasswordHash)>,
    all: u64,
    /// The stand-in of a facility without hashes.
    current: PasswordHash,
}

impl StandIns {
    /// Stand-ins in the proportions of `hashes`. The `seed` is a secret that survives a restart.
    ///
    /// # Errors
    /// [`HashError`] if no stand-in can be made. Tests show that each can.
    pub fn like<'a>(
        seed: [u8; 32],
        hashes: impl IntoIterator<Item = &'a PasswordHash>,
    ) -> Result<Self, HashError> {
        let mut costs = BTreeMap::<Cost, u64>::new();
        for hash in hashes {
            *costs.entry(hash.cost()).or_default() += 1;
        }
        let mut all = 0;
        let mut up_to = Vec::new();
        for (cost, count) in costs {
            all += count;
            up_to.push((all, PasswordHash::of_nobody(cost)?));
        }
        Ok(Self {
            seed,
            up_to,
            all,
            current: PasswordHash::of_nobody(Cost::CURRENT)?,
        })
    }

    /// The stand-in of an account. No password matches it, and the caller refuses the sign-in in
    /// any case.
    #[must_use]
    pub fn of_account(&self, username: &str) -> &PasswordHash {
        let digest = Sha256::new()
            .chain_update(self.seed)
            .chain_update(username.as_bytes())
            .finalize();
        let drawn = digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        // Scales `drawn`, a number of 64 bits, to a number below `all`.
        let place = (u128::from(drawn) * u128::from(self.all)) >> 64;
        let found = self.up_to.iter().find(|(up_to, _)| place < u128::from(*up_to));
        found.map_or(&self.current, |(_, hash)| hash)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn hashes(django: usize, argon2: usize) -> Vec<PasswordHash> {
        let old = PasswordHash::of_nobody(Cost::Django { iterations: 1000 }).unwrap();
        let new = PasswordHash::of_nobody(Cost::CURRENT).unwrap();
        let mut all = vec![old; django];
        all.extend(vec![new; argon2]);
        all
    }

    fn slow_names(stand_ins: &StandIns) -> Vec<usize> {
        let is_slow = |name: &usize| stand_ins.of_account(&format!("user{name}")).cost() != Cost::CURRENT;
        (0..3000).filter(is_slow).collect()
    }

    #[test]
    fn names_without_an_account_cost_what_accounts_cost_in_the_same_proportions() {
        let stand_ins = StandIns::like([7; 32], &hashes(20, 40)).unwrap();
        let slow = slow_names(&stand_ins).len();
        assert!((900..1100).contains(&slow), "{slow} of 3000");
        assert!(slow_names(&StandIns::like([7; 32], &hashes(0, 9)).unwrap()).is_empty());
        assert_eq!(
            slow_names(&StandIns::like([7; 32], &hashes(9, 0)).unwrap()).len(),
            3000
        );
    }

    #[test]
    fn a_name_keeps_its_cost_while_the_accounts_do_and_others_cannot_compute_it() {
        let first = slow_names(&StandIns::like([7; 32], &hashes(20, 40)).unwrap());
        assert_eq!(
            first,
            slow_names(&StandIns::like([7; 32], &hashes(20, 40)).unwrap())
        );
        assert_ne!(
            first,
            slow_names(&StandIns::like([8; 32], &hashes(20, 40)).unwrap())
        );
        // As accounts migrate, stand-ins only migrate the same way.
        let later = slow_names(&StandIns::like([7; 32], &hashes(10, 50)).unwrap());
        assert!(later.len() < first.len() && later.iter().all(|name| first.contains(name)));
    }

    #[test]
    fn a_facility_without_passwords_has_a_stand_in() {
        let stand_ins = StandIns::like([7; 32], &[]).unwrap();
        assert_eq!(stand_ins.of_account("ada").cost(), Cost::CURRENT);
    }
}
