//! Folding and its map, by example and at random.

use super::*;
use proptest::prelude::*;

fn units(folded: &Folded<'_>) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    while let Some(unit) = folded.unit(units.last().map_or(0, |unit| unit.folded.end)) {
        units.push(unit);
    }
    units
}

fn source_of(source: &str, found: &str) -> String {
    let folded = Folded::new(source);
    let start = folded.text().find(found).unwrap();
    let range = start..start + found.len();
    folded.source_text(range).unwrap().to_owned()
}

#[test]
fn white_space_runs_become_one_space_and_dashes_one_each() {
    let folded = Folded::new("a \n\u{A0}b—c - d\u{3000}e");
    assert_eq!(folded.text(), "a b c   d e");
}

#[test]
fn a_range_of_the_source_holds_what_was_dropped_within() {
    assert_eq!(
        source_of("x Pu\u{AD}ti\u{301}n\u{301} y", "putin"),
        "Pu\u{AD}ti\u{301}n\u{301}"
    );
    assert_eq!(source_of("x\u{200B}SCO\u{200B} y", "sco"), "SCO");
    assert_eq!(source_of("der Strauß \n ist", "ss ist"), "ß \n ist");
}

#[test]
fn single_jamo_join_to_the_syllable_they_spell() {
    let folded = Folded::new("\u{1111}\u{116E}\u{1110}\u{1175}\u{11AB}");
    assert_eq!(folded.text(), "푸틴");
    assert_eq!(folded.source_range(0..3), Some(0..6));
    assert_eq!(folded.source_range(3..6), Some(6..15));
}

#[test]
fn plain_text_needs_one_span() {
    let folded = Folded::new("The SCO met in Astana.\nПутин приехал, й и ё тоже");
    assert_eq!(folded.buffers.spans.len(), 1);
}

#[test]
fn words_have_boundaries_where_their_script_has_them() {
    for (text, at, expected) in [
        ("discos", 3, false),
        ("scos", 3, false),
        ("sco2", 3, false),
        ("sco的", 3, true),
        ("峰会sco", 6, true),
        ("sco's", 3, true),
        ("scoʼs", 3, true),
        ("sco™", 3, true),
        ("sco-led", 3, true),
        ("ss", 1, false),
        ("मद\u{93F}", 6, false),
        ("カ\u{3099}", 3, false),
        ("习近平", 3, true),
    ] {
        let folded = Folded::new(text);
        assert_eq!(folded.is_boundary(at), expected, "{text} at {at}");
    }
    assert!(!Folded::new("ß").is_boundary(1));
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(vec![
            "a", "B", "ß", "ẞ", "İ", "ı", "é", "\u{301}", "Ж", "й", " ", "\n", "\u{A0}",
            "\u{200C}", "\u{AD}", "\u{2003}", "-", "—", "ʼ", "习", "ガ", "カ", "\u{3099}", "ｶ", "ﾞ",
            "ك", "ـ", "ِ", "ئ", "푸", "\u{1111}", "\u{116E}", "\u{11AB}", "ﷺ", "™", "㎞", "´", "𝐀", "ि",
        ]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ]
}

proptest! {
    #[test]
    fn every_range_slices_the_source_and_folds_to_its_folded_text(
        pieces in prop::collection::vec(piece(), 0..24),
    ) {
        let source = pieces.concat();
        let folded = Folded::new(&source);
        let units = units(&folded);
        prop_assert_eq!(units.last().map_or(0, |unit| unit.folded.end), folded.text().len());
        for pair in units.windows(2) {
            prop_assert_eq!(pair[0].folded.end, pair[1].folded.start);
            prop_assert!(pair[0].source.end <= pair[1].source.start);
        }
        for (from, first) in units.iter().enumerate() {
            for last in &units[from..] {
                let range = first.folded.start..last.folded.end;
                let slice = folded.source_text(range.clone());
                prop_assert!(slice.is_some());
                let again = Folded::new(slice.unwrap());
                prop_assert_eq!(again.text(), &folded.text()[range]);
            }
        }
    }

    #[test]
    fn a_word_begins_at_each_anchor_and_nowhere_else(pieces in prop::collection::vec(piece(), 0..24)) {
        let source = pieces.concat();
        let folded = Folded::new(&source);
        let expected: Vec<usize> = units(&folded)
            .into_iter()
            .filter(|unit| folded.is_boundary(unit.folded.start))
            .filter(|unit| !folded.text()[unit.folded.start..].starts_with(is_mark))
            .filter(|unit| folded.class(unit).makes_words() || folded.class(unit) == Class::Unspaced)
            .map(|unit| unit.folded.start)
            .collect();
        let found: Vec<usize> = folded.anchors().iter().map(|a| a.start as usize).collect();
        prop_assert_eq!(found, expected);
        for anchor in folded.anchors().iter().filter(|anchor| anchor.end > anchor.start) {
            prop_assert!(folded.is_boundary(anchor.end as usize));
            let first = folded.unit(anchor.start as usize).unwrap();
            let end = folded.word_end(first.folded.end);
            let word = folded.text().get(anchor.start as usize..).unwrap();
            if !word.starts_with(|c: char| matches!(c, 'ァ'..='ヿ')) {
                prop_assert_eq!(end, Some(anchor.end as usize));
            }
        }
    }

    #[test]
    fn folding_strictly_without_being_strict_is_folding(pieces in prop::collection::vec(piece(), 0..24)) {
        let source = pieces.concat();
        let folded = Folded::new(&source);
        // White space around what is dropped is one run in either.
        prop_assert_eq!(fold_strictly(&source, Strict::default()), folded.text());
    }
}
