//! `mentiond inspect`: what the daemon makes of a feed document.

use std::io::Read;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use url::Url;

use super::output::{count, printable};
use super::{CliError, Context, runtime};
use crate::config::{self, FetchConfig};
use crate::dedup;
use crate::fetch::{self, Answer, Fetcher, Request};
use crate::model::{Document, EntryKey, FeedFormat, KeyBasis, Timestamp};
use crate::parse;

/// Documents above this size are not read from files either.
const MAX_FILE: u64 = 64 << 20;

/// Parse feed documents or URLs exactly as the daemon would, and print them.
///
/// A document that can't be read is reported in its place; the others are still printed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mentiond inspect https://feeds.bbci.co.uk/news/world/rss.xml
  curl -s https://example.org/feed | mentiond inspect -
  mentiond inspect --json *.xml | jq '.entries | length'

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

#[derive(Serialize)]
struct Inspected<'a> {
    source: &'a str,
    format: Option<FeedFormat>,
    title: Option<&'a str>,
    language: Option<&'a str>,
    charset: Option<&'a str>,
    ttl_s: Option<u64>,
    repairs: &'a [String],
    error: Option<&'a str>,
    entries: Vec<InspectedEntry<'a>>,
}

#[derive(Serialize)]
struct InspectedEntry<'a> {
    key: EntryKey,
    key_basis: KeyBasis,
    guid: Option<&'a str>,
    link: Option<&'a str>,
    canonical_link: Option<String>,
    title: &'a str,
    summary: &'a str,
    content: &'a str,
    author: Option<&'a str>,
    language: Option<&'a str>,
    published: Option<Timestamp>,
    updated: Option<Timestamp>,
    date_note: Option<&'static str>,
}

pub fn run(context: &Context, args: &InspectArgs) -> Result<ExitCode, CliError> {
    let runtime = runtime()?;
    let mut all_read = true;
    for source in &args.sources {
        let result =
            read(context, args, &runtime, source).and_then(|(bytes, content_type, base)| {
                let input = parse::Input {
                    bytes: &bytes,
                    content_type: content_type.as_deref(),
                    base: base.as_ref(),
                    now: Timestamp::now(),
                };
                parse::parse(&input).map_err(|error| error.to_string())
            });
        all_read &= result.is_ok();
        if args.json {
            print_json(context, source, &result)?;
        } else {
            print_text(context, source, &result)?;
        }
    }
    Ok(if all_read {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

type Body = (Vec<u8>, Option<String>, Option<Url>);

fn read(
    context: &Context,
    args: &InspectArgs,
    runtime: &tokio::runtime::Runtime,
    source: &str,
) -> Result<Body, String> {
    if source == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().take(MAX_FILE).read_to_end(&mut bytes);
        return read
            .map(|_| (bytes, None, args.base.clone()))
            .map_err(|error| format!("can't read standard input: {error}"));
    }
    let url = Url::parse(source)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    let Some(url) = url else {
        let file =
            std::fs::File::open(source).map_err(|error| format!("can't open it: {error}"))?;
        let mut bytes = Vec::new();
        let read = file.take(MAX_FILE).read_to_end(&mut bytes);
        return read
            .map(|_| (bytes, None, args.base.clone()))
            .map_err(|error| format!("can't read it: {error}"));
    };
    let fetcher = fetcher(context).map_err(|error| error.text().unwrap_or_default())?;
    let request = Request {
        allow_private_addresses: args.allow_private_addresses,
        ..Request::feed(&url)
    };
    match runtime.block_on(fetcher.fetch(&request)) {
        Ok(Answer::Body {
            bytes,
            content_type,
            final_url,
            ..
        }) => Ok((bytes, content_type, Some(final_url))),
        Ok(Answer::Gone) => Err("the server answered 410 Gone".to_owned()),
        Ok(Answer::Throttled { status, .. }) => Err(format!(
            "the server answered {status}: it asks for fewer requests; try later"
        )),
        Ok(Answer::NotModified { .. }) => Err("the server answered 304 without cause".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// A fetcher with the limits of the configuration, if there is one, else with the defaults.
fn fetcher(context: &Context) -> Result<Fetcher, CliError> {
    let limits = match config::find(context.config.as_deref(), &context.environment) {
        Ok(_) => context.load_without_secrets()?.fetch,
        Err(_) => FetchConfig::default(),
    };
    Ok(Fetcher::new(fetch::Settings::from(&limits))?)
}

fn print_json(
    context: &Context,
    source: &str,
    result: &Result<Document, String>,
) -> Result<(), CliError> {
    let document = result.as_ref().ok();
    let entries = document.map(entries).unwrap_or_default();
    context.out.json(&Inspected {
        source,
        format: document.map(|d| d.format),
        title: document.map(|d| d.title.as_str()),
        language: document.and_then(|d| d.language.as_deref()),
        charset: document.map(|d| d.charset),
        ttl_s: document.and_then(|d| d.hints.ttl).map(|ttl| ttl.as_secs()),
        repairs: document.map(|d| d.notes.as_slice()).unwrap_or_default(),
        error: result.as_ref().err().map(String::as_str),
        entries,
    })
}

fn entries(document: &Document) -> Vec<InspectedEntry<'_>> {
    let keys = dedup::assign_keys(&document.entries);
    document
        .entries
        .iter()
        .zip(keys)
        .map(|(entry, (key, key_basis))| InspectedEntry {
            key,
            key_basis,
            guid: entry.guid.as_deref(),
            link: entry.link.as_deref(),
            canonical_link: entry.link.as_deref().and_then(dedup::canonical_link),
            title: &entry.title,
            summary: &entry.summary,
            content: &entry.content,
            author: entry.author.as_deref(),
            language: entry.language.as_deref(),
            published: entry.published,
            updated: entry.updated,
            date_note: entry.date_note.map(crate::model::DateNote::as_str),
        })
        .collect()
}

fn print_text(
    context: &Context,
    source: &str,
    result: &Result<Document, String>,
) -> Result<(), CliError> {
    let out = &context.out;
    let document = match result {
        Ok(document) => document,
        Err(error) => return out.line(format!("{source}: {error}")),
    };
    out.line(format!(
        "{source}: {} | {} | {}{} | {}",
        out.strong(if document.title.is_empty() {
            "(no title)"
        } else {
            &document.title
        }),
        document.format.as_str(),
        document.charset,
        document
            .language
            .as_deref()
            .map(|l| format!(" | {l}"))
            .unwrap_or_default(),
        count(document.entries.len(), "entry")
    ))?;
    for note in &document.notes {
        out.line(format!("  note: {note}"))?;
    }
    for entry in entries(document) {
        let dated = entry.published.or(entry.updated);
        let date = dated.map_or_else(
            || format!("({} date)", entry.date_note.unwrap_or("no")),
            |at| at.to_string(),
        );
        let title = if entry.title.is_empty() {
            "(no title)"
        } else {
            entry.title
        };
        out.line(format!("  {date}  {title}"))?;
        if let Some(link) = entry.link {
            out.line(format!("      {link}"))?;
        }
        let text = if entry.summary.is_empty() {
            entry.content
        } else {
            entry.summary
        };
        if !text.is_empty() {
            let short: String = text.chars().take(160).collect();
            let more = if short.len() < text.len() { "…" } else { "" };
            out.line(format!("      {}{more}", printable(&short)))?;
        }
        let basis = match entry.key_basis {
            KeyBasis::Guid => "GUID",
            KeyBasis::Link => "link",
            KeyBasis::Content => "text",
        };
        out.line(format!("      key {} by {basis}", entry.key))?;
    }
    Ok(())
}
