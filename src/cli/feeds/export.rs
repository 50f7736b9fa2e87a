//! `mentiond feeds export`: the feeds as an OPML list.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::cli::output::{complain, count};
use crate::cli::target::Target;
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
    let mut target = Target::open(args.output.as_deref())?;
    target.write(text.trim_end())?;
    target.write("\n")?;
    target.finish()?;
    if let Some(path) = &args.output {
        complain(format_args!(
            "{} written to {}",
            count(wanted.len(), "feed"),
            path.display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}
