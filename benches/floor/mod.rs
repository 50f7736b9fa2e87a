//! The floor of a round of polls: the same requests by a bare client. Nothing is parsed, matched or stored.

use futures_util::StreamExt;
use reqwest::header;

/// Requests at a time, of the bare client and of mentiond.
pub const CONCURRENCY: usize = 32;

/// Asks once for every feed that `feed` gives the URL of, on the condition that its tag, if there is one, is old.
pub async fn ask(
    client: &reqwest::Client,
    feeds: usize,
    feed: impl Fn(usize) -> (String, Option<String>),
) {
    futures_util::stream::iter(0..feeds)
        .for_each_concurrent(CONCURRENCY, |n| {
            let (url, tag) = feed(n);
            let mut request = client.get(url);
            if let Some(tag) = tag {
                request = request.header(header::IF_NONE_MATCH, tag);
            }
            async move {
                request.send().await.unwrap().bytes().await.unwrap();
            }
        })
        .await;
}
