#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::*;
use crate::fixtures::versioned;
use beamlive_storage::ids::{ContainerTypeId, GroupId};
use beamlive_storage::records::{ContainerType, Group};
use proptest::prelude::*;

const ALICE: ProjectId = ProjectId(1);
const STAFF: ProjectId = ProjectId(9);
const BM: BeamlineId = BeamlineId(1);
const ID: BeamlineId = BeamlineId(2);

/// Builds a facility record by record.
#[derive(Default)]
struct Facility {
    catalog: Catalog,
}

impl Facility {
    /// A container type 1 with locations 1 to 16, in this order.
    fn new() -> Self {
        let mut facility = Self::default();
        let kind = ContainerType {
            name: "Uni-Puck".into(),
            locations: (1..=16).map(|number| number.to_string()).collect(),
            drawing: None,
        };
        facility.catalog.container_types.put(1, versioned(kind));
        facility
    }

    fn container(&mut self, id: u64, name: &str, parent: Option<(u64, &str)>) -> &mut Self {
        let container = Container {
            project: if name.starts_with("AM") { STAFF } else { ALICE },
            name: name.into(),
            kind: ContainerTypeId(1),
            status: ContainerStatus::OnSite,
            parent: parent.map(|(id, _)| ContainerId(id)),
            location: parent.map(|(_, location)| location.into()),
        };
        self.catalog.containers.put(id, versioned(container));
        self
    }

    fn status(&mut self, id: u64, status: ContainerStatus) -> &mut Self {
        let mut container = self.catalog.containers.get(id).unwrap().clone();
        container.record.status = status;
        self.catalog.containers.put(id, container);
        self
    }

    fn automounter(&mut self, id: u64, beamline: BeamlineId, container: u64, active: bool) -> &mut Self {
        let automounter = Automounter {
            beamline,
            container: ContainerId(container),
            active,
        };
        self.catalog.automounters.put(id, versioned(automounter));
        self
    }

    fn group(&mut self, id: u64, name: &str, priority: Option<i64>) -> &mut Self {
        let group = Group {
            project: ALICE,
            name: name.into(),
            priority,
        };
        self.catalog.groups.put(id, versioned(group));
        self
    }

    fn sample(&mut self, id: u64, name: &str, container: u64, location: &str) -> &mut Self {
        self.ranked(id, name, (container, location), None, None)
    }

    fn ranked(
        &mut self,
        id: u64,
        name: &str,
        (container, location): (u64, &str),
        group: Option<u64>,
        priority: Option<i64>,
    ) -> &mut Self {
        let sample = Sample {
            project: ALICE,
            container: ContainerId(container),
            location: location.into(),
            name: name.into(),
            barcode: String::new(),
            comments: String::new(),
            group: group.map(GroupId),
            priority,
        };
        self.catalog.samples.put(id, versioned(sample));
        self
    }

    /// `(name, port)` of the samples listed.
    fn ports(&self, beamline: BeamlineId) -> Vec<(String, String)> {
        let samples = SamplesByProject::of(&self.catalog.samples);
        list(&self.catalog, &samples, ALICE, beamline)
            .into_iter()
            .map(|sample| (sample.name.to_owned(), sample.port))
            .collect()
    }

    fn names(&self) -> Vec<String> {
        self.ports(BM).into_iter().map(|(name, _)| name).collect()
    }
}

fn pair(name: &str, port: &str) -> (String, String) {
    (name.into(), port.into())
}

#[test]
fn the_list_has_the_format_of_the_contract() {
    let mut facility = Facility::new();
    facility
        .container(1, "AM-BM", None)
        .container(2, "adaptor", Some((1, "1")))
        .container(3, "CLS-0042", Some((2, "A")))
        .automounter(1, BM, 1, true)
        .group(1, "native", Some(1))
        .ranked(17, "lys-3", (3, "3"), Some(1), None)
        .sample(18, "lys-4", 3, "4");
    let samples = SamplesByProject::of(&facility.catalog.samples);
    let list = list(&facility.catalog, &samples, ALICE, BM);
    assert_eq!(
        serde_json::to_string(&list).unwrap(),
        concat!(
            r#"[{"id":17,"name":"lys-3","barcode":"","comments":"","group":"native","location":"3","#,
            r#""container":"CLS-0042","container_type":"Uni-Puck","port":"1A3","priority":0},"#,
            r#"{"id":18,"name":"lys-4","barcode":"","comments":"","group":null,"location":"4","#,
            r#""container":"CLS-0042","container_type":"Uni-Puck","port":"1A4","priority":1}]"#
        )
    );
}

