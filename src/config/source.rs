//! Texts that are read, and places in them.
//!
//! A [`Source`] is one file's text (or one environment variable's value); an [`Origin`] is a place
//! in it, kept as a byte offset and turned into line and column only when it must be shown.
//! [`read_text`] reads a regular file of bounded size: it never opens a pipe or device and never
//! reads on after the limit.

use std::cell::{Cell, OnceCell};
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The largest configuration file that is read, in bytes.
pub(super) const MAX_FILE: u64 = 16 << 20;

/// A text and where it came from.
#[derive(Debug)]
pub(super) struct Source {
    /// The file, or `environment variable NAME`.
    pub(super) file: PathBuf,
    /// The whole text.
    pub(super) text: String,
    /// Where each line begins; empty for a text that has no lines worth naming.
    line_starts: Vec<usize>,
    /// The lines with syntax errors, once they are known.
    broken: OnceCell<Vec<usize>>,
    /// The place that was last asked for: its line, its byte at a character's beginning and its
    /// column.
    last: Cell<(usize, usize, usize)>,
}

impl Source {
    /// A file's text.
    pub(super) fn file(file: &Path, text: String) -> Rc<Self> {
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Rc::new(Self {
            file: file.to_owned(),
            text,
            line_starts,
            broken: OnceCell::new(),
            last: Cell::new((0, 0, 0)),
        })
    }

    /// The value of an environment variable.
    pub(super) fn variable(name: &str) -> Rc<Self> {
        Self::whole(Path::new(&format!("environment variable {name}")))
    }

    /// A file that has no text to point into, because it can't be read.
    pub(super) fn whole(file: &Path) -> Rc<Self> {
        Rc::new(Self {
            file: file.to_owned(),
            text: String::new(),
            line_starts: Vec::new(),
            broken: OnceCell::new(),
            last: Cell::new((0, 0, 0)),
        })
    }

    /// Notes the lines with syntax errors; the first call counts.
    pub(super) fn set_broken_lines(&self, mut lines: Vec<usize>) {
        lines.sort_unstable();
        // A second call would come from the same errors: the first answer stands.
        let _ = self.broken.set(lines);
    }

    /// Whether the text has syntax errors, so that something may be missing from what was read.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.get().is_some_and(|lines| !lines.is_empty())
    }

    /// Line and column of a byte, both from 1, the column in characters; zeros without lines.
    fn position(&self, at: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= at);
        let Some(start) = line.checked_sub(1).and_then(|i| self.line_starts.get(i)) else {
            return (0, 0);
        };
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        // Places are asked for in about the order of the text: counting from the last one keeps
        // even a file of one long line cheap.
        let (known, column) = match self.last.get() {
            (same, known, column) if same == line && known.abs_diff(at) < at - *start => {
                (known, column)
            }
            _ => (*start, 1),
        };
        let between = self.text.get(known.min(at)..known.max(at));
        let count = between.unwrap_or_default().chars().count();
        let column = if at < known {
            column.saturating_sub(count)
        } else {
            column.saturating_add(count)
        };
        self.last.set((line, at, column));
        (line, column)
    }
}

/// A place in a source.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    /// The text.
    pub(super) source: Rc<Source>,
    /// The byte in it; `None` means the text as a whole.
    at: Option<usize>,
}

impl Origin {
    /// The place at a byte.
    pub(super) fn at(source: &Rc<Source>, at: usize) -> Self {
        Self {
            source: Rc::clone(source),
            at: Some(at),
        }
    }

    /// The text as a whole.
    pub(super) fn whole(source: &Rc<Source>) -> Self {
        Self {
            source: Rc::clone(source),
            at: None,
        }
    }

    /// Line and column from 1; zeros for the text as a whole.
    pub(super) fn position(&self) -> (usize, usize) {
        self.at.map_or((0, 0), |at| self.source.position(at))
    }

