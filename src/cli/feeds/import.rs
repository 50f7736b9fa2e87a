//! `mentiond feeds import`: the feeds of an OPML list that are not configured yet.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::editor::{self, NewFeed};
use super::{file, with_url};
use crate::cli::output::{count, printable};
use crate::cli::{CliError, Context};
use crate::config::{Config, feed_id, parse_opml};
use crate::model::{Feed, FeedId};

/// Lists above this size are not read.
const MAX_FILE: u64 = 16 << 20;

/// Add the feeds of an OPML list from another reader.
///
/// Folders and categories become tags. What is configured already stays as it is; what can't be
/// used is told with its reason. The running daemon takes the change over on SIGHUP.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 the list was read, whatever became of single feeds; 1 it could not be read or added; \
2 bad usage or configuration.")]
pub struct ImportArgs {
    /// The list.
    #[arg(value_name = "FILE.opml")]
    list: PathBuf,
    /// The file of the configuration to write to, from the main file's folder [default: an included
    /// own.toml, else feeds/own.toml].
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Tell what would be done and do nothing.
    #[arg(long)]
    dry_run: bool,
}

pub fn run(context: &Context, args: &ImportArgs) -> Result<ExitCode, CliError> {
    let config = context.load_for_change()?;
    let text = read(&args.list)?;
    let (feeds, problems) = parse_opml(&args.list, &text, &config.schedule)
        .map_err(|error| CliError::Failed(error.to_string()))?;
    let mut lines = Vec::new();
    let (mut added, mut known, mut refused) = (Vec::new(), 0_usize, 0_usize);
    let mut taken: BTreeSet<FeedId> = config.feeds.iter().map(|feed| feed.id.clone()).collect();
    for feed in feeds {
        let name = printable(&feed.name);
        if let Some(there) = with_url(&config, &feed.url) {
            known += 1;
            lines.push(format!("known    {name} as `{}`", there.id));
        } else if let Some(id) = free(&feed, &taken) {
            taken.insert(id.clone());
            lines.push(format!("added    {name} as `{id}`"));
            let feed = Feed { id, ..feed };
            added.push(NewFeed {
                feed,
                interval: None,
            });
        } else {
            refused += 1;
            lines.push(format!("refused  {name}: its id `{}` is taken", feed.id));
        }
    }
    for problem in &problems {
        let is_refused = problem.message.contains("is left out");
        refused += usize::from(is_refused);
        let word = if is_refused { "refused " } else { "note    " };
        lines.push(format!("{word} {problem}"));
    }
    let path = file::target(&config, args.file.as_deref());
    if !args.dry_run && !added.is_empty() {
        write(context, &config, &path, &added)?;
    }
    lines.push(format!(
        "{}{} added to {}, {known} known, {refused} refused",
        if args.dry_run { "would be: " } else { "" },
        count(added.len(), "feed"),
        path.display()
    ));
    lines.iter().try_for_each(|line| context.out.line(line))?;
    Ok(ExitCode::SUCCESS)
}

fn read(path: &std::path::Path) -> Result<String, CliError> {
    use std::io::Read;
    let failed = |error: &dyn std::fmt::Display| {
        CliError::Failed(format!("can't read {}: {error}", path.display()))
    };
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
        .map_err(|error| failed(&error))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(failed(
            &"it is larger than 16 MiB; check that it is the right file",
        ));
    }
    // Lists come in the encodings of feeds.
    let (text, _) = crate::parse::decode(&bytes, Some("application/xml"));
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

/// The feed's id, or another made of its URL when that is taken.
fn free(feed: &Feed, taken: &BTreeSet<FeedId>) -> Option<FeedId> {
    if taken.contains(&feed.id) {
        feed_id(&feed.url, |id| taken.contains(id))
    } else {
        Some(feed.id.clone())
    }
}

/// Writes the feeds to the file, all at once.
pub(super) fn write(
    context: &Context,
    config: &Config,
    path: &std::path::Path,
    feeds: &[NewFeed],
) -> Result<(), CliError> {
    file::change(
        context,
        config,
        path,
        |text| editor::add(text, feeds),
        |now| {
            let there: BTreeSet<&FeedId> = now.feeds.iter().map(|feed| &feed.id).collect();
            if feeds.iter().all(|new| there.contains(&new.feed.id)) {
                Ok(())
            } else {
                Err(file::not_included(config, path))
            }
        },
    )
}