#[test]
fn a_puck_has_a_port_where_it_is_loaded_and_is_hidden_elsewhere() {
    let mut facility = Facility::new();
    facility
        .container(1, "AM-BM", None)
        .container(2, "AM-ID", None)
        .container(3, "puck", Some((1, "5")))
        .container(4, "bench", None)
        .automounter(1, BM, 1, true)
        .automounter(2, ID, 2, true)
        .sample(1, "loaded", 3, "1")
        .sample(2, "on the bench", 4, "1");
    assert_eq!(
        facility.ports(BM),
        [pair("on the bench", ""), pair("loaded", "51")]
    );
    assert_eq!(facility.ports(ID), [pair("on the bench", "")]);
}

#[test]
fn only_active_automounters_count() {
    let mut facility = Facility::new();
    facility
        .container(1, "AM-BM", None)
        .container(2, "puck", Some((1, "5")))
        .automounter(1, ID, 1, false)
        .sample(1, "a", 2, "1");
    assert_eq!(facility.ports(BM), [pair("a", "")]);
    assert_eq!(facility.ports(ID), [pair("a", "")]);
}

#[test]
fn only_the_samples_own_container_must_be_on_site() {
    let mut facility = Facility::new();
    facility
        .container(1, "adaptor", None)
        .container(2, "puck", Some((1, "A")))
        .sample(1, "a", 2, "1")
        .status(1, ContainerStatus::Sent);
    assert_eq!(facility.ports(BM), [pair("a", "")]);
    for status in [
        ContainerStatus::Draft,
        ContainerStatus::Sent,
        ContainerStatus::Returned,
        ContainerStatus::Archived,
    ] {
        facility.status(2, status);
        assert_eq!(facility.ports(BM), []);
    }
}

#[test]
fn a_container_declared_at_two_beamlines_is_loaded_at_the_first() {
    let mut facility = Facility::new();
    facility
        .container(1, "AM-BM", None)
        .container(2, "puck", Some((1, "5")))
        .automounter(1, ID, 1, true)
        .automounter(2, BM, 1, true)
        .sample(1, "a", 2, "1");
    assert_eq!(facility.ports(ID), [pair("a", "51")]);
    assert_eq!(facility.ports(BM), []);
}

#[test]
fn containers_nest_four_deep() {
    let mut facility = Facility::new();
    facility
        .container(1, "AM-BM", None)
        .container(2, "segment", Some((1, "L")))
        .container(3, "adaptor", Some((2, "1")))
        .container(4, "puck", Some((3, "A")))
        .automounter(1, BM, 1, true)
        .sample(1, "a", 4, "3");
    assert_eq!(facility.ports(BM), [pair("a", "L1A3")]);
}

#[test]
fn containers_in_a_circle_are_not_loaded() {
    let mut facility = Facility::new();
    facility
        .container(1, "puck", Some((2, "A")))
        .container(2, "other", Some((1, "B")))
        .automounter(1, BM, 2, true)
        .sample(1, "a", 1, "1");
    assert_eq!(facility.ports(BM), [pair("a", "")]);
}

