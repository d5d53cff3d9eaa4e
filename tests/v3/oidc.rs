//! `GET /api/v3/auth/oidc/` and its callback: persons sign in at an issuer.

mod refused;
mod setup;

use super::PEOPLE;
use crate::support::issuer::{Issuer, CLIENT_ID, CLIENT_SECRET};
use crate::support::raw::RawRequest;
use crate::support::{Reply, Service, Site, MORNING};
use beamlive::config::Settings;
use beamlive_actors::clock::{Clock, SystemClock};
use reqwest::Url;
use rstest::rstest;
use serde_json::{json, Value};
use std::fs;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

const PUBLIC: &str = "https://live.example.org";
const CALLBACK: &str = "/api/v3/auth/oidc/callback";

/// Lets persons sign in at `issuer`.
fn with_issuer(settings: &mut Settings, issuer: &str, place: &Path) {
    let secret = place.join("client.secret");
    fs::write(&secret, format!("{CLIENT_SECRET}\n")).unwrap();
    settings.public_url = Some(PUBLIC.to_owned());
    settings.oidc.issuer = Some(issuer.to_owned());
    settings.oidc.client_id = Some(CLIENT_ID.to_owned());
    settings.oidc.client_secret_file = Some(secret);
}

/// A site with an issuer, and with persons who have no password.
async fn site() -> (Site, Issuer) {
    site_with(|_| {}).await
}

async fn site_with(change: impl FnOnce(&mut Settings)) -> (Site, Issuer) {
    let issuer = Issuer::start(MORNING).await;
    let place = TempDir::new().unwrap();
    let site = Site::with(|settings| {
        with_issuer(settings, &issuer.url(), place.path());
        change(settings);
    });
    let site = site.await;
    site.apply(PEOPLE).await;
    (site, issuer)
}

/// A service that a browser calls.
trait Called {
    fn base(&self) -> String;
}

impl Called for Site {
    fn base(&self) -> String {
        self.url()
    }
}

impl Called for Service {
    fn base(&self) -> String {
        format!("http://{}", self.address())
    }
}

/// GET, as a browser that is not sent on.
async fn get(url: impl reqwest::IntoUrl, cookie: Option<&str>) -> Reply {
    beamlive::proxy::install_crypto();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let request = client.build().unwrap().get(url);
    let cookie = cookie.map(|cookie| format!("beamlive_oidc={cookie}"));
    Reply::of(match cookie {
        Some(cookie) => request.header("cookie", cookie),
        None => request,
    })
    .await
}

/// A sign-in that the issuer has answered.
#[derive(Debug, Clone)]
struct Answered {
    /// The value of the cookie.
    cookie: String,
    state: String,
    code: String,
}

fn parameter(url: &Url, name: &str) -> String {
    let found = url.query_pairs().find(|(given, _)| given == name);
    found
        .unwrap_or_else(|| panic!("no {name} in {url}"))
        .1
        .into_owned()
}

fn location(reply: &Reply) -> Url {
    Url::parse(reply.header("location").unwrap()).unwrap()
}

async fn begin(site: &impl Called) -> (Url, String) {
    let reply = get(format!("{}/api/v3/auth/oidc/", site.base()), None).await;
    assert_eq!(reply.status, 303, "{}", reply.text());
    let cookie = reply.header("set-cookie").unwrap();
    let value = cookie.strip_prefix("beamlive_oidc=").unwrap();
    (location(&reply), value.split(';').next().unwrap().to_owned())
}

/// Begins a sign-in, and lets the issuer answer it.
async fn answered(site: &impl Called) -> Answered {
    let (page, cookie) = begin(site).await;
    let reply = get(page, None).await;
    assert_eq!(reply.status, 302, "{}", reply.text());
    let back = location(&reply);
    assert!(
        back.as_str().starts_with(&format!("{PUBLIC}{CALLBACK}?")),
        "{back}"
    );
    Answered {
        cookie,
        state: parameter(&back, "state"),
        code: parameter(&back, "code"),
    }
}

async fn returned(site: &impl Called, query: &[(&str, &str)], cookie: Option<&str>) -> Reply {
    let query = serde_urlencoded::to_string(query).unwrap();
    get(format!("{}{CALLBACK}?{query}", site.base()), cookie).await
}

