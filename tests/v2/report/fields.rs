//! The rules for each field.

use super::*;
use crate::support::msgpack;
use chrono::TimeDelta;
use rmpv::Value as Packed;

#[actix_web::test]
async fn a_report_reads_back_as_it_was_sent() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let id = upload(&alice, body(json!({"ignored": 1}))).await;
    assert_eq!(id, 1);
    let mut row = record(&site, id).await;
    assert_eq!(row["url"].take().as_str().unwrap().len(), 40);
    let expected = json!({
        "id": 1, "project": "alice", "beamline": "BM", "name": "Lysozyme", "kind": "MX Native Analysis", "score": 0.87,
        "data_id": [], "url": null,
        "details": [{"title": "Quality", "content": [{"kind": "table", "data": [["Score", 0.87]]}]}],
        "created": "2026-11-23T15:00:00Z", "modified": "2026-11-23T15:00:00Z", "address": "127.0.0.1",
    });
    assert_eq!(row, expected);
}

#[actix_web::test]
async fn only_the_directory_is_required() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    assert_eq!(refused(&alice, json!({})).await, ["directory"]);
    assert_eq!(
        refused(&alice, body(json!({"directory": null}))).await,
        ["directory"]
    );
    assert_eq!(
        refused(&alice, body(json!({"directory": ""}))).await,
        ["directory"]
    );
    let row = record(
        &site,
        upload(&alice, json!({"directory": "/users/alice/x"})).await,
    )
    .await;
    assert_eq!(row["kind"], "Data Analysis");
    assert_eq!(row["score"], json!(0.0));
    assert_eq!(row["details"], json!([]));
    assert_eq!(row["data_id"], json!([]));
    assert_eq!(count(&site).await, 1);
}

#[actix_web::test]
async fn title_and_kind_have_aliases_and_kind_a_default() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let table = [
        (json!({"title": "T"}), "T", "Data Analysis"),
        (json!({"name": "N"}), "N", "Data Analysis"),
        (json!({"title": "T", "name": "N"}), "T", "Data Analysis"),
        (json!({"title": null, "name": "N"}), "N", "Data Analysis"),
        (json!({"title": "T", "kind": "K"}), "T", "K"),
        (json!({"title": "T", "type": "Y"}), "T", "Y"),
        (json!({"title": "T", "kind": "K", "type": "Y"}), "T", "K"),
        (json!({"title": "T", "kind": null, "type": "Y"}), "T", "Y"),
        (json!({"title": "T", "kind": null}), "T", "Data Analysis"),
        (json!({"title": "T", "kind": ""}), "T", "Data Analysis"),
    ];
    for (mut sent, name, kind) in table {
        sent["directory"] = json!("/users/alice/x");
        let row = record(&site, upload(&alice, sent.clone()).await).await;
        assert_eq!(
            (&row["name"], &row["kind"]),
            (&json!(name), &json!(kind)),
            "{sent}"
        );
    }
}

#[actix_web::test]
async fn texts_are_accepted_up_to_their_limits() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for (name, shown) in [
        ("title", "name"),
        ("name", "name"),
        ("kind", "kind"),
        ("type", "kind"),
    ] {
        let base = json!({"directory": "/users/alice/x"});
        let mut longest = base.clone();
        longest[name] = json!("é".repeat(255));
        let row = record(&site, upload(&alice, longest).await).await;
        assert_eq!(row[shown], "é".repeat(255), "{name}");
        let mut longer = base;
        longer[name] = json!("é".repeat(256));
        assert_eq!(refused(&alice, longer).await, [name]);
    }
    upload(&alice, body(json!({"directory": "d".repeat(4096)}))).await;
    assert_eq!(
        refused(&alice, body(json!({"directory": "d".repeat(4097)}))).await,
        ["directory"]
    );
}

#[actix_web::test]
async fn a_score_is_a_number_and_null_is_zero() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let table = [
        (json!(null), 0.0),
        (json!(0), 0.0),
        (json!(1), 1.0),
        (json!(-0.5), -0.5),
        (json!(0.87), 0.87),
    ];
    for (sent, kept) in table {
        let row = record(&site, upload(&alice, body(json!({"score": sent}))).await).await;
        assert_eq!(row["score"], json!(kept), "{sent}");
    }
    for bad in [Packed::from("1"), Packed::Boolean(false)] {
        let reply = alice
            .post(
                "report/BM/",
                msgpack::with(&body(json!({})), "score", bad.clone()),
            )
            .await;
        assert_eq!(
            (reply.status, reply.fields()),
            (400, vec!["score".to_owned()]),
            "{bad}"
        );
    }
}

