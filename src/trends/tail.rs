//! How likely a count is, or a larger one, of what is counted in clumps.
//!
//! The negative binomial distribution, given by its mean and variance. The answer is within 0 and 1 and
//! never grows with the count.

use statrs::function::beta::checked_beta_reg;

/// Counts above this are scaled down together with their mean, for which the chance is nearly the same:
/// the continued fraction converges only for moderate arguments.
const LARGEST: f64 = 10_000.0;

/// The chance of `count` or more, where `mean` are expected with this variance; 1 where the count is no
/// more than expected, or nothing is known.
#[must_use]
pub fn at_least(count: f64, mean: f64, variance: f64) -> f64 {
    if count.is_nan() || mean.is_nan() || variance.is_nan() || count <= mean {
        return 1.0;
    }
    let mean = mean.max(1e-9);
    // Variance beyond that of a Poisson distribution, in units of the squared mean.
    let beyond = ((variance - mean) / (mean * mean)).max(1e-3);
    let scale = (LARGEST / count).min(1.0);
    let (count, mean, shape) = (count * scale, mean * scale, 1.0 / beyond);
    checked_beta_reg(count, shape, mean / (mean + shape)).map_or(1.0, |chance| {
        if chance.is_nan() {
            1.0
        } else {
            chance.clamp(0.0, 1.0)
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same by adding up the probabilities of what is less.
    fn summed(count: u32, mean: f64, variance: f64) -> f64 {
        let shape = mean * mean / (variance - mean);
        let odds = mean / (mean + shape);
        let mut term = (1.0 - odds).powf(shape);
        let mut less = 0.0;
        for k in 0..count {
            less += term;
            term *= (f64::from(k) + shape) / f64::from(k + 1) * odds;
        }
        1.0 - less
    }

    #[test]
    fn agrees_with_the_sum_of_probabilities() {
        for (count, mean, variance) in [
            (1, 0.05, 0.1),
            (3, 0.5, 0.8),
            (10, 4.0, 9.0),
            (60, 40.0, 200.0),
            (5, 1.0, 50.0),
        ] {
            let (a, b) = (
                at_least(f64::from(count), mean, variance),
                summed(count, mean, variance),
            );
            assert!((a - b).abs() < 1e-9, "{count} {mean} {variance}: {a} {b}");
        }
    }

    #[test]
    fn nothing_unusual_has_the_chance_of_one() {
        assert_eq!(at_least(3.0, 3.0, 4.0).to_bits(), 1.0_f64.to_bits());
        assert_eq!(at_least(f64::NAN, 3.0, 4.0).to_bits(), 1.0_f64.to_bits());
    }

    proptest! {
        #[test]
        fn it_is_a_chance_that_never_grows_with_the_count(
            count in 0.0..2e10_f64, more in 0.0..1e6_f64, mean in 0.0..2e10_f64, factor in 0.0..100.0_f64,
        ) {
            let variance = mean * (1.0 + factor) + 0.02 * mean * mean;
            let few = at_least(count, mean, variance);
            let many = at_least(count + more, mean, variance);
            prop_assert!((0.0..=1.0).contains(&few));
            prop_assert!(many <= few + 1e-12);
        }
    }
}
