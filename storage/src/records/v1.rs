//! The first version of every record. Times are UTC; units as in the field's names.

use super::Record;
use crate::ids::{
    BeamlineId, ContainerId, ContainerTypeId, DatasetId, GroupId, ProjectId, RawId, SampleId, SessionId,
};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! records {
    ($($name:ident = $label:literal;)*) => {$(
        impl Record for $name {
            const NAME: &'static str = $label;
            const VERSION: u8 = 1;
        }
    )*};
}

records! {
    StoreFormat = "store format";
    Project = "project";
    Beamline = "beamline";
    DataType = "data type";
    ContainerType = "container type";
    Container = "container";
    Automounter = "automounter";
    Group = "group";
    Sample = "sample";
    AccessList = "access list";
    Beamtime = "beamtime";
    BeamlineState = "beamline state";
    Session = "session";
    Stretch = "stretch";
    Feedback = "feedback";
    Dataset = "dataset";
    Report = "report";
    PendingForward = "pending forward";
    SecurePath = "secure path";
    Connection = "connection";
    Activity = "activity";
}

/// What the Data Proxy returns for a directory: 160 bits, written as 40 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecureKey(pub [u8; 20]);

impl SecureKey {
    /// Parses exactly 40 lower-case hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 40 {
            return None;
        }
        let mut key = [0; 20];
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            let mut value = 0;
            for digit in pair {
                value = value * 16
                    + match digit {
                        b'0'..=b'9' => digit - b'0',
                        b'a'..=b'f' => digit - b'a' + 10,
                        _ => return None,
                    };
            }
            *byte = value;
        }
        Some(Self(key))
    }

    /// All 40 hex digits. Whoever has them may read the directory: not for logs.
    #[must_use]
    pub fn to_hex(&self) -> String {
        use fmt::Write;
        self.0.iter().fold(String::with_capacity(40), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// Shows the first eight digits only, so that no log holds a whole key.
impl fmt::Debug for SecureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.to_hex().get(..8).unwrap_or_default())
    }
}

/// What a store says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreFormat {
    /// Version of the keyspace's layout.
    pub layout: u32,
    /// Program and version that created it.
    pub created_by: String,
    /// When it was created.
    pub created: Timestamp,
}

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

/// The newest stretch on a beamline: whoever launches there next must name this record's revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeamlineState {
    /// The session that has, or last had, the beamline. First, for the writer fills it in for a new session.
    pub session: RawId,
    /// Whose session it is.
    pub project: ProjectId,
    /// Its name.
    pub name: String,
    /// The stretch's number within the session, from 1.
    pub number: u32,
    /// When the stretch began.
    pub start: Timestamp,
    /// When it ended; open when none.
    pub end: Option<Timestamp>,
}

/// One visit of a project at a beamline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Whose.
    pub project: ProjectId,
    /// Where.
    pub beamline: BeamlineId,
    /// Its name; several of one name may follow each other, one is joinable.
    pub name: String,
    /// Opens its survey page. Not the key of its directory.
    pub survey: SecureKey,
    /// When it was first launched.
    pub created: Timestamp,
    /// How many stretches it has; the newest has this number.
    pub stretches: u32,
    /// The newest stretch.
    pub latest: Stretch,
    /// Microseconds of all ended stretches.
    pub ended_micros: i64,
}

/// One continuous interval of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// From.
    pub start: Timestamp,
    /// To; open when none.
    pub end: Option<Timestamp>,
}

/// One answer to a session's survey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// When it was given.
    pub created: Timestamp,
    /// Per area: its name, a rating from 1 to 5, a comment.
    pub areas: Vec<(String, Option<u8>, String)>,
    /// A comment on the whole.
    pub comments: String,
}

