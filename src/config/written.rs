//! Where a character of a TOML string stands in the file, behind quotes, escapes and line breaks.

/// The byte of a TOML string, as it is written from its quotes on, that stands for byte `at` of its
/// text; `None` when the two do not fit.
pub(super) fn written_at(written: &str, text: &str, at: usize) -> Option<usize> {
    let quotes = ["\"\"\"", "'''", "\"", "'"];
    let quote = *quotes.iter().find(|quote| written.starts_with(**quote))?;
    let mut raw = quote.len();
    if quote.len() == 3 {
        let inner = written.get(raw..)?;
        raw += if inner.starts_with("\r\n") {
            2
        } else {
            usize::from(inner.starts_with('\n'))
        };
    }
    let mut seen = 0;
    for c in text.chars() {
        let mut rest = written.get(raw..)?;
        // A backslash at a line's end, and all white space behind it, stand for nothing.
        while quote == "\"\"\"" && rest.starts_with('\\') {
            let Some(behind) = rest.get(1..).filter(|r| r.starts_with(char::is_whitespace)) else {
                break;
            };
            rest = behind.trim_start();
            raw = written.len() - rest.len();
        }
        if seen >= at {
            return Some(raw);
        }
        let first = rest.chars().next()?;
        raw += if first == '\\' && quote.starts_with('"') {
            match rest.get(1..)?.chars().next()? {
                'x' => 4,
                'u' => 6,
                'U' => 10,
                _ => 2,
            }
        } else if first == '\r' && c == '\n' {
            2
        } else if first == c {
            c.len_utf8()
        } else {
            return None;
        };
        seen += c.len_utf8();
    }
    Some(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_of_a_string_is_found_where_it_is_written() {
        for (written, text, at, expected) in [
            ("'a b' # c", "a b", 2, 3),
            ("\"习 b\"", "习 b", 4, 5),
            ("'a'", "a", 1, 2),
            ("'''\na\nb'''", "a\nb", 2, 6),
            ("'''\r\na\r\nb'''", "a\nb", 2, 8),
            (r#""a\"b\u0063d""#, "a\"bcd", 4, 11),
            ("\"\"\"a\\\n   b\"\"\"", "ab", 1, 9),
        ] {
            assert_eq!(written_at(written, text, at), Some(expected), "{written}");
        }
        assert_eq!(written_at("'a'", "b", 1), None);
        assert_eq!(written_at("", "b", 1), None);
    }
}
