//! Colours that a report asks for: a list, a map of names, or the name of a scheme.

use super::read::{text, Entry};
use crate::figure::Colour;
use serde_json::Value;

/// Schemes of ColorBrewer (Cynthia Brewer, Penn State) and of Tableau.
const SCHEMES: [(&str, &str); 5] = [
    ("dark2", "1b9e77 d95f02 7570b3 e7298a 66a61e e6ab02 a6761d 666666"),
    (
        "set1",
        "e41a1c 377eb8 4daf4a 984ea3 ff7f00 ffff33 a65628 f781bf 999999",
    ),
    ("set2", "66c2a5 fc8d62 8da0cb e78ac3 a6d854 ffd92f e5c494 b3b3b3"),
    (
        "set3",
        "8dd3c7 ffffb3 bebada fb8072 80b1d3 fdb462 b3de69 fccde5 d9d9d9 bc80bd ccebc5 ffed6f",
    ),
    (
        "tableau10",
        "4e79a7 f28e2c e15759 76b7b2 59a14f edc949 af7aa1 ff9da7 9c755f bab0ab",
    ),
];

/// The colours of a chart.
pub(super) struct Palette<'a> {
    listed: Vec<Option<Colour>>,
    named: Option<&'a serde_json::Map<String, Value>>,
}

impl<'a> Palette<'a> {
    pub(super) fn of(entry: Entry<'a>) -> Self {
        let mut palette = Self {
            listed: Vec::new(),
            named: None,
        };
        match entry.option("colors").or_else(|| entry.option("colours")) {
            Some(Value::Array(list)) => {
                palette.listed = list
                    .iter()
                    .take(64)
                    .map(|colour| Colour::parse(&text(colour)))
                    .collect();
            }
            Some(Value::Object(named)) => palette.named = Some(named),
            Some(Value::String(scheme)) => {
                let scheme = scheme.to_ascii_lowercase();
                let known = SCHEMES.iter().find(|(name, _)| *name == scheme);
                if let Some((_, colours)) = known {
                    let colours = colours
                        .split(' ')
                        .map(|digits| Colour::parse(&format!("#{digits}")));
                    palette.listed = colours.collect();
                }
            }
            _ => {}
        }
        palette
    }

    /// The colour of the series with this number and name.
    pub(super) fn colour(&self, number: usize, name: &str) -> Colour {
        let named = self.named.and_then(|named| named.get(name)).map(text);
        let listed = number
            .checked_rem(self.listed.len())
            .and_then(|place| self.listed.get(place));
        named
            .and_then(|colour| Colour::parse(&colour))
            .or_else(|| listed.copied().flatten())
            .unwrap_or(Colour::Series(number))
    }
}
