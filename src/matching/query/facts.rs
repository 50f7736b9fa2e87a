//! What is known of an entry besides its texts, and the conditions of queries on it.

use crate::model::{Entry, Fact, FactKind, Feed, is_in_language};

/// What is known of an entry besides its texts. What is unknown fulfils no condition.
///
/// ```
/// use mentiond::matching::{Facts, Matcher, parse_query};
/// use mentiond::model::{Field, Topic, TopicId};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let query = parse_query("SCO lang:pt source:lusa*")?;
/// let matcher = Matcher::compile(&[Topic::of_query(TopicId::new("sco")?, query)])?;
/// let facts = Facts { language: Some("pt-BR"), source: Some("Lusa Mundo"), ..Facts::default() };
/// let fields = [(Field::Title, "SCO")];
/// assert_eq!(matcher.find_with(&fields, &facts).len(), 1);
/// assert_eq!(matcher.find(&fields).len(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts<'a> {
    /// The entry's language (BCP 47).
    pub language: Option<&'a str>,
    /// The feed's id.
    pub feed: Option<&'a str>,
    /// The source's name.
    pub source: Option<&'a str>,
    /// The feed's tags.
    pub tags: &'a [String],
    /// The entry's author.
    pub author: Option<&'a str>,
}

impl<'a> Facts<'a> {
    /// What is known of a feed's entry in this language.
    #[must_use]
    pub fn of(feed: &'a Feed, entry: &'a Entry, language: Option<&'a str>) -> Self {
        Self {
            language,
            feed: Some(feed.id.as_str()),
            source: Some(&feed.name),
            tags: &feed.tags,
            author: entry.author.as_deref(),
        }
    }

    /// Whether a condition is fulfilled.
    pub(super) fn fulfil(&self, fact: &Fact) -> bool {
        match fact.kind {
            FactKind::Language => self
                .language
                .is_some_and(|language| is_in_language(language, &fact.value)),
            FactKind::Source => {
                let mut names = self.feed.into_iter().chain(self.source);
                names.any(|name| is_named(name, fact))
            }
            FactKind::Tag => self.tags.iter().any(|tag| is_named(tag, fact)),
        }
    }
}

fn is_named(name: &str, fact: &Fact) -> bool {
    let (name, wanted) = (name.trim().to_lowercase(), fact.value.to_lowercase());
    if fact.prefix {
        name.starts_with(&wanted)
    } else {
        name == wanted
    }
}

/// Reads the value of a condition, or says what is wrong with it.
pub(super) fn read(kind: FactKind, text: &str) -> Result<Fact, &'static str> {
    let text = text.trim();
    let star = text
        .strip_suffix('*')
        .filter(|_| kind != FactKind::Language);
    let value = star.unwrap_or(text);
    if value.trim().is_empty() {
        return Err("the name is empty");
    }
    if kind == FactKind::Language && !is_language(value) {
        return Err("a language is a code such as `ru`, `pt-BR` or `zh-Hans`");
    }
    Ok(Fact {
        kind,
        value: value.into(),
        prefix: star.is_some(),
    })
}

fn is_language(code: &str) -> bool {
    let mut parts = code.split('-');
    let is = |part: &str, least, most| {
        (least..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    parts.next().is_some_and(|first| is(first, 2, 3)) && parts.all(|part| is(part, 1, 8))
}
