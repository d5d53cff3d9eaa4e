//! The facility file, and the directories of users.

use super::finding::Finding;
use crate::cli::apply::read;
use crate::cli::check::against_empty;
use crate::config::Settings;
use std::fs;
use std::path::Path;

/// Looks at them.
pub(super) fn examine(settings: &Settings) -> Vec<Finding> {
    let mut findings: Vec<_> = settings
        .facility
        .iter()
        .map(|path| file(path, settings))
        .collect();
    if settings.proxy_url.is_none() && settings.proxy.mounted {
        findings.extend(settings.users_root.iter().map(|root| users_root(root)));
    }
    findings
}

fn file(path: &Path, settings: &Settings) -> Finding {
    const CHECK: &str = "facility file";
    let advice = "correct these places, and see the result with beamlive check";
    let checked = read(path).and_then(|(text, is_json)| against_empty(&text, is_json, settings.timezone));
    match checked {
        Ok(counts) => Finding::good(
            CHECK,
            format!("{} declares {} records", path.display(), counts.created),
        ),
        Err(error) => Finding::fault(CHECK, format!("{}: {error}", path.display()), advice),
    }
}

fn users_root(root: &Path) -> Finding {
    const CHECK: &str = "users' root";
    let shown = root.display();
    match fs::read_dir(root) {
        Ok(_) => Finding::good(CHECK, format!("{shown} can be read")),
        Err(error) => Finding::warning(
            CHECK,
            format!("{shown} can't be read: {error}"),
            "mount it, or name the directories that have the users' data in users_root; \
             files in it can't be served until then",
        ),
    }
}
