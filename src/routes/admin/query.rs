//! Query parameters of the admin API: typed, with every mistake named at once.

use crate::error::ApiError;
use crate::views::Page;
use actix_web::HttpRequest;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{AccessListId, BeamlineId, ProjectId, SessionId};
use std::collections::BTreeMap;

/// Rows of a page that does not say.
const DEFAULT_LIMIT: usize = 100;
/// Most rows of a page.
const MAX_LIMIT: usize = 1000;

/// The parameters of one request. Filters with nothing after the `=` count as absent.
#[derive(Debug, Default)]
pub(super) struct Query {
    values: BTreeMap<String, String>,
    mistakes: BTreeMap<String, String>,
}

impl Query {
    /// Reads the parameters, of which only those in `known` may be there.
    pub(super) fn of(request: &HttpRequest, known: &[&str]) -> Self {
        Self::parse(request.query_string(), known)
    }

    fn parse(text: &str, known: &[&str]) -> Self {
        let mut query = Self::default();
        let pairs = match serde_urlencoded::from_str::<Vec<(String, String)>>(text) {
            Ok(pairs) => pairs,
            Err(error) => {
                query.mistake("query", format!("can't be read: {error}"));
                return query;
            }
        };
        for (name, value) in pairs {
            if !known.contains(&name.as_str()) {
                let known = match known {
                    [] => "there are none here".to_owned(),
                    known => format!("known are {}", known.join(", ")),
                };
                query.mistake(&name, format!("is no parameter of this route; {known}"));
            } else if query.values.insert(name.clone(), value).is_some() {
                query.mistake(&name, "is given twice");
            }
        }
        query
    }

    /// `limit`, and `before` as an id.
    pub(super) fn page(&mut self) -> Page {
        self.page_after("an id", |text| text.parse().ok())
    }

    /// `limit`, and `before` as `parse` reads it; `what` says what that is.
    pub(super) fn page_after<Id>(&mut self, what: &str, parse: impl FnOnce(&str) -> Option<Id>) -> Page<Id> {
        let before = self.values.remove("before").and_then(|text| {
            let before = parse(&text);
            if before.is_none() {
                self.mistake("before", format!("must be {what}"));
            }
            before
        });
        let limit = self.values.remove("limit").map_or(Some(DEFAULT_LIMIT), |text| {
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
    pub(super) fn project(&mut self, catalog: &Catalog) -> Option<ProjectId> {
        self.named("project", |username| Some(catalog.project(username)?.0))
    }

    /// `beamline`, by acronym.
    pub(super) fn beamline(&mut self, catalog: &Catalog) -> Option<BeamlineId> {
        self.named("beamline", |acronym| Some(catalog.beamline(acronym)?.0))
    }

    /// `list`: an access list, by name.
    pub(super) fn access_list(&mut self, catalog: &Catalog) -> Option<AccessListId> {
        self.named("list", |name| {
            Some(AccessListId(catalog.access_lists.find(name)?.0))
        })
    }

    /// `session`, by id. Whether there is one is for the store to say.
    pub(super) fn session(&mut self) -> Option<SessionId> {
        self.value("session", "must be a session's id", |text| {
            text.parse().ok().map(SessionId)
        })
    }

    /// A flag.
    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        self.value(name, "must be true or false", |text| text.parse().ok())
    }

    /// All of it was read.
    ///
    /// # Errors
    /// 400 with everything that is wrong.
    pub(super) fn finish(self) -> Result<(), ApiError> {
        if self.mistakes.is_empty() {
            Ok(())
        } else {
            Err(ApiError::fields(self.mistakes))
        }
    }

    fn named<T>(&mut self, name: &str, find: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let what = match name {
            "list" => "access list",
            other => other,
        };
        self.value(name, &format!("names no {what} of this facility"), find)
    }

    fn value<T>(&mut self, name: &str, problem: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = self.values.remove(name).filter(|text| !text.is_empty())?;
        let value = parse(&text);
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

    const KNOWN: [&str; 6] = ["beamline", "session", "active", "list", "before", "limit"];

    fn catalog() -> Catalog {
        let mut catalog = Catalog::default();
        let record = Beamline {
            acronym: "BM".to_owned(),
            name: "08B1-1".to_owned(),
            active: true,
        };
        catalog.beamlines.put(7, Versioned { revision: 1, record });
        catalog
    }

    fn mistakes(text: &str) -> Vec<String> {
        let catalog = catalog();
        let mut query = Query::parse(text, &KNOWN);
        query.page();
        query.beamline(&catalog);
        query.session();
        query.flag("active");
        query.access_list(&catalog);
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
        let mut query = Query::parse("beamline=BM&before=12&limit=5&active=true", &KNOWN);
        assert_eq!(
            query.page(),
            Page {
                before: Some(12),
                limit: 5
            }
        );
        assert_eq!(query.beamline(&catalog()), Some(BeamlineId(7)));
        assert_eq!(query.flag("active"), Some(true));
        assert_eq!(query.session(), None);
        query.finish().unwrap();
    }
}
