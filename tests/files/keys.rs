//! Keys: from the upload to the file, expiry, alternates, and services without files.

use crate::support::users::{key_of, Users};
use crate::support::{FakeProxy, Mood};
use serde_json::json;

#[actix_web::test]
async fn a_dataset_is_uploaded_and_its_files_are_fetched_by_its_key() {
    let users = Users::new();
    let mut site = users.site().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day-1").await;
    let dataset = json!({"name": "image", "type": "DATA", "directory": "alice/day-1", "energy": 12.658,
        "start_time": "2026-11-23T14:00:00Z", "frames": "1-2"});
    assert_eq!(alice.data("BM", &dataset).await.status, 200);
    let absolute = json!({"name": "image", "type": "DATA", "directory": users.day(), "energy": 12.658,
        "start_time": "2026-11-23T14:00:00Z"});
    assert_eq!(alice.data("BM", &absolute).await.status, 200);
    for restarted in [false, true] {
        if restarted {
            site.restart().await;
        }
        for (record, path, text) in [
            ("data/1", "image_0001.cbf", "one"),
            ("data/2", "process/CORRECT.LP", "merged"),
            ("sessions/1", "image_0002.cbf", "two"),
        ] {
            let key = site.admin(record).await["url"].as_str().unwrap().to_owned();
            let reply = site.get(&format!("/download/files/raw/{key}/{path}")).await;
            assert_eq!((reply.status, reply.text().as_str()), (200, text), "{record}");
            let archive = site
                .get(&format!("/download/files/archive/{key}/day.tar.gz"))
                .await;
            assert_eq!(archive.status, 200, "{record}");
            assert!(archive.body.starts_with(&[0x1f, 0x8b]), "{record}");
        }
    }
}

#[actix_web::test]
async fn the_key_of_a_directory_outside_the_roots_gives_no_access() {
    let users = Users::new();
    let site = users.site().await;
    let alice = site.client("alice").await;
    for directory in [
        users.outside().to_str().unwrap(),
        "/etc",
        "alice/../../outside",
        "/",
        ".",
        "..",
    ] {
        let dataset = json!({"name": "x", "type": "DATA", "directory": directory, "energy": 12.658,
            "start_time": "2026-11-23T14:00:00Z"});
        let id = alice.data("BM", &dataset).await.json()["id"].clone();
        let key = site.admin(&format!("data/{id}")).await["url"]
            .as_str()
            .unwrap()
            .to_owned();
        for path in [
            "raw/{key}/secret.txt",
            "raw/{key}/passwd",
            "raw/{key}/outside/secret.txt",
            "archive/{key}/a.tar.gz",
        ] {
            let reply = site
                .get(&format!("/download/files/{}", path.replace("{key}", &key)))
                .await;
            assert_eq!(reply.status, 404, "{directory:?} {path}");
        }
    }
}

#[actix_web::test]
async fn an_expired_key_gives_no_access_and_a_new_upload_gets_a_new_one() {
    let users = Users::new();
    let mut site = users
        .site_with(|settings| settings.proxy.key_lifetime_days = Some(30))
        .await;
    let alice = site.client("alice").await;
    let dataset = json!({"name": "x", "type": "DATA", "directory": users.day(), "energy": 12.658,
        "start_time": "2026-11-23T14:00:00Z"});
    alice.data("BM", &dataset).await;
    let uploaded = site.admin("data/1").await["url"].as_str().unwrap().to_owned();
    let asked_for = users.key(&site).await;
    let url = |key: &str| format!("/download/files/raw/{key}/image_0001.cbf");
    for key in [&uploaded, &asked_for] {
        assert_eq!(site.get(&url(key)).await.status, 200);
    }
    site.clock.advance(chrono::TimeDelta::days(31));
    for key in [&uploaded, &asked_for] {
        assert_eq!(site.get(&url(key)).await.status, 404);
    }
    // Expired keys are removed at start.
    site.restart().await;
    let renewed = users.key(&site).await;
    assert_ne!(renewed, asked_for);
    let alice = alice.at(&site);
    alice.data("BM", &dataset).await;
    let uploaded_again = site.admin("data/2").await["url"].as_str().unwrap().to_owned();
    assert_ne!(uploaded_again, uploaded);
    let mut same = dataset.clone();
    same["id"] = json!(1);
    alice.data("BM", &same).await;
    let updated = site.admin("data/1").await["url"].as_str().unwrap().to_owned();
    assert_ne!(updated, uploaded, "an update of a record renews its key");
    alice.data("BM", &same).await;
    assert_eq!(
        site.admin("data/1").await["url"],
        updated.as_str(),
        "a valid key is kept"
    );
    for key in [&renewed, &uploaded_again, &updated] {
        assert_eq!(site.get(&url(key)).await.status, 200);
    }
}

