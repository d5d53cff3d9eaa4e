#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::*;
use crate::facility::catalog::Declared;
use crate::facility::declaration::Format;
use crate::facility::place::{Mistake, Section};
use crate::facility::tests::EXAMPLE;
use beamlive_storage::records::{ContainerStatus, Sample};
use beamlive_storage::{Table, Timestamp};

mod accounts;
mod defaults;
mod first_id;
mod mistakes;
mod properties;

/// Projects a and b; beamlines X and Y; types Dewar (1, 2), Adaptor (A, B), Puck (1, 2, 3); in a:
/// dewars DX, DY, an adaptor AD in DX at 1, a puck P in AD at A, with a sample at 1; X has DX.
const BASE: &str = "
[[project]]
username = 'a'
[[project]]
username = 'b'
[[beamline]]
acronym = 'X'
[[beamline]]
acronym = 'Y'
[[container_type]]
name = 'Dewar'
locations = ['1', '2']
[[container_type]]
name = 'Adaptor'
locations = ['A', 'B']
[[container_type]]
name = 'Puck'
locations = ['1', '2', '3']
[[container]]
project = 'a'
name = 'DX'
type = 'Dewar'
[[container]]
project = 'a'
name = 'DY'
type = 'Dewar'
[[container]]
project = 'a'
name = 'AD'
type = 'Adaptor'
parent = { project = 'a', name = 'DX' }
location = '1'
[[container]]
project = 'a'
name = 'P'
type = 'Puck'
parent = { project = 'a', name = 'AD' }
location = 'A'
[[group]]
project = 'a'
name = 'g'
[[sample]]
project = 'a'
name = 's'
container = 'P'
location = '1'
group = 'g'
[[automounter]]
beamline = 'X'
container = { project = 'a', name = 'DX' }
[[access_list]]
name = 'l'
address = '10.0.0.0/8'
users = ['a']
beamlines = ['X']
[[beamtime]]
project = 'a'
beamline = 'X'
start = 2026-11-23T08:00:00
end = 2026-11-23T16:00:00
";

impl Plan {
    /// Plans a file without mistakes.
    pub(crate) fn make(
        catalog: &Catalog,
        declaration: &Declaration,
        situation: &Situation<'_>,
    ) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Mistakes::new();
        Self::make_noting(catalog, declaration, situation, &mut mistakes).ok_or_else(|| mistakes.into_list())
    }
}

const NOW: Timestamp = Timestamp(1_000_000);
const LATER: Timestamp = Timestamp(2_000_000);

pub(super) fn declare(text: &str) -> Declaration {
    Declaration::parse(text, Format::Toml, chrono_tz::UTC).unwrap()
}

struct Options<'a> {
    prune: bool,
    in_use: &'a InUse,
    now: Timestamp,
}

fn plan_with(catalog: &Catalog, text: &str, options: &Options<'_>) -> Result<Plan, Vec<Mistake>> {
    let situation = Situation {
        prune: options.prune,
        in_use: options.in_use,
        counters: &Counters::default(),
        now: options.now,
    };
    Plan::make(catalog, &declare(text), &situation)
}

pub(super) fn plan(catalog: &Catalog, text: &str, prune: bool) -> Result<Plan, Vec<Mistake>> {
    let in_use = InUse::default();
    let options = Options {
        prune,
        in_use: &in_use,
        now: LATER,
    };
    plan_with(catalog, text, &options)
}

fn base() -> Catalog {
    let in_use = InUse::default();
    let options = Options {
        prune: false,
        in_use: &in_use,
        now: NOW,
    };
    plan_with(&Catalog::default(), BASE, &options).unwrap().catalog
}

fn ids<R: Declared>(entries: &crate::facility::catalog::Entries<R>) -> Vec<u64> {
    entries.iter().map(|(id, _)| id).collect()
}

fn container(name: &str, parent: Option<(&str, &str)>) -> String {
    let held = parent
        .map(|(parent, at)| format!("parent = {{ project = 'a', name = '{parent}' }}\nlocation = '{at}'\n"));
    format!(
        "[[container]]\nproject = 'a'\nname = '{name}'\ntype = 'Puck'\n{}",
        held.unwrap_or_default()
    )
}

