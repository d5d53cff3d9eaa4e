#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;
use proptest::prelude::*;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

fn at(seconds: u64) -> Duration {
    // Not zero, so that earlier times can be represented.
    Duration::from_secs(1_000_000 + seconds)
}

/// Tries a wrong password as soon as it is allowed to, and returns the delays.
fn fail(throttle: &mut Throttle, username: &str, address: IpAddr, times: usize) -> Vec<u64> {
    let mut now = at(0);
    let mut delays = Vec::new();
    for _ in 0..times {
        let waited = match throttle.begin(username, address, now) {
            Ok(_) => 0,
            Err(Wait(seconds)) => {
                let early = now + Duration::from_secs(seconds) - Duration::from_millis(1);
                assert!(throttle.begin(username, address, early).is_err());
                now += Duration::from_secs(seconds);
                let _failed = throttle.begin(username, address, now).unwrap();
                seconds
            }
        };
        delays.push(waited);
    }
    delays
}

#[test]
fn the_delay_doubles_after_a_few_free_mistakes() {
    let delays = fail(&mut Throttle::default(), "ada", HERE, 14);
    assert_eq!(delays, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256]);
}

#[test]
fn a_guesser_gets_four_guesses_an_hour_in_the_long_run() {
    let mut throttle = Throttle::default();
    let mut guesses = 0;
    for second in 0..10 * 3600 {
        guesses += usize::from(throttle.begin("ada", HERE, at(second)).is_ok());
    }
    assert!((45..60).contains(&guesses), "{guesses} guesses in ten hours");
}

#[test]
fn an_address_is_delayed_over_all_accounts_by_a_minute_at_most() {
    let mut throttle = Throttle::default();
    for number in 0..50 {
        assert!(throttle.begin(&format!("user{number}"), HERE, at(0)).is_ok());
    }
    let refused = (0..300).filter(|n| throttle.begin(&format!("next{n}"), HERE, at(*n)).is_err());
    assert!(refused.count() > 280);
    assert!(matches!(
        throttle.begin("ada", HERE, at(300)),
        Err(Wait(1..=60)) | Ok(_)
    ));
}

#[test]
fn a_good_sign_in_forgets_the_pair_and_takes_itself_back() {
    let mut throttle = Throttle::default();
    fail(&mut throttle, "ada", HERE, 5);
    assert_eq!(throttle.begin("ada", HERE, at(0)).unwrap_err(), Wait(1));
    let good = throttle.begin("ada", HERE, at(1)).unwrap();
    throttle.good(good);
    assert_eq!(fail(&mut throttle, "ada", HERE, 6), [0, 0, 0, 0, 0, 1]);
    let mut throttle = Throttle::default();
    for _ in 0..1000 {
        let good = throttle.begin("ada", HERE, at(0)).unwrap();
        throttle.good(good);
    }
}

#[test]
fn a_good_sign_in_does_not_free_its_address() {
    let mut throttle = Throttle::default();
    for number in 0..49 {
        let good = throttle.begin("guesser", HERE, at(0)).unwrap();
        throttle.good(good);
        let _failed = throttle.begin(&format!("user{number}"), HERE, at(0)).unwrap();
    }
    let _failed = throttle.begin("ada", HERE, at(0)).unwrap();
    assert_eq!(throttle.begin("bob", HERE, at(0)).unwrap_err(), Wait(1));
    // A successful sign-in does not change the delay of others at its address.
    let good = throttle.begin("guesser", HERE, at(1)).unwrap();
    throttle.good(good);
    assert!(throttle.begin("bob", HERE, at(1)).is_ok());
}

#[test]
fn an_attempt_that_was_not_checked_is_taken_back() {
    let mut throttle = Throttle::default();
    fail(&mut throttle, "ada", HERE, 5);
    for _ in 0..100 {
        let attempt = throttle.begin("ada", HERE, at(1)).unwrap();
        throttle.unchecked(attempt);
    }
    assert!(throttle.begin("ada", HERE, at(1)).is_ok());
}

