//! A feed that was sound once and has been damaged, to the entries that can still be had.
//!
//! An input is a list of choices from which a feed is built and damaged; or, with the envelope's
//! mark, a feed and the choices for its damage.

use encoding_rs::{Encoding, GBK, KOI8_R, SHIFT_JIS, WINDOWS_1251, WINDOWS_1252};

use super::damage::{Choices, damage};
use super::template::{self, Template};
use super::{envelope, parse};

/// Runs the target.
pub fn run(data: &[u8]) {
    let (document, rest) = envelope::split(data);
    if rest.is_empty() {
        made(&mut Choices::new(data));
    } else {
        let mut document = document.to_vec();
        let mut choices = Choices::new(rest);
        let times = 1 + choices.below(8);
        damage(&mut document, times, &mut choices);
        let _ = parse::judged(&document, None, None);
    }
}

/// Builds a feed, damages it and reads it.
fn made(choices: &mut Choices<'_>) {
    let template = template::build(choices);
    match choices.below(10) {
        0 => sound(&template),
        1 => cut(&template, choices.below(template.text.len())),
        times => {
            let encoding = encoding(choices);
            let mut document = match encoding {
                Some(encoding) => encoding.encode(&template.text).0.into_owned(),
                None => template.text.into_bytes(),
            };
            damage(&mut document, times - 1, choices);
            let named = encoding.map(|e| format!("text/xml; charset={}", e.name()));
            let told = choices.below(2) == 0;
            let content_type = named.as_deref().filter(|_| told);
            let _ = parse::judged(&document, content_type, None);
        }
    }
}

/// A sound feed has all its entries.
fn sound(template: &Template) {
    let read = parse::judged(template.text.as_bytes(), None, None);
    let count = read.map_or(0, |d| d.entries.len());
    assert_eq!(count, template.ends.len(), "{}", template.text);
}

/// A feed cut short keeps the entries that were complete, as they were.
fn cut(template: &Template, at: usize) {
    let at = template.text.floor_char_boundary(at);
    let complete = template.ends.iter().filter(|end| **end <= at).count();
    let document = &template.text.as_bytes()[..at];
    let read = parse::judged(document, None, None).map_or_else(|_| Vec::new(), |d| d.entries);
    assert!(
        read.len() >= complete,
        "{} of {complete} complete entries are left of {}",
        read.len(),
        &template.text[..at]
    );
    let Ok(whole) = parse::judged(template.text.as_bytes(), None, None) else {
        return;
    };
    for (before, after) in whole.entries.iter().zip(&read).take(complete) {
        assert_eq!(before.guid, after.guid);
        assert_eq!(before.title.is_empty(), after.title.is_empty());
    }
}

fn encoding(choices: &mut Choices<'_>) -> Option<&'static Encoding> {
    match choices.below(20) {
        0 => Some(WINDOWS_1251),
        1 => Some(WINDOWS_1252),
        2 => Some(KOI8_R),
        3 => Some(GBK),
        4 => Some(SHIFT_JIS),
        _ => None,
    }
}
