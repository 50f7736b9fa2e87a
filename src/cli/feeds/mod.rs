//! `mentiond feeds`: the list of feeds, and the commands that change or examine it.
//!
//! `editor` changes the text of a TOML file, `file` changes the file and proves that the
//! configuration is still valid, and each subcommand has a file of its own.

mod add;
mod check;
mod editor;
mod export;
mod file;
mod import;
mod list;
mod remove;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use url::Url;

use super::output::printable;
use super::{CliError, Context};
use crate::config::Config;
use crate::dedup::canonical_link;
use crate::discover::ProbeError;
use crate::fetch::FetchError;
use crate::model::Feed;

/// List the feeds; add, remove, check, import and export them.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct FeedsArgs {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    list: list::ListArgs,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the feeds: last status, next poll, failures, entries (the default).
    List(list::ListArgs),
    /// Find the feeds behind an address and add one to the configuration.
    Add(add::AddArgs),
    /// Remove a feed from the configuration; its history stays.
    Remove(remove::RemoveArgs),
    /// Ask every feed once, without recording anything, and tell what is wrong and what to do.
    Check(check::CheckArgs),
    /// Add the feeds of an OPML list from another reader.
    Import(import::ImportArgs),
    /// Print the feeds as an OPML list for other readers.
    Export(export::ExportArgs),
}

pub fn run(context: &Context, args: &FeedsArgs) -> Result<ExitCode, CliError> {
    match &args.action {
        None => list::run(context, &args.list),
        Some(Action::List(args)) => list::run(context, args),
        Some(Action::Add(args)) => add::run(context, args),
        Some(Action::Remove(args)) => remove::run(context, args),
        Some(Action::Check(args)) => check::run(context, args),
        Some(Action::Import(args)) => import::run(context, args),
        Some(Action::Export(args)) => export::run(context, args),
    }
}

/// The configured feed that has this URL, however either is decorated.
fn with_url<'c>(config: &'c Config, url: &Url) -> Option<&'c Feed> {
    let canonical = canonical_link(url.as_str());
    config.feeds.iter().find(|feed| {
        feed.url == *url || canonical.is_some() && canonical_link(feed.url.as_str()) == canonical
    })
}

/// An error as the command line words it: with the option that would help, where there is one.
pub(super) fn worded(error: &ProbeError) -> String {
    match error {
        ProbeError::Fetch(FetchError::AddressRefused { host, address, .. }) => printable(&format!(
            "refused to connect to {host} at {address}, which is not a public address: if it is \
             yours, add --allow-private-addresses"
        )),
        other => printable(&other.to_string()),
    }
}
