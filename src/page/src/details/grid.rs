//! The grid classes of sections and entries. Others are ignored.

/// The width of a figure over all twelve columns.
const WHOLE: f64 = 1040.0;
/// No figure is narrower, because its labels would not fit.
const NARROW: f64 = 400.0;

/// Where an entry stands, and how large its figure is.
pub(super) struct Place {
    /// The classes.
    pub(super) class: String,
    /// The width of a figure in it.
    pub(super) width: f64,
    /// Whether a figure has half of its height.
    pub(super) half: bool,
}

/// The known classes in a text. Without one for the width, all columns.
pub(super) fn place(style: &str) -> Place {
    let mut classes = Vec::new();
    let (mut columns, mut wide) = (12, 0);
    for word in style.split_ascii_whitespace().take(20) {
        if word == "half-height" || word == "full-height" {
            classes.push(word.to_owned());
        } else if let Some((rank, number)) = column(word) {
            classes.push(word.to_owned());
            // The class for the widest screens tells the size on a usual one.
            if rank >= wide && rank < 4 {
                (columns, wide) = (number, rank);
            }
        }
    }
    if !classes.iter().any(|class| class.starts_with("col")) {
        classes.push("col-12".to_owned());
    }
    Place {
        half: classes.iter().any(|class| class == "half-height"),
        class: classes.join(" "),
        width: (WHOLE * f64::from(columns) / 12.0).max(NARROW),
    }
}

/// `col`, `col-6`, `col-md`, `col-md-6`: how wide the screen must be, and how many columns.
fn column(word: &str) -> Option<(u8, u8)> {
    let rest = word.strip_prefix("col")?;
    let mut parts = rest.split('-');
    if !parts.next()?.is_empty() {
        return None;
    }
    let parts: Vec<_> = parts.collect();
    let rank = |name: &str| {
        ["", "sm", "md", "lg", "xl"]
            .iter()
            .position(|known| *known == name)
    };
    let (rank, number) = match parts.as_slice() {
        [] => (0, "6"),
        [one] if rank(one).is_some() => (rank(one)?, "6"),
        [number] => (0, *number),
        [size, number] => (rank(size).filter(|rank| *rank > 0)?, *number),
        _ => return None,
    };
    let number: u8 = number.parse().ok().filter(|number| (1..=12).contains(number))?;
    // `col-06` and `col-+6` are no classes.
    let exact = parts
        .last()
        .is_none_or(|last| last.parse::<u8>().is_err() || *last == number.to_string());
    exact.then_some((u8::try_from(rank).ok()?, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_classes_pass() {
        let cases = [
            ("", "col-12", 1040.0),
            ("row", "col-12", 1040.0),
            ("half-height", "half-height col-12", 1040.0),
            ("col-12 col-md-6 x\" onload=", "col-12 col-md-6", 520.0),
            ("col-md-4 col-xl-2", "col-md-4 col-xl-2", 400.0),
            (
                "col-13 col-0 col-06 col-+6 column col--6 notice",
                "col-12",
                1040.0,
            ),
        ];
        for (style, class, width) in cases {
            let place = place(style);
            assert_eq!(
                (place.class.as_str(), place.width.round()),
                (class, width),
                "{style}"
            );
        }
    }
}
