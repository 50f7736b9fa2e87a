//! Topics over the history: what new or changed topics find in the entries that are stored.
//!
//! Batch by batch, oldest first: a page of entries is read, matched, and what is missing is recorded.
//! Each batch is committed by itself, so that stopping loses nothing, memory stays bounded and a
//! daemon that works on the same database goes on. Running again changes nothing more.
//!
//! Nothing is told unless that is asked for, and then only what was never told.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::finder::{Finder, Reading, Routes};
use crate::config::Config;
use crate::matching::{CompileError, Matcher};
use crate::model::{Feed, FeedId, StoryKey, Timestamp, Topic, TopicId};
use crate::store::{
    Change, HistoryEntry, HistoryPlace, KnownMention, MentionRecord, RematchRecord, Store,
    StoreError, Telling, TextVersion,
};
use crate::world;

/// Entries in a batch.
const BATCH: usize = 500;

/// What is to be done.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rematch {
    /// Only entries published since, or first seen since where they do not say.
    pub since: Option<Timestamp>,
    /// Whether what was never told is told.
    pub tell: bool,
    /// Whether mentions that are no longer found are removed.
    pub remove: bool,
    /// Whether nothing is written.
    pub dry_run: bool,
}

/// What became of one topic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TopicCounts {
    /// Entries that mention it.
    pub found: usize,
    /// Of these, those in which it was not recorded.
    pub added: usize,
    /// Recorded mentions whose score was not known and is now.
    pub scored: usize,
    /// Recorded mentions that it does not find any more.
    pub gone: usize,
    /// Of these, those that were removed.
    pub removed: usize,
    /// Recorded mentions that it does not find, of texts that are not kept: nobody can say.
    pub unknown: usize,
    /// Alerts created.
    pub alerts: usize,
    /// Alerts that were there and go to further sinks.
    pub raised: usize,
}

/// What a run came to; also how far it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rematched {
    /// Entries in all.
    pub total: u64,
    /// Entries behind us.
    pub done: u64,
    /// Of these, those that were looked through; the others are older than was asked for.
    pub entries: usize,
    /// Of these, those whose page's text stands in the place of the feed's own.
    pub pages: usize,
    /// Entries that got another text meanwhile, which the daemon looked through.
    pub skipped: usize,
    /// Whether all were looked through.
    pub complete: bool,
    /// Topic by topic; topics of which nothing is to be said are missing.
    pub topics: HashMap<TopicId, TopicCounts>,
}

impl Rematched {
    /// All topics together.
    #[must_use]
    pub fn sum(&self) -> TopicCounts {
        self.topics
            .values()
            .fold(TopicCounts::default(), |sum, n| TopicCounts {
                found: sum.found + n.found,
                added: sum.added + n.added,
                scored: sum.scored + n.scored,
                gone: sum.gone + n.gone,
                removed: sum.removed + n.removed,
                unknown: sum.unknown + n.unknown,
                alerts: sum.alerts + n.alerts,
                raised: sum.raised + n.raised,
            })
    }

    fn of(&mut self, topic: &TopicId) -> &mut TopicCounts {
        self.topics.entry(topic.clone()).or_default()
    }
}

/// Why the history can't be looked through, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum RematchError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The topics can't be compiled.
    #[error("the topics can't be compiled: {0}")]
    Topics(#[from] CompileError),
    /// Matching broke off.
    #[error("matching broke off ({0}): report this as a bug of mentiond")]
    Broken(String),
}

