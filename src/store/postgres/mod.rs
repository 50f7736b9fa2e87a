//! The database on a PostgreSQL server, which many workers share.
//!
//! Each write is a transaction of its own on a connection of its own; the server commits those together that
//! end at the same time. One that a deadlock or a conflict has undone, or that the connection was lost under,
//! is run again: nothing of it was recorded, or all of it, which the tables' constraints tell. Readers see
//! what is committed, statement by statement.
//!
//! Sockets are served by one thread of their own. Statements wait for their answers on the threads for what
//! blocks, as SQLite's do.

mod announce;
mod connect;
mod job;
pub(super) mod partitions;
mod replica;
pub(super) mod schema;
mod tables;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use deadpool_postgres::{Object, Pool, PoolError};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tracing::warn;

use self::announce::{CHANNEL, Calls, GATHER};
use self::connect::Way;
use self::job::{apart, transaction, with};
use self::replica::Replica;
use super::sql::{Connection, Session};
use super::{Call, StoreError, copy};
use crate::model::ServerOptions;

/// For how long a write is tried again while the server can't be reached.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long an answer is waited for; the server gives up a statement before that.
const ANSWER: Duration = Duration::from_secs(20);
/// The same of a sign of life, which is of no use later.
const SIGN: Duration = Duration::from_secs(3);
/// The same while tables are made or changed, and for commands that may look at all there is.
const AT_LEISURE: Duration = Duration::from_hours(12);
/// The pause before the first further attempt, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Connections for signs of life and calls.
const CONTROL: usize = 2;
/// Calls of others that wait to be heeded.
const HEARD: usize = 64;
/// How often a transaction that others got in the way of is run.
const MOST_CONFLICTS: u32 = 20;

/// What it is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// By a daemon, which nothing may hold up.
    Working,
    /// By a command that changes something beside one.
    Mending,
    /// By a command that reads.
    Looking,
}

impl Use {
    /// Whether the server is to end what takes long.
    const fn limits(self) -> bool {
        matches!(self, Self::Working)
    }
}

/// A server whose tables are ready.
#[derive(Debug)]
pub(super) struct Server {
    /// The server without its password, for people.
    name: String,
    pool: Pool,
    /// For what can't wait behind polls: signs of life and calls.
    control: Pool,
    way: Way,
    calls: Arc<Calls>,
    /// Where people read, if not here.
    replica: Option<Arc<Replica>>,
    may_write: bool,
    /// How long an answer is waited for.
    answer: Duration,
    /// Whether something was done that is not recorded.
    owes: AtomicBool,
    /// Serves the sockets.
    runtime: Option<Runtime>,
}

impl Server {
    /// Makes or migrates the tables.
    pub(super) fn open(options: &ServerOptions) -> Result<Self, StoreError> {
        let server = Self::connect(options, Use::Working)?;
        let client = server.connection_now(&server.pool)?;
        with(client, AT_LEISURE, |conn| {
            copy::refuse(conn, &server.name)?;
            schema::migrate(conn, &server.name)?;
            if let Err(error) = partitions::make_days(conn) {
                // Rows of a day that is not there have their place too.
                warn!("the days of fingerprints can't be made: {error}");
            }
            Ok(())
        })?;
        Ok(server)
    }

    /// Expects the tables of this program's version.
    pub(super) fn open_existing(options: &ServerOptions) -> Result<Self, StoreError> {
        let server = Self::connect(options, Use::Mending)?;
        server.expect_tables()?;
        Ok(server)
    }

    /// The same, and writes nothing.
    pub(super) fn open_read_only(options: &ServerOptions) -> Result<Self, StoreError> {
        let server = Self::connect(options, Use::Looking)?;
        server.expect_tables()?;
        Ok(server)
    }

