//! Signed links to a report, which people without an account may open until they end.
//!
//! A link names the report and its end, and is signed with a key that is made from the secret of
//! tokens. So nothing is stored; all links end when that secret is replaced.

use super::secrets::Secrets;
use beamlive_storage::Timestamp;
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Days that a link may last.
pub const DAYS: [u32; 4] = [1, 7, 30, 90];
/// Bytes of a signature.
const SIGNATURE: usize = 16;

/// What a link opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportLink {
    /// The report.
    pub report: u64,
    /// When the link ends, in seconds since 1970.
    pub end: i64,
}

impl ReportLink {
    /// Its text: the report, the end, and the signature.
    #[must_use]
    pub fn sign(self, secrets: &Secrets) -> String {
        let signature = self.mac(secrets).finalize().into_bytes();
        let signature = signature.get(..SIGNATURE).unwrap_or_default();
        let Self { report, end } = self;
        format!("{report}.{end}.{}", BASE64URL_NOPAD.encode(signature))
    }

    /// Reads a text that was signed here and has not ended. `None` for any other.
    #[must_use]
    pub fn read(text: &str, secrets: &Secrets, now: Timestamp) -> Option<Self> {
        let mut parts = text.split('.');
        let link = Self {
            report: parts.next()?.parse().ok()?,
            end: parts.next()?.parse().ok()?,
        };
        let signature = BASE64URL_NOPAD.decode(parts.next()?.as_bytes()).ok()?;
        if parts.next().is_some() || signature.len() != SIGNATURE {
            return None;
        }
        // In constant time.
        link.mac(secrets).verify_truncated_left(&signature).ok()?;
        (now.seconds() < link.end).then_some(link)
    }

    fn mac(self, secrets: &Secrets) -> Hmac<Sha256> {
        let key = secrets.derived("report links");
        // A key of any length fits.
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key of 32 bytes");
        mac.chain_update(self.report.to_be_bytes())
            .chain_update(self.end.to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sign_in::secrets::Secret;

    fn secrets(key: u8) -> Secrets {
        Secrets::new([Secret::new(vec![key; 32])]).unwrap()
    }

    #[test]
    fn a_link_opens_its_report_until_it_ends() {
        let link = ReportLink {
            report: 17,
            end: 1000,
        };
        let text = link.sign(&secrets(1));
        let at = |seconds: i64| Timestamp(seconds * 1_000_000);
        assert_eq!(ReportLink::read(&text, &secrets(1), at(999)), Some(link));
        assert_eq!(ReportLink::read(&text, &secrets(1), at(1000)), None);
        assert_eq!(ReportLink::read(&text, &secrets(2), at(999)), None);
        for other in [
            text.replace("17.", "18."),
            text.replace(".1000.", ".9000."),
            format!("{text}.x"),
            text.get(..text.len() - 2).unwrap().to_owned(),
            "17.1000.".to_owned(),
            String::new(),
        ] {
            assert_eq!(ReportLink::read(&other, &secrets(1), at(999)), None, "{other}");
        }
    }
}
