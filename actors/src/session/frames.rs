//! Frame numbers of a dataset: ranges such as `1-4,8,10-99`. Long ranges are counted without
//! listing their frames.

/// Longest text of frame ranges, in bytes.
pub const MAX_TEXT: usize = 64 * 1024;
/// Highest frame number.
const MAX_FRAME: u64 = 1_000_000_000_000;

/// Checked frame ranges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frames {
    text: String,
    count: u64,
}

impl Frames {
    /// One frame, without ranges.
    #[must_use]
    pub fn single() -> Self {
        Self {
            text: String::new(),
            count: 1,
        }
    }

    /// Parses `a`, `a-b` with a ≤ b, separated by commas. The empty text is one frame.
    ///
    /// # Errors
    /// Which part is wrong, and why.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_TEXT {
            return Err(format!("is longer than {MAX_TEXT} bytes"));
        }
        if text.trim().is_empty() {
            return Ok(Self::single());
        }
        let mut ranges = text.split(',').map(parse_range).collect::<Result<Vec<_>, _>>()?;
        ranges.sort_unstable();
        let mut count = 0u64;
        let mut counted_to = None;
        for (first, last) in ranges {
            let first = match counted_to {
                Some(to) if first <= to => to + 1,
                _ => first,
            };
            if last >= first {
                count = count.saturating_add(last - first + 1);
                counted_to = Some(last);
            }
        }
        Ok(Self {
            text: text.to_owned(),
            count,
        })
    }

    /// The ranges as they were sent.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many different frames these are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }
}

fn parse_range(part: &str) -> Result<(u64, u64), String> {
    let shown: String = part.chars().take(40).collect();
    let number = |digits: &str| -> Result<u64, String> {
        let digits = digits.trim();
        if digits.is_empty() || digits.len() > 13 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!(
                "\"{shown}\" is no frame number or range; write ranges as 1-4,8,10-99"
            ));
        }
        digits
            .parse()
            .ok()
            .filter(|&number| number <= MAX_FRAME)
            .ok_or_else(|| format!("\"{shown}\" is above {MAX_FRAME}"))
    };
    let (first, last) = match part.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => {
            let only = number(part)?;
            (only, only)
        }
    };
    if first > last {
        return Err(format!("\"{shown}\" runs backwards"));
    }
    Ok((first, last))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Frames;
    use rstest::rstest;

    #[rstest]
    #[case("", 1)]
    #[case("5-5", 1)]
    #[case("7", 1)]
    #[case("1-4,8,10-99", 95)]
    #[case("1-4,3-8", 8)]
    #[case("10-99,1-4", 94)]
    #[case("1-4,181-184,361-364,541-544", 16)]
    #[case("1-999999999", 999_999_999)]
    #[case(" 1 - 4 , 8", 5)]
    #[case("0", 1)]
    fn counts(#[case] text: &str, #[case] count: u64) {
        let frames = Frames::parse(text).unwrap();
        assert_eq!(frames.count(), count);
        assert_eq!(frames.text(), text);
    }

    #[rstest]
    #[case("5-1", "backwards")]
    #[case("a", "no frame number")]
    #[case("1-", "no frame number")]
    #[case("-3", "no frame number")]
    #[case("1,,2", "no frame number")]
    #[case("1-2-3", "no frame number")]
    #[case("99999999999999999999999", "no frame number")]
    #[case("9999999999999", "above")]
    #[case("1\u{0}", "no frame number")]
    fn refuses(#[case] text: &str, #[case] why: &str) {
        assert!(Frames::parse(text).unwrap_err().contains(why));
    }

    #[test]
    fn refuses_a_text_that_is_too_long() {
        assert!(Frames::parse(&"1,".repeat(40_000)).is_err());
    }
}
