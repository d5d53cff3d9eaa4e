//! The facility of the benchmarks: every project has a beamline, and an automounter full of pucks there.

use super::site::{Site, BEAMLINES, SAMPLES};
use ed25519_dalek::SigningKey;
use ssh_key::public::{Ed25519PublicKey, KeyData};
use ssh_key::PublicKey;
use std::fmt::Write;

/// Samples in a puck.
const PUCK: usize = 16;
/// Pucks in an adaptor.
const ADAPTOR: usize = 4;

/// The key of a project: the same in every run.
pub(crate) fn signing_key(project: usize) -> SigningKey {
    SigningKey::from_bytes(&[u8::try_from(project).unwrap() + 1; 32])
}

/// Its public half, as an OpenSSH line.
pub(crate) fn public_key(project: usize) -> String {
    let verifying = signing_key(project).verifying_key().to_bytes();
    PublicKey::new(KeyData::Ed25519(Ed25519PublicKey(verifying)), "")
        .to_openssh()
        .unwrap()
}

/// The facility file.
pub(crate) fn toml() -> String {
    let mut toml = String::new();
    write(&mut toml).unwrap();
    toml
}

fn write(toml: &mut String) -> std::fmt::Result {
    let places = |count: usize| (1..=count).map(|place| place.to_string()).collect::<Vec<_>>();
    writeln!(toml, "[[project]]\nusername = \"staff\"")?;
    for (name, locations) in [
        ("Uni-Puck", places(PUCK)),
        ("Adaptor", ["A", "B", "C", "D"].map(str::to_owned).to_vec()),
        ("Automounter", places(SAMPLES.div_ceil(PUCK * ADAPTOR))),
    ] {
        writeln!(
            toml,
            "[[container_type]]\nname = \"{name}\"\nlocations = {locations:?}"
        )?;
    }
    for number in 0..BEAMLINES {
        project(toml, number)?;
    }
    let users: Vec<_> = (0..BEAMLINES).map(Site::username).collect();
    let beamlines: Vec<_> = (0..BEAMLINES).map(|number| format!("B{number:02}")).collect();
    writeln!(
        toml,
        "[[access_list]]\nname = \"bench\"\naddress = \"127.0.0.0/8\"\nusers = {users:?}\nbeamlines = {beamlines:?}"
    )
}

/// A project, its beamline, and its samples.
fn project(toml: &mut String, number: usize) -> std::fmt::Result {
    let user = Site::username(number);
    let key = public_key(number);
    writeln!(toml, "[[project]]\nusername = \"{user}\"\nkey = \"{key}\"")?;
    writeln!(toml, "[[beamline]]\nacronym = \"B{number:02}\"")?;
    container(toml, "staff", &format!("AM{number:02}"), "Automounter", None)?;
    writeln!(
        toml,
        "[[automounter]]\nbeamline = \"B{number:02}\"\ncontainer = {{ project = \"staff\", name = \"AM{number:02}\" }}"
    )?;
    for group in 0..8 {
        writeln!(
            toml,
            "[[group]]\nproject = \"{user}\"\nname = \"group-{group}\"\npriority = {group}"
        )?;
    }
    for puck in 0..SAMPLES.div_ceil(PUCK) {
        let adaptor = format!("AD{number:02}-{}", puck / ADAPTOR);
        if puck % ADAPTOR == 0 {
            let place = (puck / ADAPTOR + 1).to_string();
            container(
                toml,
                "staff",
                &adaptor,
                "Adaptor",
                Some((&format!("AM{number:02}"), &place)),
            )?;
        }
        let name = format!("CLS-{puck:04}");
        let place = ["A", "B", "C", "D"][puck % ADAPTOR];
        container(toml, &user, &name, "Uni-Puck", Some((&adaptor, place)))?;
        for place in 0..PUCK.min(SAMPLES - puck * PUCK) {
            writeln!(
                toml,
                "[[sample]]\nproject = \"{user}\"\nname = \"xtal-{puck}-{place}\"\ncontainer = \"{name}\"\n\
                 location = \"{}\"\ngroup = \"group-{}\"\nbarcode = \"BC{puck:04}{place:02}\"\npriority = {place}",
                place + 1,
                puck % 8
            )?;
        }
    }
    Ok(())
}

fn container(
    toml: &mut String,
    project: &str,
    name: &str,
    kind: &str,
    held: Option<(&str, &str)>,
) -> std::fmt::Result {
    writeln!(
        toml,
        "[[container]]\nproject = \"{project}\"\nname = \"{name}\"\ntype = \"{kind}\"\nstatus = \"on-site\""
    )?;
    match held {
        Some((parent, location)) => writeln!(
            toml,
            "parent = {{ project = \"staff\", name = \"{parent}\" }}\nlocation = \"{location}\""
        ),
        None => Ok(()),
    }
}
