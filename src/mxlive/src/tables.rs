//! The first pass over a dump: everything but the contents of datasets and reports.
//!
//! Memory grows with the facility, and with each dataset by 64
//! bytes, with each report by 40, with each activity by 16.

use crate::directories::{key_start, secure_key, Directories};
use crate::dump::fields::{FieldError, Fields};
use crate::dump::{self, DumpError, Record};
use crate::exact;
use crate::meta::dataset_identity;
use crate::origin::Origin;
use crate::pk::Pk;
use crate::rows::{
    AccessList, AccessType, Activity, Area, AreaFeedback, Automounter, Beamline, Beamtime, Connection,
    Container, ContainerType, ContentType, DataType, Dataset, Feedback, Group, Location, Member, Project,
    Rank, Report, Row, Rows, Sample, Session, SshKey, Stretch, User,
};
use beamlive_storage::Table;
use chrono_tz::Tz;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};
use std::io::Read;

/// Models that hold secrets of people who are signed in. Their fields are skipped.
const SECRET: [&str; 5] = [
    "sessions.session",
    "token_blacklist.outstandingtoken",
    "token_blacklist.blacklistedtoken",
    "authtoken.token",
    "authtoken.tokenproxy",
];

/// What a dump holds that is not read, by number of records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Unread {
    /// Models that are not known.
    pub models: BTreeMap<String, u64>,
    /// Models with secrets of sign-ins, which are never read.
    pub secret: BTreeMap<String, u64>,
    /// Fields that are not known: `lims.project.color`.
    pub fields: BTreeMap<String, u64>,
    /// Fields that hold something for which beamlive has no place: `lims.project.city`.
    pub ignored: BTreeMap<String, u64>,
}

/// The parts of a dataset that other records need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DatasetHead {
    pub(crate) id: u64,
    pub(crate) rank: Rank,
    /// Numbers of keys in [`Heads`].
    pub(crate) project: u32,
    pub(crate) beamline: u32,
    pub(crate) session: u32,
    pub(crate) kind: u32,
    /// Half of the digest that recognises a retry; 0 if there is none.
    pub(crate) identity: u64,
    /// The start of its secure key; 0 if it has none.
    pub(crate) key: u64,
}

/// The parts of a report that other records need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReportHead {
    pub(crate) id: u64,
    pub(crate) rank: Rank,
    /// As in [`DatasetHead`].
    pub(crate) project: u32,
    pub(crate) key: u64,
}

/// Parts of datasets and reports that other records refer to.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    /// By id. Of several of one id, the one of the greatest rank is last.
    pub(crate) datasets: Vec<DatasetHead>,
    /// In the same order.
    pub(crate) reports: Vec<ReportHead>,
    /// Ids and digests of activities, in order.
    pub(crate) activities: Vec<(u64, u64)>,
    /// Keys of datasets, reports and activities that cannot be ids.
    pub(crate) without_id: Vec<(&'static str, Pk)>,
    keys: Vec<Pk>,
    numbers: HashMap<Pk, u32>,
}

