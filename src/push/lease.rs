//! What becomes of a subscription: pure, from what is and what happens to what is next.
//!
//! A [`Subscription`] is one callback at one hub for one topic. [`Subscription::step`] takes an
//! [`Event`]; [`Subscription::due`] says what to ask the hub for now. A request counts as an
//! attempt from before it is sent, since a hub may verify before it answers (§5.3), and only the
//! hub's verification ends the count: a 202 promises nothing yet and changes nothing here.
//!
//! ```text
//! Wanted -> Requested -> Active -> (renewed at 80 % of the lease) -> Active
//!              |  ^        |  lease over, not renewed: Wanted, and asked for at once
//!              v  |        v
//!            Failed      Denied        any -> Leaving -> Gone
//!              | ten attempts
//!              v
//!             Lost -> (a week) -> Gone
//! ```

use std::time::Duration;

use crate::model::Timestamp;

const DAY: Duration = Duration::from_hours(24);

/// The lease that is asked for; the hub decides (§5.1).
pub const LEASE: Duration = Duration::from_hours(240);

/// The longest lease that is believed. Renewing earlier than a hub asks does no harm.
pub const MAX_LEASE: Duration = Duration::from_hours(720);

/// What a hub gives that verifies and, though it must not (§5.3), names no lease.
pub const UNNAMED_LEASE: Duration = DAY;

/// Renewals keep this distance, however short a lease is: hubs must not make us hurry.
const MIN_RENEWAL: Duration = Duration::from_mins(5);

/// How long a hub may take to verify what it has accepted.
pub const VERIFY_WITHIN: Duration = Duration::from_mins(15);

/// The wait after the first attempt that came to nothing; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_mins(5);

/// Attempts without verification after which a hub counts as lost; the last waits a day.
pub const MAX_ATTEMPTS: u32 = 10;

/// Attempts at taking leave. The lease ends by itself, and pushes are answered with 410.
const LEAVE_ATTEMPTS: u32 = 3;

/// How long a lost hub is left in peace.
const REST: Duration = Duration::from_hours(168);

/// How long a push, or a poll that found nothing else, is proof that push works.
const PROOF: Duration = Duration::from_hours(48);

/// Where a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// To be asked for.
    Wanted,
    /// Asked for; the hub's verification is awaited.
    Requested,
    /// Verified by the hub, and good until then unless it is renewed.
    Active {
        /// The end of the lease.
        until: Timestamp,
    },
    /// The hub said no (§5.2); for this hub and topic that is final.
    Denied,
    /// An attempt came to nothing, another follows.
    Failed,
    /// Given up after [`MAX_ATTEMPTS`]. After a week it is forgotten, and a document that still
    /// names the hub begins anew.
    Lost,
    /// No longer wanted; the hub is to be told.
    Leaving,
    /// Over; nothing is left to do but forget it.
    Gone,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event {
    /// A request is about to leave.
    Sent,
    /// It was refused, or there was no answer.
    Refused {
        /// How long the hub asks to wait, if it says.
        retry_after: Option<Duration>,
    },
    /// The hub verified the subscription (§5.3).
    Verified {
        /// The lease it gives, if it says.
        lease: Option<Duration>,
    },
    /// The hub denied it, or took it back (§5.2).
    Denied,
    /// The hub verified the end of the subscription.
    Left,
    /// Signed content came.
    Pushed,
    /// A poll found nothing that push had not brought.
    PollAgreed,
    /// A poll found new entries that push had not brought.
    PollMissed,
    /// The feed was removed, or it names another hub or topic.
    Unwanted,
    /// Time has passed.
    Clock,
}

/// What to ask the hub for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// A new subscription or a longer one.
    Subscribe,
    /// Its end.
    Unsubscribe,
}

/// One subscription's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscription {
    /// Where it stands.
    pub state: State,
    /// When something is to be done about it; `None` when nothing by the clock.
    pub next: Option<Timestamp>,
    /// Requests since the hub last verified.
    pub attempts: u32,
    /// The last proof that push works.
    pub heard: Option<Timestamp>,
    /// Whether push has failed to bring something since it last brought anything.
    pub missed: bool,
}

impl Subscription {
    /// A new one, to be asked for at once.
    #[must_use]
    pub const fn wanted(now: Timestamp) -> Self {
        Self {
            state: State::Wanted,
            next: Some(now),
            attempts: 0,
            heard: None,
            missed: false,
        }
    }

    /// What follows from `event`; `random` from 0 to 1 spreads what many would do at one time.
    #[must_use]
    pub fn step(mut self, event: Event, now: Timestamp, random: f64) -> Self {
        match event {
            Event::Sent => self.sent(now),
            Event::Refused { retry_after } => self.refused(retry_after, now, random),
            Event::Verified { lease } => self.verified(lease, now, random),
            Event::Denied => match self.state {
                State::Leaving | State::Gone => self.end(State::Gone),
                _ => self.end(State::Denied),
            },
            Event::Left if self.state == State::Leaving => self.end(State::Gone),
            Event::Pushed => {
                self.heard = Some(now);
                self.missed = false;
            }
            // That nothing was missed again proves little; only a push makes up for a miss.
            Event::PollAgreed if !self.missed => self.heard = Some(now),
            Event::PollAgreed | Event::Left => {}
            Event::PollMissed => {
                self.heard = None;
                self.missed = true;
            }
            Event::Unwanted => self.unwanted(now),
            Event::Clock => self.clock(now, random),
        }
        self
    }

    /// Whether the time for the next step has come: [`Event::Clock`], then [`Self::due`].
    #[must_use]
    pub fn is_reached(&self, now: Timestamp) -> bool {
        // Nothing waits longer than the longest lease: if it seems so, the clock was wrong.
        self.next
            .is_some_and(|next| next <= now || next.since(now) > MAX_LEASE)
    }

