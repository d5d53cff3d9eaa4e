//! Access lists, connections, beamtimes.

use super::table::Row;
use crate::dump::fields::{DumpDate, FieldError, Fields};
use crate::exact::FIELD;
use crate::pk::Pk;
use chrono_tz::Tz;
use rmpv::Value;

/// Users who may use the hosts of one network.
#[derive(Debug)]
pub(crate) struct AccessList {
    pub(crate) name: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) users: Vec<Pk>,
    pub(crate) beamlines: Vec<Pk>,
    pub(crate) active: bool,
}

impl Row for AccessList {
    const LABEL: &'static str = "staff.userlist";

    fn read(fields: &Fields, _: Tz) -> Result<Self, FieldError> {
        fields.skip(&["description", "created", "modified"]);
        let beamlines = [fields.references("beamline")?, fields.references("beamlines")?];
        Ok(Self {
            name: fields.text("name")?,
            address: fields.text("address")?,
            users: fields.references("users")?,
            beamlines: beamlines.concat(),
            active: fields.flag("active")?.unwrap_or(false),
        })
    }

    fn natural_key(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// A remote connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) name: Option<String>,
    pub(crate) user: Option<Pk>,
    pub(crate) list: Option<Pk>,
    pub(crate) status: Option<String>,
    pub(crate) created: Option<DumpDate>,
    pub(crate) end: Option<DumpDate>,
    /// What the columns cannot say.
    pub(crate) exact: Option<Value>,
}

impl Row for Connection {
    const LABEL: &'static str = "staff.remoteconnection";

    fn read(fields: &Fields, zone: Tz) -> Result<Self, FieldError> {
        fields.skip(&["modified"]);
        let (start, created) = (fields.time("start_time", zone)?, fields.time("created", zone)?);
        let (end, end_time) = (fields.time("end", zone)?, fields.time("end_time", zone)?);
        Ok(Self {
            name: fields.text("name")?,
            user: fields.reference("user")?,
            list: fields.reference("userlist")?,
            status: fields.text("status")?,
            created: start.or(created),
            end: end.or(end_time),
            exact: fields.json(FIELD),
        })
    }
}

/// A kind of beamtime.
#[derive(Debug)]
pub(crate) struct AccessType {
    pub(crate) remote: bool,
    name: Option<String>,
}

impl Row for AccessType {
    const LABEL: &'static str = "schedule.accesstype";

    fn read(fields: &Fields, _: Tz) -> Result<Self, FieldError> {
        fields.skip(&["description", "email_subject", "email_body", "color"]);
        Ok(Self {
            remote: fields.flag("remote")?.unwrap_or(false),
            name: fields.text("name")?,
        })
    }

    fn natural_key(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// Scheduled time.
#[derive(Debug)]
pub(crate) struct Beamtime {
    pub(crate) project: Option<Pk>,
    pub(crate) beamline: Option<Pk>,
    pub(crate) access: Option<Pk>,
    pub(crate) cancelled: bool,
    pub(crate) start: Option<DumpDate>,
    pub(crate) end: Option<DumpDate>,
}

impl Row for Beamtime {
    const LABEL: &'static str = "schedule.beamtime";

    fn read(fields: &Fields, zone: Tz) -> Result<Self, FieldError> {
        fields.skip(&["comments", "created", "modified"]);
        Ok(Self {
            project: fields.reference("project")?,
            beamline: fields.reference("beamline")?,
            access: fields.reference("access")?,
            cancelled: fields.flag("cancelled")?.unwrap_or(false),
            start: fields.time("start", zone)?,
            end: fields.time("end", zone)?,
        })
    }
}
