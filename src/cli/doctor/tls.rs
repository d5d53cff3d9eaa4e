//! The certificate: its key, its chain, its name and its end.

use super::finding::Finding;
use crate::config::{Settings, TlsFiles};
use crate::tls::{chain, day, load};
use beamlive_actors::clock::{Clock, SystemClock};
use reqwest::Url;
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use std::os::unix::fs::PermissionsExt;
use x509_cert::der::Decode;
use x509_cert::Certificate;

const CHECK: &str = "TLS";
/// When a certificate has to be replaced, before its end.
const SOON: i64 = 14 * 24 * 3600;

/// Looks at the files of TLS.
pub(super) fn examine(settings: &Settings) -> Vec<Finding> {
    let files = match settings.tls.files(&settings.listen) {
        Ok(Some(files)) => files,
        Ok(None) => return vec![without(settings)],
        Err(error) => {
            return vec![Finding::fault(
                CHECK,
                error.to_string(),
                "correct [tls]: see docs/TLS.md",
            )]
        }
    };
    let loaded = match load(&files) {
        Ok(loaded) => loaded,
        Err(error) => {
            let advice = "write the right files into [tls], and let the service's user read them";
            return vec![Finding::fault(CHECK, error.to_string(), advice)];
        }
    };
    let mut findings = vec![end(loaded.ends, SystemClock.now().seconds())];
    findings.extend(chain(&files.certificate).ok().and_then(|chain| order(&chain)));
    findings.extend(name(settings, &files));
    let exposed = |file: std::fs::Metadata| file.permissions().mode() & 0o007 != 0;
    if std::fs::metadata(&files.key).is_ok_and(exposed) {
        let key = files.key.display();
        findings.push(Finding::warning(
            CHECK,
            format!("everyone on this machine can read the private key {key}"),
            format!("chmod 640 {key}, and chgrp it to the service's group"),
        ));
    }
    findings
}

/// The finding when the service has no TLS of its own.
fn without(settings: &Settings) -> Finding {
    match settings
        .listen
        .tcp()
        .filter(|address| !address.ip().is_loopback())
    {
        Some(address) => Finding::warning(
            CHECK,
            format!("{address} can be reached from outside, without TLS"),
            "set tls.certificate and tls.key, or listen on 127.0.0.1 behind a front end",
        ),
        None => Finding::good(CHECK, "off: the service can be reached from this machine only"),
    }
}

fn end(ends: i64, now: i64) -> Finding {
    let says = format!("the certificate ends on {}", day(ends));
    match ends.saturating_sub(now) {
        left if left <= 0 => Finding::fault(
            CHECK,
            format!("the certificate has ended on {}", day(ends)),
            "replace the files of [tls]: every client refuses this one",
        ),
        left if left < SOON => {
            Finding::warning(CHECK, says, "replace the files of [tls]; no restart is needed")
        }
        _ => Finding::good(CHECK, says),
    }
}

/// Whether each certificate is followed by the one that signs it.
fn order(chain: &[CertificateDer<'_>]) -> Option<Finding> {
    let read: Result<Vec<_>, _> = chain.iter().map(|der| Certificate::from_der(der)).collect();
    let read = read.ok()?;
    let broken = read.windows(2).any(|pair| match pair {
        [first, second] => first.tbs_certificate.issuer != second.tbs_certificate.subject,
        _ => false,
    });
    broken.then(|| {
        Finding::warning(
            CHECK,
            "a certificate in tls.certificate is not followed by the one that signs it",
            "write the service's own certificate first, then the one that signs it, and so on",
        )
    })
}

/// Whether the certificate is for the host of `public_url`.
fn name(settings: &Settings, files: &TlsFiles) -> Option<Finding> {
    let url = Url::parse(settings.public_url.as_deref()?).ok()?;
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(host.clone()).ok()?;
    let chain = chain(&files.certificate).ok()?;
    let parsed = ParsedCertificate::try_from(chain.first()?).ok()?;
    verify_server_name(&parsed, &name).err().map(|_| {
        Finding::fault(
            CHECK,
            format!("the certificate is not for {host}, the host of public_url"),
            "get a certificate for that name, or correct public_url",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_noticed_in_time() {
        let day = 24 * 3600;
        for (left, level) in [
            (-1, Level::Fault),
            (0, Level::Fault),
            (13 * day, Level::Warning),
            (15 * day, Level::Good),
        ] {
            assert_eq!(end(1_000_000 + left, 1_000_000).level, level, "{left}");
        }
    }
}
