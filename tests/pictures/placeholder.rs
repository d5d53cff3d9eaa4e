//! The pictures in errors.

use crate::support::users::Users;
use crate::support::{Reply, Site};
use reqwest::Method;
use std::io::Cursor;

async fn asked(site: &Site, path: &str, accept: Option<&str>) -> Reply {
    // Without the `Accept` header of the client of the tests.
    let client = reqwest::Client::new();
    let mut request = client.get(format!("{}{path}", site.url()));
    if let Some(accept) = accept {
        request = request.header("Accept", accept);
    }
    Reply::of(request).await
}

fn is_picture(reply: &Reply) -> bool {
    let decoder = png::Decoder::new(Cursor::new(&reply.body));
    reply.header("content-type") == Some("image/png") && decoder.read_info().is_ok()
}

#[actix_web::test]
async fn errors_are_pictures_unless_json_is_accepted() {
    let users = Users::new();
    users.write("notes.txt", "no frame");
    users.write(
        "cut.cbf",
        &include_bytes!("../fixtures/cases/comment_before_magic.cbf")[..5000],
    );
    users.write("x_0.png", "damaged");
    users.write("x_90.png", "damaged too");
    let site = users.site().await;
    let key = users.key(&site).await;
    let nobodys = "0".repeat(40);
    for (path, status, code) in [
        (format!("frame/{key}/missing.cbf/nm.png"), 404, "not_found"),
        (format!("frame/{key}/notes.txt/nm.png"), 415, "unsupported_file"),
        (format!("frame/{key}/cut.cbf/nm.png"), 422, "damaged_file"),
        (format!("frame/{nobodys}/missing.cbf/nm.png"), 404, "not_found"),
        (format!("snapshot/{key}/missing.png"), 404, "not_found"),
        (format!("snapshot/{key}/x.gif"), 422, "damaged_file"),
    ] {
        let path = format!("/download/files/{path}");
        // The `Accept` headers of a browser for a picture and for a page, of a program, and none.
        for accept in [
            Some("image/avif,image/webp,image/apng,image/*,*/*;q=0.8"),
            Some("text/html,application/xhtml+xml,image/webp,*/*;q=0.8"),
            Some("*/*"),
            None,
        ] {
            let reply = asked(&site, &path, accept).await;
            assert_eq!(reply.status, status, "{path} {accept:?}");
            assert!(is_picture(&reply), "{path} {accept:?}");
            assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
            assert!(reply.body.len() < 4_000);
        }
        for accept in ["application/json", "Application/JSON;q=0.9, */*"] {
            let reply = asked(&site, &path, Some(accept)).await;
            assert_eq!(
                (reply.status, reply.json()["error"]["code"].as_str()),
                (status, Some(code)),
                "{path}"
            );
        }
        let head = site.http.request(Method::HEAD, format!("{}{path}", site.url()));
        let reply = Reply::of(head.header("Accept", "image/*")).await;
        assert_eq!((reply.status, reply.body.len()), (status, 0), "{path}");
    }
    // Errors of raw files are JSON.
    let reply = asked(&site, &format!("/download/files/raw/{key}/missing"), None).await;
    assert_eq!(reply.json()["error"]["code"], "not_found");
}
