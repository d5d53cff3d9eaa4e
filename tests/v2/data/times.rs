//! The start and end of a dataset. The facility is in Saskatchewan: UTC−6 all year.

use super::*;

/// 100 frames of half a second.
fn measured(times: Value) -> Value {
    let mut body = body(json!({"frames": "1-100"}));
    for (name, value) in times.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn times(site: &Site, id: u64) -> (String, String) {
    let row = record(site, id).await;
    let text = |name: &str| row[name].as_str().unwrap().to_owned();
    (text("start_time"), text("end_time"))
}

#[actix_web::test]
async fn a_missing_time_is_computed_from_the_other_and_the_exposures() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let (start, end) = ("2026-11-23T14:00:00+00:00", "2026-11-23T14:30:00+00:00");
    let table = [
        (
            json!({"start_time": start, "end_time": end}),
            "14:00:00Z",
            "14:30:00Z",
        ),
        (json!({"start_time": start}), "14:00:00Z", "14:00:50Z"),
        (json!({"end_time": end}), "14:29:10Z", "14:30:00Z"),
        (json!({}), "14:59:10Z", "15:00:00Z"),
        (
            json!({"start_time": start, "end_time": null}),
            "14:00:00Z",
            "14:00:50Z",
        ),
        (
            json!({"start_time": null, "end_time": end}),
            "14:29:10Z",
            "14:30:00Z",
        ),
        (
            json!({"start_time": null, "end_time": null}),
            "14:59:10Z",
            "15:00:00Z",
        ),
    ];
    for (sent, start, end) in table {
        let kept = times(&site, upload(&alice, measured(sent.clone())).await).await;
        let day = |time: &str| format!("2026-11-23T{time}");
        assert_eq!(kept, (day(start), day(end)), "{sent}");
    }
}

#[actix_web::test]
async fn the_exposure_can_be_missing_when_the_start_is_known() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let start = "2026-11-23T14:00:00+00:00";
    let mut body = without(&["exposure"]);
    assert_eq!(refused(&alice, body.clone()).await, ["exposure"]);
    body["end_time"] = json!(start);
    assert_eq!(
        refused(&alice, body.clone()).await,
        ["exposure"],
        "an end without an exposure was accepted"
    );
    body["start_time"] = json!(start);
    body["end_time"] = json!("2026-11-23T14:30:00Z");
    let id = upload(&alice, body.clone()).await;
    assert_eq!(record(&site, id).await["exposure"], json!(null));
    body.as_object_mut().unwrap().remove("end_time");
    let id = upload(&alice, body).await;
    assert_eq!(times(&site, id).await.0, "2026-11-23T14:00:00Z");
}

#[actix_web::test]
async fn a_naive_time_is_in_the_facilitys_zone() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let table = [
        ("2026-11-23T08:00:00", "2026-11-23T14:00:00Z"),
        ("2026-07-01T08:00:00", "2026-07-01T14:00:00Z"),
        ("2026-11-23T08:00:00.654321", "2026-11-23T14:00:00.654321Z"),
        ("2026-11-23T14:00:00+00:00", "2026-11-23T14:00:00Z"),
        ("2026-11-23T14:00:00.123456+00:00", "2026-11-23T14:00:00.123456Z"),
        ("2026-11-23T14:00:00Z", "2026-11-23T14:00:00Z"),
        ("2026-11-23T15:00:00+01:00", "2026-11-23T14:00:00Z"),
        ("2026-11-23T08:00:00-0600", "2026-11-23T14:00:00Z"),
    ];
    for (sent, utc) in table {
        let id = upload(&alice, body(json!({"start_time": sent, "end_time": sent}))).await;
        assert_eq!(times(&site, id).await, (utc.to_owned(), utc.to_owned()), "{sent}");
    }
}

#[actix_web::test]
async fn an_end_before_the_start_is_kept_as_sent_and_noted() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    upload(
        &alice,
        body(json!({"start_time": "2026-11-23T14:00:00Z", "end_time": "2026-11-23T14:00:01Z"})),
    )
    .await;
    let log = site.admin("activity?project=alice&limit=1").await;
    assert_eq!(log[0]["action"], "register key", "a correct upload was noted");
    let id = upload(
        &alice,
        body(json!({"start_time": "2026-11-23T14:00:00Z", "end_time": "2026-11-23T08:00:00Z"})),
    )
    .await;
    let kept = times(&site, id).await;
    assert_eq!(
        kept,
        (
            "2026-11-23T14:00:00Z".to_owned(),
            "2026-11-23T08:00:00Z".to_owned()
        )
    );
    let note = note(&site, "alice").await;
    assert!(note.contains("ends before it starts"), "{note}");
}

#[actix_web::test]
async fn invalid_times_are_refused_by_name() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let bad = [
        json!("yesterday"),
        json!(""),
        json!("2026-13-01T00:00:00Z"),
        json!("2026-11-23T25:00:00Z"),
        json!("1767225600"),
        json!(1_767_225_600),
        json!(1.5),
        json!(true),
        json!([]),
        json!({}),
        json!("2026-11-23T14:00:00+99:00"),
        json!("T".repeat(1000)),
        json!("+10000-01-01T00:00:00Z"),
        json!("9999-12-31T23:59:59-06:00"),
    ];
    for bad in bad {
        let both = body(json!({"start_time": bad, "end_time": bad}));
        assert_eq!(refused(&alice, both).await, ["end_time", "start_time"], "{bad}");
    }
}

