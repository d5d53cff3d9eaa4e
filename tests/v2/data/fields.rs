//! The rules for each field.

use super::*;
use crate::support::msgpack;
use actix_web::http::header::CONTENT_TYPE;
use rmpv::Value as Packed;

#[actix_web::test]
async fn the_required_fields_are_enough() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let id = upload(&alice, minimal()).await;
    assert_eq!(id, 1);
    let mut row = record(&site, id).await;
    let url = row["url"].take();
    assert_eq!(url.as_str().unwrap().len(), 40);
    assert!(url
        .as_str()
        .unwrap()
        .bytes()
        .all(|byte| b"0123456789abcdef".contains(&byte)));
    let expected = json!({
        "id": 1, "project": "alice", "beamline": "BM", "session": null, "sample_id": null, "group": null,
        "name": "lys-1", "type": "DATA", "filename": null, "frames": "", "num_frames": 1, "energy": 12.6581,
        "exposure": 0.5, "attenuation": null, "beam_size": null, "start_time": "2026-11-23T14:59:59.500000Z",
        "end_time": "2026-11-23T15:00:00Z", "uuid": null, "url": null, "meta_data": {},
        "created": "2026-11-23T15:00:00Z", "modified": "2026-11-23T15:00:00Z", "address": "127.0.0.1",
    });
    assert_eq!(row, expected);
}

#[actix_web::test]
async fn every_field_is_kept_under_its_own_name_or_its_alias() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let own = json!({"attenuation": 12.5, "beam_size": 50, "filename": "lys_{:05d}.cbf", "uuid": "u-1"});
    let row = record(&site, upload(&alice, body(own)).await).await;
    assert_eq!(row["attenuation"], json!(12.5));
    assert_eq!(row["beam_size"], json!(50.0));
    assert_eq!(row["filename"], "lys_{:05d}.cbf");
    assert_eq!(row["uuid"], "u-1");
    assert_eq!(row["meta_data"], json!({}));

    let mut aliases = without(&["exposure"]);
    aliases["exposure_time"] = json!(2);
    aliases["file_name"] = json!("lys.cbf");
    let id = upload(&alice, aliases.clone()).await;
    let row = record(&site, id).await;
    assert_eq!(row["exposure"], json!(2.0));
    assert_eq!(row["filename"], "lys.cbf");
    assert_eq!(row["meta_data"], json!({}), "an alias is also in the meta data");
    aliases["data_id"] = json!(id);
    assert_eq!(upload(&alice, aliases).await, id, "data_id is an alias of id");
}

#[actix_web::test]
async fn every_missing_field_is_named_at_once() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let required = ["directory", "energy", "exposure", "name", "type"];
    assert_eq!(refused(&alice, json!({})).await, required);
    let nulls = json!({"directory": null, "energy": null, "exposure": null, "name": null, "type": null});
    assert_eq!(refused(&alice, nulls).await, required);
    for name in required {
        assert_eq!(refused(&alice, without(&[name])).await, [name]);
    }
    for name in ["directory", "name", "type"] {
        assert_eq!(refused(&alice, body(json!({name: ""}))).await, [name], "empty");
        assert_eq!(refused(&alice, body(json!({name: " "}))).await, [name], "blank");
    }
    assert_eq!(count(&site).await, 0);
}

#[actix_web::test]
async fn wrong_and_missing_fields_are_all_named() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let all_wrong = json!({
        "type": "NOPE", "name": 5, "energy": -1, "exposure": "long", "attenuation": [], "beam_size": {},
        "filename": true, "frames": "5-1", "sample_id": "one", "start_time": "yesterday", "end_time": 7, "id": 1.5,
        "uuid": 1,
    });
    let named = refused(&alice, all_wrong).await;
    let expected = [
        "attenuation",
        "beam_size",
        "directory",
        "end_time",
        "energy",
        "exposure",
        "filename",
        "frames",
        "id",
        "name",
        "sample_id",
        "start_time",
        "type",
        "uuid",
    ];
    assert_eq!(named, expected);
}

