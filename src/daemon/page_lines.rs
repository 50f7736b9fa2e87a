//! Pages that wait to be read, in one line per host: pure.
//!
//! Of each host one page at a time is handed out, and the next one only after a pause, since a
//! publisher who does not mind his feed being polled may well mind ten requests for pages at once.
//! The due queue decides when the page that was handed out is asked for.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use url::{Position, Url};

use crate::model::{FeedId, Timestamp};
use crate::store::PageId;

/// Hosts without pages that are remembered, at least, so that their rest is kept.
const IDLE_HOSTS: usize = 64;

/// A page and for whom it is read.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Where it is.
    pub url: Url,
    /// The feed whose entry links to it.
    pub feed: FeedId,
}

/// The lines.
#[derive(Debug, Default)]
pub struct PageLines {
    wanted: HashMap<PageId, Wanted>,
    hosts: HashMap<String, Line>,
}

#[derive(Debug, Default)]
struct Line {
    /// The page that was handed out.
    out: Option<PageId>,
    waiting: BTreeSet<(Timestamp, PageId)>,
    /// The host is left alone until then.
    rest_until: Option<Timestamp>,
}

impl Line {
    fn hand_out(&mut self) -> Option<(PageId, Timestamp)> {
        if self.out.is_some() {
            return None;
        }
        let (due, page) = self.waiting.pop_first()?;
        self.out = Some(page);
        let rest = self.rest_until.unwrap_or(due);
        Some((page, due.max(rest)))
    }
}

impl PageLines {
    /// Takes a page in; one that is known already stays as it is. Returns the page of its host that
    /// is handed out by this, with the time from which it may be asked for.
    pub fn add(
        &mut self,
        page: PageId,
        wanted: Wanted,
        due: Timestamp,
    ) -> Option<(PageId, Timestamp)> {
        if self.wanted.contains_key(&page) {
            return None;
        }
        let line = self.hosts.entry(host(&wanted.url)).or_default();
        self.wanted.insert(page, wanted);
        line.waiting.insert((due, page));
        line.hand_out()
    }

    /// Forgets the pages on hosts that are another worker's, but for those that are under way, which end first.
    /// Returns those that are forgotten.
    pub fn leave(
        &mut self,
        leaves: impl Fn(&Url) -> bool,
        is_under_way: impl Fn(PageId) -> bool,
    ) -> Vec<PageId> {
        let gone: Vec<PageId> = self
            .wanted
            .iter()
            .filter(|(page, wanted)| leaves(&wanted.url) && !is_under_way(**page))
            .map(|(page, _)| *page)
            .collect();
        for page in &gone {
            let Some(wanted) = self.wanted.remove(page) else {
                continue;
            };
            if let Some(line) = self.hosts.get_mut(&host(&wanted.url)) {
                line.waiting.retain(|(_, waiting)| waiting != page);
                line.out = line.out.filter(|out| out != page);
            }
        }
        gone
    }

    /// What is known of a page.
    #[must_use]
    pub fn get(&self, page: PageId) -> Option<&Wanted> {
        self.wanted.get(&page)
    }

    /// How many pages wait or are handed out.
    #[must_use]
    pub fn len(&self) -> usize {
        self.wanted.len()
    }

    /// How many of each feed wait or are handed out.
    #[must_use]
    pub fn by_feed(&self) -> HashMap<FeedId, usize> {
        let mut by_feed = HashMap::new();
        for wanted in self.wanted.values() {
            *by_feed.entry(wanted.feed.clone()).or_default() += 1;
        }
        by_feed
    }

    /// How many of them are handed out.
    #[must_use]
    pub fn out(&self) -> usize {
        let lines = self.hosts.values();
        lines.filter(|line| line.out.is_some()).count()
    }