    fn connect(options: &ServerOptions, use_: Use) -> Result<Self, StoreError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("store-postgres")
            .enable_all()
            .build()
            .map_err(|error| StoreError::Unreachable(error.to_string()))?;
        let name = format!("{:012x}", fastrand::u64(..1 << 48));
        let way = Way::to(options, &options.url, &name, use_.limits())?;
        let pool = way.pool(options.connections)?;
        let control = way.pool(CONTROL)?;
        let replica = match &options.replica {
            Some(url) => {
                let way = Way::to(options, url, &name, use_.limits())?;
                Some(Replica::new(way.pool(options.connections)?))
            }
            None => None,
        };
        Ok(Self {
            name: options.to_string(),
            pool,
            control,
            way,
            calls: Arc::default(),
            replica,
            may_write: use_ != Use::Looking,
            answer: match use_ {
                Use::Working => ANSWER,
                Use::Looking | Use::Mending => AT_LEISURE,
            },
            owes: AtomicBool::new(false),
            runtime: Some(runtime),
        })
    }

    fn expect_tables(&self) -> Result<(), StoreError> {
        let found = self.on_server(|conn| schema::check(conn, &self.name))?;
        if found == 0 {
            return Err(StoreError::Missing(self.name.clone().into()));
        }
        if found < schema::VERSION {
            return Err(StoreError::Older {
                path: self.name.clone().into(),
                found,
                known: schema::VERSION,
            });
        }
        self.on_server(|conn| copy::refuse(conn, &self.name))
    }

    /// A connection of the pool; it is made, if need be, on the thread that serves the sockets.
    async fn connection(&self, pool: &Pool) -> Result<Object, StoreError> {
        let Some(runtime) = &self.runtime else {
            return Err(StoreError::Closed);
        };
        let pool = pool.clone();
        let taken = runtime.spawn(async move { pool.get().await });
        match taken.await {
            Ok(taken) => taken.map_err(unconnected),
            Err(_) => Err(StoreError::Closed),
        }
    }

    /// The same, for who can't await.
    fn connection_now(&self, pool: &Pool) -> Result<Object, StoreError> {
        let Some(runtime) = &self.runtime else {
            return Err(StoreError::Closed);
        };
        let (tell, told) = std::sync::mpsc::channel();
        let pool = pool.clone();
        runtime.spawn(async move { tell.send(pool.get().await) });
        told.recv()
            .map_err(|_| StoreError::Closed)?
            .map_err(unconnected)
    }

    fn on_server<T>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        with(self.connection_now(&self.pool)?, self.answer, job)
    }

    /// Reads on this thread.
    pub(super) fn read_now<T>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.on_server(job)
    }

    /// Reads on a thread where that holds nobody up; `for_people` also what is a moment old, from the replica
    /// while that is there.
    pub(super) async fn read<T, F>(&self, for_people: bool, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        if for_people
            && let (Some(replica), Some(runtime)) = (&self.replica, &self.runtime)
            && let Some(client) = replica.connection(runtime.handle()).await
        {
            let read = apart(client, self.answer, job).await;
            if let Err(error @ StoreError::Unreachable(_)) = &read {
                replica.fails(error);
            }
            return read;
        }
        self.read_within(self.answer, job).await
    }

    /// The same of what may take long.
    pub(super) async fn read_at_leisure<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let unlimited = move |conn: &Connection| {
            conn.execute_batch("BEGIN READ ONLY; SET LOCAL statement_timeout = 0")?;
            let read = job(conn);
            conn.execute_batch("ROLLBACK")?;
            read
        };
        self.read_within(AT_LEISURE, unlimited).await
    }

    async fn read_within<T, F>(&self, answer: Duration, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let client = self.connection(&self.pool).await?;
        let read = apart(client, answer, job).await;
        if let Err(error) = &read {
            self.mind(error);
        }
        read
    }

    /// Where one connection has been cut, so were those that nobody uses: they are made anew, or each would be
    /// waited for in its turn.
    fn mind(&self, error: &StoreError) {
        if matches!(error, StoreError::Unreachable(_)) {
            for pool in [&self.pool, &self.control] {
                pool.retain(|_, _| false);
            }
        }
    }

    /// Writes in a transaction, and again where nothing is known to have been recorded.
    pub(super) async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, StoreError> + Send + Sync + 'static,
    {
        self.write_over(&self.pool, PATIENCE, self.answer, job)
            .await
    }

    /// The same for what can't wait behind others, and is tried for so long.
    pub(super) async fn write_within<T, F>(
        &self,
        patience: Duration,
        job: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, StoreError> + Send + Sync + 'static,
    {
        self.write_over(&self.control, patience, SIGN, job).await
    }

    async fn write_over<T, F>(
        &self,
        pool: &Pool,
        patience: Duration,
        answer: Duration,
        job: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, StoreError> + Send + Sync + 'static,
    {
        if !self.may_write {
            return Err(StoreError::ReadOnly);
        }
        let job = Arc::new(job);
        let began = Instant::now();
        let (mut conflicts, mut pause) = (0, FIRST_PAUSE);
        loop {
            let error = match self.connection(pool).await {
                Ok(client) => {
                    let job = job.clone();
                    let task = tokio::task::spawn_blocking(move || {
                        with(client, answer, |conn| transaction(conn, &*job))
                    });
                    match task.await.unwrap_or(Err(StoreError::Closed)) {
                        Ok(value) => return Ok(value),
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            self.mind(&error);
            match &error {
                StoreError::Conflict(_) if conflicts < MOST_CONFLICTS => conflicts += 1,
                StoreError::Unreachable(_) if began.elapsed() < patience => {}
                _ => return Err(error),
            }
            // Who met does not meet again.
            let dice = 0.5 + fastrand::f64();
            tokio::time::sleep(pause.mul_f64(dice)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// A server whose tables nobody asks for.
    pub(super) fn raw(options: &ServerOptions) -> Result<Self, StoreError> {
        Self::connect(options, Use::Mending)
    }

    /// Whether people read from a replica, once that is known.
    #[cfg(test)]
    pub(super) async fn reads_from_replica(&self) -> bool {
        match &self.replica {
            Some(replica) => replica.is_used().await,
            None => false,
        }
    }

    /// A session outside of any transaction.
    pub(super) fn session(&self) -> Result<Connection, StoreError> {
        let client = self.connection_now(&self.pool)?;
        Ok(Connection::Postgres(Session::new(client, self.answer)))
    }

    /// A feed was asked, and that could not be recorded.
    pub(super) fn owe(&self) {
        self.owes.store(true, Ordering::Relaxed);
    }

    /// Whether that is so of any.
    pub(super) fn owes(&self) -> bool {
        self.owes.load(Ordering::Relaxed)
    }

    /// Calls out to other workers what was not called in the last moment.
    pub(super) fn call(&self, call: Call) {
        let Some(runtime) = &self.runtime else {
            return;
        };
        if self.calls.add(call) {
            let (pool, calls) = (self.control.clone(), self.calls.clone());
            runtime.spawn(async move {
                tokio::time::sleep(GATHER).await;
                let all = calls.take();
                // A call that nobody hears is found by looking.
                if let Ok(client) = pool.get().await {
                    for call in all {
                        let sql = format!("SELECT pg_notify({CHANNEL}, '{}')", call.as_str());
                        let _ = client.batch_execute(&sql).await;
                    }
                }
            });
        }
    }

    /// What is called out from now on.
    pub(super) fn calls(&self) -> mpsc::Receiver<Call> {
        let (tell, heard) = mpsc::channel(HEARD);
        if let Some(runtime) = &self.runtime {
            let Way { config, tls } = self.way.clone();
            runtime.spawn(announce::listen(config, tls, tell));
        }
        heard
    }

    /// Closes the connections.
    pub(super) fn close(mut self) {
        self.pool.close();
        self.control.close();
        if let Some(replica) = &self.replica {
            replica.pool.close();
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A runtime that is dropped waits for its tasks, which no task may do.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn unconnected(error: PoolError) -> StoreError {
    match error {
        PoolError::Backend(error) => super::sql::Error::Postgres(error).into(),
        PoolError::Closed => StoreError::Closed,
        PoolError::Timeout(_) => {
            StoreError::Unreachable("no connection was free, or could be made, in time".to_owned())
        }
        error => StoreError::Unreachable(error.to_string()),
    }
}
