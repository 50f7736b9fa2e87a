//! Where a command's output goes: standard output, or a file that is there whole or not at all.

use std::fs::Permissions;
use std::io::{BufWriter, Stdout, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::CliError;
use super::output::bytes;

/// Bytes that are gathered before they are written.
const BUFFER: usize = 1 << 16;

/// An open output. A file is written beside the one that is named, which is replaced by
/// [`Target::finish`] only.
pub struct Target(Kind);

enum Kind {
    Stdout(BufWriter<Stdout>),
    /// A device or a pipe can only be written to.
    Device(BufWriter<std::fs::File>, PathBuf),
    File(BufWriter<NamedTempFile>, PathBuf),
}

impl Target {
    /// Standard output, or this file.
    ///
    /// # Errors
    /// [`CliError::Failed`] when the file can't be made.
    pub fn open(path: Option<&Path>) -> Result<Self, CliError> {
        let Some(path) = path else {
            let out = BufWriter::with_capacity(BUFFER, std::io::stdout());
            return Ok(Self(Kind::Stdout(out)));
        };
        let known = std::fs::metadata(path);
        if known.as_ref().is_ok_and(|known| !known.is_file()) {
            let file = std::fs::File::options().write(true).open(path);
            let file = file.map_err(|error| unwritable(path, &error))?;
            let out = BufWriter::with_capacity(BUFFER, file);
            return Ok(Self(Kind::Device(out, path.to_owned())));
        }
        // What is replaced keeps its mode; a new file gets the usual one.
        let mode = known.map_or(0o666, |known| known.permissions().mode() & 0o777);
        let file = tempfile::Builder::new()
            .prefix(".mentiond-")
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(folder_of(path))
            .map_err(|error| unwritable(path, &error))?;
        let out = BufWriter::with_capacity(BUFFER, file);
        Ok(Self(Kind::File(out, path.to_owned())))
    }

    /// Writes some text.
    ///
    /// # Errors
    /// As [`std::io::Error`] becomes a [`CliError`], or [`CliError::Failed`] with the file's name.
    pub fn write(&mut self, text: &str) -> Result<(), CliError> {
        match &mut self.0 {
            Kind::Stdout(out) => Ok(out.write_all(text.as_bytes())?),
            Kind::Device(out, path) => out
                .write_all(text.as_bytes())
                .map_err(|error| unwritable(path, &error)),
            Kind::File(out, path) => out
                .write_all(text.as_bytes())
                .map_err(|error| unwritable(path, &error)),
        }
    }

    /// Ends the output; only now the file is there.
    ///
    /// # Errors
    /// As for [`Target::write`].
    pub fn finish(self) -> Result<(), CliError> {
        match self.0 {
            Kind::Stdout(mut out) => Ok(out.flush()?),
            Kind::Device(mut out, path) => out.flush().map_err(|error| unwritable(&path, &error)),
            Kind::File(out, path) => {
                let put = || {
                    let file = out
                        .into_inner()
                        .map_err(std::io::IntoInnerError::into_error)?;
                    file.as_file().sync_all()?;
                    file.persist(&path).map_err(|error| error.error)?;
                    Ok(())
                };
                put().map_err(|error: std::io::Error| unwritable(&path, &error))
            }
        }
    }
}

/// The folder in which a file is, or is to be.
pub fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// The path with something behind its name.
pub fn beside(path: &Path, end: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(end);
    path.into()
}

/// How many bytes a database has on the disk, and that in words: while a daemon runs, much of it may stand in
/// the write-ahead log only.
pub fn database_size(database: &Path) -> (u64, String) {
    let of = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    let (file, log) = (of(database), of(&beside(database, "-wal")));
    let size = file.saturating_add(log);
    let note = if log > 0 {
        ", write-ahead log included"
    } else {
        ""
    };
    (size, format!("{}{note}", bytes(size)))
}

/// That a file can't be written, and why.
pub fn unwritable(path: &Path, error: &std::io::Error) -> CliError {
    // Behind its own words the error may have the name of a temporary file, which nobody knows.
    let error = error.to_string();
    let why = error.split(" at path ").next().unwrap_or_default();
    CliError::Failed(format!(
        "can't write {} ({why}); check the path and its permissions",
        path.display()
    ))
}
