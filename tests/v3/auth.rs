//! `POST /api/v3/auth/`: signing in.

use super::{site, PASSWORD};
use crate::support::{Reply, Site};
use rstest::rstest;
use serde_json::json;

const WRONG: &str = r#"{"detail":"No active account found with the given credentials"}"#;

async fn posted(site: &Site, path: &str, kind: &str, body: &str) -> Reply {
    let request = site
        .http
        .post(format!("{}/api/v3/{path}", site.url()))
        .header("content-type", kind);
    Reply::of(request.body(body.to_owned())).await
}

#[actix_web::test]
async fn projects_and_persons_sign_in_with_a_form_or_with_json() {
    let site = site().await;
    for username in ["alice", "anna"] {
        let form = site.try_sign_in(username, PASSWORD).await;
        assert_eq!(form.status, 200, "{}", form.text());
        let body = json!({ "username": username, "password": PASSWORD }).to_string();
        let json = posted(&site, "auth", "application/json", &body).await;
        assert_eq!(json.status, 200, "{}", json.text());
        for reply in [form, json] {
            let pair = reply.json();
            assert_eq!(pair.as_object().unwrap().len(), 2);
            assert!(pair["access"].as_str().unwrap().split('.').count() == 3);
            assert_ne!(pair["access"], pair["refresh"]);
        }
    }
}

#[actix_web::test]
async fn a_wrong_password_and_an_unknown_or_inactive_account_get_the_same_answer() {
    let site = site().await;
    for (username, password) in [
        ("alice", "wrong horses"),
        ("nobody", PASSWORD),
        ("ida", PASSWORD),
        ("bob", PASSWORD),
        ("", " "),
        ("alice", &"x".repeat(5000)),
    ] {
        let reply = site.try_sign_in(username, password).await;
        if username.is_empty() {
            assert_eq!(reply.status, 400);
            continue;
        }
        assert_eq!(reply.status, 401, "{username}");
        assert_eq!(reply.text(), WRONG, "{username}");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer realm=\"api\""));
    }
}

#[rstest]
#[case(
    "application/json",
    r#"{"username": "alice"}"#,
    r#"{"password":["This field is required."]}"#
)]
#[case(
    "application/json",
    "{}",
    r#"{"username":["This field is required."],"password":["This field is required."]}"#
)]
#[case(
    "application/json",
    r#"{"username": "", "password": null}"#,
    r#"{"username":["This field may not be blank."],"password":["This field may not be null."]}"#
)]
#[case(
    "application/json",
    r#"{"username": [], "password": {}}"#,
    r#"{"username":["Not a valid string."],"password":["Not a valid string."]}"#
)]
#[case(
    "application/json",
    "[]",
    r#"{"non_field_errors":["Invalid data. Expected a dictionary."]}"#
)]
#[case(
    "application/x-www-form-urlencoded",
    "username=alice",
    r#"{"password":["This field is required."]}"#
)]
#[case(
    "text/plain",
    "hello",
    r#"{"username":["This field is required."],"password":["This field is required."]}"#
)]
#[actix_web::test]
async fn fields_that_are_missing_or_wrong_are_named(
    #[case] kind: &str,
    #[case] body: &str,
    #[case] mistakes: &str,
) {
    let site = Site::new().await;
    let reply = posted(&site, "auth/", kind, body).await;
    assert_eq!(reply.status, 400);
    assert_eq!(reply.text(), mistakes);
}

#[actix_web::test]
async fn a_body_that_is_no_json_is_named() {
    let site = Site::new().await;
    for body in ["", "{", "{\"username\": alice}", "\u{0}"] {
        let reply = posted(&site, "auth/", "application/json", body).await;
        assert_eq!(reply.status, 400);
        let detail = reply.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.starts_with("JSON parse error - "), "{detail}");
    }
    let long = posted(&site, "auth/", "application/json", &" ".repeat(20_000)).await;
    assert_eq!(long.status, 413);
}

#[actix_web::test]
async fn a_hash_of_django_is_checked_and_replaced_at_the_first_sign_in() {
    // Made with Python: hashlib.pbkdf2_hmac("sha256", b"correct horse", b"seasalt", 1000)
    let hash = "pbkdf2_sha256$1000$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=";
    let site = Site::new().await;
    let facility = format!("[[project]]\nusername = \"alice\"\npassword_hash = \"{hash}\"");
    site.apply(&facility).await;
    assert_eq!(site.try_sign_in("alice", "wrong horses").await.status, 401);
    let stored = || {
        let catalog = site.app().directory.services().catalog.last_known();
        let (_, project) = catalog.project("alice").unwrap();
        project.sign_in.hash.clone().unwrap()
    };
    assert_eq!(stored(), hash);
    site.sign_in("alice", PASSWORD).await;
    assert!(stored().starts_with("$argon2id$"));
    site.sign_in("alice", PASSWORD).await;
    // The facility file still names the old hash, which does not come back.
    let counts = site.apply(&facility).await;
    assert_eq!(counts["updated"], 0, "{counts}");
    assert!(stored().starts_with("$argon2id$"));
}

#[actix_web::test]
async fn passwords_survive_a_restart_and_are_shown_nowhere() {
    let mut site = site().await;
    let before = site.sign_in("anna", PASSWORD).await;
    site.restart().await;
    let before = site.signed_in(&json!({ "access": before.access, "refresh": before.refresh }));
    assert_eq!(before.get("samples/BM/?project=alice").await.status, 200);
    site.sign_in("anna", PASSWORD).await;
    for path in ["people", "people/anna", "projects/alice", "activity"] {
        let text = site.admin(path).await.to_string();
        assert!(
            !text.contains("argon2") && !text.contains("horse"),
            "{path}: {text}"
        );
    }
}

#[actix_web::test]
async fn operators_set_reset_and_expire_passwords() {
    let site = site().await;
    let first = site.sign_in("anna", PASSWORD).await;
    let post = async |path: &str| site.post_admin(path, String::new()).await;
    let made = post("accounts/anna/password/reset").await.json();
    let made = made["password"].as_str().unwrap();
    assert_eq!(made.len(), 19, "{made}");
    assert_eq!(first.get("samples/BM/?project=alice").await.status, 403);
    assert_eq!(site.try_sign_in("anna", PASSWORD).await.status, 401);
    let second = site.sign_in("anna", made).await;
    assert_eq!(second.get("samples/BM/?project=alice").await.status, 200);

    assert_eq!(post("accounts/anna/password/expire").await.status, 200);
    let expired = site.try_sign_in("anna", made).await;
    assert_eq!(expired.status, 401);
    assert!(expired.text().contains("expired"), "{}", expired.text());
    assert_eq!(site.try_sign_in("anna", "wrong horses").await.text(), WRONG);
    assert_eq!(second.get("samples/BM/?project=alice").await.status, 403);
    assert!(site.admin("people/anna").await["password_expired"]
        .as_bool()
        .unwrap());

    site.set_password("anna", "another horse").await;
    site.sign_in("anna", "another horse").await;
    let actions = site.admin("activity").await;
    let actions: Vec<_> = actions
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["action"])
        .collect();
    assert_eq!(actions[..3], ["set password", "expire password", "set password"]);
    assert_eq!(post("accounts/nobody/password/reset").await.status, 404);
    let short = site
        .http
        .put(format!("{}/api/admin/accounts/anna/password", site.url()));
    let short = Reply::of(
        short
            .bearer_auth(site.admin_token())
            .form(&[("password", "short")]),
    )
    .await;
    assert_eq!(short.status, 400);
    assert_eq!(short.fields(), ["password"]);
}
