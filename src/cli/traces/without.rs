//! A program that was built without traces.

use tokio::runtime::Handle;
use tracing::warn;

use super::{AnyLayer, is_wanted, variable};
use crate::cli::CliError;

/// No traces.
#[derive(Debug)]
pub struct Traces {
    is_wanted: bool,
}

impl Traces {
    /// Looks whether somebody wants traces.
    #[allow(clippy::unnecessary_wraps, reason = "with traces it can fail")]
    pub fn new(_: &Handle) -> Result<Self, CliError> {
        Ok(Self {
            is_wanted: is_wanted(variable),
        })
    }

    /// None.
    #[allow(clippy::unused_self, reason = "with traces there is one")]
    pub fn layer(&self) -> Option<AnyLayer> {
        None
    }

    /// Says so, where somebody wants them.
    pub fn announce(&self) {
        if self.is_wanted {
            warn!(
                "the environment names a collector of traces, but this mentiond was built without them \
                 (cargo's feature `otel`)"
            );
        }
    }

    /// Nothing is kept back.
    #[allow(clippy::unused_self, reason = "with traces the last are sent")]
    pub fn end(self) {}
}
