//! The lines that due feeds stand in, and who has the next turn.
//!
//! Each host has one line. A host with a line is *ready* (it may start a poll), *paused* (its last
//! start is too recent) or *idle* (no line, or as many polls as it may have). A domain with ready
//! hosts takes turns with the other domains, and the hosts of a domain take turns within it, so a
//! long line costs its own feeds time and nobody else's. A full domain simply gets no turn until
//! one of its polls ends.
//!
//! All orders are trees keyed by a running number, so that joining, leaving and taking cost
//! O(log n) and nothing stale is ever left behind.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::Limits;
use crate::model::Timestamp;
use crate::schedule::Place;

/// Before every time that is met; as a clock it means "the time is not known here".
pub(super) const LONG_AGO: Timestamp = Timestamp::from_millis(i64::MIN);

/// How long a host is remembered at least, for a pause that is made longer meanwhile.
const REMEMBERED: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(super) struct Lines<K> {
    limits: Limits,
    hosts: HashMap<Arc<str>, Host<K>>,
    domains: HashMap<Arc<str>, Domain>,
    /// Domains that may start a poll, by turn.
    ready: BTreeMap<u64, Arc<str>>,
    /// Hosts that may go on from a time on.
    paused: BTreeSet<(Timestamp, Arc<str>)>,
    /// Hosts that lost their last feed: they are remembered until their pause is over, and for
    /// [`REMEMBERED`] at least, lest a feed that is removed and added again evade it.
    fading: VecDeque<Arc<str>>,
    /// Feeds in all lines.
    held: usize,
    next_turn: u64,
}

#[derive(Debug)]
struct Host<K> {
    domain: Arc<str>,
    /// Feeds that the queue knows on this host.
    members: usize,
    running: usize,
    last_start: Option<Timestamp>,
    line: BTreeMap<u64, K>,
    standing: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Idle,
    /// In `Lines::paused` under this time.
    Paused(Timestamp),
    /// In its domain's `ready` under this turn.
    Ready(u64),
}

#[derive(Debug, Default)]
struct Domain {
    hosts: usize,
    running: usize,
    /// Hosts that may start a poll, by turn.
    ready: BTreeMap<u64, Arc<str>>,
    /// The turn under which it stands in `Lines::ready`.
    turn: Option<u64>,
}

