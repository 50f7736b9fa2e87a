//! Strangers' texts made safe for a chat: one line, no invisible tricks, no links or mentions of
//! their own, cut where a reader would cut.
//!
//! [`tame`] takes out what can deceive in any receiver, [`isolated`] keeps what is written from right to
//! left from turning what stands beside it, [`defang`] breaks what receivers turn into links, mentions,
//! tags and commands by themselves, [`fit`] cuts to a receiver's limit. Escaping is
//! the last step and each receiver's own ([`html`], [`backslashed`]). [`Link`] is the only way for an
//! address into a message. Nothing here fails.

use std::fmt::Write as _;

use icu_segmenter::GraphemeClusterSegmenter;
use url::Url;

/// What breaks a word without being seen.
const BREAK: char = '\u{200b}';
/// Begins an isolate (U+2068): what follows has the direction of its own first letter, and what stands
/// around it is laid out as if it were not there.
pub const ISOLATE: char = '\u{2068}';
/// Ends it (U+2069).
pub const END: char = '\u{2069}';
/// The longest link that is sent; a longer one is left out, never cut. Discord and others take some
/// 2,000 characters.
const LONGEST_LINK: usize = 2000;

/// The text on one line, without control characters, marks that turn the direction of writing and
/// characters that can't be seen. Joiners stay between letters of the scripts that need them.
#[must_use]
pub fn tame(text: &str) -> String {
    let mut tamed = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c.is_whitespace() || c.is_control() {
            if !tamed.is_empty() && !tamed.ends_with(' ') {
                tamed.push(' ');
            }
        } else if matches!(c, '\u{200c}' | '\u{200d}') {
            let joins = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && !is_hidden(c));
            if joins(tamed.chars().next_back()) && joins(rest.peek().copied()) {
                tamed.push(c);
            }
        } else if !is_hidden(c) {
            tamed.push(c);
        }
    }
    tamed.truncate(tamed.trim_end().len());
    tamed
}

fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// A tamed text that is to stand beside others: within an isolate if it holds letters that are written
/// from right to left. Otherwise a number behind it would be drawn before it, and two such names in
/// each other's place.
#[must_use]
pub fn isolated(text: String) -> String {
    if is_leftward(&text) {
        format!("{ISOLATE}{text}{END}")
    } else {
        text
    }
}

/// Whether the text holds letters that are written from right to left.
#[must_use]
pub fn is_leftward(text: &str) -> bool {
    text.contains(|c| {
        matches!(c,
            '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
            | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
    })
}

/// The text with an unseen break in whatever a receiver would make a link, mention, tag or command
/// of: `@name`, `#tag`, `/command`, `://`, `www.`, `example.org`, `{{`.
#[must_use]
pub fn defang(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut before: Option<char> = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        safe.push(c);
        let next = rest.peek().copied();
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let breaks = match c {
            '@' | '#' | '!' => is_word(next),
            '/' => is_word(next) && !is_word(before),
            ':' => next == Some('/'),
            '.' => is_word(before) && next.is_some_and(char::is_alphabetic),
            '{' => next == Some('{'),
            _ => false,
        };
        if breaks {
            safe.push(BREAK);
        }
        before = Some(c);
    }
    safe
}

/// Whether a reader could take a part of the text for an address.
#[must_use]
pub fn looks_like_link(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        word.contains("://")
            || word
                .rsplit_once('.')
                .is_some_and(|(name, end)| !name.is_empty() && end.starts_with(char::is_alphabetic))
    })
}

/// The text if `measure` finds it within `limit`, else as many whole characters (as readers count
/// them) as fit with an ellipsis; an isolate that is cut is ended. `measure` sees the text as it will be sent; it must not shrink when
/// text is added and find at least one of its units in each character.
#[must_use]
pub fn fit(text: &str, limit: usize, measure: impl Fn(&str) -> usize) -> String {
    if measure(text) <= limit {
        return text.to_owned();
    }
    // What is behind can't fit, and a title may be a book.
    let end = text
        .char_indices()
        .nth(limit + 1)
        .map_or(text.len(), |(at, _)| at);
    let segmenter = GraphemeClusterSegmenter::new();
    let ends: Vec<usize> = segmenter.segment_str(&text[..end]).collect();
    let cut = |end: usize| {
        let kept = text[..end].trim_end();
        if kept.matches(ISOLATE).count() > kept.matches(END).count() {
            format!("{kept}…{END}")
        } else {
            format!("{kept}…")
        }
    };
    let kept = ends.partition_point(|end| measure(&cut(*end)) <= limit);
    match kept.checked_sub(1) {
        Some(last) => cut(ends[last]),
        None => String::new(),
    }
}

/// UTF-16 units: what Telegram counts, and never less than the characters that others count.
#[must_use]
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The text with the characters that mean something in HTML as references.
#[must_use]
pub fn html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            c => safe.push(c),
        }
    }
    safe
}