#[test]
fn many_at_once_are_not_free() {
    let mut throttle = Throttle::default();
    let begun: Vec<_> = (0..100)
        .filter_map(|_| throttle.begin("ada", HERE, at(0)).ok())
        .collect();
    assert_eq!(begun.len(), 5);
}

#[test]
fn an_ipv6_network_and_an_ipv4_address_in_ipv6_form_are_one_address() {
    let mut throttle = Throttle::default();
    for host in 1..=5_u16 {
        let address = IpAddr::from([0x2001, 0xdb8, 0, 0, host, 0, 0, host]);
        assert!(throttle.begin("ada", address, at(0)).is_ok());
    }
    assert!(throttle
        .begin("ada", "2001:db8::9".parse().unwrap(), at(0))
        .is_err());
    assert!(throttle
        .begin("ada", "2001:db8:0:1::9".parse().unwrap(), at(0))
        .is_ok());
    fail(&mut throttle, "ada", HERE, 5);
    assert!(throttle
        .begin("ada", "::ffff:10.0.0.1".parse().unwrap(), at(0))
        .is_err());
}

#[test]
fn memory_is_bounded_and_what_is_forgotten_is_forgiven() {
    let mut throttle = Throttle::with_room(8, 8);
    fail(&mut throttle, "ada", HERE, 5);
    for number in 0..1000_u32 {
        let _failed = throttle.begin(&number.to_string(), IpAddr::from(number.to_be_bytes()), at(0));
    }
    assert_eq!((throttle.pairs.len(), throttle.addresses.len()), (8, 8));
    assert!(throttle.begin("ada", HERE, at(0)).is_ok());
    let long = "x".repeat(151);
    for _ in 0..49 {
        assert!(
            throttle.begin(&long, HERE, at(0)).is_ok(),
            "only its address counts"
        );
    }
    assert!(throttle.begin(&long, HERE, at(0)).is_err());
}

/// A step of a history: who, from where, how it ended, and the seconds that pass before it.
type Step = (u8, u8, u8, u64);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0..3_u8, 0..4_u8, 0..4_u8, 0..40_u64), 1..400)
}

/// Plays the steps that `plays` selects, and returns the results of those from address 0.
fn told(throttle: &mut Throttle, steps: &[Step], plays: impl Fn(&Step) -> bool) -> Vec<Option<Wait>> {
    let mut now = at(0);
    let mut told = Vec::new();
    for step in steps {
        let (user, host, end, pause) = *step;
        now += Duration::from_secs(pause);
        if !plays(step) {
            continue;
        }
        let begun = throttle.begin(
            ["ada", "bob", "eve"][usize::from(user)],
            IpAddr::from([10, 0, 0, host]),
            now,
        );
        if host == 0 {
            told.push(begun.as_ref().err().copied());
        }
        match (begun, end) {
            (Ok(attempt), 0) => throttle.good(attempt),
            (Ok(attempt), 1) => throttle.unchecked(attempt),
            _ => {}
        }
    }
    told
}

proptest! {
    #[test]
    fn what_others_do_at_their_addresses_changes_nothing_at_mine(steps in steps()) {
        let among_others = told(&mut Throttle::default(), &steps, |_| true);
        let alone = told(&mut Throttle::default(), &steps, |step| step.1 == 0);
        prop_assert_eq!(among_others, alone);
    }

    #[test]
    fn who_never_fails_never_waits_at_an_address_of_their_own_even_when_memory_is_full(
        mut steps in steps(),
        room in 1..4_usize,
    ) {
        for step in &mut steps {
            if step.1 == 0 {
                step.2 = 0;
            }
        }
        let told = told(&mut Throttle::with_room(room, room), &steps, |_| true);
        prop_assert!(told.iter().all(Option::is_none));
    }

    #[test]
    fn no_wait_is_longer_than_its_rule_allows(steps in steps()) {
        let told = told(&mut Throttle::default(), &steps, |_| true);
        prop_assert!(told.iter().flatten().all(|wait| (1..=900).contains(&wait.0)));
    }
}
