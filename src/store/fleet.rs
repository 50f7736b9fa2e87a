//! Workers that share a database, and what each holds of the work.
//!
//! Everything here goes by the server's clock, so workers need not agree on theirs. A worker says in time that it
//! lives ([`Store::beat`]) and hears what it holds. One that has said nothing for the length of its lease
//! has its pieces taken from it; they get another token, so that nothing which the worker still does for them
//! can be recorded ([`Store::write_held`]), and the feeds of its hosts rest for the floor, since it may have
//! asked them without having been able to say so. A piece that is given back is free at once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use tokio::sync::mpsc;

use super::commit::millis;
use super::sql::{Connection, OptionalExtension, json, params};
use super::{Backend, Store, StoreError};
use crate::fleet::{Count, Fence, Kind, SHARDS, due};
use crate::model::Timestamp;

/// What workers call out to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// There are new deliveries.
    Deliveries,
    /// There are pages to be read.
    Pages,
    /// Pieces of work are free.
    Leases,
    /// The configuration is to be read anew.
    Reload,
    /// A subscription has changed.
    Subscriptions,
}

impl Call {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Deliveries,
        Self::Pages,
        Self::Leases,
        Self::Reload,
        Self::Subscriptions,
    ];

    /// How it is called.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deliveries => "deliveries",
            Self::Pages => "pages",
            Self::Leases => "leases",
            Self::Reload => "reload",
            Self::Subscriptions => "subscriptions",
        }
    }
}

/// A worker that comes.
#[derive(Debug, Clone)]
pub struct NewWorker {
    /// What it is called.
    pub name: String,
    /// The number of its process.
    pub process: u32,
    /// The version of its program.
    pub program: String,
    /// What stands for its configuration.
    pub configuration: String,
}

/// What a worker says and asks for with each beat.
#[derive(Debug, Clone)]
pub struct Beat {
    /// Its number.
    pub worker: i64,
    /// How long it may be silent from now on.
    pub lease: Duration,
    /// How long feeds rest whose worker may have asked them last.
    pub floor: Duration,
    /// The sinks and tasks that it could do, and the shards with feeds; those without are shared apart.
    pub wanted: Vec<(Kind, String)>,
    /// What stands for its configuration.
    pub configuration: String,
}

/// What it hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// All that it holds now.
    pub held: Vec<Fence>,
    /// How many it is to give back, by kind, and of hosts by whether there are feeds on them.
    pub give: Vec<(Kind, bool, usize)>,
    /// Workers that are alive.
    pub alive: usize,
    /// How often workers have been asked to read their configuration anew.
    pub reloads: i64,
}

/// A worker, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerRow {
    /// Its number.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// The number of its process.
    pub process: u32,
    /// The version of its program.
    pub program: String,
    /// What stands for its configuration.
    pub configuration: String,
    /// When it came.
    pub started: Timestamp,
    /// When it was last heard of.
    pub seen: Timestamp,
    /// Until when its lease runs.
    pub until: Timestamp,
    /// When it left, or was found dead.
    pub left: Option<Timestamp>,
    /// The shards of hosts that it holds, and the feeds in them.
    pub shards: u64,
    /// The feeds in these.
    pub feeds: u64,
    /// The sinks.
    pub sinks: Vec<String>,
    /// The tasks.
    pub tasks: Vec<String>,
}

/// How long the dead are listed.
const LISTED: Duration = Duration::from_hours(24);

/// By how much the clocks of workers may differ from the server's: what was due by then may have been asked.
const SLACK_MS: i64 = 5_000;

