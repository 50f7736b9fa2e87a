//! Bytes to text: which encoding a document is written in, whoever says what.
//!
//! The order of belief is: byte order mark, the `charset` of the HTTP header, the document's own
//! declaration, UTF-8 if the bytes are valid UTF-8, windows-1252. A claim that the bytes disprove
//! is dropped in favour of one that they don't: publishers change their servers and forget their
//! templates, but long text in another encoding is practically never valid UTF-8 by chance.

mod labels;
mod wide;

use std::borrow::Cow;

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::page::looks_like_html;
use super::text;

/// A decoded body.
#[derive(Debug)]
pub(super) struct Decoded<'a> {
    /// The text, without byte order mark.
    pub text: Cow<'a, str>,
    /// The WHATWG name of the encoding.
    pub name: &'static str,
    /// How it was decided: `byte order mark`, `Content-Type`, `declaration` or `content`.
    pub basis: &'static str,
    /// What was odd about it.
    pub note: Option<String>,
}

/// Decodes a body; the second value is the WHATWG name of the encoding that was used.
///
/// Never fails: what can't be decoded becomes U+FFFD.
#[must_use]
pub fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> (Cow<'a, str>, &'static str) {
    let decoded = read(bytes, content_type);
    (decoded.text, decoded.name)
}

/// [`decode`] with its reasons.
pub(super) fn read<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Decoded<'a> {
    if let Some(decoded) = wide::utf_32(bytes).or_else(|| wide::ebcdic(bytes)) {
        return decoded;
    }
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return lossy(encoding, &bytes[mark..], "byte order mark", None);
    }
    if let Some(encoding) = utf16_without_mark(bytes) {
        return lossy(encoding, bytes, CONTENT, None);
    }
    let mut note = None;
    let mut claims = Vec::new();
    for (label, basis) in [
        (
            content_type.and_then(header_charset).map(Cow::Borrowed),
            "Content-Type",
        ),
        (declared(bytes), "declaration"),
    ] {
        let Some(label) = label else { continue };
        match labels::encoding(&label) {
            // without a byte order mark or zero bytes it can't be UTF-16 (HTML standard §13.2.3.2)
            Some(e) if e == UTF_16BE || e == UTF_16LE => claims.push((UTF_8, CONTENT)),
            Some(e) if e != REPLACEMENT => claims.push((e, basis)),
            _ => {
                let mut label = text::plain(&label, 160);
                text::cut_chars(&mut label, 40);
                note = Some(format!("the declared encoding `{label}` is unknown"));
            }
        }
    }
    let as_utf8 = std::str::from_utf8(bytes);
    let Some(&(claimed, basis)) = claims.first() else {
        return match as_utf8 {
            Ok(text) => borrowed(text, CONTENT, note),
            Err(_) => undeclared(bytes, note),
        };
    };
    if let Ok(text) = as_utf8
        && (claimed == UTF_8 || !text.is_ascii())
    {
        let says_so = claims.iter().find(|(e, _)| *e == UTF_8);
        if claimed != UTF_8 {
            note = Some(format!(
                "declared as {} but written in UTF-8",
                claimed.name()
            ));
        }
        return borrowed(text, says_so.map_or(CONTENT, |(_, basis)| basis), note);
    }
    for (i, &(encoding, basis)) in claims.iter().enumerate() {
        if encoding == UTF_8 {
            continue;
        }
        if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) {
            if i > 0 {
                note = Some(format!(
                    "declared as {} but written in {}",
                    claimed.name(),
                    encoding.name()
                ));
            }
            return Decoded {
                text,
                name: encoding.name(),
                basis,
                note,
            };
        }
    }
    if claimed == UTF_8 {
        undeclared(bytes, note)
    } else {
        let note = format!("some bytes are not valid {}", claimed.name());
        lossy(claimed, bytes, basis, Some(note))
    }
}

/// The basis where nobody says anything that holds.
const CONTENT: &str = "content";

fn borrowed<'a>(text: &'a str, basis: &'static str, note: Option<String>) -> Decoded<'a> {
    Decoded {
        text: Cow::Borrowed(text),
        name: UTF_8.name(),
        basis,
        note,
    }
}

fn lossy<'a>(
    encoding: &'static Encoding,
    bytes: &'a [u8],
    basis: &'static str,
    note: Option<String>,
) -> Decoded<'a> {
    let (text, bad) = encoding.decode_without_bom_handling(bytes);
    let note =
        note.or_else(|| bad.then(|| format!("some bytes are not valid {}", encoding.name())));
    Decoded {
        text,
        name: encoding.name(),
        basis,
        note,
    }
}

/// Bytes that are not valid UTF-8 and of which nothing else is claimed: UTF-8 with a few broken
/// bytes (a text cut by bytes), or the Western default.
fn undeclared(bytes: &[u8], note: Option<String>) -> Decoded<'_> {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    if good > bad {
        return lossy(UTF_8, bytes, CONTENT, note);
    }
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    Decoded {
        text,
        name: WINDOWS_1252.name(),
        basis: CONTENT,
        note: note.or_else(|| Some("not valid UTF-8; read as windows-1252".into())),
    }
}

