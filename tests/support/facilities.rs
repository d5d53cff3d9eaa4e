//! Pieces of facility files.

use std::fmt::Write;

/// A container of `project`. `held` is its parent, `project/name`, and its location there.
pub fn container(project: &str, name: &str, kind: &str, status: &str, held: Option<(&str, &str)>) -> String {
    let mut text = format!(
        "[[container]]\nproject = \"{project}\"\nname = \"{name}\"\ntype = \"{kind}\"\nstatus = \"{status}\"\n"
    );
    if let Some((parent, location)) = held {
        let (owner, parent) = parent.split_once('/').unwrap();
        writeln!(
            text,
            "parent = {{ project = \"{owner}\", name = \"{parent}\" }}\nlocation = \"{location}\""
        )
        .unwrap();
    }
    text
}

/// A sample; `more` contains further lines.
pub fn sample(project: &str, container: &str, location: &str, name: &str, more: &str) -> String {
    format!(
        "[[sample]]\nproject = \"{project}\"\ncontainer = \"{container}\"\nlocation = \"{location}\"\nname = \"{name}\"\n{more}\n"
    )
}

/// An access list; `more` contains further lines.
pub fn access_list(name: &str, address: &str, users: &[&str], more: &str) -> String {
    format!("[[access_list]]\nname = \"{name}\"\naddress = \"{address}\"\nusers = {users:?}\n{more}\n")
}

/// A beamtime, in seconds since the epoch; `more` contains further lines.
pub fn beamtime(project: &str, beamline: &str, start: i64, end: i64, more: &str) -> String {
    let text = |time: i64| chrono::DateTime::from_timestamp(time, 0).unwrap().to_rfc3339();
    let (start, end) = (text(start), text(end));
    format!(
        "[[beamtime]]\nproject = \"{project}\"\nbeamline = \"{beamline}\"\nstart = {start}\nend = {end}\n{more}\n"
    )
}