async fn finish(site: &impl Called, answered: &Answered) -> Reply {
    let query = [("state", answered.state.as_str()), ("code", &answered.code)];
    returned(site, &query, Some(&answered.cookie)).await
}

/// The whole way.
async fn sign_in(site: &impl Called) -> Reply {
    finish(site, &answered(site).await).await
}

fn refused(reply: &Reply, status: u16, words: &str) {
    assert_eq!(reply.status, status, "{}", reply.text());
    let detail = reply.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(words), "{detail}");
    assert!(!reply.text().contains("access\""));
}

#[actix_web::test]
async fn a_person_without_a_password_signs_in_at_the_issuer() {
    let (site, _issuer) = site().await;
    let reply = sign_in(&site).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert!(reply.header("set-cookie").unwrap().contains("Max-Age=0"));
    let pair = reply.json();
    assert_eq!(pair.as_object().unwrap().len(), 2);
    let anna = site.signed_in(&pair);
    assert_eq!(anna.get("samples/BM/?project=alice").await.status, 200);
    let refreshed = site.v3_form("auth/refresh/", &[("refresh", &anna.refresh)]).await;
    assert_eq!(refreshed.status, 200);
    assert_eq!(site.try_sign_in("anna", "").await.status, 400);
}

#[actix_web::test]
async fn the_cookie_is_kept_from_scripts_and_other_pages() {
    let (site, _issuer) = site().await;
    let reply = site.get("/api/v3/auth/oidc").await;
    let cookie = reply.header("set-cookie").unwrap().to_owned();
    for part in [
        "HttpOnly",
        "SameSite=Lax",
        "Secure",
        "Max-Age=600",
        &format!("Path={CALLBACK}"),
    ] {
        assert!(
            cookie.split("; ").any(|given| given == part),
            "no {part}: {cookie}"
        );
    }
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let page = location(&reply);
    assert_eq!(parameter(&page, "code_challenge_method"), "S256");
    assert_eq!(parameter(&page, "redirect_uri"), format!("{PUBLIC}{CALLBACK}"));
    assert!(!page.as_str().contains(&CLIENT_SECRET[..8]));
    let again = site.get("/api/v3/auth/oidc").await;
    for name in ["state", "nonce", "code_challenge"] {
        assert_ne!(
            parameter(&page, name),
            parameter(&location(&again), name),
            "{name}"
        );
    }
    let (plain, _issuer) = site_with(|settings| {
        settings.oidc.redirect_url = Some(format!("http://localhost:8000{CALLBACK}"));
    })
    .await;
    let reply = plain.get("/api/v3/auth/oidc").await;
    assert!(!reply.header("set-cookie").unwrap().contains("Secure"));
}

#[actix_web::test]
async fn tokens_of_a_person_end_when_the_person_is_no_longer_active() {
    let (site, _issuer) = site().await;
    let anna = site.signed_in(&sign_in(&site).await.json());
    site.apply("[[person]]\nusername = \"anna\"\nactive = false")
        .await;
    assert_eq!(anna.get("samples/BM/?project=alice").await.status, 403);
    refused(&sign_in(&site).await, 401, "No active account");
}

#[rstest]
#[case(json!({"uid": 7}))]
#[case(json!({"uid": ["omar"]}))]
#[case(json!({"uid": {"name": "omar"}}))]
#[case(json!({}))]
#[actix_web::test]
async fn another_claim_can_hold_the_username(#[case] wrong: Value) {
    let (site, issuer) = site_with(|settings| settings.oidc.claim = "uid".to_owned()).await;
    issuer.set_claims(&wrong);
    refused(
        &sign_in(&site).await,
        401,
        "its claim \"uid\" is missing or is no username",
    );
    issuer.set_claims(&json!({ "uid": "omar", "preferred_username": "ida" }));
    assert_eq!(sign_in(&site).await.status, 200);
}

#[actix_web::test]
async fn keys_are_kept_for_an_hour_and_asked_for_again_when_one_is_unknown() {
    let (site, issuer) = site().await;
    assert_eq!(issuer.discoveries(), 0, "the service asks when it is needed");
    for _ in 0..2 {
        assert_eq!(sign_in(&site).await.status, 200);
    }
    assert_eq!(issuer.discoveries(), 1);
    issuer.rotate();
    assert_eq!(sign_in(&site).await.status, 200);
    assert_eq!(issuer.discoveries(), 2);
    site.clock.skip(Duration::from_secs(3600));
    assert_eq!(sign_in(&site).await.status, 200);
    assert_eq!(issuer.discoveries(), 3);
}