#[test]
fn creates_the_entries_of_the_file_with_ids_in_its_order() {
    let plan = plan(&Catalog::default(), BASE, false).unwrap();
    let counts = Counts {
        created: 16,
        ..Counts::default()
    };
    assert_eq!(plan.counts, counts);
    assert_eq!(plan.catalog.generation, 1);
    assert_eq!(ids(&plan.catalog.containers), [1, 2, 3, 4]);
    assert_eq!(
        plan.catalog.containers.get(4).unwrap().record.parent.unwrap().0,
        3
    );
    assert_eq!(plan.changes[0], "create project a");
    assert!(plan.changes.contains(&"create sample a/P/1".to_owned()));
    assert!(plan.changes.contains(&"create automounter X a/DX".to_owned()));
    assert!(plan
        .changes
        .contains(&"create beamtime a X 2026-11-23T08:00:00Z".to_owned()));
}

#[test]
fn the_same_file_again_changes_nothing() {
    for text in [BASE, EXAMPLE] {
        let first = plan(&Catalog::default(), text, false).unwrap();
        let again = plan(&first.catalog, text, true).unwrap();
        let counts = Counts {
            unchanged: first.counts.created,
            ..Counts::default()
        };
        assert_eq!(again.counts, counts);
        assert!(again.batch.is_empty());
        assert!(again.changes.is_empty() && again.keys.is_empty());
    }
}

#[test]
fn the_example_has_a_realistic_facility() {
    let catalog = plan(&Catalog::default(), EXAMPLE, false).unwrap().catalog;
    assert_eq!(ids(&catalog.automounters).len(), 3);
    assert_eq!(ids(&catalog.projects).len(), 4);
    assert!(ids(&catalog.samples).len() >= 30);
    let (_, puck) = catalog
        .project("alice")
        .and_then(|(id, _)| catalog.containers.find(&(id, "CLS-0042".into())))
        .unwrap();
    assert_eq!(puck.record.status, ContainerStatus::OnSite);
    assert!(puck.record.parent.is_some());
}

#[test]
fn says_which_fields_change_and_when_a_project_did() {
    let changed = BASE
        .replace("username = 'a'", "username = 'a'\nname = 'A'")
        .replace("name = 's'", "name = 't'\npriority = 3");
    let changed = changed.replace("location = 'A'", "location = 'B'\nstatus = 'on-site'");
    let plan = plan(&base(), &changed, false).unwrap();
    assert_eq!(
        (plan.counts.created, plan.counts.updated, plan.counts.unchanged),
        (0, 3, 13)
    );
    assert_eq!(
        plan.changes,
        [
            "update project a: name",
            "update container a/P: status, location",
            "update sample a/P/1: name, priority"
        ]
    );
    let project = plan.catalog.projects.get(1).unwrap();
    assert_eq!(
        (project.revision, project.record.created, project.record.modified),
        (2, NOW, LATER)
    );
    assert_eq!(plan.catalog.projects.get(2).unwrap().record.modified, NOW);
}

#[test]
fn ids_continue_after_the_last_one_given() {
    let counters = Counters([(Table::Group, 41)].into());
    let situation = Situation {
        prune: false,
        in_use: &InUse::default(),
        counters: &counters,
        now: NOW,
    };
    let text = "[[group]]\nproject = 'a'\nname = 'h'\n[[group]]\nproject = 'a'\nname = 'i'";
    let plan = Plan::make(&base(), &declare(text), &situation).unwrap();
    assert_eq!(ids(&plan.catalog.groups), [1, 42, 43]);
}

#[test]
fn a_file_may_swap_pucks_in_one_go() {
    let two = plan(&base(), &container("Q", Some(("AD", "B"))), false)
        .unwrap()
        .catalog;
    let swap = container("P", Some(("AD", "B"))) + &container("Q", Some(("AD", "A")));
    let plan = plan(&two, &swap, false).unwrap();
    assert_eq!(
        plan.changes,
        ["update container a/P: location", "update container a/Q: location"]
    );
}

