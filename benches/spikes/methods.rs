//! The rivals: each gives a history a score per quarter-hour, and one number says which scores alarm.

use jiff::tz::TimeZone;
use mentiond::trends::baseline::{Step, Watch, expectations};
use mentiond::trends::{quarter_of, spike, start_of, tail};
use statrs::function::gamma::ln_gamma;

use super::simulate::{LENGTH, START, Topic, World};

#[derive(Clone, Copy, PartialEq)]
pub enum Method {
    Fixed,
    Score,
    Poisson,
    Burst,
    ClumpedBurst,
    Negative,
    Stories,
    Both,
    Shipped,
}

pub const METHODS: [(Method, &str); 9] = [
    (Method::Fixed, "fixed threshold"),
    (Method::Score, "z-score, 7 days"),
    (Method::Poisson, "Poisson"),
    (Method::Burst, "burst, Poisson"),
    (Method::ClumpedBurst, "burst, neg. binomial"),
    (Method::Negative, "neg. binomial, 1 h"),
    (Method::Stories, "the same on stories"),
    (Method::Both, "neg. binomial, 1 and 6 h"),
    (Method::Shipped, "as shipped"),
];

/// How much more is mentioned in a burst.
const BURST: f64 = 3.0;
/// Quarter-hours of calm that end an alarm.
const PATIENCE: u32 = 24;

/// A topic's scores by one method.
pub struct Scores {
    burst: bool,
    /// The alarms of what needs no threshold.
    fixed: Option<Vec<usize>>,
    values: Vec<f32>,
    read: Vec<bool>,
}

impl Scores {
    pub fn of(method: Method, topic: &Topic, world: &World, zone: &TimeZone) -> Self {
        let counts = if method == Method::Stories {
            &topic.stories
        } else {
            &topic.counts
        };
        let watch = Watch {
            counts,
            all: &world.all,
            since: START,
        };
        let now = start_of(START + LENGTH as i64);
        let steps = expectations(&watch, zone, now);
        // The first quarter-hour read may come later than the first of all.
        let before = LENGTH - steps.len();
        let mut values = vec![0.0; before];
        let hour = |n: usize, length: usize| &steps[(n + 1).saturating_sub(length)..=n];
        let own: Vec<f64> = match method {
            Method::Fixed => (0..steps.len()).map(|n| mentions(hour(n, 4))).collect(),
            Method::Score => trailing(&steps),
            Method::Poisson => (0..steps.len()).map(|n| poisson(hour(n, 4))).collect(),
            Method::Burst => steps.iter().map(|step| likelihood(step, 1e-6)).collect(),
            Method::ClumpedBurst => steps.iter().map(|s| likelihood(s, 1.0)).collect(),
            Method::Negative | Method::Stories => {
                (0..steps.len()).map(|n| negative(hour(n, 4))).collect()
            }
            Method::Both => (0..steps.len())
                .map(|n| negative(hour(n, 4)).max(negative(hour(n, 24))))
                .collect(),
            Method::Shipped => Vec::new(),
        };
        let known = |n: usize| steps[n].known >= 192;
        values.extend(
            own.iter()
                .enumerate()
                .map(|(n, s)| if known(n) { *s as f32 } else { 0.0 }),
        );
        let mut read = vec![false; before];
        read.extend(steps.iter().map(|step| step.entries > 0.0));
        let burst = matches!(method, Method::Burst | Method::ClumpedBurst);
        let fixed = (method == Method::Shipped).then(|| {
            let spikes = spike::episodes(&watch, zone, now);
            let quarters = spikes
                .iter()
                .map(|spike| quarter_of(spike.noticed) - 1 - START);
            quarters.map(|n| n as usize).collect()
        });
        Self {
            burst,
            fixed,
            values,
            read,
        }
    }

    /// The quarter-hours in which an alarm begins.
    pub fn alarms(&self, threshold: f32) -> Vec<usize> {
        if let Some(fixed) = &self.fixed {
            return fixed.clone();
        }
        let mut alarms = Vec::new();
        let (mut open, mut calm) = (false, 0);
        // Kleinberg's two costs, as their difference above the lowest it can have.
        let mut burst = 0.0_f32;
        for (n, score) in self.values.iter().enumerate() {
            let (high, low) = if self.burst {
                burst = burst.clamp(0.0, threshold) + score;
                (burst >= threshold, burst < threshold)
            } else {
                (*score >= threshold, *score < 0.4 * threshold)
            };
            calm = if low {
                calm + u32::from(self.read[n])
            } else {
                0
            };
            if high && !open {
                alarms.push(n);
                open = true;
            } else if open && calm >= PATIENCE {
                open = false;
            }
        }
        alarms
    }
}

fn mentions(steps: &[Step]) -> f64 {
    steps.iter().map(|step| step.mentions).sum()
}

fn expected(steps: &[Step]) -> f64 {
    steps.iter().map(|step| step.expected).sum()
}

fn poisson(steps: &[Step]) -> f64 {
    let (count, mean) = (mentions(steps), expected(steps).max(1e-9));
    if count < spike::LEAST || count <= mean {
        return 0.0;
    }
    // The chance of the count itself and a geometric series for those above.
    let one = count * mean.ln() - mean - ln_gamma(count + 1.0);
    -(one - (1.0 - mean / (count + 1.0)).ln()) / std::f64::consts::LN_10
}

fn negative(steps: &[Step]) -> f64 {
    let (count, mean) = (mentions(steps), expected(steps));
    let last = steps[steps.len() - 1];
    if count < spike::LEAST || count <= mean {
        return 0.0;
    }
    let variance = last.clumps * mean + last.rough * mean * mean;
    -tail::at_least(count, mean, variance).max(1e-300).log10()
}

/// How much likelier the quarter-hour is in a burst.
fn likelihood(step: &Step, clumped: f64) -> f64 {
    let mean = step.expected;
    if mean <= 0.0 {
        return 0.0;
    }
    let beyond = clumped * (step.clumps - 1.0 + step.rough * mean) / mean;
    let shape = 1.0 / beyond;
    let high = BURST * mean;
    step.mentions * (BURST * (mean + shape) / (high + shape)).ln()
        - shape * ((high - mean) / (shape + mean)).ln_1p()
}

/// The hour in standard deviations above the mean of the seven days before.
fn trailing(steps: &[Step]) -> Vec<f64> {
    let hours: Vec<f64> = (0..steps.len())
        .map(|n| mentions(&steps[(n + 1).saturating_sub(4)..=n]))
        .collect();
    let (mut sum, mut squares) = (0.0, 0.0);
    let mut scores = Vec::with_capacity(hours.len());
    for n in 0..hours.len() {
        if let Some(new) = n.checked_sub(4) {
            sum += hours[new];
            squares += hours[new] * hours[new];
        }
        if let Some(old) = n.checked_sub(4 + 672) {
            sum -= hours[old];
            squares -= hours[old] * hours[old];
        }
        let length = (n.saturating_sub(3)).clamp(1, 672) as f64;
        let mean = sum / length;
        let deviation = (squares / length - mean * mean).max(0.0).sqrt().max(0.3);
        let enough = hours[n] >= spike::LEAST;
        scores.push(if enough {
            (hours[n] - mean) / deviation
        } else {
            0.0
        });
    }
    scores
}
