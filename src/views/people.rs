//! Persons, without their secrets.

use super::values::Instant;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::records::{Person, Role, Staff};
use serde::Serialize;
use utoipa::ToSchema;

/// One person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PersonRow {
    /// Their id.
    pub id: u64,
    /// The username that they sign in with.
    pub username: String,
    /// Their name.
    pub name: String,
    /// Their address; `""` when unknown.
    pub email: String,
    /// Whether they may sign in.
    pub active: bool,
    /// What they may do in the console; null for users.
    #[schema(value_type = Option<String>, example = "operator")]
    pub staff: Option<Staff>,
    /// The projects that they are members of.
    pub member_of: Vec<MembershipRow>,
    /// Whether they have a password.
    pub has_password: bool,
    /// Whether the password has expired.
    pub password_expired: bool,
    /// The number of their login keys, which the keys endpoint returns.
    pub ssh_keys: usize,
    /// When they were declared.
    pub created: Instant,
    /// When their record last changed.
    pub modified: Instant,
}

/// A person's part in a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MembershipRow {
    /// Username of the project.
    pub project: String,
    /// `member` or `leader`.
    #[schema(value_type = String, example = "member")]
    pub role: Role,
}

/// The person of a username.
#[must_use]
pub fn find(catalog: &Catalog, username: &str) -> Option<PersonRow> {
    let (id, entry) = catalog.persons.find(username)?;
    Some(row(catalog, id, &entry.record))
}

/// All persons, by username.
#[must_use]
pub fn all(catalog: &Catalog) -> Vec<PersonRow> {
    let rows = catalog.persons.iter();
    let mut rows: Vec<_> = rows.map(|(id, entry)| row(catalog, id, &entry.record)).collect();
    rows.sort_by(|a, b| a.username.cmp(&b.username));
    rows
}

fn row(catalog: &Catalog, id: u64, person: &Person) -> PersonRow {
    let member_of = person.member_of.iter().map(|member| MembershipRow {
        project: catalog.username(member.project).to_owned(),
        role: member.role,
    });
    PersonRow {
        id,
        username: person.username.clone(),
        name: person.name.clone(),
        email: person.email.clone(),
        active: person.active,
        staff: person.staff,
        member_of: member_of.collect(),
        has_password: person.sign_in.hash.is_some(),
        password_expired: person.sign_in.expired,
        ssh_keys: person.ssh_keys.len(),
        created: person.created.into(),
        modified: person.modified.into(),
    }
}
