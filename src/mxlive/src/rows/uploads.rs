//! Datasets and reports.

use super::table::Row;
use crate::dump::fields::{DumpDate, FieldError, Fields};
use crate::exact::FIELD;
use crate::pk::Pk;
use chrono_tz::Tz;
use rmpv::Value;

/// One dataset.
#[derive(Debug)]
pub(crate) struct Dataset {
    pub(crate) name: Option<String>,
    pub(crate) project: Option<Pk>,
    pub(crate) group: Option<Pk>,
    pub(crate) sample: Option<Pk>,
    pub(crate) session: Option<Pk>,
    pub(crate) beamline: Option<Pk>,
    pub(crate) kind: Option<Pk>,
    pub(crate) start_time: Option<DumpDate>,
    pub(crate) end_time: Option<DumpDate>,
    pub(crate) file_name: Option<String>,
    /// A list of numbers, its text, or ranges.
    pub(crate) frames: Option<Value>,
    pub(crate) num_frames: Option<i64>,
    pub(crate) exposure: Option<f64>,
    pub(crate) attenuation: Option<f64>,
    pub(crate) energy: Option<f64>,
    pub(crate) beam_size: Option<f64>,
    /// The secure key.
    pub(crate) url: Option<String>,
    pub(crate) meta_data: Option<Value>,
    pub(crate) status: Option<i64>,
    pub(crate) created: Option<DumpDate>,
    pub(crate) modified: Option<DumpDate>,
    /// What the columns cannot say.
    pub(crate) exact: Option<Value>,
}

impl Row for Dataset {
    const LABEL: &'static str = "lims.data";

    fn read(fields: &Fields, zone: Tz) -> Result<Self, FieldError> {
        fields.skip(&["staff_comments", "frames_per_file", "download"]);
        Ok(Self {
            name: fields.text("name")?,
            project: fields.reference("project")?,
            group: fields.reference("group")?,
            sample: fields.reference("sample")?,
            session: fields.reference("session")?,
            beamline: fields.reference("beamline")?,
            kind: fields.reference("kind")?,
            start_time: fields.time("start_time", zone)?,
            end_time: fields.time("end_time", zone)?,
            file_name: fields.text("file_name")?,
            frames: fields.json("frames"),
            num_frames: fields.whole("num_frames")?,
            exposure: fields.number("exposure_time")?,
            attenuation: fields.number("attenuation")?,
            energy: fields.number("energy")?,
            beam_size: fields.number("beam_size")?,
            url: fields.text("url")?,
            meta_data: fields.json("meta_data"),
            status: fields.whole("status")?,
            created: fields.time("created", zone)?,
            modified: fields.time("modified", zone)?,
            exact: fields.json(FIELD),
        })
    }

    fn modified(&self) -> Option<&DumpDate> {
        self.modified.as_ref()
    }
}

/// One analysis report.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) name: Option<String>,
    pub(crate) project: Option<Pk>,
    pub(crate) beamline: Option<Pk>,
    pub(crate) kind: Option<String>,
    pub(crate) score: Option<f64>,
    pub(crate) datasets: Vec<Pk>,
    /// The secure key.
    pub(crate) url: Option<String>,
    pub(crate) details: Option<Value>,
    pub(crate) status: Option<i64>,
    pub(crate) created: Option<DumpDate>,
    pub(crate) modified: Option<DumpDate>,
    /// What the columns cannot say.
    pub(crate) exact: Option<Value>,
}

impl Row for Report {
    const LABEL: &'static str = "lims.analysisreport";

    fn read(fields: &Fields, zone: Tz) -> Result<Self, FieldError> {
        fields.skip(&["staff_comments"]);
        Ok(Self {
            name: fields.text("name")?,
            project: fields.reference("project")?,
            beamline: fields.reference("beamline")?,
            kind: fields.text("kind")?,
            score: fields.number("score")?,
            datasets: fields.references("data")?,
            url: fields.text("url")?,
            details: fields.json("details"),
            status: fields.whole("status")?,
            created: fields.time("created", zone)?,
            modified: fields.time("modified", zone)?,
            exact: fields.json(FIELD),
        })
    }

    fn modified(&self) -> Option<&DumpDate> {
        self.modified.as_ref()
    }
}