#[actix_web::test]
async fn every_wrong_field_is_named_at_once() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let wrong = json!({
        "title": 1, "kind": [], "score": "high", "details": "none", "data_id": "all", "id": "first",
    });
    let named = refused(&alice, wrong).await;
    assert_eq!(
        named,
        ["data_id", "details", "directory", "id", "kind", "score", "title"]
    );
}

#[actix_web::test]
async fn details_are_kept_exactly() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let table = [
        json!([]),
        json!({}),
        json!([1, -1, 1.0, "1", null, true, [], {}]),
        json!({"a": {"b": [1, {"c": 2.5}]}}),
        json!([u64::MAX, i64::MIN, 1e300, 0.1]),
        json!([{"x": ["Shell", 8.0, 4], "y1": [["I/σ", 99.1]], "y2-label": null}]),
        json!(["\u{0}", "🔬", "<script>", "\\"]),
    ];
    for details in table {
        let row = record(&site, upload(&alice, body(json!({"details": details}))).await).await;
        assert_eq!(row["details"], details);
        let id = id_of(
            &alice
                .post_json("report/BM/", &body(json!({"details": details})))
                .await,
        );
        assert_eq!(record(&site, id).await["details"], details, "sent as JSON");
    }
    let row = record(&site, upload(&alice, body(json!({"details": null}))).await).await;
    assert_eq!(row["details"], json!([]));
    let numbers = Packed::Array(vec![
        Packed::F64(f64::NAN),
        Packed::F32(0.1),
        Packed::F64(f64::INFINITY),
    ]);
    let id = id_of(
        &alice
            .post("report/BM/", msgpack::with(&body(json!({})), "details", numbers))
            .await,
    );
    assert_eq!(record(&site, id).await["details"].to_string(), "[null,0.1,null]");
    for bad in [json!("text"), json!(1), json!(1.5), json!(true)] {
        assert_eq!(
            refused(&alice, body(json!({"details": bad}))).await,
            ["details"],
            "{bad}"
        );
    }
}

#[actix_web::test]
async fn details_are_accepted_up_to_64_levels() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let lists = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let maps = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    for deepest in [lists(64), maps(64)] {
        let sent = format!("{{\"directory\":\"/users/alice/x\",\"details\":{deepest}}}");
        let request = site
            .http
            .post(alice.url("report/BM/"))
            .header("Content-Type", "application/json")
            .body(sent);
        let id = id_of(&Reply::of(request).await);
        let text = site.admin_reply(&format!("reports/{id}")).await.text();
        assert!(text.contains(&format!("\"details\":{deepest},")), "{text}");
    }
    for deeper in [lists(65), maps(65), lists(120)] {
        let sent = format!("{{\"directory\":\"/users/alice/x\",\"details\":{deeper}}}");
        let request = site
            .http
            .post(alice.url("report/BM/"))
            .header("Content-Type", "application/json")
            .body(sent);
        let reply = Reply::of(request).await;
        assert_eq!((reply.status, reply.fields()), (400, vec!["details".to_owned()]));
    }
    let packed = |levels| msgpack::with(&body(json!({})), "details", msgpack::nested(levels));
    assert_eq!(alice.post("report/BM/", packed(64)).await.status, 200);
    let reply = alice.post("report/BM/", packed(65)).await;
    assert_eq!((reply.status, reply.fields()), (400, vec!["details".to_owned()]));
    assert_eq!(count(&site).await, 3);
}

#[actix_web::test]
async fn a_megabyte_of_details_is_kept_whole_also_after_a_restart() {
    let mut site = Site::new().await;
    let alice = site.client("alice").await;
    let plots: Vec<Value> = (0..400)
        .map(|plot| json!({"kind": "lineplot", "title": format!("plot {plot}"), "x": (0..250).map(|x| f64::from(x) * 1.37).collect::<Vec<_>>()}))
        .collect();
    let details = json!(plots);
    assert!(rmp_serde::to_vec(&details).unwrap().len() > 900_000);
    let id = upload(&alice, body(json!({"details": details}))).await;
    assert_eq!(record(&site, id).await["details"], details);
    site.restart().await;
    assert_eq!(record(&site, id).await["details"], details);
    let list = site.admin("reports?project=alice").await;
    assert_eq!(list[0]["details"], details);
}

