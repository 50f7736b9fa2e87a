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
    // what is UTF-8 and said to be comes out as it is
    if let Ok(sound) = std::str::from_utf8(input.body)
        && !sound.contains(['\0', '\u{feff}'])
    {
        let (same, name) = decode(input.body, Some("text/html; charset=utf-8"));
        assert_eq!((&*same, name), (sound, "UTF-8"));
    }
}