    /// What the hub is to be asked for now. [`Event::Clock`] comes first.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Option<Ask> {
        if !self.is_reached(now) {
            return None;
        }
        match self.state {
            State::Wanted | State::Failed | State::Active { .. } => Some(Ask::Subscribe),
            State::Leaving => Some(Ask::Unsubscribe),
            State::Requested | State::Denied | State::Lost | State::Gone => None,
        }
    }

    /// Whether push can be relied on to bring news: the lease runs, and lately a push came or a
    /// poll found nothing that push had not brought.
    #[must_use]
    pub fn is_alive(&self, now: Timestamp) -> bool {
        let leased = matches!(self.state, State::Active { until } if runs(until, now));
        leased && !self.missed && self.heard.is_some_and(|heard| now.since(heard) < PROOF)
    }

    /// Whether this is a subscription that the daemon has, or is still trying to get.
    #[must_use]
    pub const fn is_wanted(&self) -> bool {
        matches!(
            self.state,
            State::Wanted | State::Requested | State::Active { .. } | State::Failed
        )
    }

    /// Whether the hub may confirm the subscription now (§5.3.1): it was asked for, lately or so
    /// long ago that a slow hub was given up. Hubs may also ask again about an active one (§5).
    #[must_use]
    pub const fn awaits_subscription(&self) -> bool {
        self.is_wanted() || matches!(self.state, State::Lost)
    }

    fn sent(&mut self, now: Timestamp) {
        self.attempts = self.attempts.saturating_add(1);
        self.next = match self.state {
            State::Wanted | State::Requested | State::Failed => {
                self.state = State::Requested;
                Some(now + VERIFY_WITHIN)
            }
            State::Active { .. } | State::Leaving => {
                Some(now + VERIFY_WITHIN.max(wait(self.attempts, 1.0)))
            }
            State::Denied | State::Lost | State::Gone => self.next,
        };
    }

    fn refused(&mut self, retry_after: Option<Duration>, now: Timestamp, random: f64) {
        let pause = wait(self.attempts, random).max(retry_after.unwrap_or_default().min(MAX_LEASE));
        match self.state {
            State::Requested if self.attempts >= MAX_ATTEMPTS => self.lose(now),
            State::Requested => {
                self.state = State::Failed;
                self.next = Some(now + pause);
            }
            State::Active { until } if self.attempts >= MAX_ATTEMPTS => {
                self.next = Some(until.max(now + pause));
            }
            State::Active { .. } | State::Leaving => self.next = Some(now + pause),
            // Verified, denied or left while the answer was on its way.
            State::Wanted | State::Denied | State::Failed | State::Lost | State::Gone => {}
        }
    }

    fn verified(&mut self, lease: Option<Duration>, now: Timestamp, random: f64) {
        if !self.awaits_subscription() {
            return;
        }
        if !matches!(self.state, State::Active { .. }) {
            self.heard = None;
        }
        let lease = lease.unwrap_or(UNNAMED_LEASE).min(MAX_LEASE);
        let share = 0.75 + 0.1 * random.clamp(0.0, 1.0);
        self.state = State::Active { until: now + lease };
        self.next = Some(now + lease.mul_f64(share).max(MIN_RENEWAL));
        self.attempts = 0;
    }

    fn unwanted(&mut self, now: Timestamp) {
        match self.state {
            // The hub has not heard of it, or does not hold it.
            State::Wanted if self.attempts == 0 => self.end(State::Gone),
            State::Denied | State::Lost | State::Gone => self.end(State::Gone),
            State::Leaving => {}
            State::Wanted | State::Requested | State::Active { .. } | State::Failed => {
                self.state = State::Leaving;
                self.next = Some(now);
                self.attempts = 0;
            }
        }
    }

    fn clock(&mut self, now: Timestamp, random: f64) {
        if !self.is_reached(now) {
            return;
        }
        match self.state {
            State::Requested => self.refused(None, now, random),
            State::Active { until } if !runs(until, now) => {
                if self.attempts >= MAX_ATTEMPTS {
                    self.lose(now);
                } else {
                    self.state = State::Wanted;
                }
            }
            // The lease runs, and the hub has not confirmed ten attempts to renew it.
            State::Active { until } if self.attempts >= MAX_ATTEMPTS => self.next = Some(until),
            State::Leaving if self.attempts >= LEAVE_ATTEMPTS => self.end(State::Gone),
            State::Lost => self.end(State::Gone),
            _ => {}
        }
    }

    fn lose(&mut self, now: Timestamp) {
        self.end(State::Lost);
        self.next = Some(now + REST);
    }

    fn end(&mut self, state: State) {
        self.state = state;
        self.next = None;
        self.heard = None;
    }
}

/// Whether a lease runs that ends at `until`; an end too far away was reckoned by a wrong clock.
fn runs(until: Timestamp, now: Timestamp) -> bool {
    until > now && until.since(now) <= MAX_LEASE
}

/// The wait after so many attempts, of which a random half is jitter.
fn wait(attempts: u32, random: f64) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    let full = FIRST_WAIT.saturating_mul(1 << doublings).min(DAY);
    full.mul_f64(0.5 + 0.5 * random.clamp(0.0, 1.0))
}

/// The time between two polls: four times the normal one while push is alive, `max` at most, and
/// never less than the normal one.
#[must_use]
pub fn poll_interval(normal: Duration, alive: bool, max: Duration) -> Duration {
    if alive {
        normal.saturating_mul(4).min(max).max(normal)
    } else {
        normal
    }
}

#[cfg(test)]
#[path = "lease_tests.rs"]
mod tests;
