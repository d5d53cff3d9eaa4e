//! The table `[ids]`: new ids are above the number that it gives.

use super::reader::{shown, unexpected};
use crate::facility::place::{quoted, suggestion, Mistakes};
use serde_json::Value;

/// The greatest `first`: programs that read JSON numbers as floats still hold it exactly.
const GREATEST: u64 = 1 << 53;

/// Reads `first`; `line` is that of the header, where it is known.
pub(super) fn first(table: Value, line: Option<usize>, mistakes: &mut Mistakes) -> Option<u64> {
    let Value::Object(mut fields) = table else {
        mistakes.other(None, "[ids]", "must be one table with the field first");
        return None;
    };
    let place = match line {
        Some(line) => format!("[ids] (line {line})"),
        None => "[ids]".to_owned(),
    };
    let first = fields.remove("first").filter(|value| !value.is_null());
    for name in fields.keys() {
        let message = format!(
            "{} is not a known field{}",
            quoted(name),
            suggestion(name, &["first"])
        );
        mistakes.other(line, &place, message);
    }
    let place = format!("{place}, first");
    let Some(first) = first else {
        mistakes.other(
            line,
            &place,
            "is missing: name the greatest id of the earlier server",
        );
        return None;
    };
    let number = first.as_u64().filter(|number| *number <= GREATEST);
    if number.is_none() {
        let message = format!(
            "must be a whole number from 0 to {GREATEST}, not {}",
            shown(unexpected(&first))
        );
        mistakes.other(line, &place, message);
    }
    number
}
