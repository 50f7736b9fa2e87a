//! Turkic endings: plural, possessive and case follow each other in a fixed order, each in the forms
//! that vowel harmony and the sound before it ask for, so the lists are multiplied out.
//!
//! Folding has made `ı ü ö` to `i u o`, which leaves two vowels of four; the tables are written so.

use super::{Line, Rule};

/// How a language builds its endings: plurals, possessives, cases; each list may be skipped.
struct Build {
    languages: &'static str,
    plurals: &'static str,
    possessives: &'static str,
    cases: &'static str,
    /// Endings that stand last and alone.
    others: &'static str,
}

#[rustfmt::skip]
const BUILDS: &[Build] = &[
    // Turkish: names have an apostrophe, which is a boundary; papers often leave it out
    Build {
        languages: "tr",
        plurals: "lar ler",
        possessives: "i u si su im um imiz umuz",
        cases: "in un nin nun i u yi yu ni nu a e ya ye na ne da de ta te nda nde dan den tan ten ndan nden la le yla yle ca ce nca nce ndaki ndeki daki deki taki teki",
        others: "li lu lik luk dir dur tir tur di du ti tu ydi ydu mis ki gil giller",
    },
    Build {
        languages: "az",
        plurals: "lar lər",
        possessives: "i u si su imiz umuz",
        cases: "in un nin nun i u yi yu ni nu a ə ya yə na nə da də nda ndə dan dən ndan ndən la lə yla ylə daki dəki ndaki ndəki",
        others: "li lu lik luk dir dur ca cə gil",
    },
    Build {
        languages: "tk",
        plurals: "lar ler",
        possessives: "y i sy si u",
        cases: "in yn un nin nyn nun y i ny ni a e na ne da de nda nde dan den ndan nden",
        others: "ly li dyr dir",
    },
    // Uzbek, Latin and Cyrillic
    Build {
        languages: "uz",
        plurals: "lar",
        possessives: "i si imiz",
        cases: "ning ni ga ka qa da dan gacha dagi niki dek day cha",
        others: "ni lik mi ku u chi nikidan",
    },
    Build {
        languages: "uz",
        plurals: "лар",
        possessives: "и си имиз",
        cases: "нинг ни га ка қа да дан гача даги ники дек дай ча",
        others: "лик ми",
    },
    Build {
        languages: "kk",
        plurals: "лар лер дар дер тар тер",
        possessives: "ы і сы сі ымыз іміз",
        cases: "ның нің дың дің тың тің ға ге қа ке на не а е ны ні ды ді ты ті н да де та те нда нде дан ден тан тен нан нен мен бен пен дағы дегі тағы тегі ндағы ндегі",
        others: "тік дік лік лық дық тық ша ше мын сыз",
    },
    Build {
        languages: "ky",
        plurals: "лар лер лор лөр дар дер дор дөр тар тер тор төр",
        possessives: "ы и у ү сы си су сү ыбыз ибиз",
        cases: "нын нин нун нүн дын дин дун дүн тын тин тун түн га ге го гө ка ке ко кө на не но нө а е о ө ны ни ну нү ды ди ду дү ты ти ту тү н да де до дө та те то тө нда нде ндо ндө дан ден дон дөн тан тен тон төн нан нен нон нөн дагы деги догу дөгү тагы теги ндагы ндеги",
        others: "дык дик лык лик ча че",
    },
    Build {
        languages: "tt",
        plurals: "лар ләр нар нәр",
        possessives: "ы е сы се",
        cases: "ның нең га гә ка кә на нә а ә ны не н да дә та тә нда ндә дан дән тан тән нан нән",
        others: "лы ле",
    },
];

/// The rules.
pub(super) fn rules() -> impl Iterator<Item = Rule> {
    BUILDS.iter().map(|build| {
        let parts = |list: &'static str| list.split(' ').chain([""]);
        let mut endings: Vec<String> = build.others.split(' ').map(str::to_owned).collect();
        for plural in parts(build.plurals) {
            for possessive in parts(build.possessives) {
                for case in parts(build.cases) {
                    endings.push(format!("{plural}{possessive}{case}"));
                }
            }
        }
        endings.retain(|ending| !ending.is_empty());
        let line = Line {
            languages: build.languages,
            ends: "*",
            cut: 0,
            least: 4,
            endings: "",
        };
        Rule::with(&line, endings.iter().map(String::as_str))
    })
}