#[actix_web::test]
async fn energy_is_a_finite_number_above_zero() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for good in [json!(0.001), json!(12), json!(1e9)] {
        let id = upload(&alice, body(json!({"energy": good}))).await;
        assert_eq!(record(&site, id).await["energy"].as_f64(), good.as_f64());
    }
    for bad in [
        json!(0),
        json!(0.0),
        json!(-12.6),
        json!("12.6"),
        json!(true),
        json!([12.6]),
        json!({}),
    ] {
        assert_eq!(
            refused(&alice, body(json!({"energy": bad}))).await,
            ["energy"],
            "{bad}"
        );
    }
    let packed = [
        Packed::F64(f64::NAN),
        Packed::F64(f64::INFINITY),
        Packed::F32(f32::NEG_INFINITY),
        Packed::F32(f32::NAN),
    ];
    for bad in packed {
        let reply = alice
            .post("data/BM/", msgpack::with(&minimal(), "energy", bad.clone()))
            .await;
        assert_eq!(reply.status, 400, "{bad}");
        assert_eq!(reply.fields(), ["energy"], "{bad}");
    }
    let id = id_of(
        &alice
            .post("data/BM/", msgpack::with(&minimal(), "energy", Packed::F32(12.5)))
            .await,
    );
    assert_eq!(record(&site, id).await["energy"], json!(12.5));
}

#[actix_web::test]
async fn other_numeric_fields_accept_numbers_and_null() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for name in ["exposure", "exposure_time", "attenuation", "beam_size"] {
        for bad in [Packed::from("1"), Packed::Boolean(true)] {
            let base = without(&["exposure"]);
            let base = if name.starts_with("exposure") {
                base
            } else {
                minimal()
            };
            let reply = alice
                .post("data/BM/", msgpack::with(&base, name, bad.clone()))
                .await;
            assert_eq!(reply.status, 400, "{name} {bad}");
            assert_eq!(reply.fields(), [name], "{name} {bad}");
        }
    }
    assert_eq!(
        refused(&alice, body(json!({"exposure": -0.1}))).await,
        ["exposure"]
    );
    assert_eq!(
        refused(&alice, body(json!({"beam_size": -1}))).await,
        ["beam_size"]
    );
    let id = upload(
        &alice,
        body(json!({"attenuation": null, "beam_size": null, "filename": null, "uuid": null})),
    )
    .await;
    let row = record(&site, id).await;
    for name in ["attenuation", "beam_size", "filename", "uuid"] {
        assert_eq!(row[name], json!(null), "{name}");
    }
    assert_eq!(row["meta_data"], json!({}));
}

#[actix_web::test]
async fn texts_are_accepted_up_to_their_limits() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for (name, limit) in [
        ("name", 255),
        ("filename", 255),
        ("file_name", 255),
        ("uuid", 128),
    ] {
        let longest = "é".repeat(limit);
        let id = upload(&alice, body(json!({name: longest}))).await;
        let shown = if name == "file_name" { "filename" } else { name };
        assert_eq!(
            record(&site, id).await[shown],
            longest,
            "{name}: the limit is in characters, not bytes"
        );
        assert_eq!(
            refused(&alice, body(json!({name: "é".repeat(limit + 1)}))).await,
            [name]
        );
    }
    let id = upload(&alice, body(json!({"directory": "d".repeat(4096)}))).await;
    assert!(record(&site, id).await["url"].is_string());
    assert_eq!(
        refused(&alice, body(json!({"directory": "d".repeat(4097)}))).await,
        ["directory"]
    );
    let longest = format!("{}11", "1,".repeat(32 * 1024 - 1));
    assert_eq!(longest.len(), 64 * 1024);
    let row = record(&site, upload(&alice, body(json!({"frames": longest}))).await).await;
    assert_eq!(row["frames"], longest);
    assert_eq!(row["num_frames"], 2);
    assert_eq!(
        refused(&alice, body(json!({"frames": format!("{longest}1")}))).await,
        ["frames"]
    );
}

#[actix_web::test]
async fn frames_are_ranges_of_any_length() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let table = [
        ("", 1),
        ("5", 1),
        ("5-5", 1),
        ("1-4,8,10-99", 95),
        ("1-4,181-184,361-364,541-544", 16),
        ("10-99,1-4", 94),
        ("1-4,3-8", 8),
        ("1-999999999", 999_999_999),
    ];
    for (frames, number) in table {
        let row = record(&site, upload(&alice, body(json!({"frames": frames}))).await).await;
        assert_eq!(row["frames"], frames);
        assert_eq!(row["num_frames"], number, "{frames}");
    }
    for absent in [without(&[]), body(json!({"frames": null}))] {
        let row = record(&site, upload(&alice, absent).await).await;
        assert_eq!((&row["frames"], &row["num_frames"]), (&json!(""), &json!(1)));
    }
    for bad in [
        "5-1",
        "a",
        "1-",
        "-1",
        "1,,2",
        ",",
        "1-2-3",
        "1.5",
        "1;2",
        "１",
        "99999999999999999999",
    ] {
        assert_eq!(
            refused(&alice, body(json!({"frames": bad}))).await,
            ["frames"],
            "{bad}"
        );
    }
    for bad in [json!(5), json!([1, 2]), json!(true)] {
        assert_eq!(
            refused(&alice, body(json!({"frames": bad}))).await,
            ["frames"],
            "{bad}"
        );
    }
}

