//! `POST /api/admin/apply`

use crate::support::facilities::{container, sample};
use crate::support::{Reply, Site, FACILITY};
use reqwest::Method;
use serde_json::{json, Value};

async fn apply(site: &Site, query: &str, text: &str) -> Reply {
    site.post_admin(&format!("apply{query}"), text.to_owned()).await
}

async fn names_at_bm(site: &Site, client: &crate::support::Client) -> Vec<String> {
    let rows = client.at(site).samples("BM").await.json();
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].as_str().unwrap().to_owned())
        .collect()
}

#[actix_web::test]
async fn applying_the_same_again_changes_nothing() {
    let site = Site::with_facility("", |_| {}).await;
    let first = site.apply(FACILITY).await;
    let entries = FACILITY.matches("[[").count();
    assert_eq!(first, json!({"created": entries, "updated": 0, "unchanged": 0}));
    let before = (site.written(), site.admin("activity").await);
    assert_eq!(
        site.apply(FACILITY).await,
        json!({"created": 0, "updated": 0, "unchanged": entries})
    );
    assert_eq!(
        (site.written(), site.admin("activity").await),
        before,
        "no changes are written or logged"
    );
}

#[actix_web::test]
async fn named_entries_are_updated_and_others_stay() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let mut facility = sample("alice", "CLS-0042", "3", "lys-3-renamed", "");
    facility += &sample("alice", "CLS-0042", "1", "lys-1", "");
    facility += &sample("alice", "CLS-0042", "2", "lys-2", "");
    assert_eq!(
        site.apply(&facility).await,
        json!({"created": 1, "updated": 1, "unchanged": 1})
    );
    assert_eq!(
        names_at_bm(&site, &alice).await,
        ["lys-1", "lys-2", "lys-3-renamed"]
    );
    assert_eq!(
        alice.samples("BM").await.json()[2]["id"],
        1,
        "an updated sample keeps its id"
    );
}

#[actix_web::test]
async fn json_of_the_same_shape_is_accepted() {
    let site = Site::new().await;
    let facility = json!({
        "project": [{"username": "dora"}],
        "container": [{"project": "dora", "name": "D-1", "type": "Uni-Puck", "status": "on-site"}],
        "sample": [{"project": "dora", "container": "D-1", "location": "2", "name": "d-2", "priority": 3}],
        "beamtime": [{"project": "dora", "beamline": "BM", "start": "2026-11-23T08:00:00-06:00",
                      "end": "2026-11-23T16:00:00-06:00", "remote": true}]
    });
    let send = |body: Value| {
        site.request(Method::POST, "/api/admin/apply")
            .bearer_auth(site.admin_token())
            .json(&body)
    };
    let reply = Reply::of(send(facility.clone())).await;
    assert_eq!(
        (reply.status, reply.json()),
        (200, json!({"created": 4, "updated": 0, "unchanged": 0}))
    );
    let again = Reply::of(send(facility)).await;
    assert_eq!(again.json(), json!({"created": 0, "updated": 0, "unchanged": 4}));
    let dora = site.client("dora").await;
    assert_eq!(dora.samples("ID").await.json()[0]["name"], "d-2");
    let as_toml = apply(&site, "", r#"{"project": []}"#).await;
    assert_eq!(
        as_toml.status, 400,
        "the content type decides between JSON and TOML"
    );
}

#[actix_web::test]
async fn a_dry_run_lists_every_change_and_makes_none() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let written = site.written();
    let facility = format!(
        "[[project]]\nusername = \"dora\"\n{}{}",
        sample(
            "alice",
            "CLS-0042",
            "3",
            "renamed",
            "group = \"native\"\npriority = 2"
        ),
        container("alice", "NEW", "Uni-Puck", "on-site", None)
    );
    let reply = apply(&site, "?dry_run=true", &facility).await;
    assert_eq!(
        (reply.status, reply.json()),
        (
            200,
            json!({
                "created": 2, "updated": 1, "unchanged": 0,
                "changes": ["create project dora", "create container alice/NEW", "update sample alice/CLS-0042/3: name"]
            })
        )
    );
    assert_eq!(site.written(), written);
    assert_eq!(site.admin_reply("projects/dora").await.status, 404);
    assert_eq!(names_at_bm(&site, &alice).await, ["lys-3", "lys-1"]);
    let applied = apply(&site, "?dry_run=false", &facility).await;
    assert_eq!(
        applied.json(),
        json!({"created": 2, "updated": 1, "unchanged": 0})
    );
    assert_eq!(site.admin_reply("projects/dora").await.status, 200);
}

