//! `GET /download/files/frame/…`.

use crate::support::frames::{cbf, diffraction};
use crate::support::users::Users;
use crate::support::{Reply, Site};
use flate2::write::GzEncoder;
use flate2::Compression;
use png::{BitDepth, ColorType, Decoder};
use rstest::rstest;
use serde_json::json;
use std::io::{Cursor, Write};

const SIZE: (usize, usize) = (1300, 1100);

/// Width, height, and 8-bit grey levels.
pub(super) fn decoded(png: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut reader = Decoder::new(Cursor::new(png)).read_info().unwrap();
    let mut levels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut levels).unwrap();
    assert_eq!(
        (info.color_type, info.bit_depth),
        (ColorType::Grayscale, BitDepth::Eight)
    );
    (info.width, info.height, levels)
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A value of the metrics.
async fn metric(site: &Site, name: &str) -> u64 {
    let text = site.get("/metrics").await.text();
    let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("no {name}"))
        .rsplit(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

async fn made(site: &Site) -> u64 {
    metric(site, "beamlive_pictures_made_total").await
}

#[actix_web::test]
async fn an_uploaded_dataset_shows_its_frames() {
    let users = Users::new();
    users.write("xtal_0001.cbf", cbf(SIZE, &diffraction(SIZE)));
    let site = users.site().await;
    let alice = site.client("alice").await;
    let dataset = json!({
        "directory": users.day(), "type": "DATA", "name": "xtal", "energy": 12.658, "exposure": 0.1, "frames": "1"
    });
    assert_eq!(alice.data("BM", &dataset).await.status, 200);
    let key = site.admin("data/1").await["url"].as_str().unwrap().to_owned();

    let mut darkness = Vec::new();
    for brightness in ["xl", "lt", "nm", "dk"] {
        let reply = site
            .get(&format!(
                "/download/files/frame/{key}/xtal_0001.cbf/{brightness}.png"
            ))
            .await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.header("content-type"), Some("image/png"));
        let (width, height, levels) = decoded(&reply.body);
        assert_eq!((width, height), (1024, 866));
        darkness.push(levels.iter().map(|level| 255 - u64::from(*level)).sum::<u64>());
        // The gap between two modules.
        let row = 200 * 866 / 1100;
        assert!(levels[row * 1024..(row + 1) * 1024]
            .iter()
            .all(|level| *level == 255));
    }
    assert!(darkness[0] > 0 && darkness.is_sorted_by(|lighter, darker| lighter < darker));
}

#[actix_web::test]
async fn a_picture_is_made_once_and_kept() {
    let users = Users::new();
    let file = users.write("a/x 1.cbf", cbf(SIZE, &diffraction(SIZE)));
    let mut site = users.site().await;
    let key = users.key(&site).await;
    let path = format!("/download/files/frame/{key}/a/x%201.cbf/nm.png");
    let first = site.get(&path).await;
    assert_eq!(first.status, 200);
    assert_eq!(made(&site).await, 1);
    let again = site.get(&format!("{path}/")).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    let head = Reply::of(site.http.head(format!("{}{path}", site.url()))).await;
    let length = first.body.len().to_string();
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some(length.as_str()))
    );
    assert!(head.body.is_empty());
    assert_eq!(made(&site).await, 1);
    assert!(metric(&site, "beamlive_pictures_kept_bytes").await > first.body.len() as u64);

    let tag = first.header("etag").unwrap().to_owned();
    let known = |tag: &str| {
        let request = site.http.get(format!("{}{path}", site.url()));
        Reply::of(request.header("If-None-Match", tag))
    };
    for had in [&tag, &format!("W/{tag}, \"x\""), "*"] {
        let unchanged = known(had).await;
        assert_eq!((unchanged.status, unchanged.body.len()), (304, 0), "{had}");
        assert_eq!(unchanged.header("etag"), Some(tag.as_str()));
    }
    assert_eq!(known("\"x\"").await.status, 200);

    site.restart().await;
    assert_eq!(site.get(&path).await.body, first.body);
    assert_eq!(made(&site).await, 0);
    // Another brightness has another picture.
    let dark = site.get(&path.replace("nm.png", "dk.png")).await;
    assert_ne!(dark.header("etag"), Some(tag.as_str()));
    assert_eq!(made(&site).await, 1);
    // Another state of the file has another picture too.
    std::fs::write(file, cbf((50, 40), &[3; 2000])).unwrap();
    let changed = site.get(&path).await;
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
    assert_eq!(decoded(&changed.body).0, 50);
    assert_eq!(made(&site).await, 2);
}

#[actix_web::test]
async fn one_picture_is_made_for_concurrent_requests() {
    let users = Users::new();
    users.write("x.cbf", cbf(SIZE, &diffraction(SIZE)));
    let site = users.site().await;
    let key = users.key(&site).await;
    let path = format!("/download/files/frame/{key}/x.cbf/nm.png");
    let replies = futures_util::future::join_all((0..32).map(|_| site.get(&path))).await;
    for reply in &replies {
        assert_eq!((reply.status, &reply.body), (200, &replies[0].body));
    }
    assert_eq!(made(&site).await, 1);
}

