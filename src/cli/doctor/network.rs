//! Addresses, a front end, and the limit of open files.

use super::finding::Finding;
use crate::config::{Listen, Settings};
use crate::connection::listener::Listener;
use std::io::{Error, ErrorKind};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// Open files that are not connections.
const OTHER_FILES: u64 = 256;

/// Looks at them. `is_running` when a service uses the store.
pub(super) fn examine(settings: &Settings, is_running: bool) -> Vec<Finding> {
    let mut findings = vec![address("listen", &settings.listen, is_running)];
    if let Some(health) = settings.health.listen {
        let health = Listen::Tcp(health);
        findings.push(
            match health == settings.listen && settings.listen.tcp().is_some_and(|at| at.port() != 0) {
                true => Finding::fault(
                    "address",
                    format!("health.listen is the address of listen too, {health}"),
                    "give health and metrics a port of their own",
                ),
                false => address("health.listen", &health, is_running),
            },
        );
    }
    findings.extend(front_end(settings));
    findings.push(open_files(settings));
    findings
}

fn address(setting: &str, listen: &Listen, is_running: bool) -> Finding {
    const CHECK: &str = "address";
    let taken = match listen {
        Listen::Tcp(_) => Listener::bind(listen).err(),
        Listen::Unix(path) => socket(path).err(),
    };
    let Some(error) = taken else {
        return Finding::good(CHECK, format!("{setting}: {listen} is free"));
    };
    let says = format!("{setting}: {listen}: {error}");
    match error.kind() {
        ErrorKind::AddrInUse if is_running => {
            Finding::good(CHECK, format!("{setting}: the service has {listen}"))
        }
        ErrorKind::AddrInUse => Finding::fault(
            CHECK,
            says,
            format!("another program, or a socket unit of systemd, has it: find it with ss -lpn, and stop it or change {setting}"),
        ),
        ErrorKind::PermissionDenied => Finding::fault(
            CHECK,
            says,
            "ports below 1024 need AmbientCapabilities=CAP_NET_BIND_SERVICE or a socket unit of systemd",
        ),
        ErrorKind::AddrNotAvailable => Finding::fault(
            CHECK,
            says,
            "this machine does not have that address: write 0.0.0.0 or [::] for all that it has",
        ),
        _ => Finding::fault(CHECK, says, format!("correct {setting}")),
    }
}

/// Whether a Unix socket can be made there. Nothing is made.
fn socket(path: &Path) -> Result<(), Error> {
    if UnixStream::connect(path).is_ok() {
        return Err(ErrorKind::AddrInUse.into());
    }
    let directory = path.parent().unwrap_or(Path::new("/"));
    tempfile::tempfile_in(directory).map(drop)
}

/// A front end whose clients can't be told apart, or URLs that do not match.
fn front_end(settings: &Settings) -> Option<Finding> {
    let public = settings.public_url.as_deref().unwrap_or_default();
    let has_tls = settings.tls.certificate.is_some();
    if has_tls && public.starts_with("http://") {
        return Some(Finding::warning(
            "public_url",
            format!("{public} is not encrypted, and the service speaks TLS only"),
            "write https:// in public_url",
        ));
    }
    let behind = public.starts_with("https://") && !has_tls;
    (behind && settings.trusted_proxy.is_empty()).then(|| {
        Finding::warning(
            "front end",
            "public_url is https and the service has no TLS, so a front end speaks it; none is in trusted_proxy",
            "name the front end's address in trusted_proxy: otherwise all clients have its address",
        )
    })
}

fn open_files(settings: &Settings) -> Finding {
    const CHECK: &str = "open files";
    let needed = (settings.limits.connections as u64).saturating_add(OTHER_FILES);
    match rlimit::Resource::NOFILE.get() {
        Ok((_, hard)) if hard < needed => Finding::warning(
            CHECK,
            format!("{hard} files may be open, and limits.connections needs {needed}"),
            format!("set LimitNOFILE={needed} in the unit, or lower limits.connections"),
        ),
        Ok((_, hard)) => Finding::good(CHECK, format!("{hard} files may be open")),
        Err(error) => Finding::warning(CHECK, format!("the limit is unknown: {error}"), "see ulimit -Hn"),
    }
}
