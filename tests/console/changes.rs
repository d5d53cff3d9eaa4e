//! What operators change by hand, and what others may not.

use super::{site, Browser};
use crate::support::{Client, Site};
use serde_json::{json, Value};

/// A facility with a robot that has an adaptor, and two pucks of alice: one loaded, one on site.
const ROBOT: &str = r#"
[[beamline]]
acronym = "XT"

[[container_type]]
name = "Puck"
locations = ["1", "2"]

[[container_type]]
name = "Rack"
locations = ["A", "B"]

[[container_type]]
name = "Robot"
locations = ["L", "M"]

[[container]]
project = "staff"
name = "AM-XT"
type = "Robot"
status = "on-site"

[[container]]
project = "staff"
name = "RACK"
type = "Rack"
status = "on-site"
parent = { project = "staff", name = "AM-XT" }
location = "L"

[[container]]
project = "alice"
name = "PUCK-1"
type = "Puck"
status = "on-site"
parent = { project = "staff", name = "RACK" }
location = "A"

[[container]]
project = "alice"
name = "PUCK-2"
type = "Puck"
status = "on-site"

[[automounter]]
beamline = "XT"
container = { project = "staff", name = "AM-XT" }

[[sample]]
project = "alice"
name = "lyso"
container = "PUCK-1"
location = "2"

[[sample]]
project = "alice"
name = "ferritin"
container = "PUCK-2"
location = "1"
"#;

async fn with_robot() -> Site {
    let site = site().await;
    site.apply(ROBOT).await;
    site
}

/// The ports of alice's samples at BM, as her client fetches them.
async fn ports(alice: &Client) -> Vec<(String, String)> {
    let rows = alice.samples("XT").await.json();
    let text = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| (text(row, "name"), text(row, "port")))
        .collect()
}

fn port(name: &str, port: &str) -> (String, String) {
    (name.to_owned(), port.to_owned())
}