    /// So many bytes further on.
    pub(super) fn behind(&self, bytes: usize) -> Self {
        Self {
            source: Rc::clone(&self.source),
            at: self.at.map(|at| at.saturating_add(bytes)),
        }
    }

    /// The text from here on; empty for the text as a whole.
    pub(super) fn rest(&self) -> &str {
        self.at
            .and_then(|at| self.source.text.get(at..))
            .unwrap_or_default()
    }

    /// Whether the line has a syntax error.
    pub(super) fn is_on_a_broken_line(&self) -> bool {
        let broken = self.source.broken.get().filter(|lines| !lines.is_empty());
        broken.is_some_and(|lines| lines.binary_search(&self.position().0).is_ok())
    }

    /// The folder that relative paths written here start from.
    pub(super) fn folder(&self) -> &Path {
        self.source.file.parent().unwrap_or(Path::new(""))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source.file.display())?;
        match self.position() {
            (0, _) => Ok(()),
            (line, column) => write!(f, ":{line}:{column}"),
        }
    }
}

/// Why a file's text can't be had. The message reads on from the file's name.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// There is no such file.
    #[error("does not exist; check the path, or leave it out")]
    Missing,
    /// A folder, pipe or device.
    #[error("is not a regular file; name a file")]
    NotAFile,
    /// It has more bytes than the limit.
    #[error("is larger than {}; split it or check that it is the right file", super::units::show_size(*.limit))]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// It is not UTF-8.
    #[error("is not valid UTF-8 (byte {at}); save it as UTF-8")]
    NotUtf8 {
        /// The first byte that is wrong.
        at: usize,
    },
    /// The system refuses.
    #[error("can't be read ({0}); check that the daemon's user may read it")]
    Refused(io::Error),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing,
            _ => Self::Refused(error),
        }
    }
}

/// Reads a regular file's text without its byte order mark.
pub(super) fn read_text(path: &Path, limit: u64) -> Result<String, ReadError> {
    // Opening a pipe would wait for its writer, so the kind is asked first.
    if !std::fs::metadata(path)?.is_file() {
        return Err(ReadError::NotAFile);
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > limit) {
        return Err(ReadError::TooLarge { limit });
    }
    let text = String::from_utf8(bytes).map_err(|error| ReadError::NotUtf8 {
        at: error.utf8_error().valid_up_to(),
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn columns_count_characters_and_any_byte_has_a_place() {
        let source = Source::file(Path::new("x"), "a\nжжж = 1\n".to_owned());
        let at = |byte| Origin::at(&source, byte).position();
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(2), (2, 1));
        assert_eq!(at(8), (2, 4));
        assert_eq!(at(7), (2, 3), "inside a character: that character");
        assert_eq!(at(9999), (3, 1));
        assert_eq!(Origin::whole(&source).position(), (0, 0));
    }

    proptest! {
        #[test]
        fn a_place_is_the_same_whatever_was_asked_before(
            text in "[aж\\n]{0,40}", asked in prop::collection::vec(0_usize..90, 1..20)
        ) {
            let source = Source::file(Path::new("x"), text.clone());
            for byte in asked {
                let fresh = Source::file(Path::new("x"), text.clone());
                let expected = Origin::at(&fresh, byte).position();
                prop_assert_eq!(Origin::at(&source, byte).position(), expected);
            }
        }
    }

    #[test]
    fn only_regular_files_of_bounded_size_in_utf8_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        assert!(matches!(read_text(&path, 9), Err(ReadError::Missing)));
        assert!(matches!(
            read_text(folder.path(), 9),
            Err(ReadError::NotAFile)
        ));
        std::fs::write(&path, "\u{feff}123456").unwrap();
        assert_eq!(read_text(&path, 9).unwrap(), "123456");
        assert!(matches!(
            read_text(&path, 8),
            Err(ReadError::TooLarge { limit: 8 })
        ));
        std::fs::write(&path, b"ab\xff").unwrap();
        assert!(matches!(
            read_text(&path, 9),
            Err(ReadError::NotUtf8 { at: 2 })
        ));
    }
}
