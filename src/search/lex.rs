//! A search's text as tokens, each with its place. Every text has some; none is an error.

/// The largest distance of `NEAR/n`.
const MAX_NEAR: u16 = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    Title,
    Body,
    Topic,
    Feed,
    Source,
    Language,
    Since,
    Until,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Near(u16),
    Name(Name),
    /// A name of topics' queries that searches don't know.
    Foreign(String),
    Text(String),
}

/// Reads the tokens, each with its first byte.
pub(super) fn tokens(text: &str) -> Vec<(usize, Token)> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let at = text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            return tokens;
        };
        let (token, size) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '"' => phrase(rest),
            '-' if rest[1..].starts_with(|c: char| !c.is_whitespace() && c != '-') => {
                (Token::Not, 1)
            }
            _ => word(rest),
        };
        tokens.push((at, token));
        rest = rest.get(size..).unwrap_or_default();
    }
}

/// A phrase, which an end of the text closes too.
fn phrase(text: &str) -> (Token, usize) {
    let mut phrase = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (Token::Text(phrase), at + 1),
            '\\' => phrase.extend(chars.next().map(|(_, c)| c)),
            c => phrase.push(c),
        }
    }
    (Token::Text(phrase), text.len())
}

fn word(text: &str) -> (Token, usize) {
    let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"');
    let word = &text[..text.find(ends).unwrap_or(text.len())];
    if let Some((name, _)) = word.split_once(':') {
        let known = match name {
            "title" => Some(Name::Title),
            "body" => Some(Name::Body),
            "topic" => Some(Name::Topic),
            "feed" => Some(Name::Feed),
            "source" => Some(Name::Source),
            "lang" => Some(Name::Language),
            "since" => Some(Name::Since),
            "until" => Some(Name::Until),
            _ => None,
        };
        if let Some(name_token) = known {
            return (Token::Name(name_token), name.len() + 1);
        }
        if matches!(name, "author" | "tag" | "exact" | "plain") {
            return (Token::Foreign(name.to_owned()), name.len() + 1);
        }
    }
    let near = word
        .strip_prefix("NEAR/")
        .and_then(|words| words.parse().ok());
    let token = match word {
        "AND" => Token::And,
        "OR" => Token::Or,
        "NOT" => Token::Not,
        _ => match near {
            Some(words) => Token::Near(std::cmp::min(words, MAX_NEAR)),
            None => Token::Text(word.to_owned()),
        },
    };
    (token, word.len())
}
