//! Where documents come from: files, standard input and URLs.

use std::io::Read;

use tokio::runtime::Runtime;
use url::Url;

use super::InspectArgs;
use crate::cli::feeds::worded;
use crate::cli::{CliError, Context};
use crate::config::{self, FetchConfig};
use crate::discover;
use crate::fetch::{Fetcher, Request, Settings};

/// Documents above this size are not read from files either, in bytes.
const MAX_FILE: u64 = 64 << 20;

/// A body and what is known about it.
pub struct Body {
    pub bytes: Vec<u8>,
    pub content_type: Option<String>,
    pub base: Option<Url>,
    /// Whether it came from a URL.
    pub is_fetched: bool,
}

/// Reads documents, one after another.
pub struct Sources<'a> {
    context: &'a Context,
    runtime: &'a Runtime,
    args: &'a InspectArgs,
    /// Made when the first URL asks for it.
    fetcher: Option<Fetcher>,
}

impl<'a> Sources<'a> {
    pub fn new(context: &'a Context, runtime: &'a Runtime, args: &'a InspectArgs) -> Self {
        Self {
            context,
            runtime,
            args,
            fetcher: None,
        }
    }

    /// Reads one document, or says why it can't be read.
    pub fn read(&mut self, source: &str) -> Result<Body, String> {
        if source == "-" {
            return self
                .bounded(std::io::stdin().lock())
                .map_err(|error| format!("can't read standard input: {error}"));
        }
        let url = Url::parse(source)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"));
        match url {
            Some(url) => self.fetched(&url),
            None => {
                let file = std::fs::File::open(source)
                    .map_err(|error| format!("can't open it: {error}"))?;
                self.bounded(file)
                    .map_err(|error| format!("can't read it: {error}"))
            }
        }
    }

    fn bounded(&self, from: impl Read) -> std::io::Result<Body> {
        let mut bytes = Vec::new();
        from.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_FILE {
            let limit = config::units::show_size(MAX_FILE);
            return Err(std::io::Error::other(format!(
                "it is larger than {limit}; no feed is"
            )));
        }
        Ok(Body {
            bytes,
            content_type: None,
            base: self.args.base.clone(),
            is_fetched: false,
        })
    }

    fn fetched(&mut self, url: &Url) -> Result<Body, String> {
        let fetcher = match &self.fetcher {
            Some(fetcher) => fetcher.clone(),
            None => {
                let made = fetcher(self.context);
                let made = made.map_err(|error| error.text().unwrap_or_default())?;
                self.fetcher.insert(made).clone()
            }
        };
        let request = Request {
            allow_private_addresses: self.args.allow_private_addresses,
            ..Request::feed(url)
        };
        let got = self.runtime.block_on(discover::get(&fetcher, &request));
        let got = got.map_err(|error| worded(&error))?;
        Ok(Body {
            bytes: got.bytes,
            content_type: got.content_type,
            base: Some(got.final_url),
            is_fetched: true,
        })
    }
}

/// A fetcher with the limits of the configuration, if there is one, else with the defaults.
fn fetcher(context: &Context) -> Result<Fetcher, CliError> {
    let limits = match config::find(context.config.as_deref(), &context.environment) {
        Ok(_) => context.fetch_config(&context.load_without_secrets()?)?,
        Err(_) => FetchConfig::default(),
    };
    Ok(Fetcher::new(Settings::from(&limits))?)
}
