#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;

fn host(role: Role) -> Host {
    let target = Target {
        address: "127.0.0.1:80".parse().unwrap(),
        host: "somewhere".to_owned(),
        prefix: "/live".to_owned(),
        secure: None,
    };
    let users = ["a".to_owned(), "b".to_owned()];
    Host::new(Arc::new(target), Api::V2, role, 3, Arc::new(users), Timestamp(0)).unwrap()
}

fn requests(role: Role) -> Vec<(Operation, String)> {
    let mut host = host(role);
    let ask = |_| {
        let mut out = Vec::new();
        let operation = host.next_request(Timestamp(0), &mut out);
        let text = String::from_utf8_lossy(&out).into_owned();
        (operation, text.lines().next().unwrap().to_owned())
    };
    (0..8).map(ask).collect()
}

#[test]
fn each_role_makes_its_own_requests() {
    let cron = (
        Operation::Connections,
        "POST /live/api/v2/accesslist/ HTTP/1.1".to_owned(),
    );
    assert!(requests(Role::Cron).iter().all(|request| *request == cron));
    let sshd = requests(Role::Sshd);
    assert!(sshd.contains(&(Operation::Keys, "GET /live/api/v2/keys/a HTTP/1.1".to_owned())));
    assert!(sshd.contains(&(Operation::Keys, "GET /live/api/v2/keys/b HTTP/1.1".to_owned())));
    let everything = requests(Role::Everything);
    let count = |wanted| {
        everything
            .iter()
            .filter(|(operation, _)| *operation == wanted)
            .count()
    };
    assert_eq!(count(Operation::Connections), 2);
    assert_eq!(count(Operation::AccessList), 2);
    assert_eq!(count(Operation::Keys), 4);
}

#[test]
fn a_post_has_a_thousand_connections() {
    let entries: Vec<serde_json::Value> = rmp_serde::from_slice(&host(Role::Cron).body).unwrap();
    assert_eq!(entries.len(), CONNECTIONS);
    let names: std::collections::HashSet<_> = entries.iter().map(|e| e["name"].clone()).collect();
    assert_eq!(names.len(), CONNECTIONS);
    assert_eq!(entries[1]["project"], "b");
    assert_eq!(entries[1]["date"], "1970-01-01 00:00:00");
}
