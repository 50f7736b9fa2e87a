//! The plan has every table and column of both schemas, with the right keys and in an order that works.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::store::{postgres, schema};

/// A table as a schema has it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    columns: BTreeSet<String>,
    key: Vec<String>,
    refers_to: BTreeSet<String>,
    gives_ids: bool,
}

type Schema = BTreeMap<String, Found>;

fn of_the_file() -> Schema {
    let mut conn = rusqlite::Connection::open_in_memory().unwrap();
    schema::migrate(&mut conn).unwrap();
    let mut tables: Schema = BTreeMap::new();
    let mut columns = conn
        .prepare(
            "SELECT t.name, c.name, c.pk FROM pragma_table_list t, pragma_table_info(t.name) c
             WHERE t.schema = 'main' AND t.type IN ('table', 'virtual') AND t.name NOT LIKE 'sqlite_%'
             ORDER BY t.name, c.pk",
        )
        .unwrap();
    let rows = columns.query_map([], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?))
    });
    for row in rows.unwrap() {
        let (table, column, key): (String, String, i64) = row.unwrap();
        let found = tables.entry(table).or_default();
        if key > 0 {
            found.key.push(column.clone());
        }
        found.columns.insert(column);
    }
    let mut references = conn
        .prepare("SELECT \"table\" FROM pragma_foreign_key_list(?1)")
        .unwrap();
    for (name, found) in &mut tables {
        let others = references.query_map([name], |row| row.get(0)).unwrap();
        found.refers_to = others.map(Result::unwrap).collect();
    }
    tables
}

/// The server's, by the text of its steps: so that it needs no server.
fn of_the_server() -> Schema {
    let mut tables: Schema = BTreeMap::new();
    for sql in postgres::schema::MIGRATIONS {
        let without_remarks: Vec<&str> = sql
            .lines()
            .map(|line| line.split("--").next().unwrap())
            .collect();
        for statement in without_remarks.join("\n").split(';') {
            read(statement.trim(), &mut tables);
        }
    }
    tables
}

fn read(statement: &str, tables: &mut Schema) {
    if let Some(rest) = statement.strip_prefix("CREATE TABLE ") {
        // What a partition has is its table's.
        if rest.contains(" PARTITION OF ") {
            return;
        }
        let (rest, by) = rest
            .split_once(" PARTITION BY RANGE ")
            .unwrap_or((rest, ""));
        let (name, body) = rest.split_once('(').unwrap();
        let found = tables.entry(name.trim().to_owned()).or_default();
        let body = body.rsplit_once(')').unwrap().0;
        for part in parts(body) {
            column(part, found);
        }
        // It has to be in the key and tells no rows apart.
        found.key.retain(|column| by != format!("({column})"));
    } else if let Some(rest) = statement.strip_prefix("ALTER TABLE ") {
        let (name, change) = rest.split_once(char::is_whitespace).unwrap();
        if let Some(other) = change.strip_prefix("RENAME TO ") {
            let found = tables.remove(name).unwrap();
            tables.insert(other.to_owned(), found);
            return;
        }
        let found = tables.get_mut(name).unwrap();
        for part in parts(change) {
            if let Some(added) = part.strip_prefix("ADD COLUMN ") {
                column(added, found);
            } else if let Some(dropped) = part.strip_prefix("DROP COLUMN ") {
                found.columns.remove(dropped);
            }
        }
    } else if let Some(name) = statement.strip_prefix("DROP TABLE ") {
        tables.remove(name);
    }
}

/// What stands between commas that are in no parentheses.
fn parts(text: &str) -> Vec<&str> {
    let (mut depth, mut from, mut parts) = (0, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[from..].trim());
    parts
}

fn column(text: &str, found: &mut Found) {
    if let Some(at) = text.find("REFERENCES ") {
        let other = text[at + "REFERENCES ".len()..].split('(').next().unwrap();
        found.refers_to.insert(other.trim().to_owned());
    }
    let first = text.split_whitespace().next().unwrap();
    if text.starts_with("PRIMARY KEY") {
        let names = text.split_once('(').unwrap().1.trim_end_matches(')');
        found.key = names
            .split(',')
            .map(|name| name.trim().to_owned())
            .collect();
    } else if !["UNIQUE", "CHECK", "FOREIGN", "CONSTRAINT"]
        .iter()
        .any(|word| first.starts_with(word))
    {
        found.columns.insert(first.to_owned());
        found.gives_ids |= text.contains("AS IDENTITY");
        if text.contains("PRIMARY KEY") {
            found.key = vec![first.to_owned()];
        }
    }
}

/// What the plan lacks of a schema, or has otherwise.
fn compare(schema: &Schema, gives_ids: bool) {
    let is_left = |table: &str, column: &str| LEFT_COLUMNS.contains(&(table, column));
    for (name, found) in schema {
        if LEFT.iter().any(|(left, _)| left == name) {
            continue;
        }
        let table = TABLES
            .iter()
            .find(|table| table.name == name)
            .unwrap_or_else(|| panic!("`{name}` is neither copied nor left on purpose"));
        let columns: BTreeSet<String> = table.columns.iter().map(ToString::to_string).collect();
        let of_schema = found.columns.iter().filter(|column| !is_left(name, column));
        assert_eq!(
            of_schema.cloned().collect::<BTreeSet<_>>(),
            columns,
            "{name}"
        );
        assert_eq!(found.key, table.key, "{name}");
        if gives_ids {
            assert_eq!(found.gives_ids, table.gives_ids, "{name}");
        }
    }
}

/// Whether each table comes behind those that it refers to.
fn order(schema: &Schema) {
    let place = |name: &str| TABLES.iter().position(|table| table.name == name);
    for (name, found) in schema {
        for other in &found.refers_to {
            assert!(place(other) <= place(name), "{name} refers to {other}");
        }
    }
}

#[test]
fn every_table_and_column_of_both_schemas_is_copied_or_left_on_purpose() {
    let (file, server) = (of_the_file(), of_the_server());
    assert!(file.len() > 20 && server.len() > 20, "they can be read");
    compare(&file, false);
    compare(&server, true);
    for table in TABLES {
        for schema in [&file, &server] {
            assert!(schema.contains_key(table.name), "{}", table.name);
        }
        assert_eq!(table.key_places().len(), table.key.len(), "{}", table.name);
    }
    order(&file);
    order(&server);
}

#[test]
#[should_panic(expected = "`novel` is neither copied nor left on purpose")]
fn a_table_that_was_forgotten_is_noticed() {
    let mut schema = of_the_server();
    read("CREATE TABLE novel (id BIGINT PRIMARY KEY)", &mut schema);
    compare(&schema, true);
}

#[test]
#[should_panic(expected = "assertion `left == right` failed: page")]
fn a_column_that_was_forgotten_is_noticed() {
    let mut schema = of_the_server();
    read("ALTER TABLE page ADD COLUMN novel BIGINT", &mut schema);
    compare(&schema, true);
}
