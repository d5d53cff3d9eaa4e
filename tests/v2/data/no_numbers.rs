//! Infinite numbers and NaN. They are accepted, because nobody would repeat a refused upload.

use super::*;
use crate::support::msgpack;
use rmpv::Value as Packed;

const MEASURES: [&str; 4] = ["exposure", "exposure_time", "attenuation", "beam_size"];

#[actix_web::test]
async fn a_measure_that_is_not_finite_is_null_and_noted() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for name in MEASURES {
        for (number, shown) in [
            (Packed::F64(f64::NAN), "NaN"),
            (Packed::F64(f64::INFINITY), "inf"),
            (Packed::F64(f64::NEG_INFINITY), "-inf"),
            (Packed::F32(f32::NAN), "NaN"),
            (Packed::F32(f32::INFINITY), "inf"),
        ] {
            let base = if name == "exposure_time" {
                without(&["exposure"])
            } else {
                minimal()
            };
            let id = id_of(&alice.post("data/BM/", msgpack::with(&base, name, number)).await);
            let row = record(&site, id).await;
            let kept = if name == "exposure_time" { "exposure" } else { name };
            assert_eq!(row[kept], json!(null), "{name} {shown}");
            assert_eq!(row["energy"], json!(12.6581), "{name} {shown}");
            let note = note(&site, "alice").await;
            assert!(
                note.contains(&format!("{name} was {shown}: kept as null")),
                "{note}"
            );
        }
    }
}

#[actix_web::test]
async fn nan_and_infinity_are_accepted_in_json() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let text = r#"{"directory": "/users/alice/NaN", "type": "DATA", "name": "Infinity, \"-Infinity\"",
        "energy": 12.5, "exposure": NaN, "attenuation": -Infinity, "beam_size": Infinity,
        "start_time": "2026-11-23T14:00:00Z", "list": [NaN, [-Infinity, {"a": Infinity}], "NaN"]}"#;
    let request = alice
        .posting("data/BM/")
        .header("Content-Type", "application/json");
    let row = record(&site, id_of(&Reply::of(request.body(text)).await)).await;
    assert_eq!(row["name"], "Infinity, \"-Infinity\"");
    for name in ["exposure", "attenuation", "beam_size"] {
        assert_eq!(row[name], json!(null), "{name}");
    }
    assert_eq!(
        row["meta_data"],
        json!({"list": [null, [null, {"a": null}], "NaN"]})
    );
    let note = note(&site, "alice").await;
    for shown in ["exposure was NaN", "attenuation was -inf", "beam_size was inf"] {
        assert!(note.contains(shown), "{note}");
    }
    let request = alice
        .posting("data/BM/")
        .header("Content-Type", "application/json");
    let reply = Reply::of(request.body(text.replace("12.5", "NaN"))).await;
    assert_eq!((reply.status, reply.fields()), (400, vec!["energy".to_owned()]));
}

#[actix_web::test]
async fn the_alias_replaces_a_field_that_is_not_finite() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let base = body(json!({"exposure_time": 0.25}));
    let packed = msgpack::with(&base, "exposure", Packed::F64(f64::NAN));
    let row = record(&site, id_of(&alice.post("data/BM/", packed).await)).await;
    assert_eq!(row["exposure"], json!(0.25));
}

#[actix_web::test]
async fn a_score_that_is_not_finite_is_zero() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let body = include_bytes!("../../fixtures/cases/report_score_nan.msgpack");
    let id = id_of(&alice.post("report/BM/", body.as_slice()).await);
    assert_eq!(site.admin(&format!("reports/{id}")).await["score"], json!(0.0));
    let note = note(&site, "alice").await;
    assert!(note.contains("score was NaN: kept as null"), "{note}");
}