impl Heads {
    /// The key of a number; 0 is none.
    pub(crate) fn key(&self, number: u32) -> Option<&Pk> {
        self.keys.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    fn number(&mut self, key: Option<&Pk>) -> u32 {
        let Some(key) = key else {
            return 0;
        };
        if let Some(number) = self.numbers.get(key) {
            return *number;
        }
        self.keys.push(key.clone());
        let number = u32::try_from(self.keys.len()).unwrap_or(0);
        self.numbers.insert(key.clone(), number);
        number
    }

    fn dataset(&mut self, pk: Pk, digest: u64, row: &Dataset, directories: &Directories) {
        let Some(id) = pk.id() else {
            self.without_id.push((Dataset::LABEL, pk));
            return;
        };
        let identity = dataset_identity(row, id, directories);
        let half = identity.and_then(|digest| digest.first_chunk().copied());
        let head = DatasetHead {
            id,
            rank: row.rank(digest),
            project: self.number(row.project.as_ref()),
            beamline: self.number(row.beamline.as_ref()),
            session: self.number(row.session.as_ref()),
            kind: self.number(row.kind.as_ref()),
            identity: half.map_or(0, u64::from_be_bytes),
            key: row
                .url
                .as_deref()
                .and_then(secure_key)
                .map_or(0, |key| key_start(&key)),
        };
        self.datasets.push(head);
    }

    fn report(&mut self, pk: Pk, digest: u64, row: &Report) {
        let Some(id) = pk.id() else {
            self.without_id.push((Report::LABEL, pk));
            return;
        };
        let head = ReportHead {
            id,
            rank: row.rank(digest),
            project: self.number(row.project.as_ref()),
            key: row
                .url
                .as_deref()
                .and_then(secure_key)
                .map_or(0, |key| key_start(&key)),
        };
        self.reports.push(head);
    }
}

/// All small tables of a dump.
#[derive(Debug, Default)]
pub struct Tables {
    pub(crate) projects: Rows<Project>,
    pub(crate) users: Rows<User>,
    pub(crate) members: Rows<Member>,
    pub(crate) ssh_keys: Rows<SshKey>,
    pub(crate) beamlines: Rows<Beamline>,
    pub(crate) data_types: Rows<DataType>,
    pub(crate) container_types: Rows<ContainerType>,
    pub(crate) locations: Rows<Location>,
    pub(crate) containers: Rows<Container>,
    pub(crate) automounters: Rows<Automounter>,
    pub(crate) groups: Rows<Group>,
    pub(crate) samples: Rows<Sample>,
    pub(crate) sessions: Rows<Session>,
    pub(crate) stretches: Rows<Stretch>,
    pub(crate) feedback: Rows<Feedback>,
    pub(crate) area_feedback: Rows<AreaFeedback>,
    pub(crate) areas: Rows<Area>,
    pub(crate) content_types: Rows<ContentType>,
    pub(crate) access_lists: Rows<AccessList>,
    pub(crate) connections: Rows<Connection>,
    pub(crate) access_types: Rows<AccessType>,
    pub(crate) beamtimes: Rows<Beamtime>,
    pub(crate) heads: Heads,
    /// Where the dump comes from, if beamlive wrote it.
    pub(crate) origin: Option<Origin>,
    /// What the columns of declared records cannot say, by section and id.
    pub(crate) exact: BTreeMap<(Table, u64), Json>,
    /// The zone of dates without an offset.
    pub(crate) zone: Tz,
    unread: Unread,
}

/// Whether the first pass reads records of a model.
fn is_known(model: &str) -> bool {
    let streamed = matches!(model, "lims.data" | "lims.analysisreport" | "lims.activitylog");
    streamed || model == exact::LABEL || MODELS.contains(&model)
}

/// Adds a record to the table of its model.
trait Add {
    fn add(&mut self, pk: Pk, fields: &Fields, zone: Tz) -> Result<(), FieldError>;
    fn finish(&mut self);
}

impl<R: Row> Add for Rows<R> {
    fn add(&mut self, pk: Pk, fields: &Fields, zone: Tz) -> Result<(), FieldError> {
        self.add(pk, fields.digest(), R::read(fields, zone)?);
        Ok(())
    }

