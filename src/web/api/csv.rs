//! Lists as answers in comma-separated values.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::mentions::Format;
use crate::store::MentionRow;
use crate::view::csv::{MENTION_COLUMNS, push_line, push_mention};

/// A table, as an answer in CSV.
#[derive(Debug)]
pub(super) struct Table {
    name: &'static str,
    text: String,
}

impl Table {
    /// A table without rows, which is kept as a file of this name.
    pub(super) fn new<'c>(name: &'static str, header: impl IntoIterator<Item = &'c str>) -> Self {
        let mut table = Self {
            name,
            text: String::new(),
        };
        table.row(header);
        table
    }

    /// Adds a row.
    pub(super) fn row<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>) {
        push_line(&mut self.text, cells);
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
    let mut table = Table::new("mentions", MENTION_COLUMNS);
    for row in rows {
        push_mention(&mut table.text, row);
    }
    table
}
