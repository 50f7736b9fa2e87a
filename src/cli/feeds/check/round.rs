//! One round over feeds: in parallel, and no more at a time from one host than allowed.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::judge::{Checked, judge};
use crate::discover::probe;
use crate::fetch::Fetcher;
use crate::model::{Feed, Timestamp};

/// How many fetches there are at a time.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// In all.
    pub concurrency: usize,
    /// From one host.
    pub per_host: usize,
}

/// Asks each feed once and judges the answers, which come back in the feeds' order. `ended` is
/// told of each as it ends.
pub async fn round(
    fetcher: &Fetcher,
    feeds: Vec<Feed>,
    bounds: Bounds,
    ended: impl Fn(&Checked),
) -> Vec<Checked> {
    let all = Arc::new(Semaphore::new(bounds.concurrency));
    let mut hosts: HashMap<String, Arc<Semaphore>> = HashMap::new();
    let mut tasks = JoinSet::new();
    let mut results: Vec<Option<Checked>> = Vec::new();
    results.resize_with(feeds.len(), || None);
    for (index, feed) in feeds.into_iter().enumerate() {
        let host = feed.url.host_str().unwrap_or_default().to_owned();
        let host = hosts
            .entry(host)
            .or_insert_with(|| Arc::new(Semaphore::new(bounds.per_host)));
        let (host, all, fetcher) = (host.clone(), all.clone(), fetcher.clone());
        tasks.spawn(async move {
            // The host first: who waits for a slow host must not keep others from fetching. The
            // semaphores are never closed, so acquiring can't fail.
            let _host = host.acquire().await;
            let _slot = all.acquire().await;
            let now = Timestamp::now();
            let probe = probe(&fetcher, &feed.url, feed.allow_private_addresses, now).await;
            (index, judge(&feed, &probe, now))
        });
    }
    while let Some(joined) = tasks.join_next().await {
        // A task that panicked has printed why; there is nothing to show for its feed.
        let Ok((index, checked)) = joined else {
            continue;
        };
        ended(&checked);
        if let Some(place) = results.get_mut(index) {
            *place = Some(checked);
        }
    }
    results.into_iter().flatten().collect()
}
