//! `mentiond sinks`: where alerts go, what they look like there, and whether they arrive.

mod command;
mod feed;
mod list;
mod render;
mod test;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{CliError, Context};

/// List the sinks; show what they get; send a test alert.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct SinksArgs {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    list: list::ListArgs,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the sinks: type, format, where they lead, deliveries, trouble (the default).
    List(list::ListArgs),
    /// Show the request or mail by which a sink would get an alert; sends nothing, reads no secret.
    Render(render::RenderArgs),
    /// Send one alert that says it is a test, and show the answer.
    Test(test::TestArgs),
}

pub fn run(context: &Context, args: &SinksArgs) -> Result<ExitCode, CliError> {
    match &args.action {
        None => list::run(context, &args.list),
        Some(Action::List(args)) => list::run(context, args),
        Some(Action::Render(args)) => render::run(context, args),
        Some(Action::Test(args)) => test::run(context, args),
    }
}
