//! Properties of a facility after any files in any order.

use super::*;
use crate::facility::check::DEEPEST;
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

const PROJECTS: [&str; 3] = ["a", "b", "c"];
const PLACES: [&str; 3] = ["1", "2", "3"];

type Held = Option<(usize, usize)>;

/// A file with few names, so that several files have the same: containers `k0`…`k7`, some in
/// another.
#[derive(Debug, Clone)]
struct File {
    /// Number, kind, and the number and location of its parent.
    containers: Vec<(usize, usize, Held)>,
    samples: Vec<(usize, usize, i64)>,
    automounters: Vec<(usize, usize, bool)>,
    prune: bool,
}

fn file() -> impl Strategy<Value = File> {
    let kind = prop_oneof![4 => Just(0_usize), 1 => 1..3_usize];
    let held = proptest::option::weighted(0.8, (0..8_usize, 0..3_usize));
    let containers = proptest::collection::btree_map(0..8_usize, (kind, held), 0..4);
    let samples = proptest::collection::btree_map((0..8_usize, 0..3_usize), -2..3_i64, 0..3);
    let automounters = proptest::collection::btree_map((0..2_usize, 0..8_usize), any::<bool>(), 0..2);
    (containers, samples, automounters, proptest::bool::weighted(0.1)).prop_map(
        |(containers, samples, automounters, prune)| File {
            containers: containers
                .into_iter()
                .map(|(number, (kind, held))| (number, kind, held))
                .collect(),
            samples: samples
                .into_iter()
                .map(|((container, at), priority)| (container, at, priority))
                .collect(),
            automounters: automounters
                .into_iter()
                .map(|((at, container), on)| (at, container, on))
                .collect(),
            prune,
        },
    )
}

/// Containers without a parent, which later files move.
fn first() -> File {
    File {
        containers: (0..8).map(|number| (number, 0, None)).collect(),
        samples: Vec::new(),
        automounters: Vec::new(),
        prune: false,
    }
}

/// The project of a container, by its number.
fn owner(container: usize) -> &'static str {
    PROJECTS[container % PROJECTS.len()]
}

impl File {
    fn text(&self) -> String {
        let mut text = String::new();
        for project in PROJECTS {
            writeln!(text, "[[project]]\nusername = '{project}'").unwrap();
        }
        text += "[[beamline]]\nacronym = 'X0'\n[[beamline]]\nacronym = 'X1'\n";
        for kind in 0..3 {
            // Each kind has one location fewer than the one before.
            writeln!(
                text,
                "[[container_type]]\nname = 't{kind}'\nlocations = {:?}",
                &PLACES[..3 - kind]
            )
            .unwrap();
        }
        for (number, kind, parent) in &self.containers {
            let project = owner(*number);
            writeln!(
                text,
                "[[container]]\nproject = '{project}'\nname = 'k{number}'\ntype = 't{kind}'"
            )
            .unwrap();
            if let Some((parent, at)) = parent {
                let project = owner(*parent);
                writeln!(text, "parent = {{ project = '{project}', name = 'k{parent}' }}").unwrap();
                writeln!(text, "location = '{}'", PLACES[*at]).unwrap();
            }
        }
        for (container, at, priority) in &self.samples {
            let (project, at) = (owner(*container), PLACES[*at]);
            writeln!(
                text,
                "[[sample]]\nproject = '{project}'\nname = 's'\ncontainer = 'k{container}'"
            )
            .unwrap();
            writeln!(text, "location = '{at}'\npriority = {priority}").unwrap();
        }
        for (beamline, container, active) in &self.automounters {
            let project = owner(*container);
            writeln!(
                text,
                "[[automounter]]\nbeamline = 'X{beamline}'\nactive = {active}"
            )
            .unwrap();
            writeln!(
                text,
                "container = {{ project = '{project}', name = 'k{container}' }}"
            )
            .unwrap();
        }
        text
    }

    fn entries(&self) -> usize {
        8 + self.containers.len() + self.samples.len() + self.automounters.len()
    }
}

/// Checks a facility without the code under test.
fn assert_sound(catalog: &Catalog) {
    let mut taken = HashMap::new();
    for (id, entry) in catalog.containers.iter() {
        let container = &entry.record;
        let (mut level, mut above) = (1, container.parent);
        while let Some(parent) = above {
            level += 1;
            assert!(level <= DEEPEST, "container {id} is too deep, or in itself");
            above = catalog
                .containers
                .get(parent.0)
                .expect("the parent exists")
                .record
                .parent;
        }
        assert_eq!(container.parent.is_some(), container.location.is_some());
        if let (Some(parent), Some(location)) = (container.parent, &container.location) {
            let kind = catalog.containers.get(parent.0).unwrap().record.kind;
            assert!(catalog
                .container_types
                .get(kind.0)
                .unwrap()
                .record
                .locations
                .contains(location));
            assert_eq!(
                taken.insert((parent, location.clone()), id),
                None,
                "two containers at one location"
            );
        }
    }
    for (_, entry) in catalog.samples.iter() {
        let container = &catalog
            .containers
            .get(entry.record.container.0)
            .expect("its container exists")
            .record;
        assert_eq!(container.project, entry.record.project);
        let kind = &catalog.container_types.get(container.kind.0).unwrap().record;
        assert!(kind.locations.contains(&entry.record.location));
    }
    let mut beamlines = HashSet::new();
    let mut containers = HashSet::new();
    for (_, entry) in catalog.automounters.iter() {
        let container = &catalog
            .containers
            .get(entry.record.container.0)
            .expect("its container exists")
            .record;
        if entry.record.active {
            assert!(container.parent.is_none());
            assert!(beamlines.insert(entry.record.beamline) && containers.insert(entry.record.container));
        }
    }
}

fn total(catalog: &Catalog) -> usize {
    let Catalog {
        projects,
        beamlines,
        container_types,
        containers,
        automounters,
        samples,
        ..
    } = catalog;
    ids(projects).len()
        + ids(beamlines).len()
        + ids(container_types).len()
        + ids(containers).len()
        + ids(automounters).len()
        + ids(samples).len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_facility_stays_sound_after_any_files(files in proptest::collection::vec(file(), 1..20)) {
        let mut catalog = Catalog::default();
        let mut last_container = 0;
        for file in std::iter::once(first()).chain(files) {
            let text = file.text();
            let before = total(&catalog);
            let Ok(made) = plan(&catalog, &text, file.prune) else { continue };
            assert_sound(&made.catalog);
            let counts = made.counts;
            prop_assert_eq!(counts.created + counts.updated + counts.unchanged, file.entries());
            prop_assert_eq!(before + counts.created, total(&made.catalog) + counts.removed);
            prop_assert_eq!(made.batch.is_empty(), counts.created + counts.updated + counts.removed == 0);
            prop_assert_eq!(made.changes.len(), counts.created + counts.updated + counts.removed + counts.kept);

            // New ids follow the greatest earlier id without a gap.
            let new: Vec<_> = ids(&made.catalog.containers).into_iter().filter(|id| *id > last_container).collect();
            let expected: Vec<_> = (last_container + 1..).take(new.len()).collect();
            prop_assert_eq!(&new, &expected);
            last_container = made.catalog.containers.last_id();

            let again = plan(&made.catalog, &text, file.prune).unwrap();
            prop_assert_eq!(again.counts.unchanged, file.entries());
            prop_assert!(again.batch.is_empty());
            catalog = made.catalog;
        }
    }
}