impl Store {
    /// Whether several workers may share it.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self.inner.backend, Backend::Server(_))
    }

    /// Writes what a worker has done for a piece that it must still hold; without a fence there is nobody else.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] if it does not, else what the database says; then nothing was recorded.
    pub(super) async fn write_held<T, F>(
        &self,
        fence: Option<Fence>,
        job: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, StoreError> + Send + Sync + 'static,
    {
        self.write(move |conn| {
            check(conn, fence.as_ref())?;
            job(conn)
        })
        .await
    }

    /// Calls out to other workers, soon; a database in a file has none.
    pub fn call(&self, call: Call) {
        if let Backend::Server(server) = &self.inner.backend {
            server.call(call);
        }
    }

    /// What other workers, and this one, call out from now on; nothing for a file.
    #[must_use]
    pub fn calls(&self) -> mpsc::Receiver<Call> {
        match &self.inner.backend {
            Backend::Server(server) => server.calls(),
            Backend::File(_) => mpsc::channel(1).1,
        }
    }

    /// Makes a worker known, with a lease of this length; gives its number.
    ///
    /// # Errors
    /// What the database says.
    pub async fn join_fleet(&self, new: NewWorker, lease: Duration) -> Result<i64, StoreError> {
        self.write(move |conn| {
            let now = now_ms(conn)?;
            let sql = "INSERT INTO worker (name, process, program, configuration, started_ms, seen_ms, until_ms,
                  sessions)
                VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, current_setting('application_name')) RETURNING id";
            let until = now + millis(lease);
            let (process, program) = (new.process, &new.program);
            let values = params![new.name, process, program, new.configuration, now, until];
            let worker = conn.query_row(sql, values, |row| row.get(0))?;
            let shards = "INSERT INTO lease (kind, name) SELECT 'hosts', CAST(n AS TEXT)
                FROM generate_series(0, ?1 - 1) AS n ON CONFLICT DO NOTHING";
            conn.execute(shards, [SHARDS])?;
            Ok(worker)
        })
        .await
    }

    /// Says that a worker lives, and hears what it holds. `None` for one that was found dead: it holds nothing
    /// any more, and may come anew.
    ///
    /// # Errors
    /// What the database says; it is not tried for longer than a part of the lease.
    pub async fn beat(&self, beat: Beat) -> Result<Option<Heard>, StoreError> {
        let patience = beat.lease / 6;
        self.write_within(patience, move |conn| heartbeat(conn, &beat))
            .await
    }

    /// Gives pieces back, at once. Each comes with whether something was done for it that is not recorded, so that
    /// the feeds there rest.
    ///
    /// # Errors
    /// What the database says.
    pub async fn give_back(&self, pieces: Vec<(Fence, bool)>) -> Result<(), StoreError> {
        self.write_within(Duration::from_secs(2), move |conn| {
            let now = now_ms(conn)?;
            let mut free = conn.prepare_cached(
                "UPDATE lease SET worker_id = NULL, token = token + 1, freed_ms = ?5
                 WHERE kind = ?1 AND name = ?2 AND worker_id = ?3 AND token = ?4",
            )?;
            for (piece, owes) in &pieces {
                let (kind, freed) = (piece.kind.as_str(), owes.then_some(now));
                free.execute(params![kind, piece.name, piece.worker, piece.token, freed])?;
            }
            Ok(())
        })
        .await
    }

    /// Takes from workers whose leases have run out what they hold, as far as nobody is just recording something
    /// for it; the rest the next time. Their sessions are ended, which might hold up everybody else. Gives their
    /// names, once each is buried.
    ///
    /// # Errors
    /// What the database says.
    pub async fn bury_the_dead(&self) -> Result<Vec<String>, StoreError> {
        let dead = self.write_within(Duration::from_secs(1), |conn| {
            conn.execute_batch("SET LOCAL lock_timeout = '1s'")?;
            bury_the_dead(conn)
        });
        let mut names = Vec::new();
        for (buried, sessions) in dead.await? {
            names.extend(buried);
            // Not every relative of PostgreSQL lets one end a session; they end by themselves, later.
            let ended = self.write_within(Duration::from_secs(1), move |conn| {
                let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                    WHERE usename = current_user AND application_name = ?1";
                Ok(conn.query_row(sql, [&sessions], |row| row.get::<_, i64>(0))?)
            });
            let _ = ended.await;
        }
        Ok(names)
    }

    /// A worker ends; what it still holds is free. If it [owes](Store::owes_a_poll) a poll, its feeds rest.
    ///
    /// # Errors
    /// What the database says.
    pub async fn leave_fleet(&self, worker: i64) -> Result<(), StoreError> {
        let owing = match &self.inner.backend {
            Backend::Server(server) => server.owes(),
            Backend::File(_) => false,
        };
        self.write_within(Duration::from_secs(2), move |conn| {
            let now = now_ms(conn)?;
            bury(conn, worker, owing.then_some(now), now)
        })
        .await
    }

    /// Has every worker read its configuration anew.
    ///
    /// # Errors
    /// What the database says.
    pub async fn ask_for_reload(&self) -> Result<i64, StoreError> {
        self.write(|conn| {
            let sql = "UPDATE mentiond SET reloads = reloads + 1 RETURNING reloads";
            Ok(conn.query_row(sql, [], |row| row.get(0))?)
        })
        .await
    }

    /// The workers that are alive, and those that left within a day; the latest first.
    ///
    /// # Errors
    /// [`StoreError::ServerOnly`] for a file, else what the database says.
    pub async fn workers(&self) -> Result<(Vec<WorkerRow>, Timestamp), StoreError> {
        if !self.is_shared() {
            return Err(StoreError::ServerOnly);
        }
        self.read(|conn| {
            let now = now_ms(conn)?;
            Ok((workers(conn, now)?, Timestamp::from_millis(now)))
        })
        .await
    }
}

