//! Query parameters of the admin API: typed, with every mistake named at once.
//!
//! A route's parameters are the fields of a type with `IntoParams`, which is also their
//! description. Their values are texts, because serde stops at the first mistake.

use crate::error::ApiError;
use crate::views::Page;
use actix_web::HttpRequest;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{AccessListId, BeamlineId, ProjectId, SessionId};
use serde::de::DeserializeOwned;
use serde::Deserialize;
use serde_json::Map;
use std::collections::BTreeMap;
use utoipa::IntoParams;

/// Rows of a page without a `limit`.
const DEFAULT_LIMIT: usize = 100;
/// Highest `limit`.
const MAX_LIMIT: usize = 1000;

/// Which page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageParameters {
    /// Only the rows after this one, the last one of the page before: its id, the
    /// `list/project/name` of a connection, or the record of an outbox row, such as `dataset/17`.
    before: Option<String>,
    /// The maximum number of rows: 1 to 1000, 100 when absent.
    #[param(value_type = Option<u64>)]
    limit: Option<String>,
}

/// A list of one project.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ProjectFilter {
    /// Username of a project.
    project: Option<String>,
}

impl ProjectFilter {
    /// The project that a list is of.
    pub(super) fn read(query: &mut Query, catalog: &Catalog) -> Option<ProjectId> {
        let Self { project } = query.read();
        query.project(project, catalog)
    }
}

/// The parameters of one request. Filters with nothing after the `=` count as absent.
#[derive(Debug, Default)]
pub(super) struct Query {
    values: BTreeMap<String, String>,
    known: Vec<String>,
    mistakes: BTreeMap<String, String>,
}

impl Query {
    /// The parameters of `request`.
    pub(super) fn of(request: &HttpRequest) -> Self {
        Self::parse(request.query_string())
    }

    fn parse(text: &str) -> Self {
        let mut query = Self::default();
        match serde_urlencoded::from_str::<Vec<(String, String)>>(text) {
            Ok(pairs) => {
                for (name, value) in pairs {
                    if query.values.insert(name.clone(), value).is_some() {
                        query.mistake(&name, "is given twice");
                    }
                }
            }
            Err(error) => query.mistake("query", format!("can't be read: {error}")),
        }
        query
    }

    /// The parameters that `T` describes. All others are mistakes, unless they are read later.
    pub(super) fn read<T: IntoParams + DeserializeOwned + Default>(&mut self) -> T {
        let mut texts = Map::new();
        for parameter in T::into_params(|| None) {
            if let Some(text) = self.values.remove(&parameter.name) {
                texts.insert(parameter.name.clone(), text.into());
            }
            self.known.push(parameter.name);
        }
        serde_json::from_value(texts.into()).unwrap_or_else(|error| {
            self.mistake("query", format!("can't be read: {error}"));
            T::default()
        })
    }

    /// `limit`, and `before` as an id.
    pub(super) fn page(&mut self) -> Page {
        self.page_after("an id", |text| text.parse().ok())
    }

