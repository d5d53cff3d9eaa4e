//! Accounts as tokens name them.

use super::token::{Kind, Subject};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{Account, PersonId, ProjectId};

/// How new tokens name an account.
pub(super) fn subject(account: Account, epoch: u32) -> Subject {
    let (user_id, kind) = match account {
        Account::Project(id) => (id.0, Kind::Project),
        Account::Person(id) => (id.0, Kind::Person),
    };
    Subject {
        user_id,
        account: Some(kind),
        epoch,
    }
}

/// The account that a token names. Tokens of an earlier server don't say of which kind: it is a
/// person or a project, and nobody if there are both and both sign in.
pub(super) fn account_of(catalog: &Catalog, subject: Subject) -> Option<Account> {
    let project = Account::Project(ProjectId(subject.user_id));
    let person = Account::Person(PersonId(subject.user_id));
    let signs_in = |account| catalog.sign_in(account).is_some_and(|it| it.hash.is_some());
    match subject.account {
        Some(Kind::Project) => Some(project),
        Some(Kind::Person) => Some(person),
        None => match (signs_in(project), signs_in(person)) {
            (true, false) => Some(project),
            (false, true) => Some(person),
            _ => None,
        },
    }
}