#[actix_web::test]
async fn only_prune_removes_entries_and_never_those_with_records() {
    let mut site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    alice.launch("ID", "day").await;
    let rest = "[[project]]\nusername = \"bob\"\n[[beamline]]\nacronym = \"BM\"\nname = \"08B1-1\"\n";
    let unpruned = apply(&site, "", rest).await.json();
    assert_eq!(unpruned, json!({"created": 0, "updated": 0, "unchanged": 2}));
    assert_eq!(names_at_bm(&site, &alice).await.len(), 2);
    let entries = FACILITY.matches("[[").count();
    // alice and ID have records.
    let removed = entries - 2 - 2;
    let foreseen = apply(&site, "?dry_run=true&prune=true", rest).await.json();
    let lines = foreseen["changes"].as_array().unwrap();
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.as_str().unwrap().starts_with("remove "))
            .count(),
        removed
    );
    assert!(
        lines.contains(&json!("keep project alice: records refer to it")),
        "{lines:?}"
    );
    assert!(
        lines.contains(&json!("keep beamline ID as inactive: records refer to it")),
        "{lines:?}"
    );
    let pruned = apply(&site, "?prune=true", rest).await.json();
    assert_eq!(
        pruned,
        json!({"created": 0, "updated": 0, "unchanged": 2, "removed": removed, "kept": 2})
    );
    for _ in 0..2 {
        assert_eq!(
            alice.at(&site).samples("BM").await.text(),
            "[]",
            "her samples are removed"
        );
        assert_eq!(
            bob.at(&site).samples("SIM").await.status,
            404,
            "a beamline without records is removed"
        );
        assert_eq!(site.admin_reply("projects/carol_3-x").await.status, 404);
        assert_eq!(site.admin("sessions?project=alice").await[0]["beamline"], "ID");
        site.restart().await;
    }
    // Ids of removed entries are not used again.
    let facility = format!(
        "{}\n{}",
        "[[container_type]]\nname = \"Uni-Puck\"\nlocations = [\"1\"]",
        container("alice", "NEW", "Uni-Puck", "on-site", None) + &sample("alice", "NEW", "1", "new", "")
    );
    site.apply(&facility).await;
    assert_eq!(alice.at(&site).samples("BM").await.json()[0]["id"], 4);
}

#[actix_web::test]
async fn every_mistake_is_named_with_its_place_and_nothing_is_changed() {
    let site = Site::new().await;
    let before = (site.written(), site.admin("activity").await);
    let facility = r#"
[[project]]
username = "dora"
[[project]]
username = "no spaces"
[[beamline]]
acronym = "XX"
actve = true
[[container]]
project = "nobody"
name = "N-1"
type = "Uni-Puck"
[[container]]
project = "alice"
name = "N-2"
type = "Unipuck"
status = "onsite"
[[sample]]
project = "alice"
container = "CLS-0042"
location = "17"
name = "beyond the puck"
[[access_list]]
name = "bad"
address = "10.45.0.0/33"
[[beamtime]]
project = "alice"
beamline = "BM"
start = 2026-11-23T16:00:00-06:00
end = 2026-11-23T08:00:00-06:00
[[telescope]]
name = "what?"
"#;
    let reply = apply(&site, "", facility).await;
    assert_eq!(reply.status, 400);
    let error = &reply.json()["error"];
    assert_eq!(error["code"], "invalid");
    let fields = reply.fields().join("\n");
    for place in [
        "[[project]] #2 (line 4), username",
        "[[beamline]] #1 (line 6)",
        "[[container]] #1 (line 9), project",
        "[[container]] #2 (line 13), status",
        "[[sample]] #1 (line 18), location",
        "[[access_list]] #1 (line 23), address",
        "[[beamtime]] #1 (line 26), end",
        "telescope",
    ] {
        assert!(fields.contains(place), "{place} is not in\n{fields}");
    }
    assert!(reply.text().contains("on-site"), "a suggestion: {}", reply.text());
    assert_eq!((site.written(), site.admin("activity").await), before);
    assert_eq!(
        site.admin_reply("projects/dora").await.status,
        404,
        "correct entries are not applied either"
    );
    let dry = apply(&site, "?dry_run=true", facility).await;
    assert_eq!((dry.status, dry.body), (400, reply.body));
}

