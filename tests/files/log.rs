//! The access log.

use crate::support::process::{beamlive, Served};
use crate::support::users::{Users, SECRET};
use crate::support::{eventually, Reply};
use serde_json::Value;

fn accesses(log: &str) -> Vec<Value> {
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines
        .filter(|line| line["fields"]["message"] == "file access")
        .collect()
}

#[actix_web::test]
async fn every_access_is_logged_once_without_its_whole_key() {
    beamlive::proxy::install_crypto();
    let users = Users::new();
    users.write("large.cbf", vec![7; 64 << 20]);
    let root = users.root();
    let mut served = Served::start({
        let mut command = beamlive(users.outside().as_path(), &["serve", "--listen", "127.0.0.1:0"]);
        command.args([
            "--users-root",
            root.to_str().unwrap(),
            "--trusted-proxy",
            "127.0.0.1",
        ]);
        command
            .env("BEAMLIVE_LOG__FORMAT", "json")
            .env("BEAMLIVE_LOG__FILTER", "debug");
        command.env("BEAMLIVE_PROXY__SECRET", "sesame");
        command
    });
    let http = reqwest::Client::new();
    let create = http
        .post(format!("{}/download/data/create/", served.url))
        .header("X-Beamlive-Secret", "sesame")
        .form(&[("path", users.day().to_str().unwrap())]);
    let key = Reply::of(create).await.json()["key"].as_str().unwrap().to_owned();
    let url = |path: &str| format!("{}/download/files/{}", served.url, path.replace("{key}", &key));
    let get = |path: &str| http.get(url(path)).header("x-forwarded-for", "10.1.2.3");
    let archive = Reply::of(get("archive/{key}/day.tar.gz")).await.body.len();
    Reply::of(get("raw/{key}/image_0001.cbf")).await;
    Reply::of(
        http.head(url("raw/{key}/image_0002.cbf"))
            .header("x-forwarded-for", "10.1.2.3"),
    )
    .await;
    Reply::of(get("raw/{key}/missing%0aline")).await;
    Reply::of(get("raw/{key}/image_0001.cbf").header("range", "bytes=1-1")).await;
    let cut_off = get("raw/{key}/large.cbf").send().await.unwrap();
    drop(cut_off);
    let metrics = || async {
        let text = Reply::of(http.get(format!("{}/metrics", served.url)))
            .await
            .text();
        text.contains("beamlive_file_bytes_total{route=\"raw\"}")
            .then_some(text)
    };
    let text = eventually("the bytes are counted", metrics).await;
    assert!(
        text.contains(&format!(
            "beamlive_file_bytes_total{{route=\"archive\"}} {archive}"
        )),
        "{text}"
    );
    let log = served.stop("TERM").stderr;
    assert!(!log.contains(&key), "a whole key is in the log");
    assert!(!log.contains("sesame") && !log.contains(SECRET));
    let logged: Vec<_> = accesses(&log)
        .iter()
        .map(|line| {
            let fields = &line["fields"];
            assert_eq!(fields["address"], "10.1.2.3");
            assert_eq!(fields["key"].as_str().unwrap(), &key[..8]);
            let field = |name: &str| fields[name].as_str().unwrap().to_owned();
            (
                field("route"),
                field("path"),
                fields["status"].as_u64().unwrap(),
                fields["bytes"].as_u64().unwrap(),
                fields["whole"].as_bool().unwrap(),
            )
        })
        .collect();
    let row = |route: &str, path: &str, status, bytes, whole| {
        (route.to_owned(), path.to_owned(), status, bytes, whole)
    };
    let (last, others) = logged.split_last().unwrap();
    assert_eq!(
        others,
        [
            row("archive", "day.tar.gz", 200, archive as u64, true),
            row("raw", "image_0001.cbf", 200, 3, true),
            row("raw", "image_0002.cbf", 200, 0, true),
            row("raw", "missing%0aline", 404, 0, true),
            row("raw", "image_0001.cbf", 206, 1, true),
        ]
    );
    assert_eq!((last.1.as_str(), last.2, last.4), ("large.cbf", 200, false));
    assert!(last.3 < 64 << 20, "{last:?}");
}
