//! Changing a file of the configuration: whole or not at all, and never to something invalid.
//!
//! [`change`] locks the file's folder, replaces the file by rename (temporary file, fsync, mode
//! and owner kept), loads the configuration again, and puts the old text back when that fails.

use std::fs::{File, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::editor::EditError;
use crate::cli::{CliError, Context};
use crate::config::Config;

/// The file where added feeds go unless the owner says otherwise, beside the main file.
const OWN: &str = "feeds/own.toml";

/// The mode of a file that was not there before.
const NEW_MODE: u32 = 0o644;

/// The file to change: the one that is named (from the main file's folder), else an included
/// `own.toml`, else `feeds/own.toml`, which need not be there yet.
pub fn target(config: &Config, named: Option<&Path>) -> PathBuf {
    let folder = config.path.parent().unwrap_or(Path::new(""));
    match named {
        Some(path) => folder.join(path),
        None => {
            let mut files = config.files.iter();
            let own = files.find(|file| file.file_name().is_some_and(|name| name == "own.toml"));
            own.cloned().unwrap_or_else(|| folder.join(OWN))
        }
    }
}

/// Changes the file's text and proves that the configuration is still valid and that `holds`;
/// else the old text is put back and the error says why.
///
/// `edit` is given the text, or `None` when there is no file yet.
pub fn change(
    context: &Context,
    config: &Config,
    path: &Path,
    edit: impl FnOnce(Option<&str>) -> Result<String, EditError>,
    holds: impl FnOnce(&Config) -> Result<(), String>,
) -> Result<(), CliError> {
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        CliError::Failed(format!(
            "can't {what} {} ({error}); check the path and its permissions",
            path.display()
        ))
    };
    // A link stays a link: what it leads to is changed.
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = match real.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let made_folder = match std::fs::create_dir(folder) {
        Ok(()) => true,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
        Err(error) => return Err(failed("make the folder of", &error)),
    };
    let undo = |old: Option<&str>| match old {
        Some(text) => replace(&real, folder, text),
        None => std::fs::remove_file(&real).and_then(|()| {
            if made_folder {
                std::fs::remove_dir(folder)?;
            }
            Ok(())
        }),
    };

    let lock = File::open(folder).map_err(|error| failed("open the folder of", &error))?;
    // On a file system without locks two commands at a time are the owner's to avoid.
    let _ = lock.lock();
    let old = match std::fs::read_to_string(&real) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(failed("read", &error)),
    };
    let new = edit(old.as_deref()).map_err(|error| {
        CliError::Failed(format!("{} is left as it is: {error}", path.display()))
    })?;
    replace(&real, folder, &new).map_err(|error| failed("write", &error))?;
    let why = match context.reload(&config.path) {
        Ok(config) => match holds(&config) {
            Ok(()) => return Ok(()),
            Err(why) => CliError::Usage(why),
        },
        Err(error) => CliError::Config(format!(
            "{error}\nerror: with this change the configuration would not be valid, so {} is left \
             as it was",
            path.display()
        )),
    };
    undo(old.as_deref()).map_err(|error| failed("put back the old text of", &error))?;
    Err(why)
}

/// Replaces the file at once: whoever reads it, also after a crash, reads the old text or the new.
fn replace(path: &Path, folder: &Path, text: &str) -> std::io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    let old = std::fs::metadata(path).ok();
    if let Some(old) = &old {
        // Only the superuser may give files away; for everybody else the owner is the same.
        let _ = std::os::unix::fs::fchown(file.as_file(), Some(old.uid()), Some(old.gid()));
    }
    let mode = old.map_or(NEW_MODE, |old| old.mode() & 0o7777);
    file.as_file()
        .set_permissions(Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

/// What to say when the configuration does not read the file that was to be changed.
pub fn not_included(config: &Config, path: &Path) -> String {
    let main = config.path.display();
    let folder = config.path.parent().unwrap_or(Path::new(""));
    let shown = path.strip_prefix(folder).unwrap_or(path).display();
    format!(
        "{main} does not include {shown}: add \"{shown}\" to its `include`, or name a file that is \
         included with --file"
    )
}