#[actix_web::test]
async fn a_body_over_the_limit_is_413() {
    let site = Site::with(|settings| settings.limits.body_bytes = 5000).await;
    let alice = site.client("alice").await;
    let details = |length: usize| json!({"details": ["x".repeat(length)]});
    assert_eq!(alice.report("BM", &body(details(4000))).await.status, 200);
    let reply = alice.report("BM", &body(details(5000))).await;
    assert_eq!(reply.status, 413);
    assert_eq!(reply.json()["error"]["code"], "too_large");
    assert_eq!(alice.post("report/BM/", vec![0_u8; 3 << 20]).await.status, 413);
    assert_eq!(count(&site).await, 1);
}

#[actix_web::test]
async fn an_id_updates_an_own_report_and_makes_a_new_one_otherwise() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    let id = upload(&alice, body(json!({}))).await;
    let first = record(&site, id).await;
    site.clock.advance(TimeDelta::minutes(5));
    assert_eq!(
        upload(
            &alice,
            body(json!({"id": id, "title": "Better", "score": 0.9, "details": {"a": 1}}))
        )
        .await,
        id
    );
    let second = record(&site, id).await;
    assert_eq!(
        (&second["name"], &second["score"]),
        (&json!("Better"), &json!(0.9))
    );
    assert_eq!(second["details"], json!({"a": 1}));
    assert_eq!(second["created"], first["created"]);
    assert_eq!(second["modified"], "2026-11-23T15:05:00Z");
    assert_eq!(second["url"], first["url"]);
    let mut expected = id;
    for directory in ["/users/alice/day/process2", "/users/alice/day/process/"] {
        expected += 1;
        let other = body(json!({"id": id, "directory": directory}));
        assert_eq!(upload(&alice, other).await, expected, "another directory");
        let note = note(&site, "alice").await;
        assert!(note.contains(&format!("report {id}")), "{note}");
    }
    for other in [
        json!(id),
        json!(55),
        json!(0),
        json!(-1),
        json!(u64::MAX),
        json!(null),
    ] {
        expected += 1;
        assert_eq!(
            upload(&bob, body(json!({"id": other}))).await,
            expected,
            "{other}"
        );
    }
    assert_eq!(
        record(&site, id).await,
        second,
        "another project's report has changed"
    );
    upload(&bob, body(json!({"id": id}))).await;
    let note = note(&site, "bob").await;
    assert!(note.contains(&format!("report {id}")), "{note}");
    for bad in [json!("1"), json!(1.5), json!(true), json!([1])] {
        assert_eq!(refused(&alice, body(json!({"id": bad}))).await, ["id"], "{bad}");
    }
}

#[actix_web::test]
async fn ids_are_contiguous_and_separate_from_those_of_datasets() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let data =
        json!({"directory": "/users/alice/x", "type": "DATA", "name": "d", "energy": 12, "exposure": 1});
    assert_eq!(id_of(&alice.data("BM", &data).await), 1);
    assert_eq!(upload(&alice, body(json!({}))).await, 1);
    refused(&alice, json!({})).await;
    assert_eq!(alice.report("XX", &body(json!({}))).await.status, 404);
    assert_eq!(upload(&alice, body(json!({}))).await, 2);
    let reply = alice.get("report/BM/").await;
    assert_eq!((reply.status, reply.header("Allow")), (405, Some("POST")));
    assert_eq!(id_of(&alice.post_msgpack("report/BM", &body(json!({}))).await), 3);
}

#[actix_web::test]
async fn the_directory_is_never_shown() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let id = upload(
        &alice,
        body(json!({"directory": "/users/alice/very-secret-place"})),
    )
    .await;
    for path in ["reports", &format!("reports/{id}"), "activity", "outbox"] {
        let text = site.admin_reply(path).await.text();
        assert!(!text.contains("very-secret-place"), "{path}: {text}");
    }
}
