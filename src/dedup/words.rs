//! Whether words stand in a text, whatever their case, accents and punctuation: pure.
//!
//! Both are read as the tokens by which texts are compared, so a word of a script without spaces is
//! found wherever its characters stand side by side.

use super::tokens::tokens;

/// Whether every word of the pattern stands in the text, in whichever order. A `*` at a word's end
/// stands for any further letters. A pattern without a letter or digit stands nowhere.
#[must_use]
pub fn has_words(text: &str, pattern: &str) -> bool {
    let text: Vec<String> = tokens(text).into_iter().map(|token| token.text).collect();
    let mut words = pattern.split_whitespace().filter(|word| !is_wordless(word));
    let mut any = false;
    words.all(|word| {
        any = true;
        stands_in(&text, word)
    }) && any
}

/// Whether a pattern has no letter and no digit.
#[must_use]
pub fn is_wordless(pattern: &str) -> bool {
    tokens(pattern).is_empty()
}

/// Whether the tokens of a word stand in the text one after another.
fn stands_in(text: &[String], word: &str) -> bool {
    let open = word.ends_with('*');
    let word: Vec<String> = tokens(word).into_iter().map(|token| token.text).collect();
    let Some((last, before)) = word.split_last() else {
        return false;
    };
    text.windows(word.len()).any(|place| {
        place.split_last().is_some_and(|(end, start)| {
            let ends = if open {
                end.starts_with(last.as_str())
            } else {
                end == last
            };
            ends && start == before
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_words_must_stand_there_in_whichever_order_and_spelling() {
        let title = "Путин прибыл в Астану на саммит ШОС";
        assert!(has_words(title, "шос ПУТИН"));
        assert!(has_words(title, "астан*"));
        assert!(!has_words(title, "астан"), "a word is a whole word");
        assert!(!has_words(title, "шос Бишкек"));
        assert!(has_words("Astaná: the summit's end", "astana SUMMIT’S"));
        assert!(!has_words("ends the summit", "summit's"));
    }

    #[test]
    fn words_of_scripts_without_spaces_are_found_inside() {
        assert!(has_words("上海合作组织峰会在阿斯塔纳举行", "峰会 阿斯塔纳"));
        assert!(!has_words("上海合作组织峰会在阿斯塔纳举行", "阿斯塔拉"));
    }

    #[test]
    fn what_has_no_letter_is_found_nowhere() {
        for pattern in ["", "  ", "*", "— !"] {
            assert!(!has_words("anything at all", pattern), "{pattern}");
            assert!(is_wordless(pattern));
        }
        assert!(has_words("anything at all", "- all"));
    }

    proptest! {
        #[test]
        fn every_word_of_a_text_stands_in_it_and_so_does_its_beginning(
            words in prop::collection::vec("[a-zà-öж-ъ]{2,8}", 1..12),
            chosen in any::<prop::sample::Index>(),
        ) {
            let text = words.join(" ");
            let word = chosen.get(&words);
            prop_assert!(has_words(&text, word));
            let start: String = word.chars().take(1).collect();
            let pattern = format!("{}*", start.to_uppercase());
            prop_assert!(has_words(&text, &pattern));
        }
    }
}