#[test]
fn prune_removes_unnamed_entries_and_keeps_those_that_records_refer_to() {
    let base = plan(
        &base(),
        "[[data_type]]\nacronym = 'SAXS'\n[[data_type]]\nacronym = 'MAD'",
        false,
    )
    .unwrap()
    .catalog;
    let in_use = InUse([(Section::Project, 1), (Section::Beamline, 1)].into());
    let options = Options {
        prune: true,
        in_use: &in_use,
        now: LATER,
    };
    let plan = plan_with(&base, "[[project]]\nusername = 'c'", &options).unwrap();
    let counts = Counts {
        created: 1,
        removed: 15,
        kept: 2,
        ..Counts::default()
    };
    assert_eq!(plan.counts, counts);
    assert_eq!(ids(&plan.catalog.projects), [1, 3]);
    assert_eq!(
        plan.catalog.projects.get(1).unwrap().revision,
        1,
        "a kept project stays as it is"
    );
    let kept = plan.catalog.beamlines.get(1).unwrap();
    assert_eq!((kept.revision, kept.record.active), (2, false));
    assert_eq!(ids(&plan.catalog.data_types), [2], "MAD exists from the start");
    assert!(
        plan.catalog.samples.is_empty()
            && plan.catalog.containers.is_empty()
            && plan.catalog.beamtimes.is_empty()
    );
    for line in [
        "remove sample a/P/1",
        "remove container a/P",
        "remove automounter X a/DX",
        "remove project b",
        "keep project a: records refer to it",
        "keep beamline X as inactive: records refer to it",
    ] {
        assert!(
            plan.changes.contains(&line.to_owned()),
            "{line} not in {:?}",
            plan.changes
        );
    }
    let again = plan_with(&plan.catalog, "[[project]]\nusername = 'c'", &options).unwrap();
    assert!(again.batch.is_empty());
    assert_eq!((again.counts.unchanged, again.counts.kept), (1, 2));
}

#[test]
fn prune_refuses_to_remove_entries_that_the_file_refers_to() {
    let sample =
        "[[project]]\nusername = 'a'\n[[sample]]\nproject = 'a'\nname = 's'\ncontainer = 'P'\nlocation = '1'";
    let mistakes = plan(&base(), sample, true).unwrap_err();
    let expected = Mistake {
        place: "[[sample]] #1 (line 3), container".to_owned(),
        message: "refers to container \"a/P\", which the file leaves out, so it would be removed".to_owned(),
    };
    assert_eq!(mistakes, [expected]);
    assert!(plan(&base(), sample, false).is_ok());
}

#[test]
fn a_project_that_is_kept_may_be_referred_to() {
    let in_use = InUse([(Section::Project, 1)].into());
    let options = Options {
        prune: true,
        in_use: &in_use,
        now: NOW,
    };
    let text = "[[access_list]]\nname = 'l'\naddress = '::1'\nusers = ['a']";
    let plan = plan_with(&base(), text, &options).unwrap();
    assert_eq!((plan.counts.updated, plan.counts.kept), (1, 1));
}

#[test]
fn only_the_first_of_very_many_changes_are_listed() {
    let names: Vec<_> = (0..1500)
        .map(|n| format!("[[project]]\nusername = 'p{n}'\n"))
        .collect();
    let changes = plan(&Catalog::default(), &names.concat(), false).unwrap().changes;
    assert_eq!(changes.len(), 1001);
    assert_eq!(changes[1000], "… and 500 more");
}

#[test]
fn a_sample_belongs_to_the_project_of_its_container() {
    let catalog = base();
    let sample: &Sample = &catalog.samples.get(1).unwrap().record;
    assert_eq!(
        catalog.containers.get(sample.container.0).unwrap().record.project,
        sample.project
    );
}

#[test]
fn an_access_list_with_connections_is_kept_as_inactive() {
    let base = base();
    let (id, _) = base.access_lists.find("l").unwrap();
    let in_use = InUse([(Section::AccessList, id)].into());
    let options = Options {
        prune: true,
        in_use: &in_use,
        now: LATER,
    };
    let plan = plan_with(&base, "", &options).unwrap();
    let kept = &plan.catalog.access_lists.find("l").unwrap().1.record;
    assert!(
        !kept.active && kept.users.is_empty() && kept.beamlines.is_empty(),
        "{kept:?}"
    );
    assert_eq!(plan.counts.kept, 1);
}
