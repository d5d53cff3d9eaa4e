//! What is asked, or given by flags.

use crate::config::Listen;
use beamlive_client::Failure;
use chrono_tz::Tz;
use clap::Args;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What may be given.
#[derive(Debug, Args)]
pub(super) struct Flags {
    /// The facility's time zone [default: this machine's].
    #[arg(long, value_name = "ZONE")]
    timezone: Option<Tz>,
    /// Where to listen [default: 127.0.0.1:8000].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<Listen>,
    /// The URL that clients and browsers use.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// The beamlines' acronyms [default: BM].
    #[arg(long = "beamline", value_name = "ACRONYM", value_delimiter = ',')]
    beamlines: Vec<String>,
    /// The directories that have the users' data [default: /users].
    #[arg(long, value_name = "DIR", value_delimiter = ',')]
    users_root: Vec<PathBuf>,
    /// The service's certificate and those that sign it (PEM) [default: no TLS].
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// Its private key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// The address of a front end.
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    trusted_proxy: Vec<ipnet::IpNet>,
    /// The data directory.
    #[arg(long, value_name = "DIR", default_value = "/var/lib/beamlive")]
    data: PathBuf,
    /// Where backups are kept.
    #[arg(long, value_name = "DIR", default_value = "/var/backups/beamlive")]
    backups: PathBuf,
    /// How many are kept.
    #[arg(long, value_name = "N", default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..))]
    keep: u32,
    /// The user that runs the service.
    #[arg(long, value_name = "USER", default_value = "beamlive")]
    user: String,
    /// The path of the program in the units [default: of this program].
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// What the files are written from.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) timezone: Tz,
    pub(super) listen: Listen,
    pub(super) public_url: Option<String>,
    pub(super) beamlines: Vec<String>,
    pub(super) users_root: Vec<PathBuf>,
    pub(super) tls: Option<(PathBuf, PathBuf)>,
    pub(super) trusted_proxy: Vec<ipnet::IpNet>,
    pub(super) data: PathBuf,
    pub(super) backups: PathBuf,
    pub(super) keep: u32,
    pub(super) user: String,
    pub(super) program: PathBuf,
}

impl Flags {
    /// Takes what is given, asks for the rest if it may, and takes defaults otherwise.
    pub(super) fn complete(self, asks: bool) -> Result<Answers, Failure> {
        let desk = Desk { asks };
        let timezone = match self.timezone {
            Some(zone) => zone,
            None => desk.ask("The facility's time zone", &system_zone().to_string())?,
        };
        let listen = match self.listen {
            Some(listen) => listen,
            None => desk.ask("Where to listen (an address, or unix:/path)", "127.0.0.1:8000")?,
        };
        let given = |text: String| (!text.is_empty()).then_some(text);
        let public_url = match self.public_url {
            Some(url) => Some(url),
            None => given(desk.ask("The URL that clients use, such as https://live.example.org", "")?),
        };
        let beamlines = match self.beamlines.is_empty() {
            false => self.beamlines,
            true => list(&desk.ask::<String>("The beamlines' acronyms, with commas", "BM")?),
        };
        let users_root = match self.users_root.is_empty() {
            false => self.users_root,
            true => {
                let roots: String =
                    desk.ask("The directories that have the users' data, with commas", "/users")?;
                list(&roots).into_iter().map(PathBuf::from).collect()
            }
        };
        let tls = match (self.tls_certificate, self.tls_key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            _ if matches!(listen, Listen::Unix(_)) => None,
            _ => match given(desk.ask("The certificate (PEM), if the service speaks TLS itself", "")?) {
                Some(certificate) => {
                    let key: String = desk.ask("Its private key (PEM)", "")?;
                    Some((certificate.into(), key.into()))
                }
                None => None,
            },
        };
        let program = match self.program {
            Some(program) => program,
            None => std::env::current_exe()?,
        };
        Ok(Answers {
            timezone,
            listen,
            public_url,
            beamlines,
            users_root,
            tls: tls
                .map(|(certificate, key)| Ok::<_, io::Error>((absolute(&certificate)?, absolute(&key)?)))
                .transpose()?,
            trusted_proxy: self.trusted_proxy,
            data: absolute(&self.data)?,
            backups: absolute(&self.backups)?,
            keep: self.keep,
            user: self.user,
            program,
        })
    }
}

fn absolute(path: &Path) -> io::Result<PathBuf> {
    std::path::absolute(path)
}

fn list(text: &str) -> Vec<String> {
    let parts = text.split(',').map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The time zone of this machine, as far as it says.
fn system_zone() -> Tz {
    let link = std::fs::read_link("/etc/localtime").ok();
    let name = link.as_deref().and_then(Path::to_str);
    let zone = name.and_then(|path| path.split_once("zoneinfo/"));
    zone.and_then(|(_, name)| name.parse().ok()).unwrap_or(Tz::UTC)
}

/// Asks a person.
struct Desk {
    asks: bool,
}

impl Desk {
    /// Asks until the answer can be used. An empty one is the default.
    fn ask<T: FromStr<Err: std::fmt::Display>>(&self, question: &str, default: &str) -> Result<T, Failure> {
        let parse = |text: &str| text.parse::<T>().map_err(|error| error.to_string());
        if !self.asks {
            return Ok(parse(default)?);
        }
        loop {
            let mut out = io::stdout().lock();
            match default {
                "" => write!(out, "{question}: ")?,
                default => write!(out, "{question} [{default}]: ")?,
            }
            out.flush()?;
            let mut line = String::new();
            if io::stdin().lock().read_line(&mut line)? == 0 {
                return Err("the input ended before all questions were answered".into());
            }
            let said = match line.trim() {
                "" => default,
                said => said,
            };
            match parse(said) {
                Ok(answer) => return Ok(answer),
                Err(error) => writeln!(out, "{error}")?,
            }
        }
    }
}
