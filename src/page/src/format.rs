//! Numbers as people read them.

/// Milliseconds, with as many digits as matter.
#[must_use]
pub fn millis(ms: f64) -> String {
    match ms {
        ms if ms < 9.995 => format!("{ms:.2}"),
        ms if ms < 99.95 => format!("{ms:.1}"),
        ms => format!("{ms:.0}"),
    }
}

/// `12 345 678`, with thin spaces.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_have_the_digits_that_matter() {
        let texts = [0.0, 1.234, 9.994, 9.995, 99.94, 99.95, 1234.5].map(millis);
        assert_eq!(texts, ["0.00", "1.23", "9.99", "10.0", "99.9", "100", "1234"]);
    }

    #[test]
    fn digits_stand_in_groups_of_three() {
        let texts = [0, 999, 1_000, 12_345_678].map(grouped);
        assert_eq!(texts, ["0", "999", "1\u{2009}000", "12\u{2009}345\u{2009}678"]);
    }
}