#[actix_web::test]
async fn the_whole_facility_must_be_consistent() {
    let site = Site::new().await;
    let held = |name: &str, parent: &str| container("staff", name, "Adaptor", "on-site", Some((parent, "C")));
    for (what, facility) in [
        (
            "two active automounters",
            "[[automounter]]\nbeamline = \"BM\"\ncontainer = { project = \"bob\", name = \"BOB-1\" }\n"
                .to_owned(),
        ),
        (
            "two containers at one place",
            container("bob", "BOB-1", "Uni-Puck", "on-site", Some(("staff/AD-1", "A"))),
        ),
        ("a container in itself", held("AD-1", "staff/AD-1")),
        (
            "five levels",
            held("L-3", "staff/AD-1") + &held("L-4", "staff/L-3") + &held("L-5", "staff/L-4"),
        ),
        (
            "one address, two lists",
            crate::support::facilities::access_list("other", "127.0.0.0/8", &[], ""),
        ),
        ("one entry twice", "[[project]]\nusername = \"alice\"\n".repeat(2)),
        ("no TOML", "[[project\n".to_owned()),
        ("no table", "project = 1\n".to_owned()),
    ] {
        let reply = apply(&site, "", &facility).await;
        assert_eq!(reply.status, 400, "{what}: {}", reply.text());
        assert!(!reply.fields().is_empty(), "{what}");
    }
}

#[actix_web::test]
async fn bodies_that_are_not_text_and_wrong_parameters_are_refused() {
    let site = Site::with(|settings| settings.limits.facility_bytes = 10_000).await;
    let send = |query: &str, body: Vec<u8>| {
        let path = format!("/api/admin/apply{query}");
        Reply::of(
            site.request(Method::POST, &path)
                .bearer_auth(site.admin_token())
                .body(body),
        )
    };
    assert_eq!(send("", b"\xff\xfe".to_vec()).await.fields(), ["body"]);
    assert_eq!(send("?dryrun=true", Vec::new()).await.fields(), ["dryrun"]);
    assert_eq!(
        send("?dry_run=yes&prune=1", Vec::new()).await.fields(),
        ["dry_run", "prune"]
    );
    assert_eq!(send("", vec![b'#'; 10_000]).await.status, 200);
    let long = send("", vec![b'#'; 10_001]).await;
    assert_eq!(
        (long.status, long.json()["error"]["code"].clone()),
        (413, json!("too_large"))
    );
}

#[actix_web::test]
async fn one_change_is_one_entry_of_the_activity_log() {
    let site = Site::new().await;
    site.apply("[[project]]\nusername = \"dora\"\n").await;
    let entry = &site.admin("activity?limit=1").await[0];
    assert_eq!(
        (&entry["who"], &entry["action"], &entry["address"]),
        (&json!("operator"), &json!("apply"), &json!("127.0.0.1"))
    );
    assert_eq!(entry["record"]["subject"], "facility");
    assert!(
        entry["note"]
            .as_str()
            .unwrap()
            .starts_with("1 created, 0 updated"),
        "{entry}"
    );
}

#[actix_web::test]
async fn keys_in_the_file_are_set_and_absent_keys_stay() {
    let site = Site::new().await;
    let alice = site.stranger("alice");
    site.apply(&format!(
        "[[project]]\nusername = \"alice\"\nname = \"Alice's group\"\nkey = \"{}\"\n",
        alice.public
    ))
    .await;
    assert_eq!(alice.samples("BM").await.status, 200);
    site.apply(FACILITY).await;
    assert_eq!(
        alice.samples("BM").await.status,
        200,
        "a file without the key leaves it"
    );
    let bad = apply(
        &site,
        "",
        "[[project]]\nusername = \"alice\"\nkey = \"ssh-rsa AAAA\"\n",
    )
    .await;
    assert_eq!(bad.status, 400, "{}", bad.text());
}
