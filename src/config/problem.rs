//! What is wrong with a configuration, and where.
//!
//! A [`Problem`] is one finding with its file, line and column; a [`ConfigError`] is all findings
//! that keep the daemon from starting. `Report` collects errors and warnings while files are
//! read, so that the owner sees all of them at once. A problem prints on one line whatever it
//! quotes, on three where a query is wrong: control characters are escaped and quoted texts are cut. Values of secrets never get
//! here.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use super::source::Origin;

/// The most errors, and the most warnings, that are kept; the rest are counted.
const MOST: usize = 1000;

/// One finding about a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, or `environment variable NAME`.
    pub file: PathBuf,
    /// The line, from 1; 0 when the finding is about the file as a whole.
    pub line: usize,
    /// The column in characters, from 1; 0 when the finding is about the file as a whole.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The line of a query that is wrong, and how many columns stand before the place.
    pub excerpt: Option<(String, usize)>,
}

/// One line; with `{:#}` the excerpt follows on two more.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escaped(&self.file.to_string_lossy()))?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}", escaped(&self.message))?;
        if let Some(help) = &self.help {
            write!(f, "; {}", escaped(help))?;
        }
        match &self.excerpt {
            Some((line, indent)) if f.alternate() => {
                write!(f, "\n    {}\n    {:indent$}^", escaped(line), "")
            }
            _ => Ok(()),
        }
    }
}

/// Why a configuration can't be used: every problem found, in the order of files and lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The problems; never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem:#}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// Collects what is found while files are read.
#[derive(Debug, Default)]
pub(super) struct Report {
    errors: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
    dropped: Cell<usize>,
    /// Every `(table, key)` that a reader asked for.
    pub(super) keys: RefCell<BTreeSet<(&'static str, &'static str)>>,
    /// Every variable that may override a setting.
    pub(super) variables: RefCell<BTreeSet<String>>,
}

impl Report {
    /// Records what keeps the configuration from being used.
    ///
    /// On a line with a syntax error it stays silent: what was read there is a guess.
    pub(super) fn error(&self, origin: &Origin, message: impl Into<String>, help: Option<String>) {
        if !origin.is_on_a_broken_line() {
            self.push(&self.errors, origin, message.into(), help, None);
        }
    }

    /// Records a mistake inside a text, with the text's line and the column in it.
    pub(super) fn error_within(&self, origin: &Origin, message: String, excerpt: (String, usize)) {
        if !origin.is_on_a_broken_line() {
            self.push(&self.errors, origin, message, None, Some(excerpt));
        }
    }

    /// Records a syntax error.
    pub(super) fn syntax(&self, origin: &Origin, message: String) {
        self.push(&self.errors, origin, message, None, None);
    }

    /// Records what the owner should know and the daemon can live with.
    pub(super) fn warn(&self, origin: &Origin, message: impl Into<String>, help: Option<String>) {
        self.push(&self.warnings, origin, message.into(), help, None);
    }

    fn push(
        &self,
        list: &RefCell<Vec<Problem>>,
        origin: &Origin,
        message: String,
        help: Option<String>,
        excerpt: Option<(String, usize)>,
    ) {
        let mut list = list.borrow_mut();
        if list.len() >= MOST {
            self.dropped.set(self.dropped.get().saturating_add(1));
            return;
        }
        let (line, column) = origin.position();
        list.push(Problem {
            file: origin.source.file.clone(),
            line,
            column,
            message,
            help,
            excerpt,
        });
    }

    /// Ends the collection: the errors if there are any, else the warnings; both in the order of
    /// `files`, then of lines.
    pub(super) fn finish(self, files: &[PathBuf]) -> Result<Vec<Problem>, ConfigError> {
        let dropped = self.dropped.get();
        let (errors, mut warnings) = (self.errors.into_inner(), self.warnings.into_inner());
        let failed = !errors.is_empty();
        let mut problems = if failed {
            errors
        } else {
            std::mem::take(&mut warnings)
        };
        let rank = |file: &Path| files.iter().position(|known| known == file);
        problems.sort_by_cached_key(|problem| {
            let rank = rank(&problem.file).unwrap_or(usize::MAX);
            (rank, problem.file.clone(), problem.line, problem.column)
        });
        problems.dedup();
        if dropped > 0 {
            problems.push(Problem {
                file: files.first().cloned().unwrap_or_default(),
                line: 0,
                column: 0,
                message: format!("{dropped} more problems are not shown"),
                help: None,
                excerpt: None,
            });
        }
        if failed {
            Err(ConfigError { problems })
        } else {
            Ok(problems)
        }
    }
}

/// A text in backquotes, cut to 80 characters and on one line.
pub(super) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(80).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("`{}`", escaped(&shown))
}

/// Escapes what could break the line, move the cursor or turn the reading direction.
fn escaped(text: &str) -> String {
    let hostile = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if hostile(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// The candidate that a mistyped word was most likely meant to be.
pub(super) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let word: String = word.chars().take(64).collect();
    let length = word.chars().count();
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let distance = strsim::osa_distance(&word, candidate);
            let likeness = strsim::jaro_winkler(&word, candidate);
            // Two edits turn any two-letter word into any other: something must be left of it.
            let near = (distance <= 2 && distance < length) || likeness > 0.85;
            near.then_some((distance, likeness, candidate))
        })
        .min_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)))
        .map(|(_, _, candidate)| candidate)
}

/// The help that proposes the nearest candidate.
pub(crate) fn did_you_mean<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<String> {
    nearest(word, candidates).map(|found| format!("did you mean {}?", quoted(found)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_prints_on_one_line_whatever_it_quotes() {
        let problem = Problem {
            file: "a\nb.toml".into(),
            line: 12,
            column: 3,
            message: format!("bad {}", quoted("x\r\n\u{1b}[31m\u{202e}y")),
            help: Some("try\tagain".to_owned()),
            excerpt: None,
        };
        assert_eq!(
            problem.to_string(),
            "a\\nb.toml:12:3: bad `x\\r\\n\\u{1b}[31m\\u{202e}y`; try\\tagain"
        );
    }

    #[test]
    fn an_excerpt_stands_below_its_problem_when_asked_for() {
        let problem = Problem {
            file: "a.toml".into(),
            line: 1,
            column: 2,
            message: "bad".to_owned(),
            help: None,
            excerpt: Some(("a \u{1b}b".to_owned(), 2)),
        };
        assert_eq!(problem.to_string(), "a.toml:1:2: bad");
        assert_eq!(
            format!("{problem:#}"),
            "a.toml:1:2: bad\n    a \\u{1b}b\n      ^"
        );
    }

    #[test]
    fn a_problem_about_a_whole_file_has_no_line() {
        let problem = Problem {
            file: "a.toml".into(),
            line: 0,
            column: 0,
            message: "no feeds".to_owned(),
            help: None,
            excerpt: None,
        };
        assert_eq!(problem.to_string(), "a.toml: no feeds");
    }

    #[test]
    fn long_quotations_are_cut() {
        let long = quoted(&"ж".repeat(5000));
        assert_eq!(long.chars().count(), 83);
        assert!(long.ends_with("…`"), "{long}");
    }

    #[test]
    fn the_nearest_word_is_proposed_and_a_strange_one_is_not() {
        let known = ["interval", "min_interval", "max_interval", "jitter"];
        assert_eq!(nearest("intervall", known), Some("interval"));
        assert_eq!(nearest("jiter", known), Some("jitter"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("xy", ["id"]), None);
    }
}
