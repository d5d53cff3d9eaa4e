//! [`SignedIn`]: a request with a valid access token, and the project that it is for.

use super::Acting;
use crate::app::{App, AppData};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::metrics::observe::RequestUser;
use actix_web::http::header;
use actix_web::{dev::Payload, FromRequest, HttpMessage, HttpRequest};
use arc_swap::Guard;
use beamlive_actors::activity::Origin;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{Account, BeamlineId, PersonId, ProjectId};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A request with a valid access token.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who sent it.
    pub account: Account,
    username: Arc<str>,
    origin: Origin,
    catalog: Arc<Catalog>,
    /// The project that its address or a header names.
    named: Option<String>,
}

/// What a request does. If a person's request names no project, this decides which one is meant.
#[derive(Debug, Clone, Copy)]
pub enum Purpose<'a> {
    /// To take a beamline: the only project of the person that has beamtime there now.
    Start,
    /// To give it up: the project of that session.
    Close(&'a str),
    /// For anything else: the project that has the beamline.
    Use,
}

impl FromRequest for SignedIn {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app = App::of(&request)?;
            let catalog = Guard::into_inner(app.directory.services().catalog.current().await?);
            let token = token(&request).ok_or(ApiError::NotSignedIn)?;
            let account = app
                .accounts
                .verify_access(&catalog, token)
                .map_err(|_| ApiError::NotSignedIn)?;
            let username: Arc<str> = catalog.account_name(account).ok_or(ApiError::NotSignedIn)?.into();
            let caller = Caller::or_peer(&request, &app.settings.trusted_proxy);
            request.extensions_mut().insert(RequestUser(username.clone()));
            Ok(Self {
                account,
                origin: Origin {
                    who: username.to_string(),
                    address: Some(caller.0),
                },
                username,
                catalog,
                named: named(&request),
            })
        })
    }
}

/// The access token of a request. Some front ends strip `Authorization`.
fn token(request: &HttpRequest) -> Option<&str> {
    let headers = request.headers();
    let values = [headers.get("x-access-token"), headers.get(header::AUTHORIZATION)];
    values.into_iter().flatten().find_map(|value| {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    })
}

/// The project that the query or a header names.
fn named(request: &HttpRequest) -> Option<String> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(request.query_string()).unwrap_or_default();
    let in_query = pairs.into_iter().find(|(name, _)| name == "project");
    let in_query = in_query.map(|(_, project)| project);
    let in_header = || {
        Some(
            request
                .headers()
                .get("x-project")?
                .to_str()
                .ok()?
                .trim()
                .to_owned(),
        )
    };
    in_query.or_else(in_header).filter(|name| !name.is_empty())
}

impl SignedIn {
    /// The facility when the request was verified.
    #[must_use]
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// The project that the request acts for. `in_form` is what its body names.
    ///
    /// # Errors
    /// 403 if the account is not a member of it; 404 if it does not exist, or nothing says which it
    /// is.
    pub async fn acting(
        self,
        app: &AppData,
        in_form: Option<String>,
        beamline: BeamlineId,
        purpose: Purpose<'_>,
    ) -> Result<Acting, ApiError> {
        let named = in_form
            .filter(|name| !name.is_empty())
            .or_else(|| self.named.clone());
        let named = named.map(|name| find(&self.catalog, &name)).transpose()?;
        let project = match (self.account, named) {
            (Account::Project(own), None) => own,
            (Account::Project(own), Some(named)) if named == own => own,
            (Account::Project(_), Some(_)) => {
                return Err(ApiError::Forbidden(
                    "a project acts for itself only: leave out the other project, or sign in as a person"
                        .to_owned(),
                ))
            }
            (Account::Person(person), named) => {
                let projects = self.projects(person);
                match named {
                    Some(named) if projects.contains(&named) => named,
                    Some(_) => {
                        return Err(ApiError::Forbidden(format!(
                            "{} is no member of this project",
                            self.username
                        )))
                    }
                    None => self.unnamed(app, projects, beamline, purpose).await?,
                }
            }
        };
        app.rate.admit_project(project)?;
        // What a person does is in the log under their own name.
        let username = match self.account {
            Account::Project(_) => self.username,
            Account::Person(_) => self.catalog.username(project).into(),
        };
        Ok(Acting {
            project,
            username,
            origin: self.origin,
            catalog: self.catalog,
        })
    }

    /// Whether it is a person's.
    #[must_use]
    pub fn is_person(&self) -> bool {
        matches!(self.account, Account::Person(_))
    }

    fn projects(&self, person: PersonId) -> Vec<ProjectId> {
        let person = self.catalog.person(person);
        let members = person.map_or(&[][..], |person| &person.member_of);
        members.iter().map(|member| member.project).collect()
    }

    /// The project of a person's request that names none.
    async fn unnamed(
        &self,
        app: &AppData,
        projects: Vec<ProjectId>,
        beamline: BeamlineId,
        purpose: Purpose<'_>,
    ) -> Result<ProjectId, ApiError> {
        let directory = &app.directory;
        let found = match purpose {
            Purpose::Start => {
                let now = directory.services().clock.now();
                let schedule = directory.schedule();
                schedule.and_then(|schedule| schedule.only_one(&self.catalog, &projects, beamline, now))
            }
            Purpose::Close(name) => {
                let owner = directory.owner_of_session(beamline, projects, name.to_owned());
                owner.await?
            }
            Purpose::Use => {
                let owner = directory.occupied_by(beamline).await?;
                if owner.is_some_and(|owner| !projects.contains(&owner)) {
                    return Err(ApiError::Forbidden(format!(
                        "{} is no member of the project that has this beamline",
                        self.username
                    )));
                }
                owner
            }
        };
        found.ok_or_else(|| {
            ApiError::NotFound(
                "nothing says which project this is for: name it with ?project= or the header X-Project"
                    .to_owned(),
            )
        })
    }
}

/// The project of a username or of a numeric id.
fn find(catalog: &Catalog, name: &str) -> Result<ProjectId, ApiError> {
    let by_name = catalog.project(name).map(|(id, _)| id);
    let by_id = || {
        let id = name.parse().ok()?;
        catalog.projects.get(id).map(|_| ProjectId(id))
    };
    by_name
        .or_else(by_id)
        .ok_or_else(|| ApiError::NotFound("there is no such project".to_owned()))
}
