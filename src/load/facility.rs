//! The facility that a run declares: names that nobody else has, and what is left of it afterwards. Pure.

use std::fmt::{Result, Write};

/// The name, for people, of accounts that a run may use: an account with another name belongs to somebody.
pub const MARK: &str = "beamlive load (simulated)";

/// Samples in a puck, pucks in an adaptor.
const PUCK: usize = 16;
const ADAPTOR: usize = 4;

/// How much there is.
#[derive(Debug, Clone)]
pub struct Facility {
    /// What all names begin with.
    pub prefix: String,
    /// Beamlines; each has an account of its own.
    pub beamlines: usize,
    /// Samples of each account.
    pub samples: usize,
    /// The address or network of the access list; without one there is no list.
    pub address: Option<String>,
    /// A login key of every account.
    pub ssh_key: String,
    /// It was declared, or at least tried to: there may be something to take back.
    pub is_declared: bool,
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

    /// The account that owns what robots hold.
    #[must_use]
    pub fn staff(&self) -> String {
        format!("{}-staff", self.prefix)
    }

    /// All accounts.
    #[must_use]
    pub fn usernames(&self) -> Vec<String> {
        (0..self.beamlines).map(|number| self.username(number)).collect()
    }

    /// The facility file of a run.
    #[must_use]
    pub fn opening(&self) -> String {
        self.write(true)
    }

    /// The facility file of its end: beamlines and lists that take nobody, containers that are archived, no login keys.
    #[must_use]
    pub fn closing(&self) -> String {
        self.write(false)
    }

    fn write(&self, open: bool) -> String {
        let mut toml = String::new();
        // Writing into a string does not fail.
        let _ = self.shared(&mut toml, open);
        for number in 0..self.beamlines {
            let _ = self.beamline_entries(&mut toml, number, open);
        }
        toml
    }

    fn shared(&self, toml: &mut String, open: bool) -> Result {
        let (prefix, staff) = (&self.prefix, self.staff());
        writeln!(
            toml,
            "[[project]]\nusername = \"{staff}\"\nname = \"{MARK}\"\nssh_keys = []"
        )?;
        let places = |count: usize| {
            (1..=count.max(1))
                .map(|place| place.to_string())
                .collect::<Vec<_>>()
        };
        for (kind, locations) in [
            ("puck", places(PUCK)),
            ("adaptor", places(ADAPTOR)),
            ("automounter", places(self.samples.div_ceil(PUCK * ADAPTOR))),
        ] {
            writeln!(
                toml,
                "[[container_type]]\nname = \"{prefix} {kind}\"\nlocations = {locations:?}"
            )?;
        }
        let Some(address) = &self.address else {
            return Ok(());
        };
        let users = if open { self.usernames() } else { Vec::new() };
        writeln!(
            toml,
            "[[access_list]]\nname = \"{prefix}-hosts\"\naddress = \"{address}\"\nusers = {users:?}\nactive = {open}"
        )
    }

    /// A beamline, its account, its robot, and the account's samples in it.
    fn beamline_entries(&self, toml: &mut String, number: usize, open: bool) -> Result {
        let (user, beamline, staff) = (self.username(number), self.beamline(number), self.staff());
        let keys: &[&str] = if open { &[&self.ssh_key] } else { &[] };
        writeln!(
            toml,
            "[[project]]\nusername = \"{user}\"\nname = \"{MARK}\"\nssh_keys = {keys:?}\n\
             [[beamline]]\nacronym = \"{beamline}\"\nname = \"{MARK}\"\nactive = {open}"
        )?;
        let robot = format!("{beamline}-robot");
        self.container(toml, &staff, &robot, "automounter", None, open)?;
        writeln!(
            toml,
            "[[automounter]]\nbeamline = \"{beamline}\"\ncontainer = {{ project = \"{staff}\", name = \"{robot}\" }}\n\
             active = {open}"
        )?;
        for puck in 0..self.samples.div_ceil(PUCK) {
            let adaptor = format!("{beamline}-adaptor-{}", puck / ADAPTOR);
            if puck % ADAPTOR == 0 {
                let place = Some((robot.as_str(), puck / ADAPTOR + 1));
                self.container(toml, &staff, &adaptor, "adaptor", place, open)?;
            }
            let name = format!("{user}-puck-{puck}");
            let place = Some((adaptor.as_str(), puck % ADAPTOR + 1));
            self.container(toml, &user, &name, "puck", place, open)?;
            if open {
                writeln!(
                    toml,
                    "[[group]]\nproject = \"{user}\"\nname = \"group-{puck}\"\npriority = {puck}"
                )?;
                for place in 1..=PUCK.min(self.samples - puck * PUCK) {
                    writeln!(
                        toml,
                        "[[sample]]\nproject = \"{user}\"\nname = \"crystal-{puck}-{place}\"\ncontainer = \"{name}\"\n\
                         location = \"{place}\"\ngroup = \"group-{puck}\"\nbarcode = \"L{number:03}{puck:03}{place:02}\"\n\
                         priority = {place}"
                    )?;
                }
            }
        }
        Ok(())
    }

    fn container(
        &self,
        toml: &mut String,
        owner: &str,
        name: &str,
        kind: &str,
        held: Option<(&str, usize)>,
        open: bool,
    ) -> Result {
        let status = if open { "on-site" } else { "archived" };
        writeln!(
            toml,
            "[[container]]\nproject = \"{owner}\"\nname = \"{name}\"\ntype = \"{} {kind}\"\nstatus = \"{status}\"",
            self.prefix
        )?;
        match held {
            Some((parent, place)) => writeln!(
                toml,
                "parent = {{ project = \"{}\", name = \"{parent}\" }}\nlocation = \"{place}\"",
                self.staff()
            ),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use beamlive_actors::facility::declaration::{Declaration, Format};
    use beamlive_actors::facility::place::Mistakes;
    use beamlive_actors::facility::plan::{Counters, InUse, Plan, Situation};
    use beamlive_actors::facility::seeded_catalog;
    use beamlive_storage::Timestamp;

    fn facility() -> Facility {
        Facility {
            prefix: "load".to_owned(),
            beamlines: 3,
            samples: 70,
            address: Some("127.0.0.1".to_owned()),
            ssh_key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHeQtRhCLKJ6NzpZp1V9Ohd3H4Ms7A4Bq5d2p4nVJ0Yl"
                .to_owned(),
            is_declared: false,
        }
    }

    #[test]
    fn both_files_are_without_mistakes_and_name_everything_after_the_prefix() {
        let facility = facility();
        for (text, samples) in [(facility.opening(), 3 * 70), (facility.closing(), 0)] {
            let mut mistakes = Mistakes::new();
            let declaration = Declaration::read(&text, Format::Toml, chrono_tz::UTC, &mut mistakes).unwrap();
            let situation = Situation {
                prune: false,
                in_use: &InUse::default(),
                counters: &Counters::default(),
                now: Timestamp(0),
            };
            let plan = Plan::make_noting(&seeded_catalog(), &declaration, &situation, &mut mistakes).unwrap();
            assert!(mistakes.into_list().is_empty());
            assert_eq!(text.matches("[[sample]]").count(), samples);
            assert!(
                plan.changes.iter().all(|change| change.contains("load")),
                "{:?}",
                plan.changes
            );
        }
    }
}
