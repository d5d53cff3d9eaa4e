//! Colours: of the style sheet, or given and checked.

/// A colour of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// `--c0` to `--c8`. Higher numbers begin again; `--c8`, which means failure, is left out then.
    Series(usize),
    /// `--h0` to `--h6`, from nothing to most.
    Shade(u8),
    /// Red, green and blue.
    Own(u8, u8, u8),
}

/// The colours of the style sheet for light paper, for files.
pub(super) const LIGHT: [&str; 9] = [
    "#1769c4", "#cf5a13", "#0b8a72", "#b0529a", "#a87800", "#3f97cf", "#5a4bb0", "#6a7683", "#b3261e",
];
/// Its shades.
pub(super) const SHADES: [&str; 7] = [
    "#eef4f7", "#c3dbe6", "#8fbdd2", "#5a9dbb", "#2b7b9f", "#0d5878", "#073a52",
];

impl Colour {
    /// The colour that a text names: `#rgb`, `#rrggbb`, `rgb(r, g, b)` or a usual name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(digits) = text.strip_prefix('#') {
            return hex(digits);
        }
        let lower = text.get(..24).unwrap_or(text).to_ascii_lowercase();
        let inner = lower.strip_prefix("rgb(").and_then(|rest| rest.strip_suffix(')'));
        if let Some(inner) = inner {
            let mut parts = inner.split(',').map(|part| part.trim().parse().ok());
            let colour = Self::Own(parts.next()??, parts.next()??, parts.next()??);
            return parts.next().is_none().then_some(colour);
        }
        NAMES
            .iter()
            .find(|(name, _)| *name == lower)
            .and_then(|(_, digits)| hex(digits))
    }

    /// Its class.
    #[must_use]
    pub fn class(self) -> String {
        match self {
            Self::Series(number) => format!("c{}", Self::series(number)),
            Self::Shade(number) => format!("h{}", number.min(6)),
            Self::Own(..) => "own".to_owned(),
        }
    }

    /// The presentation attribute `color` of a given colour.
    pub(super) fn attribute(self) -> Option<String> {
        match self {
            Self::Own(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
            _ => None,
        }
    }

    fn series(number: usize) -> usize {
        if number < LIGHT.len() {
            number
        } else {
            (number - LIGHT.len()) % (LIGHT.len() - 1)
        }
    }
}

fn hex(digits: &str) -> Option<Colour> {
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let number = u32::from_str_radix(digits, 16).ok()?;
    let [_, red, green, blue] = number.to_be_bytes();
    match digits.len() {
        6 => Some(Colour::Own(red, green, blue)),
        3 => Some(Colour::Own((green & 15) * 17, (blue >> 4) * 17, (blue & 15) * 17)),
        _ => None,
    }
}

/// Names that programs use.
const NAMES: [(&str, &str); 24] = [
    ("black", "000000"),
    ("white", "ffffff"),
    ("red", "ff0000"),
    ("green", "008000"),
    ("blue", "0000ff"),
    ("yellow", "ffff00"),
    ("orange", "ffa500"),
    ("purple", "800080"),
    ("violet", "ee82ee"),
    ("pink", "ffc0cb"),
    ("brown", "a52a2a"),
    ("cyan", "00ffff"),
    ("magenta", "ff00ff"),
    ("gray", "808080"),
    ("grey", "808080"),
    ("silver", "c0c0c0"),
    ("gold", "ffd700"),
    ("navy", "000080"),
    ("teal", "008080"),
    ("olive", "808000"),
    ("maroon", "800000"),
    ("lime", "00ff00"),
    ("steelblue", "4682b4"),
    ("tomato", "ff6347"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colours_are_colours() {
        let red = Some(Colour::Own(255, 0, 0));
        for text in ["#f00", "#FF0000", " red ", "rgb(255, 0,0)", "RED"] {
            assert_eq!(Colour::parse(text), red, "{text}");
        }
        for text in [
            "",
            "#",
            "#12345",
            "#é12",
            "url(x)",
            "rgb(256,0,0)",
            "rgb(1,2,3,4)",
            "red;x",
            "\"",
            "var(--c)",
            "#+ff",
        ] {
            assert_eq!(Colour::parse(text), None, "{text}");
        }
    }

    #[test]
    fn files_have_the_colours_of_the_style_sheet() {
        let tokens = LIGHT
            .iter()
            .enumerate()
            .map(|(number, colour)| format!("--c{number}: {colour};"));
        let shades = SHADES
            .iter()
            .enumerate()
            .map(|(number, colour)| format!("--h{number}: {colour};"));
        for token in tokens.chain(shades) {
            assert!(crate::style::STYLE.contains(&token), "{token}");
        }
    }
}
