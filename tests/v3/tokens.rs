//! Tokens of an earlier server, and secrets that change.

use super::PASSWORD;
use crate::support::{Site, MORNING};
use serde_json::{json, Value};
use std::fs;
use tempfile::TempDir;

/// The secret of a Django server.
const DJANGO: &str = "django-insecure-7mYp2r!k(8h$w@v0c#n5x^q1z&t6b)j4";

/// A token as a Django server makes it: without `kid`, signed by other code than ours.
fn django_token(claims: &Value) -> String {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use base64::Engine;
    use hmac::{Hmac, Mac};
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!(
        "{}.{}",
        part(&json!({"alg": "HS256", "typ": "JWT"})),
        part(claims)
    );
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(DJANGO.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn claims(kind: &str, user: &Value) -> Value {
    json!({
        "token_type": kind, "exp": MORNING + 86_400, "iat": MORNING - 86_400,
        "jti": "0f8b3c2d4e5f60718293a4b5c6d7e8f9", "user_id": user,
    })
}

/// Strict verifiers refuse tokens from the future, so no token may have a later time than now.
#[actix_web::test]
async fn tokens_from_around_a_new_password_are_told_apart_within_an_instant() {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use base64::Engine;
    let site = Site::with(|_| ()).await;
    site.apply("[[project]]\nusername = \"alice\"").await;
    let mut signed_in = Vec::new();
    for password in [PASSWORD, "another horse", PASSWORD] {
        site.set_password("alice", password).await;
        let client = site.sign_in("alice", password).await;
        let payload = client.access.split('.').nth(1).unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        assert_eq!(claims["iat"], MORNING);
        signed_in.push(client);
    }
    let mut statuses = Vec::new();
    for client in &signed_in {
        statuses.push(client.get("samples/BM/").await.status);
    }
    assert_eq!(statuses, [403, 403, 200]);
}

#[actix_web::test]
async fn tokens_that_were_made_with_djangos_secret_before_the_move_are_good_after_it() {
    let place = TempDir::new().unwrap();
    let secret = place.path().join("django");
    fs::write(&secret, format!("{DJANGO}\n")).unwrap();
    let mut site = Site::with(|settings| settings.jwt.secret_file = vec![secret.clone()]).await;
    site.apply("[[project]]\nusername = \"old\"\nid = 4711").await;
    site.set_password("old", PASSWORD).await;
    // Tokens from before a new password are invalid, and those of this test are from yesterday.
    let hash = "pbkdf2_sha256$1000$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=";
    let moved = format!("[[project]]\nusername = \"moved\"\nid = 4712\npassword_hash = \"{hash}\"");
    site.apply(&moved).await;
    for user in [json!(4712), json!("4712")] {
        let pair = json!({
            "access": django_token(&claims("access", &user)),
            "refresh": django_token(&claims("refresh", &user)),
        });
        assert_eq!(
            site.signed_in(&pair).get("samples/BM/").await.status,
            200,
            "{user}"
        );
    }
    let refresh = django_token(&claims("refresh", &json!(4712)));
    let reply = site.v3_form("token/refresh/", &[("refresh", &refresh)]).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let ours = site.signed_in(&reply.json());
    let dead = django_token(&claims("access", &json!(4711)));
    let dead = site.signed_in(&json!({ "access": dead, "refresh": "" }));
    assert_eq!(dead.get("samples/BM/").await.status, 403);
    for nobody in [json!(9), json!(-1), json!(null), json!(0.5)] {
        let token = django_token(&claims("access", &nobody));
        let client = site.signed_in(&json!({ "access": token, "refresh": "" }));
        assert_eq!(client.get("samples/BM/").await.status, 403, "{nobody}");
    }

    // A new secret signs, and the old one still verifies. Without the old one, its tokens are
    // refused.
    let new = place.path().join("new");
    fs::write(&new, "n".repeat(64)).unwrap();
    site.stop().await;
    site.start_with(|settings| settings.jwt.secret_file = vec![new.clone(), secret.clone()])
        .await;
    let again = |site: &Site| site.signed_in(&json!({ "access": ours.access, "refresh": ours.refresh }));
    assert_eq!(again(&site).get("samples/BM/").await.status, 200);
    site.stop().await;
    site.start_with(|settings| settings.jwt.secret_file = vec![new.clone()])
        .await;
    assert_eq!(again(&site).get("samples/BM/").await.status, 403);
    site.sign_in("old", PASSWORD).await;
}

#[actix_web::test]
async fn the_secret_is_made_once_and_only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let mut site = Site::new().await;
    let file = site.data().join("jwt.secret");
    let first = fs::read(&file).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    site.restart().await;
    assert_eq!(fs::read(&file).unwrap(), first);
}

#[actix_web::test]
async fn a_token_without_a_password_account_of_its_kind_opens_nothing() {
    let place = TempDir::new().unwrap();
    let secret = place.path().join("django");
    fs::write(&secret, DJANGO).unwrap();
    let site = Site::with(|settings| settings.jwt.secret_file = vec![secret]).await;
    let id = site.admin("projects/alice").await["id"].clone();
    let token = django_token(&claims("access", &id));
    // Nobody ever signed in as alice, so no server has made this token.
    let client = site.signed_in(&json!({ "access": token, "refresh": "" }));
    assert_eq!(client.get("samples/BM/").await.status, 403);
}
