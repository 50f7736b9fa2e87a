//! A series drawn in one line of text, and the heights for whoever draws it otherwise.
//!
//! Heights are relative to the greatest value. What is not zero is never drawn as zero, so that a single
//! mention beside a thousand can be seen. Values that are no counts (negative, not finite) are zero.

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The heights of the values in steps from 0 to `most`, which is that of the greatest.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "within 0 to most"
)]
pub fn heights(values: &[f64], most: u32) -> Vec<u32> {
    let sound = |value: &f64| {
        if value.is_finite() {
            value.max(0.0)
        } else {
            0.0
        }
    };
    let greatest = values.iter().map(sound).fold(0.0, f64::max);
    let height = |value: &f64| match sound(value) {
        0.0 => 0,
        value => ((value / greatest * f64::from(most)).round() as u32).max(1.min(most)),
    };
    values.iter().map(height).collect()
}

/// The values as bars, one character each: `▁▁▂▁▅█▃▁`.
#[must_use]
pub fn line(values: &[f64]) -> String {
    let heights = heights(values, 7);
    heights
        .iter()
        .filter_map(|n| BARS.get(*n as usize))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_relative_to_the_greatest_and_one_mention_is_seen() {
        assert_eq!(line(&[0.0, 1.0, 1000.0, 500.0]), "▁▂█▅");
        assert_eq!(line(&[0.0, 0.0]), "▁▁");
        assert_eq!(line(&[]), "");
        assert_eq!(heights(&[0.0, 3.0, 6.0], 100), [0, 50, 100]);
    }

    #[test]
    fn wild_values_are_drawn_as_none() {
        let wild = [f64::NAN, f64::INFINITY, -5.0, f64::MAX, 1.0];
        assert_eq!(line(&wild), "▁▁▁█▂");
        assert_eq!(heights(&wild, 0), [0; 5]);
    }
}
