//! The facility file that a dump becomes: what its sections hold, and the ids that the entries had.
#![allow(missing_docs, reason = "the fields are those of the facility file")]

use beamlive_storage::Timestamp;
use serde::{Serialize, Serializer};

macro_rules! entries {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize)]
        pub struct $name {
            /// The id that it had, if that can be kept.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub id: Option<u64>,
            $($(#[$attribute])* pub $field: $type,)*
        }
    )*};
}

/// A container of a project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ContainerName {
    pub project: String,
    pub name: String,
}

/// The role of a person in a project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Membership {
    pub project: String,
    /// `member` or `leader`
    pub role: &'static str,
}

/// A place of a container type.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Location {
    Name(String),
    Drawn { name: String, x: f64, y: f64 },
}

impl Location {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Name(name) | Self::Drawn { name, .. } => name,
        }
    }
}

entries! {
    /// An account.
    Project {
        username: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        ssh_keys: Vec<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        password_hash: Option<String>,
    }
    /// An account of a person.
    Person {
        username: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        email: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        password_hash: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        ssh_keys: Vec<String>,
        active: bool,
        member_of: Vec<Membership>,
        #[serde(skip_serializing_if = "Option::is_none")]
        staff: Option<&'static str>,
    }
    /// A beamline.
    Beamline {
        acronym: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        active: bool,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        simulated: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        energy: Option<[f64; 2]>,
        #[serde(skip_serializing_if = "Option::is_none")]
        contact: Option<String>,
    }
    /// A data type.
    DataType {
        acronym: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        metadata: Vec<String>,
    }
    /// A kind of container.
    ContainerType {
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        layout: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        height: Option<f64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        radius: Option<f64>,
        locations: Vec<Location>,
    }
    /// A container.
    Container {
        project: String,
        name: String,
        #[serde(rename = "type")]
        kind: String,
        status: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        parent: Option<ContainerName>,
        #[serde(skip_serializing_if = "Option::is_none")]
        location: Option<String>,
    }
    /// Which container a beamline's robot holds.
    Automounter {
        beamline: String,
        container: ContainerName,
        active: bool,
    }
    /// A group of samples.
    Group {
        project: String,
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        priority: Option<i64>,
    }
    /// A sample.
    Sample {
        project: String,
        name: String,
        container: String,
        location: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        group: Option<String>,
        #[serde(skip_serializing_if = "String::is_empty")]
        barcode: String,
        #[serde(skip_serializing_if = "String::is_empty")]
        comments: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        priority: Option<i64>,
    }
    /// Users who may use the hosts of one network.
    AccessList {
        name: String,
        address: String,
        users: Vec<String>,
        beamlines: Vec<String>,
        active: bool,
    }
    /// Scheduled time.
    Beamtime {
        project: String,
        beamline: String,
        #[serde(serialize_with = "rfc3339")]
        start: Timestamp,
        #[serde(serialize_with = "rfc3339")]
        end: Timestamp,
        remote: bool,
        cancelled: bool,
    }
}

/// The declared part of a dump, in the shape of a facility file.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Facility {
    pub project: Vec<Project>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub person: Vec<Person>,
    pub beamline: Vec<Beamline>,
    pub data_type: Vec<DataType>,
    pub container_type: Vec<ContainerType>,
    pub container: Vec<Container>,
    pub automounter: Vec<Automounter>,
    pub group: Vec<Group>,
    pub sample: Vec<Sample>,
    pub access_list: Vec<AccessList>,
    pub beamtime: Vec<Beamtime>,
    /// Whether all sections keep their ids, as in a dump that beamlive wrote.
    #[serde(skip)]
    pub all_ids: bool,
}

impl Facility {
    /// The facility file, as JSON. Projects, persons and samples keep their ids; in a dump that
    /// beamlive wrote, all do.
    ///
    /// # Errors
    /// None that is known: all its values are texts, numbers and flags.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        if self.all_ids {
            return serde_json::to_string(self);
        }
        let mut file = self.clone();
        file.beamline.iter_mut().for_each(|it| it.id = None);
        file.data_type.iter_mut().for_each(|it| it.id = None);
        file.container_type.iter_mut().for_each(|it| it.id = None);
        file.container.iter_mut().for_each(|it| it.id = None);
        file.automounter.iter_mut().for_each(|it| it.id = None);
        file.group.iter_mut().for_each(|it| it.id = None);
        file.access_list.iter_mut().for_each(|it| it.id = None);
        file.beamtime.iter_mut().for_each(|it| it.id = None);
        serde_json::to_string(&file)
    }
}

fn rfc3339<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_utc().to_rfc3339())
}
