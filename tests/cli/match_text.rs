//! `mentiond match`.

use std::collections::BTreeSet;

use super::{Ended, fed, run};
use crate::support::{Home, TOPICS};

fn home() -> Home {
    let home = Home::new();
    home.write_config(TOPICS);
    home
}

#[test]
fn a_page_about_a_summit_names_exactly_its_twelve_topics() {
    let ended = run(&["match", "--json", "tests/fixtures/astana-2024.html"]).code(0);
    let hits = ended.json();
    let topics: BTreeSet<_> = hits.iter().map(|h| h["topic"].as_str().unwrap()).collect();
    let expected = [
        "sco",
        "putin",
        "xi-jinping",
        "tokayev",
        "sharif",
        "mirziyoyev",
        "rahmon",
        "japarov",
        "lukashenko",
        "erdogan",
        "aliyev",
        "guterres",
    ];
    assert_eq!(topics, BTreeSet::from(expected));
    let sco: BTreeSet<_> = hits
        .iter()
        .filter(|h| h["topic"] == "sco")
        .map(|h| h["text"].as_str().unwrap())
        .collect();
    assert_eq!(
        sco,
        BTreeSet::from(["Organisasi Kerja Sama Shanghai", "SCO"])
    );
    let fields: BTreeSet<_> = hits.iter().map(|h| h["field"].as_str().unwrap()).collect();
    assert_eq!(fields, BTreeSet::from(["content", "title"]));
}

#[test]
fn positions_in_a_plain_text_are_bytes_of_the_file() {
    let home = home();
    let text = "\u{feff}Ünïcödé 🛰\r\n\tПутину и ПУТИНЫМ;  the SCO,\0上合组织。Putin\n";
    let file = home.path("notes.txt");
    std::fs::write(&file, text).unwrap();
    let hits = home.json(&["match", "--json", file.to_str().unwrap()]);
    assert_eq!(hits.len(), 5, "{hits:?}");
    let bytes = std::fs::read(&file).unwrap();
    for hit in hits {
        let at = |name: &str| usize::try_from(hit[name].as_u64().unwrap()).unwrap();
        let sliced = &bytes[at("start")..at("end")];
        assert_eq!(hit["text"].as_str().unwrap().as_bytes(), sliced, "{hit}");
        assert_eq!(hit["field"], "text");
        assert_eq!(hit["source"], file.to_str().unwrap());
    }
}

#[test]
fn standard_input_and_a_given_text_are_matched_alike() {
    let home = home();
    let config = home.config();
    let config = config.to_str().unwrap();
    for args in [
        &["match", "--json", "-c", config][..],
        &["match", "--json", "-c", config, "-"],
    ] {
        let hits = fed(args, "Говорит Путин".as_bytes()).code(0).json();
        assert_eq!(hits.len(), 1);
        assert_eq!(
            (&hits[0]["source"], &hits[0]["text"]),
            (&"-".into(), &"Путин".into())
        );
    }
    let hits = home.json(&["match", "--json", "--text", "Говорит Путин"]);
    assert_eq!(
        (&hits[0]["start"], &hits[0]["end"]),
        (&15.into(), &25.into())
    );
    assert_eq!(hits[0]["source"], "text");
    assert_eq!(hits[0]["score"], 27);
    let shown = home.ok(&["match", "--text", "Говорит Путин"]);
    assert!(
        shown.contains("»Путин«") && shown.contains(" | score 27"),
        "{shown}"
    );
    let none = home.ok(&["match", "--text", "nothing"]);
    assert!(none.contains("no topic is mentioned"), "{none}");
    assert_eq!(home.ok(&["match", "--json", "--text", ""]), "");
    Ended::of(home.run(&["match", "--text", "x", "file"])).code(2);
    Ended::of(home.run(&["match", "--html", "--plain", "file"])).code(2);
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_still_matched() {
    let home = home();
    let good = home.path("good.txt");
    std::fs::write(&good, "Putin").unwrap();
    let (missing, folder) = (home.path("missing.txt"), home.folder.path().to_owned());
    let paths = [&missing, &folder, &good].map(|p| p.to_str().unwrap());
    let ended = Ended::of(home.run(&[&["match"][..], &paths].concat())).code(1);
    assert!(ended.out.contains("»Putin«"), "{}", ended.out);
    let errors = ended.error.lines().filter(|l| l.starts_with("error: "));
    assert_eq!(errors.clone().count(), 2, "{}", ended.error);
    for (line, path) in errors.zip(paths) {
        assert!(
            line.starts_with(&format!("error: {path}: can't read it")),
            "{line}"
        );
    }
}

#[test]
fn garbage_is_matched_like_anything_else_and_never_panics() {
    let home = home();
    let config = home.config();
    let config = config.to_str().unwrap();
    let noise: Vec<u8> = (0..1_u32 << 20)
        .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0])
        .collect();
    let utf16: Vec<u8> = "\u{feff}Путин"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for input in [
        &noise[..],
        &[0xff; 4096],
        &[0; 4096],
        b"\xc3\x28 Putin \xed\xa0\x80",
        b"<html><title>Putin</title>\x00\xff<b",
        &utf16,
        b"<!DOCTYPE html",
        b"",
    ] {
        for mode in [&[][..], &["--html"], &["--plain"], &["--json"]] {
            let args = [&["match", "-c", config, "-"][..], mode].concat();
            let ended = fed(&args, input).code(0);
            assert!(!ended.out.contains(['\0', '\u{1b}']), "{:?}", ended.out);
        }
    }
    let hits = fed(&["match", "-c", config, "--json"], &utf16).json();
    assert_eq!(hits.len(), 1, "{hits:?}");
}

#[test]
fn what_is_no_language_code_is_told_and_not_taken_for_a_language_without_mentions() {
    let home = home();
    for code in ["english", "", "e n"] {
        for command in [&["match", "--text", "SCO"][..], &["mentions"]] {
            let ended = Ended::of(home.run(&[command, &["--language", code]].concat())).code(2);
            assert!(
                ended.error.contains("write one such as en, ru"),
                "{}",
                ended.error
            );
        }
    }
}
