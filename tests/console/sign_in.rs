//! Signing in and out, and what a browser may send.

use super::{site, Browser, PASSWORD};
use crate::support::{Reply, Site};
use reqwest::Method;

#[actix_web::test]
async fn a_browser_signs_in_sees_pages_and_signs_out() {
    let site = site().await;
    let mut browser = Browser::new(&site);
    let reply = browser.get("/sessions?beamline=BM").await;
    assert_eq!(
        (reply.status, reply.header("location")),
        (303, Some("/sign-in?next=%2Fsessions%3Fbeamline%3DBM"))
    );
    assert!(browser.page("/sign-in").await.contains("name=\"password\""));

    let wrong = browser.sign_in("omar", "wrong horses").await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.text().contains("username or the password is wrong") && browser.cookie.is_empty());

    let form = [
        ("username", "omar"),
        ("password", PASSWORD),
        ("next", "/sessions?beamline=BM"),
    ];
    let reply = browser.post("/sign-in", &form).await;
    assert_eq!(
        (reply.status, reply.header("location")),
        (303, Some("/sessions?beamline=BM"))
    );
    let cookie = reply.header("set-cookie").unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "{cookie}");
    browser.cookie = cookie.split(';').next().unwrap().to_owned();
    assert!(browser.page("/").await.contains("omar"));

    let key = browser.form_key().await;
    let reply = browser.post("/sign-out", &[("form_key", &key)]).await;
    assert_eq!((reply.status, reply.header("location")), (303, Some("/sign-in")));
    assert!(reply.header("set-cookie").unwrap().contains("Max-Age=0"));
    // The cookie is no longer valid, even in a browser that kept it.
    assert_eq!(browser.get("/").await.status, 303);
}

#[actix_web::test]
async fn a_browser_that_came_by_tls_sends_its_cookie_by_tls_only() {
    let site = site().await;
    let form = [("username", "omar"), ("password", PASSWORD)];
    let request = site
        .request(Method::POST, "/sign-in")
        .header("host", "beamlive.example")
        .header("origin", "https://beamlive.example");
    let reply = Reply::of(request.form(&form)).await;
    assert_eq!(reply.status, 303, "{}", reply.text());
    assert!(reply.header("set-cookie").unwrap().contains("Secure"));
}

#[actix_web::test]
async fn forms_of_other_sites_and_of_other_sign_ins_are_refused() {
    let site = site().await;
    let browser = Browser::of(&site, "omar").await;
    let key = browser.form_key().await;
    let other = Browser::of(&site, "omar").await.form_key().await;
    assert_ne!(key, other);
    for form in [&[][..], &[("form_key", "")], &[("form_key", other.as_str())]] {
        assert_eq!(browser.post("/sign-out", form).await.status, 403);
    }
    for site_of_form in ["cross-site", "same-site"] {
        let request = site
            .request(Method::POST, "/sign-out")
            .header("cookie", &browser.cookie)
            .header("sec-fetch-site", site_of_form);
        assert_eq!(Reply::of(request.form(&[("form_key", &key)])).await.status, 403);
        let request = site
            .request(Method::POST, "/sign-in")
            .header("sec-fetch-site", site_of_form);
        let form = [("username", "omar"), ("password", PASSWORD)];
        assert_eq!(Reply::of(request.form(&form)).await.status, 403);
    }
    assert_eq!(browser.get("/").await.status, 200);
}

#[actix_web::test]
async fn the_admin_token_signs_in_until_an_operator_has_a_password() {
    let site = Site::new().await;
    let mut browser = Browser::new(&site);
    assert!(browser.page("/sign-in").await.contains("admin.token"));
    assert_eq!(browser.sign_in("operator", "wrong").await.status, 401);
    assert_eq!(browser.sign_in("operator", &site.admin_token()).await.status, 303);
    assert!(browser.page("/").await.contains("operator"));
    site.apply("[[person]]\nusername = \"omar\"\nstaff = \"operator\"")
        .await;
    assert_eq!(browser.get("/").await.status, 200);
    site.set_password("omar", PASSWORD).await;
    assert_eq!(browser.get("/").await.status, 303);
    assert_eq!(browser.sign_in("operator", &site.admin_token()).await.status, 401);
    assert!(!browser.page("/sign-in").await.contains("admin.token"));
}

#[actix_web::test]
async fn a_sign_in_ends_with_a_new_password_an_account_that_ends_and_after_half_a_day() {
    let mut site = site().await;
    let (omar, alice) = {
        let omar = Browser::of(&site, "omar").await.cookie;
        (omar, Browser::of(&site, "alice").await.cookie)
    };
    site.restart().await;
    let status = async |site: &Site, cookie: &str| {
        let request = site.request(Method::GET, "/").header("cookie", cookie);
        Reply::of(request).await.status
    };
    assert_eq!(
        (status(&site, &omar).await, status(&site, &alice).await),
        (200, 200)
    );
    site.set_password("alice", "another horse").await;
    assert_eq!(
        (status(&site, &omar).await, status(&site, &alice).await),
        (200, 303)
    );
    site.clock
        .advance(chrono::TimeDelta::hours(12) - chrono::TimeDelta::seconds(1));
    assert_eq!(status(&site, &omar).await, 200);
    site.clock.advance(chrono::TimeDelta::seconds(1));
    assert_eq!(status(&site, &omar).await, 303);
    for cookie in [
        "",
        "beamlive=",
        "beamlive=x",
        "beamlive=99999999999-00",
        "other=1",
    ] {
        assert_eq!(status(&site, cookie).await, 303, "{cookie}");
    }
}

#[actix_web::test]
async fn wrong_passwords_are_slowed_down_here_too() {
    let site = site().await;
    let mut browser = Browser::new(&site);
    let mut last = 0;
    for _ in 0..30 {
        last = browser.sign_in("omar", "wrong horses").await.status;
    }
    assert_eq!(last, 429);
}
