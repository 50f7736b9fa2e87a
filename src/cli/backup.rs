//! `mentiond backup`: a copy of the database, made while the daemon runs.
//!
//! The copy is made in a file beside the one that is named, checked, written to the disk and then renamed:
//! whatever goes wrong, what was there before stays. The key of the WebSub callbacks is a secret, which a
//! copy that goes elsewhere should not bring along; without it every hub is asked anew, and nothing is lost.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use serde::Serialize;
use tempfile::NamedTempFile;

use super::output::{bytes, complain, printable};
use super::stop::Stop;
use super::target::{beside, folder_of, unwritable};
use super::terminal::Terminal;
use super::{CliError, Context, runtime};
use crate::store::{BackedUp, BackupProgress, Store, StoreError};

/// Copy the database to a file, also while the daemon runs.
///
/// The copy is the database as it is at one instant, checked and complete in one file that its owner alone
/// can read. To restore it, stop the daemon, remove the database with its -wal and -shm, and put the copy
/// in its place.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mentiond backup /var/backups/mentiond.db --force
  mentiond backup \"mentiond-$(date +%F).db\" --with-key

Exit codes: 0 done, 1 failed, and what was there before stays, 2 bad usage or configuration.")]
pub struct BackupArgs {
    /// The file to write.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace the file if there is one.
    #[arg(long)]
    force: bool,
    /// Copy the key of the WebSub callbacks too, a secret, to FILE.key; without it a restored daemon asks
    /// every hub anew.
    #[arg(long)]
    with_key: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Done<'a> {
    file: &'a Path,
    bytes: u64,
    version: usize,
    key: Option<PathBuf>,
    milliseconds: u64,
}

pub fn run(context: &Context, args: &BackupArgs) -> Result<ExitCode, CliError> {
    let config = context.load_without_secrets()?;
    let (file, key_file) = (&args.file, beside(&args.file, ".key"));
    let Some(database) = config.database.file() else {
        return Err(CliError::Failed(format!(
            "{} is a server's database, of which the server's own tools make copies (pg_dump, pg_basebackup); \
             `mentiond store copy` makes a file of it",
            config.database
        )));
    };
    check(args, database, &key_file)?;
    let began = Instant::now();
    let key = if args.with_key {
        read_key(&beside(database, ".key"))?
    } else {
        None
    };
    let runtime = runtime()?;
    let stop = Stop::on_signal(&runtime)?;
    let copy = temporary(file)?;
    let done = copied(database, copy.path(), file, &stop)?;
    copy.as_file()
        .sync_all()
        .map_err(|error| unwritable(file, &error))?;
    put(copy, file, args.force)?;
    if let Some(key) = &key {
        write_key(&key_file, key, args.force)?;
    }
    report(
        context,
        args,
        &Done {
            file,
            bytes: done.bytes,
            version: done.version,
            key: key.map(|_| key_file),
            milliseconds: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        },
    )
}

/// What would go wrong at the end is said at the beginning.
fn check(args: &BackupArgs, database: &Path, key_file: &Path) -> Result<(), CliError> {
    let file = &args.file;
    if file.is_dir() || file.file_name().is_none() {
        return Err(CliError::Usage(format!(
            "{} is a folder: name the file that is to be written in it",
            file.display()
        )));
    }
    let ours = ["", "-wal", "-shm", "-journal", ".lock", ".key"];
    for end in ours {
        let own = beside(database, end);
        if is_same(file, &own) || args.with_key && is_same(key_file, &own) {
            return Err(CliError::Usage(format!(
                "{} belongs to the database itself: name another file",
                own.display()
            )));
        }
    }
    let targets = [Some(file.as_path()), args.with_key.then_some(key_file)];
    for target in targets.into_iter().flatten() {
        let Ok(known) = std::fs::symlink_metadata(target) else {
            continue;
        };
        if !args.force {
            return Err(CliError::Failed(format!(
                "{} is there already: name another file, or replace it with --force",
                target.display()
            )));
        }
        if !known.is_file() {
            return Err(CliError::Failed(format!(
                "{} is no regular file: name another one",
                target.display()
            )));
        }
    }
    Ok(())
}

