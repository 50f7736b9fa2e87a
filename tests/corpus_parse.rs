//! Parses every document of a folder of real feeds, named by `MENTIOND_CORPUS`.
//!
//! Failures are printed with their reasons, not judged: the folder may hold pages and broken files.
//! What is judged is that nothing panics and that what comes out is clean.

use std::path::Path;

use mentiond::model::Timestamp;
use mentiond::parse::{Input, ParseError, parse};

#[test]
fn every_document_of_the_corpus_parses_or_says_why_not() {
    let Some(folder) = std::env::var_os("MENTIOND_CORPUS") else {
        println!("skipped: set MENTIOND_CORPUS to a folder of feeds");
        return;
    };
    let mut paths: Vec<_> = std::fs::read_dir(Path::new(&folder))
        .expect("MENTIOND_CORPUS is a readable folder")
        .map(|entry| entry.expect("a readable entry").path())
        .filter(|path| path.is_file())
        .filter(|path| !path.extension().is_some_and(|e| e == "opml" || e == "tsv"))
        .collect();
    paths.sort();
    let (mut files, mut parsed, mut entries, mut dated) = (0, 0, 0, 0);
    for path in paths {
        let bytes = std::fs::read(&path).expect("a readable file");
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if bytes
            .windows(5)
            .take(2000)
            .any(|w| w.eq_ignore_ascii_case(b"<opml"))
        {
            continue;
        }
        files += 1;
        let input = Input {
            bytes: &bytes,
            content_type: None,
            base: None,
            now: Timestamp::now(),
        };
        match parse(&input) {
            Ok(document) => {
                parsed += 1;
                entries += document.entries.len();
                for entry in &document.entries {
                    dated += usize::from(entry.date_note.is_none());
                    for (field, text) in entry.fields() {
                        assert!(!text.chars().any(char::is_control), "{name}: {field:?}");
                    }
                }
                for note in &document.notes {
                    println!("note  {name}: {note}");
                }
                if document.entries.is_empty() {
                    println!("empty {name}");
                }
            }
            Err(error) => {
                assert!(
                    !matches!(error, ParseError::Panicked { .. }),
                    "{name}: {error}"
                );
                println!("fail  {name}: {error}");
            }
        }
    }
    println!("{files} files, {parsed} parsed, {entries} entries, {dated} with sound dates");
    assert!(parsed > 0, "not one document of the folder parsed");
}
