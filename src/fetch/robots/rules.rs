//! The rules of one `robots.txt` for this program.
//!
//! `texting_robots` reads and matches them. It makes a regular expression of every rule that holds
//! a `$`, and gives up the whole file when one grows too large; so that a hostile file costs
//! neither memory nor its other rules, only some such rules are passed on as they are. The rest is
//! rewritten so that it forbids at least what it did.

use std::time::Duration;

use texting_robots::Robot;
use url::Url;

use super::{MAX_DELAY, Verdict};

/// The name by which `robots.txt` addresses this program (RFC 9309 §2.2.1).
const PRODUCT: &str = "mentiond";

/// How many rules with a `$` are passed on as they are, and how long they may be.
const MAX_ENDS: usize = 50;
const MAX_END_LENGTH: usize = 200;

/// What one site allows.
#[derive(Debug)]
pub(super) enum Rules {
    Everything,
    Nothing,
    Robot {
        robot: Box<Robot>,
        /// Bytes of the text they were read from.
        weight: usize,
    },
}

impl Rules {
    pub const fn everything() -> Self {
        Self::Everything
    }

    pub const fn nothing() -> Self {
        Self::Nothing
    }

    /// Reads a file; whatever isn't a rule is skipped.
    pub fn read(text: &[u8]) -> Self {
        let robot = Robot::new(PRODUCT, &tame(text, MAX_ENDS))
            .or_else(|_| Robot::new(PRODUCT, &tame(text, 0)));
        match robot {
            Ok(robot) => Self::Robot {
                robot: Box::new(robot),
                weight: text.len(),
            },
            // A file that can't be read forbids more likely than not.
            Err(_) => Self::Nothing,
        }
    }

    pub fn weight(&self) -> usize {
        match self {
            Self::Robot { weight, .. } => *weight,
            Self::Everything | Self::Nothing => 0,
        }
    }

    pub fn verdict(&self, page: &Url) -> Verdict {
        let (allowed, delay) = match self {
            Self::Everything => (true, None),
            Self::Nothing => (false, None),
            Self::Robot { robot, .. } => {
                let mut page = page.clone();
                page.set_fragment(None);
                (robot.allowed(page.as_str()), robot.delay)
            }
        };
        let crawl_delay = delay.map(|seconds| {
            // Not a number, negative or beyond counting: as much as is ever granted.
            let delay = Duration::try_from_secs_f32(seconds);
            delay.unwrap_or(MAX_DELAY).min(MAX_DELAY)
        });
        Verdict {
            allowed,
            crawl_delay,
        }
    }
}

/// The text with at most `ends` lines that hold a `$`. In the others it becomes a `*`, which
/// matches more; what is allowed by such a line no longer is.
fn tame(text: &[u8], mut ends: usize) -> Vec<u8> {
    let mut tamed = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|b| matches!(b, b'\n' | b'\r' | 0)) {
        if !line.contains(&b'$') {
            tamed.extend_from_slice(line);
        } else if ends > 0 && line.len() <= MAX_END_LENGTH {
            ends -= 1;
            tamed.extend_from_slice(line);
        } else if !starts_with_allow(line) {
            tamed.extend(line.iter().map(|&b| if b == b'$' { b'*' } else { b }));
        }
    }
    tamed
}