#[actix_web::test]
async fn moved_directories_are_found_in_their_alternates() {
    let users = Users::new();
    let archive = users.outside().join("archive");
    std::fs::create_dir_all(archive.join("alice")).unwrap();
    let (from, to) = (users.root(), archive.clone());
    let site = users
        .site_with(|settings| {
            settings.proxy.alternates = vec![beamlive::proxy::alternates::Alternate {
                from: from.to_str().unwrap().to_owned(),
                to: to.to_str().unwrap().to_owned(),
            }];
        })
        .await;
    let key = users.key(&site).await;
    let url = format!("/download/files/raw/{key}/image_0001.cbf");
    assert_eq!(site.get(&url).await.text(), "one");
    std::fs::rename(users.day(), archive.join("alice/day-1")).unwrap();
    assert_eq!(site.get(&url).await.text(), "one");
    let packed = site.get(&format!("/download/files/archive/{key}/x.tar")).await;
    assert_eq!(packed.status, 200);
    // The new directory itself may be served too.
    let there = key_of(&site, &archive.join("alice/day-1")).await;
    assert_eq!(
        site.get(&format!("/download/files/raw/{there}/image_0002.cbf"))
            .await
            .text(),
        "two"
    );
    std::fs::remove_dir_all(archive.join("alice")).unwrap();
    assert_eq!(site.get(&url).await.status, 404);
}

#[actix_web::test]
async fn no_files_are_served_with_an_external_data_proxy_or_when_off() {
    let users = Users::new();
    let external = FakeProxy::start(Mood::Good).await;
    let url = external.url();
    let mut site = users.site().await;
    let key = users.key(&site).await;
    let paths = [
        format!("/download/files/raw/{key}/image_0001.cbf"),
        format!("/download/files/archive/{key}/day.tar.gz"),
        format!("/download/files/multi/{key}/day.tar.gz?frame=image_0001"),
    ];
    for path in &paths {
        assert_eq!(site.get(path).await.status, 200, "{path}");
    }
    site.restart_with(|settings| settings.proxy.mounted = false).await;
    for path in &paths {
        let reply = site.get(path).await;
        assert_eq!(reply.status, 404, "{path}");
        assert!(reply.text().contains("not served here"), "{}", reply.text());
    }
    site.restart_with(|settings| {
        settings.proxy.mounted = true;
        settings.proxy_url = Some(url);
    })
    .await;
    for path in &paths {
        assert_eq!(site.get(path).await.status, 404, "{path}");
    }
}

#[actix_web::test]
async fn a_directory_that_becomes_a_link_to_elsewhere_is_not_followed() {
    let users = Users::new();
    let site = users.site().await;
    let key = users.key(&site).await;
    std::fs::rename(users.day(), users.root().join("alice/aside")).unwrap();
    for target in [
        users.outside(),
        "../../../outside".into(),
        "/".into(),
        "..".into(),
        "../..".into(),
        "../../users".into(),
        users.root(),
    ] {
        std::os::unix::fs::symlink(&target, users.day()).unwrap();
        for path in ["secret.txt", "etc/passwd", "outside/secret.txt", "bob/secret.txt"] {
            let reply = site.get(&format!("/download/files/raw/{key}/{path}")).await;
            assert_eq!(reply.status, 404, "{target:?} {path}");
        }
        let archive = site.get(&format!("/download/files/archive/{key}/a.tar")).await;
        assert_eq!(archive.status, 404, "{target:?}");
        std::fs::remove_file(users.day()).unwrap();
    }
    std::os::unix::fs::symlink("aside", users.day()).unwrap();
    let own = site
        .get(&format!("/download/files/raw/{key}/image_0001.cbf"))
        .await;
    assert_eq!(own.status, 200, "moved within the root, by its owner");
}
