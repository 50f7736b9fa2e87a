//! Telling "this feed is down" from "there is no network": pure.
//!
//! When nothing answers and several different hosts can't be reached (three, or more where there
//! are many: a few dead hosts polled in a row are no outage), it is not the feeds' fault: one line
//! says so, nothing is held against any feed, and one line says when it is over.

use std::collections::HashSet;

use crate::model::Feed;

/// So many hosts must be out of reach, and none within, before the network is thought down: a
/// fifth of all, within these bounds.
const FEWEST: usize = 3;
const MOST: usize = 10;

/// So many complaints are held back at most.
const HELD: usize = 100;

/// Whether anything can be reached.
#[derive(Debug, Default)]
pub struct Connectivity {
    /// How many hosts it takes; `None` when there are too few to tell.
    needed: Option<usize>,
    state: State,
    /// Hosts out of reach since the last answer.
    unreachable: HashSet<String>,
    /// Complaints held back until it is known whose fault it is.
    held: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Eq, Clone, Copy)]
enum State {
    /// Nothing has answered yet.
    #[default]
    Unknown,
    Online,
    Offline,
}

/// What to say of a failure.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The feed is at fault: complain.
    Feed,
    /// Not known yet: say nothing now.
    Held,
    /// The network just turned out to be down: say this once.
    WentOffline,
    /// The network is known to be down: say nothing.
    StillOffline,
}

impl Connectivity {
    /// Begins without knowledge.
    #[must_use]
    pub fn new(feeds: &[Feed]) -> Self {
        let hosts: HashSet<_> = feeds.iter().filter_map(|f| f.url.host_str()).collect();
        let needed = (hosts.len() / 5).clamp(FEWEST, MOST);
        Self {
            needed: (hosts.len() >= FEWEST).then_some(needed),
            ..Self::default()
        }
    }

    /// A server answered, however. Returns complaints that can now be made, and whether the network
    /// has just come back.
    pub fn reached(&mut self) -> (Vec<String>, bool) {
        let was_offline = self.state == State::Offline;
        self.state = State::Online;
        self.unreachable.clear();
        (std::mem::take(&mut self.held), was_offline)
    }

    /// A host could not be reached; `complaint` is what there is to say of its feed.
    pub fn unreachable(&mut self, host: &str, complaint: &str) -> Verdict {
        let Some(needed) = self.needed else {
            return Verdict::Feed;
        };
        if self.unreachable.len() < needed {
            self.unreachable.insert(host.to_owned());
        }
        match self.state {
            State::Offline => Verdict::StillOffline,
            _ if self.unreachable.len() >= needed => {
                self.state = State::Offline;
                self.held.clear();
                Verdict::WentOffline
            }
            State::Online => Verdict::Feed,
            State::Unknown => {
                if self.held.len() < HELD {
                    self.held.push(complaint.to_owned());
                }
                Verdict::Held
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connectivity() -> Connectivity {
        Connectivity {
            needed: Some(FEWEST),
            ..Connectivity::default()
        }
    }

    #[test]
    fn three_hosts_out_of_reach_and_no_answer_mean_offline_said_once() {
        let mut net = connectivity();
        assert_eq!(net.unreachable("a", "a is down"), Verdict::Held);
        assert_eq!(net.unreachable("a", "a is down"), Verdict::Held);
        assert_eq!(net.unreachable("b", "b is down"), Verdict::Held);
        assert_eq!(net.unreachable("c", "c is down"), Verdict::WentOffline);
        assert_eq!(net.unreachable("d", "d is down"), Verdict::StillOffline);
        assert_eq!(net.reached(), (vec![], true));
        assert_eq!(net.unreachable("d", "d is down"), Verdict::Feed);
    }

    #[test]
    fn an_answer_makes_the_silent_hosts_answerable() {
        let mut net = connectivity();
        net.unreachable("a", "a is down");
        assert_eq!(net.reached(), (vec!["a is down".to_owned()], false));
        assert_eq!(net.unreachable("a", "a is down"), Verdict::Feed);
    }

    #[test]
    fn with_fewer_than_three_hosts_every_failure_is_the_feeds() {
        let mut net = Connectivity::default();
        for host in ["a", "b", "c", "d"] {
            assert_eq!(net.unreachable(host, ""), Verdict::Feed);
        }
    }
}
