//! The due queue at work: which polls are under way, and what to do when one ends.
//!
//! Pages that are to be read stand in the same queue as feeds, so that a host's bounds hold for
//! both together.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::Instant;
use tracing::error;
use url::Url;

use super::left_alone::LeftAlone;
use super::page::{PageRead, read_page};
use super::page_lines::{PageLines, Wanted};
use super::poll::{PollError, Polled, poll};
use super::{Engine, Live};
use crate::config::FetchConfig;
use crate::fleet::shard;
use crate::model::{Feed, FeedId, Interval, Timestamp};
use crate::schedule::{Limits, Place, Queue, policy};
use crate::store::{FeedRow, PageId, PollStatus, Registered, StoreError};

/// How often the feeds that are due are counted for people.
const COUNT_EVERY: Duration = Duration::from_millis(500);
/// How long a feed rests when its poll could not be recorded, at least; `min_interval`, which guards
/// the publisher, is usually longer.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// Pages that are known at a time.
const PAGES: usize = 1000;

/// Pages of one feed that are known at a time, so that a feed whose site is slow, or says to come
/// back in a week, keeps no other feed's pages waiting.
const PAGES_OF_FEED: usize = 20;

/// How long a round waits for a host that asks for patience before its next page; no site is granted
/// a longer `Crawl-delay`.
const ROUND_WAIT: Duration = Duration::from_mins(1);

/// Polls that have fetched and wait for the parser or for their commit, at most. Many of them share a commit's
/// fsync, and others fetch meanwhile.
const FETCHED: usize = 128;

/// The clock counts as set back from here on; less is the ordinary work of time synchronisation.
const CLOCK_STEP: Duration = Duration::from_mins(1);

/// Feeds, their times, and the polls under way.
#[derive(Debug)]
pub struct Scheduler {
    engine: Arc<Engine>,
    queue: Queue<Work>,
    feeds: HashMap<FeedId, Known>,
    pages: PageLines,
    /// Whether the database may hold waiting pages that are not in the lines.
    more_pages: bool,
    /// Whether it did hold more than were taken over, which are looked for when a page has ended.
    left_pages: bool,
    tasks: JoinSet<Done>,
    under_way: HashMap<Id, Job>,
    /// By which polls tell that they have fetched. What an ended one told is read before it begins anew.
    tell_fetched: mpsc::UnboundedSender<Work>,
    fetched: mpsc::UnboundedReceiver<Work>,
    /// When URLs were polled without that being recorded, of which the store does not know.
    unrecorded: HashMap<Url, Timestamp>,
    failing: HashSet<FeedId>,
    store_is_down: bool,
    /// When the feeds that are due were last counted.
    counted: Instant,
    /// Both clocks at the last launch, to notice when the system's is set back.
    clocks: (Instant, Timestamp),
}

/// A feed of the configuration in force.
#[derive(Debug, Clone)]
struct Known {
    feed: Arc<Feed>,
    row: FeedRow,
    /// The floor: its URL was polled before, and is left alone until then.
    earliest: Option<Timestamp>,
}

/// What follows when a poll or page ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Everything: the feed's next poll, the page's next attempt, the host's next page.
    GoOn,
    /// The host's next page, but nothing again that has been tried.
    Finish,
    /// Nothing.
    Stop,
}

/// What stands in the due queue.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Work {
    Feed(FeedId),
    Page(PageId),
}

/// What is under way.
#[derive(Debug)]
enum Job {
    Feed { feed: Arc<Feed>, abort: AbortHandle },
    Page(PageId),
}

/// How it ended.
#[derive(Debug)]
enum Done {
    Feed(Result<Polled, PollError>),
    Page(Result<PageRead, PollError>),
}

/// A poll or the reading of a page that has ended, or its first part.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one for each task that has ended, for a moment"
)]
pub enum Ended {
    /// The fetch of a poll, which goes on.
    Fetch,
    /// A poll.
    Poll {
        /// The feed.
        feed: FeedId,
        /// How it ended; an error in words when it could not be recorded.
        result: Result<Polled, String>,
    },
    /// The reading of a page.
    Page,
}

