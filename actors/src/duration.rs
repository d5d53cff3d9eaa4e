//! Lengths of time as text for clients.

const UNITS: [(&str, i64); 7] = [
    ("year", 365 * 86_400),
    ("month", 30 * 86_400),
    ("week", 7 * 86_400),
    ("day", 86_400),
    ("hour", 3_600),
    ("min", 60),
    ("sec", 1),
];

/// The two largest units of a length in microseconds: `2 hours 5 mins`; `0 minutes` for less than a
/// second.
///
/// A year has 365 days and a month 30.
#[must_use]
pub fn humanize(micros: i64) -> String {
    let mut rest = micros.max(0) / 1_000_000;
    let mut parts = Vec::with_capacity(2);
    for (unit, seconds) in UNITS {
        let count = rest / seconds;
        rest %= seconds;
        if count > 0 && parts.len() < 2 {
            let plural = if count > 1 { "s" } else { "" };
            parts.push(format!("{count} {unit}{plural}"));
        }
    }
    if parts.is_empty() {
        return "0 minutes".to_owned();
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests;
