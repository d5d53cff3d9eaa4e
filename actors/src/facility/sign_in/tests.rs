#![allow(clippy::unwrap_used)]
use super::*;

const NOW: Timestamp = Timestamp(1_700_000_000_250_000);
const LATER: Timestamp = Timestamp(1_800_000_000_000_000);

fn after(changes: &[SignInChange]) -> SignIn {
    let mut sign_in = SignIn {
        hash: Some("old".to_owned()),
        ..SignIn::default()
    };
    for change in changes {
        apply(&mut sign_in, change, NOW);
    }
    sign_in
}

fn end(family: u8) -> SignInChange {
    SignInChange::EndFamily {
        family: [family; 8],
        until: LATER,
    }
}

#[test]
fn a_new_password_ends_all_tokens_of_the_account() {
    let set = after(&[SignInChange::Expire, end(1), SignInChange::Set("new".to_owned())]);
    assert_eq!(set.hash.as_deref(), Some("new"));
    assert!(!set.expired);
    assert_eq!(set.token_epoch, 2);
    assert!(set.ended.is_empty());
}

#[test]
fn an_expired_password_stays_and_its_tokens_end() {
    let expired = after(&[SignInChange::Expire]);
    assert_eq!(expired.hash.as_deref(), Some("old"));
    assert!(expired.expired);
    assert_eq!(expired.token_epoch, 1);
}

#[test]
fn a_hash_is_replaced_only_if_it_is_the_one_that_was_checked() {
    let rehash = |from: &str| SignInChange::Rehash {
        from: from.to_owned(),
        to: "new".to_owned(),
    };
    assert_eq!(after(&[rehash("old")]).hash.as_deref(), Some("new"));
    assert_eq!(after(&[rehash("other")]).hash.as_deref(), Some("old"));
    assert_eq!(after(&[rehash("old")]).token_epoch, 0);
}

#[test]
fn families_end_once_and_are_forgotten_with_their_tokens() {
    let twice = after(&[end(1), end(1), end(2)]);
    assert_eq!(twice.ended.len(), 2);
    let mut sign_in = twice;
    apply(
        &mut sign_in,
        &SignInChange::EndFamily {
            family: [3; 8],
            until: LATER.plus_micros(1),
        },
        LATER,
    );
    assert_eq!(sign_in.ended.len(), 1);
}

#[test]
fn very_many_ended_families_end_all_tokens() {
    let changes: Vec<_> = (0..=64).map(end).collect();
    let sign_in = after(&changes);
    assert_eq!(sign_in.token_epoch, 1);
    assert!(sign_in.ended.is_empty());
}