impl Scheduler {
    /// A scheduler without feeds.
    #[must_use]
    pub fn new(engine: Arc<Engine>) -> Self {
        let limits = limits(&engine.live().config.fetch);
        let (tell_fetched, fetched) = mpsc::unbounded_channel();
        Self {
            queue: Queue::new(limits),
            engine,
            feeds: HashMap::new(),
            pages: PageLines::default(),
            more_pages: true,
            left_pages: false,
            tasks: JoinSet::new(),
            under_way: HashMap::new(),
            tell_fetched,
            fetched,
            unrecorded: HashMap::new(),
            failing: HashSet::new(),
            store_is_down: false,
            counted: Instant::now(),
            clocks: (Instant::now(), Timestamp::now()),
        }
    }

    /// Takes over the feeds of the configuration in force: new ones get their first poll, known
    /// ones keep their times, those that are no longer configured are forgotten.
    ///
    /// # Errors
    /// What the database says; then nothing has changed.
    pub async fn take_over(&mut self, live: &Live) -> Result<(), StoreError> {
        let engine = self.engine.clone();
        let feeds = live.config.feeds.iter();
        let held: Cow<'_, [Feed]> = if engine.hold.is_shared() {
            feeds
                .filter(|feed| engine.hold.has_host(&feed.url))
                .cloned()
                .collect()
        } else {
            Cow::Borrowed(&live.config.feeds)
        };
        let added = self.take_feeds(live, &held, None).await?;
        self.forget_all_but(&added);
        Ok(())
    }

    /// Takes over the feeds on hosts of these shards, which have become this worker's: they keep their times,
    /// and their hosts' pause begins anew.
    ///
    /// # Errors
    /// What the database says; then nothing has changed.
    pub async fn take_shards(
        &mut self,
        live: &Live,
        shards: &HashSet<i64>,
    ) -> Result<(), StoreError> {
        let feeds = live.config.feeds.iter();
        let feeds: Vec<Feed> = feeds
            .filter(|feed| shards.contains(&shard(&feed.url)))
            .cloned()
            .collect();
        let start = Timestamp::now() + live.config.fetch.host_pause;
        self.take_feeds(live, &feeds, Some(start)).await?;
        self.more_pages = true;
        self.count_feeds();
        Ok(())
    }

    /// Polls no more feeds on hosts of these shards; what is under way may end.
    pub fn rest_shards(&mut self, shards: &HashSet<i64>) {
        let leaves = |known: &Known| shards.contains(&shard(&known.feed.url));
        for (id, _) in self.feeds.iter().filter(|(_, known)| leaves(known)) {
            self.queue.remove(&Work::Feed(id.clone()));
            self.failing.remove(id);
        }
        self.feeds.retain(|_, known| !leaves(known));
        let under_way: HashSet<PageId> = self
            .under_way
            .values()
            .filter_map(|job| match job {
                Job::Page(page) => Some(*page),
                Job::Feed { .. } => None,
            })
            .collect();
        let leaves = |url: &Url| shards.contains(&shard(url));
        for page in self.pages.leave(leaves, |page| under_way.contains(&page)) {
            self.queue.remove(&Work::Page(page));
        }
        self.count_feeds();
    }

    /// The same of shards that are another's already: what is under way is cut off.
    pub fn leave_shards(&mut self, shards: &HashSet<i64>) {
        self.rest_shards(shards);
        let now = Timestamp::now();
        for job in self.under_way.values() {
            if let Job::Feed { feed, abort } = job
                && shards.contains(&shard(&feed.url))
            {
                self.unrecorded.insert(feed.url.clone(), now);
                abort.abort();
            }
        }
    }

    /// Whether a poll or page on a host of this shard is under way.
    #[must_use]
    pub fn is_busy(&self, of: i64) -> bool {
        self.under_way.values().any(|job| match job {
            Job::Feed { feed, .. } => shard(&feed.url) == of,
            Job::Page(page) => self
                .pages
                .get(*page)
                .is_some_and(|wanted| shard(&wanted.url) == of),
        })
    }

    /// Whether a feed on a host of this shard was asked without that being recorded.
    #[must_use]
    pub fn owes(&self, of: i64) -> bool {
        self.unrecorded.keys().any(|url| shard(url) == of)
    }

    /// Lets go of all feeds and pages at once; what is under way is cut off, and counts as asked now.
    pub async fn let_go(&mut self) {
        let now = Timestamp::now();
        for job in self.under_way.values() {
            if let Job::Feed { feed, .. } = job {
                self.unrecorded.insert(feed.url.clone(), now);
            }
        }
        self.tasks.shutdown().await;
        self.under_way.clear();
        self.queue = Queue::new(limits(&self.engine.live().config.fetch));
        self.feeds.clear();
        self.pages = PageLines::default();
        self.more_pages = true;
        self.failing.clear();
        self.count_feeds();
    }

    /// Registers feeds and sets them their times, none before `start` if that is given.
    async fn take_feeds(
        &mut self,
        live: &Live,
        feeds: &[Feed],
        start: Option<Timestamp>,
    ) -> Result<HashSet<FeedId>, StoreError> {
        let now = Timestamp::now();
        let mut registered = self.engine.store.register_feeds(feeds, now).await?;
        self.mind_polls_under_way(live, &mut registered, now);
        self.mind_unrecorded_polls(live, &mut registered, now);
        let new = registered.iter().filter(|r| r.next_poll.is_none()).count();
        let floor = live.policy.min_interval;
        let first =
            |feed: &Feed| policy::first_poll(now, new, spread(feed.interval), fastrand::f64());
        Ok(self.adopt(live, registered, |feed, known| {
            // Times that a wrong clock made may lie years ahead.
            let believed = known.last_poll.is_none_or(|last| last <= now + CLOCK_STEP);
            let next = known.next_poll.filter(|_| believed);
            let wanted = next.unwrap_or_else(|| first(feed));
            let at = policy::not_before(known.last_poll, floor, wanted, now);
            (!known.gone).then_some(start.map_or(at, |start| at.max(start)))
        }))
    }

    /// A URL whose poll is under way for another feed, as one that has been renamed, counts as
    /// polled now: the store hears of it only when the poll has ended.
    fn mind_polls_under_way(&self, live: &Live, registered: &mut [Registered], now: Timestamp) {
        let jobs = self.under_way.values();
        let polled: HashMap<_, _> = jobs
            .filter_map(|job| match job {
                Job::Feed { feed, .. } => Some((&feed.url, &feed.id)),
                Job::Page(_) => None,
            })
            .collect();
        if polled.is_empty() {
            return;
        }
        let urls: HashMap<_, _> = live.config.feeds.iter().map(|f| (&f.id, &f.url)).collect();
        for known in registered {
            let by = urls.get(&known.id).and_then(|url| polled.get(url));
            if by.is_some_and(|id| **id != known.id) {
                known.last_poll = Some(now);
            }
        }
    }

    /// A URL that was polled without that being recorded rests as if it were.
    fn mind_unrecorded_polls(
        &mut self,
        live: &Live,
        registered: &mut [Registered],
        now: Timestamp,
    ) {
        let floor = live.policy.min_interval;
        self.unrecorded
            .retain(|_, at| *at <= now && now.since(*at) < floor);
        if self.unrecorded.is_empty() {
            return;
        }
        let urls: HashMap<_, _> = live.config.feeds.iter().map(|f| (&f.id, &f.url)).collect();
        for known in registered {
            let polled = urls
                .get(&known.id)
                .and_then(|url| self.unrecorded.get(*url));
            if let Some(polled) = polled {
                // A time to come, which a wrong clock wrote, says nothing against it.
                let believed = known.last_poll.filter(|at| *at <= now);
                known.last_poll = believed.max(Some(*polled));
            }
        }
    }

    /// The feeds, by their number.
    #[must_use]
    pub fn feeds(&self) -> HashMap<FeedRow, Arc<Feed>> {
        let feeds = self.feeds.values();
        feeds.map(|known| (known.row, known.feed.clone())).collect()
    }

    /// Makes the chosen feeds due now, but for those that are to be left alone: their server asked
    /// for patience, their URL was polled a moment ago, or they are gone and not named. Returns these with
    /// the time until which they are left alone and why.
    pub fn all_now(
        &mut self,
        live: &Live,
        registered: Vec<Registered>,
        are_named: bool,
    ) -> Vec<LeftAlone> {
        let now = Timestamp::now();
        let left_alone: Vec<_> = registered
            .iter()
            .filter_map(|known| LeftAlone::of(known, &live.policy, are_named, now))
            .collect();
        let chosen = self.adopt(live, registered, |_, known| {
            let left = LeftAlone::of(known, &live.policy, are_named, now);
            left.is_none().then_some(now)
        });
        self.forget_all_but(&chosen);
        left_alone
    }

    fn adopt(
        &mut self,
        live: &Live,
        registered: Vec<Registered>,
        due: impl Fn(&Feed, &Registered) -> Option<Timestamp>,
    ) -> HashSet<FeedId> {
        self.queue.set_limits(limits(&live.config.fetch));
        let now = Timestamp::now();
        let floor = live.policy.min_interval;
        let configured: HashMap<_, _> = live.config.feeds.iter().map(|f| (&f.id, f)).collect();
        let mut added = HashSet::with_capacity(registered.len());
        for known in registered {
            let Some(&feed) = configured.get(&known.id) else {
                continue;
            };
            if let Some(at) = due(feed, &known) {
                let work = Work::Feed(known.id.clone());
                self.queue.schedule(work, &Place::of(&feed.url), at);
            }
            let earliest = policy::not_before(known.last_poll, floor, now, now);
            let entry = Known {
                feed: Arc::new(feed.clone()),
                row: known.row,
                earliest: (earliest > now).then_some(earliest),
            };
            added.insert(known.id.clone());
            self.feeds.insert(known.id, entry);
        }
        added
    }

    fn forget_all_but(&mut self, kept: &HashSet<FeedId>) {
        for id in self.feeds.keys().filter(|id| !kept.contains(id)) {
            self.queue.remove(&Work::Feed((*id).clone()));
            self.failing.remove(id);
        }
        self.feeds.retain(|id, _| kept.contains(id));
        self.count_feeds();
    }

    /// Takes over pages that wait to be read, if there may be some that are not known yet; with
    /// `until` only those of known feeds that may be asked for by then.
    ///
    /// # Errors
    /// What the database says; then they are taken over the next time.
    pub async fn take_pages(&mut self, until: Option<Timestamp>) -> Result<(), StoreError> {
        if !self.more_pages || self.pages.len() > PAGES / 2 {
            return Ok(());
        }
        let store = &self.engine.store;
        let held = self.engine.hold.shards();
        let found = store
            .waiting_pages_in(held, None, PAGES_OF_FEED, PAGES)
            .await?;
        self.more_pages = false;
        self.left_pages = found.len() == PAGES;
        let mut of_feed = self.pages.by_feed();
        for page in found {
            if until.is_some_and(|until| page.next_attempt > until) {
                continue;
            }
            let (Ok(url), Ok(feed)) = (page.url.parse(), FeedId::new(&page.feed)) else {
                continue;
            };
            // A round knows the feeds that it was asked for; that it does not know another says
            // nothing about the configuration, so the pages of others go on waiting.
            if until.is_some() && !self.feeds.contains_key(&feed) {
                continue;
            }
            if self.pages.get(page.id).is_some() {
                continue;
            }
            let known = of_feed.entry(feed.clone()).or_default();
            if *known >= PAGES_OF_FEED {
                continue;
            }
            *known += 1;
            let wanted = Wanted { url, feed };
            let next = self.pages.add(page.id, wanted, page.next_attempt);
            self.schedule_page(next);
        }
        self.left_pages |= of_feed.values().any(|known| *known >= PAGES_OF_FEED);
        Ok(())
    }

    /// There are new pages to take over.
    pub fn more_pages(&mut self) {
        self.more_pages = true;
    }

    fn schedule_page(&mut self, next: Option<(PageId, Timestamp)>) {
        if let Some((page, at)) = next
            && let Some(wanted) = self.pages.get(page)
        {
            let place = Place::of(&wanted.url);
            self.queue.schedule(Work::Page(page), &place, at);
        }
    }

    /// Starts every poll and page that is due and allowed.
    pub fn launch(&mut self) {
        let now = Timestamp::now();
        self.mind_the_clock(now);
        while let Ok(work) = self.fetched.try_recv() {
            self.queue.fetched(&work);
        }
        let live = self.engine.live();
        while let Some(work) = self.queue.take(now) {
            let (engine, live) = (self.engine.clone(), live.clone());
            let (handle, job) = match &work {
                Work::Feed(id) => {
                    let Some(Known { feed, row, .. }) = self.feeds.get(id).cloned() else {
                        self.queue.finish(&work, None);
                        continue;
                    };
                    let (polled, tell) = (feed.clone(), self.tell_fetched.clone());
                    let fetched = move || {
                        // The scheduler outlives its tasks.
                        let _ = tell.send(work);
                    };
                    let poll = async move {
                        Done::Feed(poll(&engine, &live, &polled, row, fetched).await)
                    };
                    let abort = self.tasks.spawn(poll);
                    (abort.clone(), Job::Feed { feed, abort })
                }
                Work::Page(page) => {
                    let page = *page;
                    let Some(wanted) = self.pages.get(page).cloned() else {
                        self.queue.finish(&work, None);
                        continue;
                    };
                    let feed = self.configured(&live, &wanted.feed);
                    let read =
                        async move { Done::Page(read_page(&engine, &live, feed, page).await) };
                    (self.tasks.spawn(read), Job::Page(page))
                }
            };
            self.under_way.insert(handle.id(), job);
        }
        self.engine.status.set_next_due(self.queue.next_due());
        // Counting walks over all feeds, and people look once in a while only.
        if self.counted.elapsed() >= COUNT_EVERY {
            self.counted = Instant::now();
            self.engine.status.due.store(self.queue.due(now), Relaxed);
        }
    }

    /// A feed of the configuration; one on another worker's host too, as its pages may be on this one's.
    fn configured(&self, live: &Live, id: &FeedId) -> Option<Arc<Feed>> {
        if let Some(known) = self.feeds.get(id) {
            return Some(known.feed.clone());
        }
        let is_shared = self.engine.hold.is_shared();
        let mut feeds = live.config.feeds.iter().filter(|_| is_shared);
        feeds.find(|feed| feed.id == *id).cloned().map(Arc::new)
    }

    /// Moves all times back with the clock, so that feeds keep their intervals when it was wrong.
    fn mind_the_clock(&mut self, now: Timestamp) {
        let (instant, then) = std::mem::replace(&mut self.clocks, (Instant::now(), now));
        let set_back = (then + instant.elapsed()).since(now);
        if set_back > CLOCK_STEP {
            tracing::warn!("the clock was set back by {set_back:.0?}; polls keep their intervals");
            self.queue.set_back(set_back);
        }
    }

    /// When the next feed is due; `None` when none waits.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.queue.next_due()
    }

    /// Whether polls are under way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Waits for a poll or page to end, or to give its place to another, and schedules what follows. `None` when
    /// nothing is under way. Cancel safe.
    pub async fn ended(&mut self, then: Then) -> Option<Ended> {
        let joined = tokio::select! {
            joined = self.tasks.join_next_with_id() => joined?,
            Some(work) = self.fetched.recv() => {
                self.queue.fetched(&work);
                return Some(Ended::Fetch);
            }
        };
        let (task, done) = match joined {
            Ok((task, done)) => (task, Ok(done)),
            // What another worker does now is cut off here.
            Err(cut) if cut.is_cancelled() => (cut.id(), Err(PollError::cut_off())),
            Err(panic) => (panic.id(), Err(PollError::Broken(panic.to_string()))),
        };
        let ended = match (self.under_way.remove(&task)?, done) {
            (Job::Feed { feed, .. }, Ok(Done::Feed(result))) => {
                self.poll_ended(&feed, result, then)
            }
            (Job::Feed { feed, .. }, Ok(Done::Page(_))) => {
                unreachable!("feed {} was read as a page", feed.id)
            }
            (Job::Feed { feed, .. }, Err(panic)) => self.poll_ended(&feed, Err(panic), then),
            (Job::Page(page), done) => {
                let result = match done {
                    Ok(Done::Page(result)) => result,
                    Ok(Done::Feed(_)) => unreachable!("a page was polled"),
                    Err(panic) => Err(panic),
                };
                self.page_ended(page, result, then);
                Ended::Page
            }
        };
        self.count_feeds();
        Some(ended)
    }

    fn poll_ended(
        &mut self,
        polled_feed: &Feed,
        result: Result<Polled, PollError>,
        then: Then,
    ) -> Ended {
        let feed = polled_feed.id.clone();
        let now = Timestamp::now();
        let next = match &result {
            Ok(polled) => {
                self.store_is_up();
                self.unrecorded.remove(&polled_feed.url);
                self.note_health(&feed, polled);
                self.more_pages |= polled.committed.pages > 0;
                polled.next_poll
            }
            // Nothing was recorded, so the feed is still due; but not at once.
            Err(problem) => {
                let is_others = problem.is_lease_lost();
                if is_others {
                    tracing::debug!(feed = feed.as_str(), "{problem}");
                } else if !self.store_is_down {
                    error!(
                        feed = feed.as_str(),
                        "a poll could not be recorded: {problem}"
                    );
                }
                self.store_is_down |= matches!(problem, PollError::Store(_)) && !is_others;
                if !is_others {
                    self.engine.store.owes_a_poll();
                }
                self.unrecorded.insert(polled_feed.url.clone(), now);
                Some(now + self.pause_after_failure())
            }
        };
        let work = Work::Feed(feed.clone());
        self.queue.finish(&work, None);
        let has_url = |known: &Known| known.feed.url == polled_feed.url;
        if !self.feeds.get(&feed).is_some_and(has_url) {
            self.let_rest(&polled_feed.url, now);
        }
        if then == Then::GoOn
            && let Some(known) = self.feeds.get(&feed)
        {
            // The URL may have changed with a reload during the poll, which then was not recorded.
            let replaced = known.feed.url != polled_feed.url;
            let soon = || known.earliest.map_or(now, |at| at.max(now));
            if let Some(at) = if replaced { Some(soon()) } else { next } {
                self.queue.schedule(work, &Place::of(&known.feed.url), at);
            }
        }
        let result = result.map_err(|error| error.to_string());
        Ended::Poll { feed, result }
    }

    /// Feeds that took a URL over while it was polled counted as polled then; its server may have been asked
    /// later.
    fn let_rest(&mut self, url: &Url, now: Timestamp) {
        let until = now + self.engine.live().policy.min_interval;
        for (id, known) in &mut self.feeds {
            if known.feed.url == *url {
                known.earliest = Some(until);
                let work = Work::Feed(id.clone());
                self.queue.not_before(&work, &Place::of(url), until);
            }
        }
    }

    fn page_ended(&mut self, page: PageId, result: Result<PageRead, PollError>, then: Then) {
        let now = Timestamp::now();
        let pause = self.engine.live().config.fetch.host_pause;
        let (pause, retry) = match result {
            Ok(read) => {
                self.store_is_up();
                (pause.max(read.pause), read.again)
            }
            Err(problem) => {
                if !self.store_is_down {
                    error!("the reading of a page could not be recorded: {problem}");
                }
                self.store_is_down |= matches!(problem, PollError::Store(_));
                (pause, Some(now + self.pause_after_failure()))
            }
        };
        self.queue.finish(&Work::Page(page), None);
        self.more_pages |= self.left_pages;
        let hold = &self.engine.hold;
        let is_ours = self
            .pages
            .get(page)
            .is_none_or(|wanted| hold.has_host(&wanted.url));
        let retry = retry.filter(|_| then == Then::GoOn && is_ours);
        let next = self.pages.ended(page, now, pause, retry);
        let soon = |at: Timestamp| then == Then::GoOn || at.since(now) <= ROUND_WAIT;
        if then != Then::Stop {
            self.schedule_page(next.filter(|(_, at)| soon(*at)));
        }
    }

    fn store_is_up(&mut self) {
        if self.store_is_down {
            self.store_is_down = false;
            tracing::info!("the database can be written again");
        }
    }

    fn pause_after_failure(&self) -> Duration {
        let pause = self.engine.live().policy.min_interval.max(STORE_PAUSE);
        pause.mul_f64(1.0 + fastrand::f64())
    }

    fn count_feeds(&self) {
        let feeds = self.queue.len().saturating_sub(self.pages.out());
        self.engine.status.feeds.store(feeds, Relaxed);
    }

    fn note_health(&mut self, feed: &FeedId, polled: &Polled) {
        match polled.status {
            PollStatus::Failed { .. } | PollStatus::Throttled { .. } => {
                self.failing.insert(feed.clone());
            }
            _ => {
                self.failing.remove(feed);
            }
        }
        self.engine
            .status
            .failing
            .store(self.failing.len(), Relaxed);
    }

    /// Cuts off the polls that are still under way.
    pub async fn abort(&mut self) {
        if !self.is_idle() {
            self.engine.store.owes_a_poll();
        }
        self.tasks.shutdown().await;
        self.under_way.clear();
    }
}

/// Within what time first polls are spread, at most.
fn spread(interval: Interval) -> Duration {
    match interval {
        Interval::Fixed(interval) => interval,
        Interval::Auto => Duration::from_mins(30),
    }
}

/// The owner's bounds on polls under way.
fn limits(fetch: &FetchConfig) -> Limits {
    Limits {
        total: fetch.concurrency,
        per_host: fetch.per_host,
        per_domain: fetch.per_domain,
        fetched: FETCHED,
        host_pause: fetch.host_pause,
    }
}
