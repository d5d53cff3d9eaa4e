//! Projects, users, keys, beamlines, data types.

use super::table::Row;
use crate::dump::fields::{FieldError, Fields, When};
use crate::exact::FIELD;
use crate::pk::Pk;
use chrono_tz::Tz;
use rmpv::Value;

/// An account of MxLIVE, which is a project too; or a project of BasicLIVE.
#[derive(Debug)]
pub(crate) struct Project {
    /// The name that clients send.
    pub(crate) username: Option<String>,
    /// The name for people.
    pub(crate) title: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) active: bool,
    pub(crate) staff: bool,
    pub(crate) superuser: bool,
    pub(crate) leader: Option<Pk>,
    modified: Option<When>,
}

impl Row for Project {
    const LABEL: &'static str = "lims.project";

    fn read(fields: &Fields, zone: Tz) -> Result<Self, FieldError> {
        fields.skip(&[
            "created",
            "last_login",
            "date_joined",
            "groups",
            "user_permissions",
            "contact_fax",
            "contact_phone",
            "contact_email",
            "carrier",
            "account_number",
            "department",
            "address",
            "city",
            "province",
            "postal_code",
            "country",
            "show_archives",
            "designation",
            "kind",
            "alias",
            "updated",
            "members",
            "email",
        ]);
        let name = fields.text("name")?;
        let username = fields.text("username")?;
        let title = match (fields.text("title")?, fields.text("organisation")?) {
            (Some(title), _) | (None, Some(title)) => Some(title),
            (None, None) => {
                let contact = fields.text("contact_person")?;
                let parts = [fields.text("first_name")?, fields.text("last_name")?];
                let full = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
                Some(full).filter(|full| !full.is_empty()).or(contact)
            }
        };
        // MxLIVE's name of a project repeats the username.
        let named = name.clone().filter(|name| Some(name) != username.as_ref());
        Ok(Self {
            title: if username.is_some() {
                named.or(title)
            } else {
                title
            },
            username: username.or(name),
            password: fields.text("password")?,
            key: fields.text("key")?,
            active: fields.flag("is_active")?.unwrap_or(true),
            staff: fields.flag("is_staff")?.unwrap_or(false),
            superuser: fields.flag("is_superuser")?.unwrap_or(false),
            leader: fields.reference("pi")?,
            modified: fields.time("modified", zone)?,
        })
    }

    fn natural_key(&self) -> Option<&str> {
        self.username.as_deref()
    }

    fn modified(&self) -> Option<i64> {
        self.modified.as_ref().and_then(When::micros)
    }
}

/// A person of BasicLIVE.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) username: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) active: bool,
    pub(crate) staff: bool,
    pub(crate) superuser: bool,
    modified: Option<When>,
}

impl Row for User {
    const LABEL: &'static str = "users.user";

    fn read(fields: &Fields, zone: Tz) -> Result<Self, FieldError> {
        fields.skip(&[
            "created",
            "last_login",
            "date_joined",
            "groups",
            "user_permissions",
            "roles",
        ]);
        let parts = [fields.text("first_name")?, fields.text("last_name")?];
        let full = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        Ok(Self {
            username: fields.text("username")?,
            name: Some(full)
                .filter(|name| !name.is_empty())
                .or(fields.text("name")?),
            email: fields.text("email")?,
            password: fields.text("password")?,
            key: fields.text("key")?,
            active: fields.flag("is_active")?.unwrap_or(true),
            staff: fields.flag("is_staff")?.unwrap_or(false),
            superuser: fields.flag("is_superuser")?.unwrap_or(false),
            modified: fields.time("modified", zone)?,
        })
    }

    fn natural_key(&self) -> Option<&str> {
        self.username.as_deref()
    }

    fn modified(&self) -> Option<i64> {
        self.modified.as_ref().and_then(When::micros)
    }
}

/// That a person works in a project.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) user: Option<Pk>,
    pub(crate) project: Option<Pk>,
    pub(crate) role: Option<String>,
}

impl Row for Member {
    const LABEL: &'static str = "lims.projectmembership";

    fn read(fields: &Fields, _: Tz) -> Result<Self, FieldError> {
        fields.skip(&["created", "modified"]);
        Ok(Self {
            user: fields.reference("user")?,
            project: fields.reference("project")?,
            role: fields.text("role")?,
        })
    }
}

/// A key for logins over SSH, of a project or of a person.
#[derive(Debug)]
pub(crate) struct SshKey {
    pub(crate) key: Option<String>,
    pub(crate) project: Option<Pk>,
    pub(crate) user: Option<Pk>,
}

impl Row for SshKey {
    const LABEL: &'static str = "lims.sshkey";

    fn read(fields: &Fields, _: Tz) -> Result<Self, FieldError> {
        fields.skip(&["name", "created", "modified", "fingerprint"]);
        Ok(Self {
            key: fields.text("key")?,
            project: fields.reference("project")?,
            user: fields.reference("user")?,
        })
    }
}

/// A beamline.
#[derive(Debug)]
pub(crate) struct Beamline {
    pub(crate) acronym: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) active: bool,
    pub(crate) simulated: bool,
    pub(crate) energy: (Option<f64>, Option<f64>),
    pub(crate) contact: Option<String>,
    /// What the columns cannot say.
    pub(crate) exact: Option<Value>,
}

impl Row for Beamline {
    const LABEL: &'static str = "lims.beamline";

    fn read(fields: &Fields, _: Tz) -> Result<Self, FieldError> {
        fields.skip(&["automounters", "created", "modified"]);
        Ok(Self {
            acronym: fields.text("acronym")?,
            name: fields.text("name")?,
            active: fields.flag("active")?.unwrap_or(true),
            simulated: fields
                .flag("simulated")?
                .or(fields.flag("is_simulated")?)
                .unwrap_or(false),
            energy: (fields.number("energy_lo")?, fields.number("energy_hi")?),
            contact: fields.text("contact_phone")?,
            exact: fields.json(FIELD),
        })
    }

    fn natural_key(&self) -> Option<&str> {
        self.acronym.as_deref()
    }
}

/// A data type.
#[derive(Debug)]
pub(crate) struct DataType {
    pub(crate) acronym: Option<String>,
    pub(crate) name: Option<String>,
    /// The names that a page shows, if that is a list.
    pub(crate) metadata: Option<Value>,
}

impl Row for DataType {
    const LABEL: &'static str = "lims.datatype";

    fn read(fields: &Fields, _: Tz) -> Result<Self, FieldError> {
        fields.skip(&["description", "template"]);
        Ok(Self {
            acronym: fields.text("acronym")?,
            name: fields.text("name")?,
            metadata: fields.json("metadata"),
        })
    }

    fn natural_key(&self) -> Option<&str> {
        self.acronym.as_deref()
    }
}
