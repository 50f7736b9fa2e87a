//! A feed's body, as a server sent it, to entries.

use mentiond::model::{Document, Timestamp};
use mentiond::parse::{Input, ParseError, parse};
use url::Url;

use super::{envelope, oracle, same_twice};

/// The time at which inputs are read.
const NOW: Timestamp = Timestamp::from_millis(1_760_000_000_000);

/// Runs the target.
pub fn run(data: &[u8]) {
    let input = envelope::open(data);
    // how it ends is judged inside
    let _ = judged(
        input.body,
        input.content_type.as_deref(),
        input.base.as_ref(),
    );
}

/// Parses a body and asserts what holds of any result.
pub fn judged(
    body: &[u8],
    content_type: Option<&str>,
    base: Option<&Url>,
) -> Result<Document, ParseError> {
    let input = Input {
        bytes: body,
        content_type,
        base,
        now: NOW,
    };
    let result = same_twice(body.len(), || parse(&input));
    match &result {
        Ok(document) => oracle::document(document),
        Err(error) => {
            assert!(!matches!(error, ParseError::Panicked { .. }), "{error}");
            let message = error.to_string();
            oracle::printable("an error", &message, false);
            oracle::bytes("an error", &message, 2_000);
        }
    }
    result
}
