//! `mentiond topics`: are the topics any good?

mod lint;
mod show;
mod test;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{CliError, Context};
use crate::config::Config;
use crate::model::Topic;

/// Examine the topics: what they look for, doubtful terms, the examples that packs carry.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 nothing to mend, 1 something is, 2 bad usage or configuration."
)]
pub struct TopicsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show the terms of a topic, those made of a person's name with their rule.
    Show(show::ShowArgs),
    /// Tell terms that never count, say what others say, are too short, or stand in too many texts.
    Lint(lint::LintArgs),
    /// Run the examples of the configuration against the topics.
    Test(test::TestArgs),
}

pub fn run(context: &Context, args: &TopicsArgs) -> Result<ExitCode, CliError> {
    match &args.action {
        Action::Show(args) => show::run(context, args),
        Action::Lint(args) => lint::run(context, args),
        Action::Test(args) => test::run(context, args),
    }
}

/// The topics with these ids, all if there are none.
fn chosen(config: &Config, ids: &[String]) -> Result<Vec<Topic>, CliError> {
    for id in ids {
        super::names::check_topic(config, Some(id))?;
    }
    let wanted = |topic: &&Topic| ids.is_empty() || ids.iter().any(|id| id == topic.id.as_str());
    Ok(config.topics.iter().filter(wanted).cloned().collect())
}
