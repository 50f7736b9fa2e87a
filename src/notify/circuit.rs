//! Whether a sink's receiver is worth asking just now: a circuit breaker. Pure; the time is a value.
//!
//! After some failures in a row that tell of the receiver rather than of one message (no
//! connection, no answer in time, 5xx, 429) the sink is paused: its deliveries wait, and their
//! attempts are not counted. When the pause is over, one delivery goes out as a probe. If the
//! receiver takes or refuses it, all others follow; if it fails, the next pause is twice as long, up
//! to a bound. An answer that asks for patience (429 or 503 with `Retry-After`) pauses at once, for
//! as long as it says.
//!
//! Attempts that had begun before a pause may end in it; they neither end the pause nor make it
//! longer, unless they ask for patience themselves.

use std::time::Duration;

use super::retry::MAX_RETRY_AFTER;
use crate::model::Timestamp;

/// The owner's bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Failures in a row after which the sink is paused.
    pub after: u32,
    /// The first pause.
    pub initial: Duration,
    /// The longest pause that follows from failures.
    pub max: Duration,
}

/// What an attempt says about the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It answered, be it that it refused this message.
    Up,
    /// It did not, or said that it is in trouble.
    Down,
    /// It wants to be left alone for so long.
    Busy(Duration),
    /// Nothing: the attempt broke off on our side.
    Unknown,
}

/// A pause, as it is kept over restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// When it ends.
    pub until: Timestamp,
    /// How many pauses there were since the receiver last answered, this one included.
    pub times: u32,
}

/// What may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Any attempt.
    Free,
    /// One attempt, as a probe.
    Probe,
    /// None before this time.
    Until(Timestamp),
    /// None until the probe has ended.
    Probing,
}

/// What an attempt's end changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A pause begins, or goes on for longer.
    Paused(Pause),
    /// The receiver is back.
    Resumed,
}

/// One sink's circuit.
#[derive(Debug)]
pub struct Circuit {
    policy: Policy,
    state: State,
    failures: u32,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Free,
    Paused(Pause),
    Probing(Pause),
}

impl Circuit {
    /// A circuit, paused if it was when it was last recorded.
    #[must_use]
    pub fn new(policy: Policy, pause: Option<Pause>) -> Self {
        Self {
            policy,
            state: pause.map_or(State::Free, State::Paused),
            failures: 0,
        }
    }

    /// What may begin now.
    #[must_use]
    pub fn gate(&self, now: Timestamp) -> Gate {
        match self.state {
            State::Free => Gate::Free,
            State::Probing(_) => Gate::Probing,
            // No pause is longer, so the clock was wrong when that time was set.
            State::Paused(pause) if pause.until.since(now) > self.longest() => Gate::Probe,
            State::Paused(pause) if pause.until > now => Gate::Until(pause.until),
            State::Paused(_) => Gate::Probe,
        }
    }

    /// A probe has begun.
    pub fn probe(&mut self, now: Timestamp) {
        if let State::Paused(Pause { until, times }) = self.state {
            let until = until.min(now);
            self.state = State::Probing(Pause { until, times });
        }
    }

    /// The owner wants it tried again now.
    pub fn hasten(&mut self, now: Timestamp) {
        if let State::Paused(pause) = &mut self.state {
            pause.until = pause.until.min(now);
        }
    }

    /// An attempt has ended; `probe` says whether it was the probe, `random` is from 0 to 1.
    pub fn record(
        &mut self,
        health: Health,
        probe: bool,
        now: Timestamp,
        random: f64,
    ) -> Option<Change> {
        match (self.state, health) {
            (_, Health::Busy(asked)) => self.leave_alone(asked, probe, now),
            (State::Free, Health::Up) => {
                self.failures = 0;
                None
            }
            (State::Free, Health::Down) => {
                self.failures = self.failures.saturating_add(1);
                (self.failures >= self.policy.after).then(|| self.pause(0, now, now, random))
            }
            (State::Probing(pause), Health::Up) if probe && pause.until > now => {
                self.state = State::Paused(pause);
                Some(Change::Paused(pause))
            }
            (State::Probing(_), Health::Up) if probe => {
                self.state = State::Free;
                self.failures = 0;
                Some(Change::Resumed)
            }
            (State::Probing(last), Health::Down | Health::Unknown) if probe => {
                Some(self.pause(last.times, last.until, now, random))
            }
            _ => None,
        }
    }

