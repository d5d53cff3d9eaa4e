//! Reads a dump record by record: a JSON list of any length, in bounded memory.
//!
//! | file | what it holds |
//! |---|---|
//! | `error.rs` | why a dump cannot be read |
//! | `items.rs` | cuts the list into its items |
//! | `record.rs` | a record: its model, its key, its fields |
//! | `fields.rs` | what the fields of a record hold |

mod error;
pub(crate) mod fields;
mod items;
mod record;

pub use error::{DumpError, Place};
pub use items::LONGEST_RECORD;

use crate::value::quoted;
use fields::{FieldError, Fields};
use items::Items;
use record::Raw;
use rmpv::Value;
use std::io::Read;

/// A record of a model that is wanted.
pub(crate) struct Record {
    /// The label in lower case: `lims.project`.
    pub(crate) model: String,
    pub(crate) pk: Value,
    pub(crate) fields: Fields,
}

/// Reads a whole dump, and gives each record to `each`.
///
/// The fields of a model that is not wanted are skipped and not kept; `each` gets such a record
/// without fields. `progress` is called now and then with the number of bytes read.
///
/// # Errors
/// [`DumpError`], which says where.
pub(crate) fn read(
    source: impl Read,
    wants: impl Fn(&str) -> bool,
    progress: &mut dyn FnMut(u64),
    mut each: impl FnMut(Place, Result<Record, String>) -> Result<(), FieldError>,
) -> Result<(), DumpError> {
    /// Records between two calls of `progress`.
    const STRIDE: u64 = 1_000;
    let mut items = Items::new(source);
    while let Some(place) = items.next()? {
        let mut raw = Raw::default();
        let wrong = |raw: &Raw, message: String| DumpError::Record {
            place,
            model: raw
                .model
                .as_deref()
                .map(|model| quoted(model).trim_matches('"').to_owned()),
            pk: raw.pk.as_ref().map(crate::value::shown),
            message,
        };
        if let Err(error) = raw.parse(items.item(), &wants) {
            return Err(wrong(&raw, format!("is not a record: {error}")));
        }
        let Some(model) = raw.model.clone() else {
            return Err(wrong(&raw, "has no model".to_owned()));
        };
        let record = match (wants(&model), raw.fields.take()) {
            (false, _) => Err(model),
            (true, Some(Value::Map(fields))) => Ok(Record {
                model,
                pk: raw.pk.clone().unwrap_or(Value::Nil),
                fields: Fields::new(fields),
            }),
            (true, None) => return Err(wrong(&raw, "has no fields".to_owned())),
            (true, Some(_)) => return Err(wrong(&raw, "fields: must be an object".to_owned())),
        };
        if let Err(FieldError { field, message }) = each(place, record) {
            return Err(wrong(&raw, format!("{field}: {message}")));
        }
        if place.record.is_multiple_of(STRIDE) {
            progress(items.offset());
        }
    }
    progress(items.offset());
    Ok(())
}
