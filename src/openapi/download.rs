//! The built-in Data Proxy.

use super::bodies::{DirectoryKey, DirectoryPath};
use super::route::{form, get, json, post, text, Route};
use utoipa::openapi::Type;

const TAG: &str = "data proxy";
const KEY: &str = "The key of a directory: 40 hex digits.";
const NO_FILE: &str =
    "There is no such key, or it has expired; or there is nothing at this path that may be served.";

pub(super) fn routes() -> Vec<Route> {
    vec![create(), raw(), archive(), multi()]
}

fn raw() -> Route {
    get("/download/files/raw/{key}/{path}", TAG, "A file")
        .about(
            "Takes `Range` (one range), `If-Range`, `If-None-Match` and `If-Modified-Since`. A file that is there only with `.gz` \
             at its name is sent unpacked, without ranges.",
        )
        .path("key", KEY)
        .path("path", "The file's path beneath the directory; slashes stand as they are.")
        .header("Range", "The part that is wanted, as `bytes=0-1023`.")
        .ok("The file.", text("application/octet-stream"))
        .empty("206", "The part of it that was asked for.")
        .empty("304", "It is as it was.")
        .fails("404", NO_FILE)
        .fails("416", "The file has no bytes in this range.")
        .may_be_busy()
}

fn archive() -> Route {
    get("/download/files/archive/{key}/{name}", TAG, "All of a directory")
        .about(
            "A tar, made while it is sent, with one folder on top, of the directory's name. Links are left out. An archive that \
             could not be made to its end is cut off: the connection closes before the last chunk.",
        )
        .path("key", KEY)
        .path("name", "What the download is called: it ends with `.tar.gz` or `.tar`.")
        .ok("The archive.", text("application/gzip"))
        .fails("404", NO_FILE)
        .may_be_busy()
}

fn multi() -> Route {
    get(
        "/download/files/multi/{key}/{name}",
        TAG,
        "Some files of a directory",
    )
    .path("key", KEY)
    .path(
        "name",
        "What the download is called: it ends with `.tar.gz` or `.tar`.",
    )
    .query(
        "frame",
        Type::String,
        "A file, with or without its suffix; may be repeated. Those that are not there are left out.",
    )
    .ok("The archive.", text("application/gzip"))
    .fails("400", "No file is named, or too many are.")
    .fails("404", NO_FILE)
    .may_be_busy()
}

fn create() -> Route {
    post(
        "/download/data/create",
        TAG,
        "The key of a directory, from the built-in Data Proxy",
    )
    .header(
        "X-Beamlive-Secret",
        "The configured secret; not needed from the networks that may ask without it.",
    )
    .body(
        "The directory.",
        [form::<DirectoryPath>(), json::<DirectoryPath>()],
    )
    .ok("Its key.", json::<DirectoryKey>())
    .fails("400", "The path is missing or no path.")
    .fails(
        "403",
        "Not from this address, or the directory is in no users' root.",
    )
    .bounded()
    .may_be_busy()
}
