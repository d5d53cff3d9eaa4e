//! The file system of the data directory: its kind, its room, and whether a sync waits for the
//! disk.

use super::finding::Finding;
use crate::config::Settings;
use beamlive_storage::EngineKind;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// With less room, writes stop.
const LEAST: u64 = 192 << 20;
/// With less room, the finding is a warning.
const LOW: u64 = 2 << 30;
/// Number of syncs that are measured.
const SYNCS: usize = 15;
/// No disk makes bytes durable faster than this. A faster sync has left them in memory.
const TOO_FAST: Duration = Duration::from_micros(12);
/// A launch waits for one sync, and people notice this.
const SLOW: Duration = Duration::from_millis(50);

/// What is known of the file system. The numbers are those of Linux.
const KINDS: [(u64, &str, bool); 7] = [
    (0x0102_1994, "tmpfs", false),
    (0x8584_58f6, "ramfs", false),
    (0x6969, "NFS", true),
    (0xff53_4d42, "CIFS", true),
    (0xfe53_4d42, "SMB", true),
    (0x794c_7630, "overlayfs", true),
    (0x6573_5546, "FUSE", true),
];

/// Looks at the file system that the data directory is on.
pub(super) fn examine(settings: &Settings) -> Vec<Finding> {
    match settings.store.engine {
        EngineKind::Memory => {
            return vec![Finding::fault(
                "durability",
                "store.engine is memory: everything is lost when the service ends",
                "choose sled, fjall or postgres with store.engine",
            )]
        }
        EngineKind::Postgres => return Vec::new(),
        _ => {}
    }
    let place = settings.data.ancestors().find(|part| part.is_dir());
    let place = place.unwrap_or(Path::new("."));
    let mut findings = Vec::new();
    if let Ok(stat) = rustix::fs::statvfs(place) {
        findings.push(room(
            place,
            stat.f_bavail.saturating_mul(stat.f_frsize),
            stat.f_favail,
        ));
    }
    let kind = rustix::fs::statfs(place).ok().and_then(|stat| {
        // The field is 32 or 64 bits wide, and signed on some machines.
        let number = u64::try_from(stat.f_type).unwrap_or_default();
        KINDS.into_iter().find(|(kind, ..)| *kind == number)
    });
    match kind {
        Some((_, name, false)) => findings.push(Finding::fault(
            "durability",
            format!(
                "{} is on {name}: everything is lost when the machine restarts",
                place.display()
            ),
            "put the data directory on a disk",
        )),
        kind => {
            findings.extend(kind.map(|(_, name, _)| {
                Finding::warning(
                    "file system",
                    format!("{} is on {name}", place.display()),
                    "put the data directory on a local disk: locks and syncs are certain there",
                )
            }));
            findings.push(match median_sync(place) {
                Ok(took) => durability(took),
                Err(error) => Finding::fault(
                    "durability",
                    format!("a file in {} can't be synced: {error}", place.display()),
                    "put the data directory on a file system that can do that",
                ),
            });
        }
    }
    findings
}

fn room(place: &Path, free: u64, files: u64) -> Finding {
    let says = format!("{} MiB are free at {}", free >> 20, place.display());
    if free < LEAST {
        let advice = "make room: the service stops to write when the disk is nearly full";
        Finding::fault("disk space", says, advice)
    } else if free < LOW {
        let advice = "make room, or put the data directory on a larger disk";
        Finding::warning("disk space", says, advice)
    } else if files == 0 {
        // Some file systems have no such limit, and say 0 too.
        Finding::good("disk space", says)
    } else if files < 1_000 {
        let says = format!("{files} more files fit at {}", place.display());
        Finding::warning("disk space", says, "remove small files")
    } else {
        Finding::good("disk space", says)
    }
}

/// How long it takes to make 4 KiB durable.
fn median_sync(place: &Path) -> io::Result<Duration> {
    let mut file = tempfile::tempfile_in(place)?;
    let mut took = Vec::new();
    for _ in 0..SYNCS {
        file.write_all(&[0x5a; 4096])?;
        let begun = Instant::now();
        file.sync_data()?;
        took.push(begun.elapsed());
    }
    took.sort_unstable();
    Ok(took.get(SYNCS / 2).copied().unwrap_or_default())
}

/// Judges how long a sync takes.
fn durability(took: Duration) -> Finding {
    let micros = took.as_micros();
    if took < TOO_FAST {
        Finding::warning(
            "durability",
            format!("a sync takes {micros} µs: no disk is that fast, so it does not wait for the disk"),
            "turn off the volatile write cache, or what the virtual machine does in its place (cache=unsafe): \
             a power cut would lose what was acknowledged",
        )
    } else if took > SLOW {
        Finding::warning(
            "durability",
            format!(
                "a sync takes {} ms, and each upload waits for one",
                took.as_millis()
            ),
            "put the data directory on a disk of its own, an SSD if you can",
        )
    } else {
        Finding::good("durability", format!("a sync takes {micros} µs"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn a_sync_that_is_too_fast_or_too_slow_is_noticed() {
        let level = |micros| durability(Duration::from_micros(micros)).level;
        assert_eq!(level(2), Level::Warning);
        assert_eq!(level(40), Level::Good);
        assert_eq!(level(8_000), Level::Good);
        assert_eq!(level(80_000), Level::Warning);
        assert!(durability(Duration::ZERO).says.contains("does not wait"));
    }

    #[test]
    fn room_is_judged_by_what_the_service_needs() {
        let level = |free: u64, files| room(Path::new("/"), free << 20, files).level;
        assert_eq!(level(100, 1 << 20), Level::Fault);
        assert_eq!(level(1_000, 1 << 20), Level::Warning);
        assert_eq!(level(10_000, 10), Level::Warning);
        assert_eq!(level(10_000, 1 << 20), Level::Good);
        // btrfs does not count files.
        assert_eq!(level(10_000, 0), Level::Good);
    }
}
