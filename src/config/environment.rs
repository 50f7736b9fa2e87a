//! The process's environment as a value, and where the configuration is looked for.
//!
//! Nothing else reads `std::env`: tests give an [`Environment`] of their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Environment variables by name.
///
/// A variable that is set to nothing counts as not set.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    /// Names of variables whose values are not Unicode.
    unreadable: Vec<String>,
    /// Which references to secrets are left unread.
    unread: Unread,
}

/// What a secret is for.
#[derive(Clone, Copy)]
pub(super) enum Use {
    /// Asking a feed's server, also through a proxy.
    Asking,
    /// Delivering to a sink.
    Delivering,
    /// Opening the database, which every command does that reads or writes it.
    Database,
}

#[derive(Clone, Copy, Default)]
enum Unread {
    #[default]
    None,
    OfSinks,
    All,
}

/// Shows the names only: values may be secrets.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

impl Environment {
    /// The variables of this process.
    #[must_use]
    pub fn from_process() -> Self {
        let mut environment = Self::default();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else {
                continue;
            };
            match value.into_string() {
                Ok(value) => {
                    environment.variables.insert(name, value);
                }
                Err(_) => environment.unreadable.push(name),
            }
        }
        environment
    }

    /// The given variables and no others.
    pub fn from_pairs<N, V>(pairs: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<String>,
        V: Into<String>,
    {
        Self {
            variables: pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            unreadable: Vec::new(),
            unread: Unread::None,
        }
    }

    /// The same variables, with every secret left unread: for commands that read the database or
    /// match a text, and that someone may run who has no access to the secrets. Each secret is
    /// then empty, and such a configuration is not fit for delivering.
    #[must_use]
    pub fn without_secrets(mut self) -> Self {
        self.unread = Unread::All;
        self
    }

    /// The same variables, with the secrets of sinks left unread: for commands that ask feeds and
    /// deliver nothing.
    #[must_use]
    pub fn without_sink_secrets(mut self) -> Self {
        self.unread = Unread::OfSinks;
        self
    }

    /// Whether secrets of this use are read.
    pub(super) const fn reads(&self, secrets: Use) -> bool {
        match self.unread {
            Unread::None => true,
            Unread::OfSinks => !matches!(secrets, Use::Delivering),
            Unread::All => matches!(secrets, Use::Database),
        }
    }

    /// A variable's value; `None` when it is not set, empty or not Unicode.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The names that begin with `prefix`.
    pub(super) fn names<'e>(&'e self, prefix: &'e str) -> impl Iterator<Item = &'e str> {
        self.variables
            .keys()
            .map(String::as_str)
            .filter(move |name| name.starts_with(prefix))
    }

    /// The names that begin with `prefix` and whose values are not Unicode.
    pub(super) fn unreadable<'e>(&'e self, prefix: &'e str) -> impl Iterator<Item = &'e str> {
        self.unreadable
            .iter()
            .map(String::as_str)
            .filter(move |name| name.starts_with(prefix))
    }

    /// A folder from a variable of the XDG base directory specification, which ignores relative
    /// paths, else the folder `fallback` in the home folder.
    fn xdg(&self, name: &str, fallback: &str) -> Option<PathBuf> {
        self.get(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| Some(Path::new(self.get("HOME")?).join(fallback)))
    }

    /// Where the database is when the configuration does not say.
    ///
    /// systemd's `STATE_DIRECTORY` may be a list joined by colons (systemd.exec(5)).
    pub(super) fn default_database(&self) -> Option<PathBuf> {
        let from_systemd = self
            .get("STATE_DIRECTORY")
            .and_then(|list| list.split(':').find(|part| !part.is_empty()))
            .map(|folder| Path::new(folder).join("mentiond.db"));
        from_systemd.or_else(|| {
            self.xdg("XDG_STATE_HOME", ".local/state")
                .map(|folder| folder.join("mentiond/mentiond.db"))
        })
    }
}

