//! Names of encodings, also those that the Encoding standard does not list.

use encoding_rs::Encoding;

/// The encoding that a label means.
pub(super) fn encoding(label: &str) -> Option<&'static Encoding> {
    let label = label.trim();
    if let Some(encoding) = Encoding::for_label(label.as_bytes()) {
        return Some(encoding);
    }
    let compact: String = label
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(40)
        .collect::<String>()
        .to_ascii_lowercase();
    let bare = compact.strip_prefix('x').unwrap_or(&compact);
    let number = bare.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let family = &bare[..bare.len() - number.len()];
    let known = match (family, number) {
        ("utf" | "u", "8" | "" | "8n" | "8bom") | ("unicode", "") | ("al", "32utf8") => "utf-8",
        ("utf" | "ucs", "16" | "2") => "utf-16",
        ("utf", "16le") => "utf-16le",
        ("utf", "16be") => "utf-16be",
        ("ascii" | "usascii" | "ansi" | "latin" | "western", _)
            if !number.starts_with(['2', '3', '4', '5', '6', '7', '8', '9']) =>
        {
            "windows-1252"
        }
        ("gb" | "cp" | "ms" | "windows" | "win", "936" | "231280" | "2312" | "18030") => "gb18030",
        ("euccn" | "chinese" | "gbk" | "hzgb", _) => "gbk",
        ("cp" | "ms" | "windows" | "win", "949") | ("uhc" | "euckr" | "ksc" | "korean", _) => {
            "euc-kr"
        }
        ("cp" | "ms" | "windows" | "win", "950") | ("big", "5hkscs" | "5tw" | "5eten" | "5") => {
            "big5"
        }
        ("cp" | "ms" | "windows" | "win", "932" | "31j" | "943")
        | ("shiftjis" | "sjis" | "mskanji", _) => "shift_jis",
        ("eucjp" | "ujis", _) => "euc-jp",
        ("koi", "8u" | "8ru") => "koi8-u",
        ("koi", _) => "koi8-r",
        ("macroman" | "macintosh" | "mac", _) => "macintosh",
        ("tis" | "cp", "620" | "874") => "windows-874",
        ("cp" | "ibm" | "dos", "866") => "ibm866",
        ("win" | "windows" | "cp" | "ms" | "", _)
            if number.len() == 4 && number.starts_with("125") =>
        {
            return Encoding::for_label(format!("windows-{number}").as_bytes());
        }
        ("iso", _) if number.starts_with("8859") => {
            return Encoding::for_label(format!("iso-8859-{}", &number[4..]).as_bytes());
        }
        _ => return None,
    };
    Encoding::for_label(known.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_outside_the_standard_are_known() {
        for (label, name) in [
            ("utf_8", "UTF-8"),
            ("latin-1", "windows-1252"),
            ("win-1251", "windows-1251"),
            ("Windows1251", "windows-1251"),
            ("cp936", "gb18030"),
            ("cp949", "EUC-KR"),
            ("EUC_KR", "EUC-KR"),
            ("big5hkscs", "Big5"),
            ("ShiftJIS", "Shift_JIS"),
            ("cp932", "Shift_JIS"),
            ("eucJP", "EUC-JP"),
            ("koi8r", "KOI8-R"),
            ("ISO_8859_5", "ISO-8859-5"),
            ("us-ascii", "windows-1252"),
        ] {
            assert_eq!(encoding(label).map(Encoding::name), Some(name), "{label}");
        }
        assert_eq!(encoding("klingon"), None);
    }
}
