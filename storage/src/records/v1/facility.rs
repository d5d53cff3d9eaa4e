//! What the facility file declares.

use crate::ids::{BeamlineId, ContainerId, ContainerTypeId, GroupId, ProjectId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// What clients send; unique.
    pub username: String,
    /// A name for people.
    pub name: String,
    /// The OpenSSH line of the key that signs its requests.
    pub key: Option<String>,
    /// OpenSSH lines for the keys endpoint.
    pub ssh_keys: Vec<String>,
    /// When the account was created.
    pub created: Timestamp,
    /// When it last changed.
    pub modified: Timestamp,
}

/// A beamline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beamline {
    /// What clients send; unique.
    pub acronym: String,
    /// A name for people.
    pub name: String,
    /// Whether it takes users now.
    pub active: bool,
}

/// A data type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataType {
    /// What clients send; unique.
    pub acronym: String,
    /// A name for people.
    pub name: String,
    /// What else clients may send for it; no other type's acronym or alias.
    pub aliases: Vec<String>,
}

/// A kind of container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerType {
    /// Unique name.
    pub name: String,
    /// Names of its locations, in order.
    pub locations: Vec<String>,
}

/// Where a container is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContainerStatus {
    /// Being filled in.
    Draft,
    /// On its way.
    Sent,
    /// At the facility.
    OnSite,
    /// Sent back.
    Returned,
    /// Kept for the record.
    Archived,
}

/// A container: named by (project, name).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// Its owner.
    pub project: ProjectId,
    /// Its name within the project.
    pub name: String,
    /// Its kind.
    pub kind: ContainerTypeId,
    /// Where it is in its life.
    pub status: ContainerStatus,
    /// The container that holds it.
    pub parent: Option<ContainerId>,
    /// Where in the parent.
    pub location: Option<String>,
}

/// Which container a beamline's robot holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Automounter {
    /// The beamline.
    pub beamline: BeamlineId,
    /// Its container.
    pub container: ContainerId,
    /// At most one per beamline is active.
    pub active: bool,
}

/// A group of samples: named by (project, name).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its owner.
    pub project: ProjectId,
    /// Its name within the project.
    pub name: String,
    /// Lower comes first; none comes last.
    pub priority: Option<i64>,
}

/// A sample: named by (project, container, location).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Its owner.
    pub project: ProjectId,
    /// The container it is in.
    pub container: ContainerId,
    /// Where in the container.
    pub location: String,
    /// Its name.
    pub name: String,
    /// `""` when unknown.
    pub barcode: String,
    /// `""` when there are none.
    pub comments: String,
    /// Its group.
    pub group: Option<GroupId>,
    /// Lower comes first; none comes last.
    pub priority: Option<i64>,
}

/// Users who may use the hosts of a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessList {
    /// Unique name.
    pub name: String,
    /// An address or a network in CIDR form.
    pub address: String,
    /// Its users.
    pub users: Vec<ProjectId>,
    /// Beamlines whose remote beamtimes count.
    pub beamlines: Vec<BeamlineId>,
    /// Inactive lists don't count.
    pub active: bool,
}

/// Scheduled time: named by (project, beamline, start).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beamtime {
    /// Whose.
    pub project: ProjectId,
    /// Where.
    pub beamline: BeamlineId,
    /// From.
    pub start: Timestamp,
    /// To.
    pub end: Timestamp,
    /// Whether it is used from afar.
    pub remote: bool,
    /// Cancelled beamtimes don't count.
    pub cancelled: bool,
}