/// The text with a backslash before each of the given characters.
#[must_use]
pub fn backslashed(text: &str, special: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if special.contains(c) {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}

/// The link of a story, in a form that no receiver's markup can be broken with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The address: http or https, ASCII, without quotes, brackets and other signs of markup behind
    /// its host; no `@`, which some take for the beginning of a name.
    pub url: String,
    /// Its host, which says to people where it leads.
    pub host: String,
}

impl Link {
    /// The link, if it is an http or https address with a host, without a user's name (which is there
    /// to look like another host), and not too long to be sent whole.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let url = Url::parse(text.trim()).ok()?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none();
        let host = url.host_str().filter(|host| plain && !host.is_empty())?;
        let start = url[..url::Position::BeforePath].len();
        let (origin, rest) = url.as_str().split_at(start);
        let mut safe = origin.to_owned();
        for c in rest.chars() {
            if c.is_ascii() && !r#"<>"'`()[]{}|\^*@"#.contains(c) && !c.is_ascii_control() {
                safe.push(c);
            } else {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    // Writing to a String can't fail.
                    let _ = write!(safe, "%{byte:02X}");
                }
            }
        }
        (safe.len() <= LONGEST_LINK).then(|| Self {
            url: safe,
            host: host.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_become_one_visible_line() {
        assert_eq!(tame(" a\r\n\tb\u{2028}c\u{1b}[31m "), "a b c [31m");
        assert_eq!(tame("pay\u{202e}lap.com\u{2066}\u{200b}x"), "paylap.comx");
        assert_eq!(
            tame("شی جین\u{200c}پینگ"),
            "شی جین\u{200c}پینگ",
            "Persian needs it"
        );
        assert_eq!(
            tame("👩\u{200d}👧 @every\u{200d}one"),
            "👩\u{200d}👧 @everyone"
        );
    }

    #[test]
    fn what_receivers_link_by_themselves_is_broken() {
        assert_eq!(
            defang("@all a@b.org #tag /start https://x.org/y {{DATE"),
            "@\u{200b}all a@\u{200b}b.\u{200b}org #\u{200b}tag /\u{200b}start \
             https:\u{200b}//\u{200b}x.\u{200b}org/y {\u{200b}{DATE"
        );
        assert_eq!(defang("3.5 km/h, 24/7. End"), "3.5 km/h, 24/7. End");
    }

    #[test]
    fn addresses_are_told_from_sentences() {
        for link in [
            "see bank.example now",
            "https://x",
            "(www.a.org)",
            "пошта.укр",
        ] {
            assert!(looks_like_link(link), "{link}");
        }
        for text in ["A visit. Then 3.5 more", "Who? Me...", "U: a/b"] {
            assert!(!looks_like_link(text), "{text}");
        }
    }

    #[test]
    fn cuts_come_between_characters_as_readers_see_them() {
        assert_eq!(fit("short", 5, units), "short");
        assert_eq!(fit("one two three", 8, units), "one two…");
        let family = "👩\u{200d}👧\u{200d}👦";
        assert_eq!(fit(&family.repeat(3), 13, units), format!("{family}…"));
        assert_eq!(fit("long", 0, units), "");
        let isolate = isolated("نام دراز".to_owned());
        assert_eq!(fit(&isolate, 6, units), "\u{2068}نام…\u{2069}");
    }

    #[test]
    fn links_are_http_and_cannot_break_out() {
        let of = |text| Link::of(text).map(|link| link.url);
        assert_eq!(
            of("https://Пример.example/@a b?x=<\">|)&y='#(z)").unwrap(),
            "https://xn--e1afmkfd.example/%40a%20b?x=%3C%22%3E%7C%29&y=%27#%28z%29"
        );
        assert_eq!(of("http://[::1]:8080/").unwrap(), "http://[::1]:8080/");
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://a.example/",
            "//a.example/",
            "https://bank.example@evil.example/",
            "",
        ] {
            assert_eq!(of(bad), None, "{bad}");
        }
        assert_eq!(
            Link::of(&format!("https://a.example/{}", "x".repeat(2000))),
            None
        );
    }

    proptest! {
        #[test]
        fn no_text_gets_through_untamed(text in any::<String>()) {
            let tamed = tame(&text);
            let turns = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            let steers = tamed.contains(|c: char| c.is_control() || turns(c));
            prop_assert!(!steers, "{:?}", tamed);
            prop_assert_eq!(tame(&tamed), tamed.clone());
        }

        #[test]
        fn a_cut_text_fits_and_begins_as_the_whole(text in any::<String>(), limit in 0..60_usize) {
            let cut = fit(&text, limit, |s| units(&html(s)));
            prop_assert!(units(&html(&cut)) <= limit);
            prop_assert!(cut == text || text.starts_with(cut.trim_end_matches(['…', END])));
        }

        #[test]
        fn links_hold_no_sign_of_markup(path in any::<String>()) {
            if let Some(link) = Link::of(&format!("https://a.example/{path}")) {
                prop_assert!(link.url.is_ascii());
                let marks = "<>\"'()[]{}|\\` *^";
                let marked = link.url.contains(|c| marks.contains(c));
                prop_assert!(!marked, "{}", link.url);
                prop_assert_eq!(Link::of(&link.url), Some(link));
            }
        }
    }
}
