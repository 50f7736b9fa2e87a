//! What `mentiond::fetch` promises, tried against a hand-made server on the loopback interface.

// Helpers may give up as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "fetch/server.rs"]
mod server;

#[path = "fetch/bodies.rs"]
mod bodies;
#[path = "fetch/certificates.rs"]
mod certificates;
#[path = "fetch/conditional.rs"]
mod conditional;
#[path = "fetch/deltas.rs"]
mod deltas;
#[path = "fetch/failures.rs"]
mod failures;
#[path = "fetch/manners.rs"]
mod manners;
#[path = "fetch/options.rs"]
mod options;
#[path = "fetch/proxies.rs"]
mod proxies;
#[path = "fetch/redirects.rs"]
mod redirects;
#[path = "fetch/robots.rs"]
mod robots;

use std::time::Duration;

use mentiond::fetch::{Answer, FetchError, Fetcher, Request, Settings, Validators, user_agent};
use url::Url;

/// Limits that no well-behaved answer on the loopback interface comes near.
fn settings() -> Settings {
    Settings {
        user_agent: user_agent(None),
        connect_timeout: Duration::from_secs(20),
        header_timeout: Duration::from_secs(20),
        idle_timeout: Duration::from_secs(20),
        total_timeout: Duration::from_mins(1),
        max_body: 1 << 20,
        max_redirects: 5,
        idle_per_host: 2,
        proxy: None,
        ports: Vec::new(),
    }
}

/// A feed, with the owner's leave for private addresses.
fn inside(url: &Url) -> Request<'_> {
    Request {
        allow_private_addresses: true,
        ..Request::feed(url)
    }
}

/// Fetches with the owner's leave for private addresses.
async fn get(settings: Settings, url: &str) -> Result<Answer, FetchError> {
    get_if_changed(settings, url, None).await
}

async fn get_if_changed(
    settings: Settings,
    url: &str,
    validators: Option<&Validators>,
) -> Result<Answer, FetchError> {
    let url = Url::parse(url).unwrap();
    let request = Request {
        validators,
        ..inside(&url)
    };
    Fetcher::new(settings).unwrap().fetch(&request).await
}

/// The body of an answer that has one.
fn body(answer: Result<Answer, FetchError>) -> Vec<u8> {
    match answer {
        Ok(Answer::Body { bytes, .. }) => bytes,
        other => panic!("not a body: {other:?}"),
    }
}
