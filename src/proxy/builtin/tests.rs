#![allow(clippy::unwrap_used)]

use super::*;
use actix_web::body::to_bytes;
use actix_web::test::TestRequest;
use beamlive_actors::clock::{CountingKeys, ManualClock};
use beamlive_storage::ids::RawId;
use beamlive_storage::keys;
use beamlive_storage::records::SecurePath;
use beamlive_storage::{Engine, MemoryEngine, Timestamp};
use rstest::rstest;

const NOW: Timestamp = Timestamp(1_767_225_600_000_000);
const HOME: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
const FORM: &str = "application/x-www-form-urlencoded";

fn proxy_on(engine: impl Engine) -> BuiltinProxy {
    BuiltinProxy {
        store: Store::with_engine(Arc::new(engine), 64),
        roots: Arc::new(Roots::new(vec!["/users".into()]).unwrap()),
        keys: Arc::new(CountingKeys::default()),
        clock: Arc::new(ManualClock::at(NOW)),
        admission: Admission::default(),
    }
}

async fn post(proxy: &BuiltinProxy, kind: &str, body: &str) -> Result<String, CreateError> {
    let request = TestRequest::post()
        .insert_header(("content-type", kind))
        .to_http_request();
    let body = web::Bytes::copy_from_slice(body.as_bytes());
    let response = create(proxy, HOME, &request, &body).await?;
    assert_eq!(response.status(), 200);
    Ok(String::from_utf8(to_bytes(response.into_body()).await.unwrap().to_vec()).unwrap())
}

#[actix_web::test]
async fn form_and_json_create_keys_for_a_directory() {
    let proxy = proxy_on(MemoryEngine::new());
    for (number, kind, body) in [
        (1, FORM, "path=%2Fusers%2Falice%2Fa+b"),
        (
            2,
            "application/json; charset=utf-8",
            r#"{"path": "alice/./a b/"}"#,
        ),
        (3, FORM, "path=alice/a+b&x=y"),
    ] {
        let key = format!("{number:040}");
        assert_eq!(
            post(&proxy, kind, body).await.unwrap(),
            format!("{{\"key\":\"{key}\"}}")
        );
        let opened = proxy
            .store
            .get::<SecurePath>(&keys::secure_path(&SecureKey::parse(&key).unwrap()))
            .unwrap()
            .unwrap()
            .record;
        let expected = SecurePath {
            record: RawId::NONE,
            subject: None,
            project: None,
            directory: "/users/alice/a b".to_owned(),
            created: NOW,
        };
        assert_eq!(opened, expected);
    }
}

#[rstest]
#[case("path=/etc", FORM, OutsideRoots::Elsewhere.into())]
#[case("path=../etc", FORM, OutsideRoots::Elsewhere.into())]
#[case("path=", FORM, OutsideRoots::NoPath.into())]
#[case("path=/users/a%00", FORM, OutsideRoots::NoPath.into())]
#[case("", FORM, CreateError::NoPath)]
#[case("dir=/users/a", FORM, CreateError::NoPath)]
#[case("path=/users/a&path=/users/b", FORM, CreateError::NoPath)]
#[case("path=/users/a", "application/json", CreateError::NoPath)]
#[case(r#"{"path": null}"#, "application/json", CreateError::NoPath)]
#[case(r#"{"path": ["/users/a"]}"#, "application/json", CreateError::NoPath)]
#[actix_web::test]
async fn paths_outside_the_roots_are_refused(
    #[case] body: &str,
    #[case] kind: &str,
    #[case] expected: CreateError,
) {
    assert_eq!(
        post(&proxy_on(MemoryEngine::new()), kind, body).await,
        Err(expected)
    );
}

#[actix_web::test]
async fn concurrent_requests_get_different_keys() {
    let proxy = proxy_on(MemoryEngine::new());
    let calls = (0..32).map(|_| {
        let proxy = proxy.clone();
        tokio::spawn(async move { proxy.create_key("alice").await })
    });
    let keys: Vec<_> = futures_util::future::join_all(calls).await;
    let different: std::collections::BTreeSet<_> =
        keys.into_iter().map(|key| key.unwrap().unwrap()).collect();
    assert_eq!(different.len(), 32);
}

#[actix_web::test]
async fn a_store_that_does_not_write_creates_no_key() {
    let engine = MemoryEngine::new();
    engine.fail_after(0);
    let error = post(&proxy_on(engine), FORM, "path=alice").await.unwrap_err();
    assert!(
        matches!(error, CreateError::Unavailable(Unavailable::WritesOff(_))),
        "{error:?}"
    );
}

fn address(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

#[rstest]
#[case("127.0.0.1", true)]
#[case("127.9.9.9", true)]
#[case("::1", true)]
#[case("::ffff:127.0.0.1", true)]
#[case("10.0.0.1", false)]
#[case("::ffff:10.0.0.1", false)]
#[case("::", false)]
fn without_configuration_only_loopback_is_admitted(#[case] from: &str, #[case] admitted: bool) {
    assert_eq!(Admission::default().admits(address(from), None), admitted);
}

#[rstest]
#[case::right(Some("s3cret"), true)]
#[case::wrong(Some("s3creT"), false)]
#[case::beginning(Some("s3cre"), false)]
#[case::longer(Some("s3crett"), false)]
#[case::empty(Some(""), false)]
#[case::none(None, false)]
fn the_secret_admits_from_any_address(#[case] sent: Option<&str>, #[case] admitted: bool) {
    let admission = Admission {
        allow_from: vec!["10.0.0.0/8".parse().unwrap()],
        secret: Some("s3cret".to_owned()),
    };
    assert_eq!(
        admission.admits(address("203.0.113.7"), sent.map(str::as_bytes)),
        admitted
    );
    assert_eq!(admission.admits(None, sent.map(str::as_bytes)), admitted);
    assert!(admission.admits(address("10.1.2.3"), sent.map(str::as_bytes)));
    assert!(!admission.admits(address("127.0.0.1"), None));
    assert!(!format!("{admission:?}").contains("s3cret"));
}

#[test]
fn an_empty_secret_admits_no_caller() {
    let admission = Admission {
        allow_from: Vec::new(),
        secret: Some(String::new()),
    };
    assert!(!admission.admits(HOME, Some(b"")));
}

#[actix_web::test]
async fn callers_that_are_not_admitted_see_no_other_errors() {
    let proxy = proxy_on(MemoryEngine::new());
    let request = TestRequest::post()
        .insert_header((SECRET_HEADER, "x"))
        .to_http_request();
    for body in ["path=alice", "path=/etc", ""] {
        let outcome = create(
            &proxy,
            address("203.0.113.7"),
            &request,
            &web::Bytes::from_static(body.as_bytes()),
        )
        .await;
        assert_eq!(outcome.err(), Some(CreateError::NotAdmitted));
    }
}
