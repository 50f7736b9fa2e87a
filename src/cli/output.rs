//! Printing results: to standard output, with colour only for people at a terminal.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use serde::Serialize;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::CliError;
use crate::config::units::show_duration;
use crate::model::Timestamp;

/// Standard output.
pub struct Output {
    colour: bool,
    /// How many columns a line has, when standard output is a terminal.
    columns: Option<usize>,
}

impl Output {
    /// Standard output; colour when it is a terminal and `NO_COLOR` is not set.
    pub fn stdout() -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let size = is_terminal.then(terminal_size::terminal_size).flatten();
        Self {
            colour: colour_wanted() && is_terminal,
            columns: size.map(|(width, _)| usize::from(width.0)),
        }
    }

    /// Prints a line.
    #[expect(
        clippy::unused_self,
        reason = "all printing goes through the one handle"
    )]
    pub fn line(&self, text: impl AsRef<str>) -> Result<(), CliError> {
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_ref().as_bytes())?;
        out.write_all(b"\n")?;
        Ok(())
    }

    /// Prints a value as one line of JSON.
    pub fn json(&self, value: &impl Serialize) -> Result<(), CliError> {
        let line = serde_json::to_string(value)
            .map_err(|error| CliError::Failed(format!("can't write JSON: {error}")))?;
        self.line(line)
    }

    /// Emphasised, for people.
    pub fn strong(&self, text: &str) -> String {
        if self.colour {
            format!("\x1b[1;33m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// The text with the bytes `start..end` emphasised.
    pub fn highlight(&self, text: &str, start: usize, end: usize) -> String {
        let parts = (text.get(..start), text.get(start..end), text.get(end..));
        let (Some(before), Some(hit), Some(after)) = parts else {
            return printable(text);
        };
        let (before, hit, after) = (printable(before), printable(hit), printable(after));
        if self.colour {
            format!("{before}\x1b[1;33m{hit}\x1b[0m{after}")
        } else {
            format!("{before}»{hit}«{after}")
        }
    }

    /// The text with each of these ranges of bytes emphasised; they are in order and none overlap.
    pub fn highlight_all(&self, text: &str, hits: &[(usize, usize)]) -> String {
        let (begin, end) = if self.colour {
            ("\x1b[1;33m", "\x1b[0m")
        } else {
            ("»", "«")
        };
        let mut out = String::with_capacity(text.len() + 8 * hits.len());
        let mut at = 0;
        for (start, stop) in hits {
            let (Some(before), Some(hit)) = (text.get(at..*start), text.get(*start..*stop)) else {
                continue;
            };
            out.push_str(&printable(before));
            out.push_str(begin);
            out.push_str(&printable(hit));
            out.push_str(end);
            at = *stop;
        }
        out + &printable(text.get(at..).unwrap_or_default())
    }

    /// Prints rows in aligned columns, the last one ragged. On a terminal the widest columns are
    /// cut so that no row wraps; elsewhere nothing is cut.
    pub fn table(&self, header: &[&str], rows: &[Vec<String>]) -> Result<(), CliError> {
        let mut widths: Vec<usize> = header.iter().map(|h| h.width()).collect();
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        if let Some(columns) = self.columns {
            fit(&mut widths, columns);
        }
        let print = |cells: &mut dyn Iterator<Item = &str>| {
            let mut line = String::new();
            for (cell, width) in cells.zip(&widths) {
                let cell = shortened(cell, *width);
                let padding = width.saturating_sub(cell.width());
                // Writing to a String can't fail.
                let _ = write!(line, "{cell}{}  ", " ".repeat(padding));
            }
            self.line(line.trim_end())
        };
        print(&mut header.iter().copied())?;
        rows.iter()
            .try_for_each(|row| print(&mut row.iter().map(String::as_str)))
    }
}

/// Between two columns of a table.
const GAP: usize = 2;
/// No column is made narrower than this.
const NARROWEST: usize = 6;

/// Takes from the widest column until the row fits, or nothing more can be taken.
fn fit(widths: &mut [usize], columns: usize) {
    loop {
        let total = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        let Some(widest) = widths.iter_mut().max() else {
            return;
        };
        if total <= columns || *widest <= NARROWEST {
            return;
        }
        *widest -= 1;
    }
}

/// The text in at most `width` columns of a terminal, with `…` where it is cut.
fn shortened(text: &str, width: usize) -> std::borrow::Cow<'_, str> {
    if text.width() <= width {
        return text.into();
    }
    let mut left = width.saturating_sub(1);
    let mut short: String = text
        .chars()
        .take_while(|c| {
            let needed = c.width().unwrap_or(0);
            let fits = needed <= left;
            left = left.saturating_sub(needed);
            fits
        })
        .collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short.into()
}

/// Whether `NO_COLOR` (<https://no-color.org>) leaves colour to the terminal.
pub fn colour_wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

/// Prints a line to standard error. Unlike `eprintln!` it does not panic when nobody reads there.
pub fn complain(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

pub use crate::view::printable;

/// A time as people say it: `3m ago`, `in 2h 5m`, `now`. What is past has passed in full; what is to come is
/// rounded, so that 8h are not 7h 55m a moment later.
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    let rough = |seconds: u64, is_past: bool| {
        let unit = match seconds {
            0..=59 => 1,
            60..=3599 => 60,
            3600..=86_399 => 300,
            _ => 3600,
        };
        let up = if is_past { 0 } else { unit / 2 };
        show_duration(Duration::from_secs((seconds + up) / unit * unit))
    };
    if at > now + Duration::from_millis(999) {
        let half = Duration::from_millis(500);
        format!("in {}", rough((at + half).since(now).as_secs(), false))
    } else if now.since(at) < Duration::from_secs(1) {
        "now".to_owned()
    } else {
        format!("{} ago", rough(now.since(at).as_secs(), true))
    }
}

/// A score as it stands behind a title; nothing where it is not known.
pub fn scored(score: Option<u8>) -> String {
    score
        .map(|score| format!(" | score {score}"))
        .unwrap_or_default()
}

/// A size as people say it: `512 B`, `1.4 MiB`.
pub fn bytes(n: u64) -> String {
    let mut size = n as f64;
    for unit in ["B", "KiB", "MiB"] {
        if size < 1000.0 {
            let digits = usize::from(unit != "B" && size < 100.0);
            return format!("{size:.digits$} {unit}");
        }
        size /= 1024.0;
    }
    format!("{size:.1} GiB")
}

/// `1 feed`, `2 feeds`, `3 entries`.
pub fn count(n: usize, noun: &str) -> String {
    match (n, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{n} {stem}ies"),
        _ => format!("{n} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_people_say_them() {
        let now = Timestamp::from_millis(1_000_000_000);
        let mins = Duration::from_mins;
        assert_eq!(relative(now - mins(3), now), "3m ago");
        assert_eq!(relative(now + mins(127), now), "in 2h 5m");
        assert_eq!(relative(now, now), "now");
        for (ms, text) in [
            (999, "now"),
            (1000, "in 1s"),
            (9_700, "in 10s"),
            (59_700, "in 1m"),
            (8 * 3_600_000 - 20, "in 8h"),
            (8 * 3_600_000 - 9 * 60_000, "in 7h 50m"),
            (7 * 86_400_000 - 20, "in 7d"),
        ] {
            assert_eq!(relative(now + Duration::from_millis(ms), now), text);
        }
        assert_eq!(
            relative(now - Duration::from_millis(119_900), now),
            "1m ago"
        );
    }

    #[test]
    fn sizes_read_as_people_say_them() {
        for (n, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (4096, "4.0 KiB"),
            (300 << 20, "300 MiB"),
            (5 << 30, "5.0 GiB"),
        ] {
            assert_eq!(bytes(n), text);
        }
    }

    #[test]
    fn nouns_are_counted() {
        assert_eq!(count(1, "entry"), "1 entry");
        assert_eq!(count(2, "entry"), "2 entries");
        assert_eq!(count(0, "feed"), "0 feeds");
    }

    #[test]
    fn a_table_is_cut_where_it_is_widest_and_by_the_columns_that_characters_take() {
        let mut widths = [4, 30, 20];
        fit(&mut widths, 40);
        assert_eq!(widths, [4, 16, 16]);
        fit(&mut widths, 1);
        assert_eq!(widths, [4, 6, 6], "then it wraps");
        assert_eq!(shortened("习近平会见普京", 14), "习近平会见普京");
        assert_eq!(shortened("习近平会见普京", 8), "习近平…");
        assert_eq!(shortened("one two", 5), "one…");
        assert_eq!(shortened("one", 3), "one");
    }

    #[test]
    fn hits_are_marked_and_control_characters_are_not_printed() {
        let out = Output {
            colour: false,
            columns: None,
        };
        assert_eq!(out.highlight("a\x1b[31mПутин b", 6, 16), "a [31m»Путин« b");
        assert_eq!(out.highlight("ü", 1, 2), "ü");
        assert_eq!(
            out.highlight_all("a\x1bb ü", &[(0, 1), (4, 6)]),
            "»a« b »ü«"
        );
        assert_eq!(out.highlight_all("ü", &[(1, 2)]), "ü");
    }
}