#[actix_web::test]
async fn a_billion_frames_cost_as_much_as_one() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let begin = std::time::Instant::now();
    for number in 0..20 {
        upload(
            &alice,
            body(json!({"frames": "1-999999999", "exposure": 0.000_001, "name": number.to_string()})),
        )
        .await;
    }
    // Counting a billion frames one by one would take minutes in this build.
    assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
    let bytes = site.admin_reply("data").await.body.len();
    assert!(bytes < 20 * 1024, "{bytes} bytes for 20 records");
}

#[actix_web::test]
async fn the_data_types_are_seven_built_in_ones_and_those_of_the_facility() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for kind in ["SCREEN", "DATA", "XRD", "RASTER", "XAS", "XRF", "MAD"] {
        let id = upload(&alice, body(json!({"type": kind}))).await;
        assert_eq!(record(&site, id).await["type"], kind);
    }
    for unknown in ["SAXS", "data", "DATA "] {
        assert_eq!(
            refused(&alice, body(json!({"type": unknown}))).await,
            ["type"],
            "{unknown}"
        );
    }
    site.apply("[[data_type]]\nacronym = \"SAXS\"\nname = \"Small-angle scattering\"\n")
        .await;
    let id = upload(&alice, body(json!({"type": "SAXS"}))).await;
    assert_eq!(record(&site, id).await["type"], "SAXS");
}

#[actix_web::test]
async fn a_body_is_messagepack_unless_its_content_type_is_json() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let body = minimal();
    let json = body.to_string();
    let packed = rmp_serde::to_vec(&body).unwrap();
    let table: [(Option<&str>, &[u8], u16); 9] = [
        (None, &packed, 200),
        (Some("application/msgpack"), &packed, 200),
        (Some("application/octet-stream"), &packed, 200),
        (Some("application/json"), json.as_bytes(), 200),
        (Some("application/json; charset=utf-8"), json.as_bytes(), 200),
        (Some("Application/JSON"), json.as_bytes(), 200),
        (None, json.as_bytes(), 400),
        (Some("application/json"), &packed, 400),
        (Some("text/plain"), json.as_bytes(), 400),
    ];
    for (kind, bytes, status) in table {
        let mut request = site.http.post(alice.url("data/BM/")).body(bytes.to_vec());
        if let Some(kind) = kind {
            request = request.header(CONTENT_TYPE.as_str(), kind);
        }
        let reply = Reply::of(request).await;
        assert_eq!(reply.status, status, "{kind:?}: {}", reply.text());
        if status == 400 {
            assert_eq!(reply.fields(), ["body"], "{kind:?}");
        }
    }
    assert_eq!(count(&site).await, 6);
}

#[actix_web::test]
async fn a_body_over_the_limit_is_413_and_one_at_the_limit_is_accepted() {
    let site = Site::with(|settings| settings.limits.body_bytes = 2000).await;
    let alice = site.client("alice").await;
    let padded = |padding: usize| rmp_serde::to_vec(&body(json!({"pad": "x".repeat(padding)}))).unwrap();
    let padding = 1000 + 2000 - padded(1000).len();
    assert_eq!(padded(padding).len(), 2000);
    assert_eq!(alice.post("data/BM/", padded(padding)).await.status, 200);
    for longer in [padded(padding + 1), padded(1 << 20)] {
        let reply = alice.post("data/BM/", longer).await;
        assert_eq!(reply.status, 413);
        assert_eq!(reply.json()["error"]["code"], "too_large");
    }
    assert_eq!(count(&site).await, 1);
}

#[actix_web::test]
async fn the_default_limit_is_16_mib() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let reply = alice.post("data/BM/", vec![0xc0; (16 << 20) + 1]).await;
    assert_eq!(reply.status, 413);
    let pad = "x".repeat(16 << 20);
    assert_eq!(alice.data("BM", &body(json!({"pad": pad}))).await.status, 413);
    let id = upload(&alice, body(json!({"pad": &pad[..(16 << 20) - 1024]}))).await;
    assert_eq!(
        record(&site, id).await["meta_data"]["pad"]
            .as_str()
            .unwrap()
            .len(),
        (16 << 20) - 1024
    );
}
