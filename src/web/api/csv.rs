//! Mentions as an answer in comma-separated values.

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;

use crate::store::MentionRow;
use crate::view::csv::{MENTION_COLUMNS, push_line, push_mention};

/// Mentions as an answer in CSV.
pub(super) fn mentions(rows: &[MentionRow]) -> impl IntoResponse + use<> {
    let mut text = String::new();
    push_line(&mut text, MENTION_COLUMNS);
    for row in rows {
        push_mention(&mut text, row);
    }
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (CONTENT_DISPOSITION, "attachment; filename=\"mentions.csv\""),
    ];
    (headers, text)
}
