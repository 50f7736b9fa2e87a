//! `mentiond inspect`: what the daemon makes of a feed document.
//!
//! `source` gets the bytes, `json` and `text` print what the parser makes of them. One document is
//! in memory at a time, and one that can't be read is told in its place.

mod json;
mod source;
mod text;

use std::process::ExitCode;

use clap::Args;
use url::Url;

use super::{CliError, Context, runtime};
use crate::discover::explained;
use crate::model::{Document, Timestamp};
use crate::parse::{self, ParseError};
use source::{Body, Sources};

/// Parse feed documents or URLs exactly as the daemon would, and print them.
///
/// A document that can't be read is reported in its place; the others are still printed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mentiond inspect https://feeds.bbci.co.uk/news/world/rss.xml
  curl -s https://example.org/feed | mentiond inspect -
  mentiond inspect --json *.xml | jq '.entries | length'

The JSON is described in docs/cli.md.
Exit codes: 0 all documents were read, 1 one or more could not be read, 2 bad usage.")]
pub struct InspectArgs {
    /// Files or http(s) URLs; `-` is standard input.
    #[arg(value_name = "FILE|URL", required = true)]
    sources: Vec<String>,
    /// Print one JSON object a line and document.
    #[arg(long)]
    json: bool,
    /// Allow URLs that lead to loopback, private and other special addresses.
    #[arg(long)]
    allow_private_addresses: bool,
    /// The base for relative links of documents from files.
    #[arg(long, value_name = "URL")]
    base: Option<Url>,
}

pub fn run(context: &Context, args: &InspectArgs) -> Result<ExitCode, CliError> {
    let runtime = runtime()?;
    let mut sources = Sources::new(context, &runtime, args);
    let mut all_read = true;
    for source in &args.sources {
        let result = sources.read(source).and_then(|body| document(&body));
        all_read &= result.is_ok();
        if args.json {
            json::print(context, source, &result)?;
        } else {
            text::print(context, source, &result)?;
        }
    }
    Ok(ExitCode::from(u8::from(!all_read)))
}

/// What the parser makes of a body; for a page, the error names the feeds that it links to.
fn document(body: &Body) -> Result<Document, String> {
    let input = parse::Input {
        bytes: &body.bytes,
        content_type: body.content_type.as_deref(),
        base: body.base.as_ref(),
        now: Timestamp::now(),
    };
    parse::parse(&input).map_err(|error| match error {
        // The advice of the error is about an address.
        ParseError::Empty if !body.is_fetched => "the document is empty".to_owned(),
        _ => explained(&error, input.bytes, input.content_type, input.base),
    })
}
