//! The tables, and how an older database becomes a current one.
//!
//! The schema's version is `PRAGMA user_version`; a migration is a step from one version to the
//! next, runs in one transaction and is never changed after a release. `docs/schema.md` explains
//! every table to people.

use rusqlite::{Connection, ErrorCode};

use super::StoreError;

/// Marks a file as ours (`PRAGMA application_id`): "mntd".
pub const APPLICATION_ID: i32 = 0x6d6e_7464;

/// One step per version; the first makes version 1 from an empty file.
const MIGRATIONS: &[&str] = &[V1, V2, V3, V4, V5, V6, V7, V8, V9, V10, V11];

/// The version this program writes.
pub const VERSION: usize = MIGRATIONS.len();

const V1: &str = "
CREATE TABLE feed (
  id            INTEGER PRIMARY KEY,
  name          TEXT NOT NULL UNIQUE,
  url           TEXT NOT NULL,
  source        TEXT NOT NULL,
  title         TEXT,
  format        TEXT,
  language      TEXT,
  body_hash     BLOB,
  document_ms   INTEGER,
  ttl_ms        INTEGER,
  first_ok_ms   INTEGER,
  entries       INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE schedule (
  feed_id          INTEGER PRIMARY KEY REFERENCES feed(id),
  next_poll_ms     INTEGER,
  last_poll_ms     INTEGER,
  last_ok_ms       INTEGER,
  status           TEXT NOT NULL DEFAULT 'new',
  error            TEXT,
  failures         INTEGER NOT NULL DEFAULT 0,
  failing_since_ms INTEGER,
  trouble_told     INTEGER NOT NULL DEFAULT 0,
  wait_until_ms    INTEGER,
  gone_ms          INTEGER,
  moved_url        TEXT,
  moved_polls      INTEGER NOT NULL DEFAULT 0,
  validator_url    TEXT,
  etag             BLOB,
  last_modified    BLOB
) STRICT;

CREATE TABLE seen (
  feed_id     INTEGER NOT NULL REFERENCES feed(id),
  key         BLOB NOT NULL,
  text_hash   BLOB NOT NULL,
  served_ms   INTEGER NOT NULL,
  PRIMARY KEY (feed_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE story (
  id            INTEGER PRIMARY KEY,
  key           BLOB NOT NULL UNIQUE,
  first_seen_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX story_age ON story(first_seen_ms);

CREATE TABLE story_source (
  story_id      INTEGER NOT NULL REFERENCES story(id),
  feed_id       INTEGER NOT NULL REFERENCES feed(id),
  link          TEXT,
  first_seen_ms INTEGER NOT NULL,
  PRIMARY KEY (story_id, feed_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE entry (
  id            INTEGER PRIMARY KEY,
  feed_id       INTEGER NOT NULL REFERENCES feed(id),
  key           BLOB NOT NULL,
  story_id      INTEGER NOT NULL REFERENCES story(id),
  guid          TEXT,
  link          TEXT,
  title         TEXT NOT NULL,
  summary       TEXT NOT NULL,
  content       TEXT NOT NULL,
  author        TEXT,
  language      TEXT,
  published_ms  INTEGER,
  updated_ms    INTEGER,
  date_note     TEXT,
  first_seen_ms INTEGER NOT NULL,
  revised_ms    INTEGER,
  revisions     INTEGER NOT NULL DEFAULT 0,
  UNIQUE (feed_id, key)
) STRICT;
CREATE INDEX entry_age ON entry(first_seen_ms);
CREATE INDEX entry_story ON entry(story_id);

CREATE TABLE mention (
  id            INTEGER PRIMARY KEY,
  entry_id      INTEGER NOT NULL REFERENCES entry(id),
  topic         TEXT NOT NULL,
  term          TEXT NOT NULL,
  field         TEXT NOT NULL,
  start_byte    INTEGER NOT NULL,
  end_byte      INTEGER NOT NULL,
  snippet       TEXT NOT NULL,
  snippet_start INTEGER NOT NULL,
  snippet_end   INTEGER NOT NULL,
  hits          INTEGER NOT NULL,
  revision      INTEGER NOT NULL,
  created_ms    INTEGER NOT NULL,
  UNIQUE (entry_id, topic)
) STRICT;
CREATE INDEX mention_topic ON mention(topic, created_ms);
CREATE INDEX mention_age ON mention(created_ms);

CREATE TABLE mention_count (
  topic    TEXT NOT NULL,
  hour     INTEGER NOT NULL,
  feed_id  INTEGER NOT NULL REFERENCES feed(id),
  mentions INTEGER NOT NULL,
  PRIMARY KEY (topic, hour, feed_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE alert (
  id         TEXT NOT NULL PRIMARY KEY,
  kind       TEXT NOT NULL,
  topic      TEXT,
  story_id   INTEGER REFERENCES story(id),
  feed_id    INTEGER REFERENCES feed(id),
  created_ms INTEGER NOT NULL,
  detail     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX alert_once ON alert(topic, story_id) WHERE kind = 'mention.created';
CREATE INDEX alert_story ON alert(story_id);
CREATE INDEX alert_age ON alert(created_ms);

CREATE TABLE delivery (
  id              INTEGER PRIMARY KEY,
  alert_id        TEXT NOT NULL REFERENCES alert(id),
  sink            TEXT NOT NULL,
  state           TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
  attempts        INTEGER NOT NULL DEFAULT 0,
  next_attempt_ms INTEGER NOT NULL,
  error           TEXT,
  created_ms      INTEGER NOT NULL,
  settled_ms      INTEGER,
  UNIQUE (alert_id, sink)
) STRICT;
CREATE INDEX delivery_due ON delivery(sink, next_attempt_ms) WHERE state = 'waiting';
CREATE INDEX delivery_settled ON delivery(state, settled_ms);

CREATE TABLE sink (
  id         TEXT NOT NULL PRIMARY KEY,
  target     BLOB NOT NULL,
  stopped_ms INTEGER,
  reason     TEXT
) STRICT, WITHOUT ROWID;
";

const V2: &str = "
ALTER TABLE feed ADD COLUMN update_period_ms INTEGER;
ALTER TABLE feed ADD COLUMN skip_hours INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN skip_days INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN rhythm BLOB;
ALTER TABLE schedule ADD COLUMN fresh_until_ms INTEGER;
CREATE INDEX feed_url ON feed(url);

CREATE TABLE left_url (
  url          TEXT NOT NULL PRIMARY KEY,
  last_poll_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE entry ADD COLUMN language_basis TEXT;
ALTER TABLE entry ADD COLUMN text_from TEXT NOT NULL DEFAULT 'feed';

CREATE TABLE page (
  entry_id        INTEGER PRIMARY KEY REFERENCES entry(id),
  url             TEXT NOT NULL,
  state           TEXT NOT NULL CHECK (state IN ('waiting', 'read', 'failed')),
  attempts        INTEGER NOT NULL DEFAULT 0,
  next_attempt_ms INTEGER NOT NULL,
  error           TEXT,
  created_ms      INTEGER NOT NULL,
  settled_ms      INTEGER
) STRICT;
CREATE INDEX page_due ON page(next_attempt_ms) WHERE state = 'waiting';

-- No secret is in it: callbacks and secrets are made from a key in a file.
CREATE TABLE subscription (
  feed_id        INTEGER NOT NULL REFERENCES feed(id),
  generation     INTEGER NOT NULL,
  hub            TEXT NOT NULL,
  topic          TEXT NOT NULL,
  callback_hash  BLOB NOT NULL,
  state          TEXT NOT NULL CHECK (state IN
                   ('wanted', 'requested', 'active', 'denied', 'failed', 'lost', 'leaving', 'gone')),
  lease_until_ms INTEGER,
  next_action_ms INTEGER,
  attempts       INTEGER NOT NULL DEFAULT 0,
  heard_ms       INTEGER,
  missed         INTEGER NOT NULL DEFAULT 0,
  error          TEXT,
  PRIMARY KEY (feed_id, generation)
) STRICT, WITHOUT ROWID;
";

/// Fingerprints hold what of a text can be compared; a band is a hash of a part of one. Bands have no
/// foreign key: it would need an index by entry, as large as the table.
const V3: &str = "
CREATE TABLE fingerprint (
  entry_id INTEGER PRIMARY KEY REFERENCES entry(id),
  at_ms    INTEGER NOT NULL,
  sketch   BLOB NOT NULL
) STRICT;
CREATE INDEX fingerprint_age ON fingerprint(at_ms);

CREATE TABLE fingerprint_band (
  band     INTEGER NOT NULL,
  entry_id INTEGER NOT NULL,
  PRIMARY KEY (band, entry_id)
) STRICT, WITHOUT ROWID;

-- The entries that were compared may be pruned before the stories are.
CREATE TABLE story_join (
  story_id      INTEGER PRIMARY KEY REFERENCES story(id),
  into_id       INTEGER NOT NULL REFERENCES story(id),
  entry_id      INTEGER NOT NULL,
  like_entry_id INTEGER NOT NULL,
  likeness      REAL NOT NULL,
  created_ms    INTEGER NOT NULL
) STRICT;
CREATE INDEX story_join_into ON story_join(into_id);
CREATE INDEX story_join_entry ON story_join(entry_id);
";

/// What was recorded before has no score: nobody knows it.
const V4: &str = "
ALTER TABLE mention ADD COLUMN score INTEGER;
ALTER TABLE alert ADD COLUMN score INTEGER;
";

/// Deliveries may be dropped and keep what the receiver answered; sinks may be paused. The table is
/// made anew because SQLite can't change a check. `delivery_order` is for sinks that keep the order.
const V5: &str = "
CREATE TABLE delivery_5 (
  id              INTEGER PRIMARY KEY,
  alert_id        TEXT NOT NULL REFERENCES alert(id),
  sink            TEXT NOT NULL,
  state           TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead', 'dropped', 'silenced')),
  attempts        INTEGER NOT NULL DEFAULT 0,
  next_attempt_ms INTEGER NOT NULL,
  error           TEXT,
  response        TEXT,
  drop_reason     TEXT,
  created_ms      INTEGER NOT NULL,
  settled_ms      INTEGER,
  UNIQUE (alert_id, sink)
) STRICT;
INSERT INTO delivery_5 (id, alert_id, sink, state, attempts, next_attempt_ms, error, created_ms, settled_ms)
  SELECT id, alert_id, sink, state, attempts, next_attempt_ms, error, created_ms, settled_ms FROM delivery;
DROP TABLE delivery;
ALTER TABLE delivery_5 RENAME TO delivery;
CREATE INDEX delivery_due ON delivery(sink, next_attempt_ms) WHERE state = 'waiting';
CREATE INDEX delivery_order ON delivery(sink) WHERE state = 'waiting';
CREATE INDEX delivery_settled ON delivery(state, settled_ms);

ALTER TABLE sink ADD COLUMN paused_until_ms INTEGER;
ALTER TABLE sink ADD COLUMN pauses INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sink ADD COLUMN pause_reason TEXT;
";

/// Alerts may be silenced for a while.
const V6: &str = "
CREATE TABLE silence (
  id         INTEGER PRIMARY KEY,
  topic      TEXT,
  feed       TEXT,
  story_key  BLOB,
  pattern    TEXT,
  comment    TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  until_ms   INTEGER NOT NULL,
  ended_ms   INTEGER
) STRICT;
CREATE INDEX silence_active ON silence(until_ms) WHERE ended_ms IS NULL;

ALTER TABLE delivery ADD COLUMN silence_id INTEGER REFERENCES silence(id);
CREATE INDEX delivery_silence ON delivery(silence_id) WHERE silence_id IS NOT NULL;
";

/// Alerts may be held back and told together. The table is made anew because SQLite can't change a
/// check.
const V7: &str = "
CREATE TABLE delivery_7 (
  id              INTEGER PRIMARY KEY,
  alert_id        TEXT NOT NULL REFERENCES alert(id),
  sink            TEXT NOT NULL,
  state           TEXT NOT NULL CHECK (state IN
                    ('held', 'waiting', 'delivered', 'gathered', 'dead', 'dropped', 'silenced')),
  attempts        INTEGER NOT NULL DEFAULT 0,
  next_attempt_ms INTEGER NOT NULL,
  bundle          TEXT,
  digest_id       TEXT REFERENCES alert(id),
  error           TEXT,
  response        TEXT,
  drop_reason     TEXT,
  created_ms      INTEGER NOT NULL,
  settled_ms      INTEGER,
  silence_id      INTEGER REFERENCES silence(id),
  UNIQUE (alert_id, sink)
) STRICT;
INSERT INTO delivery_7 (id, alert_id, sink, state, attempts, next_attempt_ms, error, response, drop_reason,
    created_ms, settled_ms, silence_id)
  SELECT id, alert_id, sink, state, attempts, next_attempt_ms, error, response, drop_reason, created_ms,
    settled_ms, silence_id FROM delivery;
DROP TABLE delivery;
ALTER TABLE delivery_7 RENAME TO delivery;
CREATE INDEX delivery_due ON delivery(sink, next_attempt_ms) WHERE state = 'waiting';
CREATE INDEX delivery_order ON delivery(sink) WHERE state = 'waiting';
CREATE INDEX delivery_held ON delivery(sink, bundle) WHERE state = 'held';
CREATE INDEX delivery_digest ON delivery(digest_id) WHERE digest_id IS NOT NULL;
CREATE INDEX delivery_settled ON delivery(state, settled_ms);
CREATE INDEX delivery_silence ON delivery(silence_id) WHERE silence_id IS NOT NULL;

CREATE TABLE bundle (
  sink    TEXT NOT NULL,
  key     TEXT NOT NULL,
  due_ms  INTEGER,
  told_ms INTEGER,
  PRIMARY KEY (sink, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX bundle_due ON bundle(sink, due_ms) WHERE due_ms IS NOT NULL;

ALTER TABLE sink ADD COLUMN rate_full_ms INTEGER;
";

/// Counts by quarter-hour in place of those by hour and feed, of which as much is kept as they tell: what
/// fell into an hour counts for its first quarter, and each mention as a story. The index is for feeds of
/// what a sink has got.
const V8: &str = "
CREATE TABLE series (
  topic    TEXT NOT NULL,
  quarter  INTEGER NOT NULL,
  mentions INTEGER NOT NULL,
  stories  INTEGER NOT NULL,
  PRIMARY KEY (topic, quarter)
) STRICT, WITHOUT ROWID;

CREATE TABLE series_day (
  topic    TEXT NOT NULL,
  dim      TEXT NOT NULL,
  day      INTEGER NOT NULL,
  value    TEXT NOT NULL,
  mentions INTEGER NOT NULL,
  PRIMARY KEY (topic, dim, day, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE together (
  topic   TEXT NOT NULL,
  other   TEXT NOT NULL,
  day     INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  PRIMARY KEY (topic, day, other)
) STRICT, WITHOUT ROWID;

INSERT INTO series SELECT topic, hour * 4, sum(mentions), sum(mentions) FROM mention_count
  GROUP BY topic, hour;
INSERT INTO series_day SELECT c.topic, 'feed', c.hour / 24, f.name, sum(c.mentions)
  FROM mention_count c JOIN feed f ON f.id = c.feed_id WHERE c.hour >= 0 GROUP BY c.topic, c.hour / 24, f.name;
DROP TABLE mention_count;

CREATE INDEX delivery_told ON delivery(sink, settled_ms) WHERE state = 'delivered';

ALTER TABLE entry ADD COLUMN counted_ms INTEGER;
ALTER TABLE mention ADD COLUMN counted_ms INTEGER;
ALTER TABLE mention ADD COLUMN counted_language TEXT;
ALTER TABLE mention ADD COLUMN counted_field TEXT;
ALTER TABLE mention ADD COLUMN counted_story INTEGER;
";

/// The index of the history, by the entry's id. What was recorded before is indexed later, from the last
/// entry down. With `hashsize` the tokens of a commit become one segment, be they many.
const V9: &str = "
CREATE VIRTUAL TABLE search USING fts5(
  title, summary, content, content = '', contentless_delete = 1, tokenize = 'ascii'
);
INSERT INTO search (search, rank) VALUES ('hashsize', 8388608);

CREATE TABLE search_backlog (
  last_id INTEGER NOT NULL
) STRICT;
INSERT INTO search_backlog SELECT id FROM entry ORDER BY id DESC LIMIT 1;
";

/// What is listed of a topic over a span of time goes by the time under which it is counted.
const V10: &str = "
CREATE INDEX mention_counted ON mention(topic, coalesce(counted_ms, created_ms));
";

/// Mentions on their way to sinks that want every mention. A number is never used again, so that what is
/// removed beside a worker is not taken for what came after it.
const V11: &str = "
CREATE TABLE mention_event (
  id         TEXT NOT NULL PRIMARY KEY,
  topic      TEXT NOT NULL,
  language   TEXT,
  created_ms INTEGER NOT NULL,
  detail     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mention_event_age ON mention_event(created_ms);

CREATE TABLE mention_delivery (
  seq             INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id        TEXT NOT NULL REFERENCES mention_event(id),
  sink            TEXT NOT NULL,
  state           TEXT NOT NULL CHECK (state IN ('waiting', 'dead')),
  attempts        INTEGER NOT NULL DEFAULT 0,
  next_attempt_ms INTEGER NOT NULL,
  error           TEXT,
  UNIQUE (event_id, sink)
) STRICT;
CREATE INDEX mention_delivery_order ON mention_delivery(sink, seq) WHERE state = 'waiting';
CREATE INDEX mention_delivery_dead ON mention_delivery(next_attempt_ms) WHERE state = 'dead';
";

/// Brings the database to [`VERSION`], in one transaction, so that nobody sees a version between.
///
/// # Errors
/// [`StoreError::Newer`] for a database of a later program, [`StoreError::NotOurs`] for a file
/// that some other program made, or what SQLite says.
pub fn migrate(conn: &mut Connection) -> Result<(), StoreError> {
    let found = check(conn)?;
    if found == VERSION {
        return Ok(());
    }
    let tx = conn.transaction()?;
    for sql in MIGRATIONS.iter().skip(found) {
        tx.execute_batch(sql)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", VERSION)?;
    tx.commit()?;
    Ok(())
}

/// The version of the database, after making sure that this program can use it.
///
/// # Errors
/// As for [`migrate`].
pub fn check(conn: &Connection) -> Result<usize, StoreError> {
    let not_ours = || StoreError::NotOurs(conn.path().unwrap_or_default().into());
    // The first look at the file: here it turns out whether it is a database at all.
    let found: usize = conn
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => not_ours(),
            _ => error.into(),
        })?;
    let application: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (application != 0 || found != 0 || tables != 0) {
        return Err(not_ours());
    }
    if found > VERSION {
        return Err(StoreError::Newer {
            path: conn.path().unwrap_or_default().into(),
            found,
            known: VERSION,
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod upgrade;
