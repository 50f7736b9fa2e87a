//! What a receiver's refusal leaves behind for diagnosis: a short, clean line. Pure.
//!
//! The answer is a stranger's text and may quote what was sent to it. What is kept holds no control
//! character and at most [`MOST`] bytes, and the sink's secrets, as far as they are known and written as
//! they were sent, are struck out before it is cut.

/// The most bytes that are kept.
pub const MOST: usize = 1024;
/// The most bytes that are read of an answer.
pub const READ: usize = 4 * MOST;
/// What stands where a secret stood.
const STRUCK: &str = "[secret]";

/// The text of an answer's first bytes, with `secrets` struck out; `None` when nothing is left. `cut` says
/// that the answer goes on.
#[must_use]
pub fn clean(bytes: &[u8], cut: bool, secrets: &[String]) -> Option<String> {
    let longest = secrets.iter().map(String::len).max().unwrap_or(0);
    // The beginning of a secret may stand at the end of what was read.
    let end = if cut {
        bytes.len().saturating_sub(longest)
    } else {
        bytes.len()
    };
    let mut text = String::from_utf8_lossy(&bytes[..end]).replace("\\/", "/");
    for secret in secrets {
        text = text.replace(secret.as_str(), STRUCK);
    }
    let shown: String = text
        .chars()
        .map(|c| if is_unseen(c) { ' ' } else { c })
        .collect();
    let words: Vec<&str> = shown.split_whitespace().collect();
    let mut line = words.join(" ");
    line.truncate(line.floor_char_boundary(MOST));
    (!line.is_empty()).then_some(line)
}

/// Whether a character acts on a terminal or on the direction of what stands beside it.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The parts of a webhook's URL that may be secret: all of it, its path and query, and whatever of
/// them is long enough to be a key. The longest come first, so that none hides a part of another.
#[must_use]
pub fn secrets_of(url: &url::Url) -> Vec<String> {
    let mut found = vec![url.to_string()];
    let path = &url[url::Position::BeforePath..];
    if path.len() > 3 {
        found.push(path.to_owned());
    }
    found.extend(
        url.path_segments()
            .into_iter()
            .flatten()
            .filter(|s| s.len() >= 12)
            .map(str::to_owned),
    );
    found.extend(
        url.query_pairs()
            .map(|(_, value)| value.into_owned())
            .filter(|v| v.len() >= 4),
    );
    found.extend(url.query().map(str::to_owned));
    found.extend(url.password().map(str::to_owned));
    found.retain(|secret| !secret.is_empty());
    found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_kept_is_one_clean_line() {
        let kept = clean(
            b"<h1>No\r\n\x1b[31m\ttoken</h1>\xff\xe2\x80\xae",
            false,
            &[],
        );
        assert_eq!(kept.as_deref(), Some("<h1>No [31m token</h1>\u{fffd}"));
        assert_eq!(clean(b" \r\n", false, &[]), None);
    }

    #[test]
    fn a_receiver_that_quotes_the_request_gives_no_secret_away() {
        let url =
            url::Url::parse("https://chat.example/services/T000/kR3vXw91LmQz?token=hush").unwrap();
        let secrets = secrets_of(&url);
        for quoted in [
            "no POST at https://chat.example/services/T000/kR3vXw91LmQz?token=hush here",
            "no /services/T000/kR3vXw91LmQz?token=hush here",
            r"no \/services\/T000\/kR3vXw91LmQz here",
            "the token hush is unknown",
        ] {
            let kept = clean(quoted.as_bytes(), false, &secrets).unwrap();
            assert!(kept.contains(STRUCK) && !kept.contains("hush"), "{kept}");
            assert!(!kept.contains("kR3vXw91LmQz"), "{kept}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_leaves_more_than_a_short_line_or_a_part_of_a_secret_at_its_end(
            before in prop::collection::vec(any::<u8>(), 0..3000), spaces in 0..3000_usize,
        ) {
            let secret = "kR3vXw91LmQzAbcdefgh".to_owned();
            let mut bytes = [before, vec![b' '; spaces], secret.clone().into_bytes()].concat();
            let full = clean(&bytes, false, std::slice::from_ref(&secret)).unwrap();
            prop_assert!(full.len() <= MOST && !full.contains("kR3v"));
            bytes.truncate(bytes.len() - 3);
            let cut = clean(&bytes, true, &[secret]).unwrap_or_default();
            prop_assert!(!cut.contains("kR3v") && !cut.chars().any(char::is_control));
        }
    }
}
