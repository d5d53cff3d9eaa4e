//! The configuration and the first facility file. Pure.

use super::answers::Answers;
use crate::config::Listen;
use std::fmt::Display;
use std::path::Path;
use toml::Value;

/// A text, as TOML writes it.
fn text(of: impl Display) -> String {
    Value::String(of.to_string()).to_string()
}

fn path(of: &Path) -> String {
    text(of.display())
}

fn list(of: impl Iterator<Item = String>) -> String {
    format!("[{}]", of.collect::<Vec<_>>().join(", "))
}

/// The configuration.
pub(super) fn settings(answers: &Answers, directory: &Path) -> String {
    let public_url = match &answers.public_url {
        Some(url) => format!("public_url = {}", text(url)),
        None => "# public_url = \"https://live.example.org\"".to_owned(),
    };
    let trusted_proxy = match answers.trusted_proxy.is_empty() {
        true => "# trusted_proxy = [\"127.0.0.1/32\"]".to_owned(),
        false => format!("trusted_proxy = {}", list(answers.trusted_proxy.iter().map(text))),
    };
    let tls = match &answers.tls {
        Some((certificate, key)) => {
            format!("[tls]\ncertificate = {}\nkey = {}", path(certificate), path(key))
        }
        None => "# [tls]\n# certificate = \"/etc/beamlive/live.pem\"\n# key = \"/etc/beamlive/live.key\""
            .to_owned(),
    };
    format!(
        "# The configuration of beamlive. docs/CONFIGURATION.md lists every setting. After a change:\n\
         #     beamlive doctor --config {file} && systemctl restart beamlive\n\
         \n\
         # Where it listens: an address, or unix:/path. A socket unit of systemd takes its place.\n\
         listen = {listen}\n\
         \n\
         # What URLs of the service begin with. Without it, the Host of each request.\n\
         {public_url}\n\
         \n\
         # The front end, if there is one: only its X-Forwarded-For is believed.\n\
         {trusted_proxy}\n\
         \n\
         # Records, keys and the admin token. Only the service's user may look into it.\n\
         data = {data}\n\
         \n\
         # Beamlines and projects. It is applied at the start, and by systemctl reload.\n\
         facility = {facility}\n\
         \n\
         # The zone of times that have none.\n\
         timezone = {timezone}\n\
         \n\
         # Where the users' data is: these directories are served under secure keys.\n\
         users_root = {users_root}\n\
         \n\
         # TLS by the service itself; certificates are replaced without a restart: docs/TLS.md.\n\
         {tls}\n\
         \n\
         [log]\n\
         filter = \"info\"\n",
        file = directory.join("beamlive.toml").display(),
        listen = text(&answers.listen),
        data = path(&answers.data),
        facility = path(&directory.join("facility.toml")),
        timezone = text(answers.timezone),
        users_root = list(answers.users_root.iter().map(|root| path(root))),
    )
}

/// The first facility file.
pub(super) fn facility(answers: &Answers) -> String {
    let mut file = "# The facility: its beamlines and the projects that measure there.\n\
         #     beamlive check facility.toml     says what would change, and changes nothing\n\
         #     systemctl reload beamlive        makes it so\n\
         # What the file does not name stays as it is. examples/facility.toml shows everything that can\n\
         # be declared.\n"
        .to_owned();
    for acronym in &answers.beamlines {
        let acronym = text(acronym);
        file.push_str(&format!(
            "\n[[beamline]]\nacronym = {acronym}\nname = {acronym}\n"
        ));
    }
    file.push_str(
        "\n# A project, for each group that measures. The first client that signs as it registers its key.\n\
         #\n\
         # [[project]]\n\
         # username = \"alice\"\n\
         # name = \"Alice's group\"\n",
    );
    file
}

/// The URL at which commands on this machine reach the service, and more options that they need.
pub(super) fn local_url(answers: &Answers) -> String {
    match (&answers.listen, &answers.tls, &answers.public_url) {
        (unix @ Listen::Unix(_), ..) => unix.to_string(),
        (_, Some(_), Some(url)) => url.clone(),
        (Listen::Tcp(address), tls, _) => {
            let scheme = if tls.is_some() { "https" } else { "http" };
            let host = match address.ip() {
                ip if ip.is_unspecified() && ip.is_ipv6() => "[::1]".to_owned(),
                ip if ip.is_unspecified() => "127.0.0.1".to_owned(),
                ip if ip.is_ipv6() => format!("[{ip}]"),
                ip => ip.to_string(),
            };
            format!("{scheme}://{host}:{}", address.port())
        }
    }
}
