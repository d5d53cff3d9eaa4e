//! Which requests are copied, and under which pattern they are reported. Pure.
//!
//! A pattern has no name and no token in it, so it can stand in a report.

use crate::auth::token::Token;
use percent_encoding::percent_decode_str;

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    Register,
    Launch,
    Close,
    Samples,
    Data,
    Report,
    AccessList,
    Keys,
    /// Signing in with a password, and what belongs to it.
    SignIn,
    Other,
}

/// How a request proves who sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Proof {
    /// A signed token in the path.
    Signed,
    /// A JSON Web Token in a header, or a password.
    Bearer,
    /// The caller's address.
    Address,
}

/// The route of a request that is copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) kind: Kind,
    pub(super) proof: Proof,
    pub(super) pattern: &'static str,
    pub(super) slash: bool,
    /// The account that the token names.
    pub(super) user: Option<String>,
    pub(super) beamline: Option<String>,
    pub(super) session: Option<String>,
    /// When the token was signed, in Unix seconds.
    pub(super) signed_at: Option<u64>,
}

/// The pattern of everything that is passed on and not copied.
pub(super) const NOT_COPIED: &str = "everything else";

impl Route {
    /// The route of a request target; `None` if such requests are not copied.
    pub(super) fn of(target: &str) -> Option<Self> {
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let slash = path.ends_with('/');
        let segments: Vec<String> = path
            .trim_start_matches('/')
            .trim_end_matches('/')
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let mut route = match segments.as_slice() {
            ["api", "v2", token, rest @ ..] if token.contains(':') => signed(token, rest),
            ["api", "v2", rest @ ..] => unsigned(rest, &V2),
            ["api", "v3", rest @ ..] => unsigned(rest, &V3),
            ["access", rest @ ..] => by_address(rest, &ACCESS)?,
            _ => return None,
        };
        route.slash = slash;
        Some(route)
    }

    fn new(kind: Kind, proof: Proof, pattern: &'static str) -> Self {
        Self {
            kind,
            proof,
            pattern,
            slash: true,
            user: None,
            beamline: None,
            session: None,
            signed_at: None,
        }
    }

    fn at(self, beamline: &str) -> Self {
        Self {
            beamline: Some(beamline.to_owned()),
            ..self
        }
    }

    fn with(self, session: &str) -> Self {
        Self {
            session: Some(session.to_owned()),
            ..self
        }
    }
}

fn signed(token: &str, rest: &[&str]) -> Route {
    let new = |kind, pattern| Route::new(kind, Proof::Signed, pattern);
    let route = match rest {
        ["project"] => new(Kind::Register, "/api/v2/{token}/project/"),
        ["launch", beamline, session] => new(Kind::Launch, "/api/v2/{token}/launch/{beamline}/{session}/")
            .at(beamline)
            .with(session),
        ["close", beamline, session] => new(Kind::Close, "/api/v2/{token}/close/{beamline}/{session}/")
            .at(beamline)
            .with(session),
        ["samples", beamline] => new(Kind::Samples, "/api/v2/{token}/samples/{beamline}/").at(beamline),
        ["data", beamline] => new(Kind::Data, "/api/v2/{token}/data/{beamline}/").at(beamline),
        ["report", beamline] => new(Kind::Report, "/api/v2/{token}/report/{beamline}/").at(beamline),
        _ => new(Kind::Other, "/api/v2/{token}/…"),
    };
    let token = Token::parse(token).ok();
    Route {
        user: token.as_ref().map(|token| token.username.clone()),
        signed_at: token.map(|token| token.signed_at),
        ..route
    }
}

/// The patterns of one place where unsigned routes are mounted.
struct Patterns {
    access_list: &'static str,
    keys: &'static str,
    sign_in: &'static str,
    verify: &'static str,
    refresh: &'static str,
    samples: &'static str,
    data: &'static str,
    report: &'static str,
    start: &'static str,
    close: &'static str,
    other: &'static str,
}