/// Whether two paths lead to one file, or would.
fn is_same(one: &Path, other: &Path) -> bool {
    if let (Ok(one), Ok(other)) = (std::fs::metadata(one), std::fs::metadata(other)) {
        return (one.dev(), one.ino()) == (other.dev(), other.ino());
    }
    let folder = |path: &Path| folder_of(path).canonicalize().ok();
    one.file_name() == other.file_name() && folder(one) == folder(other)
}

/// The key, or nothing and a word about it when there is none yet.
fn read_key(path: &Path) -> Result<Option<Vec<u8>>, CliError> {
    match std::fs::read(path) {
        Ok(key) => Ok(Some(key)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            complain("there is no key: no hub was asked for anything yet");
            Ok(None)
        }
        Err(error) => Err(CliError::Failed(format!(
            "can't read the key {} ({error}); check its owner and mode",
            path.display()
        ))),
    }
}

/// An empty file beside the one that is to be written, for its owner only.
fn temporary(file: &Path) -> Result<NamedTempFile, CliError> {
    tempfile::Builder::new()
        .prefix(".mentiond-")
        .tempfile_in(folder_of(file))
        .map_err(|error| unwritable(file, &error))
}

/// Makes the copy in a file that is to become `file`, of which every error speaks.
fn copied(database: &Path, to: &Path, file: &Path, stop: &Stop) -> Result<BackedUp, CliError> {
    let terminal = Terminal::default();
    let bar = terminal.progress(0);
    let show = |progress: BackupProgress| {
        if let Some(bar) = &bar {
            bar.set_length(progress.total >> 20);
            bar.set_position(progress.done >> 20);
            bar.set_message(if progress.is_checking {
                "MiB copied; checking the copy"
            } else {
                "MiB"
            });
        }
        !stop.is_wished()
    };
    let result = Store::back_up(database, to, show);
    terminal.end();
    let done = result.map_err(|error| failed(&error, to, file))?;
    done.ok_or_else(|| CliError::Failed("stopped before the end; no copy was made".to_owned()))
}

/// Why there is no copy, in one line. Only the copy is written, so what is full is its disk.
fn failed(error: &StoreError, to: &Path, file: &Path) -> CliError {
    let file = file.display().to_string();
    if matches!(error, StoreError::Full) {
        return CliError::Failed(format!(
            "the disk of {file} is full: free some space; no copy was made"
        ));
    }
    let text = printable(&error.to_string());
    CliError::Failed(text.replace(&to.display().to_string(), &file))
}

fn write_key(file: &Path, key: &[u8], force: bool) -> Result<(), CliError> {
    let mut copy = temporary(file)?;
    copy.write_all(key)
        .and_then(|()| copy.as_file().sync_all())
        .map_err(|error| unwritable(file, &error))?;
    put(copy, file, force)
}

/// Gives a finished file its name, which lasts then.
fn put(copy: NamedTempFile, file: &Path, force: bool) -> Result<(), CliError> {
    let put = if force {
        copy.persist(file)
    } else {
        copy.persist_noclobber(file)
    };
    put.map_err(|error| unwritable(file, &error.error))?;
    File::open(folder_of(file))
        .and_then(|folder| folder.sync_all())
        .map_err(|error| unwritable(file, &error))
}

fn report(context: &Context, args: &BackupArgs, done: &Done<'_>) -> Result<ExitCode, CliError> {
    if args.json {
        context.out.json(done)?;
        return Ok(ExitCode::SUCCESS);
    }
    #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
    let seconds = done.milliseconds as f64 / 1000.0;
    context.out.line(format!(
        "{}: {}, schema version {}, checked, in {seconds:.1} s",
        done.file.display(),
        bytes(done.bytes),
        done.version,
    ))?;
    if let Some(key) = &done.key {
        context
            .out
            .line(format!("{}: the key of the callbacks", key.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_one_line_and_name_the_file_that_was_asked_for() {
        let (to, file) = (Path::new("/b/.mentiond-x1"), Path::new("/b/copy.db"));
        let told = |error| failed(&error, to, file).text().unwrap();
        let unopened = StoreError::Corrupt("can't open: /b/.mentiond-x1\nTree 51".to_owned());
        let told_of_it = told(unopened);
        assert!(
            told_of_it.contains("(can't open: /b/copy.db Tree 51)"),
            "{told_of_it}"
        );
        assert_eq!(
            told(StoreError::Full),
            "error: the disk of /b/copy.db is full: free some space; no copy was made"
        );
    }
}
