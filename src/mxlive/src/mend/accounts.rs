//! Projects and persons. Their usernames are one namespace.

use super::passwords::Password;
use crate::facility::{Facility, Membership, Person, Project};
use crate::notes::Notes;
use crate::pk::Pk;
use crate::rows::{self, Member, Row, SshKey, User};
use crate::tables::Tables;
use crate::text;
use beamlive_actors::key::{check_ssh_line, PublicKey};
use beamlive_storage::Table;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Which account a reference means.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    /// The usernames of projects.
    projects: HashMap<Pk, String>,
    /// The project that a user stands for.
    users: HashMap<Pk, String>,
    /// The usernames of persons.
    persons: HashMap<Pk, String>,
}

impl Accounts {
    /// The username of a project.
    pub(crate) fn project(&self, reference: Option<&Pk>) -> Option<&str> {
        self.projects.get(reference?).map(String::as_str)
    }

    /// The project that a user stands for.
    fn user(&self, reference: Option<&Pk>) -> Option<&str> {
        self.users.get(reference?).map(String::as_str)
    }

    /// The username of a user: a person or a project.
    pub(crate) fn who(&self, reference: Option<&Pk>) -> Option<&str> {
        let person = reference.and_then(|pk| self.persons.get(pk));
        person.map(String::as_str).or_else(|| self.user(reference))
    }
}

/// Usernames as they were, and who has them now.
#[derive(Default)]
struct Names {
    taken: HashSet<String>,
    folded: HashMap<String, String>,
}

impl Names {
    fn is_good(name: &str) -> bool {
        !name.is_empty() && text::username(name) == name
    }

    /// Gives an account its name: its own if that is valid and free.
    fn take(&mut self, label: &str, pk: &Pk, own: Option<&str>, notes: &mut Notes) -> String {
        let own = own.unwrap_or_default();
        let mut name = text::username(own);
        let tail = text::username(&pk.to_string().replace('"', ""));
        if name.is_empty() {
            name = format!("account-{tail}");
        }
        if self.taken.contains(&name) {
            let room: String = name.chars().take(100).collect();
            name = format!("{room}-{tail}");
        }
        for number in 2.. {
            if !self.taken.contains(&name) {
                break;
            }
            let room: String = name.chars().take(120).collect();
            name = format!("{room}-{number}");
        }
        if name != own {
            let own = crate::value::quoted(own);
            notes.mended(
                label,
                pk,
                format!("the username {own} is taken or not allowed: it is {name:?} now"),
            );
        }
        self.taken.insert(name.clone());
        if let Some(other) = self.folded.insert(name.to_lowercase(), name.clone()) {
            notes.kept(
                label,
                pk,
                format!("the usernames {other:?} and {name:?} differ in case only"),
            );
        }
        name
    }
}

