//! Containers, groups, samples.

use super::table::Row;
use crate::dump::fields::{DumpDate, FieldError, Fields};
use crate::pk::Pk;
use chrono_tz::Tz;
use rmpv::Value;

/// A kind of container.
#[derive(Debug)]
pub(crate) struct ContainerType {
    pub(crate) name: Option<String>,
    pub(crate) layout: Option<Value>,
    pub(crate) height: Option<f64>,
    pub(crate) radius: Option<f64>,
    pub(crate) envelope: Option<String>,
    /// Older dumps list the locations here.
    pub(crate) locations: Vec<Pk>,
}

impl Row for ContainerType {
    const LABEL: &'static str = "lims.containertype";

    fn read(fields: &Fields, _: Tz) -> Result<Self, FieldError> {
        Ok(Self {
            name: fields.text("name")?,
            layout: fields.json("layout"),
            height: fields.number("height")?,
            radius: fields.number("radius")?,
            envelope: fields.text("envelope")?,
            locations: fields.references("container_locations")?,
        })
    }
}

/// A place of a kind of container.
#[derive(Debug)]
pub(crate) struct Location {
    pub(crate) name: Option<String>,
    pub(crate) kind: Option<Pk>,
    pub(crate) x: Option<f64>,
    pub(crate) y: Option<f64>,
}

impl Row for Location {
    const LABEL: &'static str = "lims.containerlocation";

    fn read(fields: &Fields, _: Tz) -> Result<Self, FieldError> {
        fields.skip(&["accepts"]);
        Ok(Self {
            name: fields.text("name")?,
            kind: fields.reference("kind")?,
            x: fields.number("x")?,
            y: fields.number("y")?,
        })
    }
}

/// A container.
#[derive(Debug)]
pub(crate) struct Container {
    pub(crate) name: Option<String>,
    pub(crate) project: Option<Pk>,
    pub(crate) kind: Option<Pk>,
    pub(crate) status: Option<i64>,
    pub(crate) parent: Option<Pk>,
    pub(crate) location: Option<Pk>,
    modified: Option<DumpDate>,
}

impl Row for Container {
    const LABEL: &'static str = "lims.container";

    fn read(fields: &Fields, zone: Tz) -> Result<Self, FieldError> {
        fields.skip(&["created", "shipment", "comments", "staff_comments", "priority"]);
        Ok(Self {
            name: fields.text("name")?,
            project: fields.reference("project")?,
            kind: fields.reference("kind")?,
            status: fields.whole("status")?,
            parent: fields.reference("parent")?,
            location: fields.reference("location")?,
            modified: fields.time("modified", zone)?,
        })
    }

    fn modified(&self) -> Option<&DumpDate> {
        self.modified.as_ref()
    }
}

/// Which container a beamline's robot holds.
#[derive(Debug)]
pub(crate) struct Automounter {
    pub(crate) beamline: Option<Pk>,
    pub(crate) container: Option<Pk>,
    pub(crate) active: bool,
    modified: Option<DumpDate>,
}

impl Row for Automounter {
    const LABEL: &'static str = "lims.automounter";

    fn read(fields: &Fields, zone: Tz) -> Result<Self, FieldError> {
        fields.skip(&["created", "staff_comments"]);
        Ok(Self {
            beamline: fields.reference("beamline")?,
            container: fields.reference("container")?,
            active: fields.flag("active")?.unwrap_or(false),
            modified: fields.time("modified", zone)?,
        })
    }

    fn modified(&self) -> Option<&DumpDate> {
        self.modified.as_ref()
    }
}

/// A group of samples.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: Option<String>,
    pub(crate) project: Option<Pk>,
    pub(crate) priority: Option<i64>,
    modified: Option<DumpDate>,
}

impl Row for Group {
    const LABEL: &'static str = "lims.group";

    fn read(fields: &Fields, zone: Tz) -> Result<Self, FieldError> {
        fields.skip(&[
            "created",
            "shipment",
            "status",
            "energy",
            "resolution",
            "kind",
            "absorption_edge",
            "plan",
            "comments",
            "staff_comments",
        ]);
        Ok(Self {
            name: fields.text("name")?,
            project: fields.reference("project")?,
            priority: fields.whole("priority")?,
            modified: fields.time("modified", zone)?,
        })
    }

    fn modified(&self) -> Option<&DumpDate> {
        self.modified.as_ref()
    }
}

/// A sample.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) name: Option<String>,
    pub(crate) project: Option<Pk>,
    pub(crate) barcode: Option<String>,
    pub(crate) container: Option<Pk>,
    pub(crate) location: Option<Pk>,
    pub(crate) group: Option<Pk>,
    pub(crate) priority: Option<i64>,
    pub(crate) comments: Option<String>,
    modified: Option<DumpDate>,
}

impl Row for Sample {
    const LABEL: &'static str = "lims.sample";

    fn read(fields: &Fields, zone: Tz) -> Result<Self, FieldError> {
        fields.skip(&["created", "collect_status", "staff_comments"]);
        Ok(Self {
            name: fields.text("name")?,
            project: fields.reference("project")?,
            barcode: fields.text("barcode")?,
            container: fields.reference("container")?,
            location: fields.reference("location")?,
            group: fields.reference("group")?,
            priority: fields.whole("priority")?,
            comments: fields.text("comments")?,
            modified: fields.time("modified", zone)?,
        })
    }

    fn modified(&self) -> Option<&DumpDate> {
        self.modified.as_ref()
    }
}
