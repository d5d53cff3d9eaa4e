//! The limits on archives.

use crate::support::users::Users;
use crate::support::{eventually, Reply, Site};
use reqwest::{Method, Response};

/// More than the socket buffers hold for a client that reads nothing.
const LARGE: usize = 32 << 20;
/// A service that trusts a front end.
const SECRET: &str = "front end";

async fn site(users: &Users, archives: usize, per_address: usize, pace_seconds: u64) -> (Site, String) {
    users.write("image_0000.cbf", vec![1; LARGE]);
    let site = users
        .site_with(|settings| {
            settings.proxy.archives = archives;
            settings.proxy.archives_per_address = per_address;
            settings.proxy.archive_pace_seconds = pace_seconds;
            settings.proxy.secret = Some(SECRET.to_owned());
            settings.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()];
        })
        .await;
    let request = site.request(Method::POST, "/download/data/create/");
    let request = request.header("X-Beamlive-Secret", SECRET);
    let made = Reply::of(request.form(&[("path", users.day().to_str().unwrap())])).await;
    let key = made.json()["key"].as_str().unwrap().to_owned();
    (site, format!("/download/files/archive/{key}/day.tar"))
}

/// An archive that is being sent to `client`. A front end gives its address.
async fn begun(site: &Site, url: &str, client: &str) -> Response {
    let request = site.request(Method::GET, url).header("X-Forwarded-For", client);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200, "{client}");
    response
}

async fn fetched(site: &Site, url: &str, client: &str) -> Reply {
    Reply::of(site.request(Method::GET, url).header("X-Forwarded-For", client)).await
}

#[actix_web::test]
async fn the_limit_of_an_address_applies_to_the_client_behind_a_front_end() {
    let users = Users::new();
    let (site, url) = site(&users, 64, 2, 600).await;
    let first = begun(&site, &url, "10.0.0.1").await;
    let _second = begun(&site, &url, "10.0.0.1").await;
    let reply = fetched(&site, &url, "10.0.0.1").await;
    assert_eq!(reply.status, 429, "{}", reply.text());
    assert_eq!(reply.json()["error"]["code"], "too_many");
    assert!(reply.header("retry-after").is_some());
    let _other = begun(&site, &url, "10.0.0.2").await;
    drop(first);
    eventually("a slot is free", || async {
        (fetched(&site, &url, "10.0.0.1").await.status == 200).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_reader_that_takes_nothing_loses_its_slot_to_another() {
    let users = Users::new();
    let (site, url) = site(&users, 2, 2, 3).await;
    let idle = [
        begun(&site, &url, "10.0.0.1").await,
        begun(&site, &url, "10.0.0.3").await,
    ];
    let reply = fetched(&site, &url, "10.0.0.2").await;
    assert_eq!(
        (reply.status, reply.json()["error"]["code"].as_str()),
        (503, Some("busy")),
        "it may be fast"
    );
    let reply = eventually("a slow reader is noticed", || async {
        let reply = fetched(&site, &url, "10.0.0.2").await;
        (reply.status == 200).then_some(reply)
    })
    .await;
    assert!(reply.body.len() > LARGE, "the new client gets the whole archive");
    let mut whole = 0;
    for mut idle in idle {
        let mut read = 0;
        while let Ok(Some(piece)) = idle.chunk().await {
            read += piece.len();
        }
        whole += usize::from(read > LARGE);
    }
    assert_eq!(
        whole, 1,
        "one of the two is cut off, and the other gets the whole archive"
    );
}