    /// Ends an attempt at a page that was handed out. With `again` it waits on, until then. The
    /// host rests for `pause`. Returns the page that is handed out next.
    pub fn ended(
        &mut self,
        page: PageId,
        now: Timestamp,
        pause: Duration,
        again: Option<Timestamp>,
    ) -> Option<(PageId, Timestamp)> {
        let host = host(&self.wanted.get(&page)?.url);
        if again.is_none() {
            self.wanted.remove(&page);
        }
        let line = self.hosts.get_mut(&host)?;
        if line.out == Some(page) {
            line.out = None;
        }
        line.rest_until = Some(now + pause);
        if let Some(at) = again {
            line.waiting.insert((at, page));
        }
        let next = line.hand_out();
        if self.hosts.len() > IDLE_HOSTS + self.wanted.len() {
            self.hosts.retain(|_, line| {
                line.out.is_some() || !line.waiting.is_empty() || line.rest_until > Some(now)
            });
        }
        next
    }
}

fn host(url: &Url) -> String {
    url[Position::BeforeHost..Position::AfterPort].to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(0) + SECOND * u32::try_from(seconds).unwrap()
    }

    fn wanted(host: u64) -> Wanted {
        let url: Url = format!("https://h{host}.example/").parse().unwrap();
        Wanted {
            url,
            feed: FeedId::new("f").unwrap(),
        }
    }

    #[test]
    fn a_hosts_second_page_comes_after_the_first_and_a_pause() {
        let mut lines = PageLines::default();
        let [a, b, c] = [1, 2, 3].map(PageId::from_raw);
        assert_eq!(lines.add(a, wanted(1), at(0)), Some((a, at(0))));
        assert_eq!(lines.add(b, wanted(1), at(0)), None);
        assert_eq!(lines.add(c, wanted(2), at(0)), Some((c, at(0))));
        assert_eq!(lines.add(b, wanted(1), at(9)), None, "known already");
        let next = lines.ended(a, at(5), SECOND * 3, None);
        assert_eq!(next, Some((b, at(8))));
        assert_eq!(
            lines.ended(b, at(9), SECOND, Some(at(60))),
            Some((b, at(60)))
        );
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn a_host_rests_also_when_its_line_was_empty_meanwhile() {
        let mut lines = PageLines::default();
        let [a, b] = [1, 2].map(PageId::from_raw);
        lines.add(a, wanted(1), at(0));
        assert_eq!(lines.ended(a, at(5), SECOND * 30, None), None);
        assert_eq!(lines.add(b, wanted(1), at(6)), Some((b, at(35))));
    }

    #[test]
    fn idle_hosts_are_forgotten_when_there_are_many() {
        let mut lines = PageLines::default();
        for n in 0..1000 {
            let page = PageId::from_raw(i64::try_from(n).unwrap());
            lines.add(page, wanted(n), at(n));
            lines.ended(page, at(n), SECOND, None);
        }
        assert!(lines.hosts.len() <= IDLE_HOSTS + 1, "{}", lines.hosts.len());
    }

    proptest! {
        #[test]
        fn every_page_is_handed_out_once_and_one_per_host_at_a_time(
            pages in proptest::collection::vec((0..4_u64, 0..50_u64), 1..60),
        ) {
            let mut lines = PageLines::default();
            let mut out: Vec<(PageId, u64)> = Vec::new();
            let mut handed = 0;
            let note = |next: Option<(PageId, Timestamp)>, out: &mut Vec<(PageId, u64)>, hosts: &[(u64, u64)]| {
                let Some((page, _)) = next else { return 0 };
                let host = hosts[usize::try_from(page.to_raw()).unwrap()].0;
                assert!(out.iter().all(|(_, h)| *h != host), "two of one host");
                out.push((page, host));
                1
            };
            for (n, (host, due)) in pages.iter().enumerate() {
                let page = PageId::from_raw(i64::try_from(n).unwrap());
                handed += note(lines.add(page, wanted(*host), at(*due)), &mut out, &pages);
            }
            let mut now = 100;
            while let Some((page, _)) = out.pop() {
                now += 1;
                handed += note(lines.ended(page, at(now), SECOND, None), &mut out, &pages);
            }
            prop_assert_eq!(handed, pages.len());
            prop_assert_eq!(lines.len(), 0);
        }
    }
}
