//! HTTP and nothing else: a URL and validators in, an [`Answer`] or a typed [`FetchError`] out.
//!
//! [`Fetcher`] is the client; it is cheap to clone and shared by all workers. A [`Request`] says
//! what to get, and with which [`Validators`] to ask whether it has changed. [`Settings`] holds
//! every limit: time, size and redirects are all bounded, whatever the peer does.
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
//! })?;
//! # let url = url::Url::parse("https://example.org/feed").unwrap();
//! let request = Request { url: &url, validators: None, allow_private_addresses: false };
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
//! - Validators go back byte for byte, and only to the URL that gave them.
//! - Memory stays within [`Settings::max_body`] and a small constant; a body that unpacks to more
//!   is given up at once.
//!
//! # Never
//! - No cookies, no `Referer`, no proxy from the environment: behind a proxy it is the proxy that
//!   resolves names and connects, which would void the address guard.
//! - No retries and no schedule: when to ask again is decided elsewhere, from [`Hints`].

mod body;
mod client;
mod diagnose;
mod error;
mod form;
pub mod guard;
mod hints;
mod outcome;
mod redirect;

pub use client::{Fetcher, Request, Settings, plain_client, user_agent};
pub use error::{FetchError, Phase};
pub use form::FormAnswer;
pub use hints::{Hints, MAX_HINT};
pub use outcome::Answer;

pub use crate::model::Validators;