    fn finish(&mut self) {
        self.finish();
    }
}

/// The models whose tables are kept, of MxLIVE and of BasicLIVE.
const MODELS: [&str; 27] = [
    "lims.project",
    "users.user",
    "lims.user",
    "lims.projectmembership",
    "lims.sshkey",
    "users.sshkey",
    "lims.beamline",
    "lims.datatype",
    "lims.containertype",
    "lims.containerlocation",
    "lims.container",
    "lims.dewar",
    "lims.automounter",
    "lims.group",
    "lims.sample",
    "lims.session",
    "lims.stretch",
    "lims.userfeedback",
    "lims.userareafeedback",
    "lims.supportarea",
    "contenttypes.contenttype",
    "staff.userlist",
    "acl.accesslist",
    "staff.remoteconnection",
    "acl.access",
    "schedule.accesstype",
    "schedule.beamtime",
];

impl Tables {
    /// Reads a dump. Dates without an offset are local times in `zone`; `progress` is called with
    /// the number of bytes read.
    ///
    /// # Errors
    /// [`DumpError`], which says where.
    pub fn read(
        source: impl Read,
        zone: Tz,
        directories: &Directories,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, DumpError> {
        let mut tables = Self {
            zone,
            ..Self::default()
        };
        dump::read(source, is_known, progress, |_, record| match record {
            Ok(record) => tables.add(record, directories),
            Err(model) => {
                let Unread { secret, models, .. } = &mut tables.unread;
                let is_secret = SECRET.contains(&model.as_str());
                *(if is_secret { secret } else { models })
                    .entry(model)
                    .or_default() += 1;
                Ok(())
            }
        })?;
        for model in MODELS {
            if let Some(rows) = tables.rows_of(model) {
                rows.finish();
            }
        }
        let Heads {
            datasets,
            reports,
            activities,
            without_id,
            ..
        } = &mut tables.heads;
        datasets.sort_unstable_by_key(|head| (head.id, head.rank));
        reports.sort_unstable();
        activities.sort_unstable();
        without_id.sort();
        Ok(tables)
    }

    /// What was not read.
    #[must_use]
    pub fn unread(&self) -> &Unread {
        &self.unread
    }

    fn add(&mut self, record: Record, directories: &Directories) -> Result<(), FieldError> {
        let Record { model, pk, fields } = record;
        let zone = self.zone;
        // With natural keys, the name takes the place of the key.
        let natural = || match model.as_str() {
            "lims.project" | "users.user" | "lims.user" => {
                fields.text("username").or_else(|_| fields.text("name"))
            }
            "lims.datatype" => fields.text("acronym"),
            _ => Ok(None),
        };
        let pk = match Pk::of(&pk) {
            Some(pk) => pk,
            None => match (natural()?, fields.text("name")?) {
                (Some(name), _) => Pk::Text(name),
                (None, Some(name)) if model == "lims.project" => Pk::Text(name),
                _ => {
                    return Err(FieldError {
                        field: "pk".to_owned(),
                        message: "is missing".to_owned(),
                    })
                }
            },
        };
        match model.as_str() {
            exact::LABEL => self.origin = Some(Origin::read(&fields)?),
            "lims.data" => {
                let row = Dataset::read(&fields, zone)?;
                self.heads.dataset(pk, fields.digest(), &row, directories);
            }
            "lims.analysisreport" => {
                let row = Report::read(&fields, zone)?;
                self.heads.report(pk, fields.digest(), &row);
            }
            "lims.activitylog" => {
                Activity::read(&fields, zone)?;
                match pk.id() {
                    Some(id) => self.heads.activities.push((id, fields.digest())),
                    None => self.heads.without_id.push((Activity::LABEL, pk)),
                }
            }
            _ => {
                self.keep_exact(&model, &pk, &fields);
                if let Some(rows) = self.rows_of(&model) {
                    rows.add(pk, &fields, zone)?;
                }
            }
        }
        for field in fields.ignored() {
            *self.unread.ignored.entry(format!("{model}.{field}")).or_default() += 1;
        }
        for field in fields.unknown() {
            *self.unread.fields.entry(format!("{model}.{field}")).or_default() += 1;
        }
        Ok(())
    }

    /// Keeps what the columns of a declared record cannot say.
    fn keep_exact(&mut self, model: &str, pk: &Pk, fields: &Fields) {
        let table = match model {
            "lims.project" => Table::Project,
            "users.user" => Table::Person,
            "lims.beamline" => Table::Beamline,
            "lims.datatype" => Table::DataType,
            "lims.containertype" => Table::ContainerType,
            "lims.container" => Table::Container,
            "lims.automounter" => Table::Automounter,
            "lims.group" => Table::Group,
            "lims.sample" => Table::Sample,
            "staff.userlist" => Table::AccessList,
            "schedule.beamtime" => Table::Beamtime,
            _ => return,
        };
        let exact = fields.json(exact::FIELD);
        let record = exact::part(&exact, exact::RECORD).and_then(|record| serde_json::to_value(record).ok());
        if let Some((id, record)) = pk.id().zip(record) {
            self.exact.insert((table, id), record);
        }
    }

    fn rows_of(&mut self, model: &str) -> Option<&mut dyn Add> {
        Some(match model {
            "lims.project" => &mut self.projects,
            "users.user" | "lims.user" => &mut self.users,
            "lims.projectmembership" => &mut self.members,
            "lims.sshkey" | "users.sshkey" => &mut self.ssh_keys,
            "lims.beamline" => &mut self.beamlines,
            "lims.datatype" => &mut self.data_types,
            "lims.containertype" => &mut self.container_types,
            "lims.containerlocation" => &mut self.locations,
            "lims.container" => &mut self.containers,
            "lims.dewar" | "lims.automounter" => &mut self.automounters,
            "lims.group" => &mut self.groups,
            "lims.sample" => &mut self.samples,
            "lims.session" => &mut self.sessions,
            "lims.stretch" => &mut self.stretches,
            "lims.userfeedback" => &mut self.feedback,
            "lims.userareafeedback" => &mut self.area_feedback,
            "lims.supportarea" => &mut self.areas,
            "contenttypes.contenttype" => &mut self.content_types,
            "staff.userlist" | "acl.accesslist" => &mut self.access_lists,
            "staff.remoteconnection" | "acl.access" => &mut self.connections,
            "schedule.accesstype" => &mut self.access_types,
            "schedule.beamtime" => &mut self.beamtimes,
            _ => return None,
        })
    }
}