pub(super) fn mend(tables: &Tables, facility: &mut Facility, notes: &mut Notes) -> Accounts {
    let mut accounts = Accounts::default();
    let mut names = Names::default();
    // Valid names are assigned first, so a repaired name cannot collide.
    let mut projects: Vec<_> = tables.projects.iter().collect();
    projects.sort_by_key(|(pk, row)| (!row.account.username.as_deref().is_some_and(Names::is_good), *pk));
    let mut users: Vec<_> = tables.users.iter().collect();
    users.sort_by_key(|(pk, row)| (!row.account.username.as_deref().is_some_and(Names::is_good), *pk));
    let mut ssh_keys = ssh_keys(tables, notes);
    for (pk, row) in projects {
        let username = names.take(rows::Project::LABEL, pk, row.account.username.as_deref(), notes);
        let keys = ssh_keys.remove(&(false, pk.clone())).unwrap_or_default();
        let mut entry = project(pk, row, &username, keys, notes);
        if says_sign_in(tables, Table::Project, pk) {
            entry.password_hash = None;
        }
        facility.project.push(entry);
        if let Some(natural) = &row.account.username {
            accounts
                .projects
                .entry(Pk::Text(natural.clone()))
                .or_insert_with(|| username.clone());
        }
        accounts.projects.insert(pk.clone(), username);
    }
    let mut memberships = memberships(tables, &accounts, notes);
    for (pk, row) in users {
        let username = names.take(User::LABEL, pk, row.account.username.as_deref(), notes);
        let keys = ssh_keys.remove(&(true, pk.clone())).unwrap_or_default();
        let member_of = memberships.remove(pk).unwrap_or_default();
        if let Some(project) = stands_for(row, &member_of, &accounts) {
            for key in [Some(pk.clone()), row.account.username.clone().map(Pk::Text)]
                .into_iter()
                .flatten()
            {
                accounts.users.entry(key).or_insert_with(|| project.clone());
            }
        }
        for key in [Some(pk.clone()), row.account.username.clone().map(Pk::Text)]
            .into_iter()
            .flatten()
        {
            accounts.persons.entry(key).or_insert_with(|| username.clone());
        }
        let mut entry = person(pk, row, username, keys, member_of, notes);
        if says_sign_in(tables, Table::Person, pk) {
            entry.password_hash = None;
        }
        facility.person.push(entry);
    }
    if tables.users.iter().next().is_none() {
        accounts.users = accounts.projects.clone();
    }
    facility
        .project
        .sort_by(|one, other| one.username.cmp(&other.username));
    facility
        .person
        .sort_by(|one, other| one.username.cmp(&other.username));
    accounts
}

/// Whether a row says exactly how an account signs in. Its password is then set with that, once.
fn says_sign_in(tables: &Tables, table: Table, pk: &Pk) -> bool {
    let said = pk.id().and_then(|id| tables.exact.get(&(table, id)));
    said.is_some_and(|said| said.get("sign_in").is_some())
}

/// The project that a person of an access list stands for: that of the same name, else one that the
/// person leads, else the first.
fn stands_for(row: &User, member_of: &[Membership], accounts: &Accounts) -> Option<String> {
    let named = row.account.username.clone().map(Pk::Text);
    if let Some(project) = accounts.project(named.as_ref()) {
        return Some(project.to_owned());
    }
    let led = member_of.iter().find(|member| member.role == "leader");
    led.or(member_of.first()).map(|member| member.project.clone())
}

fn project(
    pk: &Pk,
    row: &rows::Project,
    username: &str,
    ssh_keys: Vec<String>,
    notes: &mut Notes,
) -> Project {
    let label = rows::Project::LABEL;
    if row.account.staff || row.account.superuser {
        let role = if row.account.superuser {
            "operator"
        } else {
            "viewer"
        };
        notes.kept(
            label,
            pk,
            format!(
                "{username} is staff: make a person with staff = {role:?} for whoever uses it in the console"
            ),
        );
    }
    let key = row
        .account
        .key
        .as_deref()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let key = key.and_then(|line| match PublicKey::parse(line) {
        Ok(_) => Some(line.to_owned()),
        Err(error) => {
            notes.mended(label, pk, format!("{username} comes without its key: {error}"));
            None
        }
    });
    Project {
        id: id(label, pk, notes),
        username: username.to_owned(),
        name: notes.name(label, pk, "its name", row.title.as_deref()),
        key,
        ssh_keys,
        password_hash: password(
            label,
            pk,
            row.account.password.as_deref(),
            row.account.active,
            notes,
        ),
    }
}

fn person(
    pk: &Pk,
    row: &User,
    username: String,
    ssh_keys: Vec<String>,
    member_of: Vec<Membership>,
    notes: &mut Notes,
) -> Person {
    if row.account.key.is_some() {
        notes.mended(
            User::LABEL,
            pk,
            "its signing key is left out: only projects sign requests",
        );
    }
    Person {
        id: id(User::LABEL, pk, notes),
        username,
        name: notes.name(User::LABEL, pk, "its name", row.name.as_deref()),
        email: notes.name(User::LABEL, pk, "its email", row.email.as_deref()),
        // An inactive person is declared as such, and keeps its password.
        password_hash: password(User::LABEL, pk, row.account.password.as_deref(), true, notes),
        ssh_keys,
        active: row.account.active,
        member_of,
        staff: match (row.account.superuser, row.account.staff) {
            (true, _) => Some("operator"),
            (false, true) => Some("viewer"),
            (false, false) => None,
        },
    }
}