#[actix_web::test]
async fn too_many_pending_pictures_are_refused_temporarily() {
    let users = Users::new();
    let frame = cbf((700, 500), &diffraction((700, 500)));
    for number in 0..12 {
        users.write(&format!("{number}.cbf"), &frame);
    }
    let site = users.site_with(|settings| settings.proxy.pictures = 1).await;
    let key = users.key(&site).await;
    let path = |number| format!("/download/files/frame/{key}/{number}.cbf/nm.png");
    let (site, path) = (&site, &path);
    let asked = (0..12).map(|number| async move { site.get(&path(number)).await });
    let replies = futures_util::future::join_all(asked).await;
    let (served, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert!(!served.is_empty() && !refused.is_empty());
    for reply in refused {
        assert_eq!(reply.status, 503);
        assert_eq!(reply.json()["error"]["code"], "busy");
        assert!(reply.header("retry-after").is_some());
    }
    for number in 0..12 {
        assert_eq!(site.get(&path(number)).await.status, 200);
    }
}

#[actix_web::test]
async fn the_cache_stays_below_its_limit() {
    let users = Users::new();
    let frame = cbf(SIZE, &diffraction(SIZE));
    for number in 0..8 {
        users.write(&format!("{number}.cbf"), &frame);
    }
    let cache = tempfile::TempDir::new().unwrap();
    let place = cache.path().join("pictures");
    let site = users
        .site_with(|settings| {
            settings.proxy.cache_dir = Some(place.clone());
            settings.proxy.cache_bytes = 1_500_000;
        })
        .await;
    let key = users.key(&site).await;
    let mut total = 0;
    for number in 0..8 {
        let reply = site
            .get(&format!("/download/files/frame/{key}/{number}.cbf/nm.png"))
            .await;
        total += reply.body.len() as u64;
        assert!(metric(&site, "beamlive_pictures_kept_bytes").await <= 1_500_000);
    }
    assert!(total > 2_000_000, "{total}");
    let kept: u64 = std::fs::read_dir(&place)
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert_eq!(kept, metric(&site, "beamlive_pictures_kept_bytes").await);
    assert!(kept > 0);
}

#[actix_web::test]
async fn a_compressed_frame_is_decompressed() {
    let users = Users::new();
    let frame = cbf(SIZE, &diffraction(SIZE));
    users.write("plain.cbf", &frame);
    users.write("packed.cbf.gz", packed(&frame));
    users.write("broken.cbf.gz", &packed(&frame)[..1000]);
    // A sparse file of 200 MB.
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..200 {
        bomb.write_all(&vec![0; 1_000_000]).unwrap();
    }
    users.write("bomb.cbf.gz", bomb.finish().unwrap());
    let site = users.site().await;
    let key = users.key(&site).await;
    let get = |path: &'static str| {
        let path = format!("/download/files/frame/{key}/{path}/nm.png");
        let site = &site;
        async move { site.get(&path).await }
    };
    let expected = get("plain.cbf").await;
    assert_eq!(get("packed.cbf.gz").await.body, expected.body);
    assert_eq!(get("packed.cbf").await.body, expected.body);
    let broken = get("broken.cbf").await;
    assert_eq!(
        (broken.status, &broken.json()["error"]["code"]),
        (422, &json!("damaged_file"))
    );
    let bomb = get("bomb.cbf").await;
    assert_eq!(
        (bomb.status, &bomb.json()["error"]["code"]),
        (422, &json!("oversized_file"))
    );
}

#[rstest]
#[case::no_such_brightness("x.cbf/zz.png", 404, "not_found", "no such file")]
#[case::no_picture("x.cbf/nm.gif", 404, "not_found", "")]
#[case::no_brightness("x.cbf", 404, "not_found", "")]
#[case::no_file("y.cbf/nm.png", 404, "not_found", "no such file")]
#[case::directory("process/nm.png", 404, "not_found", "no such file")]
#[case::out("../../bob/secret.txt/nm.png", 404, "not_found", "")]
#[case::out_encoded("..%2F..%2Fbob%2Fsecret.txt/nm.png", 404, "not_found", "no such file")]
#[case::hdf5("data.h5/nm.png", 415, "unsupported_file", "HDF5")]
#[case::text("notes.txt/nm.png", 415, "unsupported_file", "neither")]
#[case::empty("empty.cbf/nm.png", 422, "damaged_file", "empty")]
#[case::cut("cut.cbf/nm.png", 422, "damaged_file", "ends after")]
#[case::huge("huge.cbf/nm.png", 422, "oversized_file", "16384")]
#[case::long("sparse.cbf/nm.png", 422, "oversized_file", "134217728")]
#[actix_web::test]
async fn files_without_a_picture_are_clear_errors(
    #[case] path: &str,
    #[case] status: u16,
    #[case] code: &str,
    #[case] says: &str,
) {
    let users = Users::new();
    let frame = cbf((100, 90), &diffraction((100, 90)));
    users.write("x.cbf", &frame);
    users.write("cut.cbf", &frame[..5000]);
    users.write("empty.cbf", "");
    users.write("data.h5", b"\x89HDF\r\n\x1a\n and so on");
    users.write("notes.txt", "no frame");
    let huge = String::from_utf8_lossy(&frame[..1200]).replace("Dimension: 100", "Dimension: 100000");
    users.write("huge.cbf", [huge.as_bytes(), &[0x0c, 0x1a, 0x04, 0xd5]].concat());
    let sparse = users.write("sparse.cbf", &frame);
    std::fs::OpenOptions::new()
        .write(true)
        .open(sparse)
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    let site = users.site().await;
    let key = users.key(&site).await;
    let url = format!("/download/files/frame/{key}/{path}");
    let reply = site.get(&url).await;
    assert_eq!(reply.status, status, "{}", reply.text());
    let error = &reply.json()["error"];
    assert_eq!(error["code"], code);
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(says), "{message}");
    assert!(!message.contains(users.root().to_str().unwrap()));
    let head = Reply::of(site.http.head(format!("{}{url}", site.url()))).await;
    assert_eq!(head.status, status);
}
