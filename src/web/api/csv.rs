//! Lists as comma-separated values (RFC 4180).
//!
//! What strangers wrote may begin like a formula, which spreadsheets would run: such a cell gets an
//! apostrophe in front.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::mentions::Format;
use crate::model::Timestamp;
use crate::store::MentionRow;

/// The columns of mentions.
const MENTIONS: &str = "id,found,topic,score,entry,story,feed,source,language,published,title,link,term,field,hits,snippet";

/// A table, as an answer in CSV.
#[derive(Debug)]
pub(super) struct Table {
    name: &'static str,
    text: String,
}

impl Table {
    /// A table without rows, which is kept as a file of this name.
    pub(super) fn new(name: &'static str, header: &str) -> Self {
        let text = format!("{header}\r\n");
        Self { name, text }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: &[String]) {
        for (n, cell) in cells.iter().enumerate() {
            if n > 0 {
                self.text.push(',');
            }
            self.text.push_str(&quoted(cell));
        }
        self.text.push_str("\r\n");
    }
}

impl IntoResponse for Table {
    fn into_response(self) -> Response {
        let file = format!("attachment; filename=\"{}.csv\"", self.name);
        let media = "text/csv; charset=utf-8; header=present".to_owned();
        let headers = [(CONTENT_TYPE, media), (CONTENT_DISPOSITION, file)];
        (headers, self.text).into_response()
    }
}

/// Whether CSV is wanted: by the parameter, or else by an `Accept` that names CSV and does not name JSON.
pub(super) fn prefers_csv(format: Option<Format>, headers: &HeaderMap) -> bool {
    if let Some(format) = format {
        return format == Format::Csv;
    }
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    let accept = accept.unwrap_or_default().to_ascii_lowercase();
    accept.contains("text/csv") && !accept.contains("json")
}

/// Mentions as an answer in CSV.
pub(super) fn mentions(rows: &[MentionRow]) -> Table {
    let mut table = Table::new("mentions", MENTIONS);
    for row in rows {
        let optional = |value: Option<String>| value.unwrap_or_default();
        table.row(&[
            row.id.to_string(),
            row.found.to_string(),
            row.topic.clone(),
            optional(row.score.map(|score| score.to_string())),
            row.entry.to_string(),
            row.story.to_string(),
            row.feed.clone(),
            row.source.clone(),
            optional(row.language.clone()),
            optional(row.published.as_ref().map(Timestamp::to_string)),
            row.title.clone(),
            optional(row.link.clone()),
            row.term.clone(),
            row.field.clone(),
            row.hits.to_string(),
            row.snippet.clone(),
        ]);
    }
    table
}

fn quoted(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if is_formula {
        format!("'{cell}")
    } else {
        cell.to_owned()
    };
    if cell.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::quoted;

    #[test]
    fn cells_are_quoted_where_they_must_be_and_no_formula_is_left() {
        for (cell, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "'=1+1"),
            ("@SUM(A1,B1)", "\"'@SUM(A1,B1)\""),
            ("-", "'-"),
            ("", ""),
        ] {
            assert_eq!(quoted(cell), expected);
        }
    }

    proptest! {
        /// A reader of RFC 4180 gets the text back, but for the apostrophe.
        #[test]
        fn a_cell_is_read_back(cell in ".{0,60}") {
            let shown = quoted(&cell);
            let read = match shown.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
                Some(inner) if shown.len() > 1 => {
                    prop_assert!(!inner.replace("\"\"", "").contains('"'));
                    inner.replace("\"\"", "\"")
                }
                _ => {
                    prop_assert!(!shown.contains(['"', ',', '\n', '\r']));
                    shown.clone()
                }
            };
            let is_same = read == cell || read.strip_prefix('\'') == Some(cell.as_str());
            prop_assert!(is_same, "{}", read);
        }
    }
}
