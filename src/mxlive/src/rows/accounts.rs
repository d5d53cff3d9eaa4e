//! Projects, users, keys, beamlines, data types.

use super::table::Row;
use crate::dump::fields::{DumpDate, FieldError, Fields};
use crate::exact::FIELD;
use crate::pk::Pk;
use chrono_tz::Tz;
use rmpv::Value;

/// What projects and users have in common.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) active: bool,
    pub(crate) staff: bool,
    pub(crate) superuser: bool,
    modified: Option<DumpDate>,
}

impl Account {
    fn read(fields: &Fields, zone: Tz) -> Result<Self, FieldError> {
        fields.skip(&[
            "created",
            "last_login",
            "date_joined",
            "groups",
            "user_permissions",
        ]);
        Ok(Self {
            username: fields.text("username")?,
            password: fields.text("password")?,
            key: fields.text("key")?,
            active: fields.flag("is_active")?.unwrap_or(true),
            staff: fields.flag("is_staff")?.unwrap_or(false),
            superuser: fields.flag("is_superuser")?.unwrap_or(false),
            modified: fields.time("modified", zone)?,
        })
    }
}

/// The first and the last name, if there is one.
fn full_name(fields: &Fields) -> Result<Option<String>, FieldError> {
    let parts = [fields.text("first_name")?, fields.text("last_name")?];
    let full = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    Ok(Some(full).filter(|full| !full.is_empty()))
}

/// An account of MxLIVE, which is a project too; or a project of BasicLIVE.
#[derive(Debug)]
pub(crate) struct Project {
    /// Its `username` is the name that clients send.
    pub(crate) account: Account,
    /// The name for people.
    pub(crate) title: Option<String>,
    pub(crate) leader: Option<Pk>,
}

impl Row for Project {
    const LABEL: &'static str = "lims.project";

    fn read(fields: &Fields, zone: Tz) -> Result<Self, FieldError> {
        fields.skip(&[
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
        let mut account = Account::read(fields, zone)?;
        let name = fields.text("name")?;
        let title = match (fields.text("title")?, fields.text("organisation")?) {
            (Some(title), _) | (None, Some(title)) => Some(title),
            (None, None) => {
                let contact = fields.text("contact_person")?;
                full_name(fields)?.or(contact)
            }
        };
        // MxLIVE's name of a project repeats the username.
        let named = name
            .clone()
            .filter(|name| Some(name) != account.username.as_ref());
        let title = if account.username.is_some() {
            named.or(title)
        } else {
            title
        };
        account.username = account.username.or(name);
        Ok(Self {
            account,
            title,
            leader: fields.reference("pi")?,
        })
    }

    fn natural_key(&self) -> Option<&str> {
        self.account.username.as_deref()
    }

    fn modified(&self) -> Option<&DumpDate> {
        self.account.modified.as_ref()
    }
}

/// A person of BasicLIVE.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) account: Account,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
}

impl Row for User {
    const LABEL: &'static str = "users.user";

    fn read(fields: &Fields, zone: Tz) -> Result<Self, FieldError> {
        fields.skip(&["roles"]);
        Ok(Self {
            account: Account::read(fields, zone)?,
            name: full_name(fields)?.or(fields.text("name")?),
            email: fields.text("email")?,
        })
    }

    fn natural_key(&self) -> Option<&str> {
        self.account.username.as_deref()
    }

    fn modified(&self) -> Option<&DumpDate> {
        self.account.modified.as_ref()
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
