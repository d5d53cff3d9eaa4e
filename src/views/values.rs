//! How times and free-form values are serialized.

use crate::wire::json::AsJson;
use beamlive_storage::Timestamp;
use chrono::SecondsFormat;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// An instant as RFC 3339 in UTC with `Z`; with microseconds unless they are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-23T15:00:00.123456Z")]
pub struct Instant(pub Timestamp);

impl Instant {
    /// Its text.
    #[must_use]
    pub fn to_text(self) -> String {
        let digits = if self.0 .0 % 1_000_000 == 0 {
            SecondsFormat::Secs
        } else {
            SecondsFormat::Micros
        };
        self.0.to_utc().to_rfc3339_opts(digits, true)
    }
}

impl From<Timestamp> for Instant {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text())
    }
}

/// A value from a client, stored as MessagePack and serialized as JSON. Numbers that JSON does not
/// have are null.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = serde_json::Value)]
pub struct FreeForm(pub Vec<u8>);

impl Serialize for FreeForm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        AsJson(&self.0).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::Instant;
    use beamlive_storage::Timestamp;
    use rstest::rstest;

    #[rstest]
    #[case(1_795_446_000_000_000, "2026-11-23T15:00:00Z")]
    #[case(1_795_446_000_500_000, "2026-11-23T15:00:00.500000Z")]
    #[case(1_795_446_000_000_001, "2026-11-23T15:00:00.000001Z")]
    #[case(-1, "1969-12-31T23:59:59.999999Z")]
    fn times(#[case] micros: i64, #[case] text: &str) {
        assert_eq!(Instant(Timestamp(micros)).to_text(), text);
    }
}