#[actix_web::test]
async fn the_service_starts_and_answers_503_while_the_issuer_is_away() {
    let (site, issuer) = site().await;
    let (address, answered) = (issuer.address(), answered(&site).await);
    issuer.stop().await;
    let reply = finish(&site, &answered).await;
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert!(reply.header("retry-after").is_some());
    assert!(reply
        .text()
        .contains("the issuer of OpenID Connect does not answer"));

    let place = TempDir::new().unwrap();
    let url = format!("http://{address}/realm");
    let later = Site::with(|settings| with_issuer(settings, &url, place.path())).await;
    later.apply(PEOPLE).await;
    assert_eq!(later.get("/api/v3/auth/oidc/").await.status, 503);
    let _issuer = Issuer::start_at(address, MORNING).await;
    assert_eq!(sign_in(&later).await.status, 200);
}

#[actix_web::test]
async fn a_crowd_does_not_wait_for_an_issuer_that_hangs() {
    let hanging = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", hanging.local_addr().unwrap());
    let place = TempDir::new().unwrap();
    let site = Site::with(|settings| with_issuer(settings, &url, place.path())).await;
    let crowd = (0..33).map(|_| Box::pin(site.get("/api/v3/auth/oidc/")));
    let (first, _, others) = futures_util::future::select_all(crowd).await;
    assert_eq!(first.status, 503);
    assert!(first.text().contains("too many persons sign in at once"));
    assert_eq!(others.len(), 32);
    assert!(site.get("/api/v3/auth/oidc/callback").await.status == 400);
}

#[actix_web::test]
async fn without_an_issuer_there_is_nothing_here() {
    let site = Site::new().await;
    for path in ["/api/v3/auth/oidc/", "/api/v3/auth/oidc/callback?code=1&state=2"] {
        let reply = site.get(path).await;
        assert_eq!(reply.status, 404);
        assert!(reply.text().contains("OpenID Connect is not configured here"));
    }
}

#[actix_web::test]
async fn sign_ins_are_logged_without_what_is_secret() {
    let issuer = Issuer::start(SystemClock.now().0 / 1_000_000).await;
    let place = TempDir::new().unwrap();
    let secret = place.path().join("secret");
    fs::write(&secret, CLIENT_SECRET).unwrap();
    let settings = format!(
        "public_url = \"{PUBLIC}\"\n[oidc]\nissuer = \"{}\"\nclient_id = \"{CLIENT_ID}\"\n\
         client_secret_file = {secret:?}\n[log]\nfilter = \"trace\"\n",
        issuer.url()
    );
    let file = place.path().join("beamlive.toml");
    fs::write(&file, settings).unwrap();
    let service = Service::with(&["--config", file.to_str().unwrap()]);
    let apply = service.as_admin(RawRequest::post("/api/admin/apply", PEOPLE));
    assert_eq!(service.send(&apply).status, 200);
    let finished = answered(&service).await;
    let pair = finish(&service, &finished).await;
    assert_eq!(pair.status, 200, "{}", pair.text());
    assert_eq!(finish(&service, &finished).await.status, 401);
    for claims in [
        json!({ "preferred_username": "stranger" }),
        json!({ "nonce": "a-wrong-nonce" }),
        json!({ "email_verified": "secret-group" }),
    ] {
        issuer.set_claims(&claims);
        assert_eq!(sign_in(&service).await.status, 401);
    }
    let log = service.log();
    for line in [
        "signed in with OpenID Connect username=\"anna\"",
        "sign-in with OpenID Connect refused username=\"stranger\"",
        "an ID token was refused why=\"it is for another sign-in\"",
        "does not take a code error=invalid_grant",
    ] {
        assert!(log.contains(line), "no {line}: {log}");
    }
    let pair = pair.json();
    let mut secrets = issuer.secrets();
    assert!(secrets.len() > 10);
    secrets.extend(["access", "refresh"].map(|name| pair[name].as_str().unwrap().to_owned()));
    secrets.extend([
        finished.cookie,
        CLIENT_SECRET.to_owned(),
        "secret-group".to_owned(),
    ]);
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log");
    }
}
