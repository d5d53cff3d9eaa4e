//! DSA keys with 2048 bits. MxDC generated them for three months.

use crate::support::{Reply, Site};
use beamlive_storage::Timestamp;
use serde_json::{json, Value};

const SIGNED_AT: i64 = 1_767_225_600;

fn vectors() -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("../fixtures/vectors/dsa-2048.json")).unwrap();
    file["vectors"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn a_long_dsa_key_can_be_registered_and_sign() {
    let facility = "[[beamline]]\nacronym = \"BM\"\n[[project]]\nusername = \"alice\"\n[[project]]\nusername = \"proj-042_b\"\n";
    let site = Site::with_facility(facility, |_| {}).await;
    site.clock.set(Timestamp(SIGNED_AT * 1_000_000));
    for vector in vectors() {
        let token = vector["token"].as_str().unwrap();
        let url = |path: &str| format!("{}/api/v2/{token}/{path}", site.url());
        let form = [("public", vector["public"].as_str().unwrap())];
        let registered = Reply::of(site.http.post(url("project/")).form(&form)).await;
        assert_eq!((registered.status, registered.json()), (200, json!({})));
        assert_eq!(Reply::of(site.http.get(url("samples/BM/"))).await.status, 200);
    }
    // A signature is not valid for another account.
    let vectors = vectors();
    let [first, second] = [0, 1].map(|n: usize| vectors[n]["token"].as_str().unwrap().to_owned());
    let (_, signature) = second.rsplit_once(':').unwrap();
    let (rest, _) = first.rsplit_once(':').unwrap();
    for user in [rest.to_owned(), rest.replace("alice", "nobody")] {
        let url = format!("{}/api/v2/{user}:{signature}/samples/BM/", site.url());
        assert_eq!(Reply::of(site.http.get(url)).await.status, 405, "{user}");
    }
}