/// One dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dataset {
    /// Whose.
    pub project: ProjectId,
    /// Where it was measured.
    pub beamline: BeamlineId,
    /// The session it belongs to.
    pub session: Option<SessionId>,
    /// The sample it was measured on.
    pub sample: Option<SampleId>,
    /// The sample's group, by name, as it was then.
    pub group: Option<String>,
    /// Its name.
    pub name: String,
    /// Acronym of its data type.
    pub kind: String,
    /// Name, or template of the names, of its files.
    pub filename: Option<String>,
    /// Frame ranges as sent: `1-4,8`.
    pub frames: String,
    /// How many frames these are.
    pub num_frames: u64,
    /// keV
    pub energy: f64,
    /// s
    pub exposure: Option<f64>,
    /// %
    pub attenuation: Option<f64>,
    /// µm
    pub beam_size: Option<f64>,
    /// When it began.
    pub start_time: Timestamp,
    /// When it ended.
    pub end_time: Timestamp,
    /// The client's own id of the collection.
    pub uuid: Option<String>,
    /// Tells whether a repeated upload names the same directory; the directory itself is not kept here.
    pub directory_digest: [u8; 16],
    /// Everything else that was sent: a MessagePack map.
    #[serde(with = "bytes")]
    pub meta_data: Vec<u8>,
    /// When it was first uploaded.
    pub created: Timestamp,
    /// When it was last uploaded.
    pub modified: Timestamp,
}

/// One analysis report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Whose.
    pub project: ProjectId,
    /// Where it was uploaded from.
    pub beamline: BeamlineId,
    /// Its title.
    pub name: String,
    /// Kind of analysis.
    pub kind: String,
    /// Its score; 0 when none was given.
    pub score: f64,
    /// The datasets it is about.
    pub datasets: Vec<DatasetId>,
    /// The sessions of those datasets, whose counts it is in.
    pub sessions: Vec<SessionId>,
    /// As for [`Dataset::directory_digest`].
    pub directory_digest: [u8; 16],
    /// A MessagePack list or map, as it was sent.
    #[serde(with = "bytes")]
    pub details: Vec<u8>,
    /// When it was first uploaded.
    pub created: Timestamp,
    /// When it was last uploaded.
    pub modified: Timestamp,
}

/// A directory that the Data Proxy has not given a key for yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingForward {
    /// Goes to the Data Proxy.
    pub directory: String,
    /// Whose.
    pub project: ProjectId,
    /// Since when it waits.
    pub created: Timestamp,
    /// Calls that failed.
    pub attempts: u32,
    /// Why the last one failed.
    pub last_error: Option<String>,
}

/// What a key of the built-in Data Proxy opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurePath {
    /// Whose; none for keys made through the proxy's own route.
    pub project: Option<ProjectId>,
    /// The directory.
    pub directory: String,
    /// When the key was made.
    pub created: Timestamp,
}

/// What a remote connection did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConnectionStatus {
    /// Logged in.
    Connected,
    /// Went away, may come back.
    Disconnected,
    /// Could not be made.
    Failed,
    /// Logged out.
    Finished,
}

/// One remote connection: named by (list, project, name).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// The first date seen.
    pub created: Timestamp,
    /// Set by Finished and Failed.
    pub end: Option<Timestamp>,
    /// Every change of status, by date.
    pub history: Vec<(ConnectionStatus, Timestamp)>,
}

/// Kinds of records that something can be said about, or that have a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Subject {
    /// An account.
    Project = 1,
    /// A session.
    Session = 2,
    /// A dataset.
    Dataset = 3,
    /// A report.
    Report = 4,
    /// The facility file.
    Facility = 5,
    /// An access list.
    AccessList = 6,
    /// The outbox.
    Outbox = 7,
    /// An answer to a survey.
    Feedback = 8,
}

impl Subject {
    /// Reads back the byte that keys hold.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        [
            Self::Project,
            Self::Session,
            Self::Dataset,
            Self::Report,
            Self::Facility,
            Self::AccessList,
            Self::Outbox,
            Self::Feedback,
        ]
        .into_iter()
        .find(|subject| *subject as u8 == byte)
    }
}

/// One entry of the activity log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// The record it is about. First, for the writer fills it in for a new record.
    pub record: RawId,
    /// What kind of record that is.
    pub subject: Subject,
    /// The project it concerns.
    pub project: Option<ProjectId>,
    /// Who did it: a username, `operator`, `survey` or a host.
    pub who: String,
    /// From which address.
    pub address: Option<std::net::IpAddr>,
    /// What was done, in a word or two.
    pub action: String,
    /// What a person should know of it.
    pub note: String,
    /// When.
    pub time: Timestamp,
}

/// Byte strings in one piece, where serde would take them value by value.
mod bytes {
    use serde::{de, Deserializer, Serializer};
    use std::fmt;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl de::Visitor<'_> for Bytes {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}
