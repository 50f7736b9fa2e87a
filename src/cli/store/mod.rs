//! `mentiond store`: what is done with a whole database.

mod copy;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{CliError, Context};

/// Copy the database into another: from a file to a server, or back.
#[derive(Debug, Args)]
pub struct StoreArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Copy(copy::CopyArgs),
}

pub fn run(context: &Context, args: &StoreArgs) -> Result<ExitCode, CliError> {
    match &args.action {
        Action::Copy(args) => copy::run(context, args),
    }
}