    /// Half of a pause is left to chance: sinks that share a receiver should not come back as one.
    /// It lasts until `floor` at least, for which the receiver has asked.
    fn pause(&mut self, before: u32, floor: Timestamp, now: Timestamp, random: f64) -> Change {
        let full = self
            .policy
            .initial
            .saturating_mul(1 << before.min(20))
            .min(self.policy.max);
        let pause = Pause {
            until: floor.max(now + full.mul_f64(0.5 + 0.5 * random.clamp(0.0, 1.0))),
            times: before.saturating_add(1),
        };
        self.state = State::Paused(pause);
        Change::Paused(pause)
    }

    fn leave_alone(&mut self, asked: Duration, probe: bool, now: Timestamp) -> Option<Change> {
        let asked = now + asked.min(MAX_RETRY_AFTER);
        let (until, times) = match self.state {
            State::Paused(pause) | State::Probing(pause) => (asked.max(pause.until), pause.times),
            State::Free => (asked, 1),
        };
        let pause = Pause { until, times };
        if matches!(self.state, State::Probing(_)) && !probe {
            // The probe is still under way; the pause goes on when it has ended.
            self.state = State::Probing(pause);
            return None;
        }
        self.state = State::Paused(pause);
        Some(Change::Paused(pause))
    }

    fn longest(&self) -> Duration {
        self.policy.max.max(MAX_RETRY_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: Policy = Policy {
        after: 3,
        initial: Duration::from_secs(30),
        max: Duration::from_mins(10),
    };
    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn paused() -> Circuit {
        let mut circuit = Circuit::new(POLICY, None);
        for _ in 0..3 {
            circuit.record(Health::Down, false, NOW, 1.0);
        }
        circuit
    }

    #[test]
    fn failures_in_a_row_pause_and_an_answer_between_them_does_not_let_it_come_to_that() {
        let mut circuit = Circuit::new(POLICY, None);
        for health in [
            Health::Down,
            Health::Down,
            Health::Up,
            Health::Down,
            Health::Down,
        ] {
            assert_eq!(circuit.record(health, false, NOW, 1.0), None);
            assert_eq!(circuit.gate(NOW), Gate::Free);
        }
        let until = NOW + Duration::from_secs(30);
        let pause = Pause { until, times: 1 };
        assert_eq!(
            circuit.record(Health::Down, false, NOW, 1.0),
            Some(Change::Paused(pause))
        );
        assert_eq!(circuit.gate(NOW), Gate::Until(until));
        assert_eq!(circuit.gate(until), Gate::Probe);
    }

    #[test]
    fn one_probe_goes_through_and_its_success_lets_all_follow() {
        let (mut circuit, later) = (paused(), NOW + Duration::from_mins(1));
        assert_eq!(circuit.gate(later), Gate::Probe);
        circuit.probe(later);
        assert_eq!(circuit.gate(later), Gate::Probing);
        assert_eq!(
            circuit.record(Health::Up, false, later, 1.0),
            None,
            "one from before"
        );
        assert_eq!(circuit.gate(later), Gate::Probing);
        assert_eq!(
            circuit.record(Health::Up, true, later, 1.0),
            Some(Change::Resumed)
        );
        assert_eq!(circuit.gate(later), Gate::Free);
        assert_eq!(
            circuit.record(Health::Down, false, later, 1.0),
            None,
            "it counts from nothing"
        );
    }

    #[test]
    fn probes_that_fail_double_the_pause_up_to_the_bound() {
        let (mut circuit, mut now, mut seconds) = (paused(), NOW, Vec::new());
        for _ in 0..6 {
            let Gate::Until(until) = circuit.gate(now) else {
                panic!("not paused");
            };
            seconds.push(until.since(now).as_secs());
            now = until;
            circuit.probe(now);
            circuit.record(Health::Down, true, now, 1.0);
        }
        assert_eq!(seconds, [30, 60, 120, 240, 480, 600]);
    }

    #[test]
    fn a_probe_that_broke_off_on_our_side_lets_another_follow_later() {
        let (mut circuit, later) = (paused(), NOW + Duration::from_mins(1));
        circuit.probe(later);
        circuit.record(Health::Unknown, true, later, 1.0);
        assert_eq!(
            circuit.gate(later),
            Gate::Until(later + Duration::from_mins(1))
        );
    }

    #[test]
    fn who_asks_for_patience_gets_it_at_once_and_for_a_day_at_most() {
        let mut circuit = Circuit::new(POLICY, None);
        let hour = Duration::from_hours(1);
        circuit.record(Health::Busy(hour), false, NOW, 0.0);
        assert_eq!(circuit.gate(NOW), Gate::Until(NOW + hour));
        circuit.record(Health::Busy(hour / 2), false, NOW, 0.0);
        assert_eq!(
            circuit.gate(NOW),
            Gate::Until(NOW + hour),
            "the longer wish counts"
        );
        circuit.record(Health::Up, false, NOW, 0.0);
        assert_eq!(
            circuit.gate(NOW),
            Gate::Until(NOW + hour),
            "one from before"
        );
        circuit.record(Health::Busy(hour * 1000), false, NOW, 0.0);
        assert_eq!(circuit.gate(NOW), Gate::Until(NOW + MAX_RETRY_AFTER));
    }

    #[test]
    fn a_pause_is_taken_up_after_a_restart_and_no_wrong_clock_makes_it_endless() {
        let pause = Pause {
            until: NOW + Duration::from_mins(5),
            times: 4,
        };
        let mut circuit = Circuit::new(POLICY, Some(pause));
        assert_eq!(circuit.gate(NOW), Gate::Until(pause.until));
        assert_eq!(
            circuit.gate(pause.until - Duration::from_hours(100)),
            Gate::Probe
        );
        circuit.hasten(NOW);
        assert_eq!(circuit.gate(NOW), Gate::Probe);
        circuit.probe(NOW);
        let Some(Change::Paused(next)) = circuit.record(Health::Down, true, NOW, 1.0) else {
            panic!("not paused");
        };
        assert_eq!((next.times, next.until), (5, NOW + Duration::from_mins(8)));
    }

    #[test]
    fn a_wish_for_patience_that_comes_while_a_probe_is_under_way_holds_after_it() {
        let (mut circuit, later) = (paused(), NOW + Duration::from_mins(1));
        circuit.probe(later);
        let asked = Duration::from_mins(9);
        assert_eq!(circuit.record(Health::Busy(asked), false, later, 1.0), None);
        assert_eq!(circuit.gate(later), Gate::Probing);
        circuit.record(Health::Up, true, later, 1.0);
        assert_eq!(circuit.gate(later), Gate::Until(later + asked));
    }

    proptest! {
        /// Whatever happens in whatever order: nothing begins in a pause, one probe at a time, a
        /// pause always ends, and the receiver's wish is kept.
        #[test]
        fn no_history_lets_two_probes_or_an_endless_pause_happen(
            steps in prop::collection::vec((0..5_u8, 0..400_u64, 0.0..1.0_f64), 1..200)
        ) {
            let mut circuit = Circuit::new(POLICY, None);
            let mut now = NOW;
            let mut probing = false;
            let mut floor = NOW;
            for (what, seconds, random) in steps {
                now = now + Duration::from_secs(seconds);
                match circuit.gate(now) {
                    Gate::Until(until) => {
                        prop_assert!(until > now && until <= now + MAX_RETRY_AFTER);
                        prop_assert!(!probing);
                    }
                    Gate::Probe => {
                        prop_assert!(!probing && now >= floor);
                        circuit.probe(now);
                        probing = true;
                        prop_assert_eq!(circuit.gate(now), Gate::Probing);
                    }
                    Gate::Probing => prop_assert!(probing),
                    Gate::Free => prop_assert!(!probing && now >= floor),
                }
                let asked = Duration::from_secs(seconds);
                let health = match what {
                    0 => Health::Up,
                    1 | 2 => Health::Down,
                    3 => Health::Busy(asked),
                    _ => Health::Unknown,
                };
                let probe = probing && random < 0.5;
                circuit.record(health, probe, now, random);
                if let Health::Busy(asked) = health {
                    floor = floor.max(now + asked);
                }
                probing = matches!(circuit.gate(now), Gate::Probing);
                prop_assert!(!(probe && probing), "a probe that has ended is over");
            }
        }
    }
}
