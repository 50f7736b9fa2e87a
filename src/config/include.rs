//! Which files an `include` list names.
//!
//! A pattern is a path relative to the main file; `*` in its last component stands for any
//! characters but not for a leading dot. Files come in the order of the patterns, then by name,
//! each once, and never the main file itself.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::problem::quoted;
use super::source::Origin;
use super::value::Value;

/// The most files that may be included.
const MOST: usize = 10_000;

/// The kinds of files that may be included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Feeds, topics and sinks.
    Toml,
    /// A list of feeds from another reader.
    Opml,
}

impl Kind {
    fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?;
        if extension.eq_ignore_ascii_case("toml") {
            Some(Self::Toml)
        } else if extension.eq_ignore_ascii_case("opml") {
            Some(Self::Opml)
        } else {
            None
        }
    }
}

/// One file to include.
#[derive(Debug)]
pub(super) struct Included {
    /// Where it is.
    pub(super) path: PathBuf,
    /// How to read it.
    pub(super) kind: Kind,
    /// The pattern that names it.
    pub(super) origin: Origin,
}

/// Finds the files that the list names.
pub(super) fn expand(list: &Value<'_>, main: &Path) -> Vec<Included> {
    if list.is_text() {
        if let Some(text) = list.text("a list") {
            let help = format!("write [{:?}]", text.chars().take(80).collect::<String>());
            list.error("`include` must be a list, not a string", Some(help));
        }
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut seen: BTreeSet<PathBuf> = main.canonicalize().into_iter().collect();
    for entry in list.items().into_iter().flatten() {
        let Some(text) = entry.line(4096) else {
            continue;
        };
        let path = list.origin.folder().join(text);
        let Some(file_name) = path.file_name().and_then(OsStr::to_str) else {
            entry.error(format!("{} names no file", quoted(text)), None);
            continue;
        };
        if Path::new(text).parent().is_some_and(has_star) {
            let help = "`*` may stand in the last part of a path only".to_owned();
            entry.error(format!("{} can't be followed", quoted(text)), Some(help));
            continue;
        }
        let by_name = !file_name.contains('*');
        let files = if by_name {
            vec![path.clone()]
        } else {
            matching(&entry, &path, file_name, text)
        };
        for path in files {
            let Some(kind) = Kind::of(&path) else {
                refuse_kind(&entry, &path, by_name);
                continue;
            };
            // A file that can't be resolved is kept, so that reading it says what is wrong.
            if !seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
                continue;
            }
            if found.len() >= MOST {
                let help = format!("at most {MOST} files may be included");
                entry.error("too many files", Some(help));
                return found;
            }
            found.push(Included {
                path,
                kind,
                origin: entry.origin.clone(),
            });
        }
    }
    found
}

fn has_star(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().contains(&b'*')
}

fn refuse_kind(pattern: &Value<'_>, path: &Path, by_name: bool) {
    let message = format!(
        "{} is neither a .toml nor a .opml file",
        quoted(&path.to_string_lossy())
    );
    if by_name {
        pattern.error(message, Some("rename it after what it is".to_owned()));
    } else {
        let help = "it is left out; end the pattern with .toml or .opml".to_owned();
        pattern.warn(message, Some(help));
    }
}

/// The regular files whose names match the pattern's last component, by name.
fn matching(pattern: &Value<'_>, path: &Path, last: &str, text: &str) -> Vec<PathBuf> {
    let folder = match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => Path::new("."),
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            warn_nothing(pattern, text);
            return Vec::new();
        }
        Err(error) => {
            let message = format!("the folder of {} can't be read ({error})", quoted(text));
            let help = "check that the daemon's user may read it".to_owned();
            pattern.error(message, Some(help));
            return Vec::new();
        }
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| {
            let name = entry.file_name();
            name.to_str().is_some_and(|name| glob(last, name))
        })
        .map(|entry| path.with_file_name(entry.file_name()))
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    if paths.is_empty() {
        warn_nothing(pattern, text);
    }
    paths
}

fn warn_nothing(pattern: &Value<'_>, text: &str) {
    let help = "check the path; it starts from the folder of this file".to_owned();
    pattern.warn(format!("{} matches no file", quoted(text)), Some(help));
}

/// Whether a name matches a pattern in which `*` stands for any characters.
fn glob(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut name) = name.strip_prefix(first) else {
        return false;
    };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    // Between the first and the last `*` the leftmost match of each part leaves most room.
    for part in middle.split('*').filter(|part| !part.is_empty()) {
        let Some((_, after)) = name.split_once(part) else {
            return false;
        };
        name = after;
    }
    name.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters_but_a_leading_dot() {
        for (pattern, name) in [
            ("*", "a.toml"),
            ("*.toml", "a.toml"),
            ("*.toml", "a.b.toml"),
            ("a*c*e", "abcde"),
            ("a*c*e", "ace"),
            ("**x", "x"),
            (".*", ".a"),
            ("a.toml", "a.toml"),
        ] {
            assert!(glob(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("*.toml", "a.opml"),
            ("*.toml", ".a.toml"),
            ("ab*ba", "aba"),
            ("a*c*e", "aec"),
            ("*a*a", "a"),
            ("a", "b"),
        ] {
            assert!(!glob(pattern, name), "{pattern} {name}");
        }
    }
}
