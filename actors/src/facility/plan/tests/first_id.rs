//! The first ids.

use super::*;

#[test]
fn ids_start_above_those_of_an_earlier_server_and_never_decrease() {
    let plan_at = |last: [u64; 4], first: &str| {
        let tables = [Table::Session, Table::Dataset, Table::Report, Table::Sample];
        let counters = Counters(tables.into_iter().zip(last).collect());
        let situation = Situation {
            prune: true,
            in_use: &InUse::default(),
            counters: &counters,
            now: NOW,
        };
        let text = format!("[ids]\nfirst = {first}\n{BASE}");
        Plan::make(&base(), &declare(&text), &situation).unwrap()
    };
    let told = |last, first| {
        let plan = plan_at(last, first);
        assert_eq!(plan.batch.is_empty(), plan.changes.is_empty());
        assert_eq!(plan.counts.updated, plan.changes.len());
        plan.changes.join("; ")
    };
    assert_eq!(
        told([0, 0, 0, 1], "500_000"),
        "ids of sessions, datasets, reports, samples start above 500000"
    );
    assert_eq!(
        told([7, 500_000, 499_999, 500_001], "500_000"),
        "ids of sessions, reports start above 500000"
    );
    for first in ["0", "499_999", "500_000"] {
        assert_eq!(told([500_000; 4], first), "", "{first}");
    }
}

#[test]
fn a_sample_of_the_file_that_raises_the_ids_is_above_them_too() {
    let text = "[ids]\nfirst = 9000\n[[sample]]\nproject = 'a'\nname = 't'\ncontainer = 'P'\nlocation = '2'";
    let plan = plan(&base(), text, false).unwrap();
    assert_eq!(ids(&plan.catalog.samples), [1, 9_001]);
}
