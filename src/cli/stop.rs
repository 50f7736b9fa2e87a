//! Ctrl-C as a wish: a command that has something to put away ends where that can be done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use super::CliError;

/// Whether the command is to end.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Set by SIGINT and SIGTERM from now on; a second one ends the process at once.
    ///
    /// # Errors
    /// [`CliError::Failed`] when the system lets nobody wait for signals.
    pub fn on_signal(runtime: &Runtime) -> Result<Self, CliError> {
        let _inside = runtime.enter();
        let on =
            |kind| signal(kind).map_err(|e| CliError::Failed(format!("can't handle signals: {e}")));
        let mut interrupt = on(SignalKind::interrupt())?;
        let mut terminate = on(SignalKind::terminate())?;
        let stop = Self::default();
        let flag = stop.0.clone();
        runtime.spawn(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if flag.swap(true, Ordering::Relaxed) {
                    std::process::exit(1);
                }
            }
        });
        Ok(stop)
    }

    /// Whether a signal came.
    pub fn is_wished(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The flag itself.
    pub fn flag(&self) -> &AtomicBool {
        &self.0
    }
}