#[actix_web::test]
async fn a_puck_is_loaded_moved_and_taken_out() {
    let site = with_robot().await;
    let alice = site.client("alice").await;
    let omar = Browser::of(&site, "omar").await;
    assert_eq!(ports(&alice).await, [port("lyso", "LA2"), port("ferritin", "")]);

    let form = [("container", "alice/PUCK-2"), ("place", "staff/RACK|B")];
    let reply = omar.submit("/automounters/XT", &form).await;
    assert_eq!(reply.status, 303, "{}", reply.text());
    assert_eq!(
        ports(&alice).await,
        [port("lyso", "LA2"), port("ferritin", "LB1")]
    );

    // An occupied location takes no second container. Nothing is changed.
    let form = [("container", "alice/PUCK-2"), ("place", "staff/RACK|A")];
    let reply = omar.submit("/automounters/XT", &form).await;
    assert_eq!(reply.status, 400);
    assert!(reply.text().contains("is taken by"), "{}", reply.text());
    assert_eq!(
        ports(&alice).await,
        [port("lyso", "LA2"), port("ferritin", "LB1")]
    );

    // Emptying takes the pucks out, and leaves the adaptor in.
    let reply = omar.submit("/automounters/XT/empty", &[]).await;
    assert_eq!(reply.status, 303, "{}", reply.text());
    assert_eq!(ports(&alice).await, [port("lyso", ""), port("ferritin", "")]);
    let page = omar.page("/automounters/XT").await;
    assert!(page.contains("RACK") && !page.contains("LA"), "{page}");

    // Each container has its history, with who moved it.
    let page = omar.page("/containers?find=puck-2").await;
    let id = page
        .split("/containers/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let history = omar.page(&format!("/containers/{id}")).await;
    assert!(history.contains("PUCK-2: on-site → staff/RACK B"), "{history}");
    assert!(history.contains("PUCK-2: staff/RACK B → on-site"), "{history}");
    assert!(history.contains("omar"), "{history}");
}

#[actix_web::test]
async fn only_operators_change() {
    let site = with_robot().await;
    let alice = site.client("alice").await;
    let form = [("container", "alice/PUCK-2"), ("place", "staff/RACK|B")];
    for who in ["vera", "anna", "alice"] {
        let browser = Browser::of(&site, who).await;
        let reply = browser.submit("/automounters/XT", &form).await;
        assert_eq!(reply.status, 403, "{who}");
        assert_eq!(browser.get("/new/project").await.status, 403, "{who}");
        assert_eq!(browser.submit("/outbox", &[]).await.status, 403, "{who}");
    }
    for path in ["/people", "/remote-access", "/feedback", "/outbox", "/state"] {
        assert_eq!(
            Browser::of(&site, "vera").await.get(path).await.status,
            200,
            "{path}"
        );
        assert_eq!(
            Browser::of(&site, "alice").await.get(path).await.status,
            403,
            "{path}"
        );
    }
    assert_eq!(ports(&alice).await, [port("lyso", "LA2"), port("ferritin", "")]);
}

#[actix_web::test]
async fn a_form_of_another_sign_in_changes_nothing() {
    let site = with_robot().await;
    let alice = site.client("alice").await;
    let (omar, other) = (Browser::of(&site, "omar").await, Browser::of(&site, "omar").await);
    let key = other.form_key().await;
    let form = [
        ("form_key", key.as_str()),
        ("container", "alice/PUCK-2"),
        ("place", "staff/RACK|B"),
    ];
    let reply = omar.post("/automounters/XT", &form).await;
    assert_eq!(reply.status, 403);
    assert_eq!(ports(&alice).await, [port("lyso", "LA2"), port("ferritin", "")]);
}

#[actix_web::test]
async fn members_see_their_own_containers_and_samples() {
    let site = with_robot().await;
    let bob = Browser::of(&site, "bob").await;
    for path in ["/samples", "/containers", "/automounters/XT"] {
        let page = bob.page(path).await;
        assert!(
            !page.contains("PUCK-1") && !page.contains("lyso"),
            "{path}: {page}"
        );
    }
    let page = bob.page("/automounters/XT").await;
    assert!(page.contains("another project"), "{page}");
    let page = Browser::of(&site, "alice").await.page("/automounters/XT").await;
    assert!(page.contains("PUCK-1") && page.contains("LA2"), "{page}");
    assert_eq!(bob.get("/automounters/XT?project=alice").await.status, 403);
    assert_eq!(bob.get("/samples/sheet?project=alice").await.status, 403);
}

#[actix_web::test]
async fn a_sheet_is_typed_and_its_mistakes_are_in_their_cells() {
    let site = with_robot().await;
    let alice = Browser::of(&site, "alice").await;
    let sheet = "/samples/sheet?project=alice";
    let cells = |rows: &[[&'static str; 4]]| {
        let row = |row: &[&'static str; 4]| {
            let [container, kind, location, name] = *row;
            [
                ("Container", container),
                ("Container type", kind),
                ("Location", location),
                ("Name", name),
                ("Barcode", ""),
                ("Group", ""),
                ("Priority", ""),
                ("Comments", ""),
            ]
        };
        rows.iter().flat_map(row).collect::<Vec<_>>()
    };
    let wrong = cells(&[
        ["PUCK-2", "", "1", "ferritin"],
        ["", "", "", ""],
        ["PUCK-3", "Puck", "9", "thaumatin"],
    ]);
    let reply = alice.submit(sheet, &wrong).await;
    assert_eq!(reply.status, 400);
    let page = reply.text();
    assert!(page.contains("row 3, Location: "), "{page}");
    assert!(
        page.contains("aria-invalid") && page.contains("thaumatin"),
        "{page}"
    );

    let right = cells(&[
        ["PUCK-2", "", "1", "ferritin-2"],
        ["PUCK-3", "Puck", "2", "thaumatin"],
    ]);
    assert_eq!(alice.submit(sheet, &right).await.status, 303);
    let page = alice.page("/samples").await;
    assert!(
        page.contains("ferritin-2") && page.contains("thaumatin") && page.contains("lyso"),
        "{page}"
    );
    let activity = Browser::of(&site, "omar").await.page("/activity").await;
    assert!(activity.contains("alice"), "{activity}");
}

#[actix_web::test]
async fn accounts_are_made_and_changed() {
    let site = with_robot().await;
    let omar = Browser::of(&site, "omar").await;
    let form = [
        ("username", "dora"),
        ("name", "Dora"),
        ("email", "d@x.org"),
        ("staff", "viewer"),
        ("active", "yes"),
    ];
    assert_eq!(omar.submit("/new/person", &form).await.status, 303);
    assert_eq!(omar.submit("/new/person", &form).await.status, 400);
    let form = [("username", "newton"), ("name", "Newton's")];
    assert_eq!(omar.submit("/new/project", &form).await.status, 303);
    let form = [("person", "dora"), ("role", "leader")];
    let reply = omar.submit("/projects/newton/members", &form).await;
    assert_eq!(reply.status, 303, "{}", reply.text());
    let page = omar.page("/projects/newton").await;
    assert!(page.contains("dora") && page.contains("leader"), "{page}");
    // What a form does not name stays as it is.
    let form = [("name", "Dora D."), ("staff", "viewer"), ("active", "yes")];
    assert_eq!(omar.submit("/people/dora", &form).await.status, 303);
    let page = omar.page("/people/dora").await;
    assert!(page.contains("newton") && page.contains("viewer"), "{page}");
    // A password that was made is shown once, and signs in.
    let reply = omar
        .submit("/accounts/dora/password", &[("action", "make")])
        .await;
    let text = reply.text();
    let password = text
        .split("<code>")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap()
        .to_owned();
    let mut dora = Browser::new(&site);
    assert_eq!(dora.sign_in("dora", &password).await.status, 303);
    assert_eq!(dora.get("/state").await.status, 200);
    let form = [("person", "dora"), ("role", "none")];
    assert_eq!(omar.submit("/projects/newton/members", &form).await.status, 303);
    assert!(omar.page("/projects/newton").await.contains("Nobody is a member"));
    // A key that can't be used is refused with its reason.
    let reply = omar
        .submit("/projects/newton/key", &[("key", "ssh-ed25519 x")])
        .await;
    assert_eq!(reply.status, 400);
    // Signing out everywhere ends this browser too.
    assert_eq!(
        omar.submit("/accounts/dora/password", &[("action", "end")])
            .await
            .status,
        303
    );
    assert_eq!(dora.get("/state").await.status, 303);
}

#[actix_web::test]
async fn the_schedule_and_the_access_lists_are_changed() {
    let site = with_robot().await;
    let omar = Browser::of(&site, "omar").await;
    let form = [
        ("project", "alice"),
        ("beamline", "BM"),
        ("start", "2026-11-23T08:00"),
        ("end", "2026-11-23T16:00"),
        ("remote", "yes"),
    ];
    let reply = omar.submit("/schedule", &form).await;
    assert_eq!(reply.status, 303, "{}", reply.text());
    let week = "/schedule?week=2026-11-27";
    let page = omar.page(week).await;
    assert!(page.contains("alice") && page.contains("Cancel"), "{page}");
    let bob = Browser::of(&site, "bob").await.page(week).await;
    assert!(bob.contains("another project") && !bob.contains("alice"), "{bob}");
    let form = [("beamtime", "1"), ("cancelled", "yes")];
    assert_eq!(omar.submit("/schedule", &form).await.status, 303);
    assert!(omar.page(week).await.contains("Restore"));
    assert_eq!(omar.get("/schedule?week=x").await.status, 400);

    let form = [
        ("name", "nx & far"),
        ("address", "10.9.0.0/16"),
        ("users", "alice, bob"),
        ("beamlines", "BM"),
        ("active", "yes"),
    ];
    assert_eq!(omar.submit("/remote-access", &form).await.status, 303);
    let page = omar.page("/remote-access?address=10.9.1.1").await;
    assert!(page.contains("/remote-access?list=nx+%26+far"), "{page}");
    let list = omar.page("/remote-access?list=nx+%26+far").await;
    assert!(list.contains("Connections of nx &amp; far"), "{list}");
    assert!(page.contains("alice, bob") && page.contains("listed"), "{page}");
    assert!(omar
        .page("/remote-access?address=10.1.1.1")
        .await
        .contains("has no access list"));
    assert!(omar
        .page("/remote-access?address=x")
        .await
        .contains("is no address"));
}

#[actix_web::test]
async fn the_use_of_the_beamlines_is_counted() {
    let site = with_robot().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "morning").await;
    for n in 0..3 {
        let body = json!({
            "name": format!("d{n}"), "type": "DATA", "directory": format!("/users/alice/{n}"),
            "energy": 12.0, "exposure": 0.5, "frames": "1-10", "filename": "x_{:05d}.cbf",
        });
        assert_eq!(alice.data("BM", &body).await.status, 200);
    }
    let omar = Browser::of(&site, "omar").await;
    let page = omar.page("/statistics").await;
    assert!(page.contains("BM") && page.contains("DATA"), "{page}");
    let csv = omar.page("/statistics?file=2-0.csv").await;
    assert!(csv.contains("alice,1,0,3,30"), "{csv}");
    let bob = Browser::of(&site, "bob").await;
    assert!(!bob.page("/statistics").await.contains("DATA"));
    assert_eq!(bob.get("/statistics?project=alice").await.status, 403);
    let state = omar.page("/state").await;
    assert!(
        state.contains("The store writes") && state.contains("/api/v2/{token}/data/{beamline}"),
        "{state}"
    );
    assert!(omar.page("/outbox").await.contains("Nothing waits"));
}
