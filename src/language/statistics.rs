//! Three-letter statistics: dear, so they are asked only where they can change the answer.

use std::sync::LazyLock;

use whatlang::{Detector, Lang};

use super::scores::{Languages, place};

/// Fewest and most points that the statistics give, to one language.
pub(super) const LEAST: f64 = 0.6;
pub(super) const MOST: f64 = 1.8;

/// The languages of the statistics that are of use here.
#[rustfmt::skip]
const CODES: [(Lang, &str); 40] = [
    (Lang::Eng, "en"), (Lang::Fra, "fr"), (Lang::Deu, "de"), (Lang::Spa, "es"), (Lang::Por, "pt"), (Lang::Ita, "it"), (Lang::Nld, "nl"),
    (Lang::Afr, "af"), (Lang::Pol, "pl"), (Lang::Ces, "cs"), (Lang::Slk, "sk"), (Lang::Hrv, "hr"), (Lang::Slv, "sl"), (Lang::Ron, "ro"),
    (Lang::Hun, "hu"), (Lang::Fin, "fi"), (Lang::Est, "et"), (Lang::Lav, "lv"), (Lang::Lit, "lt"), (Lang::Swe, "sv"), (Lang::Nob, "no"),
    (Lang::Dan, "da"), (Lang::Tur, "tr"), (Lang::Aze, "az"), (Lang::Tuk, "tk"), (Lang::Uzb, "uz"), (Lang::Ind, "id"), (Lang::Jav, "jv"),
    (Lang::Tgl, "fil"), (Lang::Vie, "vi"), (Lang::Cat, "ca"), (Lang::Rus, "ru"), (Lang::Ukr, "uk"), (Lang::Bel, "be"), (Lang::Bul, "bg"),
    (Lang::Srp, "sr"), (Lang::Mkd, "mk"), (Lang::Hin, "hi"), (Lang::Mar, "mr"), (Lang::Nep, "ne"),
];

static KNOWN: LazyLock<Languages> = LazyLock::new(|| Languages::of(&CODES.map(|(_, code)| code)));

/// The languages that the statistics know.
pub(super) fn known() -> Languages {
    *KNOWN
}

static DETECTOR: LazyLock<Detector> =
    LazyLock::new(|| Detector::with_allowlist(CODES.iter().map(|(lang, _)| *lang).collect()));

/// The likeliest language of a text, with points by how sure that is.
pub(super) fn vote(text: &str, _among: Languages) -> Option<(usize, f64)> {
    let info = DETECTOR.detect(text)?;
    let (_, code) = CODES.iter().find(|(lang, _)| *lang == info.lang())?;
    Some((place(code)?, LEAST + (MOST - LEAST) * info.confidence()))
}