/// No configuration file was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no configuration file found; looked for {}; create one of these, or name another with --config or $MENTIOND_CONFIG",
    .looked.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
)]
pub struct FindError {
    /// The places looked at, in order.
    pub looked: Vec<PathBuf>,
}

/// Finds the configuration file.
///
/// `explicit` (the command line's `--config`) and `$MENTIOND_CONFIG` are taken as they are, so
/// that [`load`](super::load) can say what is wrong with them; then the first that exists of
/// `config/mentiond.toml`, `$XDG_CONFIG_HOME` (or `~/.config`) `/mentiond/mentiond.toml` and
/// `/etc/mentiond/mentiond.toml`.
///
/// # Errors
/// [`FindError`] with the places looked at when none exists.
pub fn find(explicit: Option<&Path>, environment: &Environment) -> Result<PathBuf, FindError> {
    if let Some(path) = explicit {
        return Ok(path.to_owned());
    }
    if let Some(path) = environment.get("MENTIOND_CONFIG") {
        return Ok(PathBuf::from(path));
    }
    find_below(Path::new(""), environment)
}

fn find_below(working: &Path, environment: &Environment) -> Result<PathBuf, FindError> {
    let looked: Vec<PathBuf> = [
        Some(working.join("config/mentiond.toml")),
        environment
            .xdg("XDG_CONFIG_HOME", ".config")
            .map(|folder| folder.join("mentiond/mentiond.toml")),
        Some(PathBuf::from("/etc/mentiond/mentiond.toml")),
    ]
    .into_iter()
    .flatten()
    .collect();
    match looked.iter().find(|path| path.is_file()) {
        Some(path) => Ok(path.clone()),
        None => Err(FindError { looked }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(pairs: &[(&str, &str)]) -> Option<String> {
        Environment::from_pairs(pairs.iter().copied())
            .default_database()
            .map(|path| path.display().to_string())
    }

    #[test]
    fn the_database_goes_where_systemd_then_xdg_then_home_says() {
        let all = [
            ("STATE_DIRECTORY", "/var/lib/m:/other"),
            ("XDG_STATE_HOME", "/x"),
            ("HOME", "/home/a"),
        ];
        let state = "mentiond/mentiond.db";
        assert_eq!(database(&all).unwrap(), "/var/lib/m/mentiond.db");
        assert_eq!(database(&all[1..]).unwrap(), format!("/x/{state}"));
        assert_eq!(
            database(&all[2..]).unwrap(),
            format!("/home/a/.local/state/{state}")
        );
        assert_eq!(
            database(&[("XDG_STATE_HOME", "rel"), ("HOME", "/h")]).unwrap(),
            format!("/h/.local/state/{state}")
        );
        assert_eq!(database(&[]), None);
    }

    #[test]
    fn the_command_line_wins_over_the_variable() {
        let environment = Environment::from_pairs([("MENTIOND_CONFIG", "/b.toml")]);
        let found = find(Some(Path::new("/a.toml")), &environment).unwrap();
        assert_eq!(found, Path::new("/a.toml"));
        assert_eq!(find(None, &environment).unwrap(), Path::new("/b.toml"));
    }

    #[test]
    fn the_first_file_that_exists_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mentiond/mentiond.toml");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "").unwrap();
        let home = folder.path().to_str().unwrap();
        let environment = Environment::from_pairs([("XDG_CONFIG_HOME", home)]);
        assert_eq!(find_below(folder.path(), &environment).unwrap(), path);
    }

    #[test]
    fn the_error_lists_the_places_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let environment = Environment::from_pairs([("HOME", "/nonexistent")]);
        let error = find_below(folder.path(), &environment)
            .unwrap_err()
            .to_string();
        assert!(error.contains("config/mentiond.toml"), "{error}");
        assert!(
            error.contains("/nonexistent/.config/mentiond/mentiond.toml"),
            "{error}"
        );
    }

    #[test]
    fn debug_output_shows_no_values() {
        let environment = Environment::from_pairs([("TOKEN", "hunter2")]);
        let shown = format!("{environment:?}");
        assert!(
            shown.contains("TOKEN") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}
