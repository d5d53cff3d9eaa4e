//! Shapes of bodies as clients send and get them.
//!
//! These types describe; what reads the bodies is in `wire`, which tells clients of all their mistakes at once and keeps
//! fields that it does not know.

use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Nothing but success.
#[derive(Debug, ToSchema)]
pub struct Empty {}

/// What every failure answers.
#[derive(Debug, ToSchema)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorDetails,
}

/// What went wrong.
#[derive(Debug, ToSchema)]
pub struct ErrorDetails {
    /// For programs; it does not change.
    #[schema(example = "invalid")]
    pub code: String,
    /// For people.
    #[schema(example = "these fields are wrong: energy")]
    pub message: String,
    /// What is wrong with each field, parameter or place.
    pub fields: Option<Map<String, Value>>,
}

/// A public key to register.
#[derive(Debug, ToSchema)]
pub struct KeyForm {
    /// Its OpenSSH line: `ssh-ed25519`, `ssh-dss`, `ssh-rsa` or `ecdsa-sha2-nistp256` or `…384`.
    #[schema(example = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI… alice@BM")]
    pub public: String,
}

/// A public key to set.
#[derive(Debug, ToSchema)]
pub struct KeySetting {
    /// Its OpenSSH line.
    #[schema(example = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI… alice@BM")]
    pub key: String,
}

/// A launched session.
#[derive(Debug, ToSchema)]
pub struct LaunchedSession {
    /// Its name.
    #[schema(example = "visit-1")]
    pub session: String,
    /// Its total time over all stretches.
    #[schema(example = "2 hours 5 mins")]
    pub duration: String,
    /// A page where its user leaves feedback.
    #[schema(
        format = "uri",
        example = "https://beamlive.example.org/survey/5d41402abc4b2a76b9719d911017c592ae27be1f/"
    )]
    pub survey: String,
    /// When its scheduled time ends; null when scheduling is off or the beamline is taken.
    #[schema(format = DateTime)]
    pub end_time: Option<String>,
}

/// A closed session.
#[derive(Debug, ToSchema)]
pub struct ClosedSession {
    /// Its name.
    #[schema(example = "visit-1")]
    pub session: String,
    /// How long its newest stretch was.
    #[schema(example = "25 mins")]
    pub duration: String,
}

/// A sample that can be mounted.
#[derive(Debug, ToSchema)]
pub struct SampleEntry {
    /// Its id.
    pub id: u64,
    /// Its name.
    #[schema(example = "lys-3")]
    pub name: String,
    /// `""` when unknown.
    pub barcode: String,
    /// `""` when there are none.
    pub comments: String,
    /// Its group.
    pub group: Option<String>,
    /// Where in its container.
    #[schema(example = "3")]
    pub location: String,
    /// Its container.
    #[schema(example = "CLS-0042")]
    pub container: String,
    /// The container's kind.
    #[schema(example = "Uni-Puck")]
    pub container_type: String,
    /// Where in the beamline's automounter; `""` when it is not loaded there.
    #[schema(example = "1A3")]
    pub port: String,
    /// Its index in the list.
    pub priority: usize,
}

/// A dataset. Fields that are not named here are kept, typed as they came, as `meta_data`.
#[derive(Debug, ToSchema)]
pub struct DatasetUpload {
    /// Goes to the Data Proxy, never into the record.
    #[schema(max_length = 4096)]
    pub directory: String,
    /// Acronym of a data type.
    #[schema(rename = "type", example = "DATA")]
    pub kind: String,
    /// Its name.
    #[schema(max_length = 255)]
    pub name: String,
    /// keV
    #[schema(exclusive_minimum = 0.0)]
    pub energy: f64,
    /// s; required when `start_time` is absent. `exposure_time` means the same.
    #[schema(minimum = 0.0)]
    pub exposure: Option<f64>,
    /// %
    pub attenuation: Option<f64>,
    /// µm
    #[schema(minimum = 0.0)]
    pub beam_size: Option<f64>,
    /// Name, or template of the names, of its files. `file_name` means the same.
    #[schema(max_length = 255)]
    pub filename: Option<String>,
    /// Its frames, as ranges; `""` or absent is one frame.
    #[schema(example = "1-4,8,10-99")]
    pub frames: Option<String>,
    /// The sample it was measured on; must be the project's own, else it is ignored.
    pub sample_id: Option<i64>,
    /// ISO-8601; naive times are in the facility's zone. Absent: `end_time` less the time of all frames.
    pub start_time: Option<String>,
    /// ISO-8601. Absent: `start_time` and the time of all frames, or now.
    pub end_time: Option<String>,
    /// Updates that dataset, if it is this project's and has the same name and directory; any other id is noted, and a new
    /// dataset is made. `data_id` means the same.
    pub id: Option<i64>,
    /// The client's own id of the run: the same again, with the same name and directory, is the same dataset.
    #[schema(max_length = 128)]
    pub uuid: Option<String>,
}

