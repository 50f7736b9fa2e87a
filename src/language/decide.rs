//! Which language an entry is in, given all who say something about it.

use super::detect::{Reading, read};
use super::tag::{normalise, primary};

/// A language and why it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The language (BCP 47), normalised.
    pub code: String,
    /// Who said so.
    pub basis: Basis,
}

/// Who said what the language is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The entry itself (`xml:lang`, JSON Feed `language`).
    Entry,
    /// The text, against what the document claims or where nobody claims anything.
    Detected,
    /// The feed's document.
    Document,
    /// The `Content-Language` header.
    Header,
    /// The owner's configuration.
    Configured,
}

impl Basis {
    /// Its short name, as stored and printed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Detected => "detected",
            Self::Document => "document",
            Self::Header => "header",
            Self::Configured => "configured",
        }
    }
}

/// Languages that a detector takes for each other, or that are written in each other's name; what
/// one of a group claims is not contradicted by another.
const ALIKE: &[&[&str]] = &[
    &["id", "ms", "jv"],
    &["no", "nb", "nn", "da"],
    &["cs", "sk"],
    &["hr", "sr", "bs", "sh", "sl", "mk", "bg"],
    &["uk", "ru", "be"],
    &["fa", "ps", "ur"],
    &["tr", "az", "tk"],
    &["nl", "af"],
    &["es", "ca", "gl", "pt"],
    &["fil", "tl", "ceb"],
    &["zh", "yue", "ja"],
    &["hi", "mr", "ne"],
    &["kk", "ky", "tt", "ba"],
];

/// Decides the language of an entry. The order of belief:
///
/// 1. the entry's own claim;
/// 2. the feed document's claim, unless the text is surely of another language that is not often
///    taken for it: publishers leave their software's `en-us` on everything;
/// 3. the header, under the same condition;
/// 4. the owner's hint, under the same condition;
/// 5. the text alone.
///
/// A claim that is contradicted gives way to the text. Claims that are no language tags are ignored.
#[must_use]
pub fn decide(
    entry: Option<&str>,
    document: Option<&str>,
    header: Option<&str>,
    configured: Option<&str>,
    text: &str,
) -> Option<Decided> {
    if let Some(code) = entry.and_then(normalise) {
        return Some(Decided {
            code,
            basis: Basis::Entry,
        });
    }
    let mut reading = read(text);
    let claims = [
        (document, Basis::Document),
        (header, Basis::Header),
        (configured, Basis::Configured),
    ];
    for (claim, basis) in claims {
        let Some(code) = claim.and_then(normalise) else {
            continue;
        };
        let agrees = |detected: &str| agree(primary(&code), detected);
        let stands = match reading.passes(agrees) {
            Some(stands) => stands,
            None => {
                let detected = reading.settle();
                reading = Reading::Told(detected);
                detected.is_none_or(agrees)
            }
        };
        if stands {
            return Some(Decided { code, basis });
        }
    }
    reading.settle().map(|code| Decided {
        code: code.to_owned(),
        basis: Basis::Detected,
    })
}

/// Whether a detected language leaves a claim standing.
fn agree(claimed: &str, detected: &str) -> bool {
    claimed == detected
        || ALIKE
            .iter()
            .any(|group| group.contains(&claimed) && group.contains(&detected))
}

#[cfg(test)]
mod tests {
    use super::super::detect;
    use super::*;

    const INDONESIAN: &str =
        "Presiden bertemu dengan para pemimpin negara yang akan menghadiri pertemuan itu";

    fn by(
        entry: &str,
        document: &str,
        header: &str,
        configured: &str,
        text: &str,
    ) -> Option<(String, Basis)> {
        let some = |tag: &str| (!tag.is_empty()).then(|| tag.to_owned());
        let [entry, document, header, configured] = [entry, document, header, configured].map(some);
        decide(
            entry.as_deref(),
            document.as_deref(),
            header.as_deref(),
            configured.as_deref(),
            text,
        )
        .map(|d| (d.code, d.basis))
    }

    #[test]
    fn the_entrys_own_claim_comes_first() {
        assert_eq!(
            by("fr_FR", "en", "en", "en", INDONESIAN),
            Some(("fr-FR".into(), Basis::Entry))
        );
        assert_eq!(
            by("junk!", "id", "", "", INDONESIAN),
            Some(("id".into(), Basis::Document))
        );
    }

    #[test]
    fn a_template_language_that_the_text_contradicts_gives_way() {
        assert_eq!(
            by("", "en-us", "", "", INDONESIAN),
            Some(("id".into(), Basis::Detected))
        );
        assert_eq!(
            by("", "en-us", "en", "id-ID", INDONESIAN),
            Some(("id-ID".into(), Basis::Configured))
        );
        assert_eq!(
            by("", "en-us", "", "", "Presiden"),
            Some(("en-US".into(), Basis::Document))
        );
    }

    #[test]
    fn languages_that_are_taken_for_each_other_do_not_contradict() {
        assert_eq!(
            by("", "ms", "", "", INDONESIAN),
            Some(("ms".into(), Basis::Document))
        );
        assert_eq!(
            by(
                "",
                "",
                "nb",
                "",
                "Stortinget vedtok budsjettet etter en natt med debatt"
            ),
            Some(("no".into(), Basis::Header))
        );
    }

    #[test]
    fn without_any_claim_the_text_decides_or_nobody() {
        assert_eq!(
            by("", "", "", "", INDONESIAN),
            Some(("id".into(), Basis::Detected))
        );
        assert_eq!(
            by("", "", "", "tg", "…"),
            Some(("tg".into(), Basis::Configured))
        );
        assert_eq!(by("", "", "", "", "…"), None);
    }

    #[test]
    fn asking_the_statistics_late_changes_no_decision() {
        let news = include_str!("../../tests/fixtures/languages.tsv");
        for (language, text) in news.lines().filter_map(|line| line.split_once('\t')) {
            let detected = detect(text);
            for claims in [
                ["en-US", language],
                [language, "tr"],
                ["ru", "id"],
                ["no", "es"],
            ] {
                let believed = claims
                    .iter()
                    .find(|claim| detected.is_none_or(|found| agree(primary(claim), found)))
                    .map_or_else(|| detected.map(str::to_owned), |c| Some((*c).to_owned()));
                let [document, configured] = claims.map(Some);
                let decided = decide(None, document, None, configured, text);
                assert_eq!(decided.map(|d| d.code), believed, "{claims:?}: {text}");
            }
        }
    }
}
