//! `files/archive` and `files/multi`: contents, order and names.

use crate::support::users::Users;
use crate::support::{Reply, Service};
use flate2::read::GzDecoder;
use reqwest::Method;
use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::symlink;

/// Names and contents in their order; directories have no content. The gzip file has one member and
/// nothing after it.
pub fn unpack(archive: &[u8], is_gzip: bool) -> Vec<(String, Option<String>)> {
    let mut bytes = Vec::new();
    if is_gzip {
        let mut decoder = GzDecoder::new(archive);
        decoder.read_to_end(&mut bytes).unwrap();
        assert!(decoder.into_inner().is_empty());
    } else {
        bytes = archive.to_vec();
    }
    assert!(bytes.ends_with(&[0; 1024]), "the end of the tar is missing");
    let mut archive = tar::Archive::new(&*bytes);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let kind = entry.header().entry_type();
        assert!(kind.is_file() || kind.is_dir(), "{name} is {kind:?}");
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        (name, kind.is_file().then_some(text))
    });
    entries.collect()
}

fn file(name: &str, text: &str) -> (String, Option<String>) {
    (name.to_owned(), Some(text.to_owned()))
}

fn folder(name: &str) -> (String, Option<String>) {
    (name.to_owned(), None)
}

#[actix_web::test]
async fn an_archive_has_the_whole_directory() {
    let users = Users::new();
    let long = format!("{}/{}", "d".repeat(120), "f".repeat(250));
    users.write(&long, "long");
    let exactly = format!("e{}", "x".repeat(99 - "day-1/e".len()));
    users.write(&exactly, "a hundred");
    users.write(".hidden", "dot");
    users.write("..odd", "dots");
    users.write("line\nbreak", "line");
    std::fs::create_dir(users.day().join("empty")).unwrap();
    symlink("image_0001.cbf", users.day().join("link")).unwrap();
    symlink(users.outside(), users.day().join("link-out")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(users.day().join("socket")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(users.day().join("pipe"))
        .status();
    assert!(made.unwrap().success());
    let site = users.site().await;
    let key = users.key(&site).await;
    let expected = [
        folder("day-1/"),
        file("day-1/..odd", "dots"),
        file("day-1/.hidden", "dot"),
        file("day-1/a b é.txt", "spaces"),
        folder(&format!("day-1/{}/", "d".repeat(120))),
        file(&format!("day-1/{long}"), "long"),
        folder("day-1/empty/"),
        file(&format!("day-1/{exactly}"), "a hundred"),
        file("day-1/image_0001.cbf", "one"),
        file("day-1/image_0002.cbf", "two"),
        file("day-1/line\nbreak", "line"),
        folder("day-1/process/"),
        file("day-1/process/CORRECT.LP", "merged"),
    ];
    for (name, kind) in [
        ("day.tar.gz", "application/gzip"),
        ("day.tar.gz/", "application/gzip"),
        ("any.name.tgz", "application/gzip"),
        ("day.tar", "application/x-tar"),
    ] {
        let url = format!("/download/files/archive/{key}/{name}");
        let reply = site.get(&url).await;
        assert_eq!(reply.status, 200, "{name}");
        assert_eq!(reply.header("content-type"), Some(kind), "{name}");
        let plain = name.trim_end_matches('/');
        let disposition = format!("attachment; filename=\"{plain}\"");
        assert_eq!(
            reply.header("content-disposition"),
            Some(disposition.as_str()),
            "{name}"
        );
        assert_eq!(unpack(&reply.body, kind.ends_with("gzip")), expected, "{name}");
        let again = site.get(&url).await;
        assert!(
            again.body == reply.body,
            "{name}: the same files make another archive"
        );
        let head = Reply::of(site.request(Method::HEAD, &url)).await;
        assert_eq!((head.status, head.header("content-type")), (200, Some(kind)));
        assert_eq!(head.header("content-length"), None);
    }
    for name in [
        "day.zip",
        "day",
        ".tar.gz",
        ".tar",
        "tar.gz",
        "day.tar.gz.exe",
        "a/day.tar.gz",
        "a%2Fday.tar.gz",
        "a%0d%0aX:y.tar.gz",
    ] {
        let reply = site.get(&format!("/download/files/archive/{key}/{name}")).await;
        assert_eq!(reply.status, 404, "{name}");
        assert_eq!(reply.header("x"), None);
    }
    let odd = site
        .get(&format!("/download/files/archive/{key}/tag%20%22%C3%A9.tar"))
        .await;
    assert_eq!(
        odd.header("content-disposition"),
        Some("attachment; filename=\"tag __.tar\"; filename*=UTF-8''tag%20%22%C3%A9.tar")
    );
}

#[actix_web::test]
async fn an_archive_of_named_files_has_these_files() {
    let users = Users::new();
    users.write("packed_0001.cbf.gz", "packed");
    users.write("exact", "exact");
    users.write("exact.cbf", "not this one");
    users.write("process/image_0009.img", "deep");
    symlink(users.outside().join("secret.txt"), users.day().join("stolen.cbf")).unwrap();
    let site = users.site().await;
    let key = users.key(&site).await;
    let multi = |query: &str| site_get(&site, format!("/download/files/multi/{key}/some.tar.gz?{query}"));
    let reply = multi("frame=image_0002&frame=missing&frame=packed_0001&x=y&frame=exact&frame=process/image_0009&frame=a+b+%C3%A9.txt").await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(
        unpack(&reply.body, true),
        [
            file("day-1/image_0002.cbf", "two"),
            file("day-1/packed_0001.cbf.gz", "packed"),
            file("day-1/exact", "exact"),
            file("day-1/process/image_0009.img", "deep"),
            file("day-1/a b é.txt", "spaces"),
        ]
    );
    for (query, status) in [
        ("", 400),
        ("frames=image_0001", 400),
        ("frame=", 404),
        ("frame=missing", 404),
        ("frame=stolen", 404),
        ("frame=process", 404),
        ("frame=image_0001&frame=../secret.txt", 404),
        ("frame=%2e%2e%2fsecret.txt", 404),
        ("frame=/etc/passwd", 404),
    ] {
        let reply = multi(query).await;
        assert_eq!(reply.status, status, "{query}");
    }
    let many = "frame=x&".repeat(4_097);
    assert_eq!(multi(&many).await.status, 400);
}

async fn site_get(site: &crate::support::Site, path: String) -> Reply {
    site.get(&path).await
}

#[test]
fn an_archive_of_many_frames_takes_bounded_memory() {
    const FRAMES: usize = 20_000;
    let users = Users::new();
    let mut expected = BTreeMap::new();
    for number in 0..FRAMES {
        let (name, text) = (format!("frame_{number:05}.cbf"), format!("{number}").repeat(300));
        std::fs::write(users.day().join(&name), &text).unwrap();
        expected.insert(format!("day-1/{name}"), text);
    }
    let root = users.root();
    let service = Service::with(&["--users-root", root.to_str().unwrap()]);
    let key = service.key_of(&users.day());
    let small = service.send(&crate::support::raw::RawRequest::get(format!(
        "/download/files/multi/{key}/a.tar.gz?frame=frame_00000"
    )));
    assert_eq!(small.status, 200);
    service.forget_peak();
    let before = service.resident_kib();
    let reply = service.fetch(&format!("/download/files/archive/{key}/a.tar.gz"));
    let grown = service.peak_kib().saturating_sub(before);
    let mut found: BTreeMap<_, _> = unpack(&reply, true)
        .into_iter()
        .filter_map(|(name, text)| Some((name, text?)))
        .collect();
    found.retain(|name, _| name.contains("/frame_"));
    assert!(found == expected, "{} of {FRAMES} frames", found.len());
    println!("memory grew by {grown} KiB");
    assert!(grown < 24 * 1024, "memory grew by {grown} KiB");
}