/// That a worker still holds a piece, which stays so until the end of the transaction.
///
/// # Errors
/// [`StoreError::LeaseLost`] if it does not.
fn check(conn: &Connection, fence: Option<&Fence>) -> Result<(), StoreError> {
    let Some(fence) = fence else {
        return Ok(());
    };
    let kind = fence.kind.as_str();
    let holds = conn
        .prepare_cached(
            "SELECT 1 FROM lease WHERE kind = ?1 AND name = ?2 AND worker_id = ?3 AND token = ?4 FOR SHARE",
        )?
        .exists(params![kind, fence.name, fence.worker, fence.token])?;
    if holds {
        return Ok(());
    }
    Err(StoreError::LeaseLost(format!("{kind} {}", fence.name)))
}

/// What the server's clock shows.
fn now_ms(conn: &Connection) -> Result<i64, StoreError> {
    let sql = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

fn heartbeat(conn: &Connection, beat: &Beat) -> Result<Option<Heard>, StoreError> {
    let now = now_ms(conn)?;
    let lives = conn
        .prepare_cached(
            "UPDATE worker SET seen_ms = ?2, until_ms = ?3, configuration = ?4
             WHERE id = ?1 AND left_ms IS NULL",
        )?
        .execute(params![
            beat.worker,
            now,
            now + millis(beat.lease),
            beat.configuration
        ])?;
    if lives == 0 {
        return Ok(None);
    }
    // Who has come and never said a word since may have failed to start, and is left no share.
    let mut alive = conn.prepare_cached(
        "SELECT id FROM worker WHERE left_ms IS NULL AND (seen_ms > started_ms OR id = ?1) ORDER BY id",
    )?;
    let alive = alive.query_map([beat.worker], |row| row.get(0))?;
    let alive: Vec<i64> = alive.collect::<Result<_, _>>()?;
    let place = alive.iter().position(|id| *id == beat.worker).unwrap_or(0);
    let mut give = Vec::new();
    for (kind, has_feeds) in [
        (Kind::Hosts, true),
        (Kind::Hosts, false),
        (Kind::Sink, true),
        (Kind::Task, true),
    ] {
        let wanted = wanted(conn, kind, has_feeds, beat)?;
        let count = count(conn, kind, &wanted, beat.worker)?;
        let due = due(count, place, alive.len());
        if due.take > 0 {
            take(conn, kind, &wanted, due.take, beat)?;
        }
        if due.give > 0 {
            give.push((kind, has_feeds, due.give));
        }
    }
    let mut held = conn.prepare_cached(
        "SELECT kind, name, token FROM lease WHERE worker_id = ?1 ORDER BY kind, name",
    )?;
    let rows = held.query_map([beat.worker], |row| {
        Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?))
    })?;
    let mut held = Vec::new();
    for row in rows {
        let (kind, name, token) = row?;
        if let Some(kind) = Kind::ALL.into_iter().find(|known| known.as_str() == kind) {
            let worker = beat.worker;
            held.push(Fence {
                kind,
                name,
                worker,
                token,
            });
        }
    }
    let reloads = conn
        .prepare_cached("SELECT reloads FROM mentiond")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(Some(Heard {
        held,
        give,
        alive: alive.len(),
        reloads: reloads.unwrap_or(0),
    }))
}

