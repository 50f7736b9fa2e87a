//! Comma-separated values (RFC 4180), for those who read mentions and counts in a spreadsheet.
//!
//! What strangers wrote may begin like a formula, which spreadsheets would run: such a cell gets an
//! apostrophe in front, and so does one that begins with apostrophes before such a character. So who takes
//! one apostrophe from each cell that begins like that has the text as it was.

use crate::model::Timestamp;
use crate::store::MentionRow;

/// The columns of mentions.
pub const MENTION_COLUMNS: [&str; 16] = [
    "id",
    "found",
    "topic",
    "score",
    "entry",
    "story",
    "feed",
    "source",
    "language",
    "published",
    "title",
    "link",
    "term",
    "field",
    "hits",
    "snippet",
];

/// Adds a line of these cells.
pub fn push_line<'c>(out: &mut String, cells: impl IntoIterator<Item = &'c str>) {
    for (n, cell) in cells.into_iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        push_cell(out, cell);
    }
    out.push_str("\r\n");
}

/// Adds a mention, in the order of [`MENTION_COLUMNS`].
pub fn push_mention(out: &mut String, row: &MentionRow) {
    let score = row.score.map(|score| score.to_string());
    let published = row.published.as_ref().map(Timestamp::to_string);
    push_line(
        out,
        [
            row.id.to_string().as_str(),
            &row.found.to_string(),
            &row.topic,
            score.as_deref().unwrap_or_default(),
            &row.entry.to_string(),
            &row.story.to_string(),
            &row.feed,
            &row.source,
            row.language.as_deref().unwrap_or_default(),
            published.as_deref().unwrap_or_default(),
            &row.title,
            row.link.as_deref().unwrap_or_default(),
            &row.term,
            &row.field,
            &row.hits.to_string(),
            &row.snippet,
        ],
    );
}

fn push_cell(out: &mut String, cell: &str) {
    let is_formula = cell
        .trim_start_matches('\'')
        .starts_with(['=', '+', '-', '@', '\t', '\r']);
    let is_quoted = cell.contains(['"', ',', '\n', '\r']);
    if is_quoted {
        out.push('"');
    }
    if is_formula {
        out.push('\'');
    }
    if is_quoted {
        out.push_str(&cell.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(cell);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quoted(cell: &str) -> String {
        let mut out = String::new();
        push_cell(&mut out, cell);
        out
    }

    #[test]
    fn cells_are_quoted_where_they_must_be_and_no_formula_is_left() {
        for (cell, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "'=1+1"),
            ("'=1+1", "''=1+1"),
            ("'quoted'", "'quoted'"),
            ("@SUM(A1,B1)", "\"'@SUM(A1,B1)\""),
            ("-", "'-"),
            ("", ""),
        ] {
            assert_eq!(quoted(cell), expected);
        }
    }

    proptest! {
        /// A reader of RFC 4180 gets the text back, once it has taken the apostrophe away.
        #[test]
        fn a_cell_is_read_back(cell in "(['=@-]{0,3}).{0,60}") {
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
            prop_assert!(!read.starts_with(['=', '+', '-', '@', '\t', '\r']));
            let guarded = read.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r']);
            let text = if guarded { &read[1..] } else { &read[..] };
            prop_assert_eq!(text, cell);
        }
    }
}