/// UTF-16 shows itself by the zero bytes beside the first characters (XML 1.0 §F.1).
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let ascii = |b: u8| matches!(b, b'\t' | b'\n' | b'\r' | 0x20..=0x7E);
    match bytes {
        [0, first, 0, second, ..] if ascii(*first) && ascii(*second) => Some(UTF_16BE),
        [first, 0, second, 0, ..] if ascii(*first) && ascii(*second) => Some(UTF_16LE),
        // the first character of a JSON Feed or element may be followed by another script's
        [0, b'<' | b'{', high, ..] if *high != 0 => Some(UTF_16BE),
        [b'<' | b'{', 0, _, high, ..] if *high != 0 => Some(UTF_16LE),
        _ => None,
    }
}

/// The `charset` parameter of a Content-Type header (RFC 9110 §8.3.1).
fn header_charset(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then_some(value)
    })
}

/// The encoding that the document itself declares: in its XML declaration, or a page in `meta`.
fn declared(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let head = &bytes[..bytes.len().min(4096)];
    let text = String::from_utf8_lossy(head);
    let start = text.find(|c: char| !c.is_whitespace() && c != '\u{FEFF}')?;
    let text = &text[start..];
    let label = if text.starts_with("<?xml") {
        let declaration = &text[..text.find("?>").unwrap_or(text.len())];
        value_after(declaration, "encoding")
    } else {
        None
    };
    let label = label.or_else(|| {
        looks_like_html(head)
            .then(|| value_after(&text.to_ascii_lowercase(), "charset"))
            .flatten()
    });
    label.map(Cow::Owned)
}

/// The value of `name = "value"` or `name=value` in a text.
fn value_after(text: &str, name: &str) -> Option<String> {
    let rest = text[text.find(name)? + name.len()..]
        .trim_start()
        .strip_prefix('=')?;
    let rest = rest.trim_start().trim_start_matches(['"', '\'']);
    let end = rest
        .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '>' | ';' | '/' | '?'))
        .unwrap_or(rest.len());
    (end > 0).then(|| rest[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use encoding_rs::{GB18030, SHIFT_JIS, WINDOWS_1251};

    use super::*;

    const XML: &str = "<?xml version=\"1.0\" encoding=\"";

    #[test]
    fn declarations_are_believed() {
        for (encoding, label, word) in [
            (WINDOWS_1251, "windows-1251", "Шанхай"),
            (GB18030, "gb2312", "上海合作组织"),
            (SHIFT_JIS, "Shift_JIS", "上海協力機構"),
        ] {
            let text = format!("{XML}{label}\"?><a>{word}</a>");
            let (bytes, _, _) = encoding.encode(&text);
            let (read, name) = decode(&bytes, None);
            assert!(read.contains(word), "{label}: {read}");
            assert_eq!(
                name,
                if label == "gb2312" {
                    "GBK"
                } else {
                    encoding.name()
                }
            );
        }
    }

    #[test]
    fn utf_16_is_seen_with_and_without_its_mark() {
        let text = format!("{XML}utf-16\"?><a>Шанхай</a>");
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "\u{FEFF}"
            .encode_utf16()
            .chain(text.encode_utf16())
            .flat_map(u16::to_be_bytes)
            .collect();
        assert_eq!(decode(&little, None), (text.as_str().into(), "UTF-16LE"));
        assert_eq!(decode(&big, None), (text.as_str().into(), "UTF-16BE"));
    }

    #[test]
    fn the_header_wins_over_the_declaration_unless_the_bytes_disprove_it() {
        let wrong = format!("{XML}koi8-r\"?><a>caf\u{e9}</a>");
        let (latin, _, _) = WINDOWS_1252.encode(&wrong);
        assert!(
            decode(&latin, Some("text/xml; charset=ISO-8859-1"))
                .0
                .contains("café")
        );
        let found = read(wrong.as_bytes(), Some("text/xml; charset=ISO-8859-1"));
        assert!(found.text.contains("café") && found.note.is_some());
        let (cyrillic, _, _) =
            WINDOWS_1251.encode("<?xml version='1.0' encoding='windows-1251'?><a>Привет</a>");
        let found = read(&cyrillic, Some("text/xml; charset=utf-8"));
        assert!(found.text.contains("Привет") && found.note.is_some());
    }

    #[test]
    fn a_few_broken_bytes_do_not_turn_utf_8_into_latin() {
        let mut bytes = "Шанхайская организация".as_bytes().to_vec();
        bytes.pop();
        assert_eq!(decode(&bytes, None).1, "UTF-8");
        assert_eq!(decode(b"caf\xe9", None), ("café".into(), "windows-1252"));
        assert_eq!(
            decode(b"caf\xe9", Some("text/xml; charset=nonsense")).1,
            "windows-1252"
        );
    }
}
