//! A first look at an XML document: what it is, how deep it nests, where its entries lie, and what
//! feed-rs will not tell of them.
//!
//! One linear pass that copies next to nothing. It refuses documents built to exhaust a parser, and
//! finds the place after the last complete entry of a document that was cut short.

use super::MAX_ENTRIES;
use super::error::ParseError;
use super::xml::{End, Token, Tokens, is_container, is_entry, is_text, local};

/// How deep elements may nest. Feeds need about ten levels; XHTML content some dozens.
const MAX_DEPTH: usize = 256;
/// feed-rs copies the base of each element, so a long one would cost its length each time.
const MAX_BASE: usize = 2048;

/// What a document looks like.
#[derive(Debug, Default)]
pub(super) struct Survey<'a> {
    /// The root's local name; empty when there is no element.
    pub root: &'a str,
    /// The language that the root or channel declares with `xml:lang`.
    pub language: Option<&'a str>,
    /// One for each entry that is kept, in order, also an incomplete last one.
    pub entries: Vec<Facts<'a>>,
    /// Tags stand inside an element that should hold text; feed-rs would read up to the first.
    pub inline_markup: bool,
    /// The document ends before its root does.
    pub cut: bool,
    /// How many entries begin in the document.
    pub total: usize,
    /// The offset after the last entry that will be kept, when there are too many.
    pub limit_end: Option<usize>,
    /// How many entries have their end tag.
    pub complete: usize,
    /// The offset after the last of them.
    pub complete_end: usize,
}

impl Survey<'_> {
    fn completed(&mut self, end: usize) {
        self.complete += 1;
        self.complete_end = end;
        if self.complete == MAX_ENTRIES {
            self.limit_end = Some(end);
        }
    }
}

/// What feed-rs will not tell of an entry.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Facts<'a> {
    /// `xml:lang` or `dc:language`.
    pub language: Option<&'a str>,
    /// The `guid` says that it is no link.
    pub guid_is_no_link: bool,
}

/// Surveys a document.
///
/// # Errors
/// [`ParseError::TooComplex`] for documents that nest or repeat beyond reason.
pub(super) fn survey(text: &str) -> Result<Survey<'_>, ParseError> {
    let mut survey = Survey::default();
    let mut stack: Vec<(&str, bool)> = Vec::new();
    let mut tokens = Tokens::new(text);
    let mut in_language = false;
    let mut closed = false;
    loop {
        let at = tokens.offset();
        let Some(token) = tokens.next() else { break };
        match token {
            Token::Start(tag) if !closed => {
                if tag
                    .attribute("xml:base")
                    .is_some_and(|b| b.len() > MAX_BASE)
                {
                    return Err(ParseError::TooComplex {
                        what: "bytes in an xml:base",
                        limit: MAX_BASE,
                    });
                }
                if survey.root.is_empty() {
                    survey.root = tag.local();
                }
                let language = tag.attribute("xml:lang").filter(|l| !l.is_empty());
                let parent = stack.last().map_or("", |(name, _)| local(name));
                let is_item = is_entry(tag.local()) && (stack.is_empty() || is_container(parent));
                if is_item {
                    if let Some(open) = stack
                        .iter()
                        .rposition(|(name, entry)| *entry && *name == tag.name)
                    {
                        // the one before was never closed
                        stack.truncate(open);
                        survey.completed(at);
                    }
                    survey.total += 1;
                    if survey.total <= MAX_ENTRIES {
                        survey.entries.push(Facts {
                            language,
                            ..Facts::default()
                        });
                    }
                } else if is_container(tag.local()) && survey.entries.is_empty() {
                    survey.language = language.or(survey.language);
                }
                if let Some(facts) = survey.entries.last_mut()
                    && stack.last().is_some_and(|(_, entry)| *entry)
                {
                    in_language = tag.name == "dc:language";
                    facts.guid_is_no_link |= tag.local() == "guid"
                        && tag
                            .attribute("isPermaLink")
                            .is_some_and(|v| v.eq_ignore_ascii_case("false"));
                }
                if is_text(&tag) && is_container(parent) {
                    let element = tokens.text_element(&tag);
                    survey.inline_markup |= element.has_markup;
                    survey.cut |= element.end == End::Cut;
                } else if tag.empty {
                    if is_item {
                        survey.completed(tokens.offset());
                    }
                } else {
                    if stack.len() == MAX_DEPTH {
                        return Err(ParseError::TooComplex {
                            what: "levels of nested elements",
                            limit: MAX_DEPTH,
                        });
                    }
                    stack.push((tag.name, is_item));
                }
            }
            Token::End(name) => {
                in_language = false;
                if let Some(open) = stack.iter().rposition(|(n, _)| *n == name) {
                    if stack.iter().skip(open).any(|(_, entry)| *entry) {
                        survey.completed(tokens.offset());
                    }
                    stack.truncate(open);
                    closed = stack.is_empty();
                }
            }
            Token::Text(text) | Token::Cdata(text) if in_language => {
                let language = Some(text.trim()).filter(|l| !l.is_empty());
                if let Some(facts) = survey.entries.last_mut() {
                    facts.language = language.or(facts.language);
                }
            }
            Token::Cut if !closed => survey.cut = true,
            _ => {}
        }
    }
    survey.cut |= !stack.is_empty();
    Ok(survey)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_and_their_languages_are_found() {
        let text = "<feed xml:lang='en'><title>a</title><entry xml:lang='ru'><guid isPermaLink='false'/></entry>\
                    <entry><dc:language>tg</dc:language></entry></feed>";
        let found = survey(text).unwrap();
        assert_eq!(
            (found.root, found.language, found.complete),
            ("feed", Some("en"), 2)
        );
        assert_eq!(found.entries[0].language, Some("ru"));
        assert!(found.entries[0].guid_is_no_link);
        assert_eq!(found.entries[1].language, Some("tg"));
        assert!(!found.cut && !found.inline_markup);
    }

    #[test]
    fn a_cut_document_is_measured() {
        let text = "<rss><channel><item><title>a</title></item><item><title>b</ti";
        let found = survey(text).unwrap();
        assert!(found.cut);
        assert_eq!((found.complete, found.entries.len()), (1, 2));
        assert!(text[..found.complete_end].ends_with("</item>"));
    }

    #[test]
    fn bottomless_documents_are_refused() {
        assert!(survey(&"<a>".repeat(100_000)).is_err());
        assert!(survey(&format!("<a xml:base='{}'/>", "x".repeat(3000))).is_err());
    }
}
