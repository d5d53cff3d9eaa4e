//! Damage to the records of a facility.

use super::sound::{container, known, sample};
use super::{breaks, Table};
use crate::ids::{BeamlineId, ContainerId, ContainerTypeId, GroupId, ProjectId};
use crate::keys::{self, Key};
use crate::records::{AccessList, Automounter, Beamtime, Container, Group, Project, Sample};

#[test]
fn names_are_unique() {
    breaks(
        |bench| {
            bench.change::<Project>(&keys::record(Table::Project, known(2)), |bob| {
                bob.username = "alice".to_owned();
            });
            bench.change::<Sample>(&keys::record(Table::Sample, known(2)), |second| {
                *second = sample("alice");
            });
        },
        &[
            "Project 2: Project 1 has the same name",
            "Sample 2: Sample 1 has the same name",
        ],
    );
}

#[test]
fn references_are_to_existing_records() {
    breaks(
        |bench| {
            bench.change::<Container>(&keys::record(Table::Container, known(5)), |container| {
                container.kind = ContainerTypeId(9);
                container.parent = Some(ContainerId(9));
            });
            bench.change::<Sample>(&keys::record(Table::Sample, known(1)), |sample| {
                sample.group = Some(GroupId(9));
            });
            bench.change::<Group>(&keys::record(Table::Group, known(1)), |group| {
                group.project = ProjectId(9);
            });
            bench.change::<AccessList>(&keys::record(Table::AccessList, known(1)), |list| {
                list.users.push(ProjectId(8).into());
                list.beamlines.push(BeamlineId(8));
            });
            bench.change::<Beamtime>(&keys::record(Table::Beamtime, known(1)), |time| {
                time.beamline = BeamlineId(7);
            });
        },
        &[
            "Container 5: ContainerType 9 does not exist",
            "Container 5: Container 9 does not exist",
            "Group 1: Project 9 does not exist",
            "Sample 1: Group 9 does not exist",
            "AccessList 1: Project 8 does not exist",
            "AccessList 1: Beamline 8 does not exist",
            "Beamtime 1: Beamline 7 does not exist",
        ],
    );
}

#[test]
fn containers_nest_four_deep_and_in_no_circle() {
    breaks(
        |bench| {
            bench.change::<Container>(&keys::record(Table::Container, known(5)), |deep| {
                *deep = container("C5", Some(4));
            });
        },
        &["Container 5: is in itself, or in more than 3 others"],
    );
    breaks(
        |bench| {
            bench.change::<Container>(&keys::record(Table::Container, known(5)), |own| {
                own.parent = Some(ContainerId(5));
            });
        },
        &["Container 5: is in itself, or in more than 3 others"],
    );
}

#[test]
fn a_beamline_has_one_active_automounter() {
    breaks(
        |bench| {
            bench.write(|batch| {
                let second = Automounter {
                    beamline: BeamlineId(1),
                    container: ContainerId(5),
                    active: true,
                };
                batch.insert(keys::record(Table::Automounter, known(2)), &second);
                batch.point(keys::counter(Table::Automounter), known(2));
            });
        },
        &["Beamline 1: automounters 1 and 2 are both active"],
    );
}

#[test]
fn counters_are_at_or_above_every_id() {
    breaks(
        |bench| {
            bench.write(|batch| {
                batch.point(keys::counter(Table::Container), known(3));
                batch.set(keys::counter(Table::Sample), b"many");
            });
        },
        &[
            "counter of Sample: 4 bytes are no number",
            "Container 4: the counter stands at 3, so this id will be given again",
            "Container 5: the counter stands at 3, so this id will be given again",
            "Sample 1: the counter stands at 0, so this id will be given again",
            "Sample 2: the counter stands at 0, so this id will be given again",
        ],
    );
}

#[test]
fn records_that_do_not_decode_are_named() {
    breaks(
        |bench| {
            bench.write(|batch| {
                batch.set(keys::record(Table::DataType, known(1)), b"no");
                batch.set(keys::record(Table::Group, known(1)), &[9; 30]);
            });
        },
        &[
            "DataType 1: data type does not decode: 2 bytes are too few for a header",
            "Group 1: group has record version 9, this build knows up to 1: run the newer beamlive that wrote it",
        ],
    );
}

#[test]
fn shared_records_have_one_row_each() {
    breaks(
        |bench| {
            bench.write(|batch| {
                batch.mark(Key::of(Table::FacilityRevision).tail(&[1]));
                batch.set(keys::outbox_lease(), &[9]);
            });
        },
        &[
            "FacilityRevision 1401: not a key of this table",
            "outbox lease: outbox lease does not decode: 1 bytes are too few for a header",
        ],
    );
}
