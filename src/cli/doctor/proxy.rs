//! An external Data Proxy and an issuer of OpenID Connect: whether they answer, and how far their
//! clocks are from this machine's.

use super::finding::Finding;
use crate::config::Settings;
use beamlive_actors::clock::{Clock, SystemClock};
use beamlive_client::http::{client_builder, reason};
use beamlive_client::tls::Trust;
use chrono::DateTime;
use reqwest::header::DATE;
use std::path::Path;
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// A difference between clocks that needs attention, in seconds.
const NOTICEABLE: i64 = 3;

/// Asks them.
pub(super) async fn examine(settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    let others = [
        (
            "Data Proxy",
            "proxy_url",
            &settings.proxy_url,
            &settings.proxy.ca_file,
        ),
        (
            "OpenID Connect",
            "oidc.issuer",
            &settings.oidc.issuer,
            &settings.oidc.ca_file,
        ),
    ];
    for (check, setting, url, ca_file) in others {
        let Some(url) = url else { continue };
        match date(url, ca_file.as_deref()).await {
            Err(error) => findings.push(Finding::fault(
                check,
                format!("{url} does not answer: {error}"),
                format!("see that it runs and that this machine may reach it, or correct {setting}"),
            )),
            Ok(date) => {
                findings.push(Finding::good(check, format!("{url} answers")));
                let ours = SystemClock.now().seconds();
                let longest = i64::from(settings.tokens.max_age_seconds);
                findings.extend(date.map(|theirs| clock(setting, theirs - ours, longest)));
            }
        }
    }
    findings
}

/// What a server says is the time, in seconds since 1970, if it says so.
async fn date(url: &str, ca_file: Option<&Path>) -> Result<Option<i64>, String> {
    let trust = Trust::of(ca_file.map(Path::to_owned));
    let client = client_builder(&trust)
        .map_err(|error| error.to_string())?
        .timeout(PATIENCE)
        .build()
        .map_err(|error| reason(&error))?;
    let answer = client.get(url).send().await.map_err(|error| reason(&error))?;
    let text = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
    let date = text.and_then(|text| DateTime::parse_from_rfc2822(text).ok());
    Ok(date.map(|date| date.timestamp()))
}

/// Judges how far another clock is ahead of ours, when tokens are good for `longest`.
fn clock(whose: &str, ahead: i64, longest: i64) -> Finding {
    let advice = "let both machines follow a time server: see timedatectl";
    let says = match ahead {
        0.. => format!("the clock of {whose} is {ahead} s ahead of this machine's"),
        _ => format!("the clock of {whose} is {} s behind this machine's", -ahead),
    };
    match ahead.abs() {
        off if off >= longest / 2 => Finding::fault("clock", says, advice),
        off if off >= NOTICEABLE => Finding::warning("clock", says, advice),
        _ => Finding::good("clock", format!("as that of {whose}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn a_clock_is_judged_by_how_long_tokens_are_good() {
        for (ahead, level) in [
            (0, Level::Good),
            (-2, Level::Good),
            (5, Level::Warning),
            (-29, Level::Warning),
            (30, Level::Fault),
            (-3600, Level::Fault),
        ] {
            assert_eq!(clock("x", ahead, 60).level, level, "{ahead}");
        }
    }
}
