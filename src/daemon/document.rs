//! A body as a document, judged: parsing and matching, away from the threads that polls wait on.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use url::Url;

use super::judge::{Around, Judge, Keyed};
use super::poll::PollError;
use super::{Engine, Live};
use crate::discover;
use crate::model::{Feed, Timestamp};
use crate::parse::{self, ParseError};
use crate::store::{DocumentRecord, FeedRow};
use crate::world;

/// What a body turned out to be.
pub(super) enum Read {
    /// The bytes of the last document.
    Same,
    /// Another document, and the hash of its bytes.
    New(Box<Keyed>, [u8; 16]),
}

/// Hashes, parses and keys a body, all of it away from the threads that polls wait on. What can't be
/// parsed is told in words too, while the bytes that explain it are there.
pub(super) async fn read_document(
    engine: &Engine,
    bytes: Vec<u8>,
    content_type: Option<String>,
    url: Url,
    known: Option<Vec<u8>>,
) -> Result<Read, (ParseError, String)> {
    let _slot = engine.parsing.acquire().await;
    let task = world::offload(move || {
        let hash = body_hash(&bytes);
        if known.as_deref() == Some(&hash) {
            return Ok(Read::Same);
        }
        let content_type = content_type.as_deref();
        let document = parse::parse(&parse::Input {
            bytes: &bytes,
            content_type,
            base: Some(&url),
            now: Timestamp::now(),
        })
        .map_err(|error| {
            let text = discover::explained(&error, &bytes, content_type, Some(&url));
            (error, text)
        })?;
        Ok(Read::New(Box::new(Keyed::new(document)), hash))
    });
    task.await.unwrap_or_else(|panic| {
        let error = ParseError::Panicked {
            detail: panic.to_string(),
        };
        let text = error.to_string();
        Err((error, text))
    })
}

pub(super) async fn judge_document(
    engine: &Engine,
    live: &Arc<Live>,
    feed: &Arc<Feed>,
    row: FeedRow,
    around: Around,
    keyed: Keyed,
    hash: [u8; 16],
) -> Result<(DocumentRecord, Vec<Timestamp>), PollError> {
    let known = engine.store.known(row, keyed.keys().to_vec()).await?;
    let _slot = engine.parsing.acquire().await;
    let (live, feed) = (live.clone(), feed.clone());
    let task = world::offload(move || {
        let judge = Judge {
            live: &live,
            feed: &feed,
            around,
            now: Timestamp::now(),
        };
        judge.judge(keyed, &known, hash)
    });
    // The pure core does not panic; if it did, the poll must not be recorded as made.
    task.await
        .map_err(|panic| PollError::Broken(panic.to_string()))
}

fn body_hash(bytes: &[u8]) -> [u8; 16] {
    let mut hash = [0; 16];
    hash.copy_from_slice(&Sha256::digest(bytes)[..16]);
    hash
}
