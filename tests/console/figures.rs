//! Figures: of reports, and of scans from the files behind a dataset's key.

use super::{Browser, PASSWORD, PEOPLE};
use crate::support::users::Users;
use crate::support::{eventually, Reply, Site};
use serde_json::{json, Value};

/// A service whose files are those of `users`, with an operator and alice.
async fn site(users: &Users) -> Site {
    let site = users.site().await;
    site.apply(PEOPLE).await;
    for username in ["omar", "alice"] {
        site.set_password(username, PASSWORD).await;
    }
    site
}

fn report() -> Value {
    json!({
        "title": "Shells", "kind": "MX", "score": 0.8, "data_id": [], "directory": "/users/alice/r",
        "details": [{
            "title": "Quality",
            "description": "**bold** <img src=x onerror=alert(1)>",
            "content": [
                { "title": "Table", "kind": "table", "header": "row", "data": [["a", "b"], ["=1", "<script>alert(2)</script>"]] },
                {
                    "title": "Completeness", "kind": "lineplot",
                    "data": {
                        "x": ["Shell", 8.0, 4.0, 2.0], "y1": [["Completeness", 99.0, 98.0, 50.0]],
                        "x-scale": "inv-square", "x-label": "d",
                    },
                },
                { "title": "Unknown", "kind": "hologram", "data": 5 },
            ],
        }],
    })
}

#[actix_web::test]
async fn a_report_is_drawn_and_its_figures_are_files() {
    let users = Users::new();
    let site = site(&users).await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    assert_eq!(alice.report("BM", &report()).await.json()["id"], 1);
    assert_eq!(bob.report("BM", &report()).await.json()["id"], 2);
    let browser = Browser::of(&site, "alice").await;
    let page = browser.page("/reports/1").await;
    for text in ["Quality", "<strong>bold</strong>", "Completeness", "hologram"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert_eq!(page.matches("<svg class=\"figure\"").count(), 1, "{page}");
    assert!(!page.contains("onerror") && !page.contains("alert("), "{page}");

    let drawing = browser.get("/reports/1/0-1.svg").await;
    assert_eq!(drawing.header("content-type"), Some("image/svg+xml"));
    assert!(drawing.text().starts_with("<?xml") && drawing.text().contains("Completeness"));
    let table = browser.get("/reports/1/0-0.csv").await;
    assert_eq!(table.status, 200);
    assert!(table.text().contains("'=1,<script>"), "{}", table.text());
    for path in ["0-9.svg", "0-0.svg", "0-1.png", "x", "9-9.csv", "0.svg"] {
        assert_eq!(
            browser.get(&format!("/reports/1/{path}")).await.status,
            404,
            "{path}"
        );
    }
    // Nothing of another project's report is shown.
    assert_eq!(browser.get("/reports/2").await.status, 404);
    assert_eq!(browser.get("/reports/2/0-1.svg").await.status, 404);
}

#[actix_web::test]
async fn scans_are_drawn_from_their_files_and_what_is_missing_is_said() {
    let users = Users::new();
    let site = site(&users).await;
    let alice = site.client("alice").await;
    let scan = |kind: &str, name: &str, filename: &str, frames: &str| {
        json!({
            "type": kind, "name": name, "filename": filename, "frames": frames, "energy": 12.7,
            "exposure": 1.0, "directory": users.day(),
        })
    };
    let columns = |name: &str| {
        format!(
            "# XDI/1.0 x\n# Column.1: energy keV\n# Column.2: {name}\n# ---\n12.6 0.1\n12.65 0.9\n12.7 1.0\n"
        )
    };
    users.write("edge.xdi", columns("normfluor"));
    users.write(
        "edge.mad",
        r#"{"esf": {"energy": [12.6, 12.7], "fp": [-8.0, -9.0], "fpp": [0.5, 4.0]},
            "choices": [{"label": "peak", "energy": 12.66, "wavelength": 0.979, "fp": -8.5, "fpp": 4.1}]}"#,
    );
    users.write("xas_001.xdi", columns("i0"));
    for body in [
        scan("MAD", "edge", "edge.xdi", ""),
        scan("XAS", "xas", "xas_{:0>3d}.xdi", "1-2"),
        scan("XRF", "none", "none.xdi", ""),
    ] {
        let reply = alice.data("BM", &body).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    let browser = Browser::of(&site, "omar").await;
    let mad = browser.page("/datasets/1").await;
    assert!(
        mad.contains("<svg") && mad.contains("peak") && mad.contains("12.66"),
        "{mad}"
    );
    let xas = browser.page("/datasets/2").await;
    assert!(
        xas.contains("<svg") && xas.contains("The file xas_002.xdi is not there."),
        "{xas}"
    );
    let xrf = browser.page("/datasets/3").await;
    assert!(
        !xrf.contains("<svg") && xrf.contains("The file none.xdi is not there."),
        "{xrf}"
    );
}

#[actix_web::test]
async fn the_files_of_an_external_data_proxy_are_shown_too() {
    let users = Users::new();
    let proxy = users.site().await;
    let url = format!("{}/download", proxy.url());
    let site = Site::with(|settings| settings.proxy_url = Some(url)).await;
    site.apply(PEOPLE).await;
    site.set_password("omar", PASSWORD).await;
    let alice = site.client("alice").await;
    users.write(
        "edge.xdi",
        "# XDI/1.0 x\n# Column.1: energy keV\n# Column.2: normfluor\n# ---\n12.6 0.1\n12.7 1.0\n",
    );
    let body = json!({
        "type": "MAD", "name": "edge", "filename": "edge.xdi", "frames": "", "energy": 12.7,
        "exposure": 1.0, "directory": users.day(),
    });
    assert_eq!(alice.data("BM", &body).await.status, 200);
    let browser = Browser::of(&site, "omar").await;
    let page = eventually("a key", async || {
        let page = browser.page("/datasets/1").await;
        page.contains("/files/archive/").then_some(page)
    })
    .await;
    assert!(page.contains("<svg") && !page.contains("/download/"), "{page}");
    let (_, rest) = page.split_once("/files/archive/").unwrap();
    let key = rest.split('/').next().unwrap();
    let path = format!("/files/raw/{key}/edge.xdi");
    let file = browser.get(&path).await;
    assert_eq!((file.status, file.header("content-length")), (200, Some("81")));
    assert!(file.text().starts_with("# XDI"), "{}", file.text());
    let part = browser
        .request(reqwest::Method::GET, &path)
        .header("range", "bytes=0-4");
    let part = Reply::of(part).await;
    assert_eq!((part.status, part.text().as_str()), (206, "# XDI"));
    // Only for those who are signed in, and nothing but files.
    assert_eq!(Browser::new(&site).get(&path).await.status, 303);
    for path in [
        "/files/raw/0000/x",
        "/files/../data/create/",
        "/files/%2e%2e/data/create/",
    ] {
        assert_eq!(browser.get(path).await.status, 404, "{path}");
    }
}
