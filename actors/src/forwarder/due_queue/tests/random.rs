//! Random histories.

use super::*;
use proptest::prelude::*;

/// A step of a random history.
#[derive(Debug, Clone)]
enum Step {
    Add(u64),
    /// Ends the running call at this index, with this outcome.
    End(usize, u8),
    Wait(u64),
    Retry,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..12_u64).prop_map(Step::Add),
        4 => (0..8_usize, 0..6_u8).prop_map(|(index, ending)| Step::End(index, ending)),
        2 => (0..90_u64).prop_map(Step::Wait),
        1 => Just(Step::Retry),
    ];
    proptest::collection::vec(step, 0..120)
}

proptest! {
    #[test]
    fn bounds_hold_and_every_row_is_sent_once_the_proxy_works(steps in steps()) {
        let (concurrency, window) = (3, 6);
        let mut queue = queue(concurrency, window);
        let mut now = NOW;
        let mut running: Vec<RowId> = Vec::new();
        for step in steps {
            match step {
                Step::Add(id) => queue.add(&[row(id)], false, now),
                Step::Wait(seconds) => now = later(now, Duration::from_secs(seconds)),
                Step::Retry => queue.retry(now),
                Step::End(index, ending) if index < running.len() => {
                    let outcome = match ending {
                        0 => Ok(Success::Delivered),
                        1 => Ok(Success::Gone),
                        2 => Err(Unavailable::Contended.into()),
                        3 => Err(Unavailable::Busy.into()),
                        4 => failure(Cause::Proxy),
                        _ => failure(Cause::Directory),
                    };
                    queue.finished(running.remove(index), &outcome, now);
                }
                Step::End(..) => {}
            }
            while let Some(call) = queue.next(now) {
                prop_assert!(!running.contains(&call));
                prop_assert!(!is_probing(&queue) || running.is_empty());
                prop_assert!(is_up(&queue) || is_probing(&queue));
                running.push(call);
            }
            prop_assert!(running.len() <= concurrency && queue.rows.len() <= window);
            prop_assert_eq!(running.len(), queue.in_flight());
        }
        // From here on the proxy works.
        let deadline = later(now, LONGEST * 3);
        while !queue.rows.is_empty() {
            for id in running.drain(..) {
                queue.finished(id, &Ok(Success::Delivered), now);
            }
            if let Some(next) = queue.next_at() {
                now = now.max(next);
                running.extend(std::iter::from_fn(|| queue.next(now)));
                prop_assert!(!running.is_empty(), "nothing is due at {next:?}");
            }
            prop_assert!(now <= deadline);
        }
    }
}
