//! A directory with very many files: a search holds only matching names in memory.

use crate::support::raw::{exchange, RawRequest};
use crate::support::users::Users;
use crate::support::Service;
use std::fs::File;

const FILES: usize = 100_000;
const CLIENTS: usize = 60;

#[test]
fn a_search_for_snapshots_in_a_large_directory_takes_little_memory() {
    let users = Users::new();
    for number in 0..FILES {
        let name = format!("lysozyme_native_crystal_{:02}_{number:06}.cbf", number % 97);
        File::create(users.day().join(name)).unwrap();
    }
    users.write("xtal.png", "itself");
    let root = users.root();
    let service = Service::with(&["--users-root", root.to_str().unwrap()]);
    let key = service.key_of(&users.day());
    let at = |name: &str| RawRequest::get(format!("/download/files/snapshot/{key}/{name}"));
    assert_eq!(service.send(&at("xtal.png")).text(), "itself");
    service.forget_peak();
    let before = service.resident_kib();
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (address, request) = (service.address(), at(&format!("none-{number}.png")));
                scope.spawn(move || exchange(address, &request.bytes(), false).unwrap().status)
            })
            .collect();
        for asked in asked {
            assert_eq!(asked.join().unwrap(), 404);
        }
    });
    let grown = service.peak_kib().saturating_sub(before) / 1024;
    println!("memory grew by {grown} MiB");
    assert!(grown < 48, "memory grew by {grown} MiB");
}
