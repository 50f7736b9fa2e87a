//! Names of days and months, as far as two texts may differ by nothing else.
//!
//! Prefixes, so that inflected forms are found too. A false find is harmless: the names are looked
//! at only where one stands in the place of another.

use std::sync::LazyLock;

use super::tokens::fold;

/// What a calendar word names: a day of the week (Monday is 0) or a month (January is 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Calendar {
    Day(usize),
    Month(usize),
}

/// From Monday to Sunday, a language a line.
const DAYS: &[[&str; 7]] = &[
    [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ],
    [
        "понедельник",
        "вторник",
        "сред",
        "четверг",
        "пятниц",
        "суббот",
        "воскресень",
    ],
    [
        "понеділ",
        "вівтор",
        "серед",
        "четвер",
        "пятниц",
        "субот",
        "неділ",
    ],
    [
        "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche",
    ],
    [
        "lunes",
        "martes",
        "miércoles",
        "jueves",
        "viernes",
        "sábado",
        "domingo",
    ],
    [
        "segunda", "terça", "quarta", "quinta", "sexta", "sábado", "domingo",
    ],
    [
        "lunedì",
        "martedì",
        "mercoledì",
        "giovedì",
        "venerdì",
        "sabato",
        "domenica",
    ],
    [
        "montag",
        "dienstag",
        "mittwoch",
        "donnerstag",
        "freitag",
        "samstag",
        "sonntag",
    ],
    [
        "pazartesi",
        "salı",
        "çarşamba",
        "perşembe",
        "cuma",
        "cumartesi",
        "pazar",
    ],
    [
        "дүйсенбі",
        "сейсенбі",
        "сәрсенбі",
        "бейсенбі",
        "жұма",
        "сенбі",
        "жексенбі",
    ],
    [
        "dushanba",
        "seshanba",
        "chorshanba",
        "payshanba",
        "juma",
        "shanba",
        "yakshanba",
    ],
    [
        "الاثنين",
        "الثلاثاء",
        "الأربعاء",
        "الخميس",
        "الجمعة",
        "السبت",
        "الأحد",
    ],
    [
        "دوشنبه",
        "سه‌شنبه",
        "چهارشنبه",
        "پنجشنبه",
        "جمعه",
        "شنبه",
        "یکشنبه",
    ],
    [
        "सोमवार",
        "मंगलवार",
        "बुधवार",
        "गुरुवार",
        "शुक्रवार",
        "शनिवार",
        "रविवार",
    ],
    [
        "월요일",
        "화요일",
        "수요일",
        "목요일",
        "금요일",
        "토요일",
        "일요일",
    ],
    [
        "senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu",
    ],
];

/// From January to December, a language a line.
const MONTHS: &[[&str; 12]] = &[
    [
        "januar", "februar", "march", "april", "may", "june", "july", "august", "septem", "octo",
        "novem", "decem",
    ],
    [
        "январ",
        "феврал",
        "март",
        "апрел",
        "мая",
        "июн",
        "июл",
        "август",
        "сентябр",
        "октябр",
        "ноябр",
        "декабр",
    ],
    [
        "січ",
        "лют",
        "берез",
        "квіт",
        "трав",
        "черв",
        "лип",
        "серп",
        "верес",
        "жовт",
        "листоп",
        "груд",
    ],
    [
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septem", "octo",
        "novem", "décem",
    ],
    [
        "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiem",
        "octu", "noviem", "diciem",
    ],
    [
        "janeiro",
        "fevereiro",
        "março",
        "abril",
        "maio",
        "junho",
        "julho",
        "agosto",
        "setem",
        "outu",
        "novem",
        "dezem",
    ],
    [
        "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settem",
        "ottobre", "novem", "dicem",
    ],
    [
        "jänner", "februar", "märz", "april", "mai", "juni", "juli", "august", "septem", "oktober",
        "novem", "dezem",
    ],
    [
        "ocak", "şubat", "mart", "nisan", "mayıs", "haziran", "temmuz", "ağustos", "eylül", "ekim",
        "kasım", "aralık",
    ],
    [
        "қаңтар",
        "ақпан",
        "наурыз",
        "сәуір",
        "мамыр",
        "маусым",
        "шілде",
        "тамыз",
        "қыркүйек",
        "қазан",
        "қараша",
        "желтоқсан",
    ],
    [
        "يناير",
        "فبراير",
        "مارس",
        "أبريل",
        "مايو",
        "يونيو",
        "يوليو",
        "أغسطس",
        "سبتمبر",
        "أكتوبر",
        "نوفمبر",
        "ديسمبر",
    ],
    [
        "ژانویه",
        "فوریه",
        "مارس",
        "آوریل",
        "مه",
        "ژوئن",
        "ژوئیه",
        "اوت",
        "سپتامبر",
        "اکتبر",
        "نوامبر",
        "دسامبر",
    ],
    [
        "जनवरी",
        "फरवरी",
        "मार्च",
        "अप्रैल",
        "मई",
        "जून",
        "जुलाई",
        "अगस्त",
        "सितंबर",
        "अक्टूबर",
        "नवंबर",
        "दिसंबर",
    ],
];

static NAMES: LazyLock<Vec<(String, Calendar)>> = LazyLock::new(|| {
    let days = DAYS.iter().flat_map(|line| {
        line.iter()
            .enumerate()
            .map(|(n, name)| (fold(name), Calendar::Day(n)))
    });
    let months = MONTHS.iter().flat_map(|line| {
        line.iter()
            .enumerate()
            .map(|(n, name)| (fold(name), Calendar::Month(n)))
    });
    let mut names: Vec<_> = days.chain(months).collect();
    // Of two that fit, the longer one is meant: `cumartesi` begins with `cuma`.
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    names
});

/// What the folded word names, if it is such a name or a form of one.
pub(super) fn calendar(word: &str) -> Option<Calendar> {
    let found = NAMES
        .iter()
        .find(|(name, _)| word.starts_with(name.as_str()));
    found.map(|(_, calendar)| *calendar)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_days_and_months_are_known() {
        let named = |word: &str| calendar(&fold(word));
        assert_eq!(named("Thursday"), Some(Calendar::Day(3)));
        assert_eq!(named("четверга"), Some(Calendar::Day(3)));
        assert_eq!(named("Cumartesi"), Some(Calendar::Day(5)));
        assert_eq!(named("CUMA"), Some(Calendar::Day(4)));
        assert_eq!(named("июля"), Some(Calendar::Month(6)));
        assert_eq!(named("Astana"), None);
    }
}
