//! The shapes of the bodies that the MessagePack reader takes, for the OpenAPI document.
//!
//! They are read field by field, so that a client is told of all its mistakes at once and unknown
//! fields are stored. So there is no type that serde could read. Tests compare the shapes with the
//! fields that the readers ask for.

#[cfg(test)]
mod tests;

use serde_json::Value;
use utoipa::ToSchema;

/// A dataset. Other fields are stored with their types, as `meta_data`.
#[derive(Debug, ToSchema)]
#[schema(as = DatasetUpload)]
pub struct DatasetFields {
    /// The directory of its files. It goes to the Data Proxy and is not part of the record.
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
    /// s; required when `start_time` is absent.
    #[schema(minimum = 0.0)]
    pub exposure: Option<f64>,
    /// The same as `exposure`.
    #[schema(minimum = 0.0)]
    pub exposure_time: Option<f64>,
    /// %
    pub attenuation: Option<f64>,
    /// µm
    #[schema(minimum = 0.0)]
    pub beam_size: Option<f64>,
    /// The name of its file, or a template of the names of its files.
    #[schema(max_length = 255)]
    pub filename: Option<String>,
    /// The same as `filename`.
    #[schema(max_length = 255)]
    pub file_name: Option<String>,
    /// Its frames, as ranges. When absent or empty, it has one frame.
    #[schema(example = "1-4,8,10-99")]
    pub frames: Option<String>,
    /// The sample it was measured on. A sample of another project is ignored.
    pub sample_id: Option<i64>,
    /// ISO-8601; times without an offset are in the facility's zone. When absent: `end_time` less
    /// the time of all frames.
    pub start_time: Option<String>,
    /// ISO-8601. When absent: `start_time` and the time of all frames, or now.
    pub end_time: Option<String>,
    /// Updates that dataset, if it is this project's and has the same name and directory. With any
    /// other id a new dataset is made, and the id is noted.
    pub id: Option<i64>,
    /// The same as `id`.
    pub data_id: Option<i64>,
    /// The client's own id of the run. The same id, name and directory are the same dataset.
    #[schema(max_length = 128)]
    pub uuid: Option<String>,
}

/// An analysis report. Other fields are ignored.
#[derive(Debug, ToSchema)]
#[schema(as = ReportUpload)]
pub struct ReportFields {
    /// The directory of its files. It goes to the Data Proxy and is not part of the record.
    #[schema(max_length = 4096)]
    pub directory: String,
    /// Its title; `kind` when absent.
    #[schema(max_length = 255)]
    pub title: Option<String>,
    /// The same as `title`.
    #[schema(max_length = 255)]
    pub name: Option<String>,
    /// Kind of analysis; "Data Analysis" when absent.
    #[schema(max_length = 255)]
    pub kind: Option<String>,
    /// The same as `kind`.
    #[schema(rename = "type", max_length = 255)]
    pub type_: Option<String>,
    /// Its score; null counts as 0.
    pub score: Option<f64>,
    /// Sections: a list or a map, stored as it is.
    pub details: Option<Value>,
    /// Ids of the datasets it is about. Nulls, unknown ids and those of other projects are skipped.
    pub data_id: Option<Vec<Option<i64>>>,
    /// Updates that report, if it is this project's and has the same directory. With any other id a
    /// new report is made, and the id is noted.
    pub id: Option<i64>,
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
    /// Since when it has this status: in the facility's zone, or with its own offset.
    #[schema(example = "2026-11-23 12:00:00")]
    pub date: Option<String>,
    /// When it began, instead of `date`, as hosts of 2026 send it.
    pub start_time: Option<String>,
    /// When it ended; absent or null while it lasts.
    pub end_time: Option<String>,
}
