//! How often somebody may try to log in. Pure: it is given the time.
//!
//! Each peer has a few tries and gets another one now and then; all peers together have more. A peer is an
//! IPv4 address or the first 64 bits of an IPv6 address, since whoever has one has them all.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use crate::model::Timestamp;

/// Tries of a peer at once, and how long until it gets another one.
const OF_PEER: Bound = Bound {
    burst: 5,
    every: Duration::from_secs(30),
};
/// The same for all peers together.
const OF_ALL: Bound = Bound {
    burst: 30,
    every: Duration::from_secs(2),
};
/// Peers that are remembered.
const MOST_PEERS: usize = 4096;

#[derive(Debug, Clone, Copy)]
struct Bound {
    burst: u32,
    every: Duration,
}

/// The tries so far, as the time at which all of them are forgotten.
#[derive(Debug, Default)]
pub struct Tries {
    peers: HashMap<IpAddr, Timestamp>,
    all: Timestamp,
}

impl Tries {
    /// Counts a try.
    ///
    /// # Errors
    /// How long to wait; then it is not counted.
    pub fn begin(&mut self, peer: IpAddr, now: Timestamp) -> Result<(), Duration> {
        let peer = network(peer);
        let of_peer = self.peers.get(&peer).copied().unwrap_or_default();
        let full = next(of_peer, OF_PEER, now)?;
        let all = next(self.all, OF_ALL, now)?;
        if self.peers.len() >= MOST_PEERS && !self.peers.contains_key(&peer) {
            self.peers.retain(|_, full| *full > now);
            if self.peers.len() >= MOST_PEERS {
                return Err(OF_PEER.every);
            }
        }
        self.peers.insert(peer, full);
        self.all = all;
        Ok(())
    }

    /// Forgets a peer's tries: the last one was right.
    pub fn succeeded(&mut self, peer: IpAddr) {
        self.peers.remove(&network(peer));
    }
}

/// When all tries will be forgotten if there is one more now.
fn next(full: Timestamp, bound: Bound, now: Timestamp) -> Result<Timestamp, Duration> {
    let most = bound.every * bound.burst;
    // A time further off than that was set by a clock that was wrong.
    let full = full.max(now).min(now + most) + bound.every;
    let over = full.since(now + most);
    if over.is_zero() { Ok(full) } else { Err(over) }
}

fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_720_000_000_000);

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_peer_has_a_few_tries_and_then_one_at_a_time() {
        let mut tries = Tries::default();
        let peer = ip("192.0.2.1");
        for _ in 0..5 {
            assert_eq!(tries.begin(peer, NOW), Ok(()));
        }
        assert_eq!(tries.begin(peer, NOW), Err(OF_PEER.every));
        let later = NOW + OF_PEER.every;
        assert_eq!(tries.begin(peer, later), Ok(()));
        assert_eq!(tries.begin(peer, later), Err(OF_PEER.every));
        assert_eq!(tries.begin(ip("192.0.2.2"), later), Ok(()));
        tries.succeeded(peer);
        assert_eq!(tries.begin(peer, later), Ok(()));
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_peer() {
        let mut tries = Tries::default();
        for n in 0..5 {
            let peer = ip(&format!("2001:db8::{n}"));
            assert_eq!(tries.begin(peer, NOW), Ok(()));
        }
        assert!(tries.begin(ip("2001:db8::ffff:1"), NOW).is_err());
        assert_eq!(tries.begin(ip("2001:db8:0:1::1"), NOW), Ok(()));
    }

    #[test]
    fn all_peers_together_are_bounded() {
        let mut tries = Tries::default();
        let taken = (0..100_u8).filter(|n| tries.begin(IpAddr::from([10, 0, 0, *n]), NOW).is_ok());
        assert_eq!(taken.count(), 30);
    }

    #[test]
    fn a_clock_that_was_wrong_locks_nobody_out_for_long() {
        let mut tries = Tries::default();
        let peer = ip("192.0.2.1");
        let future = NOW + Duration::from_hours(1000);
        for _ in 0..5 {
            assert_eq!(tries.begin(peer, future), Ok(()));
        }
        assert!(tries.begin(peer, NOW).unwrap_err() <= OF_PEER.every);
    }

    proptest! {
        /// In any time, a peer gets no more tries than its burst and what that time gives it.
        #[test]
        fn no_peer_gets_more_than_its_share(waits in prop::collection::vec(0_u64..40_000, 1..60)) {
            let (mut tries, mut now) = (Tries::default(), NOW);
            let mut taken = 0;
            for wait in &waits {
                now = now + Duration::from_millis(*wait);
                taken += u64::from(tries.begin(ip("192.0.2.1"), now).is_ok());
            }
            let share = 5 + now.since(NOW).as_secs() / OF_PEER.every.as_secs();
            prop_assert!(taken <= share, "{} of {}", taken, share);
        }
    }
}
