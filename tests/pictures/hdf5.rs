//! Frames of Eiger detectors in HDF5: pictures and errors of the route.

use super::frame::decoded;
use crate::support::users::{Users, SECRET};
use crate::support::{Reply, Site};
use beamlive::proxy::frame::encode;
use beamlive::proxy::frame::reduce::Reducer;
use beamlive::proxy::frame::tone::Brightness;
use beamlive::proxy::frame::Shape;
use rstest::rstest;
use std::os::unix::fs::symlink;

const SHAPE: Shape = Shape {
    width: 43,
    height: 37,
};

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("tests/fixtures/frames/{name}.h5")).unwrap()
}

fn users(names: &[&str]) -> Users {
    let users = Users::new();
    for name in names {
        users.write(&format!("{name}.h5"), fixture(name));
    }
    users
}

async fn shown(site: &Site, key: &str, path: &str) -> Reply {
    site.get(&format!("/download/files/frame/{key}/{path}")).await
}

/// The picture of the counts in the fixtures, as their script computes them.
fn expected(number: i32, brightness: Brightness) -> Vec<u8> {
    let mut reducer = Reducer::new(SHAPE, 1000);
    for row in 0..37 {
        let count = |column| match (row, column) {
            (20..=22, _) | (5, 6) => -1,
            _ => 10 * number + (7 * row + 3 * column) % 40,
        };
        reducer.push(&(0..43).map(count).collect::<Vec<_>>());
    }
    encode::png(&reducer.finish(), brightness).unwrap()
}

fn message(reply: &Reply) -> String {
    let message = reply.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(!message.contains(SECRET), "{message}");
    message
}

#[rstest]
#[case::old_layout(&["old_master", "old_data_000001", "old_data_000002"], 5)]
#[case::nexus(&["nexus"], 3)]
#[actix_web::test]
async fn each_frame_is_the_picture_of_its_counts(#[case] files: &[&str], #[case] frames: i32) {
    let users = users(files);
    let site = users.site().await;
    let key = users.key(&site).await;
    for number in 1..=frames {
        for (name, brightness) in [
            ("nm", Brightness::Normal),
            ("dk", Brightness::named("dk").unwrap()),
        ] {
            let reply = shown(&site, &key, &format!("{}.h5/{number}/{name}.png", files[0])).await;
            assert_eq!(reply.status, 200, "{number}: {}", reply.text());
            assert_eq!(reply.header("content-type"), Some("image/png"));
            let (levels, counts) = (decoded(&reply.body), decoded(&expected(number, brightness)));
            assert_eq!(levels, counts, "{number} {name}");
            // A gap at the highest value of the type, and a pixel in the mask.
            assert!(levels.2[20 * 43..23 * 43].iter().all(|level| *level == 255));
            assert_eq!(levels.2[5 * 43 + 6], 255);
        }
    }
}

#[rstest]
#[case::beyond_the_last("6", 404, "there are 5")]
#[case::beyond_64_bits("99999999999999999999999", 404, "there are 5")]
#[case::zero("0", 404, "numbered from 1")]
#[case::a_word("first", 404, "_master.h5/1/nm.png")]
#[case::negative("-1", 404, "_master.h5/1/nm.png")]
#[case::a_fraction("1.5", 404, "_master.h5/1/nm.png")]
#[actix_web::test]
async fn an_invalid_frame_number_is_an_error(#[case] number: &str, #[case] status: u16, #[case] says: &str) {
    let users = users(&["old_master", "old_data_000001", "old_data_000002"]);
    let site = users.site().await;
    let key = users.key(&site).await;
    let reply = shown(&site, &key, &format!("old_master.h5/{number}/nm.png")).await;
    assert_eq!(reply.status, status, "{}", reply.text());
    assert!(message(&reply).contains(says), "{}", message(&reply));
    let none = shown(&site, &key, "old_master.h5/nm.png").await;
    assert_eq!(none.status, 415);
    assert!(message(&none).contains("_master.h5/1/nm.png"));
}

