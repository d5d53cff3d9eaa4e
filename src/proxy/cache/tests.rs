#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;
use tempfile::TempDir;

fn key(inode: u64) -> CacheKey {
    CacheKey::of_file(
        "frame",
        &Identity {
            device: 1,
            inode,
            length: 3,
            modified: -4,
        },
    )
}

fn open(directory: &TempDir, limit: u64) -> Cache {
    Cache::open(directory.path().join("cache"), limit).unwrap()
}

/// The files of the entries.
fn files(directory: &TempDir) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(directory.path().join("cache"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

#[test]
fn keys_differ_for_different_states_of_a_file() {
    let state = Identity {
        device: 1,
        inode: 2,
        length: 3,
        modified: 4,
    };
    let others = [
        Identity { device: 9, ..state },
        Identity { inode: 9, ..state },
        Identity { length: 9, ..state },
        Identity { modified: 9, ..state },
    ];
    for other in &others {
        assert_ne!(CacheKey::of_file("nm", &state), CacheKey::of_file("nm", other));
        assert_ne!(
            CacheKey::of_files("series", [&state, &state].into_iter()),
            CacheKey::of_files("series", [&state, other].into_iter())
        );
    }
    assert_ne!(CacheKey::of_file("nm", &state), CacheKey::of_file("dk", &state));
    let long = CacheKey::of_files("series", others.iter());
    assert_eq!(own_name(&long.file_name()), Some(long.file_name().as_str()));
    assert_eq!(own_name(&key(1).file_name()), Some(key(1).file_name().as_str()));
}

#[test]
fn entries_survive_a_restart() {
    let directory = TempDir::new().unwrap();
    let cache = open(&directory, 1_000);
    assert_eq!(cache.get(&key(1)), None);
    cache.put(&key(1), b"picture");
    assert_eq!(cache.get(&key(1)).unwrap(), "picture");
    assert_eq!(cache.get(&key(2)), None);
    drop(cache);

    let cache = open(&directory, 1_000);
    assert_eq!(cache.get(&key(1)).unwrap(), "picture");
    assert_eq!(cache.bytes(), fs::metadata(&files(&directory)[0]).unwrap().len());
}

#[test]
fn the_least_recently_used_entry_is_removed_first() {
    let directory = TempDir::new().unwrap();
    // Room for three entries of 112 bytes.
    let cache = open(&directory, 350);
    for number in 1..=3 {
        cache.put(&key(number), &[b'x'; 100]);
    }
    assert!(cache.get(&key(1)).is_some());
    cache.put(&key(4), &[b'y'; 100]);
    assert!(cache.get(&key(2)).is_none());
    for number in [1, 3, 4] {
        assert!(cache.get(&key(number)).is_some(), "{number}");
    }
    assert_eq!(files(&directory).len(), 3);
    assert_eq!(cache.bytes(), 336);

    // Replacing an entry takes no more room.
    cache.put(&key(4), &[b'z'; 100]);
    assert_eq!(cache.bytes(), 336);
    assert_eq!(cache.get(&key(4)).unwrap(), [b'z'; 100].as_slice());

    // A picture above the limit is not stored, and no other is removed for it.
    cache.put(&key(5), &[b'x'; 400]);
    assert!(cache.get(&key(5)).is_none());
    assert_eq!(files(&directory).len(), 3);
    drop(cache);

    // A lower limit applies after a restart.
    let cache = open(&directory, 120);
    assert_eq!(files(&directory).len(), 1);
    assert!(cache.bytes() <= 120);
}

#[test]
fn damaged_entries_are_removed() {
    let directory = TempDir::new().unwrap();
    let cache = open(&directory, 1_000);
    let damages: [fn(&mut Vec<u8>); 6] = [
        |bytes| bytes.clear(),
        |bytes| bytes.truncate(14),
        |bytes| bytes[15] ^= 1,
        |bytes| bytes[0] ^= 1,
        |bytes| bytes[9] ^= 1,
        |bytes| bytes.push(0),
    ];
    for damage in damages {
        cache.put(&key(1), b"a picture");
        let [file] = files(&directory).try_into().unwrap();
        let mut bytes = fs::read(&file).unwrap();
        damage(&mut bytes);
        fs::write(&file, bytes).unwrap();
        assert_eq!(cache.get(&key(1)), None);
        assert_eq!(files(&directory).len(), 0);
        assert_eq!(cache.bytes(), 0);
    }
    // Also an entry under the name of another.
    cache.put(&key(1), b"a picture");
    cache.put(&key(2), b"no picture");
    let [first, second] = files(&directory).try_into().unwrap();
    fs::copy(&first, &second).unwrap();
    drop(cache);
    let cache = open(&directory, 1_000);
    assert_eq!(cache.get(&key(1)).unwrap(), "a picture");
    assert_eq!(cache.get(&key(2)), None);
    // Also an entry whose file was removed.
    fs::remove_file(first).unwrap();
    assert_eq!(cache.get(&key(1)), None);
    assert_eq!(cache.bytes(), 0);
}

#[test]
fn other_files_are_not_changed() {
    let directory = TempDir::new().unwrap();
    let place = directory.path().join("cache");
    fs::create_dir(&place).unwrap();
    let foreign = ["holiday.jpg", "Frame.picture", ".picture", "thesis.part.tex"];
    for name in foreign {
        fs::write(place.join(name), [0; 500]).unwrap();
    }
    fs::create_dir(place.join("album.picture")).unwrap();
    std::os::unix::fs::symlink("holiday.jpg", place.join("link.picture")).unwrap();
    fs::write(place.join(format!("{}-7{PART}", key(1))), "half a pict").unwrap();

    let cache = open(&directory, 400);
    assert_eq!(cache.bytes(), 0);
    cache.put(&key(1), b"picture");
    cache.put(&key(2), &[0; 380]);
    assert!(cache.get(&key(2)).is_some());
    // The six other files and the newer entry. The temporary file is removed.
    assert_eq!(files(&directory).len(), 7);
}

#[test]
fn a_cache_that_cannot_write_stores_nothing_and_continues() {
    let directory = TempDir::new().unwrap();
    let cache = open(&directory, 1_000);
    fs::remove_dir(directory.path().join("cache")).unwrap();
    cache.put(&key(1), b"picture");
    assert_eq!(cache.get(&key(1)), None);
    assert_eq!(cache.bytes(), 0);
}
