//! Three-letter statistics: dear, so they are asked only where they can change the answer.

use whatlang::{Detector, Lang};

use super::scores::{Languages, at};

/// Characters that are looked at; more cost time and change nothing.
const MAX_CHARS: usize = 300;

/// Fewest and most points that the statistics give, to one language.
pub(super) const LEAST: f64 = 0.6;
pub(super) const MOST: f64 = 1.8;

/// The languages of the statistics that are of use here.
#[rustfmt::skip]
const LANGS: [(Lang, usize); 40] = [
    (Lang::Eng, at("en")), (Lang::Fra, at("fr")), (Lang::Deu, at("de")), (Lang::Spa, at("es")), (Lang::Por, at("pt")), (Lang::Ita, at("it")), (Lang::Nld, at("nl")),
    (Lang::Afr, at("af")), (Lang::Pol, at("pl")), (Lang::Ces, at("cs")), (Lang::Slk, at("sk")), (Lang::Hrv, at("hr")), (Lang::Slv, at("sl")), (Lang::Ron, at("ro")),
    (Lang::Hun, at("hu")), (Lang::Fin, at("fi")), (Lang::Est, at("et")), (Lang::Lav, at("lv")), (Lang::Lit, at("lt")), (Lang::Swe, at("sv")), (Lang::Nob, at("no")),
    (Lang::Dan, at("da")), (Lang::Tur, at("tr")), (Lang::Aze, at("az")), (Lang::Tuk, at("tk")), (Lang::Uzb, at("uz")), (Lang::Ind, at("id")), (Lang::Jav, at("jv")),
    (Lang::Tgl, at("fil")), (Lang::Vie, at("vi")), (Lang::Cat, at("ca")), (Lang::Rus, at("ru")), (Lang::Ukr, at("uk")), (Lang::Bel, at("be")), (Lang::Bul, at("bg")),
    (Lang::Srp, at("sr")), (Lang::Mkd, at("mk")), (Lang::Hin, at("hi")), (Lang::Mar, at("mr")), (Lang::Nep, at("ne")),
];

/// The languages that the statistics know.
pub(super) const KNOWN: Languages = {
    let (mut set, mut i) = (Languages::NONE, 0);
    while i < LANGS.len() {
        set.insert(LANGS[i].1);
        i += 1;
    }
    set
};

/// The likeliest of some languages for a text, with points by how sure that is.
pub(super) fn vote(text: &str, among: Languages) -> Option<(usize, f64)> {
    let end = text.char_indices().nth(MAX_CHARS).map(|(at, _)| at);
    let asked = LANGS.iter().filter(|(_, at)| among.has(*at));
    let detector = Detector::with_allowlist(asked.map(|(lang, _)| *lang).collect());
    let info = detector.detect(&text[..end.unwrap_or(text.len())])?;
    let (_, at) = LANGS.iter().find(|(lang, _)| *lang == info.lang())?;
    Some((*at, LEAST + (MOST - LEAST) * info.confidence()))
}
