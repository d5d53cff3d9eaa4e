//! Files that change while they are sent, clients that disconnect, and limits on clients.

use super::archive::unpack;
use crate::support::raw::RawRequest;
use crate::support::users::Users;
use crate::support::{eventually, Service, Site};
use reqwest::{Method, Response};
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;

/// More than the socket buffers hold for a client that does not read.
const LARGE: usize = 32 << 20;

/// Incompressible bytes.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// More than the headers and small files of the archive, so that a large file has begun.
const BEGUN: usize = 256 << 10;

/// A response whose beginning has been read.
async fn begun(site: &Site, path: &str) -> (Response, Vec<u8>) {
    let mut response = site.request(Method::GET, path).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    let mut first = Vec::new();
    while first.len() < BEGUN {
        first.extend(response.chunk().await.unwrap().unwrap());
    }
    (response, first)
}

async fn rest((mut response, mut bytes): (Response, Vec<u8>)) -> Result<Vec<u8>, reqwest::Error> {
    while let Some(chunk) = response.chunk().await? {
        bytes.extend(chunk);
    }
    Ok(bytes)
}

#[actix_web::test]
async fn a_file_that_shrinks_cuts_off_the_response() {
    for route in [
        "raw/{key}/image_0000.cbf",
        "archive/{key}/day.tar",
        "archive/{key}/day.tar.gz",
        "multi/{key}/x.tar.gz?frame=image_0000",
    ] {
        let users = Users::new();
        let path = users.write("image_0000.cbf", noise(LARGE));
        let site = users.site().await;
        let key = users.key(&site).await;
        let begun = begun(
            &site,
            &format!("/download/files/{}", route.replace("{key}", &key)),
        )
        .await;
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(1000)
            .unwrap();
        let ended = rest(begun).await;
        assert!(
            ended.is_err(),
            "{route}: {} bytes are a complete response",
            ended.unwrap().len()
        );
    }
}

#[actix_web::test]
async fn files_that_vanish_or_grow_leave_an_archive_complete() {
    for packed in [true, false] {
        let users = Users::new();
        let path = users.write(
            "image_0000.cbf",
            vec![b'x'; if packed { 3 * LARGE } else { LARGE }],
        );
        // The noise does not compress, so the archive has to wait for the client.
        users.write(
            "aa_noise",
            noise(LARGE).iter().map(|byte| byte & 0x7f).collect::<Vec<_>>(),
        );
        let site = users.site().await;
        let key = users.key(&site).await;
        let name = if packed { "day.tar.gz" } else { "day.tar" };
        let begun = begun(&site, &format!("/download/files/archive/{key}/{name}")).await;
        std::fs::remove_file(users.day().join("image_0001.cbf")).unwrap();
        std::fs::remove_dir_all(users.day().join("process")).unwrap();
        File::options()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(b"more")
            .unwrap();
        File::options()
            .append(true)
            .open(users.day().join("aa_noise"))
            .unwrap()
            .write_all(b"more")
            .unwrap();
        let entries = unpack(&rest(begun).await.unwrap(), packed);
        let names: Vec<_> = entries.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "day-1/",
                "day-1/a b é.txt",
                "day-1/aa_noise",
                "day-1/image_0000.cbf",
                "day-1/image_0002.cbf"
            ],
            "{name}"
        );
        assert_eq!(
            entries[2].1.as_ref().unwrap().len(),
            LARGE,
            "cut at the length that its header says"
        );
    }
}

#[actix_web::test]
async fn a_client_that_disconnects_ends_the_work_and_releases_its_slot() {
    let users = Users::new();
    users.write("image_0000.cbf", noise(LARGE));
    let site = users.site_with(|settings| settings.proxy.archives = 1).await;
    let key = users.key(&site).await;
    let url = format!("/download/files/archive/{key}/day.tar.gz");
    let first = begun(&site, &url).await;
    let refused = site.get(&url).await;
    assert_eq!(refused.status, 503);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(refused.json()["error"]["code"], "busy");
    let raw = site
        .get(&format!("/download/files/raw/{key}/image_0001.cbf"))
        .await;
    assert_eq!(raw.status, 200, "raw files need no slot");
    drop(first);
    let entries = eventually("the slot is free", || async {
        let reply = site.get(&url).await;
        (reply.status == 200).then(|| unpack_names(&reply.body))
    })
    .await;
    assert!(entries.contains(&"day-1/image_0000.cbf".to_owned()));
}

fn unpack_names(bytes: &[u8]) -> Vec<String> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
    let names = archive.entries().unwrap();
    names
        .map(|entry| entry.unwrap().path().unwrap().display().to_string())
        .collect()
}

#[test]
fn sixty_four_concurrent_archives_take_bounded_memory() {
    const CLIENTS: usize = 64;
    let users = Users::new();
    users.write("image_0000.cbf", noise(LARGE));
    let root = users.root();
    let config = users.outside().join("config.toml");
    std::fs::write(
        &config,
        "[proxy]\narchives_per_address = 65\narchive_bytes_per_second = 0\n",
    )
    .unwrap();
    let config = config.to_str().unwrap();
    let service = Service::with(&["--users-root", root.to_str().unwrap(), "--config", config]);
    let key = service.key_of(&users.day());
    service.forget_peak();
    let before = service.resident_kib();
    let request = RawRequest::get(format!("/download/files/archive/{key}/day.tar.gz")).bytes();
    let mut clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let mut client = TcpStream::connect(service.address()).unwrap();
            client.write_all(&request).unwrap();
            client
        })
        .collect();
    // Each has received something and reads no more, so all slots are in use.
    let mut piece = vec![0; 1 << 20];
    for client in &mut clients {
        client.read_exact(&mut piece).unwrap();
        assert!(piece.starts_with(b"HTTP/1.1 200"));
    }
    for client in &mut clients {
        client.read_exact(&mut piece).unwrap();
    }
    let refused = service.send(&RawRequest::get(format!(
        "/download/files/archive/{key}/day.tar.gz"
    )));
    assert_eq!(refused.status, 503);
    let grown = service.peak_kib().saturating_sub(before) / 1024;
    println!("memory grew by {grown} MiB");
    assert!(grown < 192, "memory grew by {grown} MiB");
}
