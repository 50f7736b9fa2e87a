//! The pause between two requests to one host, kept where the request begins.
//!
//! The queue keeps it between two polls that begin. Where a poll reads its feed over a network first, that takes now
//! a millisecond and now half a second, and two that began apart would ask at once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use url::Url;

use crate::schedule::Place;

/// Hosts that are remembered before those are forgotten whose pause is over.
const MANY: usize = 4096;

/// When each host may be asked next.
#[derive(Debug, Default)]
pub struct Pauses(Mutex<HashMap<String, Instant>>);

impl Pauses {
    /// Waits for a turn at the host of a URL.
    pub async fn wait(&self, url: &Url, pause: Duration) {
        if pause.is_zero() {
            return;
        }
        let turn = self.turn(Place::of(url).host(), pause, Instant::now());
        sleep_until(turn).await;
    }

    fn turn(&self, host: &str, pause: Duration, now: Instant) -> Instant {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() > MANY {
            hosts.retain(|_, free| *free > now);
        }
        let free = hosts.get(host).copied().unwrap_or(now);
        let turn = free.max(now);
        hosts.insert(host.to_owned(), turn + pause);
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_at_a_host_are_apart_and_hosts_do_not_wait_for_each_other() {
        let (pauses, now) = (Pauses::default(), Instant::now());
        let pause = Duration::from_millis(400);
        assert_eq!(pauses.turn("a", pause, now), now);
        assert_eq!(pauses.turn("a", pause, now), now + pause);
        assert_eq!(pauses.turn("b", pause, now), now);
        assert_eq!(pauses.turn("a", pause, now + pause * 5), now + pause * 5);
    }
}