    /// `limit`, and `before` as `parse` reads it. `what` describes it in messages.
    pub(super) fn page_after<Id>(&mut self, what: &str, parse: impl FnOnce(&str) -> Option<Id>) -> Page<Id> {
        let PageParameters { before, limit } = self.read();
        let before = before.and_then(|text| {
            let before = parse(&text);
            if before.is_none() {
                self.mistake("before", format!("must be {what}"));
            }
            before
        });
        let limit = limit.map_or(Some(DEFAULT_LIMIT), |text| {
            text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit))
        });
        if limit.is_none() {
            self.mistake("limit", format!("must be a number from 1 to {MAX_LIMIT}"));
        }
        Page {
            before,
            limit: limit.unwrap_or(DEFAULT_LIMIT),
        }
    }

    /// `project`, by username.
    pub(super) fn project(&mut self, text: Option<String>, catalog: &Catalog) -> Option<ProjectId> {
        self.value("project", text, "names no project of this facility", |username| {
            Some(catalog.project(username)?.0)
        })
    }

    /// `beamline`, by acronym.
    pub(super) fn beamline(&mut self, text: Option<String>, catalog: &Catalog) -> Option<BeamlineId> {
        self.value(
            "beamline",
            text,
            "names no beamline of this facility",
            |acronym| Some(catalog.beamline(acronym)?.0),
        )
    }

    /// `list`: an access list, by name.
    pub(super) fn access_list(&mut self, text: Option<String>, catalog: &Catalog) -> Option<AccessListId> {
        self.value("list", text, "names no access list of this facility", |name| {
            Some(AccessListId(catalog.access_lists.find(name)?.0))
        })
    }

    /// `session`, by id. Whether it exists is checked in the store.
    pub(super) fn session(&mut self, text: Option<String>) -> Option<SessionId> {
        self.value("session", text, "must be a session's id", |text| {
            text.parse().ok().map(SessionId)
        })
    }

    /// A flag.
    pub(super) fn flag(&mut self, name: &str, text: Option<String>) -> Option<bool> {
        self.value(name, text, "must be true or false", |text| text.parse().ok())
    }

    /// A place in a file.
    pub(super) fn offset(&mut self, name: &str, text: Option<String>) -> Option<u64> {
        self.value(name, text, "must be a number of bytes", |text| text.parse().ok())
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// 400 with every mistake, also of parameters that were not read.
    pub(super) fn finish(mut self) -> Result<(), ApiError> {
        let known = match self.known.join(", ") {
            none if none.is_empty() => "there are none here".to_owned(),
            names => format!("known are {names}"),
        };
        for name in self.values.into_keys() {
            let mistake = format!("is no parameter of this route; {known}");
            self.mistakes.insert(name, mistake);
        }
        if self.mistakes.is_empty() {
            Ok(())
        } else {
            Err(ApiError::fields(self.mistakes))
        }
    }

    fn value<T>(
        &mut self,
        name: &str,
        text: Option<String>,
        problem: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = parse(&text.filter(|text| !text.is_empty())?);
        if value.is_none() {
            self.mistake(name, problem);
        }
        value
    }

    fn mistake(&mut self, name: &str, problem: impl Into<String>) {
        self.mistakes
            .entry(name.to_owned())
            .or_insert_with(|| problem.into());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use beamlive_storage::records::Beamline;
    use beamlive_storage::Versioned;
    use rstest::rstest;

    #[derive(Debug, Default, Deserialize, IntoParams)]
    struct Filter {
        beamline: Option<String>,
        session: Option<String>,
        active: Option<String>,
        list: Option<String>,
    }

    fn catalog() -> Catalog {
        let mut catalog = Catalog::default();
        let record = Beamline {
            acronym: "BM".to_owned(),
            name: "08B1-1".to_owned(),
            active: true,
            simulated: false,
            energy: None,
            contact: String::new(),
        };
        catalog.beamlines.put(7, Versioned { revision: 1, record });
        catalog
    }

    fn mistakes(text: &str) -> Vec<String> {
        let catalog = catalog();
        let mut query = Query::parse(text);
        let filter: Filter = query.read();
        query.page();
        query.beamline(filter.beamline, &catalog);
        query.session(filter.session);
        query.flag("active", filter.active);
        query.access_list(filter.list, &catalog);
        match query.finish() {
            Ok(()) => Vec::new(),
            Err(ApiError::Invalid { fields, .. }) => fields.into_keys().collect(),
            Err(other) => panic!("{other}"),
        }
    }

    #[rstest]
    #[case("")]
    #[case("limit=1&before=0")]
    #[case("limit=1000")]
    #[case("beamline=BM&session=3&active=false")]
    #[case("beamline=&session=&active=&list=")]
    fn good(#[case] text: &str) {
        assert!(mistakes(text).is_empty(), "{:?}", mistakes(text));
    }

    #[rstest]
    #[case("limit=0", &["limit"])]
    #[case("limit=1001", &["limit"])]
    #[case("limit=", &["limit"])]
    #[case("limit=ten", &["limit"])]
    #[case("limit=-1", &["limit"])]
    #[case("before=x", &["before"])]
    #[case("before=", &["before"])]
    #[case("before=99999999999999999999", &["before"])]
    #[case("beamline=XX", &["beamline"])]
    #[case("list=none", &["list"])]
    #[case("session=a&active=yes&colour=red", &["active", "colour", "session"])]
    #[case("limit=1&limit=2", &["limit"])]
    fn bad(#[case] text: &str, #[case] names: &[&str]) {
        assert_eq!(mistakes(text), names);
    }

    #[test]
    fn values_arrive() {
        let mut query = Query::parse("beamline=BM&before=12&limit=5&active=true");
        let filter: Filter = query.read();
        assert_eq!(
            query.page(),
            Page {
                before: Some(12),
                limit: 5
            }
        );
        assert_eq!(query.beamline(filter.beamline, &catalog()), Some(BeamlineId(7)));
        assert_eq!(query.flag("active", filter.active), Some(true));
        assert_eq!(query.session(filter.session), None);
        query.finish().unwrap();
    }
}
