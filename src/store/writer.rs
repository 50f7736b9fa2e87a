//! The one writer: a thread that owns the writing connection and commits in groups.
//!
//! Jobs that wait while a commit is under way share the next one, so that the cost of an fsync is
//! divided among all polls that end in the same few milliseconds. Each job runs in a savepoint of
//! its own: one that fails takes nothing with it. A job's caller hears of success only after the
//! commit that holds it.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::thread::JoinHandle;

use super::sql::Connection;
use tokio::sync::{mpsc, oneshot};

use super::StoreError;
use crate::world;

/// Jobs that share one commit at most.
const GROUP: usize = 256;
/// Jobs that may wait; a caller that comes later waits for room.
const BACKLOG: usize = 1024;

/// Tells a job's caller how the commit went.
type Reply = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// Takes the open transaction, or the reason why there is none.
type Job = Box<dyn FnOnce(Result<&Connection, StoreError>) -> Outcome + Send>;

/// What is done at the end of each transaction, before it is committed; its error undoes all of it.
type Ending = fn(&Connection) -> Result<(), StoreError>;

struct Outcome {
    error: Option<StoreError>,
    reply: Reply,
}

/// The handle by which jobs reach the writing thread.
#[derive(Debug)]
pub struct Writer {
    jobs: mpsc::Sender<Job>,
    hands: Hands,
}

/// Who does the writing.
#[derive(Debug)]
enum Hands {
    Thread(JoinHandle<()>),
    /// In a simulation, a task of the same thread; at the end its desk is cleared by who closes.
    Task(Arc<Mutex<Option<Desk>>>),
}

/// What the writing takes.
#[derive(Debug)]
struct Desk {
    conn: Connection,
    queue: mpsc::Receiver<Job>,
    before_commit: Ending,
}

impl Writer {
    /// Starts the thread. `before_commit` is the last that is done in each transaction.
    ///
    /// # Errors
    /// The system's error when it has no thread to give.
    pub fn start(conn: Connection, before_commit: Ending) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel(BACKLOG);
        let desk = Desk {
            conn,
            queue,
            before_commit,
        };
        let hands = if world::is_simulated() {
            let desk = Arc::new(Mutex::new(Some(desk)));
            tokio::spawn(simulate(Arc::clone(&desk)));
            Hands::Task(desk)
        } else {
            let thread = std::thread::Builder::new().name("store-writer".into());
            Hands::Thread(thread.spawn(move || run(desk))?)
        };
        Ok(Self { jobs, hands })
    }

    /// Runs `job` inside a transaction and returns its value once that is committed.
    ///
    /// # Errors
    /// The job's own error, or that of the commit; either way nothing of the job was recorded.
    pub async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move |conn| {
            let result = conn.and_then(job);
            let error = result.as_ref().err().cloned();
            let reply: Reply = Box::new(move |commit| {
                let _ = tell.send(commit.and(result));
            });
            Outcome { error, reply }
        });
        self.jobs.send(job).await.map_err(|_| StoreError::Closed)?;
        told.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Lets the waiting jobs end, then closes the connection (which checkpoints the log).
    pub fn close(self) {
        drop(self.jobs);
        match self.hands {
            Hands::Thread(thread) => {
                let _ = thread.join();
            }
            Hands::Task(desk) => {
                let desk = desk.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(mut desk) = desk {
                    while let Ok(job) = desk.queue.try_recv() {
                        desk.work(job);
                    }
                    desk.clear();
                }
            }
        }
    }
}

fn run(mut desk: Desk) {
    while let Some(first) = desk.queue.blocking_recv() {
        desk.work(first);
    }
    desk.clear();
}

/// The same on a thread that others work on too.
async fn simulate(desk: Arc<Mutex<Option<Desk>>>) {
    let lock = || desk.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let next = poll_fn(|context| match &mut *lock() {
            Some(desk) => desk.queue.poll_recv(context),
            None => Poll::Ready(None),
        });
        let Some(first) = next.await else {
            return;
        };
        // Others may add to the group meanwhile.
        world::pause().await;
        if let Some(desk) = &mut *lock() {
            desk.work(first);
        }
    }
}

impl Desk {
    /// Commits `first` together with the jobs that wait behind it.
    fn work(&mut self, first: Job) {
        let mut group = vec![first];
        while group.len() < GROUP
            && let Ok(job) = self.queue.try_recv()
        {
            group.push(job);
        }
        let (replies, result) = commit_group(&self.conn, group, self.before_commit);
        for reply in replies {
            reply(result.clone());
        }
    }

    /// Closes the connection.
    fn clear(self) {
        // A server has no one writer.
        let Connection::Sqlite(conn) = self.conn else {
            return;
        };
        let _ = conn
            .execute_batch("PRAGMA optimize")
            .and_then(|()| forget_small_tables(&conn));
        if let Err((_, error)) = conn.close() {
            tracing::warn!("closing the database: {error}");
        }
    }
}

/// Removes the statistics of tables that had few rows when they were counted. By them SQLite reads such a
/// table from end to end instead of looking into its index, also when it has a million rows at last;
/// without them it looks into the index.
pub(super) fn forget_small_tables(conn: &rusqlite::Connection) -> rusqlite::Result<()> {
    if conn.table_exists(None, "sqlite_stat1")? {
        conn.execute_batch(
            "DELETE FROM sqlite_stat1 WHERE CAST(stat AS INTEGER) < 1000; ANALYZE sqlite_schema",
        )?;
    }
    Ok(())
}

