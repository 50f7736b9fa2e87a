//! HTTP and nothing else: a URL and validators in, an [`Answer`] or a typed [`FetchError`] out.
//!
//! [`Fetcher`] is the client; it is cheap to clone and shared by all workers. A [`Request`] says
//! what to get, with which [`Validators`] to ask whether it has changed, and which headers and
//! credentials the owner wants sent along. [`Settings`] holds every limit: time, size and redirects
//! are all bounded, whatever the peer does. [`Robots`] knows what a site's `robots.txt` allows.
//!
//! ```no_run
//! # use std::time::Duration;
//! # use mentiond::fetch::{Answer, FetchError, Fetcher, Request, Settings, user_agent};
//! # async fn example() -> Result<(), FetchError> {
//! let fetcher = Fetcher::new(Settings {
//!     user_agent: user_agent(Some("https://example.org/bot")),
//!     connect_timeout: Duration::from_secs(10),
//!     header_timeout: Duration::from_secs(20),
//!     idle_timeout: Duration::from_secs(20),
//!     total_timeout: Duration::from_secs(60),
//!     max_body: 8 << 20,
//!     max_redirects: 5,
//!     idle_per_host: 2,
//!     proxy: None,
//!     ports: Vec::new(),
//! })?;
//! # let url = url::Url::parse("https://example.org/feed").unwrap();
//! let request = Request::feed(&url);
//! if let Answer::Body { bytes, validators, .. } = fetcher.fetch(&request).await? {
//!     println!("{} bytes; ask with {validators:?} the next time", bytes.len());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Promises
//! - Without the owner's leave no connection goes to a loopback, private or otherwise special
//!   address, at no hop of a redirect chain and whatever the DNS says ([`guard`]).
//! - No connection goes to a port that no web server is expected at, unless the owner wrote it.
//! - Validators go back byte for byte, and only to the URL that gave them.
//! - The owner's headers, credentials and cookies go to the origin of the owner's own URL, along no
//!   redirect and to no page elsewhere; no error and no log shows them.
//! - Memory stays within [`Settings::max_body`] and a small constant, or twice that for the rare
//!   body whose compression is stacked or misspelled; one that unpacks to more is given up at once.
//!
//! # Behind a proxy
//! A proxy, for all or for one feed, resolves the names and makes the connections. The guard then
//! sees only hosts that are written as addresses, and `localhost`; a name that leads inside is for
//! the proxy to refuse. That is the owner's choice, so no proxy is taken from the environment.
//!
//! # Never
//! - No cookies but those that the owner wrote, no `Referer`, no parameters added to a URL.
//! - No retries and no schedule: when to ask again is decided elsewhere, from [`Hints`].

mod body;
mod client;
mod clients;
mod coding;
mod delta;
mod diagnose;
mod error;
mod form;
pub mod guard;
mod hints;
mod links;
mod options;
mod outcome;
mod receiver;
mod redirect;
mod request;
mod resolver;
mod robots;
mod settings;

pub use client::Fetcher;
pub use clients::{check_proxy, plain_client};
pub use delta::check as check_delta;
pub use diagnose::refused;
pub use error::{FetchError, Phase};
pub use form::FormAnswer;
pub use hints::{Hints, MAX_HINT};
pub use links::{Links, language};
pub use options::{check_header, check_options};
pub use outcome::Answer;
pub use receiver::{receiver_addresses, receiver_client};
pub use redirect::Trail;
pub use request::{Kind, Request};
pub use resolver::AddressError;
pub use robots::{Robots, Unknown, Verdict};
pub use settings::{Settings, user_agent};

pub use crate::model::Validators;
