//! Hostile paths and names, sent to every route that serves files.

use crate::support::users::{get_raw, Users, SECRET};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::os::unix::fs::symlink;

/// The routes, with a placeholder for a path or a name.
const ROUTES: [&str; 7] = [
    "/download/files/raw/{key}/{}",
    "/download/files/archive/{key}/{}.tar.gz",
    "/download/files/archive/{key}/{}",
    "/download/files/multi/{key}/a.tar.gz?frame={}",
    "/download/files/multi/{key}/{}.tar.gz?frame=no-such-frame",
    "/download/files/frame/{key}/{}/nm.png",
    "/download/files/snapshot/{key}/{}",
];

/// Encoded paths, none of which is that of a file in the directory.
fn paths() -> Vec<String> {
    let mut paths: Vec<_> = [
        "..",
        "../",
        "../secret.txt",
        "../../bob/secret.txt",
        "../../../outside/secret.txt",
        "./../secret.txt",
        "process/../../secret.txt",
        "process/../../../bob/secret.txt",
        "../day-1/image_0001.cbf",
        "a/../../secret.txt",
        "....//....//secret.txt",
        "..;/secret.txt",
        ".../secret.txt",
        "..../secret.txt",
        "%2e%2e/secret.txt",
        "%2e%2e%2fsecret.txt",
        "..%2fsecret.txt",
        "..%2Fsecret.txt",
        "%2E%2E%2Fsecret.txt",
        ".%2e/secret.txt",
        "%2e./secret.txt",
        "%252e%252e/secret.txt",
        "%252e%252e%252fsecret.txt",
        "..%252fsecret.txt",
        "..%c0%afsecret.txt",
        "%c0%ae%c0%ae/secret.txt",
        "%e0%80%ae%e0%80%ae/secret.txt",
        "..%ef%bc%8fsecret.txt",
        "%uff0e%uff0e/secret.txt",
        "..%5csecret.txt",
        "..\\secret.txt",
        "%5c..%5c..%5csecret.txt",
        "..%u2215secret.txt",
        "/etc/passwd",
        "//etc/passwd",
        "%2fetc%2fpasswd",
        "%2Fetc/passwd",
        "///",
        "//",
        "/",
        "file:///etc/passwd",
        "/proc/self/environ",
        "proc/self/environ",
        "etc/passwd",
        "c:/windows/win.ini",
        "~/.ssh/id_rsa",
        "~root",
        "image_0001.cbf%00",
        "image_0001.cbf%00.png",
        "%00",
        "%00/image_0001.cbf",
        "..%00/secret.txt",
        "image_0001.cbf/..",
        "image_0001.cbf/.",
        "image_0001.cbf/x",
        "image_0001.cbf/../image_0001.cbf",
        "./image_0001.cbf",
        "process/./CORRECT.LP",
        "process//CORRECT.LP",
        "process/",
        "process",
        ".",
        "",
        "image_0001.cbf//",
        "image_0001.cbf%2f%2f",
        "image_0001.cbf%20",
        "%20image_0001.cbf",
        "image_0001.cbf%0a",
        "IMAGE_0001.CBF",
        "image_0001",
        "image_0001.cbf;x=1",
        "image_0001.cbf%3Fx",
        "image_0001.cbf%23",
        "out",
        "out/secret.txt",
        "out-relative/secret.txt",
        "root/etc/passwd",
        "bob/secret.txt",
        "alice/secret.txt",
        "secret-link",
        "secret-absolute",
        "loop",
        "loop/x",
        "dangling",
        "pipe",
        "socket",
        "fd/0",
        "back/day-1/image_0001.cbf",
        "%0d%0aSet-Cookie:%20a=b",
        "a%0d%0a%0d%0a<script>",
        "%22;%20filename=%22x",
        "%ff%fe",
        "%80",
        "%",
        "%4",
        "%zz",
        "*",
        "{path}",
        "$(id)",
        "`id`",
        "|id",
        "-rf",
        "--help",
        "'%20OR%201=1",
        "%E2%80%AE",
        "CON",
        "NUL",
        "aux.txt",
    ]
    .map(str::to_owned)
    .to_vec();
    paths.push("../".repeat(500) + "etc/passwd");
    paths.push("%2e%2e%2f".repeat(300) + "etc/passwd");
    paths.push("a".repeat(256));
    paths.push("a".repeat(5_000));
    paths.push("a/".repeat(2_500));
    paths
}