/// Looks through the stored entries for these topics until the end, or until `stop` is set; then what
/// was recorded stays. `progress` hears of each batch.
///
/// # Errors
/// [`RematchError`]; what was recorded before stays recorded.
pub async fn rematch(
    store: &Store,
    config: &Config,
    topics: &[Topic],
    how: Rematch,
    stop: &AtomicBool,
    mut progress: impl FnMut(&Rematched),
) -> Result<Rematched, RematchError> {
    let watch = Arc::new(Watch {
        matcher: Matcher::compile(topics)?,
        routes: Routes::new(topics, config),
        feeds: config
            .feeds
            .iter()
            .map(|f| (f.id.clone(), f.clone()))
            .collect(),
        how,
    });
    let until = Timestamp::now();
    let since = how.since.unwrap_or(Timestamp::from_millis(i64::MIN));
    let mut run = Rematched {
        total: store.history_size(since, until).await?,
        ..Rematched::default()
    };
    let mut place = HistoryPlace::before(since);
    let mut would_tell: HashSet<(TopicId, StoryKey)> = HashSet::new();
    while !stop.load(Ordering::Relaxed) {
        let page = store.history_page(place, until, BATCH).await?;
        let Some(last) = page.last() else {
            run.complete = true;
            break;
        };
        place = last.place;
        let watch = watch.clone();
        let batch = world::offload(move || watch.batch(&page));
        let batch = batch
            .await
            .map_err(|panic| RematchError::Broken(panic.to_string()))?;
        let records = batch.count(&mut run, how);
        if how.dry_run {
            for (topic, story) in store.rematch_would_tell(records).await? {
                if would_tell.insert((topic.clone(), story)) {
                    run.of(&topic).alerts += 1;
                }
            }
        } else if !records.is_empty() {
            let committed = store.commit_rematch(records, Timestamp::now()).await?;
            run.skipped += committed.skipped;
            for (topic, change) in committed.changes {
                let counts = run.of(&topic);
                *match change {
                    Change::Added => &mut counts.added,
                    Change::Scored => &mut counts.scored,
                    Change::Removed => &mut counts.removed,
                    Change::Told => &mut counts.alerts,
                    Change::Raised => &mut counts.raised,
                } += 1;
            }
        }
        progress(&run);
    }
    Ok(run)
}

/// What all batches need.
struct Watch {
    matcher: Matcher,
    routes: Routes,
    feeds: HashMap<FeedId, Feed>,
    how: Rematch,
}

/// What was found in a page of entries.
struct Batch {
    done: u64,
    found: Vec<Found>,
}

/// What was found in an entry, and how it differs from what is recorded.
struct Found {
    entry: HistoryPlace,
    version: TextVersion,
    mentions: Vec<MentionRecord>,
    differs: Differs,
}

impl Watch {
    fn batch(&self, page: &[HistoryEntry]) -> Batch {
        let since = self.how.since;
        let found = page
            .iter()
            .filter(|entry| since.is_none_or(|since| entry.counted_at >= since))
            .filter_map(|entry| self.find(entry))
            .collect();
        let done = page.len() as u64;
        Batch { done, found }
    }

    /// What is found in an entry. Of a feed that has left the configuration its id and name are left.
    fn find(&self, history: &HistoryEntry) -> Option<Found> {
        let id = FeedId::new(&history.feed).ok()?;
        let left;
        let feed = if let Some(feed) = self.feeds.get(&id) {
            feed
        } else {
            left = Feed {
                name: history.source.clone(),
                ..Feed::new(id, history.url.parse().ok()?)
            };
            &left
        };
        let finder = Finder {
            matcher: &self.matcher,
            routes: &self.routes,
            feed,
            first_seen: history.first_seen(),
        };
        let mentions = finder.mentions(&Reading {
            entry: &history.entry,
            key: history.key,
            story: history.story,
            language: history.language.as_deref(),
            revised: false,
            untold: (!self.how.tell).then_some(Telling::Rematch),
        });
        let topics = self.matcher.topics();
        let known = history.known.iter();
        let known =
            known.filter(|known| topics.iter().any(|topic| topic.id.as_str() == known.topic));
        Some(Found {
            entry: history.place,
            version: history.version,
            differs: differs(known, &mentions),
            mentions,
        })
    }
}

