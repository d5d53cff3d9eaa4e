//! `GET /download/files/snapshot/…`.

use super::animation::{frames, snapshot};
use crate::support::users::Users;
use crate::support::Reply;
use png::ColorType;
use serde_json::json;

fn png(grey: u8) -> Vec<u8> {
    snapshot((40, 30), ColorType::Grayscale, &[grey])
}

#[actix_web::test]
async fn a_snapshot_is_sent_unchanged() {
    let users = Users::new();
    users.write("shots/a.webp", "webp of a");
    users.write("shots/a.png", "png of a");
    users.write("shots/b.gif", "gif of b");
    users.write("shots/only_90.png", "png of only");
    users.write("shots/notes.txt", "no snapshot");
    users.write("shots/lys-1.png", "png of another dataset");
    users.write("shots/lys-2-pic_12.0.png", "one angle of another dataset");
    let site = users.site().await;
    let key = users.key(&site).await;
    let get = |path: &str| {
        let path = format!("/download/files/snapshot/{key}/shots/{path}");
        let site = &site;
        async move { site.get(&path).await }
    };
    for (path, body, kind) in [
        ("a.png", "png of a", "image/png"),
        ("a.gif", "webp of a", "image/webp"),
        ("a", "webp of a", "image/webp"),
        ("a/", "webp of a", "image/webp"),
        ("b.png", "gif of b", "image/gif"),
        ("only.gif", "png of only", "image/png"),
        ("only", "png of only", "image/png"),
        ("lys-1.png", "png of another dataset", "image/png"),
        ("lys-2-pic.gif", "one angle of another dataset", "image/png"),
    ] {
        let reply = get(path).await;
        assert_eq!((reply.status, reply.text().as_str()), (200, body), "{path}");
        assert_eq!(reply.header("content-type"), Some(kind), "{path}");
        assert!(reply.header("etag").is_some());
    }
    // Other files are not sent, nor files in other directories.
    for path in [
        "notes.txt",
        "c.png",
        "c",
        // These are snapshots of the datasets lys-1 and lys-2.
        "lys.png",
        "lys",
        "lys-2.png",
        "../../secret.txt",
        "..%2f..%2fsecret.txt",
        "%2e%2e/a",
    ] {
        assert_eq!(get(path).await.status, 404, "{path}");
    }
    let range = site
        .http
        .get(format!(
            "{}/download/files/snapshot/{key}/shots/a.png",
            site.url()
        ))
        .header("Range", "bytes=0-2");
    let part = Reply::of(range).await;
    assert_eq!((part.status, part.text().as_str()), (206, "png"));
}

#[actix_web::test]
async fn several_snapshots_are_animated_in_the_order_of_their_angles() {
    let users = Users::new();
    for (name, grey) in [
        ("x_90.png", 90),
        ("x_0.png", 10),
        ("x_-45.png", 45),
        ("x_180.png", 180),
    ] {
        users.write(&format!("shots/{name}"), png(grey));
    }
    users.write("shots/x2_0.png", png(1));
    let mut site = users.site().await;
    let key = users.key(&site).await;
    let path = format!("/download/files/snapshot/{key}/shots/x.gif");
    let first = site.get(&path).await;
    assert_eq!(first.status, 200, "{}", first.text());
    assert_eq!(first.header("content-type"), Some("image/gif"));
    let expected: Vec<_> = [45, 10, 90, 180].map(|grey| (200, [grey; 3])).to_vec();
    assert_eq!(frames(&first.body), (40, 30, expected));

    let tag = first.header("etag").unwrap().to_owned();
    let known = site.http.get(format!("{}{path}", site.url()));
    assert_eq!(Reply::of(known.header("If-None-Match", &tag)).await.status, 304);
    site.restart().await;
    assert_eq!(site.get(&path.replace("x.gif", "x")).await.body, first.body);
    let metrics = site.get("/metrics").await.text();
    assert!(metrics.contains("beamlive_pictures_made_total 0"));

    // With one more snapshot, it is another animation.
    users.write("shots/x_270.png", png(200));
    let longer = site.get(&path).await;
    assert_eq!(frames(&longer.body).2.len(), 5);
    assert_ne!(longer.header("etag"), Some(tag.as_str()));
}

#[actix_web::test]
async fn a_series_that_is_damaged_or_too_long_is_a_clear_error() {
    let users = Users::new();
    users.write("bad_0.png", png(1));
    users.write("bad_1.png", "no png");
    for number in 0..65 {
        users.write(&format!("long_{number}.png"), png(1));
    }
    users.write("large_0.png", png(1));
    let large = users.write("large_1.png", png(1));
    std::fs::File::options()
        .write(true)
        .open(large)
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    let site = users.site().await;
    let key = users.key(&site).await;
    for (name, code) in [
        ("bad", "damaged_file"),
        ("long", "oversized_file"),
        ("large", "oversized_file"),
    ] {
        let reply = site
            .get(&format!("/download/files/snapshot/{key}/{name}.gif"))
            .await;
        assert_eq!(
            (reply.status, &reply.json()["error"]["code"]),
            (422, &json!(code)),
            "{name}"
        );
    }
}
