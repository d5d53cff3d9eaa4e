//! From an entry to a project or a person.

use super::fields::Fields;
use crate::facility::declaration::values::{
    email, line, name, password_hash, signing_key, ssh_key, username,
};
use crate::facility::place::Section;
use beamlive_storage::ids::ProjectId;
use beamlive_storage::records::{Membership, Person, Project, Role, SignIn, Staff};

/// What the file leaves out stays as it is: the `key`, which the owner registers, the `ssh_keys`,
/// and the password.
pub(super) fn project(fields: &mut Fields<'_, '_>) -> Project {
    fields.wanted_id();
    let username = fields.text("username", username);
    let old = fields.draft.catalog.projects.find(&username);
    let old = old.map(|(_, old)| old.record.clone());
    let now = fields.draft.situation.now;
    let base = old.clone().unwrap_or_else(|| Project {
        username,
        name: String::new(),
        key: None,
        ssh_keys: Vec::new(),
        sign_in: SignIn::default(),
        created: now,
        modified: now,
    });
    let mut record = Project {
        name: fields
            .optional("name", name)
            .unwrap_or_else(|| base.username.clone()),
        key: fields.optional("key", signing_key).or(base.key),
        ssh_keys: fields.list("ssh_keys", ssh_key).unwrap_or(base.ssh_keys),
        sign_in: sign_in(fields, base.sign_in),
        ..base
    };
    if old.is_some_and(|old| old != record) {
        record.modified = now;
    }
    record
}

/// What the file leaves out stays as it is: the `ssh_keys` and the password.
pub(super) fn person(fields: &mut Fields<'_, '_>) -> Person {
    fields.wanted_id();
    let username = fields.text("username", username);
    let old = fields.draft.catalog.persons.find(&username);
    let old = old.map(|(_, old)| old.record.clone());
    let now = fields.draft.situation.now;
    let base = old.clone().unwrap_or_else(|| Person {
        username,
        name: String::new(),
        email: String::new(),
        ssh_keys: Vec::new(),
        active: true,
        staff: None,
        member_of: Vec::new(),
        sign_in: SignIn::default(),
        created: now,
        modified: now,
    });
    let mut record = Person {
        name: fields
            .optional("name", name)
            .unwrap_or_else(|| base.username.clone()),
        email: fields.optional("email", email).unwrap_or_default(),
        ssh_keys: fields.list("ssh_keys", ssh_key).unwrap_or(base.ssh_keys),
        active: fields.flag("active", true),
        staff: fields.optional("staff", staff),
        member_of: fields.tables("member_of", membership),
        sign_in: sign_in(fields, base.sign_in),
        ..base
    };
    if repeated(&record.member_of) {
        fields.note("member_of", "names a project twice");
    }
    if old.is_some_and(|old| old != record) {
        record.modified = now;
    }
    record
}

/// Takes a hash over when the file names it for the first time. Later the password may have been
/// changed, or hashed again.
fn sign_in(fields: &mut Fields<'_, '_>, old: SignIn) -> SignIn {
    let Some(hash) = fields.optional("password_hash", password_hash) else {
        return old;
    };
    if old.declared.as_ref() == Some(&hash) {
        return old;
    }
    SignIn {
        hash: Some(hash.clone()),
        declared: Some(hash),
        expired: false,
        ..old
    }
}

fn membership(fields: &mut Fields<'_, '_>) -> Membership {
    Membership {
        project: ProjectId(fields.refer("project", Section::Project, username)),
        role: fields.optional("role", role).unwrap_or(Role::Member),
    }
}

fn repeated(members: &[Membership]) -> bool {
    let mut projects: Vec<_> = members.iter().map(|member| member.project).collect();
    projects.retain(|project| project.0 != 0);
    projects.sort_unstable();
    projects.windows(2).any(|pair| pair.first() == pair.last())
}

fn role(text: &str) -> Result<Role, String> {
    match line(text)?.as_str() {
        "member" => Ok(Role::Member),
        "leader" => Ok(Role::Leader),
        _ => Err("must be member or leader".to_owned()),
    }
}

fn staff(text: &str) -> Result<Staff, String> {
    match line(text)?.as_str() {
        "viewer" => Ok(Staff::Viewer),
        "operator" => Ok(Staff::Operator),
        _ => Err("must be viewer or operator".to_owned()),
    }
}
