//! `mentiond sinks render` for sinks that are feeds.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::super::output::printable;
use super::super::{CliError, Context};
use crate::config::SinkConfig;
use crate::notify::feed::{self, Document};
use crate::store::StoredAlert;

/// Shows the feed as it would be with this alert alone.
pub fn render(
    context: &Context,
    sink: &SinkConfig,
    alert: &StoredAlert,
    as_json: bool,
) -> Result<ExitCode, CliError> {
    let address = format!("http://listener.invalid/feeds/{}", sink.id);
    let document = Document::of(
        &sink.id,
        address,
        std::slice::from_ref(alert),
        &sink.voice(),
    );
    let (atom, out) = (feed::atom::write(&document), &context.out);
    if as_json {
        let written = feed::json::write(&document);
        let value: Value = serde_json::from_str(&written).unwrap_or_default();
        out.json(&json!({
            "sink": sink.id.as_str(),
            "type": "feed",
            "atom": atom,
            "json": value,
        }))?;
    } else {
        atom.lines()
            .try_for_each(|line| out.line(printable(line)))?;
    }
    Ok(ExitCode::SUCCESS)
}
