//! A users' root on disk for the built-in Data Proxy, and files outside of it.

use super::raw::{exchange, RawReply, RawRequest};
use super::{Reply, Site};
use beamlive::config::Settings;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The contents of files that must never be sent.
pub const SECRET: &str = "what nobody may see";

/// `users/alice/day-1` with a few files, `users/bob/secret.txt`, and `outside/secret.txt`.
pub struct Users {
    home: TempDir,
}

impl Users {
    pub fn new() -> Self {
        let users = Self {
            home: TempDir::new().unwrap(),
        };
        users.write("image_0001.cbf", "one");
        users.write("image_0002.cbf", "two");
        users.write("process/CORRECT.LP", "merged");
        users.write("a b é.txt", "spaces");
        for other in [
            "users/bob/secret.txt",
            "outside/secret.txt",
            "users/alice/secret.txt",
        ] {
            let path = users.home.path().join(other);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, SECRET).unwrap();
        }
        users
    }

    /// The users' root.
    pub fn root(&self) -> PathBuf {
        self.home.path().join("users")
    }

    /// The directory of Alice's day.
    pub fn day(&self) -> PathBuf {
        self.root().join("alice/day-1")
    }

    /// A directory outside of the root.
    pub fn outside(&self) -> PathBuf {
        self.home.path().join("outside")
    }

    /// Writes a file in the directory of Alice's day.
    pub fn write(&self, path: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.day().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, contents).unwrap();
        path
    }

    /// A service with this root.
    pub async fn site(&self) -> Site {
        self.site_with(|_| {}).await
    }

    /// A service with this root and other settings.
    pub async fn site_with(&self, change: impl FnOnce(&mut Settings)) -> Site {
        let root = self.root();
        Site::with(move |settings| {
            settings.users_root = vec![root];
            change(settings);
        })
        .await
    }

    /// The key of the directory of Alice's day.
    pub async fn key(&self, site: &Site) -> String {
        key_of(site, &self.day()).await
    }
}

/// The key of a directory.
pub async fn key_of(site: &Site, directory: &Path) -> String {
    let request = site.http.post(format!("{}/download/data/create/", site.url()));
    let reply = Reply::of(request.form(&[("path", directory.to_str().unwrap())])).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["key"].as_str().unwrap().to_owned()
}

/// GET of exactly this target, which normal clients would change or refuse.
pub async fn get_raw(address: SocketAddr, target: impl Into<String>) -> RawReply {
    let bytes = RawRequest::get(target).bytes();
    let exchanged = tokio::task::spawn_blocking(move || exchange(address, &bytes, false));
    exchanged.await.unwrap().expect("an answer")
}