macro_rules! patterns {
    ($base:literal) => {
        Patterns {
            access_list: concat!($base, "accesslist/"),
            keys: concat!($base, "keys/{username}/"),
            sign_in: concat!($base, "auth/"),
            verify: concat!($base, "auth/verify/"),
            refresh: concat!($base, "auth/refresh/"),
            samples: concat!($base, "samples/{beamline}/"),
            data: concat!($base, "data/{beamline}/"),
            report: concat!($base, "report/{beamline}/"),
            start: concat!($base, "session/{beamline}/{session}/start/"),
            close: concat!($base, "session/{beamline}/{session}/close/"),
            other: concat!($base, "…"),
        }
    };
}

static V2: Patterns = patterns!("/api/v2/");
static V3: Patterns = patterns!("/api/v3/");
static ACCESS: Patterns = patterns!("/access/");

fn by_address(rest: &[&str], patterns: &Patterns) -> Option<Route> {
    match rest {
        ["accesslist"] => Some(Route::new(Kind::AccessList, Proof::Address, patterns.access_list)),
        ["keys", _] => Some(Route::new(Kind::Keys, Proof::Address, patterns.keys)),
        _ => None,
    }
}

fn unsigned(rest: &[&str], patterns: &Patterns) -> Route {
    if let Some(route) = by_address(rest, patterns) {
        return route;
    }
    let new = |kind, pattern| Route::new(kind, Proof::Bearer, pattern);
    match rest {
        ["auth" | "token"] => new(Kind::SignIn, patterns.sign_in),
        ["auth" | "token", "verify"] => new(Kind::SignIn, patterns.verify),
        ["auth" | "token", "refresh"] => new(Kind::SignIn, patterns.refresh),
        ["samples", beamline] => new(Kind::Samples, patterns.samples).at(beamline),
        ["data", beamline] => new(Kind::Data, patterns.data).at(beamline),
        ["report", beamline] => new(Kind::Report, patterns.report).at(beamline),
        ["session", beamline, session, "start"] => {
            new(Kind::Launch, patterns.start).at(beamline).with(session)
        }
        ["session", beamline, session, "close"] => {
            new(Kind::Close, patterns.close).at(beamline).with(session)
        }
        _ => new(Kind::Other, patterns.other),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(
        "/api/v2/alice:1vb66i:AAAA/data/BM/",
        Kind::Data,
        "/api/v2/{token}/data/{beamline}/"
    )]
    #[case(
        "/api/v2/alice%3A1vb66i%3AAA%3D%3D/data/BM?x=1",
        Kind::Data,
        "/api/v2/{token}/data/{beamline}/"
    )]
    #[case(
        "/api/v2/a:1:b'AA=='/launch/BM/day-1/",
        Kind::Launch,
        "/api/v2/{token}/launch/{beamline}/{session}/"
    )]
    #[case("/api/v2/a:b:c/secrets/", Kind::Other, "/api/v2/{token}/…")]
    #[case("/api/v2/accesslist", Kind::AccessList, "/api/v2/accesslist/")]
    #[case("/access/keys/alice/", Kind::Keys, "/access/keys/{username}/")]
    #[case("/api/v3/auth/", Kind::SignIn, "/api/v3/auth/")]
    #[case("/api/v3/token/refresh/", Kind::SignIn, "/api/v3/auth/refresh/")]
    #[case(
        "/api/v3/session/BM/s/close/",
        Kind::Close,
        "/api/v3/session/{beamline}/{session}/close/"
    )]
    fn api_routes_have_patterns(#[case] target: &str, #[case] kind: Kind, #[case] pattern: &str) {
        let route = Route::of(target).unwrap();
        assert_eq!((route.kind, route.pattern), (kind, pattern));
    }

    #[rstest]
    #[case("/")]
    #[case("/static/app.js")]
    #[case("/users/requests/")]
    #[case("/api/admin/sessions")]
    #[case("/access/other/")]
    #[case("http://example.org/api/v2/accesslist/")]
    fn others_are_not_copied(#[case] target: &str) {
        assert_eq!(Route::of(target), None);
    }

    #[test]
    fn the_token_says_whose_and_how_old_it_is() {
        let route = Route::of("/api/v2/alice:1vb66i:AAAA/launch/BM/day-1/").unwrap();
        assert_eq!(route.user.as_deref(), Some("alice"));
        assert_eq!(route.signed_at, Some(1_767_225_600));
        assert_eq!(route.beamline.as_deref(), Some("BM"));
        assert_eq!(route.session.as_deref(), Some("day-1"));
    }
}
