//! Reading what a command sink runs.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::environment::{Environment, Use};
use super::problem::quoted;
use super::reader::Table;
use super::sinks::Surroundings;
use super::template;
use super::value::Value;
use crate::notify::format::template::Template;

/// The keys that only command sinks have.
pub(super) const KEYS: [&str; 1] = ["command"];

/// The most words of a command, and characters of one.
const WORDS: usize = 100;
const LONGEST: usize = 4096;
/// The variables that a command keeps of the daemon's own.
const KEPT: [&str; 4] = ["PATH", "HOME", "LANG", "TZ"];

/// A program that is run for each alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandConfig {
    /// The program's file; its path is absolute, unless nothing was to be delivered.
    pub program: PathBuf,
    /// What it is given.
    pub arguments: Vec<String>,
    /// The environment that it gets besides what tells of the alert.
    pub environment: Vec<(String, String)>,
    /// What makes its input; `None` for the payload as JSON.
    pub template: Option<Template>,
}

impl CommandConfig {
    /// What it reads, as the configuration calls it.
    #[must_use]
    pub fn format(&self) -> &'static str {
        match self.template {
            Some(_) => "template",
            None => "json",
        }
    }

    /// The program and its arguments.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let program = self.program.to_string_lossy().into_owned();
        std::iter::once(program)
            .chain(self.arguments.iter().cloned())
            .collect()
    }
}

/// Reads `command` and `format`; `None` after a mistake in them was reported.
pub(super) fn read(table: &mut Table<'_>, around: &Surroundings<'_>) -> Option<CommandConfig> {
    let list = table.required("command");
    let by_template = match table.get("format") {
        Some(value) => value.choice(&[("json", false), ("template", true)]),
        None => Some(false),
    };
    let template = match by_template {
        Some(true) => template::read(table, around.report).map(Some),
        Some(false) => {
            table.refuse(&template::KEYS, "it is for format \"template\"");
            Some(None)
        }
        None => {
            // Without a format there is no saying whether they belong.
            for key in template::KEYS {
                table.get(key);
            }
            None
        }
    };
    let (program, arguments) = words(&list?, around.environment)?;
    let environment = KEPT.iter().filter_map(|name| {
        let value = around.environment.get(name)?;
        Some(((*name).to_owned(), value.to_owned()))
    });
    Some(CommandConfig {
        program,
        arguments,
        environment: environment.collect(),
        template: template?,
    })
}

fn words(list: &Value<'_>, environment: &Environment) -> Option<(PathBuf, Vec<String>)> {
    if list.is_text() {
        let help = "write its words apart, such as [\"/usr/local/bin/tell\", \"--urgent\"]; no shell reads them";
        list.error("`command` must be a list", Some(help.to_owned()));
        return None;
    }
    let items = list.items()?;
    if items.len() > WORDS {
        list.error(format!("`command` has more than {WORDS} words"), None);
        return None;
    }
    let Some((first, rest)) = items.split_first() else {
        let help =
            "write the program and its arguments, such as [\"/usr/local/bin/tell\", \"--urgent\"]";
        list.error("`command` is empty", Some(help.to_owned()));
        return None;
    };
    let program = program(first, environment);
    let arguments: Option<Vec<String>> = rest.iter().map(argument).collect();
    Some((program?, arguments?))
}

/// An argument, as it is written.
fn argument(value: &Value<'_>) -> Option<String> {
    let (text, _) = value.placed_text("a string")?;
    if text.contains('\0') || text.chars().nth(LONGEST).is_some() {
        let help = format!("at most {LONGEST} characters are allowed");
        value.error(
            format!("{} is too long or holds a zero byte", value.label()),
            Some(help),
        );
        return None;
    }
    Some(text.to_owned())
}

/// The program's file. A name without a slash is looked up in `PATH`, now and not at each alert.
fn program(value: &Value<'_>, environment: &Environment) -> Option<PathBuf> {
    let text = value.line(LONGEST)?;
    let path = Path::new(text);
    if !environment.reads(Use::Delivering) {
        return Some(path.to_owned());
    }
    let found = if path.is_absolute() {
        path.to_owned()
    } else if text.contains('/') {
        let help = format!(
            "write the whole path, such as \"{}\"",
            value.origin.folder().join(path).display()
        );
        value.error(
            format!("{} is not an absolute path", quoted(text)),
            Some(help),
        );
        return None;
    } else {
        let folders = environment.get("PATH").unwrap_or_default();
        let mut places = std::env::split_paths(folders).filter(|folder| folder.is_absolute());
        let Some(found) = places.find_map(|folder| {
            let file = folder.join(text);
            is_executable(&file).ok().map(|()| file)
        }) else {
            value.error(
                format!("there is no program {} in $PATH", quoted(text)),
                Some("write its whole path".to_owned()),
            );
            return None;
        };
        found
    };
    match is_executable(&found) {
        Ok(()) => Some(found),
        Err((what, help)) => {
            value.error(
                format!("the program {} {what}", found.display()),
                Some(help),
            );
            None
        }
    }
}

/// Whether there is a file that may be run, by whomever; else what is wrong and what to do.
fn is_executable(file: &Path) -> Result<(), (String, String)> {
    match std::fs::metadata(file) {
        Ok(found) if !found.is_file() => Err((
            "is not a regular file".to_owned(),
            "name a program".to_owned(),
        )),
        Ok(found) if found.permissions().mode() & 0o111 == 0 => Err((
            "is not executable".to_owned(),
            format!("allow it: chmod +x {}", file.display()),
        )),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(("does not exist".to_owned(), "check the path".to_owned()))
        }
        Err(error) => Err((
            format!("can't be looked at ({error})"),
            "check that the daemon's user may read its folder".to_owned(),
        )),
    }
}
