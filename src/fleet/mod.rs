//! How several workers share the work: what there is to share, who may hold how much of it, and for how long.
//!
//! Work is shared in pieces that one worker holds at a time: shards of hosts, so that what is promised to a host
//! is kept by whoever holds it; sinks, so that order, pace and pauses are one worker's; and tasks that one
//! worker does for all. A worker holds its pieces for as long as it says in time that it lives (a lease); the
//! database is the only one who knows, and this module does no I/O.

mod hold;
mod share;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant;
use url::Url;

use crate::schedule::Place;

pub use hold::{Hold, Lost};
pub use share::{Count, Due, due};

/// Into how many shards hosts fall. Never changed: the database knows feeds by theirs.
pub const SHARDS: i64 = 1024;

/// The shard of a URL's registered domain, which has the bounds of its hosts and its own.
#[must_use]
pub fn shard(url: &Url) -> i64 {
    let hash: [u8; 32] = Sha256::digest(Place::of(url).domain().as_bytes()).into();
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    (u64::from_be_bytes(first) % SHARDS.unsigned_abs()).cast_signed()
}

/// Whether a worker's lease still runs, by its own clock that never goes back. It is counted from before the
/// database was asked, so it ends here before it ends there. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Pulse {
    /// `None` where a worker is alone, and nothing can be taken from it.
    until: Option<Arc<Mutex<Instant>>>,
}

impl Pulse {
    /// One that has ended, until it is [extended](Self::extend).
    #[must_use]
    pub fn ended() -> Self {
        Self {
            until: Some(Arc::new(Mutex::new(Instant::now()))),
        }
    }

    /// The lease runs for so long from then on.
    pub fn extend(&self, from: Instant, lease: Duration) {
        if let Some(until) = &self.until {
            *until.lock().unwrap_or_else(PoisonError::into_inner) = from + lease;
        }
    }

    /// When it ends; `None` for one that never does.
    #[must_use]
    pub fn end(&self) -> Option<Instant> {
        let until = self.until.as_ref()?;
        Some(*until.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether anything may be begun.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.end().is_none_or(|end| Instant::now() < end)
    }
}

/// A kind of piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The hosts of a shard, named by its number.
    Hosts,
    /// A sink, by its id.
    Sink,
    /// What one worker does for all, by its name.
    Task,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Hosts, Self::Sink, Self::Task];

    /// Its name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hosts => "hosts",
            Self::Sink => "sink",
            Self::Task => "task",
        }
    }
}

/// A piece that a worker holds, with the number by which the database knows that it still does: each time a
/// piece changes hands it gets another one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fence {
    /// What kind of piece.
    pub kind: Kind,
    /// Which.
    pub name: String,
    /// The worker's number.
    pub worker: i64,
    /// The number of this holding.
    pub token: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_one_domain_are_in_one_shard_and_shards_are_even() {
        let of = |text: &str| shard(&text.parse().unwrap());
        assert_eq!(
            of("https://a.example.org/x"),
            of("http://b.example.org:81/y")
        );
        let mut counts = vec![0; 1024];
        for n in 0..102_400 {
            let place = usize::try_from(of(&format!("https://site{n}.example/"))).unwrap();
            counts[place] += 1;
        }
        assert!(counts.iter().all(|n| (40..180).contains(n)));
        // What the database knows must stay so.
        assert_eq!(of("https://example.org/"), 774);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pulse_ends_unless_it_is_extended() {
        let pulse = Pulse::ended();
        assert!(!pulse.is_alive());
        pulse.extend(Instant::now(), Duration::from_secs(10));
        tokio::time::advance(Duration::from_secs(9)).await;
        assert!(pulse.clone().is_alive());
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(!pulse.is_alive());
        assert!(Pulse::default().is_alive());
    }
}
