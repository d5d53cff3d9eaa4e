//! Prometheus' text format, for numbers that are kept elsewhere and read when they are asked for.

use beamlive_storage::Histogram;
use std::fmt::{Display, Write};

/// Families of metrics, one after the other.
#[derive(Debug, Default)]
pub(super) struct Text(String);

impl Text {
    /// One number that goes up and down.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "gauge", help);
        self.line(format_args!("{name} {value}"));
    }

    /// One number that only goes up.
    pub(super) fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "counter", help);
        self.line(format_args!("{name} {value}"));
    }

    /// A gauge for each value of a label.
    pub(super) fn gauges<'a, V: Display>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl Iterator<Item = (&'a str, V)>,
    ) {
        self.family(name, "gauge", help);
        self.labelled(name, label, values);
    }

    /// A counter for each value of a label.
    pub(super) fn counters<'a, V: Display>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl Iterator<Item = (&'a str, V)>,
    ) {
        self.family(name, "counter", help);
        self.labelled(name, label, values);
    }

    fn labelled<'a, V: Display>(
        &mut self,
        name: &str,
        label: &str,
        values: impl Iterator<Item = (&'a str, V)>,
    ) {
        for (of, value) in values {
            self.line(format_args!("{name}{{{label}=\"{}\"}} {value}", escaped(of)));
        }
    }

    /// A distribution.
    pub(super) fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.family(name, "histogram", help);
        for (bound, count) in &histogram.buckets {
            self.line(format_args!("{name}_bucket{{le=\"{bound}\"}} {count}"));
        }
        self.line(format_args!("{name}_bucket{{le=\"+Inf\"}} {}", histogram.count));
        self.line(format_args!("{name}_sum {}", histogram.sum));
        self.line(format_args!("{name}_count {}", histogram.count));
    }

    /// All of it.
    pub(super) fn into_string(self) -> String {
        self.0
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{line}");
    }
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
