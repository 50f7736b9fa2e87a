//! Dates in other scripts, written anew with ASCII digits and separators.

/// A date's text as the parsers expect it.
#[derive(Debug, Default)]
pub(super) struct Plain {
    /// The text.
    pub text: String,
    /// A word for the second half of the day stood before the clock.
    pub afternoon: bool,
    /// A word for the first half did.
    pub forenoon: bool,
    /// It is Korean, so without a zone Korea's is meant (as feedparser has it).
    pub korean: bool,
}

/// Rewrites digits of other scripts, and the units of Chinese, Japanese and Korean dates.
pub(super) fn plain(text: &str) -> Plain {
    let mut plain = Plain::default();
    if text.is_ascii() {
        text.clone_into(&mut plain.text);
        return plain;
    }
    plain.korean = text.contains(['년', '월', '일', '시', '전', '후']);
    let mut text = text.to_owned();
    for (word, afternoon) in [
        ("오후", true),
        ("下午", true),
        ("午後", true),
        ("오전", false),
        ("上午", false),
        ("午前", false),
    ] {
        if text.contains(word) {
            text = text.replace(word, " ");
            plain.afternoon |= afternoon;
            plain.forenoon |= !afternoon;
        }
    }
    let out = &mut plain.text;
    let mut skip_blanks = false;
    for c in text.chars() {
        let digit = match c {
            '٠'..='٩' => Some(u32::from(c) - u32::from('٠')),
            '۰'..='۹' => Some(u32::from(c) - u32::from('۰')),
            '०'..='९' => Some(u32::from(c) - u32::from('०')),
            '０'..='９' => Some(u32::from(c) - u32::from('０')),
            _ => None,
        };
        if let Some(digit) = digit.and_then(|d| char::from_digit(d, 10)) {
            out.push(digit);
            skip_blanks = false;
            continue;
        }
        match c {
            '年' | '년' | '月' | '월' => {
                out.push('-');
                skip_blanks = true;
            }
            '時' | '时' | '点' | '시' | '分' | '분' | '：' => {
                out.push(':');
                skip_blanks = true;
            }
            '日' | '일' | '秒' | '초' => out.push(' '),
            '\u{200E}' | '\u{200F}' => {}
            '،' | '，' => out.push(','),
            c if c.is_whitespace() => {
                if !skip_blanks {
                    out.push(' ');
                }
            }
            c => {
                skip_blanks = false;
                out.push(c);
            }
        }
    }
    let end = plain.text.trim_end().trim_end_matches(':').len();
    plain.text.truncate(end);
    plain
}
