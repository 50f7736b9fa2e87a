//! How a reader that takes too long is broken off, and never whoever has its connection next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::InterruptHandle;

use super::sql::Connection;

use super::{Store, StoreError};

/// How long a reader may take whose work hangs on what is asked.
const TIME: Duration = Duration::from_secs(5);

/// What the server itself breaks off: a statement that takes as long, and what it does otherwise.
const LIMIT: &str = "SET statement_timeout = '5s'";
const NO_LIMIT: &str = "RESET statement_timeout";

/// A server is told how long a statement may take; SQLite is interrupted.
fn limit(conn: &Connection, sql: &str) -> Result<(), StoreError> {
    if conn.is_postgres() {
        conn.execute_batch(sql)?;
    }
    Ok(())
}

impl Store {
    /// Reads, and breaks that off with [`StoreError::TooSlow`] when it takes longer than five seconds.
    pub(super) async fn read_in_time<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let watch = Watch::default();
        let watched = watch.clone();
        let mut reader = std::pin::pin!(self.read(move |conn| {
            if !watched.begin(conn) {
                return Err(StoreError::TooSlow(TIME));
            }
            limit(conn, LIMIT)?;
            let found = job(conn);
            watched.end();
            limit(conn, NO_LIMIT)?;
            found
        }));
        let found = tokio::select! {
            biased;
            found = &mut reader => return found,
            () = tokio::time::sleep(TIME) => {
                watch.interrupt();
                reader.await
            }
        };
        // Whatever SQLite says of being broken off.
        found.map_err(|_| StoreError::TooSlow(TIME))
    }
}

/// Held by a reader and by who watches it.
#[derive(Clone, Default)]
struct Watch {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    handle: Option<InterruptHandle>,
    is_over: bool,
}

impl Watch {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reader begins, if there is still time: says so.
    fn begin(&self, conn: &Connection) -> bool {
        let mut state = self.lock();
        state.handle = conn
            .file()
            .ok()
            .map(rusqlite::Connection::get_interrupt_handle);
        !state.is_over
    }

    /// The reader has ended; from now on its connection is another's.
    fn end(&self) {
        self.lock().handle = None;
    }

    /// Breaks the reader off, if it is at work, and else keeps it from beginning.
    fn interrupt(&self) {
        let mut state = self.lock();
        state.is_over = true;
        if let Some(handle) = &state.handle {
            handle.interrupt();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
        SELECT count(*) FROM n";

    fn memory() -> Connection {
        Connection::Sqlite(rusqlite::Connection::open_in_memory().unwrap())
    }

    #[test]
    fn a_reader_is_broken_off_and_who_comes_next_is_not() {
        let watch = Watch::default();
        let watched = watch.clone();
        let reader = std::thread::spawn(move || {
            let conn = memory();
            watched.begin(&conn);
            let result = conn.query_row(ENDLESS, [], |row| row.get::<_, i64>(0));
            watched.end();
            (conn, result)
        });
        while !reader.is_finished() {
            watch.interrupt();
            std::thread::yield_now();
        }
        let (conn, result) = reader.join().unwrap();
        let error = StoreError::from(result.unwrap_err());
        assert!(error.to_string().contains("interrupted"), "{error}");
        watch.interrupt();
        let next: i64 = conn.query_row("SELECT 7", [], |row| row.get(0)).unwrap();
        assert_eq!(next, 7);
    }

    #[test]
    fn a_reader_that_comes_too_late_does_not_begin() {
        let watch = Watch::default();
        watch.interrupt();
        assert!(!watch.begin(&memory()));
    }
}
