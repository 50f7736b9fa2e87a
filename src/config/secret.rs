//! Secrets: named in the configuration, read from where they are kept, never shown.
//!
//! A [`Secret`] prints as `[secret]`. The configuration holds a reference to it: a file, an
//! environment variable or a systemd credential (systemd.exec(5), `LoadCredential=`). Messages
//! name the place, never the value or a part of it.

use std::path::{Path, PathBuf};

use super::environment::{Environment, Use};
use super::source::read_text;
use super::value::Value;
use crate::model::Secret;
use crate::notify::sign::Key;

/// The longest secret, in bytes.
const LONGEST: u64 = 64 << 10;

/// The ways to refer to a secret, as messages show them.
const WAYS: &str =
    "write { file = \"path\" }, { env = \"NAME\" } or { credential = \"name\" } in its place";

/// What a secret may look like.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Line,
    Lines,
}

/// Follows a reference, a table with one of `file`, `env` and `credential`. A secret that is not to
/// be read is empty.
pub(super) fn resolve(
    value: &Value<'_>,
    environment: &Environment,
    secrets: Use,
) -> Option<Secret> {
    follow(value, environment, secrets, Shape::Line)
}

/// The same for a secret of several lines, such as a key in a file of its own form. It ends with a line break,
/// whether the place has one or not.
pub(super) fn resolve_lines(
    value: &Value<'_>,
    environment: &Environment,
    secrets: Use,
) -> Option<Secret> {
    follow(value, environment, secrets, Shape::Lines)
}

fn follow(
    value: &Value<'_>,
    environment: &Environment,
    secrets: Use,
    shape: Shape,
) -> Option<Secret> {
    if value.is_text() {
        let message = format!("{} must not stand in the configuration", value.label());
        value.error(message, Some(WAYS.to_owned()));
        return None;
    }
    if !value.is_table() {
        let message = format!("{} must be a reference to a secret", value.label());
        value.error(message, Some(WAYS.to_owned()));
        return None;
    }
    let mut table = value.table("a secret reference")?;
    let (file, env, credential) = (table.get("file"), table.get("env"), table.get("credential"));
    let given = [&file, &env, &credential].into_iter().flatten().count();
    table.finish();
    if given != 1 {
        let message = format!("{} must name exactly one place", value.label());
        value.error(message, Some(WAYS.to_owned()));
        return None;
    }
    if !environment.reads(secrets) {
        return Some(Secret::new(String::new()));
    }
    if let Some(name) = env {
        return from_variable(&name, environment, shape);
    }
    let (path, value) = match (file, credential) {
        (Some(file), _) => (from_file(&file)?, file),
        (None, Some(credential)) => (from_credential(&credential, environment)?, credential),
        (None, None) => return None,
    };
    match read_text(&path, LONGEST) {
        Ok(text) => usable(&value, &text, &format!("file {}", path.display()), shape),
        Err(error) => {
            value.error(
                format!("the secret's file {} {error}", path.display()),
                None,
            );
            None
        }
    }
}

fn from_variable(value: &Value<'_>, environment: &Environment, shape: Shape) -> Option<Secret> {
    let name = value.line(200)?;
    if !is_variable_name(name) {
        // Not shown: it may be the secret itself, put where its name belongs.
        let help = "write the name of a variable, such as \"WEBHOOK_SECRET\"".to_owned();
        value.error("`env` is not the name of a variable", Some(help));
        return None;
    }
    let Some(text) = environment.get(name) else {
        let help = "set it for the daemon, or name another place".to_owned();
        value.error(
            format!("the secret's environment variable {name} is not set"),
            Some(help),
        );
        return None;
    };
    usable(value, text, &format!("environment variable {name}"), shape)
}

fn is_variable_name(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.starts_with("whsec_")
}

fn from_file(value: &Value<'_>) -> Option<PathBuf> {
    let path = value.line(4096)?;
    Some(value.origin.folder().join(path))
}

fn from_credential(value: &Value<'_>, environment: &Environment) -> Option<PathBuf> {
    let name = value.line(255)?;
    if name.contains('/') || name == "." || name == ".." {
        let help = "write the name given to LoadCredential=".to_owned();
        value.error("a credential's name is no path", Some(help));
        return None;
    }
    let Some(folder) = environment.get("CREDENTIALS_DIRECTORY") else {
        let help = format!(
            "run the daemon under systemd with LoadCredential={name}:/path, or use {{ file = \"path\" }}"
        );
        value.error("$CREDENTIALS_DIRECTORY is not set", Some(help));
        return None;
    };
    Some(Path::new(folder).join(name))
}

/// Takes the text from the place unless it is empty, too long or of another shape.
fn usable(value: &Value<'_>, text: &str, place: &str, shape: Shape) -> Option<Secret> {
    let text = text.trim_end_matches(['\n', '\r']);
    let complaint = if text.trim().is_empty() {
        "is empty"
    } else if u64::try_from(text.len()).is_ok_and(|length| length > LONGEST) {
        "is longer than 64 KiB"
    } else if shape == Shape::Line && text.contains(char::is_control) {
        "has more than one line or control characters"
    } else {
        return Some(Secret::new(match shape {
            Shape::Line => text.to_owned(),
            Shape::Lines => format!("{text}\n"),
        }));
    };
    value.error(
        format!("the secret in {place} {complaint}"),
        Some("put the secret, and nothing else, there".to_owned()),
    );
    None
}

/// Checks a webhook's signing secret: `whsec_` and base64 of 24 to 64 bytes, as the Standard
/// Webhooks specification has it, or the base64 alone.
pub(super) fn check_signing(value: &Value<'_>, secret: &Secret) -> bool {
    let good = Key::parse(secret.expose()).is_ok();
    if !good {
        value.error(
            format!(
                "{} is not a webhook signing secret (its value is not shown)",
                value.label()
            ),
            Some(
                "make one with: echo whsec_$(head -c 32 /dev/urandom | base64); it is `whsec_` and the base64 of 24 to 64 bytes"
                    .to_owned(),
            ),
        );
    }
    good
}
