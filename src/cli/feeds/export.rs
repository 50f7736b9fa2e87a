//! `mentiond feeds export`: the feeds as an OPML list.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::cli::output::{complain, count};
use crate::cli::{CliError, Context, names};
use crate::config::{Outlined, write_opml};
use crate::model::Timestamp;

/// Print the feeds as an OPML 2.0 list, which other feed readers and `feeds import` take.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Only feeds with this tag.
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Write to this file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn run(context: &Context, args: &ExportArgs) -> Result<ExitCode, CliError> {
    let config = context.load_without_secrets()?;
    names::check_tag(&config, args.tag.as_deref())?;
    let wanted: Vec<Outlined<'_>> = config
        .feeds
        .iter()
        .filter(|feed| args.tag.as_ref().is_none_or(|tag| feed.tags.contains(tag)))
        .map(|feed| Outlined { feed, home: None })
        .collect();
    let text = write_opml("mentiond feeds", &wanted, Timestamp::now());
    match &args.output {
        None => context.out.line(text.trim_end())?,
        Some(path) => {
            write(path, &text).map_err(|error| {
                CliError::Failed(format!(
                    "can't write {} ({error}); check the path and its permissions",
                    path.display()
                ))
            })?;
            complain(format_args!(
                "{} written to {}",
                count(wanted.len(), "feed"),
                path.display()
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a file whole or not at all.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    // A device or pipe can only be written to.
    if std::fs::metadata(path).is_ok_and(|known| !known.is_file()) {
        return std::fs::write(path, text);
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    let open = std::fs::Permissions::from_mode(0o644);
    file.as_file().set_permissions(open)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
