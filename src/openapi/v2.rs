//! What the beamlines' control systems call, under signed URLs.

use super::bodies::{
    ClosedSession, DatasetUpload, Empty, KeyForm, LaunchedSession, ReportUpload, SampleEntry, UploadedId,
};
use super::route::{form, get, json, json_list, msgpack, post, Route};

const TAG: &str = "beamlines";
const NO_KEY: &str = "The account has no key yet (`no_key`): register one and try again.";
const WRONG_FIELDS: &str =
    "Every wrong field is named (`invalid`); or the account has no key yet (`no_key`).";
const IDEMPOTENCY_KEY: &str = "The client's own name of this upload. The same upload again under the same key within 24 h is answered with the \
     same id, and changes nothing.";
const KEY_REUSED: &str = "The `Idempotency-Key` was used for another upload (`idempotency_key_reused`).";
const NO_BEAMLINE: &str = "There is no such beamline.";

const DATASETS: [(&str, &str); 8] = [
    (
        "DATA",
        include_str!("../../tests/fixtures/payloads/data-DATA.json"),
    ),
    (
        "DATA again",
        include_str!("../../tests/fixtures/payloads/data-DATA-reupload.json"),
    ),
    ("MAD", include_str!("../../tests/fixtures/payloads/data-MAD.json")),
    (
        "RASTER",
        include_str!("../../tests/fixtures/payloads/data-RASTER.json"),
    ),
    (
        "SCREEN",
        include_str!("../../tests/fixtures/payloads/data-SCREEN.json"),
    ),
    ("XAS", include_str!("../../tests/fixtures/payloads/data-XAS.json")),
    ("XRD", include_str!("../../tests/fixtures/payloads/data-XRD.json")),
    ("XRF", include_str!("../../tests/fixtures/payloads/data-XRF.json")),
];
const REPORTS: [(&str, &str); 3] = [
    ("MX", include_str!("../../tests/fixtures/payloads/report-MX.json")),
    (
        "SCREEN",
        include_str!("../../tests/fixtures/payloads/report-SCREEN.json"),
    ),
    (
        "MX again",
        include_str!("../../tests/fixtures/payloads/report-reupload.json"),
    ),
];
const KEY_FORM: &str = include_str!("../../tests/fixtures/payloads/project-key-form.json");

pub(super) fn routes() -> Vec<Route> {
    vec![project(), launch(), close(), samples(), data(), report()]
}

fn project() -> Route {
    post("/api/v2/{token}/project", TAG, "Register the key of an account that has none")
        .about("The token must verify with the key in the body. The same key again is a success, so a lost answer can be asked for again.")
        .signed("The key can't be read, or is of a type or size that is refused.")
        .body("The key.", [form::<KeyForm>().payloads(&[("ssh-dss", KEY_FORM)])])
        .ok("The account has this key.", json::<Empty>())
        .fails("403", "Keys can't be registered from this address.")
        .fails("409", "Another key is registered.")
        .bounded()
}

fn launch() -> Route {
    at_beamline(post("/api/v2/{token}/launch/{beamline}/{session}", TAG, "Take the beamline for a session"))
        .about(
            "Ends every open stretch of other sessions on the beamline. A session of the same name that was active within \
             the last 7 days is joined; otherwise a new one begins.",
        )
        .path("session", "The session's name: 1 to 100 letters, digits, `_` or `-`.")
        .signed(NO_KEY)
        .ok("The session has the beamline.", json::<LaunchedSession>())
        .fails("404", "There is no such beamline, or the session's name is none.")
}

fn close() -> Route {
    at_beamline(post(
        "/api/v2/{token}/close/{beamline}/{session}",
        TAG,
        "Give up the beamline",
    ))
    .about("Ends the open stretch. Closing again changes nothing.")
    .path("session", "The session's name.")
    .signed(NO_KEY)
    .ok(
        "The session does not have the beamline any more.",
        json::<ClosedSession>(),
    )
    .fails(
        "404",
        "There is no such beamline, or the project never launched such a session there.",
    )
}

fn samples() -> Route {
    at_beamline(get(
        "/api/v2/{token}/samples/{beamline}",
        TAG,
        "The project's samples that can be mounted",
    ))
    .about(
        "Samples on-site that are not in another beamline's automounter, in the order of their priorities.",
    )
    .header("If-None-Match", "The `ETag` of a list that the client has.")
    .header("Accept-Encoding", "`gzip` for a compressed list.")
    .signed(NO_KEY)
    .ok("The samples.", json_list::<SampleEntry>())
    .empty("304", "The list is the one that the client has.")
    .fails("404", NO_BEAMLINE)
}

fn data() -> Route {
    at_beamline(post("/api/v2/{token}/data/{beamline}", TAG, "Upload a dataset"))
        .about(
            "A body without a `Content-Type` is MessagePack. Answered once the dataset, and what is owed to the Data Proxy \
             for its directory, are durable. It belongs to the beamline's open session if that is the project's.",
        )
        .header("Idempotency-Key", IDEMPOTENCY_KEY)
        .signed(WRONG_FIELDS)
        .body(
            "The dataset.",
            [msgpack::<DatasetUpload>().payloads(&DATASETS), json::<DatasetUpload>().payloads(&DATASETS)],
        )
        .ok("The dataset is kept.", json::<UploadedId>())
        .fails("404", NO_BEAMLINE)
        .fails("422", KEY_REUSED)
        .bounded()
}

fn report() -> Route {
    at_beamline(post(
        "/api/v2/{token}/report/{beamline}",
        TAG,
        "Upload an analysis report",
    ))
    .about("A body without a `Content-Type` is MessagePack. Answered once the report is durable.")
    .header("Idempotency-Key", IDEMPOTENCY_KEY)
    .signed(WRONG_FIELDS)
    .body(
        "The report.",
        [
            msgpack::<ReportUpload>().payloads(&REPORTS),
            json::<ReportUpload>().payloads(&REPORTS),
        ],
    )
    .ok("The report is kept.", json::<UploadedId>())
    .fails("404", NO_BEAMLINE)
    .fails("422", KEY_REUSED)
    .bounded()
}

fn at_beamline(route: Route) -> Route {
    route.path("beamline", "Acronym of the beamline.")
}