fn starts_with_allow(line: &[u8]) -> bool {
    let word = line.trim_ascii_start().get(..5);
    word.is_some_and(|word| word.eq_ignore_ascii_case(b"allow"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allowed(rules: &str, path: &str) -> bool {
        let page = Url::parse("https://example.org").and_then(|base| base.join(path));
        Rules::read(rules.as_bytes())
            .verdict(&page.expect("a URL"))
            .allowed
    }

    #[test]
    fn the_group_of_this_program_goes_before_the_group_of_all() {
        let rules = "User-agent: *\nDisallow: /\n\nUser-Agent: other\nUSER-AGENT: Mentiond\n\
                     Disallow: /private\n";
        assert!(allowed(rules, "/story"));
        assert!(!allowed(rules, "/private/x"));
        assert!(!allowed("User-agent: *\nDisallow: /p\n", "/private"));
        assert!(allowed("User-agent: mention\nDisallow: /\n", "/"));
    }

    #[test]
    fn groups_of_the_same_name_are_one() {
        let rules = "User-agent: mentiond\nDisallow: /a\n\nUser-agent: x\nDisallow: /c\n\n\
                     User-agent: mentiond\nDisallow: /b\n";
        assert!(!allowed(rules, "/a"));
        assert!(!allowed(rules, "/b"));
        assert!(allowed(rules, "/c"));
    }

    #[test]
    fn the_longest_match_decides_and_allows_when_equal() {
        let rules = "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /c\nAllow: /c\n\
                     Disallow: /*.gif$\n";
        for (path, want) in [
            ("/a/x", false),
            ("/a/b/x", true),
            ("/c", true),
            ("/x.gif", false),
            ("/x.gif#top", false),
            ("/x.gif?y", true),
            ("/robots.txt", true),
        ] {
            assert_eq!(allowed(rules, path), want, "{path}");
        }
    }

    #[test]
    fn an_empty_rule_a_page_or_no_file_at_all_forbids_nothing() {
        for rules in [
            "",
            "User-agent: *\nDisallow:\n",
            "<!doctype html><title>Not found</title>",
            "\u{feff}# nothing\r\r\n",
        ] {
            assert!(allowed(rules, "/x"), "{rules:?}");
        }
        assert!(!allowed("\u{feff}User-agent: *\rDisallow: /\r", "/x"));
    }

    #[test]
    fn the_wished_pause_is_granted_up_to_a_minute() {
        let pause = |line: &str| {
            let rules = Rules::read(format!("User-agent: *\nCrawl-delay: {line}\n").as_bytes());
            let page = Url::parse("https://example.org/").expect("a URL");
            rules.verdict(&page).crawl_delay
        };
        assert_eq!(pause("2.5"), Some(Duration::from_millis(2500)));
        for (line, want) in [
            ("86400", Some(MAX_DELAY)),
            ("inf", Some(MAX_DELAY)),
            ("1e38", Some(MAX_DELAY)),
            ("-1", None),
            ("NaN", None),
            ("soon", None),
        ] {
            assert_eq!(pause(line), want, "{line}");
        }
    }

    #[test]
    fn a_file_of_costly_rules_stays_cheap_and_forbids_what_it_did() {
        let many = (0..20_000).fold("User-agent: *\n".to_owned(), |text, n| {
            text + &format!("Disallow: /{n}/*/x$\n")
        });
        assert!(!allowed(&many, "/7/a/x"));
        assert!(!allowed(&many, "/19999/a/x"));
        assert!(allowed(&many, "/fine"));
        // One rule too large for the library does not take the others with it.
        let large = format!(
            "User-agent: *\nDisallow: /{}$\nDisallow: /b\n",
            "*a".repeat(90)
        );
        assert!(!allowed(&large, "/b"));
        assert!(allowed(&large, "/c"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(
            text in proptest::collection::vec(
                prop_oneof![
                    Just(b"User-agent: *".to_vec()),
                    Just(b"\nDisallow: /".to_vec()),
                    Just(b"\rAllow: *$".to_vec()),
                    Just(b"\nCrawl-delay: ".to_vec()),
                    proptest::collection::vec(any::<u8>(), 0..9),
                ],
                0..40,
            ),
            path in "/[a-z*$%]{0,8}",
        ) {
            let page = Url::parse(&format!("https://example.org{path}")).expect("a URL");
            let verdict = Rules::read(&text.concat()).verdict(&page);
            prop_assert!(verdict.crawl_delay.is_none_or(|delay| delay <= MAX_DELAY));
        }
    }
}