/// How what was found differs from what is recorded.
#[derive(Debug, Default, PartialEq, Eq)]
struct Differs {
    /// Found and not recorded.
    added: Vec<TopicId>,
    /// Found and recorded without a score.
    scored: Vec<TopicId>,
    /// Recorded and not found.
    gone: Vec<TopicId>,
    /// Recorded and not found, in a text that is not kept.
    unknown: Vec<TopicId>,
}

fn differs<'k>(known: impl Iterator<Item = &'k KnownMention>, found: &[MentionRecord]) -> Differs {
    let mut differs = Differs::default();
    let mut recorded: HashMap<&str, &KnownMention> =
        known.map(|known| (known.topic.as_str(), known)).collect();
    for mention in found {
        match recorded.remove(mention.topic.as_str()) {
            None => differs.added.push(mention.topic.clone()),
            Some(known) if !known.has_score => differs.scored.push(mention.topic.clone()),
            Some(_) => {}
        }
    }
    let mut left: Vec<_> = recorded.into_values().collect();
    left.sort_by(|a, b| a.topic.cmp(&b.topic));
    for known in left {
        // What is recorded is the id of a topic, and only those looked for come here.
        let Ok(topic) = TopicId::new(&known.topic) else {
            continue;
        };
        if known.fits {
            differs.gone.push(topic);
        } else {
            differs.unknown.push(topic);
        }
    }
    differs
}

impl Batch {
    /// Counts what needs no writing, and gives what does.
    fn count(self, run: &mut Rematched, how: Rematch) -> Vec<RematchRecord> {
        run.done += self.done;
        run.entries += self.found.len();
        let mut records = Vec::new();
        for found in self.found {
            let differs = found.differs;
            run.pages += usize::from(found.version.is_page());
            for mention in &found.mentions {
                run.of(&mention.topic).found += 1;
            }
            for topic in &differs.gone {
                run.of(topic).gone += 1;
            }
            for topic in &differs.unknown {
                run.of(topic).unknown += 1;
            }
            if how.dry_run {
                for topic in &differs.added {
                    run.of(topic).added += 1;
                }
                for topic in &differs.scored {
                    run.of(topic).scored += 1;
                }
            }
            let writes = !differs.added.is_empty() || !differs.scored.is_empty();
            let gone = if how.remove { differs.gone } else { Vec::new() };
            let tells = how.tell && !found.mentions.is_empty();
            let needed = if how.dry_run {
                tells
            } else {
                writes || tells || !gone.is_empty()
            };
            if needed {
                records.push(RematchRecord {
                    place: found.entry,
                    version: found.version,
                    mentions: found.mentions,
                    gone,
                });
            }
        }
        records
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(topic: &str) -> TopicId {
        TopicId::new(topic).unwrap()
    }

    fn known(topic: &str, has_score: bool, fits: bool) -> KnownMention {
        KnownMention {
            topic: topic.to_owned(),
            has_score,
            fits,
        }
    }

    fn found(topic: &str) -> MentionRecord {
        MentionRecord {
            topic: id(topic),
            term: topic.to_owned(),
            field: "title",
            range: (0, 1),
            snippet: String::new(),
            snippet_range: (0, 0),
            hits: 1,
            score: 50,
            min_score: 1,
            alert: None,
            event: None,
        }
    }

    #[test]
    fn what_is_not_found_any_more_is_gone_only_if_its_text_is_there() {
        let recorded = [
            known("same", true, false),
            known("unscored", false, true),
            known("gone", true, true),
            known("edited", true, false),
        ];
        let now = [found("new"), found("same"), found("unscored")];
        let expected = Differs {
            added: vec![id("new")],
            scored: vec![id("unscored")],
            gone: vec![id("gone")],
            unknown: vec![id("edited")],
        };
        assert_eq!(differs(recorded.iter(), &now), expected);
        assert_eq!(differs([].iter(), &[]), Differs::default());
    }
}