/// The id to keep. One that cannot be kept is noted.
fn id(label: &str, pk: &Pk, notes: &mut Notes) -> Option<u64> {
    let id = pk.id();
    if let (Pk::Number(number), None) = (pk, id) {
        notes.mended(
            label,
            pk,
            format!("{number} is no id of beamlive: it gets a new one"),
        );
    }
    id
}

fn password(label: &str, pk: &Pk, text: Option<&str>, active: bool, notes: &mut Notes) -> Option<String> {
    match Password::of(text) {
        Password::None => None,
        Password::Kept(_) if !active => {
            notes.mended(
                label,
                pk,
                "the account is inactive: it comes without its password",
            );
            None
        }
        Password::Kept(hash) => Some(hash),
        Password::Refused(algorithm) => {
            notes.mended(
                label,
                pk,
                format!("it comes without its password, which is a hash of type {algorithm}"),
            );
            None
        }
    }
}

/// The keys for logins of each account; the flag says whether it is a person.
fn ssh_keys(tables: &Tables, notes: &mut Notes) -> HashMap<(bool, Pk), Vec<String>> {
    let mut keys: HashMap<_, Vec<String>> = HashMap::new();
    for (pk, row) in tables.ssh_keys.iter() {
        let person = row
            .user
            .as_ref()
            .and_then(|user| tables.users.find(user))
            .map(|(pk, _)| (true, pk.clone()));
        // With MxLIVE, users are projects.
        let of_project = row.project.as_ref().or(row.user.as_ref());
        let project = of_project.and_then(|project| tables.projects.find(project));
        let Some(owner) = person.or(project.map(|(pk, _)| (false, pk.clone()))) else {
            notes.left_out(SshKey::LABEL, pk, "its account does not exist");
            continue;
        };
        let lines = row.key.as_deref().unwrap_or_default().lines().map(str::trim);
        for line in lines.filter(|line| !line.is_empty()) {
            match check_ssh_line(line) {
                Ok(()) => {
                    let own = keys.entry(owner.clone()).or_default();
                    if !own.iter().any(|other| other == line) {
                        own.push(line.to_owned());
                    }
                }
                Err(error) => notes.left_out(SshKey::LABEL, pk, error.to_string()),
            }
        }
    }
    keys
}

/// The projects of each person.
fn memberships(tables: &Tables, accounts: &Accounts, notes: &mut Notes) -> HashMap<Pk, Vec<Membership>> {
    let mut roles: HashMap<Pk, BTreeMap<String, &'static str>> = HashMap::new();
    for (pk, row) in tables.members.iter() {
        let user = row.user.as_ref().and_then(|user| tables.users.find(user));
        let (Some((user, _)), Some(project)) = (user, accounts.project(row.project.as_ref())) else {
            notes.left_out(Member::LABEL, pk, "its person or its project does not exist");
            continue;
        };
        let role = row.role.as_deref().unwrap_or_default().to_lowercase();
        let leads = ["lead", "pi", "owner", "manager", "admin"]
            .iter()
            .any(|word| role.starts_with(word));
        let own = roles.entry(user.clone()).or_default();
        let known = own.entry(project.to_owned()).or_insert("member");
        if leads {
            *known = "leader";
        }
    }
    for (pk, row) in tables.projects.iter() {
        let Some(leader) = &row.leader else { continue };
        match (tables.users.find(leader), accounts.project(Some(pk))) {
            (Some((user, _)), Some(project)) => {
                roles
                    .entry(user.clone())
                    .or_default()
                    .insert(project.to_owned(), "leader");
            }
            _ => notes.mended(rows::Project::LABEL, pk, "its leader does not exist"),
        }
    }
    let list = |roles: BTreeMap<String, &'static str>| {
        let member = |(project, role)| Membership { project, role };
        roles.into_iter().map(member).collect()
    };
    roles
        .into_iter()
        .map(|(user, roles)| (user, list(roles)))
        .collect()
}
