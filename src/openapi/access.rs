//! What hosts for remote access call.

use super::bodies::ConnectionReport;
use super::route::{get, json, json_list, msgpack_list, post, text, Route};
use serde_json::json as value;

const TAG: &str = "remote access";
const BAD_FORWARDED: &str = "A trusted proxy forwards something that is no address.";
const REPORTS: [(&str, &str); 1] = [(
    "a connection",
    include_str!("../../tests/fixtures/payloads/accesslist-post.json"),
)];

pub(super) fn routes() -> Vec<Route> {
    let mut routes = Vec::new();
    for path in ["/api/v2/accesslist", "/access/accesslist"] {
        routes.extend([users(path), connections(path)]);
    }
    routes.extend(["/api/v2/keys/{username}", "/access/keys/{username}"].map(keys));
    routes
}

fn users(path: &'static str) -> Route {
    listed(get(path, TAG, "Who may use the caller's host now"))
        .about("The users of the access list that has the caller's address; none when no list has it.")
        .fails("400", BAD_FORWARDED)
}

fn connections(path: &'static str) -> Route {
    listed(post(path, TAG, "Report connections; who may use the host now"))
        .about(
            "Keeps the history of each connection. Posting the same again changes nothing. A bad entry is skipped and \
             logged, the rest is kept.",
        )
        .body(
            "The connections.",
            [
                msgpack_list::<ConnectionReport>().payloads(&REPORTS),
                json_list::<ConnectionReport>().payloads(&REPORTS),
            ],
        )
        .fails("400", "The body is no list, or a trusted proxy forwards something that is no address.")
        .bounded()
}

fn listed(route: Route) -> Route {
    route
        .ok(
            "Usernames, sorted. Never cut short: rather 503.",
            json::<Vec<String>>().example(value!(["alice", "bob"])),
        )
        .may_be_busy()
}

fn keys(path: &'static str) -> Route {
    get(path, TAG, "Login keys of an account, as sshd asks for them")
        .about("Nothing unless the caller's address has an access list and the user is on it.")
        .path("username", "The account.")
        .ok("OpenSSH lines, one a line.", text("text/plain"))
        .fails("400", BAD_FORWARDED)
        .may_be_busy()
}
