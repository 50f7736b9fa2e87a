//! The server that follows the first and that people read from, while that can be done.
//!
//! Whether it can is found out beside all reading: nobody waits for a replica that is away, they read from
//! the first server. One that was found away is tried again after a while; the log says when it begins to be
//! away and when it is back, not each time it is tried.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use deadpool_postgres::{Object, Pool};
use tokio::runtime::Handle;
use tracing::{info, warn};

use super::job::apart;
use super::{SIGN, schema, unconnected};
use crate::store::StoreError;

/// How long a replica that is away is left alone.
const REST: Duration = Duration::from_secs(10);

/// A replica.
#[derive(Debug)]
pub(super) struct Replica {
    pub(super) pool: Pool,
    standing: Mutex<Standing>,
}

/// How it stands with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Nobody has looked yet.
    Unknown,
    /// Somebody looks; whether it was away before.
    Tried { was_away: bool },
    /// It is read from.
    Used,
    /// It can't be read from, and was last tried then.
    Away(Instant),
}

/// What to do for who would read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Read from it.
    Use,
    /// Read from the first server, and see whether this one is there.
    Try,
    /// Read from the first server.
    Leave,
}

impl Standing {
    fn turn(&mut self, now: Instant) -> Turn {
        let was_away = match *self {
            Self::Used => return Turn::Use,
            Self::Tried { .. } => return Turn::Leave,
            Self::Away(at) if now.saturating_duration_since(at) < REST => return Turn::Leave,
            Self::Away(_) => true,
            Self::Unknown => false,
        };
        *self = Self::Tried { was_away };
        Turn::Try
    }

    /// It was found away; whether that is news.
    fn fails(&mut self, now: Instant) -> bool {
        let before = std::mem::replace(self, Self::Away(now));
        !matches!(before, Self::Away(_) | Self::Tried { was_away: true })
    }

    /// It was found there; whether that is news.
    fn serves(&mut self) -> bool {
        let before = std::mem::replace(self, Self::Used);
        matches!(before, Self::Tried { was_away: true } | Self::Away(_))
    }
}

impl Replica {
    pub(super) fn new(pool: Pool) -> Arc<Self> {
        Arc::new(Self {
            pool,
            standing: Mutex::new(Standing::Unknown),
        })
    }

    /// A connection, if the replica is known to be there; else it is looked for by `runtime`, on which sockets
    /// are served.
    pub(super) async fn connection(self: &Arc<Self>, runtime: &Handle) -> Option<Object> {
        let turn = self.with_standing(|standing| standing.turn(Instant::now()));
        match turn {
            Turn::Leave => None,
            Turn::Try => {
                runtime.spawn(self.clone().look());
                None
            }
            Turn::Use => {
                let pool = self.pool.clone();
                let taken = runtime.spawn(async move { pool.get().await }).await;
                match taken.ok()? {
                    Ok(client) => Some(client),
                    Err(error) => {
                        self.fails(&unconnected(error));
                        None
                    }
                }
            }
        }
    }

    /// Whether the replica is there, with the tables that this program reads.
    async fn look(self: Arc<Self>) {
        let found = match self.pool.get().await {
            Ok(client) => apart(client, SIGN, schema::version).await,
            Err(error) => Err(unconnected(error)),
        };
        match found {
            Ok(schema::VERSION) => {
                if self.with_standing(Standing::serves) {
                    info!("the replica is there again: pages are read from it");
                }
            }
            Ok(0) => self.fails(&StoreError::Unreachable("it has no tables".to_owned())),
            Ok(found) => self.fails(&StoreError::Unreachable(format!(
                "its tables have version {found}, this mentiond reads {}",
                schema::VERSION
            ))),
            Err(error) => self.fails(&error),
        }
    }

    /// It can't be read from.
    pub(super) fn fails(&self, error: &StoreError) {
        // Where one connection is of no use, the others are not either.
        self.pool.retain(|_, _| false);
        if self.with_standing(|standing| standing.fails(Instant::now())) {
            let why = match error {
                StoreError::Unreachable(words) | StoreError::Refused(words) => words.clone(),
                error => error.to_string(),
            };
            warn!(
                "the replica can't be reached ({why}): pages are read from the first server; see `replica` in \
                 [postgres]"
            );
        }
    }

    /// Whether it is read from, once that is known.
    #[cfg(test)]
    pub(super) async fn is_used(&self) -> bool {
        loop {
            match self.with_standing(|standing| *standing) {
                Standing::Used => return true,
                Standing::Away(_) => return false,
                Standing::Unknown | Standing::Tried { .. } => tokio::task::yield_now().await,
            }
        }
    }

    fn with_standing<T>(&self, change: impl FnOnce(&mut Standing) -> T) -> T {
        change(&mut self.standing.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_away_is_tried_by_one_at_a_time_and_told_of_once() {
        let start = Instant::now();
        let mut standing = Standing::Unknown;
        assert_eq!(standing.turn(start), Turn::Try);
        assert_eq!(standing.turn(start), Turn::Leave);
        assert!(standing.fails(start));
        assert_eq!(standing.turn(start + REST / 2), Turn::Leave);
        assert_eq!(standing.turn(start + REST), Turn::Try);
        assert_eq!(standing.turn(start + REST), Turn::Leave);
        assert!(!standing.fails(start + REST));
        assert_eq!(standing.turn(start + REST * 2), Turn::Try);
        assert!(standing.serves());
        assert_eq!(standing.turn(start + REST * 2), Turn::Use);
        assert!(standing.fails(start + REST * 2));
    }

    #[test]
    fn one_that_was_there_from_the_start_is_no_news() {
        let mut standing = Standing::Unknown;
        assert_eq!(standing.turn(Instant::now()), Turn::Try);
        assert!(!standing.serves());
        assert_eq!(standing.turn(Instant::now()), Turn::Use);
    }
}
