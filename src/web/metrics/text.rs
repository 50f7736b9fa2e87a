//! The text format of Prometheus, version 0.0.4.

use std::fmt::Write;

use crate::measure::Spread;

/// The media type of the format.
pub(super) const MEDIA: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Text of the format.
#[derive(Default)]
pub(super) struct Text(pub(super) String);

impl Text {
    /// Begins a metric: `counter`, `gauge` or `histogram`.
    pub(super) fn begin(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String can't fail.
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    /// One sample of the metric that was begun.
    pub(super) fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        for (n, (label, text)) in labels.iter().enumerate() {
            let mark = if n == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{mark}{label}=\"{}\"", escaped(text));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{end} {value}");
    }

    /// A counter without labels.
    pub(super) fn counter(&mut self, name: &str, help: &str, value: f64) {
        self.begin(name, "counter", help);
        self.sample(name, &[], value);
    }

    /// A gauge without labels.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.begin(name, "gauge", help);
        self.sample(name, &[], value);
    }

    /// A metric with one label.
    pub(super) fn by<'v>(
        &mut self,
        (name, kind, help): (&str, &str, &str),
        label: &str,
        values: impl IntoIterator<Item = (&'v str, f64)>,
    ) {
        self.begin(name, kind, help);
        for (text, value) in values {
            self.sample(name, &[(label, text)], value);
        }
    }

    /// A metric with two labels.
    pub(super) fn by_two<'v>(
        &mut self,
        (name, kind, help): (&str, &str, &str),
        labels: [&str; 2],
        values: impl IntoIterator<Item = ((&'v str, &'v str), f64)>,
    ) {
        self.begin(name, kind, help);
        for ((one, two), value) in values {
            self.sample(name, &[(labels[0], one), (labels[1], two)], value);
        }
    }

    /// A histogram.
    pub(super) fn histogram(&mut self, name: &str, help: &str, spread: &Spread) {
        self.begin(name, "histogram", help);
        let bucket = format!("{name}_bucket");
        for (end, n) in &spread.at_most {
            self.sample(&bucket, &[("le", &end.to_string())], *n as f64);
        }
        self.sample(&bucket, &[("le", "+Inf")], spread.count as f64);
        self.sample(&format!("{name}_sum"), &[], spread.sum);
        self.sample(&format!("{name}_count"), &[], spread.count as f64);
    }
}

/// A label's value with what would end it escaped.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_label_is_escaped() {
        let mut text = Text::default();
        text.sample("a", &[("b", "x\"\\\n")], 1.0);
        assert_eq!(text.0, "a{b=\"x\\\"\\\\\\n\"} 1\n");
    }

    #[test]
    fn large_numbers_and_times_are_written_in_full() {
        let mut text = Text::default();
        text.sample("a", &[], 1_795_860_533.524);
        text.sample("b", &[], (1_u64 << 50) as f64);
        assert_eq!(text.0, "a 1795860533.524\nb 1125899906842624\n");
    }
}
