//! Language tags as publishers write them, brought to BCP 47.

/// Three-letter and outdated codes that publishers write, and names of languages.
#[rustfmt::skip]
const ALIASES: &[(&str, &str)] = &[
    ("eng", "en"), ("english", "en"), ("fre", "fr"), ("fra", "fr"), ("french", "fr"), ("ger", "de"), ("deu", "de"), ("german", "de"),
    ("spa", "es"), ("spanish", "es"), ("por", "pt"), ("ita", "it"), ("nld", "nl"), ("dut", "nl"), ("pol", "pl"), ("ces", "cs"), ("cze", "cs"), ("cz", "cs"),
    ("ukr", "uk"), ("ua", "uk"), ("rus", "ru"), ("russian", "ru"), ("bel", "be"), ("bul", "bg"), ("srp", "sr"), ("kaz", "kk"), ("kz", "kk"),
    ("kir", "ky"), ("kg", "ky"), ("uzb", "uz"), ("tgk", "tg"), ("tj", "tg"), ("tur", "tr"), ("turkish", "tr"), ("aze", "az"), ("fas", "fa"), ("per", "fa"), ("pes", "fa"),
    ("ara", "ar"), ("arabic", "ar"), ("heb", "he"), ("iw", "he"), ("urd", "ur"), ("hin", "hi"), ("ben", "bn"), ("tam", "ta"), ("tha", "th"),
    ("vie", "vi"), ("vn", "vi"), ("ind", "id"), ("in", "id"), ("indonesian", "id"), ("indonesia", "id"), ("msa", "ms"), ("may", "ms"), ("zho", "zh"), ("chi", "zh"), ("cmn", "zh"), ("cn", "zh"), ("chinese", "zh"),
    ("jpn", "ja"), ("jp", "ja"), ("kor", "ko"), ("kr", "ko"), ("mon", "mn"), ("kat", "ka"), ("geo", "ka"), ("hye", "hy"), ("arm", "hy"),
    ("ell", "el"), ("gre", "el"), ("gr", "el"), ("ron", "ro"), ("rum", "ro"), ("mo", "ro"), ("hun", "hu"), ("fin", "fi"), ("swe", "sv"), ("nor", "no"), ("nob", "no"), ("nb", "no"), ("nn", "no"),
    ("dan", "da"), ("dk", "da"), ("tgl", "fil"), ("tl", "fil"), ("swa", "sw"),
];

/// A tag in the form that is stored: primary language in lower case, script capitalised, region in
/// upper case (RFC 5646 §2.1.1), subtags behind those dropped. `None` for what is no tag of a
/// language: empty, a template's leftover, `und`, `mul`, `x-default`.
#[must_use]
pub fn normalise(tag: &str) -> Option<String> {
    let tag = tag.trim();
    if tag.len() > 35 {
        return None;
    }
    // `id, en` and `id;q=0.9` are headers; `en_US.UTF-8` is a locale
    let tag = tag
        .split([',', ';', '.', '@', ' '])
        .next()
        .unwrap_or_default();
    let mut parts = tag.split(['-', '_']);
    let primary = parts.next().unwrap_or_default().to_ascii_lowercase();
    if primary.is_empty() || !primary.bytes().all(|b| b.is_ascii_lowercase()) {
        return None;
    }
    let alias = ALIASES
        .iter()
        .find(|(alias, _)| *alias == primary)
        .map(|(_, code)| *code);
    let mut out = match alias {
        Some(code) => code.to_owned(),
        None if (2..=3).contains(&primary.len())
            && !matches!(primary.as_str(), "und" | "mul" | "zxx" | "mis" | "utf") =>
        {
            primary
        }
        None => return None,
    };
    let (mut script, mut region) = (false, false);
    for part in parts {
        let letters = part.bytes().all(|b| b.is_ascii_alphabetic());
        match part.len() {
            4 if letters && !script && !region => {
                script = true;
                out.push('-');
                out.push_str(&part[..1].to_ascii_uppercase());
                out.push_str(&part[1..].to_ascii_lowercase());
            }
            2 if letters && !region => {
                region = true;
                out.push('-');
                out.push_str(&part.to_ascii_uppercase());
            }
            3 if !region && part.bytes().all(|b| b.is_ascii_digit()) => {
                region = true;
                out.push('-');
                out.push_str(part);
            }
            _ => break,
        }
    }
    Some(out)
}

/// The primary language of a normalised tag.
pub(super) fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tags_are_brought_to_one_form() {
        for (written, expected) in [
            ("en", "en"),
            ("EN-us", "en-US"),
            ("en_US", "en-US"),
            (" id ", "id"),
            ("eng", "en"),
            ("zh-hans-cn", "zh-Hans-CN"),
            ("zh_CN.UTF-8", "zh-CN"),
            ("es-419", "es-419"),
            ("in", "id"),
            ("tl", "fil"),
            ("nb-NO", "no-NO"),
            ("sr-Latn", "sr-Latn"),
            ("id, en", "id"),
            ("de-CH-1996", "de-CH"),
            ("Russian", "ru"),
            ("haw", "haw"),
        ] {
            assert_eq!(normalise(written).as_deref(), Some(expected), "{written}");
        }
    }

    #[test]
    fn junk_is_no_language() {
        for written in [
            "",
            " ",
            "x-default",
            "und",
            "{{ lang }}",
            "utf-8",
            "e",
            "42",
            "language",
            "русский",
            "-",
            "<b>",
            "mul",
        ] {
            assert_eq!(normalise(written), None, "{written}");
        }
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(tag in "[A-Za-z0-9_.; é-]{0,40}") {
            if let Some(once) = normalise(&tag) {
                prop_assert_eq!(normalise(&once), Some(once));
            }
        }
    }
}