impl<K> Lines<K> {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            hosts: HashMap::new(),
            domains: HashMap::new(),
            ready: BTreeMap::new(),
            paused: BTreeSet::new(),
            fading: VecDeque::new(),
            held: 0,
            next_turn: 0,
        }
    }

    pub(super) fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.rebuild();
    }

    /// Moves the times of the last starts back by as much as the clock was.
    pub(super) fn set_back(&mut self, by: Duration) {
        for host in self.hosts.values_mut() {
            host.last_start = host.last_start.map(|start| start - by);
        }
        self.rebuild();
    }

    /// Counts a feed as one of its host's; returns the host's name, shared.
    pub(super) fn enter(&mut self, place: &Place<'_>) -> Arc<str> {
        if let Some((name, _)) = self.hosts.get_key_value(place.host()) {
            let name = name.clone();
            if let Some(host) = self.hosts.get_mut(&name) {
                host.members += 1;
            }
            return name;
        }
        let (name, domain): (Arc<str>, Arc<str>) = (place.host().into(), place.domain().into());
        self.domains.entry(domain.clone()).or_default().hosts += 1;
        self.hosts.insert(
            name.clone(),
            Host {
                domain,
                members: 1,
                running: 0,
                last_start: None,
                line: BTreeMap::new(),
                standing: Standing::Idle,
            },
        );
        name
    }

    /// Takes back an [`enter`](Self::enter).
    pub(super) fn leave(&mut self, name: &Arc<str>) {
        if let Some(host) = self.hosts.get_mut(name) {
            host.members -= 1;
            if host.members == 0 {
                self.fading.push_back(name.clone());
            }
        }
    }

    /// Puts a feed at the end of its host's line; returns its turn there.
    pub(super) fn hold(&mut self, name: &Arc<str>, feed: K, now: Timestamp) -> u64 {
        let turn = self.turn();
        if let Some(host) = self.hosts.get_mut(name) {
            host.line.insert(turn, feed);
            self.held += 1;
        }
        self.settle(name, now);
        turn
    }

    /// Takes a feed out of the line.
    pub(super) fn release(&mut self, name: &Arc<str>, turn: u64) {
        if let Some(host) = self.hosts.get_mut(name)
            && host.line.remove(&turn).is_some()
        {
            self.held -= 1;
        }
        self.settle(name, LONG_AGO);
    }

    /// Lets the hosts go on whose pause is over, and forgets those that nobody needs.
    pub(super) fn wake(&mut self, now: Timestamp) {
        while let Some((from, _)) = self.paused.first()
            && *from <= now
            && let Some((_, name)) = self.paused.pop_first()
        {
            self.make_ready(&name);
        }
        while let Some(name) = self.fading.front() {
            if let Some(host) = self.hosts.get(name)
                && host.members == 0
            {
                let pause = self.limits.host_pause.max(REMEMBERED);
                if host.last_start.is_some_and(|start| start + pause > now) {
                    return;
                }
                let domain = host.domain.clone();
                self.hosts.remove(name);
                if let Some(owner) = self.domains.get_mut(&domain) {
                    owner.hosts -= 1;
                    if owner.hosts == 0 {
                        self.domains.remove(&domain);
                    }
                }
            }
            self.fading.pop_front();
        }
    }

    /// Starts a poll of the feed whose turn it is.
    pub(super) fn start(&mut self, now: Timestamp) -> Option<K> {
        let (_, domain_name) = self.ready.pop_first()?;
        let domain = self.domains.get_mut(&domain_name)?;
        domain.turn = None;
        let (_, name) = domain.ready.pop_first()?;
        let host = self.hosts.get_mut(&name)?;
        host.standing = Standing::Idle;
        let (_, feed) = host.line.pop_first()?;
        self.held -= 1;
        host.running += 1;
        host.last_start = Some(now);
        domain.running += 1;
        self.settle(&name, now);
        self.settle_domain(&domain_name);
        Some(feed)
    }

    /// Ends a poll on the host.
    pub(super) fn end(&mut self, name: &Arc<str>) {
        let Some(host) = self.hosts.get_mut(name) else {
            return;
        };
        host.running -= 1;
        let domain_name = host.domain.clone();
        if let Some(domain) = self.domains.get_mut(&domain_name) {
            domain.running -= 1;
        }
        self.settle(name, LONG_AGO);
        self.settle_domain(&domain_name);
    }

    /// When a line may go on without the end of a poll.
    pub(super) fn next(&self) -> Option<Timestamp> {
        if self.ready.is_empty() {
            self.paused.first().map(|(from, _)| *from)
        } else {
            Some(LONG_AGO)
        }
    }

    /// How many feeds stand in lines.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// How many hosts and domains are remembered.
    #[cfg(test)]
    pub(super) fn known(&self) -> (usize, usize) {
        (self.hosts.len(), self.domains.len())
    }

    fn turn(&mut self) -> u64 {
        self.next_turn += 1;
        self.next_turn
    }

    fn free_from(&self, host: &Host<K>) -> Timestamp {
        host.last_start
            .map_or(LONG_AGO, |start| start + self.limits.host_pause)
    }

    /// Gives the host the standing that its line and its polls call for.
    fn settle(&mut self, name: &Arc<str>, now: Timestamp) {
        let Some(host) = self.hosts.get(name) else {
            return;
        };
        let may_start = !host.line.is_empty() && host.running < self.limits.per_host;
        let from = self.free_from(host);
        match host.standing {
            Standing::Idle if may_start && from <= now => self.make_ready(name),
            Standing::Idle if may_start => {
                self.paused.insert((from, name.clone()));
                self.stand(name, Standing::Paused(from));
            }
            Standing::Paused(from) if !may_start => {
                self.paused.remove(&(from, name.clone()));
                self.stand(name, Standing::Idle);
            }
            Standing::Ready(turn) if !may_start => {
                let domain_name = host.domain.clone();
                if let Some(domain) = self.domains.get_mut(&domain_name) {
                    domain.ready.remove(&turn);
                }
                self.stand(name, Standing::Idle);
                self.settle_domain(&domain_name);
            }
            _ => {}
        }
    }

    fn make_ready(&mut self, name: &Arc<str>) {
        let turn = self.turn();
        self.stand(name, Standing::Ready(turn));
        if let Some(host) = self.hosts.get(name) {
            let domain_name = host.domain.clone();
            if let Some(domain) = self.domains.get_mut(&domain_name) {
                domain.ready.insert(turn, name.clone());
            }
            self.settle_domain(&domain_name);
        }
    }

    fn stand(&mut self, name: &Arc<str>, standing: Standing) {
        if let Some(host) = self.hosts.get_mut(name) {
            host.standing = standing;
        }
    }

    /// Lets the domain take turns if it can use them.
    fn settle_domain(&mut self, name: &Arc<str>) {
        let turn = self.turn();
        let Some(domain) = self.domains.get_mut(name) else {
            return;
        };
        let may_start = !domain.ready.is_empty() && domain.running < self.limits.per_domain;
        match domain.turn {
            None if may_start => {
                domain.turn = Some(turn);
                self.ready.insert(turn, name.clone());
            }
            Some(turn) if !may_start => {
                domain.turn = None;
                self.ready.remove(&turn);
            }
            _ => {}
        }
    }

    /// Settles everything anew after a change of limits or clock; the only walk over all hosts.
    fn rebuild(&mut self) {
        self.paused.clear();
        self.ready.clear();
        for domain in self.domains.values_mut() {
            domain.ready.clear();
            domain.turn = None;
        }
        // In the order of their lines, not of the hash table.
        let mut lines: Vec<_> = Vec::new();
        for (name, host) in &mut self.hosts {
            host.standing = Standing::Idle;
            if let Some((turn, _)) = host.line.first_key_value() {
                lines.push((*turn, name.clone()));
            }
        }
        lines.sort_unstable();
        for (_, name) in lines {
            self.settle(&name, LONG_AGO);
        }
    }
}
