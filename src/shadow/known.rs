//! Differences that are intended, each with a sentence; and hints for those that are not. Pure.
//!
//! docs/MXLIVE.md has the reasons. The first entry that fits counts.

use super::route::{Kind, Proof, Route};
use std::ops::RangeInclusive;

/// How old a token may be, in seconds, by default.
const MAX_AGE: u64 = 60;

/// What is known about two answers to one request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'f> {
    pub(super) route: &'f Route,
    /// The status of the real server.
    pub(super) theirs: u16,
    /// The status of the copy's answer.
    pub(super) ours: u16,
    /// When the copy was sent, in Unix seconds.
    pub(super) now: u64,
    /// Whether a copy has launched this session.
    pub(super) launched: bool,
    /// Whether only beamlive's answer lists nothing.
    pub(super) only_ours_is_empty: bool,
}

impl Facts<'_> {
    fn is_stale(&self) -> bool {
        let signed_at = self.route.signed_at;
        signed_at.is_some_and(|signed_at| signed_at.abs_diff(self.now) > MAX_AGE)
    }

    fn is_signed(&self) -> bool {
        self.route.proof == Proof::Signed
    }
}

/// A row: for these routes and statuses, and if the condition holds, this sentence.
struct Row {
    /// No kind: every route.
    kinds: &'static [Kind],
    theirs: RangeInclusive<u16>,
    ours: RangeInclusive<u16>,
    when: fn(&Facts<'_>) -> bool,
    words: &'static str,
}

impl Row {
    fn fits(&self, facts: &Facts<'_>) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&facts.route.kind))
            && self.theirs.contains(&facts.theirs)
            && self.ours.contains(&facts.ours)
            && (self.when)(facts)
    }
}

const ANY: RangeInclusive<u16> = 100..=999;
const GOOD: RangeInclusive<u16> = 200..=299;
const UPLOADS: &[Kind] = &[Kind::Data, Kind::Report];

fn always(_: &Facts<'_>) -> bool {
    true
}

/// Differences of the status that are intended.
static KNOWN: &[Row] = &[
    Row {
        kinds: &[],
        theirs: ANY,
        ours: 405..=405,
        when: |facts| facts.is_signed() && facts.is_stale(),
        words: "The token was more than 60 s old, or ahead, when the copy was sent. beamlive refuses such \
                tokens with 405; MxLIVE takes one from the future for ever.",
    },
    Row {
        kinds: &[],
        theirs: 403..=403,
        ours: 405..=405,
        when: |facts| facts.is_signed(),
        words: "A signature that is not right is refused with 405, as MxLIVE does; BasicLIVE answers 403.",
    },
    Row {
        kinds: &[],
        theirs: 301..=308,
        ours: 200..=499,
        when: |facts| !facts.route.slash,
        words: "Every route works without its last slash; Django redirects.",
    },
    Row {
        kinds: &[Kind::Register],
        theirs: 304..=304,
        ours: 409..=409,
        when: always,
        words: "A second key for an account is refused with 409. MxLIVE answers 304, which clients take for \
                success.",
    },
    Row {
        kinds: &[Kind::Register],
        theirs: 304..=304,
        ours: 200..=200,
        when: always,
        words: "The key that an account has already may be registered again: a client that lost the answer \
                retries. MxLIVE answers 304.",
    },
    Row {
        kinds: &[Kind::Launch],
        theirs: 500..=500,
        ours: 200..=200,
        when: always,
        words: "MxLIVE answers 500 for a name of which it has made two sessions. beamlive makes only one.",
    },
    Row {
        kinds: &[Kind::Close],
        theirs: GOOD,
        ours: 404..=404,
        when: |facts| !facts.launched,
        words: "beamlive has not seen the launch of this session: it was before the rehearsal began, or its \
                copy was lost.",
    },
    Row {
        kinds: &[Kind::Samples],
        theirs: 404..=404,
        ours: 200..=200,
        when: always,
        words: "A beamline without an automounter has the samples that are on site; MxLIVE answers 404.",
    },
    Row {
        kinds: &[Kind::Samples],
        theirs: 500..=500,
        ours: 200..=200,
        when: always,
        words: "MxLIVE answers 500 for a beamline with two automounters.",
    },
    Row {
        kinds: UPLOADS,
        theirs: 500..=504,
        ours: 200..=200,
        when: always,
        words: "beamlive keeps this upload. MxLIVE loses one while its Data Proxy is away, and one with a \
                number that is not finite.",
    },
    Row {
        kinds: &[Kind::Register, Kind::Data, Kind::Report, Kind::AccessList],
        theirs: 500..=500,
        ours: 400..=413,
        when: |facts| facts.ours != 405,
        words: "A request that is wrong gets an answer that says what is wrong; MxLIVE answers 500.",
    },
    Row {
        kinds: &[Kind::Keys],
        theirs: 403..=404,
        ours: 200..=200,
        when: always,
        words: "An account that is not on the caller's access list gets an empty answer, with 200.",
    },
    Row {
        kinds: &[Kind::SignIn],
        theirs: 404..=404,
        ours: 200..=499,
        when: always,
        words: "beamlive also has the routes of sign-in at which newer clients look; MxLIVE answers 404.",
    },
];

/// What an operator may look at first, for differences that are not intended.
static HINTS: &[Row] = &[
    Row {
        kinds: &[Kind::AccessList, Kind::Keys],
        theirs: GOOD,
        ours: GOOD,
        when: |facts| facts.only_ours_is_empty,
        words: "beamlive has no list for the caller's address. Name the address of this program in its \
                trusted_proxy, and see whether the access lists were brought over.",
    },
    Row {
        kinds: &[Kind::AccessList, Kind::Keys],
        theirs: GOOD,
        ours: GOOD,
        when: always,
        words:
            "Unless the address of this program is in beamlive's trusted_proxy, beamlive looks at another \
                list. Otherwise compare the list of this host on both sides.",
    },
    Row {
        kinds: &[Kind::Samples],
        theirs: GOOD,
        ours: GOOD,
        when: always,
        words: "Compare the containers and automounters of this project on both sides.",
    },
    Row {
        kinds: &[],
        theirs: ANY,
        ours: 405..=405,
        when: |facts| facts.is_signed(),
        words:
            "beamlive does not have this account, or has another key for it. Bring accounts and keys over \
                first, and see whether both clocks are right.",
    },
    Row {
        kinds: &[],
        theirs: GOOD,
        ours: 403..=403,
        when: |facts| facts.route.proof == Proof::Bearer,
        words: "The access token is the real server's. Give beamlive the same secret.",
    },
    Row {
        kinds: UPLOADS,
        theirs: GOOD,
        ours: 400..=400,
        when: always,
        words:
            "beamlive refuses an upload that the real server takes. If fields are named, they are wrong or \
                missing; otherwise the account may have no key yet.",
    },
    Row {
        kinds: &[Kind::Launch, Kind::Close, Kind::Samples],
        theirs: GOOD,
        ours: 400..=400,
        when: |facts| facts.is_signed(),
        words: "The account has no key at beamlive yet.",
    },
    Row {
        kinds: &[],
        theirs: ANY,
        ours: 404..=404,
        when: |facts| facts.route.beamline.is_some(),
        words: "See whether beamlive has this beamline, and whether it allows the session's name.",
    },
    Row {
        kinds: &[],
        theirs: ANY,
        ours: 413..=413,
        when: always,
        words: "The body is longer than beamlive's limits.",
    },
    Row {
        kinds: &[],
        theirs: ANY,
        ours: 429..=429,
        when: always,
        words: "beamlive's rate limits are lower than what this project or address sends.",
    },
    Row {
        kinds: &[],
        theirs: ANY,
        ours: 500..=599,
        when: always,
        words: "beamlive failed: see its log and /health/ready.",
    },
];

/// The sentence for an intended difference of the statuses.
pub(super) fn explanation(facts: &Facts<'_>) -> Option<&'static str> {
    KNOWN.iter().find(|row| row.fits(facts)).map(|row| row.words)
}

/// What to look at first.
pub(super) fn hint(facts: &Facts<'_>) -> Option<&'static str> {
    HINTS.iter().find(|row| row.fits(facts)).map(|row| row.words)
}

/// The messages of refusals. Clients look only at the status, except those of version 3.
pub(super) const ERROR_BODIES: &str =
    "The status is the same. beamlive says in JSON what is wrong; clients look at the status only.";

/// The sentence for an intended difference of the shape, at this place.
pub(super) fn shape_explanation(kind: Kind, line: &str) -> Option<&'static str> {
    match kind {
        Kind::Launch if matches!(line, "end_time: null / text" | "end_time: text / null") => Some(
            "The end of a beamtime is known to one side only: beamlive gives it with --schedule and the same \
             beamtimes.",
        ),
        _ => None,
    }
}
