//! How a subcommand fails: what is printed, and the exit code.

use std::process::ExitCode;

use crate::config::{ConfigError, FindError};
use crate::daemon::{DaemonError, LiveError};
use crate::fetch::FetchError;
use crate::store::StoreError;

/// Why a subcommand ended early.
#[derive(Debug)]
pub enum CliError {
    /// Something failed: exit code 1.
    Failed(String),
    /// The arguments don't make sense: exit code 2.
    Usage(String),
    /// The configuration is wrong: exit code 2, one line a problem.
    Config(String),
    /// The reader of our output has gone: no message, exit code 0, as for any filter.
    OutputClosed,
}

impl CliError {
    /// What to print, if anything.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Failed(text) | Self::Usage(text) => Some(format!("error: {text}")),
            Self::Config(text) => Some(text.clone()),
            Self::OutputClosed => None,
        }
    }

    /// The exit code.
    pub(super) fn code(&self) -> ExitCode {
        match self {
            Self::Failed(_) => ExitCode::from(1),
            Self::Usage(_) | Self::Config(_) => ExitCode::from(2),
            Self::OutputClosed => ExitCode::SUCCESS,
        }
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        let n = error.problems.len();
        let plural = if n == 1 { "" } else { "s" };
        Self::Config(format!(
            "{error}\nerror: {n} problem{plural} in the configuration"
        ))
    }
}

impl From<FindError> for CliError {
    fn from(error: FindError) -> Self {
        Self::Config(format!("error: {error}"))
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            Self::OutputClosed
        } else {
            Self::Failed(format!("can't write the output: {error}"))
        }
    }
}

macro_rules! failed {
    ($($error:ty),*) => {
        $(impl From<$error> for CliError {
            fn from(error: $error) -> Self {
                Self::Failed(error.to_string())
            }
        })*
    };
}
failed!(StoreError, DaemonError, FetchError);

impl From<LiveError> for CliError {
    fn from(error: LiveError) -> Self {
        match error {
            LiveError::Topics(_) => Self::Config(format!("error: {error}")),
            LiveError::Client(_) => Self::Failed(error.to_string()),
        }
    }
}
