//! The command line: arguments in, printing out; everything else is the library's.
//!
//! One file per subcommand, each with its arguments (a clap struct) and a `run` function. Results
//! go to standard output, all else to standard error. Exit codes: 0 done, 1 failed, 2 bad usage
//! or configuration, 3 done but not everything went well (only with `poll --strict`).

mod alerts;
mod backup;
mod check;
mod demo;
mod doctor;
mod error;
mod explain;
mod export;
mod feeds;
mod inspect;
mod match_text;
mod mentions;
mod names;
mod output;
mod poll;
mod prune;
mod rematch;
mod route;
mod run;
mod search;
mod shell;
mod silence;
mod sinks;
mod stop;
mod store;
mod target;
mod terminal;
mod topics;
mod traces;
mod trends;
mod troubled;
mod workers;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::config::{self, Config, ConfigError, Environment, FetchConfig};
pub use error::CliError;
use output::{Output, complain};

/// The version and, where it was built of a checkout, the commit; see `src/build.rs`.
const VERSION: &str = env!("VERSION_AND_COMMIT");

/// Watches news feeds and tells you, once and reliably, when a story mentions a topic you track.
#[derive(Debug, Parser)]
#[command(
    version = VERSION,
    about,
    after_help = "\
Start here:
  mentiond demo       see alerts arrive within seconds, without a network
  mentiond check      explain every mistake in the configuration
  mentiond feeds add  find a site's feeds and add one
  mentiond poll       poll all feeds once and deliver what is found
  mentiond run        run as a service

The configuration is the first of: --config, $MENTIOND_CONFIG, ./config/mentiond.toml, \
$XDG_CONFIG_HOME/mentiond/mentiond.toml (~/.config), /etc/mentiond/mentiond.toml.

Exit codes: 0 done, 1 failed, 2 bad usage or configuration."
)]
struct Arguments {
    /// The configuration file.
    #[arg(long, short, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

// Where the arguments have more to say than a line, nothing is said here: it would take the place of all that.
#[derive(Debug, Subcommand)]
enum Command {
    Run(run::RunArgs),
    /// Check the configuration and print every problem with file, line and a suggestion.
    Check(check::CheckArgs),
    Poll(poll::PollArgs),
    Inspect(inspect::InspectArgs),
    Match(match_text::MatchArgs),
    /// List the feeds; add, remove, check, import and export them.
    Feeds(feeds::FeedsArgs),
    /// Examine the topics: what they look for, doubtful terms, the examples that packs carry.
    Topics(topics::TopicsArgs),
    /// List mentions, newest first.
    Mentions(mentions::MentionsArgs),
    /// Show how often topics are mentioned over time: all in a line each, or one in detail.
    Trends(trends::TrendsArgs),
    /// Search the texts of the history.
    Search(search::SearchArgs),
    Export(export::ExportArgs),
    Rematch(rematch::RematchArgs),
    Explain(explain::ExplainArgs),
    /// List alerts and their deliveries; retry, drop or resume; explain routes.
    Alerts(alerts::AlertsArgs),
    /// Have alerts recorded but not delivered for a while.
    Silence(silence::SilenceArgs),
    /// List the sinks; show what they get; send a test alert.
    Sinks(sinks::SinksArgs),
    Backup(backup::BackupArgs),
    /// Copy the database into another: from a file to a server, or back.
    Store(store::StoreArgs),
    Prune(prune::PruneArgs),
    Doctor(doctor::DoctorArgs),
    Workers(workers::WorkersArgs),
    /// Print a script by which a shell completes commands and options.
    Completions(shell::CompletionsArgs),
    /// Print a page of the manual, or write all of them to a folder.
    Man(shell::ManArgs),
    Demo(demo::DemoArgs),
}

/// What every subcommand is given.
struct Context {
    config: Option<PathBuf>,
    environment: Environment,
    out: Output,
}

impl Context {
    /// Finds and reads the configuration, secrets included.
    fn load(&self) -> Result<Config, CliError> {
        self.load_with(&self.environment)
    }

    /// Finds and reads the configuration but no secret: for commands that deliver nothing.
    fn load_without_secrets(&self) -> Result<Config, CliError> {
        self.load_with(&self.environment.clone().without_secrets())
    }

    /// Finds and reads the configuration with the secrets that its feeds are asked with.
    fn load_for_asking(&self) -> Result<Config, CliError> {
        self.load_with(&self.environment.clone().without_sink_secrets())
    }

    /// How a server is asked that is no configured feed's: secrets are read only where a proxy may
    /// be one.
    fn fetch_config(&self, config: &Config) -> Result<FetchConfig, CliError> {
        if config.fetch.proxy.is_none() {
            return Ok(config.fetch.clone());
        }
        let environment = self.environment.clone().without_sink_secrets();
        Ok(config::load(&config.path, &environment)?.fetch)
    }

    /// Finds and reads the configuration for a command that changes it: no secret, no warnings,
    /// which may well be what the change mends.
    fn load_for_change(&self) -> Result<Config, CliError> {
        let path = config::find(self.config.as_deref(), &self.environment)?;
        Ok(self.reload(&path)?)
    }

    /// Reads the configuration again, without a word: whether it is still one.
    fn reload(&self, path: &Path) -> Result<Config, ConfigError> {
        config::load(path, &self.environment.clone().without_secrets())
    }

    /// Warnings go to standard error.
    fn load_with(&self, environment: &Environment) -> Result<Config, CliError> {
        let path = config::find(self.config.as_deref(), environment)?;
        let config = config::load(&path, environment)?;
        for warning in &config.warnings {
            complain(format_args!("warning: {warning}"));
        }
        Ok(config)
    }
}

/// Parses the process's arguments, runs the subcommand and says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let context = Context {
        config: arguments.config,
        environment: Environment::from_process(),
        out: Output::stdout(),
    };
    let result = match arguments.command {
        Command::Run(args) => run::run(&context, &args),
        Command::Check(args) => check::run(&context, &args),
        Command::Poll(args) => poll::run(&context, &args),
        Command::Inspect(args) => inspect::run(&context, &args),
        Command::Match(args) => match_text::run(&context, &args),
        Command::Feeds(args) => feeds::run(&context, &args),
        Command::Topics(args) => topics::run(&context, &args),
        Command::Mentions(args) => mentions::run(&context, &args),
        Command::Trends(args) => trends::run(&context, &args),
        Command::Search(args) => search::run(&context, &args),
        Command::Export(args) => export::run(&context, &args),
        Command::Rematch(args) => rematch::run(&context, &args),
        Command::Explain(args) => explain::run(&context, &args),
        Command::Alerts(args) => alerts::run(&context, &args),
        Command::Silence(args) => silence::run(&context, &args),
        Command::Sinks(args) => sinks::run(&context, &args),
        Command::Backup(args) => backup::run(&context, &args),
        Command::Store(args) => store::run(&context, &args),
        Command::Prune(args) => prune::run(&context, &args),
        Command::Doctor(args) => doctor::run(&context, &args),
        Command::Workers(args) => workers::run(&context, &args),
        Command::Completions(args) => shell::completions(Arguments::command(), &args),
        Command::Man(args) => shell::man(Arguments::command(), &args),
        Command::Demo(args) => demo::run(&context, &args),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            if let Some(text) = error.text() {
                complain(text);
            }
            error.code()
        }
    }
}

/// The asynchronous runtime that the subcommands run on.
fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::Failed(format!("can't start the runtime: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }
}
