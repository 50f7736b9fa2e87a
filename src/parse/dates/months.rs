//! Names of months, as feeds write them in many languages, by the letters that tell them apart.

/// Beginnings of names, in lower case, for each month; the longest that fits counts.
const BEGINNINGS: [&[&str]; 12] = [
    &[
        "jan", "ene", "gen", "ian", "yan", "oca", "янв", "січ", "сту", "қаң", "ιαν", "led", "sty",
        "sij", "tammi", "يناير", "जन", "ינו", "ژانویه",
    ],
    &[
        "feb", "fev", "fév", "şub", "фев", "лют", "ақп", "φεβ", "úno", "lut", "velj", "helmi",
        "فبراير", "फर", "फ़र", "פבר", "فوریه",
    ],
    &[
        "mar", "mär", "már", "mrz", "mrt", "maa", "мар", "бер", "сак", "нау", "μαρ", "μάρ", "bře",
        "ožu", "maalis", "مارس", "मार्च", "מרץ",
    ],
    &[
        "apr", "abr", "avr", "ápr", "nis", "апр", "кві", "кра", "сәу", "απρ", "dub", "kwi", "tra",
        "huhti", "أبريل", "ابريل", "अप्र", "אפר", "آوریل",
    ],
    &[
        "may", "mai", "maj", "máj", "mag", "mei", "maio", "май", "мая", "тра", "мам", "μαι", "μαΐ",
        "μάι", "kvě", "svi", "touko", "مايو", "मई", "מאי",
    ],
    &[
        "jun", "jún", "juin", "giu", "iun", "iyun", "iyn", "haz", "июн", "чер", "чэр", "мау",
        "ιουν", "ιούν", "červen", "czer", "lip", "kesä", "يونيو", "जून", "יונ", "ژوئن",
    ],
    &[
        "jul", "júl", "juil", "lug", "iul", "iyul", "iyl", "tem", "июл", "лип", "ліп", "шіл",
        "ιουλ", "ιούλ", "července", "červenec", "lipi", "lipc", "srpa", "heinä", "يوليو", "जुल",
        "יול", "ژوئیه",
    ],
    &[
        "aug", "ago", "aoû", "aou", "avg", "avq", "ağu", "agu", "agt", "авг", "сер", "жні", "там",
        "αυγ", "αύγ", "srp", "sie", "kol", "elo", "أغسطس", "اغسطس", "अग", "אוג", "اوت",
    ],
    &[
        "sep", "set", "sze", "eyl", "sen", "сен", "вер", "қыр", "σεπ", "zář", "wrz", "ruj", "syys",
        "سبتمبر", "सित", "ספט", "سپتامبر",
    ],
    &[
        "oct", "okt", "out", "ott", "eki", "окт", "жов", "кас", "қаз", "οκτ", "říj", "paź", "loka",
        "أكتوبر", "اكتوبر", "अक्ट", "अक्त", "אוק", "اکتبر",
    ],
    &[
        "nov", "noi", "noy", "kas", "ноя", "лис", "ліс", "қар", "νοε", "νοέ", "lis", "stu",
        "marras", "نوفمبر", "नव", "נוב", "نوامبر",
    ],
    &[
        "dec", "dez", "dic", "déc", "des", "dek", "ara", "дек", "гру", "сне", "жел", "δεκ", "pro",
        "gru", "joulu", "ديسمبر", "दिस", "דצמ", "دسامبر",
    ],
];

/// The month that a word names, from 1.
pub(super) fn month(word: &str) -> Option<i64> {
    let word = word.to_lowercase();
    let mut best: Option<(usize, i64)> = None;
    for (number, names) in (1_i64..).zip(BEGINNINGS) {
        for name in names {
            if word.starts_with(name) && best.is_none_or(|(len, _)| len < name.len()) {
                best = Some((name.len(), number));
            }
        }
    }
    best.map(|(_, number)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_known_in_many_languages() {
        for (word, number) in [
            ("July", 7),
            ("juillet", 7),
            ("juin", 6),
            ("července", 7),
            ("června", 6),
            ("июля", 7),
            ("Ιούλ", 7),
            ("Desember", 12),
            ("Agustus", 8),
            ("Temmuz", 7),
            ("Mart", 3),
            ("maj", 5),
            ("März", 3),
            ("سبتمبر", 9),
            ("जुलाई", 7),
        ] {
            assert_eq!(month(word), Some(number), "{word}");
        }
        assert_eq!(month("Thu"), None);
    }
}
