//! stub
/// x
#[must_use]
pub fn normalise(tag: &str) -> Option<String> {
    Some(tag.to_owned())
}
