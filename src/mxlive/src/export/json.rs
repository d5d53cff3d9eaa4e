//! Writes rows as the JSON list that `dumpdata` writes.

use super::outcome::Exported;
use super::row::Row;
use rmpv::Value;
use std::fmt::Write as _;
use std::io::{self, Write};

/// A dump that is being written.
pub struct Dump<W> {
    out: W,
    rows: u64,
    progress: Box<dyn FnMut(u64)>,
}

impl<W: Write> Dump<W> {
    /// Begins a dump. `progress` is called now and then with the number of rows.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn begin(mut out: W, progress: impl FnMut(u64) + 'static) -> io::Result<Self> {
        out.write_all(b"[")?;
        Ok(Self {
            out,
            rows: 0,
            progress: Box::new(progress),
        })
    }

    /// Ends the dump, and gives back what it was written to.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(b"\n]\n")?;
        self.out.flush()?;
        Ok(self.out)
    }

    pub(super) fn put(&mut self, row: &Row, exported: &mut Exported) -> io::Result<()> {
        /// Rows between two calls of `progress`.
        const STRIDE: u64 = 1_000;
        let start = if self.rows == 0 { "\n" } else { ",\n" };
        let fields = text(&Value::Map(row.all()));
        let (model, pk) = (row.model, row.pk);
        write!(
            self.out,
            "{start}{{\"model\": \"{model}\", \"pk\": {pk}, \"fields\": {fields}}}"
        )?;
        self.rows += 1;
        *exported.rows.entry(model).or_default() += 1;
        if self.rows.is_multiple_of(STRIDE) {
            (self.progress)(self.rows);
        }
        Ok(())
    }
}

/// A value as JSON. As Python does, it writes `NaN` and `Infinity`, which `serde_json` does not.
/// Values without a JSON form are null.
pub(super) fn text(value: &Value) -> String {
    let mut out = String::new();
    put(value, &mut out);
    out
}

fn put(value: &Value, out: &mut String) {
    // Writing to a text does not fail.
    match value {
        Value::Nil | Value::Binary(_) | Value::Ext(..) => out.push_str("null"),
        Value::Boolean(flag) => drop(write!(out, "{flag}")),
        Value::Integer(number) => drop(write!(out, "{number}")),
        Value::F32(number) => float(f64::from(*number), out),
        Value::F64(number) => float(*number, out),
        Value::String(text) => quote(text.as_str().unwrap_or_default(), out),
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                out.push_str(if place == 0 { "" } else { ", " });
                put(item, out);
            }
            out.push(']');
        }
        Value::Map(entries) => {
            out.push('{');
            for (place, (name, value)) in entries.iter().enumerate() {
                out.push_str(if place == 0 { "" } else { ", " });
                match name.as_str() {
                    Some(name) => quote(name, out),
                    None => quote(&name.to_string(), out),
                }
                out.push_str(": ");
                put(value, out);
            }
            out.push('}');
        }
    }
}

fn quote(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

fn float(number: f64, out: &mut String) {
    match serde_json::Number::from_f64(number) {
        Some(number) => drop(write!(out, "{number}")),
        None if number.is_nan() => out.push_str("NaN"),
        None if number > 0.0 => out.push_str("Infinity"),
        None => out.push_str("-Infinity"),
    }
}
