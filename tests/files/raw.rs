//! `files/raw/{key}/{path}`: ranges, preconditions, names and content types.

use crate::support::users::Users;
use crate::support::{Reply, Site};
use reqwest::Method;
use std::io::Write;

/// A file of several pieces, whose bytes depend on their offset.
fn large(length: usize) -> Vec<u8> {
    (0..length)
        .map(|index| u8::try_from((index / 251 + index % 251) % 256).unwrap())
        .collect()
}

async fn get(site: &Site, path: &str, headers: &[(&str, &str)]) -> Reply {
    request(site, Method::GET, path, headers).await
}

async fn request(site: &Site, method: Method, path: &str, headers: &[(&str, &str)]) -> Reply {
    let request = site.request(method, path);
    Reply::of(
        headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value)),
    )
    .await
}

#[actix_web::test]
async fn a_file_is_sent_with_its_name_and_content_type() {
    let users = Users::new();
    let contents = large(3_000_001);
    users.write("big.img", &contents);
    users.write("empty.dat", "");
    users.write("page.html", "<script>alert(1)</script>");
    users.write("snapshot.png", "png");
    let site = users.site().await;
    let key = users.key(&site).await;
    let url = |path: &str| format!("/download/files/raw/{key}/{path}");
    let reply = get(&site, &url("big.img"), &[]).await;
    assert_eq!(reply.status, 200);
    assert!(reply.body == contents, "{} bytes", reply.body.len());
    assert_eq!(reply.header("content-length"), Some("3000001"));
    assert_eq!(reply.header("accept-ranges"), Some("bytes"));
    for (path, kind, name) in [
        (
            "image_0001.cbf",
            "application/octet-stream",
            "attachment; filename=\"image_0001.cbf\"",
        ),
        (
            "process/CORRECT.LP",
            "text/plain; charset=utf-8",
            "inline; filename=\"CORRECT.LP\"",
        ),
        (
            "process/CORRECT.LP/",
            "text/plain; charset=utf-8",
            "inline; filename=\"CORRECT.LP\"",
        ),
        ("snapshot.png", "image/png", "inline; filename=\"snapshot.png\""),
        (
            "page.html",
            "text/html; charset=utf-8",
            "attachment; filename=\"page.html\"",
        ),
        (
            "empty.dat",
            "application/octet-stream",
            "attachment; filename=\"empty.dat\"",
        ),
        (
            "a%20b%20%C3%A9.txt",
            "text/plain; charset=utf-8",
            "inline; filename=\"a b _.txt\"; filename*=UTF-8''a%20b%20%C3%A9.txt",
        ),
    ] {
        let reply = get(&site, &url(path), &[]).await;
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(reply.header("content-type"), Some(kind), "{path}");
        assert_eq!(reply.header("content-disposition"), Some(name), "{path}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert!(
            reply
                .header("content-security-policy")
                .unwrap()
                .contains("sandbox"),
            "{path}"
        );
        let head = request(&site, Method::HEAD, &url(path), &[]).await;
        assert_eq!(head.status, 200, "{path}");
        assert!(head.body.is_empty(), "{path}");
        for header in [
            "content-length",
            "content-type",
            "etag",
            "last-modified",
            "content-disposition",
        ] {
            assert_eq!(head.header(header), reply.header(header), "{path}: {header}");
            assert!(reply.header(header).is_some(), "{path}: {header}");
        }
    }
}

#[actix_web::test]
async fn ranges_are_answered_to_the_byte() {
    let users = Users::new();
    let contents = large(1_500_000);
    users.write("big.img", &contents);
    users.write("empty.dat", "");
    let site = users.site().await;
    let url = format!("/download/files/raw/{}/big.img", users.key(&site).await);
    for (range, expected) in [
        ("bytes=0-0", 0..1),
        ("bytes=0-999999", 0..1_000_000),
        ("bytes=262143-262144", 262_143..262_145),
        ("bytes=1499999-", 1_499_999..1_500_000),
        ("bytes=700000-9999999999", 700_000..1_500_000),
        ("bytes=-1", 1_499_999..1_500_000),
        ("bytes=-2000000", 0..1_500_000),
    ] {
        let reply = get(&site, &url, &[("range", range)]).await;
        assert_eq!(reply.status, 206, "{range}");
        let said = format!("bytes {}-{}/1500000", expected.start, expected.end - 1);
        assert_eq!(reply.header("content-range"), Some(said.as_str()), "{range}");
        assert_eq!(
            reply.header("content-length"),
            Some(expected.len().to_string().as_str()),
            "{range}"
        );
        assert!(reply.body == contents[expected], "{range}");
    }
    for range in ["bytes=1500000-", "bytes=1500000-1500001", "bytes=-0"] {
        let reply = get(&site, &url, &[("range", range)]).await;
        assert_eq!(reply.status, 416, "{range}");
        assert_eq!(reply.header("content-range"), Some("bytes */1500000"), "{range}");
        assert_eq!(reply.json()["error"]["code"], "no_such_range", "{range}");
    }
    for range in [
        "bytes=0-0,5-9",
        "bytes=9-5",
        "bytes=a-b",
        "lines=1-2",
        "bytes",
        "",
        "bytes=99999999999999999999-",
    ] {
        let reply = get(&site, &url, &[("range", range)]).await;
        assert_eq!(reply.status, 200, "{range}");
        assert_eq!(reply.body.len(), contents.len(), "{range}");
    }
    let head = request(&site, Method::HEAD, &url, &[("range", "bytes=0-0")]).await;
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("1500000"))
    );
    let empty = url.replace("big.img", "empty.dat");
    assert_eq!(get(&site, &empty, &[("range", "bytes=0-")]).await.status, 416);
    assert_eq!(get(&site, &empty, &[]).await.body, b"");
}

