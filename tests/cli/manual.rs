//! `beamlive manual`: the files for packages.

use std::fs;
use std::process::Command;

#[test]
fn every_command_has_a_page_and_shells_complete_it() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("manual");
    let done = Command::new(env!("CARGO_BIN_EXE_beamlive"))
        .args(["manual", target.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let read = |name: &str| fs::read_to_string(target.join(name)).unwrap();
    let page = read("beamlive.1");
    for command in ["serve", "apply", "backup", "restore", "verify", "load", "client"] {
        assert!(page.contains(&format!("beamlive\\-{command}(1)")), "{command}");
        let own = read(&format!("beamlive-{command}.1"));
        assert!(own.starts_with(".ie") && own.contains(".SH OPTIONS"), "{command}");
        for shell in ["beamlive.bash", "_beamlive", "beamlive.fish"] {
            assert!(read(shell).contains(command), "{shell}: {command}");
        }
    }
    assert!(read("beamlive-serve.1").contains("BEAMLIVE_LISTEN"));
    // What is hidden from --help is hidden here.
    assert!(!page.contains("beamlive\\-manual(1)"));
}
