//! The built-in Data Proxy.

use super::bodies::{DirectoryKey, DirectoryPath, FrameNames};
use super::route::{form, get, json, post, text, Route};
use utoipa::openapi::Type;

const TAG: &str = "data proxy";
const KEY: &str = "The key of a directory: 40 hex digits.";
const NO_FILE: &str =
    "There is no such key, or it has expired; or the path leads to no file that may be served.";
/// What is answered to too many archives.
const SHARE: &str = "The address or the project has its share of archives and unpacked files already.";
const UNUSABLE: &str =
    "The file contradicts itself, or is larger than what pictures are made of; the message says which.";

pub(super) fn routes() -> Vec<Route> {
    vec![
        create(),
        raw(),
        archive(),
        multi(),
        multi_form(),
        frame(),
        snapshot(),
    ]
}

fn raw() -> Route {
    get("/download/files/raw/{key}/{path}", TAG, "A file")
        .about(
            "Takes `Range` (one range), `If-Range`, `If-Match`, `If-Unmodified-Since`, `If-None-Match` and `If-Modified-Since`. A \
             file that is there only with `.gz` at its name is sent unpacked, without ranges.",
        )
        .path("key", KEY)
        .path("path", "The file's path beneath the directory; slashes stand as they are.")
        .header("Range", "The part that is wanted, as `bytes=0-1023`.")
        .ok("The file.", text("application/octet-stream"))
        .empty("206", "The part of it that was asked for.")
        .empty("304", "It is as it was.")
        .fails("404", NO_FILE)
        .fails("412", "The file is not the one that the conditions name.")
        .fails("416", "The file has no bytes in this range.")
        .fails("429", SHARE)
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
        .fails("429", SHARE)
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
    .fails("429", SHARE)
    .may_be_busy()
}

fn multi_form() -> Route {
    post(
        "/download/files/multi/{key}/{name}",
        TAG,
        "Some files of a directory, of which there are many",
    )
    .about("As with GET, for more names than a URL has room for. `frame` is repeated for each name.")
    .path("key", KEY)
    .path(
        "name",
        "What the download is called: it ends with `.tar.gz` or `.tar`.",
    )
    .body("The names.", [form::<FrameNames>()])
    .ok("The archive.", text("application/gzip"))
    .fails("400", "No file is named, or too many are.")
    .fails("404", NO_FILE)
    .fails("429", SHARE)
    .bounded()
    .may_be_busy()
}

fn frame() -> Route {
    get(
        "/download/files/frame/{key}/{path}/{brightness}.png",
        TAG,
        "A picture of a diffraction frame",
    )
    .about(
        "Grey, spots dark on white, at most 1024 pixels on its longer side. Frames are read from miniCBF with byte offsets and from \
         grey TIFF, packed by gzip or not, and from HDF5 of Eiger detectors, where the path is that of the master file and the \
         number of the frame, from 1: `xtal_master.h5/1`. Takes `If-None-Match`.",
    )
    .path("key", KEY)
    .path("path", "The frame's path beneath the directory; slashes stand as they are.")
    .path("brightness", "`xl` (0.25, the lightest), `lt` (0.5), `nm` (1) or `dk` (1.5).")
    .ok("The picture.", text("image/png"))
    .empty("304", "It is as it was.")
    .fails("404", NO_FILE)
    .fails("415", "The file is no frame of a format that is read.")
    .fails("422", UNUSABLE)
    .may_be_busy()
}

fn snapshot() -> Route {
    get("/download/files/snapshot/{key}/{path}", TAG, "A snapshot of the sample")
        .about(
            "The file at this path, or the WebP, PNG or GIF of its stem, as `files/raw` sends it. Where there is none, the series of PNGs of \
             the stem, `name_0.png`, `name_90.png`, as an animated GIF.",
        )
        .path("key", KEY)
        .path("path", "The snapshot's path beneath the directory, with or without its suffix.")
        .ok("The snapshot.", text("image/gif"))
        .empty("206", "The part of the file that was asked for.")
        .empty("304", "It is as it was.")
        .fails("404", NO_FILE)
        .fails("412", "The file is not the one that the conditions name.")
        .fails("416", "The file has no bytes in this range.")
        .fails("422", UNUSABLE)
        .may_be_busy()
}

fn create() -> Route {
    post(
        "/download/data/create",
        TAG,
        "A new key of a directory, from the built-in Data Proxy",
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
