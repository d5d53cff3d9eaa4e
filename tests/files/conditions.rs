//! Preconditions of raw files, and dates outside the range of HTTP.

use crate::support::users::Users;
use crate::support::{Reply, Site};
use reqwest::Method;
use rstest::rstest;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// 2026-11-20 08:00:00 UTC, which is before the time of the tests, and the same as an HTTP date.
const WRITTEN: u64 = 1_795_161_600;
const DATE: &str = "Fri, 20 Nov 2026 08:00:00 GMT";
const EARLIER: &str = "Fri, 20 Nov 2026 07:59:59 GMT";
const LATER: &str = "Fri, 20 Nov 2026 08:00:01 GMT";

fn set_modified(path: &Path, time: SystemTime) {
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(time).unwrap();
}

async fn ask(site: &Site, method: Method, url: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = site.request(method, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Reply::of(request).await
}

/// A file modified at this time, and its URL.
async fn written(users: &Users, name: &str, seconds: u64) -> (Site, String) {
    let path = users.write(name, "0123456789");
    set_modified(&path, SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    let site = users.site().await;
    let url = format!("/download/files/raw/{}/{name}", users.key(&site).await);
    (site, url)
}

async fn etag_of(site: &Site, url: &str) -> String {
    let reply = ask(site, Method::GET, url, &[]).await;
    reply.header("etag").unwrap().to_owned()
}

#[actix_web::test]
async fn preconditions_are_evaluated_in_the_order_of_the_standard() {
    let users = Users::new();
    let (site, url) = written(&users, "log.txt", WRITTEN).await;
    let etag = etag_of(&site, &url).await;
    let (weak, listed) = (format!("W/{etag}"), format!("\"x\", {etag}"));
    let range = ("range", "bytes=1-2");
    for (headers, status) in [
        (vec![("if-match", etag.as_str())], 200),
        (vec![("if-match", "*")], 200),
        (vec![("if-match", listed.as_str())], 200),
        (vec![("if-match", "\"x\"")], 412),
        (vec![("if-match", weak.as_str())], 412),
        (vec![("if-match", "x")], 412),
        (vec![("if-unmodified-since", DATE)], 200),
        (vec![("if-unmodified-since", LATER)], 200),
        (vec![("if-unmodified-since", EARLIER)], 412),
        (vec![("if-unmodified-since", "yesterday")], 200),
        // The tag has precedence over the date.
        (
            vec![("if-match", etag.as_str()), ("if-unmodified-since", EARLIER)],
            200,
        ),
        (vec![("if-match", "\"x\""), ("if-unmodified-since", LATER)], 412),
        // 412 has precedence over 304.
        (vec![("if-match", "\"x\""), ("if-none-match", etag.as_str())], 412),
        (
            vec![("if-match", etag.as_str()), ("if-none-match", etag.as_str())],
            304,
        ),
        (
            vec![("if-unmodified-since", EARLIER), ("if-modified-since", LATER)],
            412,
        ),
        (vec![range, ("if-match", etag.as_str())], 206),
        (vec![range, ("if-match", "\"x\"")], 412),
        (vec![range, ("if-unmodified-since", DATE)], 206),
        (vec![range, ("if-unmodified-since", EARLIER)], 412),
        (vec![range, ("if-range", etag.as_str())], 206),
        (vec![range, ("if-range", weak.as_str())], 200),
        (vec![range, ("if-range", DATE)], 206),
        (vec![range, ("if-range", LATER)], 200),
        (vec![range, ("if-range", EARLIER)], 200),
        (vec![range, ("if-range", "x")], 200),
    ] {
        let reply = ask(&site, Method::GET, &url, &headers).await;
        assert_eq!(reply.status, status, "{headers:?}");
        if status == 412 {
            assert_eq!(reply.json()["error"]["code"], "precondition_failed");
            assert_eq!(
                ask(&site, Method::HEAD, &url, &headers).await.status,
                412,
                "{headers:?}"
            );
        }
    }
}

#[actix_web::test]
async fn a_resumed_download_does_not_combine_two_states() {
    let users = Users::new();
    let (site, url) = written(&users, "log.txt", WRITTEN).await;
    let etag = etag_of(&site, &url).await;
    users.write("log.txt", "abcdefghij");
    let range = ("range", "bytes=5-");
    for (header, value, status) in [
        ("if-range", etag.as_str(), 200),
        ("if-range", DATE, 200),
        ("if-match", etag.as_str(), 412),
        ("if-unmodified-since", DATE, 412),
    ] {
        let reply = ask(&site, Method::GET, &url, &[range, (header, value)]).await;
        assert_eq!(reply.status, status, "{header}");
        assert!(status == 412 || reply.text() == "abcdefghij", "{header}");
    }
}

#[actix_web::test]
async fn a_date_within_the_last_second_is_a_weak_validator() {
    let users = Users::new();
    let morning = u64::try_from(crate::support::MORNING).unwrap();
    let (site, url) = written(&users, "log.txt", morning).await;
    let modified = ask(&site, Method::GET, &url, &[])
        .await
        .header("last-modified")
        .unwrap()
        .to_owned();
    let headers = [("range", "bytes=5-"), ("if-range", modified.as_str())];
    assert_eq!(ask(&site, Method::GET, &url, &headers).await.status, 200);
    site.clock.advance(chrono::TimeDelta::seconds(1));
    assert_eq!(ask(&site, Method::GET, &url, &headers).await.status, 206);
}

#[actix_web::test]
async fn a_decompressed_file_has_preconditions_on_its_date() {
    use std::io::Write;
    let users = Users::new();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"packed").unwrap();
    let path = users.write("frame.cbf.gz", packed.finish().unwrap());
    set_modified(&path, SystemTime::UNIX_EPOCH + Duration::from_secs(WRITTEN));
    let site = users.site().await;
    let url = format!("/download/files/raw/{}/frame.cbf", users.key(&site).await);
    for (header, value, status) in [
        ("if-unmodified-since", EARLIER, 412),
        ("if-unmodified-since", DATE, 200),
        ("if-modified-since", DATE, 304),
        ("if-modified-since", EARLIER, 200),
        ("if-match", "*", 200),
        ("if-match", "\"x\"", 412),
        ("if-none-match", "\"x\"", 200),
    ] {
        let reply = ask(&site, Method::GET, &url, &[(header, value)]).await;
        assert_eq!(reply.status, status, "{header}: {value}");
    }
}

/// Not every file system supports such a date; unit tests cover the rules.
#[rstest]
#[case::year_10000(253_402_300_800)]
#[case::year_12000(316_516_550_400)]
#[case::far(9_000_000_000_000)]
#[actix_web::test]
async fn a_file_after_the_year_9999_is_sent_without_its_date(#[case] seconds: u64) {
    let users = Users::new();
    let (site, url) = written(&users, "log.txt", seconds).await;
    let kept = users
        .day()
        .join("log.txt")
        .metadata()
        .unwrap()
        .modified()
        .unwrap();
    let kept = kept.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    for headers in [
        vec![],
        vec![("if-modified-since", DATE)],
        vec![("range", "bytes=0-1"), ("if-range", DATE)],
    ] {
        let reply = ask(&site, Method::GET, &url, &headers).await;
        assert_eq!(reply.status, 200, "{headers:?}");
        assert_eq!(reply.text(), "0123456789");
        assert_eq!(reply.header("last-modified").is_none(), kept == seconds);
    }
    let archive = url.replace("/raw/", "/archive/").replace("log.txt", "day.tar");
    assert_eq!(site.get(&archive).await.status, 200);
}

#[actix_web::test]
async fn a_file_from_before_1970_is_sent_without_its_date() {
    let users = Users::new();
    let path = users.write("log.txt", "old");
    set_modified(&path, SystemTime::UNIX_EPOCH - Duration::from_secs(86_400));
    let site = users.site().await;
    let key = users.key(&site).await;
    let reply = site.get(&format!("/download/files/raw/{key}/log.txt")).await;
    assert_eq!((reply.status, reply.header("last-modified")), (200, None));
    assert_eq!(
        site.get(&format!("/download/files/archive/{key}/day.tar"))
            .await
            .status,
        200
    );
}
