//! Guesses are slowed down, and other sign-ins are not.

use super::{site, PASSWORD};
use crate::support::{Reply, Site};

async fn from(site: &Site, address: &str, username: &str, password: &str) -> Reply {
    let request = site
        .http
        .post(format!("{}/api/v3/auth/", site.url()))
        .header("X-Forwarded-For", address);
    Reply::of(request.form(&[("username", username), ("password", password)])).await
}

#[actix_web::test]
async fn failures_delay_the_account_at_that_address_only() {
    let site = Site::with(|settings| {
        settings.trusted_proxy = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    site.set_password("alice", PASSWORD).await;
    site.set_password("bob", PASSWORD).await;
    let mut waits = 0;
    for _ in 0..12 {
        let reply = from(&site, "10.0.0.1", "alice", "wrong horses").await;
        if reply.status == 429 {
            let seconds: u64 = reply.header("retry-after").unwrap().parse().unwrap();
            assert!(seconds >= 1);
            waits += 1;
        } else {
            assert_eq!(reply.status, 401);
        }
    }
    assert!(waits >= 3, "{waits}");
    // Even the right password is delayed there. Otherwise the guesser would learn that it is right.
    assert_eq!(from(&site, "10.0.0.1", "alice", PASSWORD).await.status, 429);
    // Others are not delayed, nor is alice elsewhere.
    assert_eq!(from(&site, "10.0.0.2", "alice", PASSWORD).await.status, 200);
    assert_eq!(from(&site, "10.0.0.1", "bob", PASSWORD).await.status, 200);
    site.clock.skip(std::time::Duration::from_secs(3600));
    assert_eq!(from(&site, "10.0.0.1", "alice", PASSWORD).await.status, 200);
}

#[actix_web::test]
async fn a_busy_service_refuses_guesses_and_serves_everyone_else() {
    let site = site().await;
    let alice = site.client("alice").await;
    let guesses = (0..40).map(|n| {
        let (name, site) = (format!("nobody{n}"), &site);
        async move { site.try_sign_in(&name, "wrong horses").await.status }
    });
    let (statuses, samples) =
        futures_util::join!(futures_util::future::join_all(guesses), alice.samples("BM"));
    assert_eq!(samples.status, 200);
    for status in statuses {
        assert!([401, 429, 503].contains(&status), "{status}");
    }
}
