//! The answer to a refused token does not tell the reason.

use super::{assert_refused, of_type, samples, site_of, SIGNED_AT};
use crate::support::Reply;
use beamlive::auth::token::base62;

#[actix_web::test]
async fn all_refused_tokens_get_the_same_answer() {
    let vectors = of_type("ed25519");
    let site = site_of(&vectors).await;
    let good = &vectors[0];
    let [username, time, signature] = good.parts();
    let mut wrong = good.signature();
    wrong[9] ^= 1;
    let other_type = of_type("rsa-2048")[0].token.clone();
    let causes = [
        ("bad signature", good.with_signature(&wrong)),
        ("another type's signature", other_type),
        ("unknown user", format!("nobody:{time}:{signature}")),
        (
            "stale",
            format!("{username}:{}:{signature}", base62(SIGNED_AT - 61)),
        ),
        (
            "in the future",
            format!("{username}:{}:{signature}", base62(SIGNED_AT + 61)),
        ),
        (
            "an account without a key, and stale",
            format!("keyless:{}:{signature}", base62(SIGNED_AT - 61)),
        ),
        ("no parts", "garbage".to_owned()),
        ("two parts", format!("{username}:{time}")),
        ("four parts", format!("x:{username}:{time}:{signature}")),
        ("no username", format!(":{time}:{signature}")),
        ("no time", format!("{username}::{signature}")),
        ("no signature", format!("{username}:{time}:")),
        ("an empty signature in quotes", format!("{username}:{time}:b''")),
        ("half a quote", format!("{username}:{time}:b'{signature}")),
        (
            "invalid characters in the username",
            format!("al.ice:{time}:{signature}"),
        ),
        ("a space", format!("{username}%20:{time}:{signature}")),
        ("a slash", format!("{username}%2F:{time}:{signature}")),
        ("not base62", format!("{username}:1vb6-i:{signature}")),
        (
            "a time beyond 64 bits",
            format!("{username}:zzzzzzzzzzz:{signature}"),
        ),
        ("not base64", format!("{username}:{time}:***")),
        (
            "standard base64",
            format!(
                "{username}:{time}:{}",
                signature.replace('-', "+").replace('_', "%2F")
            ),
        ),
        ("not UTF-8", format!("%FF%FE:{time}:{signature}")),
        ("a zero byte", format!("{username}%00:{time}:{signature}")),
        ("too long", format!("{username}:{time}:{}", "A".repeat(8_000))),
    ];
    let mut expected: Option<Reply> = None;
    for (why, token) in causes {
        for reply in [
            samples(&site, &token).await,
            Reply::of(
                site.http
                    .post(format!("{}/api/v2/{token}/launch/BM/a/", site.url())),
            )
            .await,
            Reply::of(
                site.http
                    .post(format!("{}/api/v2/{token}/data/NOWHERE/", site.url())),
            )
            .await,
        ] {
            assert_refused(&reply, why);
            assert!(!reply.text().contains(username), "{why}: {}", reply.text());
            if let Some(expected) = &expected {
                assert_eq!(reply.body, expected.body, "{why}");
                let names = |reply: &Reply| {
                    let mut headers = reply.headers.clone();
                    headers.remove("date");
                    headers
                };
                assert_eq!(names(&reply), names(expected), "{why}");
            } else {
                expected = Some(reply);
            }
        }
    }
    assert!(site.visits().await.is_empty());
}

#[actix_web::test]
async fn a_refused_registration_gets_the_same_answer() {
    let vectors = of_type("ed25519");
    let site = site_of(&vectors).await;
    let [_, time, signature] = vectors[0].parts();
    let expected = samples(&site, "garbage").await.body;
    let tokens = [
        ("garbage", "garbage".to_owned()),
        (
            "signed for another account",
            format!("keyless:{time}:{signature}"),
        ),
        ("signed for another account", format!("nobody:{time}:{signature}")),
        ("stale", format!("keyless:{}:{signature}", base62(SIGNED_AT - 61))),
    ];
    for (why, token) in tokens {
        let url = format!("{}/api/v2/{token}/project/", site.url());
        let reply = Reply::of(site.http.post(url).form(&[("public", &vectors[0].public)])).await;
        assert_refused(&reply, why);
        assert_eq!(reply.body, expected, "{why}");
    }
}
