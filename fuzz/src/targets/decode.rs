//! Bytes to text, whatever encoding they are in or said to be in.

use mentiond::parse::decode;

use super::{envelope, same_twice};

/// Runs the target.
pub fn run(data: &[u8]) {
    let input = envelope::open(data);
    let content_type = input.content_type.as_deref();
    let (text, name) = same_twice(input.body.len(), || {
        let (text, name) = decode(input.body, content_type);
        (text.into_owned(), name)
    });
    // one byte becomes at most one U+FFFD or one letter of three bytes
    assert!(
        text.len() <= 3 * input.body.len() + 3,
        "{} bytes of {name} became {}",
        input.body.len(),
        text.len()
    );
    assert!(!name.is_empty());
    if content_type.is_none() && !text.contains('\u{FFFD}') && !text.starts_with("<") {
        // what was read once is UTF-8 and stays as it is
        let (again, _) = decode(text.as_bytes(), Some("text/plain; charset=utf-8"));
        assert!(again.len() <= text.len());
    }
}
