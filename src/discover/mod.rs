//! From an address that a person knows to the feeds behind it.
//!
//! [`probe`] asks one URL once, unconditionally, and tells what is there: how the answer came
//! ([`Got`]) and what the parser makes of it. [`Finder::find`] goes from a feed's or a page's URL
//! to feeds, most certain first: the patterns of known sites ([`known`]), what the page declares,
//! what it links to, and, only when all of that gave nothing, a handful of common paths, one after
//! another with a pause, ending at the first that answers with a feed, asks for patience or does
//! not answer at all.
//! Each candidate is fetched and parsed before it counts; each request is told in
//! [`Discovery::tried`].
//!
//! ```no_run
//! # use mentiond::discover::Finder;
//! # async fn example(fetcher: &mentiond::fetch::Fetcher) {
//! let page = url::Url::parse("https://github.com/rust-lang/rust").unwrap();
//! let finder = Finder { fetcher, allow_private_addresses: false };
//! for found in finder.find(&page).await.found {
//!     println!("{} {}", found.url, found.summary.title);
//! }
//! # }
//! ```
//!
//! It never touches the store or the configuration, sends no validators, and asks no more than
//! [`MOST_REQUESTS`] times.

mod advice;
mod find;
pub mod known;
mod probe;

pub use advice::{explained, feeds_named_by};
pub use find::{COMMON_PATHS, Discovery, Finder, Found, How, MOST_REQUESTS, Tried};
pub use probe::{Got, Probe, ProbeError, Summary, get, probe};
