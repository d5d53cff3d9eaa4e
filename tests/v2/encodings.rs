//! Compressed bodies, and bodies with a byte order mark.

use crate::support::{Client, Reply, Site};
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use flate2::Compression;
use reqwest::Method;
use serde_json::{json, Value};
use std::io::Write;

fn dataset(name: &str) -> Value {
    json!({"directory": "/users/alice/day", "type": "DATA", "name": name, "energy": 12.5, "exposure": 0.5})
}

fn packed(name: &str) -> Vec<u8> {
    rmp_serde::to_vec(&dataset(name)).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::best());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// A gzip file with two members.
fn in_two_members(bytes: &[u8]) -> Vec<u8> {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    [gzip(first), gzip(second)].concat()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut writer = ZlibEncoder::new(Vec::new(), Compression::best());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut writer = DeflateEncoder::new(Vec::new(), Compression::best());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

async fn send(client: &Client, encoding: &str, body: Vec<u8>) -> Reply {
    Reply::of(
        client
            .posting("data/BM/")
            .header("Content-Encoding", encoding)
            .body(body),
    )
    .await
}

#[actix_web::test]
async fn compressed_bodies_are_read() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for (n, (encoding, body)) in [
        ("gzip", gzip(&packed("n-0"))),
        ("x-GZIP", gzip(&packed("n-1"))),
        ("deflate", zlib(&packed("n-2"))),
        ("deflate", deflate(&packed("n-3"))),
        ("identity", packed("n-4")),
        ("", packed("n-5")),
        ("identity, gzip", gzip(&packed("n-6"))),
        ("gzip", in_two_members(&packed("n-7"))),
    ]
    .into_iter()
    .enumerate()
    {
        let reply = send(&alice, encoding, body).await;
        assert_eq!(reply.status, 200, "{encoding} {n}: {}", reply.text());
        let id = &reply.json()["id"];
        assert_eq!(site.admin(&format!("data/{id}")).await["name"], format!("n-{n}"));
    }
}

#[actix_web::test]
async fn a_body_that_cannot_be_unpacked_is_explained() {
    let site = Site::with(|settings| settings.limits.body_bytes = 1 << 20).await;
    let alice = site.client("alice").await;
    for encoding in ["br", "zstd", "gzip, gzip", "compress", "gzip, br"] {
        let reply = send(&alice, encoding, gzip(&packed("n"))).await;
        assert_eq!(
            (reply.status, &reply.json()["error"]["code"]),
            (415, &json!("unsupported_encoding"))
        );
        assert_eq!(
            reply.header("accept-encoding"),
            Some("gzip, deflate"),
            "{encoding}"
        );
    }
    let whole = gzip(&packed("n"));
    for (encoding, body) in [
        ("gzip", packed("n")),
        ("gzip", whole[..whole.len() - 9].to_vec()),
        ("gzip", [&whole[..], b"more"].concat()),
        ("deflate", vec![0xff; 100]),
        ("gzip", Vec::new()),
        // Compressed twice, but declared once: the unpacked body is not a map.
        ("gzip", gzip(&whole)),
    ] {
        let reply = send(&alice, encoding, body).await;
        assert_eq!(
            (reply.status, reply.fields()),
            (400, vec!["body".to_owned()]),
            "{encoding}"
        );
    }
    let bomb = gzip(&vec![0; 64 << 20]);
    assert!(bomb.len() < 100_000);
    for encoding in ["gzip", "deflate"] {
        let bomb = if encoding == "gzip" {
            bomb.clone()
        } else {
            zlib(&vec![0; 64 << 20])
        };
        let reply = send(&alice, encoding, bomb).await;
        assert_eq!(
            (reply.status, &reply.json()["error"]["code"]),
            (413, &json!("too_large")),
            "{encoding}"
        );
    }
    let mut exact = packed("n");
    exact.resize(1 << 20, 0xc0);
    assert_eq!(
        send(&alice, "gzip", gzip(&exact)).await.status,
        400,
        "within the limit, but not a map"
    );
    exact.push(0xc0);
    assert_eq!(send(&alice, "gzip", gzip(&exact)).await.status, 413);
    assert_eq!(site.admin("data").await, json!([]));
    assert_eq!(site.app().bodies.used(), 0);
}

#[actix_web::test]
async fn a_byte_order_mark_is_skipped() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let text = format!("\u{feff}{}", dataset("marked"));
    let request = alice
        .posting("data/BM/")
        .header("Content-Type", "application/json");
    let reply = Reply::of(request.body(text)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let toml = "\u{feff}[[beamline]]\r\nacronym = \"MARK\"\r\n";
    let json = "\u{feff}{\"beamline\": [{\"acronym\": \"MARKED\"}]}";
    for (kind, text) in [("application/toml", toml), ("application/json", json)] {
        let request = site
            .request(Method::POST, "/api/admin/apply")
            .bearer_auth(site.admin_token());
        let reply = Reply::of(request.header("Content-Type", kind).body(text)).await;
        assert_eq!(
            (reply.status, &reply.json()["created"]),
            (200, &json!(1)),
            "{kind}: {}",
            reply.text()
        );
    }
}
