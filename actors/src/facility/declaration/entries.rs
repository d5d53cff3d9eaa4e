//! What each section of a facility file says: one type per section.

use super::values::{
    Acronym, Comments, Line, List, Name, Network, SigningKey, SshKey, Status, Time, Username,
};
use serde::Deserialize;

/// `[[project]]`: an account.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct ProjectEntry {
    pub(crate) username: Username,
    /// Its name for people; the username unless given.
    pub(crate) name: Option<Name>,
    /// The key that signs its requests. `None` leaves the key unchanged; the user may register one.
    pub(crate) key: Option<SigningKey>,
    /// Lines for the keys endpoint. `None` leaves them unchanged, an empty list removes them.
    pub(crate) ssh_keys: Option<List<SshKey>>,
}

/// `[[beamline]]`
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct BeamlineEntry {
    pub(crate) acronym: Acronym,
    /// Its name for people; the acronym unless given.
    pub(crate) name: Option<Name>,
    /// Whether it takes users; true unless given.
    pub(crate) active: Option<bool>,
}

/// `[[data_type]]`
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct DataTypeEntry {
    pub(crate) acronym: Acronym,
    /// Its name for people; the acronym unless given.
    pub(crate) name: Option<Name>,
    /// What else clients may send for it. `None` leaves them unchanged, an empty list removes them.
    pub(crate) aliases: Option<List<Acronym>>,
}

/// `[[container_type]]`
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct ContainerTypeEntry {
    pub(crate) name: Name,
    pub(crate) locations: List<Name>,
}

/// How other entries name a container.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct ContainerName {
    pub(crate) project: Username,
    pub(crate) name: Name,
}

impl ContainerName {
    /// `alice/CLS-0042`
    #[must_use]
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.project.0, self.name.0)
    }
}

/// `[[container]]`
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct ContainerEntry {
    pub(crate) project: Username,
    pub(crate) name: Name,
    #[serde(rename = "type")]
    pub(crate) kind: Name,
    /// Where it is; draft unless given.
    pub(crate) status: Option<Status>,
    pub(crate) parent: Option<ContainerName>,
    /// Where in `parent`.
    pub(crate) location: Option<Name>,
}

/// `[[automounter]]`
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct AutomounterEntry {
    pub(crate) beamline: Acronym,
    /// The container its robot holds.
    pub(crate) container: ContainerName,
    /// Whether it is in use; true unless given.
    pub(crate) active: Option<bool>,
}

/// `[[group]]`
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct GroupEntry {
    pub(crate) project: Username,
    pub(crate) name: Name,
    /// Lower comes first.
    pub(crate) priority: Option<i64>,
}

/// `[[sample]]`
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct SampleEntry {
    pub(crate) project: Username,
    pub(crate) name: Name,
    pub(crate) container: Name,
    pub(crate) location: Name,
    pub(crate) barcode: Option<Line>,
    pub(crate) comments: Option<Comments>,
    /// The name of its group, of the same project.
    pub(crate) group: Option<Name>,
    /// Lower comes first.
    pub(crate) priority: Option<i64>,
}

/// `[[access_list]]`
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct AccessListEntry {
    pub(crate) name: Name,
    pub(crate) address: Network,
    pub(crate) users: Option<List<Username>>,
    pub(crate) beamlines: Option<List<Acronym>>,
    /// Whether it counts; true unless given.
    pub(crate) active: Option<bool>,
}

/// `[[beamtime]]`
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct BeamtimeEntry {
    pub(crate) project: Username,
    pub(crate) beamline: Acronym,
    pub(crate) start: Time,
    /// To; later than `start`.
    pub(crate) end: Time,
    /// Whether the project works remotely; false unless given.
    pub(crate) remote: Option<bool>,
    /// Whether it was called off; false unless given.
    pub(crate) cancelled: Option<bool>,
}