#[test]
fn groups_rank_first_and_none_comes_last() {
    let mut facility = Facility::new();
    facility
        .container(1, "puck", None)
        .group(1, "first", Some(-1))
        .group(2, "second", Some(2))
        .group(3, "unranked", None)
        .ranked(1, "no group, first", (1, "1"), None, Some(0))
        .ranked(2, "no group, no rank", (1, "2"), None, None)
        .ranked(3, "second", (1, "3"), Some(2), Some(1))
        .ranked(4, "first, 5", (1, "4"), Some(1), Some(5))
        .ranked(5, "first, none", (1, "5"), Some(1), None)
        .ranked(6, "first, -5", (1, "6"), Some(1), Some(-5))
        .ranked(7, "unranked group, 1", (1, "7"), Some(3), Some(1));
    assert_eq!(
        facility.names(),
        [
            "first, -5",
            "first, 5",
            "first, none",
            "second",
            "no group, first",
            "unranked group, 1",
            "no group, no rank",
        ]
    );
}

#[test]
fn equal_ranks_sort_by_container_then_by_the_order_of_its_locations() {
    let mut facility = Facility::new();
    facility
        .container(1, "puck-b", None)
        .container(2, "puck-a", None)
        .sample(1, "b", 1, "1")
        .sample(2, "a10", 2, "10")
        .sample(3, "a2", 2, "2")
        .sample(4, "z", 2, "nowhere")
        .sample(5, "y", 2, "unknown");
    assert_eq!(facility.names(), ["a2", "a10", "y", "z", "b"]);
}

#[test]
fn a_project_sees_its_own_samples_only() {
    let mut facility = Facility::new();
    facility.container(1, "puck", None).sample(1, "a", 1, "1");
    let samples = SamplesByProject::of(&facility.catalog.samples);
    assert_eq!(list(&facility.catalog, &samples, ProjectId(2), BM), []);
}

/// A change of containers or automounters.
#[derive(Debug, Clone)]
enum Step {
    Move {
        container: u64,
        parent: Option<u64>,
    },
    Mount {
        automounter: u64,
        beamline: u64,
        container: u64,
        active: bool,
    },
    Mark {
        container: u64,
        on_site: bool,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1u64..9, proptest::option::weighted(0.8, 1u64..9))
            .prop_map(|(container, parent)| Step::Move { container, parent }),
        2 => (1u64..5, 1u64..4, 1u64..9, any::<bool>()).prop_map(|(automounter, beamline, container, active)| {
            Step::Mount { automounter, beamline, container, active }
        }),
        1 => (1u64..9, any::<bool>()).prop_map(|(container, on_site)| Step::Mark { container, on_site }),
    ];
    proptest::collection::vec(step, 0..40)
}

proptest! {
    /// Holds for any placement of containers, also for wrong ones.
    #[test]
    fn a_loaded_sample_is_listed_at_one_beamline_and_an_unloaded_one_at_all(steps in steps()) {
        let mut facility = Facility::new();
        for id in 1..9 {
            facility.container(id, &format!("C{id}"), None).sample(id, &format!("S{id}"), id, "1");
        }
        for step in steps {
            match step {
                Step::Move { container, parent } => {
                    facility.container(container, &format!("C{container}"), parent.map(|parent| (parent, "1")));
                }
                Step::Mount { automounter, beamline, container, active } => {
                    facility.automounter(automounter, BeamlineId(beamline), container, active);
                }
                Step::Mark { container, on_site } => {
                    let status = if on_site { ContainerStatus::OnSite } else { ContainerStatus::Returned };
                    facility.status(container, status);
                }
            }
            let listed: Vec<_> = (1..4).map(|beamline| facility.ports(BeamlineId(beamline))).collect();
            for id in 1..9 {
                let name = format!("S{id}");
                let ports: Vec<_> =
                    listed.iter().flatten().filter(|(listed, _)| *listed == name).map(|(_, port)| port).collect();
                let status = facility.catalog.containers.get(id).unwrap().record.status;
                if status != ContainerStatus::OnSite {
                    prop_assert!(ports.is_empty());
                } else if ports.iter().any(|port| !port.is_empty()) {
                    prop_assert_eq!(ports.len(), 1, "{} is at several beamlines: {:?}", name, listed);
                } else {
                    prop_assert_eq!(ports.len(), 3, "{} is unloaded but not at all beamlines: {:?}", name, listed);
                }
            }
        }
    }
}
