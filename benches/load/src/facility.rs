//! The simulated facility, as a facility file in JSON. Pure.

use serde_json::{json, Map, Value};

#[cfg(test)]
mod tests;

/// The name, for people, of the accounts that a run may use. An account with another name belongs
/// to somebody else.
pub(crate) const MARK: &str = "beamlive load (simulated)";

/// Samples in a puck, pucks in an adaptor.
const PUCK: usize = 16;
const ADAPTOR: usize = 4;

/// What the facility has.
#[derive(Debug, Clone, Default)]
pub struct Facility {
    /// The beginning of all names.
    pub prefix: String,
    /// Beamlines; each has its own account.
    pub beamlines: usize,
    /// Samples of each account.
    pub samples: usize,
    /// The address or network of the access list; without one there is no list.
    pub address: Option<String>,
    /// The SSH keys of every account, for logins.
    pub ssh_keys: Vec<String>,
    /// The keys of the accounts, by number, as OpenSSH writes them. An account without one
    /// registers its own.
    pub keys: Vec<String>,
}

impl Facility {
    /// The username of an account.
    #[must_use]
    pub fn username(&self, number: usize) -> String {
        format!("{}-p{number:03}", self.prefix)
    }

    /// The acronym of a beamline.
    #[must_use]
    pub fn beamline(&self, number: usize) -> String {
        format!("{}-b{number:03}", self.prefix)
    }

    /// The account that owns the containers in the automounters.
    #[must_use]
    pub fn staff(&self) -> String {
        format!("{}-staff", self.prefix)
    }

    /// The usernames of all accounts.
    #[must_use]
    pub fn usernames(&self) -> Vec<String> {
        (0..self.beamlines).map(|number| self.username(number)).collect()
    }

    /// The facility file at the beginning of a run.
    #[must_use]
    pub fn opening(&self) -> Value {
        self.file(true)
    }

    /// The facility file at its end: beamlines and lists are inactive, containers archived, and no
    /// account has login keys.
    #[must_use]
    pub fn closing(&self) -> Value {
        self.file(false)
    }

    fn file(&self, open: bool) -> Value {
        let mut file = File {
            facility: self,
            open,
            sections: Map::new(),
        };
        file.add(
            "project",
            json!({"username": self.staff(), "name": MARK, "ssh_keys": []}),
        );
        for (kind, places) in [
            ("puck", PUCK),
            ("adaptor", ADAPTOR),
            ("automounter", self.samples.div_ceil(PUCK * ADAPTOR).max(1)),
        ] {
            let locations: Vec<_> = (1..=places).map(|place| place.to_string()).collect();
            file.add(
                "container_type",
                json!({"name": format!("{} {kind}", self.prefix), "locations": locations}),
            );
        }
        if let Some(address) = &self.address {
            let users = if open { self.usernames() } else { Vec::new() };
            let name = format!("{}-hosts", self.prefix);
            file.add(
                "access_list",
                json!({"name": name, "address": address, "users": users, "active": open}),
            );
        }
        for number in 0..self.beamlines {
            file.add_beamline(number);
        }
        Value::Object(file.sections)
    }
}

/// A facility file that is being made.
struct File<'a> {
    facility: &'a Facility,
    open: bool,
    sections: Map<String, Value>,
}

impl File<'_> {
    fn add(&mut self, section: &str, entry: Value) {
        let entries = self.sections.entry(section).or_insert_with(|| json!([]));
        if let Value::Array(entries) = entries {
            entries.push(entry);
        }
    }

    /// Adds a beamline, its account, its automounter, and the account's samples in it.
    fn add_beamline(&mut self, number: usize) {
        let (facility, open) = (self.facility, self.open);
        let (user, beamline, staff) = (
            facility.username(number),
            facility.beamline(number),
            facility.staff(),
        );
        let ssh_keys: &[String] = if open { &facility.ssh_keys } else { &[] };
        let mut project = json!({"username": user, "name": MARK, "ssh_keys": ssh_keys});
        if let (Some(key), Value::Object(project)) = (facility.keys.get(number), &mut project) {
            project.insert("key".to_owned(), json!(key));
        }
        self.add("project", project);
        self.add(
            "beamline",
            json!({"acronym": beamline, "name": MARK, "active": open}),
        );
        let robot = format!("{beamline}-robot");
        self.add_container(&staff, &robot, "automounter", None);
        let container = json!({"project": staff, "name": robot});
        self.add(
            "automounter",
            json!({"beamline": beamline, "container": container, "active": open}),
        );
        for puck in 0..facility.samples.div_ceil(PUCK) {
            let adaptor = format!("{beamline}-adaptor-{}", puck / ADAPTOR);
            if puck % ADAPTOR == 0 {
                self.add_container(&staff, &adaptor, "adaptor", Some((&robot, puck / ADAPTOR + 1)));
            }
            let name = format!("{user}-puck-{puck}");
            self.add_container(&user, &name, "puck", Some((&adaptor, puck % ADAPTOR + 1)));
            if !open {
                continue;
            }
            let group = format!("group-{puck}");
            self.add("group", json!({"project": user, "name": group, "priority": puck}));
            for place in 1..=PUCK.min(facility.samples - puck * PUCK) {
                self.add(
                    "sample",
                    json!({
                        "project": user,
                        "name": format!("crystal-{puck}-{place}"),
                        "container": name,
                        "location": place.to_string(),
                        "group": group,
                        "barcode": format!("L{number:03}{puck:03}{place:02}"),
                        "priority": place,
                    }),
                );
            }
        }
    }

    fn add_container(&mut self, owner: &str, name: &str, kind: &str, parent: Option<(&str, usize)>) {
        let mut container = json!({
            "project": owner,
            "name": name,
            "type": format!("{} {kind}", self.facility.prefix),
            "status": if self.open { "on-site" } else { "archived" },
        });
        if let (Some((parent, place)), Value::Object(container)) = (parent, &mut container) {
            let parent = json!({"project": self.facility.staff(), "name": parent});
            container.insert("parent".to_owned(), parent);
            container.insert("location".to_owned(), json!(place.to_string()));
        }
        self.add("container", container);
    }
}