/// An analysis report. Fields that are not named here are ignored.
#[derive(Debug, ToSchema)]
pub struct ReportUpload {
    /// Goes to the Data Proxy, never into the record.
    #[schema(max_length = 4096)]
    pub directory: String,
    /// Its title. `name` means the same.
    #[schema(max_length = 255)]
    pub title: Option<String>,
    /// Kind of analysis. `type` means the same; "Data Analysis" when absent.
    #[schema(max_length = 255)]
    pub kind: Option<String>,
    /// Its score; null counts as 0.
    pub score: Option<f64>,
    /// Sections: a list or a map, kept exactly.
    pub details: Option<Value>,
    /// Ids of the datasets it is about; nulls, unknown ones and other projects' are skipped.
    pub data_id: Option<Vec<Option<i64>>>,
    /// Updates that report, if it is this project's and has the same directory; any other id is noted, and a new report is made.
    pub id: Option<i64>,
}

/// The id of what was uploaded.
#[derive(Debug, ToSchema)]
pub struct UploadedId {
    /// To be sent again with the next upload of the same.
    #[schema(example = 17)]
    pub id: u64,
}

/// What a host reports of one connection.
#[derive(Debug, ToSchema)]
pub struct ConnectionReport {
    /// A username.
    #[schema(example = "alice")]
    pub project: String,
    /// The connection's name.
    #[schema(example = "D-host-1001-ABCDEF")]
    pub name: String,
    /// Connected, Disconnected, Failed or Finished.
    #[schema(example = "Connected")]
    pub status: String,
    /// Since when it has this status: in the facility's zone, or with an offset of its own.
    #[schema(example = "2026-11-23 12:00:00")]
    pub date: Option<String>,
    /// When it began, instead of `date`, as hosts of 2026 send it.
    pub start_time: Option<String>,
    /// When it ended; absent or null while it lasts.
    pub end_time: Option<String>,
}

/// An answer to a session's survey: for each area of the form `rating_…` from 1 to 5 and `comment_…`.
#[derive(Debug, ToSchema)]
pub struct SurveyForm {
    /// A comment on the whole.
    pub comments: Option<String>,
}

/// Files of a directory.
#[derive(Debug, ToSchema)]
pub struct FrameNames {
    /// A file, with or without its suffix; those that are not there are left out.
    #[schema(example = json!(["lys-1_0001", "lys-1_0002.cbf"]))]
    pub frame: Vec<String>,
}

/// A directory that a key is wanted for.
#[derive(Debug, ToSchema)]
pub struct DirectoryPath {
    /// The directory; a relative one starts at the first users' root.
    #[schema(example = "/users/alice/visit-1")]
    pub path: String,
}

/// The key of a directory.
#[derive(Debug, ToSchema)]
pub struct DirectoryKey {
    /// 40 hex digits.
    #[schema(pattern = "^[0-9a-f]{40}$")]
    pub key: String,
}

/// How many forwards are tried again.
#[derive(Debug, ToSchema)]
pub struct RetriedForwards {
    /// So many.
    pub retried: u64,
}

/// The process answers.
#[derive(Debug, ToSchema)]
pub struct Liveness {
    /// `live`
    #[schema(example = "live")]
    pub status: String,
}

/// Whether the service can do its work.
#[derive(Debug, ToSchema)]
pub struct Readiness {
    /// `ready` or `not ready`
    #[schema(example = "ready")]
    pub status: String,
    /// Whether it writes, and if not, why.
    pub store: Map<String, Value>,
    /// How forwarding to the Data Proxy goes.
    pub forwarder: Map<String, Value>,
    /// The users' roots that files are served from: their paths, whether they answer, and the threads that are stuck in them.
    pub users_roots: Option<Vec<Map<String, Value>>>,
    /// The service's version.
    pub version: String,
}

/// An OpenAPI document.
#[derive(Debug, ToSchema)]
pub struct Description(pub Map<String, Value>);