#[actix_web::test]
async fn an_unchanged_picture_is_not_sent_again() {
    let users = users(&["old_master", "old_data_000001", "old_data_000002"]);
    let site = users.site().await;
    let key = users.key(&site).await;
    let first = shown(&site, &key, "old_master.h5/1/nm.png").await;
    let second = shown(&site, &key, "old_master.h5/2/nm.png").await;
    let tag = first.header("etag").unwrap();
    assert_ne!(Some(tag), second.header("etag"));
    let url = format!("{}/download/files/frame/{key}/old_master.h5/1/nm.png", site.url());
    let again = Reply::of(site.http.get(&url).header("If-None-Match", tag)).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    // A data file that changes has another picture.
    users.write(
        "old_data_000001.h5",
        [fixture("old_data_000001"), vec![0; 8]].concat(),
    );
    let changed = Reply::of(site.http.get(&url).header("If-None-Match", tag)).await;
    assert_eq!(changed.status, 200);
    assert_ne!(Some(tag), changed.header("etag"));
}

#[actix_web::test]
async fn a_data_file_that_is_missing_is_named() {
    let users = users(&["old_master", "old_data_000002"]);
    let site = users.site().await;
    let key = users.key(&site).await;
    let missing = shown(&site, &key, "old_master.h5/1/nm.png").await;
    assert_eq!(missing.status, 404);
    assert!(
        message(&missing).contains("old_data_000001.h5"),
        "{}",
        message(&missing)
    );
    // The other data files have attributes with the numbers of their frames.
    assert_eq!(shown(&site, &key, "old_master.h5/4/nm.png").await.status, 200);
}

#[rstest]
#[case::absolute("absolute")]
#[case::upwards("upwards")]
#[case::through_a_directory("through")]
#[case::symlink_that_leads_outside("linked")]
#[case::itself("itself")]
#[actix_web::test]
async fn no_link_leaves_the_directory(#[case] name: &str) {
    let users = users(&[&format!("{name}_master")]);
    // The targets have frames, so that the test detects a link that is followed.
    for (at, series) in [
        ("secret.h5", "old_data_000001"),
        ("../../bob/linked.h5", "old_data_000001"),
    ] {
        let path = users.day().join("..").join(at);
        let path = if at.contains("bob") {
            users.root().join("bob/linked.h5")
        } else {
            path
        };
        std::fs::write(path, fixture(series)).unwrap();
    }
    std::fs::create_dir(users.day().join("sub")).unwrap();
    symlink(users.root().join("bob/linked.h5"), users.day().join("linked.h5")).unwrap();
    let site = users.site().await;
    let key = users.key(&site).await;
    let reply = shown(&site, &key, &format!("{name}_master.h5/1/nm.png")).await;
    assert!(
        matches!(reply.status, 404 | 422),
        "{}: {}",
        reply.status,
        reply.text()
    );
    let _ = message(&reply);
}

#[actix_web::test]
async fn an_absolute_link_leads_to_the_file_beside_the_master() {
    let users = users(&["moved_master", "old_data_000001"]);
    let site = users.site().await;
    let key = users.key(&site).await;
    let reply = shown(&site, &key, "moved_master.h5/1/nm.png").await;
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[actix_web::test]
async fn a_link_inside_the_directory_is_followed_and_a_directory_is_not_a_file() {
    let users = users(&["linked_master", "old_master"]);
    users.write("sub/frames.h5", fixture("old_data_000001"));
    symlink("sub/frames.h5", users.day().join("linked.h5")).unwrap();
    std::fs::create_dir(users.day().join("old_data_000001.h5")).unwrap();
    let site = users.site().await;
    let key = users.key(&site).await;
    let inside = shown(&site, &key, "linked_master.h5/1/nm.png").await;
    assert_eq!(inside.status, 200, "{}", inside.text());
    let directory = shown(&site, &key, "old_master.h5/1/nm.png").await;
    assert!(matches!(directory.status, 404 | 422), "{}", directory.text());
}

#[rstest]
#[case::virtual_data_set("virtual", "virtual data set")]
#[case::zstd("zstd", "zstd: write them with bitshuffle-LZ4")]
#[actix_web::test]
async fn unsupported_files_have_an_error_with_advice(#[case] name: &str, #[case] says: &str) {
    let users = users(&[name, "extensible"]);
    let site = users.site().await;
    let key = users.key(&site).await;
    let reply = shown(&site, &key, &format!("{name}.h5/1/nm.png")).await;
    assert_eq!(reply.status, 415, "{}", reply.text());
    assert!(message(&reply).contains(says), "{}", message(&reply));
}
