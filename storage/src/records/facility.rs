//! What the facility file declares.

use super::account::SignIn;
use crate::ids::{Account, BeamlineId, ContainerId, ContainerTypeId, GroupId, ProjectId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Is replaced by each facility file at the revision that the file was planned on, so that two
/// processes can't both apply one to the same facility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacilityRevision {
    /// When the last file was applied.
    pub applied: Timestamp,
}

/// A project: an account that owns what is measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// What clients send; unique.
    pub username: String,
    pub name: String,
    /// The OpenSSH line of the key that signs its requests.
    pub key: Option<String>,
    /// OpenSSH lines for the keys endpoint.
    pub ssh_keys: Vec<String>,
    pub sign_in: SignIn,
    pub created: Timestamp,
    pub modified: Timestamp,
}

/// A beamline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Beamline {
    /// What clients send; unique.
    pub acronym: String,
    pub name: String,
    /// Whether it takes users now.
    pub active: bool,
    /// Whether there is no X-ray beam: sessions there have a scheduled end by themselves.
    pub simulated: bool,
    /// The lowest and the highest energy, in keV.
    pub energy: Option<(f64, f64)>,
    /// How users reach its staff; `""` when unknown.
    pub contact: String,
}

/// A data type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataType {
    /// What clients send; unique.
    pub acronym: String,
    pub name: String,
    /// Other names that clients may send. No other type has one of them as acronym or alias.
    pub aliases: Vec<String>,
    /// Names of the metadata that pages show, in order.
    pub metadata: Vec<String>,
}

/// A kind of container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContainerType {
    /// Unique name.
    pub name: String,
    /// Names of its locations, in order.
    pub locations: Vec<String>,
    /// How it is drawn, if that is known.
    pub drawing: Option<Drawing>,
}

/// How a kind of container is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drawing {
    pub layout: Layout,
    /// The coordinates of each location, as the layout takes them.
    pub places: Vec<(f64, f64)>,
    /// Its height, as a part of its width.
    pub height: f64,
    /// The radius of a location, in percent of the width.
    pub radius: f64,
}

/// The coordinates of locations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Polar: a radius from 0 to 1, and an angle in radians.
    Circle,
    /// Parts of the width and of the height, from 0 to 1.
    Rect,
}

/// The state of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContainerStatus {
    /// Being filled in.
    Draft,
    /// On its way to the facility.
    Sent,
    /// At the facility.
    OnSite,
    /// Sent back.
    Returned,
    /// Kept for the record.
    Archived,
}

impl ContainerStatus {
    /// All of them, in the order in which a container has them.
    pub const ALL: [Self; 5] = [
        Self::Draft,
        Self::Sent,
        Self::OnSite,
        Self::Returned,
        Self::Archived,
    ];

    /// What a facility file calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Sent => "sent",
            Self::OnSite => "on-site",
            Self::Returned => "returned",
            Self::Archived => "archived",
        }
    }
}

/// A container, identified by (project, name).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    pub project: ProjectId,
    /// Its name within the project.
    pub name: String,
    pub kind: ContainerTypeId,
    pub status: ContainerStatus,
    /// The container that holds it.
    pub parent: Option<ContainerId>,
    pub location: Option<String>,
}

/// Which container a beamline's robot holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Automounter {
    pub beamline: BeamlineId,
    pub container: ContainerId,
    /// At most one automounter per beamline is active.
    pub active: bool,
}

/// A group of samples, identified by (project, name).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub project: ProjectId,
    /// Its name within the project.
    pub name: String,
    /// Lower comes first, `None` last.
    pub priority: Option<i64>,
}

/// A sample, identified by (project, container, location).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    pub project: ProjectId,
    /// The container it is in.
    pub container: ContainerId,
    pub location: String,
    pub name: String,
    /// `""` when unknown.
    pub barcode: String,
    /// `""` when there are none.
    pub comments: String,
    pub group: Option<GroupId>,
    /// Lower comes first, `None` last.
    pub priority: Option<i64>,
}

/// Users who may use the hosts of one network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessList {
    /// Unique name.
    pub name: String,
    /// An address or a network in CIDR form.
    pub address: String,
    pub users: Vec<Account>,
    /// Beamlines whose remote beamtimes count.
    pub beamlines: Vec<BeamlineId>,
    /// Inactive lists are ignored.
    pub active: bool,
}

/// Scheduled time, identified by (project, beamline, start).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beamtime {
    pub project: ProjectId,
    pub beamline: BeamlineId,
    pub start: Timestamp,
    pub end: Timestamp,
    /// Whether users work remotely.
    pub remote: bool,
    /// Cancelled beamtimes are ignored.
    pub cancelled: bool,
}