/// Frees what workers hold whose leases have run out; gives the name of each that is buried now, and that of its
/// sessions. Two that do it at once bury different ones. A worker is buried once nothing is its any more.
fn bury_the_dead(conn: &Connection) -> Result<Vec<(Option<String>, String)>, StoreError> {
    let now = now_ms(conn)?;
    let mut dead = conn.prepare_cached(
        "SELECT id, until_ms, name, sessions FROM worker WHERE left_ms IS NULL AND until_ms < ?1
         ORDER BY id FOR UPDATE SKIP LOCKED",
    )?;
    let rows = dead.query_map([now], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    })?;
    let dead: Vec<(i64, i64, String, String)> = rows.collect::<Result<_, _>>()?;
    let mut sessions = Vec::new();
    for (worker, until, name, session) in dead {
        conn.prepare_cached(
            "UPDATE lease SET worker_id = NULL, token = token + 1, freed_ms = ?2
             WHERE (kind, name) IN (SELECT kind, name FROM lease WHERE worker_id = ?1
               ORDER BY kind, name FOR UPDATE SKIP LOCKED)",
        )?
        .execute([worker, until])?;
        let buried = conn
            .prepare_cached(
                "UPDATE worker SET left_ms = ?2 WHERE id = ?1 AND left_ms IS NULL
                   AND NOT EXISTS (SELECT 1 FROM lease WHERE worker_id = ?1)",
            )?
            .execute([worker, now])?;
        sessions.push(((buried > 0).then_some(name), session));
    }
    conn.prepare_cached("DELETE FROM worker WHERE left_ms < ?1")?
        .execute([now - millis(LISTED)])?;
    Ok(sessions)
}

/// Frees what a worker holds; `freed` is when it last did something for that which may not be recorded.
fn bury(conn: &Connection, worker: i64, freed: Option<i64>, now: i64) -> Result<(), StoreError> {
    conn.prepare_cached(
        "UPDATE lease SET worker_id = NULL, token = token + 1, freed_ms = ?2 WHERE worker_id = ?1",
    )?
    .execute(params![worker, freed])?;
    conn.prepare_cached("UPDATE worker SET left_ms = ?2 WHERE id = ?1 AND left_ms IS NULL")?
        .execute([worker, now])?;
    Ok(())
}

/// The names of a kind that a worker could hold, as a JSON list; those that are new are known from now on.
fn wanted(
    conn: &Connection,
    kind: Kind,
    has_feeds: bool,
    beat: &Beat,
) -> Result<String, StoreError> {
    let of_kind = beat.wanted.iter().filter(|(of, _)| *of == kind);
    let names: HashSet<&str> = of_kind.map(|(_, name)| name.as_str()).collect();
    if kind == Kind::Hosts {
        let all = (0..SHARDS).map(|n| n.to_string());
        let group: Vec<_> = all
            .filter(|name| names.contains(name.as_str()) == has_feeds)
            .collect();
        return Ok(json(&group));
    }
    let names = json(&names);
    let each = conn.each("?2");
    conn.prepare_cached(&format!(
        "INSERT INTO lease (kind, name) SELECT ?1, w.value FROM {each} w
         WHERE NOT EXISTS (SELECT 1 FROM lease l WHERE l.kind = ?1 AND l.name = w.value)
         ON CONFLICT DO NOTHING"
    ))?
    .execute(params![kind.as_str(), names])?;
    Ok(names)
}

fn count(conn: &Connection, kind: Kind, wanted: &str, worker: i64) -> Result<Count, StoreError> {
    let each = conn.each("?2");
    let number = |row: &super::sql::Row<'_>, n| row.get::<_, usize>(n);
    Ok(conn
        .prepare_cached(&format!(
            "SELECT count(*), count(*) FILTER (WHERE l.worker_id IS NULL),
               count(*) FILTER (WHERE l.worker_id = ?3)
             FROM lease l WHERE l.kind = ?1 AND l.name IN (SELECT w.value FROM {each} w)"
        ))?
        .query_row(params![kind.as_str(), wanted, worker], |row| {
            Ok(Count {
                all: number(row, 0)?,
                free: number(row, 1)?,
                mine: number(row, 2)?,
            })
        })?)
}