/// Runs a statement that every job needs, without reading its text anew.
fn run_cached(conn: &rusqlite::Connection, sql: &str) -> rusqlite::Result<()> {
    conn.prepare_cached(sql)?.execute([]).map(drop)
}

/// Runs the jobs in one transaction and returns whom to tell, and what.
fn commit_group(
    conn: &Connection,
    group: Vec<Job>,
    before_commit: Ending,
) -> (Vec<Reply>, Result<(), StoreError>) {
    let mut replies: Vec<Reply> = Vec::with_capacity(group.len());
    let file = match conn.file() {
        Ok(file) => file,
        Err(error) => return (replies, Err(error.into())),
    };
    let mut result = file
        .execute_batch("BEGIN IMMEDIATE")
        .map_err(StoreError::from);
    for job in group {
        if let Err(error) = &result {
            replies.push(job(Err(error.clone())).reply);
            continue;
        }
        match run_cached(file, "SAVEPOINT job") {
            Ok(()) => {
                // A job that panics is undone like one that fails, and its caller hears that the
                // reply is lost; the thread must live on for all others.
                let outcome = catch_unwind(AssertUnwindSafe(|| job(Ok(conn)))).ok();
                let failed = outcome.as_ref().is_none_or(|o| o.error.is_some());
                let error = outcome.and_then(|outcome| {
                    replies.push(outcome.reply);
                    outcome.error
                });
                // SQLite gives up the whole transaction on some errors (a full disk, for one).
                if file.is_autocommit() {
                    result = Err(error.unwrap_or(StoreError::Full));
                    continue;
                }
                let undone = if failed {
                    run_cached(file, "ROLLBACK TO job")
                } else {
                    Ok(())
                };
                if let Err(error) = undone.and_then(|()| run_cached(file, "RELEASE job")) {
                    result = Err(error.into());
                }
            }
            Err(error) => {
                let error = StoreError::from(error);
                replies.push(job(Err(error.clone())).reply);
                result = Err(error);
            }
        }
    }
    if result.is_ok() {
        result = before_commit(conn);
    }
    if result.is_ok() {
        result = file.execute_batch("COMMIT").map_err(StoreError::from);
    }
    if result.is_err() && !file.is_autocommit() {
        let _ = file.execute_batch("ROLLBACK");
    }
    (replies, result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer(path: &std::path::Path) -> Writer {
        let conn = rusqlite::Connection::open(path).unwrap();
        conn.execute_batch("CREATE TABLE IF NOT EXISTS t (n INTEGER UNIQUE)")
            .unwrap();
        Writer::start(Connection::Sqlite(conn), |_| Ok(())).unwrap()
    }

    fn insert(n: i64) -> impl FnOnce(&Connection) -> Result<(), StoreError> + Send {
        move |conn| Ok(conn.execute("INSERT INTO t VALUES (?1)", [n]).map(|_| ())?)
    }

    #[tokio::test]
    async fn a_failing_job_takes_nothing_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder.path().join("db"));
        let (a, b, c) = tokio::join!(
            writer.write(insert(1)),
            writer.write(|conn| {
                conn.execute("INSERT INTO t VALUES (7)", [])?;
                insert(1)(conn)
            }),
            writer.write(insert(2)),
        );
        assert!(a.is_ok() && b.is_err() && c.is_ok());
        let rows = writer
            .write(|conn| {
                Ok(conn.query_row("SELECT group_concat(n) FROM t", [], |r| {
                    r.get::<_, String>(0)
                })?)
            })
            .await
            .unwrap();
        assert_eq!(
            rows, "1,2",
            "the failed job's first insert is undone, its neighbours stay"
        );
    }

    #[tokio::test]
    async fn a_panicking_job_takes_nothing_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder.path().join("db"));
        let (a, b, c) = tokio::join!(
            writer.write(insert(1)),
            writer.write(|conn| -> Result<(), _> {
                insert(7)(conn)?;
                panic!("on purpose")
            }),
            writer.write(insert(2)),
        );
        assert!(a.is_ok() && matches!(b, Err(StoreError::Closed)) && c.is_ok());
        assert!(
            writer.write(insert(7)).await.is_ok(),
            "the first 7 is undone"
        );
    }

    #[tokio::test]
    async fn a_full_disk_is_told_to_every_job_of_the_group_and_the_writer_lives_on() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder.path().join("db"));
        writer
            .write(|conn| {
                conn.execute_batch("CREATE TABLE big (b BLOB)")?;
                Ok(())
            })
            .await
            .unwrap();
        // A pragma that limits the file stands for the disk's end.
        writer
            .write(|conn| Ok(conn.execute_batch("PRAGMA max_page_count = 10")?))
            .await
            .unwrap();
        let filled = writer
            .write(|conn| Ok(conn.execute("INSERT INTO big VALUES (zeroblob(1000000))", [])?))
            .await;
        assert!(matches!(filled, Err(StoreError::Full)), "{filled:?}");
        assert!(
            writer.write(insert(3)).await.is_ok(),
            "a small write still fits"
        );
    }
}
