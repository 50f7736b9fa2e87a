//! The database on a PostgreSQL server, which many workers share.
//!
//! Each write is a transaction of its own on a connection of its own; the server commits those together that
//! end at the same time. One that a deadlock or a conflict has undone, or that the connection was lost under,
//! is run again: nothing of it was recorded, or all of it, which the tables' constraints tell. Readers see
//! what is committed, statement by statement.
//!
//! Sockets are served by one thread of their own. Statements wait for their answers on the threads for what
//! blocks, as SQLite's do.

mod connect;
pub(super) mod schema;

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::{Object, Pool, PoolError};
use tokio::runtime::Runtime;
use tracing::warn;

use super::sql::{Connection, Session};
use super::{StoreError, copy};
use crate::model::ServerOptions;

/// For how long a write is tried again while the server can't be reached.
const PATIENCE: Duration = Duration::from_secs(20);
/// The pause before the first further attempt, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How often a transaction that others got in the way of is run.
const MOST_CONFLICTS: u32 = 20;

/// A server whose tables are ready.
#[derive(Debug)]
pub(super) struct Server {
    /// The server without its password, for people.
    name: String,
    pool: Pool,
    /// Where reading goes: the replica, or the server.
    readers: Pool,
    may_write: bool,
    /// Serves the sockets.
    runtime: Option<Runtime>,
}

impl Server {
    /// Makes or migrates the tables.
    pub(super) fn open(options: &ServerOptions) -> Result<Self, StoreError> {
        let server = Self::connect(options, true)?;
        server.on_server(|conn| {
            copy::refuse(conn, &server.name)?;
            schema::migrate(conn, &server.name)
        })?;
        Ok(server)
    }

    /// Expects the tables of this program's version.
    pub(super) fn open_existing(options: &ServerOptions) -> Result<Self, StoreError> {
        let server = Self::connect(options, true)?;
        server.expect_tables()?;
        Ok(server)
    }

    /// The same, and writes nothing.
    pub(super) fn open_read_only(options: &ServerOptions) -> Result<Self, StoreError> {
        let server = Self::connect(options, false)?;
        server.expect_tables()?;
        Ok(server)
    }

    fn connect(options: &ServerOptions, may_write: bool) -> Result<Self, StoreError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("store-postgres")
            .enable_all()
            .build()
            .map_err(|error| StoreError::Unreachable(error.to_string()))?;
        let pool = connect::pool(options, &options.url, options.password.as_ref())?;
        let readers = match &options.replica {
            Some(url) => connect::pool(options, url, options.password.as_ref())?,
            None => pool.clone(),
        };
        Ok(Self {
            name: options.to_string(),
            pool,
            readers,
            may_write,
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
        with(self.connection_now(&self.pool)?, job)
    }

    /// Reads on this thread.
    pub(super) fn read_now<T>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        with(self.connection_now(&self.readers)?, job)
    }

    /// Reads on a thread where that holds nobody up.
    pub(super) async fn read<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let client = self.connection(&self.readers).await?;
        let task = tokio::task::spawn_blocking(move || with(client, job));
        task.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Writes in a transaction, and again where nothing is known to have been recorded.
    pub(super) async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
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
            let error = match self.connection(&self.pool).await {
                Ok(client) => {
                    let job = job.clone();
                    let task = tokio::task::spawn_blocking(move || {
                        with(client, |conn| transaction(conn, &*job))
                    });
                    match task.await.unwrap_or(Err(StoreError::Closed)) {
                        Ok(value) => return Ok(value),
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            match &error {
                StoreError::Conflict(_) if conflicts < MOST_CONFLICTS => conflicts += 1,
                StoreError::Unreachable(_) if began.elapsed() < PATIENCE => {}
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
        Self::connect(options, true)
    }

    /// A session outside of any transaction.
    pub(super) fn session(&self) -> Result<Connection, StoreError> {
        let client = self.connection_now(&self.pool)?;
        Ok(Connection::Postgres(Session::new(client)))
    }

    /// Closes the connections.
    pub(super) fn close(mut self) {
        self.pool.close();
        self.readers.close();
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

/// Runs a job over a connection of the pool, and gives that back if it is still sound.
fn with<T>(
    client: Object,
    job: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let conn = Connection::Postgres(Session::new(client));
    let result = job(&conn);
    if let Connection::Postgres(session) = conn {
        session.leave();
    }
    result
}

/// Runs a job in a transaction.
fn transaction<T>(
    conn: &Connection,
    job: &impl Fn(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    conn.execute_batch("BEGIN")?;
    match job(conn) {
        Ok(value) => {
            conn.execute_batch("COMMIT")?;
            Ok(value)
        }
        Err(error) => {
            if let Err(undone) = conn.execute_batch("ROLLBACK") {
                // The server undoes what a lost connection has begun.
                warn!("a transaction can't be rolled back: {undone}");
            }
            Err(error)
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
