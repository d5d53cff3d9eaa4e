#![allow(clippy::unwrap_used)]
use super::*;
use beamlive_actors::clock::ManualClock;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::{Batch, Timestamp};
use std::io::Read;
use tempfile::TempDir;

const NOW: Timestamp = Timestamp(1_767_225_600_000_000);

struct Bench {
    clock: ManualClock,
    shelf: Shelf,
    tree: TempDir,
}

impl Bench {
    fn new(lifetime: Option<TimeDelta>) -> Self {
        let tree = TempDir::new().unwrap();
        let at = |path: &str| tree.path().join(path).to_str().unwrap().to_owned();
        for directory in [
            "users/alice/day",
            "archive/alice/day",
            "archive/alice/old",
            "retired",
        ] {
            std::fs::create_dir_all(at(directory)).unwrap();
        }
        for (file, text) in [
            ("users/alice/day/new", "new"),
            ("users/alice/day/both", "here"),
            ("archive/alice/day/both", "moved"),
            ("archive/alice/day/moved", "moved"),
            ("archive/alice/old/old", "old"),
        ] {
            std::fs::write(at(file), text).unwrap();
        }
        let clock = ManualClock::at(NOW);
        let alternates = [Alternate {
            from: at("users"),
            to: at("archive"),
        }];
        let roots = Roots::new(vec![at("users").into(), at("archive").into()]).unwrap();
        let store = Store::in_memory();
        let published = Published::new(
            Catalog::default(),
            &store,
            Arc::new(clock.clone()),
            std::time::Duration::ZERO,
        );
        let shelf = Shelf {
            store,
            published: Arc::new(published),
            clock: Arc::new(clock.clone()),
            disks: Disks::new(roots.paths(), 2, std::time::Duration::from_secs(10)),
            roots: Arc::new(roots),
            alternates: Arc::new(alternates),
            lifetime,
        };
        Self { clock, shelf, tree }
    }

    /// Creates a key with this number for a directory.
    async fn key(&self, number: u8, directory: &str) -> String {
        let key = SecureKey([number; 20]);
        let mut batch = Batch::new();
        secure_path::open(&mut batch, None, directory, key, NOW);
        self.shelf.store.reserve().unwrap().commit(batch).await.unwrap();
        key.to_hex()
    }

    async fn open(&self, key: &str, path: &str) -> Result<OpenFile, FileError> {
        let path = FilePath::decode(path).unwrap();
        self.shelf
            .first(key, move |directory| directory.open(&path))
            .await
    }

    async fn read(&self, key: &str, path: &str) -> Result<String, FileError> {
        let file = self.open(key, path).await?.file;
        let mut text = String::new();
        (&*file).read_to_string(&mut text).unwrap();
        Ok(text)
    }
}

#[actix_web::test]
async fn files_are_searched_in_the_directory_and_then_in_its_alternates() {
    let bench = Bench::new(None);
    let day = bench.key(1, "alice/day").await;
    let old = bench
        .key(2, &format!("{}/users/alice/old/", bench.tree.path().display()))
        .await;
    assert_eq!(bench.read(&day, "new").await.unwrap(), "new");
    assert_eq!(bench.read(&day, "both").await.unwrap(), "here");
    assert_eq!(bench.read(&day, "moved").await.unwrap(), "moved");
    assert_eq!(bench.read(&old, "old").await.unwrap(), "old");
    assert_eq!(bench.read(&old, "new").await, Err(FileError::NotFound));
    std::fs::remove_dir_all(bench.tree.path().join("users")).unwrap();
    assert_eq!(bench.read(&day, "both").await.unwrap(), "moved");
}

#[actix_web::test]
async fn directories_outside_the_roots_are_not_opened() {
    let bench = Bench::new(None);
    std::fs::write(bench.tree.path().join("retired/file"), "x").unwrap();
    let outside = bench
        .key(1, &format!("{}/retired", bench.tree.path().display()))
        .await;
    assert_eq!(bench.read(&outside, "file").await, Err(FileError::NotFound));
    for (number, directory) in ["/", "", "..", ".", "alice/../..", "\0"].into_iter().enumerate() {
        let key = bench.key(u8::try_from(number).unwrap() + 2, directory).await;
        assert_eq!(
            bench.read(&key, "alice").await,
            Err(FileError::NotFound),
            "{directory:?}"
        );
        assert_eq!(
            bench.read(&key, "retired/file").await,
            Err(FileError::NotFound),
            "{directory:?}"
        );
    }
}

#[actix_web::test]
async fn invalid_keys_open_nothing() {
    let bench = Bench::new(None);
    let key = bench.key(0xab, "alice/day").await;
    assert_eq!(bench.read(&key, "new").await.unwrap(), "new");
    let (almost, _) = key.split_at(38);
    for wrong in [
        &key.to_uppercase(),
        &format!("{almost}ac"),
        almost,
        &format!("{key}0"),
        "",
        &"0".repeat(40),
        &format!("{almost}zz"),
    ] {
        assert_eq!(bench.read(wrong, "new").await, Err(FileError::NoKey), "{wrong}");
    }
}

#[actix_web::test]
async fn a_key_expires_after_its_lifetime() {
    let bench = Bench::new(Some(TimeDelta::days(30)));
    let key = bench.key(1, "alice/day").await;
    bench.clock.advance(TimeDelta::days(30) - TimeDelta::seconds(1));
    assert!(bench.read(&key, "new").await.is_ok());
    bench.clock.advance(TimeDelta::seconds(1));
    assert_eq!(bench.read(&key, "new").await, Err(FileError::NoKey));
}

#[actix_web::test]
async fn the_identity_changes_with_the_file() {
    let bench = Bench::new(None);
    let key = bench.key(1, "alice/day").await;
    let identity = async || bench.open(&key, "new").await.unwrap().identity;
    let before = identity().await;
    assert_eq!(identity().await, before);
    let path = bench.tree.path().join("users/alice/day/new");
    let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_nanos(1);
    std::fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(time)
        .unwrap();
    assert_eq!(identity().await.modified, 1);
    std::fs::write(&path, "newer").unwrap();
    assert_eq!(identity().await.length, 5);
}
