//! Unknown fields of a body are kept with their types.

use super::*;
use crate::support::msgpack;
use rmpv::Value as Packed;

/// Uploads a body with one more field and returns the field as the admin API shows it.
async fn kept(site: &Site, client: &Client, field: Packed) -> Value {
    let id = id_of(
        &client
            .post("data/BM/", msgpack::with(&minimal(), "extra", field))
            .await,
    );
    record(site, id).await["meta_data"]["extra"].clone()
}

#[actix_web::test]
async fn values_read_back_as_they_were_sent() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let table = [
        json!(0),
        json!(1),
        json!(-1),
        json!(127),
        json!(128),
        json!(-32),
        json!(-33),
        json!(250_000_000_000_u64),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(i64::MAX),
        json!(1.0),
        json!(0.0),
        json!(-0.5),
        json!(1.7999),
        json!(1e300),
        json!(5e-324),
        json!(true),
        json!(false),
        json!(null),
        json!(""),
        json!("πλ 測定 🔬\u{0}\n\""),
        json!([]),
        json!({}),
        json!([1, 1.0, "1", null, [true, {"a": [{}]}]]),
        json!({"a": {"b": {"c": [1, 2.5, -3]}}, "": 1}),
        json!([[[[[[[[[[[[0]]]]]]]]]]]]),
    ];
    for value in table {
        assert_eq!(kept(&site, &alice, msgpack::value(&value)).await, value);
        let mut sent = minimal();
        sent["extra"] = value.clone();
        let id = id_of(&alice.post_json("data/BM/", &sent).await);
        assert_eq!(
            record(&site, id).await["meta_data"]["extra"],
            value,
            "sent as JSON"
        );
    }
}

#[actix_web::test]
async fn floats_are_shown_with_a_point_and_few_digits() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let fields = Packed::Map(vec![
        ("one".into(), Packed::F64(1.0)),
        ("single".into(), Packed::F32(0.1)),
        ("single_one".into(), Packed::F32(1.0)),
        ("whole".into(), Packed::from(1)),
        ("large".into(), Packed::F64(1e15)),
    ]);
    let id = id_of(
        &alice
            .post("data/BM/", msgpack::with(&minimal(), "extra", fields))
            .await,
    );
    let text = site.admin_reply(&format!("data/{id}")).await.text();
    for part in [
        "\"one\":1.0,",
        "\"single\":0.1,",
        "\"single_one\":1.0,",
        "\"whole\":1,",
        "\"large\":1000000000000000.0",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[actix_web::test]
async fn numbers_that_json_lacks_read_back_as_null() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "infinities and NaN lose no digits"
        )]
        let single = Packed::F32(number as f32);
        for value in [Packed::F64(number), single] {
            let nested = Packed::Array(vec![value.clone(), Packed::from(1)]);
            assert_eq!(kept(&site, &alice, value).await, json!(null), "{number}");
            assert_eq!(kept(&site, &alice, nested).await, json!([null, 1]), "{number}");
        }
    }
}

#[actix_web::test]
async fn values_that_json_lacks_are_still_shown() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    assert_eq!(
        kept(&site, &alice, Packed::Binary(b"plain".to_vec())).await,
        json!("plain")
    );
    assert_eq!(
        kept(&site, &alice, Packed::Binary(vec![0xff, 0xfe])).await,
        json!("//4=")
    );
    assert_eq!(
        kept(&site, &alice, Packed::Ext(5, vec![1, 2])).await,
        json!({"ext": 5, "data": "AQI="})
    );
    let keyed = Packed::Map(vec![
        (Packed::from(7), Packed::from("seven")),
        (Packed::Nil, Packed::from(0)),
    ]);
    assert_eq!(kept(&site, &alice, keyed).await, json!({"7": "seven", "null": 0}));
}

#[actix_web::test]
async fn meta_data_contains_all_unknown_fields_and_no_known_ones() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let known = json!({
        "exposure_time": 1, "attenuation": 1, "beam_size": 1, "filename": "f", "file_name": "f", "frames": "1",
        "sample_id": null, "start_time": null, "end_time": null, "id": null, "data_id": null, "uuid": "u",
    });
    let others = json!({
        "group": "native", "container": "CLS-0042", "port": "1A7", "comments": "", "session": 9, "project": "bob",
        "beamline": "XX", "url": "http://x", "created": "1999-01-01", "modified": 0, "num_frames": 77, "meta_data": {"a": 1},
        "kind": "k", "title": "t", "Directory": "/x", "": "empty name", "ключ": 1,
    });
    let mut sent = body(known);
    for (name, value) in others.as_object().unwrap() {
        sent[name] = value.clone();
    }
    let row = record(&site, upload(&alice, sent).await).await;
    assert_eq!(row["meta_data"], others);
    assert_eq!(
        (&row["project"], &row["beamline"], &row["num_frames"]),
        (&json!("alice"), &json!("BM"), &json!(1))
    );
    assert_eq!(row["created"], "2026-11-23T15:00:00Z");
}

#[actix_web::test]
async fn nesting_is_accepted_up_to_64_levels() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let deepest = kept(&site, &alice, msgpack::nested(64)).await;
    assert_eq!(
        deepest.to_string(),
        format!("{}{}", "[".repeat(64), "]".repeat(64))
    );
    let reply = alice
        .post(
            "data/BM/",
            msgpack::with(&minimal(), "extra", msgpack::nested(65)),
        )
        .await;
    assert_eq!((reply.status, reply.fields()), (400, vec!["extra".to_owned()]));
    let reply = alice
        .post(
            "data/BM/",
            msgpack::with(&minimal(), "extra", msgpack::nested(200)),
        )
        .await;
    assert_eq!((reply.status, reply.fields()), (400, vec!["body".to_owned()]));
}

#[actix_web::test]
async fn a_large_value_is_kept_whole() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let spectrum: Vec<f64> = (0..60_000).map(|channel| f64::from(channel) * 0.25).collect();
    let id = upload(
        &alice,
        body(json!({"spectrum": spectrum, "text": "x".repeat(700_000)})),
    )
    .await;
    let row = record(&site, id).await;
    assert_eq!(row["meta_data"]["spectrum"], json!(spectrum));
    assert_eq!(row["meta_data"]["text"].as_str().unwrap().len(), 700_000);
}
