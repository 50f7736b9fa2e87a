//! Tables of a test's own on the tests' PostgreSQL server: a schema that nobody else uses.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::{Client, NoTls};

use crate::support::{runtime, skip};

/// A schema; it goes with the server.
pub struct Tables {
    /// The URL of a database that begins there.
    pub url: String,
    client: Client,
    schema: String,
}

impl Tables {
    /// An empty schema; `None`, after saying so, without a server.
    pub fn new(test: &str) -> Option<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let Ok(url) = std::env::var("TEST_POSTGRES") else {
            skip(test, "TEST_POSTGRES is not set; run it by .ci/servers.sh");
            return None;
        };
        let n = MADE.fetch_add(1, Ordering::Relaxed);
        let schema = format!("copy_{}_{n}", std::process::id());
        let client = runtime().block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
            tokio::spawn(connection);
            client
        });
        let tables = Self {
            url: format!("{url}?options=-csearch_path%3D{schema}"),
            client,
            schema,
        };
        tables.run(&format!(
            "CREATE SCHEMA {0}; SET search_path = {0}",
            tables.schema
        ));
        Some(tables)
    }

    /// Runs statements.
    pub fn run(&self, sql: &str) {
        runtime().block_on(self.client.batch_execute(sql)).unwrap();
    }

    /// The number that a statement finds.
    pub fn number(&self, sql: &str) -> i64 {
        let row = runtime().block_on(self.client.query_one(sql, &[]));
        row.unwrap().get(0)
    }

    /// How many rows a table has, if it is there.
    pub fn rows(&self, table: &str) -> Option<i64> {
        let sql = format!("SELECT count(*) FROM {table}");
        let row = runtime().block_on(self.client.query_one(&sql, &[]));
        Some(row.ok()?.get(0))
    }
}