#[actix_web::test]
async fn extreme_times_and_exposures_are_stored_or_refused() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let table = [
        json!({"frames": "1-999999999", "exposure": 1e6}),
        json!({"exposure": 1e300}),
        json!({"exposure": 9e12}),
        json!({"exposure": 1e11}),
        json!({"exposure": 9e12, "start_time": "2026-11-23T14:00:00Z"}),
        json!({"frames": "1-999999999999", "exposure": 1e30}),
        json!({"start_time": "9999-12-31T23:59:59Z", "exposure": 1e9}),
        json!({"end_time": "0000-01-01T00:00:00Z", "exposure": 1e9}),
        json!({"start_time": "0001-01-01T00:00:00Z"}),
        json!({"end_time": "9999-12-31T23:59:59Z"}),
    ];
    for sent in table {
        let reply = alice.data("BM", &body(sent.clone())).await;
        match reply.status {
            200 => {
                let row = record(&site, id_of(&reply)).await;
                for name in ["start_time", "end_time"] {
                    let time = row[name].as_str().unwrap();
                    assert!(
                        chrono::DateTime::parse_from_rfc3339(time).is_ok(),
                        "{sent}: {name} is {time}"
                    );
                }
            }
            400 => assert!(!reply.fields().is_empty(), "{sent}"),
            other => panic!("{sent}: {other}"),
        }
    }
    assert_eq!(site.admin_reply("data").await.status, 200);
}

/// An XAS scan sends its end in local time. In this night the clocks of Paris go back.
#[actix_web::test]
async fn an_end_in_a_repeated_hour_is_not_before_the_start() {
    let case: Value = serde_json::from_str(include_str!("../../fixtures/cases/dst_dataset.json")).unwrap();
    let site = Site::with(|settings| settings.timezone = chrono_tz::Europe::Paris).await;
    let alice = site.client("alice").await;
    let sent = json!({"type": case["type"], "start_time": case["start_time"], "end_time": case["end_time"]});
    let kept = times(&site, upload(&alice, measured(sent)).await).await;
    assert_eq!(
        kept,
        (
            "2026-10-25T01:05:00Z".to_owned(),
            case["right"].as_str().unwrap().to_owned()
        )
    );
    let log = site.admin("activity?project=alice&limit=1000").await.to_string();
    assert!(!log.contains("ends before it starts"), "{log}");
}

#[actix_web::test]
async fn other_formats_of_times_are_accepted() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for (sent, kept) in [
        ("2026-11-23T14:00:00,25+00:00", "2026-11-23T14:00:00.250000Z"),
        ("2026-11-22T24:00:00Z", "2026-11-23T00:00:00Z"),
        ("2026-11-22 24:00:00", "2026-11-23T06:00:00Z"),
    ] {
        let id = upload(&alice, measured(json!({"start_time": sent}))).await;
        assert_eq!(times(&site, id).await.0, kept, "{sent}");
    }
    let now = rmpv::Value::Ext(-1, 1_795_442_400_u32.to_be_bytes().to_vec());
    let body = crate::support::msgpack::with(&minimal(), "start_time", now);
    let id = id_of(&alice.post("data/BM/", body).await);
    assert_eq!(times(&site, id).await.0, "2026-11-23T14:00:00Z");
    let other = rmpv::Value::Ext(3, vec![0; 4]);
    let reply = alice
        .post(
            "data/BM/",
            crate::support::msgpack::with(&minimal(), "start_time", other),
        )
        .await;
    assert_eq!(
        (reply.status, reply.fields()),
        (400, vec!["start_time".to_owned()])
    );
}

#[actix_web::test]
async fn data_types_of_clients_before_2020_are_aliases() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for (sent, kept) in [
        ("MX_DATA", "DATA"),
        ("MX_SCREEN", "SCREEN"),
        ("XRD_DATA", "XRD"),
        ("XRF_SCAN", "XRF"),
        ("MAD_SCAN", "MAD"),
        ("XAS_SCAN", "XAS"),
        ("RASTER_SCAN", "RASTER"),
    ] {
        let id = upload(&alice, body(json!({"type": sent}))).await;
        assert_eq!(record(&site, id).await["type"], kept, "{sent}");
    }
    assert_eq!(
        refused(&alice, body(json!({"type": "SAXS_SCAN"}))).await,
        ["type"]
    );
    site.apply("[[data_type]]\nacronym = \"SAXS\"\naliases = [\"SAXS_SCAN\", \"BIOSAXS\"]\n")
        .await;
    let id = upload(&alice, body(json!({"type": "SAXS_SCAN"}))).await;
    assert_eq!(record(&site, id).await["type"], "SAXS");
}

#[actix_web::test]
async fn text_that_is_not_utf_8_is_refused_with_a_reason() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let broken = [&[0xa2, 0xff][..], &[0xfe]].concat();
    let value = rmpv::decode::read_value(&mut broken.as_slice()).unwrap();
    let reply = alice
        .post(
            "data/BM/",
            crate::support::msgpack::with(&minimal(), "name", value),
        )
        .await;
    let fields = &reply.json()["error"]["fields"];
    assert_eq!(
        fields,
        &json!({"name": "must be text, not bytes that are not UTF-8"})
    );
}
