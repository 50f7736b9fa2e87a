//! Standard error as people see it: log lines, and below them one live line when it is a terminal.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tracing::Metadata;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use super::CliError;
use super::output::colour_wanted;
use super::traces::AnyLayer;
use crate::config::LogFormat;
use crate::notify::Printer;

/// The live line, if there is one. All printing goes around it.
#[derive(Debug, Clone, Default)]
pub struct Terminal {
    bar: Arc<Mutex<Option<ProgressBar>>>,
}

impl Terminal {
    /// Begins a live line of free text, if standard error is a terminal.
    pub fn status_line(&self) -> Option<ProgressBar> {
        self.begin(|| {
            let style = ProgressStyle::with_template("{spinner} {wide_msg}");
            ProgressBar::new_spinner()
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
        })
    }

    /// Begins a progress bar, if standard error is a terminal.
    pub fn progress(&self, steps: usize) -> Option<ProgressBar> {
        self.begin(|| {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}");
            ProgressBar::new(steps as u64)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        })
    }

    fn begin(&self, make: impl FnOnce() -> ProgressBar) -> Option<ProgressBar> {
        if !std::io::stderr().is_terminal() {
            return None;
        }
        let bar = make();
        bar.enable_steady_tick(Duration::from_millis(250));
        *self.lock() = Some(bar.clone());
        Some(bar)
    }

    /// Ends the live line.
    pub fn end(&self) {
        if let Some(bar) = self.lock().take() {
            bar.finish_and_clear();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<ProgressBar>> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `print` with the live line out of the way. No lock is held without one: a reader that
    /// stalls must not stall those who print elsewhere.
    fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        let bar = self.lock().clone();
        match bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// A printer to standard output that goes around the live line, if both are on a terminal. A
    /// pipe needs no way around, and its reader may stall for as long as it likes: the log, which
    /// everything waits for, must not wait with it.
    pub fn printer(&self) -> Printer {
        let stdout = Printer::stdout();
        if !std::io::stdout().is_terminal() {
            return stdout;
        }
        let terminal = self.clone();
        Printer::new(move |text| terminal.aside(|| stdout.print(text)))
    }

    /// A printer to standard error, for when standard output holds something else.
    pub fn error_printer(&self) -> Printer {
        let terminal = self.clone();
        Printer::new(move |text| {
            terminal
                .clone()
                .aside(|| std::io::stderr().write_all(text.as_bytes()))
        })
    }

    /// Sends log lines to standard error, in the given format, from the given level on.
    pub fn log(&self, level: &str, format: LogFormat) -> Result<(), CliError> {
        self.log_and(level, format, None)
    }

    /// The same, beside something else that takes spans up. Log lines do not name the spans that they
    /// stand in.
    pub fn log_and(
        &self,
        level: &str,
        format: LogFormat,
        spans: Option<AnyLayer>,
    ) -> Result<(), CliError> {
        let filter = EnvFilter::try_new(own(level))
            .map_err(|error| CliError::Usage(format!("log level `{level}`: {error}")))?;
        let colour = std::io::stderr().is_terminal() && colour_wanted();
        let lines = filter.and(filter_fn(|metadata: &Metadata<'_>| metadata.is_event()));
        let layer = fmt::layer()
            .with_writer(self.clone())
            // It would panic where the writer gave up.
            .log_internal_errors(false)
            .with_target(false);
        // The journal has its own time stamps.
        let journal = std::env::var_os("JOURNAL_STREAM").is_some();
        let layer: AnyLayer = match format {
            LogFormat::Json => layer.json().flatten_event(true).with_filter(lines).boxed(),
            LogFormat::Human if journal => {
                let layer = layer.without_time().with_ansi(false);
                layer.with_filter(lines).boxed()
            }
            LogFormat::Human => layer.with_ansi(colour).with_filter(lines).boxed(),
        };
        let mut layers = vec![layer];
        layers.extend(spans);
        let done = tracing_subscriber::registry().with(layers).try_init();
        done.map_err(|error| CliError::Failed(format!("can't set up logging: {error}")))
    }
}

/// A level alone is meant for this program: what its libraries have to say below `info` is hundreds
/// of lines for each page, with the page's text in them. A filter can name them. What its client of
/// NATS says is told by the sink, with more of what to do.
fn own(level: &str) -> String {
    match level.trim().to_ascii_lowercase().as_str() {
        own @ ("debug" | "trace") => {
            format!("info,mentiond={own},async_nats=off,tokio_postgres=off,deadpool.postgres=off")
        }
        own @ ("info" | "warn" | "error") => {
            format!("{own},async_nats=off,tokio_postgres=off,deadpool.postgres=off")
        }
        _ => level.to_owned(),
    }
}

/// Writes one log line around the live line. That nobody reads the log any more is no reason to
/// stop working: what can't be written is dropped.
#[derive(Debug)]
pub struct Aside(Terminal);

impl Write for Aside {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = self.0.aside(|| std::io::stderr().lock().write_all(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Terminal {
    type Writer = Aside;

    fn make_writer(&'a self) -> Aside {
        Aside(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_alone_is_for_this_program_and_a_filter_for_whom_it_names() {
        assert_eq!(
            own("debug"),
            "info,mentiond=debug,async_nats=off,tokio_postgres=off,deadpool.postgres=off"
        );
        assert_eq!(
            own("TRACE"),
            "info,mentiond=trace,async_nats=off,tokio_postgres=off,deadpool.postgres=off"
        );
        assert_eq!(
            own("warn"),
            "warn,async_nats=off,tokio_postgres=off,deadpool.postgres=off"
        );
        assert_eq!(own("debug,reqwest=warn"), "debug,reqwest=warn");
    }
}
