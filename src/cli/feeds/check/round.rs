//! One round over feeds: in parallel, and no more at a time from one host than allowed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::judge::{Checked, judge};
use crate::cli::CliError;
use crate::discover::probe;
use crate::fetch::{Fetcher, Request};
use crate::model::{Feed, Timestamp};

/// How many fetches there are at a time.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// In all.
    pub concurrency: usize,
    /// From one host.
    pub per_host: usize,
}

/// Asks each feed once and judges the answers. `ended` is told of each as it ends, `ready` of each
/// in the feeds' order, as soon as all before it have ended.
///
/// # Errors
/// What `ready` returns; the round then ends at once.
pub async fn round(
    fetcher: &Fetcher,
    feeds: Vec<Feed>,
    bounds: Bounds,
    ended: impl Fn(&Checked),
    mut ready: impl FnMut(&Checked) -> Result<(), CliError>,
) -> Result<Vec<Checked>, CliError> {
    let all = Arc::new(Semaphore::new(bounds.concurrency));
    let mut hosts: HashMap<String, Arc<Semaphore>> = HashMap::new();
    let mut tasks = JoinSet::new();
    let count = feeds.len();
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
            let request = Request {
                allow_private_addresses: feed.allow_private_addresses,
                options: &feed.request,
                ..Request::feed(&feed.url)
            };
            let probe = probe(&fetcher, &request, now).await;
            (index, judge(&feed, &probe, now))
        });
    }
    let mut early: BTreeMap<usize, Checked> = BTreeMap::new();
    let mut done = Vec::with_capacity(count);
    while let Some(joined) = tasks.join_next().await {
        let (index, checked) =
            joined.map_err(|error| CliError::Failed(format!("a check broke off: {error}")))?;
        ended(&checked);
        early.insert(index, checked);
        while let Some(next) = early.remove(&done.len()) {
            ready(&next)?;
            done.push(next);
        }
    }
    Ok(done)
}