#[actix_web::test]
async fn an_unchanged_file_is_not_sent_again() {
    let users = Users::new();
    let path = users.write("log.txt", "first");
    let site = users.site().await;
    let url = format!("/download/files/raw/{}/log.txt", users.key(&site).await);
    let first = get(&site, &url, &[]).await;
    let etag = first.header("etag").unwrap();
    let modified = first.header("last-modified").unwrap();
    let listed = format!("\"x\", W/{etag}");
    let old = "Mon, 01 Jan 2001 00:00:00 GMT";
    for (headers, status) in [
        (vec![("if-none-match", etag)], 304),
        (vec![("if-none-match", "*")], 304),
        (vec![("if-none-match", listed.as_str())], 304),
        (vec![("if-none-match", "\"x\"")], 200),
        (
            vec![("if-none-match", "\"x\""), ("if-modified-since", modified)],
            200,
        ),
        (vec![("if-modified-since", modified)], 304),
        (vec![("if-modified-since", old)], 200),
        (vec![("if-modified-since", "yesterday")], 200),
        (vec![("range", "bytes=1-2"), ("if-range", etag)], 206),
        // It was written within the last second, so its date is a weak validator.
        (vec![("range", "bytes=1-2"), ("if-range", modified)], 200),
        (vec![("range", "bytes=1-2"), ("if-range", "\"x\"")], 200),
        (vec![("range", "bytes=1-2"), ("if-range", old)], 200),
        (vec![("range", "bytes=1-2"), ("if-none-match", etag)], 304),
    ] {
        let reply = get(&site, &url, &headers).await;
        assert_eq!(reply.status, status, "{headers:?}");
        if status == 304 {
            assert!(reply.body.is_empty());
            assert_eq!(reply.header("etag"), Some(etag));
        }
    }
    std::fs::write(&path, "other").unwrap();
    let reply = get(&site, &url, &[("if-none-match", etag)]).await;
    assert_eq!((reply.status, reply.text().as_str()), (200, "other"));
}

#[actix_web::test]
async fn a_compressed_file_is_decompressed_if_there_is_no_other() {
    let users = Users::new();
    let contents = large(700_000);
    let packed = |contents: &[u8]| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(contents).unwrap();
        packer.finish().unwrap()
    };
    users.write("only.cbf.gz", packed(&contents));
    users.write("both.txt", "plain");
    users.write("both.txt.gz", packed(b"packed"));
    users.write("twice.txt.gz", [packed(b"one "), packed(b"two")].concat());
    let mut torn = packed(&contents);
    torn.truncate(torn.len() / 2);
    users.write("torn.cbf.gz", torn);
    let site = users.site().await;
    let key = users.key(&site).await;
    let url = |path: &str| format!("/download/files/raw/{key}/{path}");
    let reply = get(&site, &url("only.cbf"), &[("range", "bytes=0-9")]).await;
    assert_eq!(reply.status, 200);
    assert!(reply.body == contents);
    assert_eq!(
        reply.header("content-disposition"),
        Some("attachment; filename=\"only.cbf\"")
    );
    assert_eq!(reply.header("content-encoding"), None);
    assert_eq!(get(&site, &url("both.txt"), &[]).await.text(), "plain");
    assert_eq!(get(&site, &url("twice.txt"), &[]).await.text(), "one two");
    assert_eq!(
        get(&site, &url("only.cbf.gz"), &[]).await.header("content-type"),
        Some("application/gzip")
    );
    let head = request(&site, Method::HEAD, &url("only.cbf"), &[]).await;
    assert_eq!((head.status, head.header("content-length")), (200, None));
    let torn = site.request(Method::GET, &url("torn.cbf")).send().await.unwrap();
    assert_eq!(torn.status(), 200);
    assert!(
        torn.bytes().await.is_err(),
        "a truncated file was sent as a whole one"
    );
}

#[actix_web::test]
async fn a_front_end_can_send_the_file() {
    let users = Users::new();
    users.write("100% é.txt", "x");
    for (delegate, header, prefix) in [
        (
            beamlive::config::Delegate::XAccelRedirect,
            "x-accel-redirect",
            "/inner",
        ),
        (beamlive::config::Delegate::XSendfile, "x-sendfile", ""),
    ] {
        let site = users
            .site_with(|settings| {
                settings.proxy.delegate = Some(delegate);
                settings.proxy.delegate_prefix = "/inner/".to_owned();
            })
            .await;
        let key = users.key(&site).await;
        let reply = get(
            &site,
            &format!("/download/files/raw/{key}/100%25%20%C3%A9.txt"),
            &[],
        )
        .await;
        let expected = format!("{prefix}{}/100%25%20%C3%A9.txt", users.day().display());
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header(header), Some(expected.as_str()));
        assert_eq!(reply.body, b"");
        assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
        let missing = get(&site, &format!("/download/files/raw/{key}/missing"), &[]).await;
        assert_eq!((missing.status, missing.header(header)), (404, None));
    }
}