/// Takes free pieces, and lets the feeds rest that their last worker may have asked.
fn take(
    conn: &Connection,
    kind: Kind,
    wanted: &str,
    most: usize,
    beat: &Beat,
) -> Result<(), StoreError> {
    let each = conn.each("?2");
    let mut free = conn.prepare_cached(&format!(
        "SELECT name, freed_ms FROM lease WHERE kind = ?1 AND worker_id IS NULL
           AND name IN (SELECT w.value FROM {each} w)
         ORDER BY name LIMIT ?3 FOR UPDATE SKIP LOCKED"
    ))?;
    let rows = free.query_map(params![kind.as_str(), wanted, most], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    let free: Vec<(String, Option<i64>)> = rows.collect::<Result<_, _>>()?;
    let names = json(&free.iter().map(|(name, _)| name).collect::<Vec<_>>());
    conn.prepare_cached(&format!(
        "UPDATE lease SET worker_id = ?3, token = token + 1, freed_ms = NULL
         WHERE kind = ?1 AND name IN (SELECT w.value FROM {each} w)"
    ))?
    .execute(params![kind.as_str(), names, beat.worker])?;
    if kind != Kind::Hosts {
        return Ok(());
    }
    // Those of one worker were freed at one time.
    let mut freed: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (name, at) in free {
        if let (Some(at), Ok(shard)) = (at, name.parse()) {
            freed.entry(at).or_default().push(shard);
        }
    }
    for (at, shards) in freed {
        rest(conn, at, &json(&shards), beat.floor)?;
    }
    Ok(())
}

/// Lets the feeds of shards rest that were due by then: they may have been asked.
fn rest(conn: &Connection, freed: i64, shards: &str, floor: Duration) -> Result<(), StoreError> {
    let each = conn.each("?4");
    let spread = (millis(floor) / 4).max(1);
    conn.prepare_cached(&format!(
        "UPDATE schedule SET last_poll_ms = max(coalesce(last_poll_ms, ?1), ?1),
           next_poll_ms = max(?2 + CAST(floor(random() * ?3) AS BIGINT), coalesce(next_poll_ms, 0))
         WHERE gone_ms IS NULL AND (next_poll_ms IS NULL OR next_poll_ms <= ?5)
           AND feed_id IN (SELECT f.id FROM feed f JOIN {each} s ON CAST(s.value AS BIGINT) = f.shard)"
    ))?
    .execute(params![
        freed,
        freed + millis(floor),
        spread,
        shards,
        freed + SLACK_MS
    ])?;
    Ok(())
}

fn workers(conn: &Connection, now: i64) -> Result<Vec<WorkerRow>, StoreError> {
    let mut holdings: HashMap<i64, (u64, Vec<String>, Vec<String>)> = HashMap::new();
    let mut held = conn.prepare(
        "SELECT worker_id, kind, name FROM lease WHERE worker_id IS NOT NULL ORDER BY kind, name",
    )?;
    let mut rows = held.query([])?;
    while let Some(row) = &rows.next()? {
        let (shards, sinks, tasks) = holdings.entry(row.get(0)?).or_default();
        match row.text(1)? {
            "hosts" => *shards += 1,
            "sink" => sinks.push(row.get(2)?),
            _ => tasks.push(row.get(2)?),
        }
    }
    let mut feeds = conn.prepare(
        "SELECT l.worker_id, count(*) FROM feed f
           JOIN lease l ON l.kind = 'hosts' AND l.name = CAST(f.shard AS TEXT)
         WHERE l.worker_id IS NOT NULL GROUP BY l.worker_id",
    )?;
    let rows = feeds.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let feeds: HashMap<i64, u64> = rows.collect::<Result<_, _>>()?;
    let mut workers = conn.prepare(
        "SELECT id, name, process, program, configuration, started_ms, seen_ms, until_ms, left_ms
         FROM worker WHERE left_ms IS NULL OR left_ms > ?1 ORDER BY left_ms IS NOT NULL, id DESC",
    )?;
    let rows = workers.query_map([now - millis(LISTED)], |row| {
        let id = row.get(0)?;
        let (shards, sinks, tasks) = holdings.remove(&id).unwrap_or_default();
        Ok(WorkerRow {
            id,
            name: row.get(1)?,
            process: row.get(2)?,
            program: row.get(3)?,
            configuration: row.get(4)?,
            started: Timestamp::from_millis(row.get(5)?),
            seen: Timestamp::from_millis(row.get(6)?),
            until: Timestamp::from_millis(row.get(7)?),
            left: super::feeds::time(row, 8)?,
            shards,
            feeds: feeds.get(&id).copied().unwrap_or(0),
            sinks,
            tasks,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
