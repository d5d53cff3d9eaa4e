//! What each section of a facility file says: one type per section.

use crate::facility::place::Place;
use beamlive_storage::records::ContainerStatus;
use beamlive_storage::Timestamp;

/// An entry, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<E> {
    /// Where.
    pub place: Place,
    /// What.
    pub entry: E,
}

/// `[[project]]`: an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectEntry {
    /// Its username.
    pub username: String,
    /// Its name for people; the username unless given.
    pub name: String,
    /// The canonical line of the key that signs its requests. `None` leaves the key alone: she registers one.
    pub key: Option<String>,
    /// Lines for the keys endpoint. `None` leaves them alone, an empty list removes them.
    pub ssh_keys: Option<Vec<String>>,
}

/// `[[beamline]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeamlineEntry {
    /// Its acronym.
    pub acronym: String,
    /// Its name for people; the acronym unless given.
    pub name: String,
    /// Whether it takes users; true unless given.
    pub active: bool,
}

/// `[[data_type]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataTypeEntry {
    /// Its acronym.
    pub acronym: String,
    /// Its name for people; the acronym unless given.
    pub name: String,
    /// What else clients may send for it. `None` leaves them alone, an empty list removes them.
    pub aliases: Option<Vec<String>>,
}

/// `[[container_type]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerTypeEntry {
    /// Its name.
    pub name: String,
    /// Its locations, in order.
    pub locations: Vec<String>,
}

/// How a file names a container.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ContainerName {
    /// Its owner's username.
    pub project: String,
    /// Its name.
    pub name: String,
}

/// `[[container]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerEntry {
    /// Itself.
    pub container: ContainerName,
    /// Its type's name.
    pub kind: String,
    /// Where it is in its life; draft unless given.
    pub status: ContainerStatus,
    /// What holds it, and where.
    pub held: Option<(ContainerName, String)>,
}

/// `[[automounter]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutomounterEntry {
    /// The beamline's acronym.
    pub beamline: String,
    /// The container its robot holds.
    pub container: ContainerName,
    /// Whether it is in use; true unless given.
    pub active: bool,
}

/// `[[group]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupEntry {
    /// Its owner's username.
    pub project: String,
    /// Its name.
    pub name: String,
    /// Lower comes first.
    pub priority: Option<i64>,
}

/// `[[sample]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleEntry {
    /// The container it is in; of the same project.
    pub container: ContainerName,
    /// Where in the container.
    pub location: String,
    /// Its name.
    pub name: String,
    /// `""` unless given.
    pub barcode: String,
    /// `""` unless given.
    pub comments: String,
    /// The name of its group, of the same project.
    pub group: Option<String>,
    /// Lower comes first.
    pub priority: Option<i64>,
}

/// `[[access_list]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessListEntry {
    /// Its name.
    pub name: String,
    /// An address or a network, in the one way of writing it.
    pub address: String,
    /// Usernames.
    pub users: Vec<String>,
    /// Acronyms.
    pub beamlines: Vec<String>,
    /// Whether it counts; true unless given.
    pub active: bool,
}

/// `[[beamtime]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeamtimeEntry {
    /// A username.
    pub project: String,
    /// An acronym.
    pub beamline: String,
    /// From.
    pub start: Timestamp,
    /// To; later than `start`.
    pub end: Timestamp,
    /// Whether it is used from afar; false unless given.
    pub remote: bool,
    /// Whether it was called off; false unless given.
    pub cancelled: bool,
}
