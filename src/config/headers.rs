//! Reading a table of header fields, each a text or a reference to a secret.

use super::environment::{Environment, Use};
use super::problem::quoted;
use super::secret;
use super::value::Value;
use crate::model::Secret;

/// The longest header value written in the configuration, in characters.
const LONGEST: usize = 4096;
/// The most headers of one table.
const MOST: usize = 32;

/// Fields that belong to the connection, and what to do instead.
const OF_THE_CONNECTION: [(&str, &str); 10] = [
    ("host", "it follows from the URL"),
    ("connection", "it belongs to the connection"),
    ("keep-alive", "it belongs to the connection"),
    ("proxy-connection", "it belongs to the connection"),
    ("proxy-authorization", "put the credentials into `proxy`"),
    ("te", "it belongs to the connection"),
    ("trailer", "it belongs to the connection"),
    ("transfer-encoding", "it belongs to the connection"),
    ("upgrade", "it belongs to the connection"),
    ("content-length", "it belongs to the connection"),
];

/// A field: its name in lower case, its value, and whether that stands in the configuration.
pub(super) type Field = (String, Secret, bool);

/// Reads the fields of `what`. `refused` are further ones that may not be set, with the reason.
pub(super) fn read(
    value: &Value<'_>,
    environment: &Environment,
    secrets: Use,
    what: &str,
    refused: &[(&str, &str)],
) -> Vec<Field> {
    let entries = value.named("a table of header fields, such as { \"X-Edition\" = \"asia\" }");
    if entries.len() > MOST {
        let message = format!("at most {MOST} headers are allowed");
        value.error(message, None);
        return Vec::new();
    }
    let read = |(name, value): (&str, Value<'_>)| {
        let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if name.is_empty() || name.len() > 100 || !name.bytes().all(token) {
            let message = format!("{} is not the name of a header field", quoted(name));
            value.error(message, None);
            return None;
        }
        let lower = name.to_ascii_lowercase();
        let mut refused = OF_THE_CONNECTION.iter().chain(refused);
        if let Some((_, why)) = refused.find(|(known, _)| *known == lower) {
            let message = format!("the header {name} can't be set for {what}");
            value.error(message, Some((*why).to_owned()));
            return None;
        }
        let secret = text_or_secret(&value, environment, secrets)?;
        Some((lower, secret, value.is_text()))
    };
    entries.into_iter().filter_map(read).collect()
}

/// A text that may be no secret, or a reference to one that is.
pub(super) fn text_or_secret(
    value: &Value<'_>,
    environment: &Environment,
    secrets: Use,
) -> Option<Secret> {
    if value.is_text() {
        return Some(Secret::new(value.line(LONGEST)?.to_owned()));
    }
    secret::resolve(value, environment, secrets)
}