/// Links and other traps in the directory.
fn set_traps(users: &Users) {
    let at = |name: &str| users.day().join(name);
    for (name, target) in [
        ("out-relative", "../../../outside"),
        ("bob", "../../bob"),
        ("alice", ".."),
        ("loop", "loop"),
        ("dangling", "nowhere"),
        ("root", "/"),
        ("fd", "/proc/self/fd"),
        ("secret-link", "../secret.txt"),
        ("back", "../../alice"),
    ] {
        symlink(target, at(name)).unwrap();
    }
    symlink(users.outside(), at("out")).unwrap();
    symlink(users.outside().join("secret.txt"), at("secret-absolute")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(at("pipe")).status();
    assert!(made.unwrap().success());
}

#[actix_web::test]
async fn no_path_or_name_leads_out_of_the_directory() {
    let users = Users::new();
    set_traps(&users);
    let _socket = std::os::unix::net::UnixListener::bind(users.day().join("socket")).unwrap();
    let site = users.site().await;
    let key = users.key(&site).await;
    let paths = paths();
    assert!(paths.len() >= 60, "there are only {} rows", paths.len());
    for route in ROUTES {
        for path in &paths {
            let target = route.replace("{key}", &key).replace("{}", path);
            // A request target can't contain a space.
            let reply = get_raw(site.address(), target).await;
            let row = format!(
                "{route} with {}: {}",
                path.chars().take(80).collect::<String>(),
                reply.status
            );
            let text = reply.text();
            assert!(!text.contains(SECRET) && !text.contains("root:"), "{row}");
            assert!(!reply.head.to_ascii_lowercase().contains("set-cookie"), "{row}");
            let archive_name = route.ends_with("{}.tar.gz");
            match reply.status {
                404 => assert_eq!(reply.json()["error"]["code"], "not_found", "{row}"),
                // Not valid HTTP, or too long.
                400 | 413 | 414 | 431 => {}
                // Some are valid names of an archive.
                200 if archive_name => assert!(
                    reply
                        .head
                        .contains("content-disposition: attachment; filename=\""),
                    "{row}"
                ),
                // A suffix completes the name.
                200 if route.contains("?frame={}") && path == "image_0001" => {}
                _ => panic!("{row}"),
            }
            assert!(
                archive_name || path == "image_0001" || reply.status != 200,
                "{row}"
            );
        }
    }
    let good = get_raw(
        site.address(),
        format!("/download/files/raw/{key}/image_0001.cbf"),
    )
    .await;
    assert_eq!((good.status, good.text().as_str()), (200, "one"));
}

#[actix_web::test]
async fn only_valid_keys_give_access() {
    let users = Users::new();
    let site = users.site().await;
    let key = users.key(&site).await;
    let (start, end) = key.split_at(39);
    let other = if end == "0" { "1" } else { "0" };
    for wrong in [
        &format!("{start}{other}"),
        start,
        &format!("{key}0"),
        &key.to_uppercase().replace(|c: char| c.is_ascii_digit(), "A"),
        "..",
        ".",
        "*",
        "%2e%2e",
        &"0".repeat(40),
        &"f".repeat(40),
        &"g".repeat(40),
        &format!("{key}%00"),
        &format!("%20{key}"),
        &format!("{start}%3{end}"),
        "",
        "%",
        "null",
        &format!("{key};"),
        &"a".repeat(4_000),
    ] {
        for route in ROUTES {
            let target = route.replace("{key}", wrong).replace("{}", "image_0001.cbf");
            let reply = get_raw(site.address(), target).await;
            assert_eq!(reply.status, 404, "{route} {wrong}: {}", reply.text());
            assert!(!reply.text().contains("one"), "{route} {wrong}");
        }
    }
}

#[test]
fn any_path_is_a_file_of_the_directory_or_not_found() {
    let users = Users::new();
    set_traps(&users);
    let runtime = actix_web::rt::System::new();
    let (site, key) = runtime.block_on(async {
        let site = users.site().await;
        let key = users.key(&site).await;
        (site, key)
    });
    let known = ["one", "two", "merged", "spaces"];
    let piece = prop_oneof![
        Just("..".to_owned()),
        Just(".".to_owned()),
        Just("%2e%2e".to_owned()),
        Just("%2f".to_owned()),
        Just("/".to_owned()),
        Just("/".to_owned()),
        Just("/".to_owned()),
        Just("process".to_owned()),
        Just("CORRECT.LP".to_owned()),
        Just("image_0001.cbf".to_owned()),
        Just("a%20b%20%C3%A9.txt".to_owned()),
        Just("alice".to_owned()),
        Just("bob".to_owned()),
        Just("out".to_owned()),
        Just("secret.txt".to_owned()),
        Just("root".to_owned()),
        Just("back".to_owned()),
        Just("day-1".to_owned()),
        Just("%00".to_owned()),
        Just("etc/passwd".to_owned()),
        "[!-~]{1,6}",
        "%[0-9a-f]{2}",
    ];
    let paths = prop::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat());
    let mut runner = TestRunner::new(Config {
        cases: 600,
        failure_persistence: None,
        ..Config::default()
    });
    let result = runner.run(&paths, |path| {
        let path = path.replace(['#', '?'], "_");
        let target = format!("/download/files/raw/{key}/{path}");
        let reply = runtime.block_on(get_raw(site.address(), target));
        match reply.status {
            200 => prop_assert!(known.contains(&reply.text().as_str()), "{path}: {}", reply.text()),
            404 | 400 => prop_assert!(!reply.text().contains(SECRET), "{path}"),
            status => prop_assert!(false, "{path}: {status}"),
        }
        Ok(())
    });
    result.unwrap();
    for (path, text) in [
        ("image_0001.cbf", "one"),
        ("process/CORRECT.LP", "merged"),
        ("a%20b%20%C3%A9.txt", "spaces"),
    ] {
        let reply = runtime.block_on(get_raw(
            site.address(),
            format!("/download/files/raw/{key}/{path}"),
        ));
        assert_eq!(reply.text(), text);
    }
}
