//! Sessions, feedback, the activity log.

use super::table::Row;
use crate::dump::fields::{DumpDate, FieldError, Fields};
use crate::exact::FIELD;
use crate::pk::Pk;
use chrono_tz::Tz;
use rmpv::Value;

/// One visit of a project at a beamline.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) name: Option<String>,
    pub(crate) project: Option<Pk>,
    pub(crate) beamline: Option<Pk>,
    /// The secure key.
    pub(crate) url: Option<String>,
    pub(crate) created: Option<DumpDate>,
    /// What the columns cannot say.
    pub(crate) exact: Option<Value>,
}

impl Row for Session {
    const LABEL: &'static str = "lims.session";

    fn read(fields: &Fields, zone: Tz) -> Result<Self, FieldError> {
        fields.skip(&["comments", "modified"]);
        Ok(Self {
            name: fields.text("name")?,
            project: fields.reference("project")?,
            beamline: fields.reference("beamline")?,
            url: fields.text("url")?,
            created: fields.time("created", zone)?,
            exact: fields.json(FIELD),
        })
    }
}

/// One interval of a session.
#[derive(Debug)]
pub(crate) struct Stretch {
    pub(crate) session: Option<Pk>,
    pub(crate) start: Option<DumpDate>,
    pub(crate) end: Option<DumpDate>,
}

impl Row for Stretch {
    const LABEL: &'static str = "lims.stretch";

    fn read(fields: &Fields, zone: Tz) -> Result<Self, FieldError> {
        Ok(Self {
            session: fields.reference("session")?,
            start: fields.time("start", zone)?,
            end: fields.time("end", zone)?,
        })
    }
}

/// An answer to the survey of a session.
#[derive(Debug)]
pub(crate) struct Feedback {
    pub(crate) session: Option<Pk>,
    pub(crate) comments: Option<String>,
    pub(crate) created: Option<DumpDate>,
    /// What the columns cannot say.
    pub(crate) exact: Option<Value>,
}

impl Row for Feedback {
    const LABEL: &'static str = "lims.userfeedback";

    fn read(fields: &Fields, zone: Tz) -> Result<Self, FieldError> {
        fields.skip(&["modified", "contact"]);
        Ok(Self {
            session: fields.reference("session")?,
            comments: fields.text("comments")?,
            created: fields.time("created", zone)?,
            exact: fields.json(FIELD),
        })
    }
}

/// What an answer says about one area.
#[derive(Debug)]
pub(crate) struct AreaFeedback {
    pub(crate) feedback: Option<Pk>,
    pub(crate) area: Option<Pk>,
    pub(crate) rating: Option<i64>,
}

impl Row for AreaFeedback {
    const LABEL: &'static str = "lims.userareafeedback";

    fn read(fields: &Fields, _: Tz) -> Result<Self, FieldError> {
        Ok(Self {
            feedback: fields.reference("feedback")?,
            area: fields.reference("area")?,
            rating: fields.whole("rating")?,
        })
    }
}

/// An area of the survey.
#[derive(Debug)]
pub(crate) struct Area {
    pub(crate) name: Option<String>,
}

impl Row for Area {
    const LABEL: &'static str = "lims.supportarea";

    fn read(fields: &Fields, _: Tz) -> Result<Self, FieldError> {
        fields.skip(&["user_feedback", "external", "scale"]);
        Ok(Self {
            name: fields.text("name")?,
        })
    }
}

/// The model that an entry of the activity log is about.
#[derive(Debug)]
pub(crate) struct ContentType {
    /// `lims.data`
    pub(crate) label: String,
}

impl Row for ContentType {
    const LABEL: &'static str = "contenttypes.contenttype";

    fn read(fields: &Fields, _: Tz) -> Result<Self, FieldError> {
        let (app, model) = (fields.text("app_label")?, fields.text("model")?);
        let label = format!("{}.{}", app.unwrap_or_default(), model.unwrap_or_default());
        Ok(Self {
            label: label.to_lowercase(),
        })
    }
}

/// An entry of the activity log.
#[derive(Debug)]
pub(crate) struct Activity {
    pub(crate) project: Option<Pk>,
    pub(crate) user: Option<Pk>,
    pub(crate) who: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) content_type: Option<Pk>,
    pub(crate) object: Option<Pk>,
    pub(crate) object_name: Option<String>,
    pub(crate) action: Option<i64>,
    pub(crate) description: Option<String>,
    pub(crate) created: Option<DumpDate>,
    /// What the columns cannot say.
    pub(crate) exact: Option<Value>,
}

impl Row for Activity {
    const LABEL: &'static str = "lims.activitylog";

    fn read(fields: &Fields, zone: Tz) -> Result<Self, FieldError> {
        Ok(Self {
            project: fields.reference("project")?,
            user: fields.reference("user")?,
            who: fields.text("user_description")?,
            address: fields.text("ip_number")?,
            content_type: fields.reference("content_type")?,
            object: fields.reference("object_id")?,
            object_name: fields.text("object_repr")?,
            action: fields.whole("action_type")?,
            description: fields.text("description")?,
            created: fields.time("created", zone)?,
            exact: fields.json(FIELD),
        })
    }
}
