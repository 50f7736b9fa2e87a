//! `mentiond demo`
use std::process::ExitCode;

use clap::Args;

use super::{CliError, Context};

/// Show mentiond at work.
#[derive(Debug, Args)]
pub struct DemoArgs {}

pub fn run(_: &Context, _: &DemoArgs) -> Result<ExitCode, CliError> {
    Ok(ExitCode::SUCCESS)
}
