//! Who is signed in, and what they may see.

use super::cookie::{self, Cookie};
use super::refusal::PageError;
use crate::app::App;
use crate::caller::Caller;
use crate::metrics::observe::RequestUser;
use actix_web::{dev::Payload, FromRequest, HttpMessage, HttpRequest};
use arc_swap::Guard;
use beamlive_actors::activity::Origin;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{Account, ProjectId};
use beamlive_storage::records::{self, BrowserSession};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Someone who is signed in.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Their name: a username, or `operator` for the admin token.
    pub name: Arc<str>,
    /// What they may see.
    pub role: Role,
    /// Name and address, for the activity log.
    pub origin: Origin,
    /// The facility when the request came.
    pub catalog: Arc<Catalog>,
    pub(super) cookie: Cookie,
}

/// A visitor who sees everything: an operator or a viewer.
#[derive(Debug, Clone)]
pub struct Staff(pub Visitor);

/// A visitor who changes everything.
#[derive(Debug, Clone)]
pub struct Operator(pub Visitor);

/// What a visitor may see and change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Sees and changes everything.
    Operator,
    /// Sees everything.
    Viewer,
    /// Sees what belongs to these projects.
    Member(Vec<ProjectId>),
}

impl Role {
    /// The role of an account.
    #[must_use]
    pub fn of(catalog: &Catalog, account: Account) -> Self {
        let person = match account {
            Account::Project(project) => return Self::Member(vec![project]),
            Account::Person(person) => catalog.person(person),
        };
        match person.and_then(|person| person.staff) {
            Some(records::Staff::Operator) => Self::Operator,
            Some(records::Staff::Viewer) => Self::Viewer,
            None => {
                let members = person.map_or(&[][..], |person| &person.member_of);
                Self::Member(members.iter().map(|member| member.project).collect())
            }
        }
    }

    /// Whether they see everything.
    #[must_use]
    pub fn is_staff(&self) -> bool {
        !matches!(self, Self::Member(_))
    }

    /// Whether they change everything.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        *self == Self::Operator
    }

    /// Whether they fill in samples of `project`.
    #[must_use]
    pub fn fills_in(&self, project: ProjectId) -> bool {
        match self {
            Self::Operator => true,
            Self::Viewer => false,
            Self::Member(projects) => projects.contains(&project),
        }
    }

    /// Whether they see what belongs to `project`.
    #[must_use]
    pub fn sees(&self, project: ProjectId) -> bool {
        match self {
            Self::Operator | Self::Viewer => true,
            Self::Member(projects) => projects.contains(&project),
        }
    }
}

/// Whether someone with the admin token may sign in: until an operator can with a password.
#[must_use]
pub fn takes_admin_token(catalog: &Catalog) -> bool {
    !catalog.persons.iter().any(|(_, entry)| {
        let person = &entry.record;
        person.active && person.staff == Some(records::Staff::Operator) && person.sign_in.hash.is_some()
    })
}

impl Visitor {
    /// The usernames of the projects that they see, for a choice.
    pub(super) fn project_names(&self) -> Vec<&str> {
        let catalog = &self.catalog;
        match &self.role {
            Role::Member(projects) => projects.iter().map(|id| catalog.username(*id)).collect(),
            Role::Operator | Role::Viewer => {
                let all = catalog.projects.iter();
                all.map(|(_, entry)| entry.record.username.as_str()).collect()
            }
        }
    }

    /// Whether they see what belongs to the project of this username. Only the staff sees what
    /// belongs to one that is gone.
    pub(super) fn sees_project_named(&self, username: &str) -> bool {
        let project = self.catalog.project(username).map(|(id, _)| id);
        project.map_or(self.role.is_staff(), |project| self.role.sees(project))
    }

    async fn of(request: &HttpRequest) -> Result<Self, PageError> {
        let app = App::of(request)?;
        let cookie = request.cookie(cookie::NAME).ok_or(PageError::SignIn)?;
        let cookie = Cookie::parse(cookie.value()).ok_or(PageError::SignIn)?;
        let now = app.directory.services().clock.now();
        if u64::try_from(now.seconds()).is_ok_and(|now| cookie.end <= now) {
            return Err(PageError::SignIn);
        }
        let found = app.directory.browser_session(cookie.end, cookie.digest());
        let session = found.await?.ok_or(PageError::SignIn)?;
        let catalog = Guard::into_inner(app.directory.services().catalog.current().await?);
        let (name, role) = known(&catalog, &session).ok_or(PageError::SignIn)?;
        let caller = Caller::or_peer(request, &app.settings.trusted_proxy);
        request.extensions_mut().insert(RequestUser(name.clone()));
        Ok(Self {
            origin: Origin {
                who: name.to_string(),
                address: Some(caller.0),
            },
            name,
            role,
            catalog,
            cookie,
        })
    }
}

/// The name and the role of who signed in; `None` if they may not be signed in any more.
fn known(catalog: &Catalog, session: &BrowserSession) -> Option<(Arc<str>, Role)> {
    let Some(account) = session.account else {
        return takes_admin_token(catalog).then(|| ("operator".into(), Role::Operator));
    };
    let sign_in = catalog.sign_in(account)?;
    if sign_in.token_epoch != session.token_epoch {
        return None;
    }
    Some((catalog.account_name(account)?.into(), Role::of(catalog, account)))
}

type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, PageError>>>>;

/// The visitor of a request, if `make` takes them.
fn extract<T: 'static>(request: &HttpRequest, make: fn(Visitor) -> Result<T, PageError>) -> Extracted<T> {
    let request = request.clone();
    Box::pin(async move {
        let visitor = Visitor::of(&request).await;
        visitor.and_then(make).map_err(|error| error.at(&request))
    })
}

impl FromRequest for Visitor {
    type Error = PageError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extract(request, Ok)
    }
}

impl FromRequest for Staff {
    type Error = PageError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extract(request, |visitor| match visitor.role {
            Role::Operator | Role::Viewer => Ok(Self(visitor)),
            Role::Member(_) => Err(PageError::forbidden("This page is for the facility's staff.")),
        })
    }
}

impl FromRequest for Operator {
    type Error = PageError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extract(request, |visitor| match visitor.role {
            Role::Operator => Ok(Self(visitor)),
            Role::Viewer | Role::Member(_) => Err(PageError::forbidden("Only operators change this.")),
        })
    }
}
