//! Checking what a silence is to cover, and why.

use super::printable;
use crate::dedup::is_wordless;

/// How long a comment or a pattern may be, in characters.
const LONGEST: usize = 500;

/// What is wrong with a silence that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilenceFault {
    /// The part that is wrong: `pattern` or `comment`.
    pub part: &'static str,
    /// What to write.
    pub message: String,
}

/// Checks the words of a pattern and the comment, and gives the comment as it is to be kept.
///
/// # Errors
/// [`SilenceFault`].
pub fn check_texts(pattern: Option<&str>, comment: &str) -> Result<String, SilenceFault> {
    let fault = |part, message: &str| SilenceFault {
        part,
        message: message.to_owned(),
    };
    if pattern.is_some_and(is_wordless) {
        let message = "write at least one word with a letter or digit";
        return Err(fault("pattern", message));
    }
    let comment = printable(comment.trim());
    for (part, text) in [("comment", Some(comment.as_str())), ("pattern", pattern)] {
        if text.is_some_and(|text| text.chars().count() > LONGEST) {
            let message = format!("at most {LONGEST} characters are allowed");
            return Err(fault(part, &message));
        }
    }
    if comment.is_empty() {
        let message = "say why, for those who wonder later";
        return Err(fault("comment", message));
    }
    Ok(comment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_one_line_and_never_empty() {
        assert_eq!(
            check_texts(Some("a*"), " we\nknow ").as_deref(),
            Ok("we know")
        );
        assert_eq!(check_texts(None, " \n").unwrap_err().part, "comment");
        assert_eq!(
            check_texts(None, &"x".repeat(501)).unwrap_err().part,
            "comment"
        );
    }

    #[test]
    fn a_pattern_has_words_and_an_end() {
        for pattern in ["", "…", &"x".repeat(501)] {
            let fault = check_texts(Some(pattern), "why").unwrap_err();
            assert_eq!(fault.part, "pattern");
        }
    }
}
