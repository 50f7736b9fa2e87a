//! Finds the stories of pages written in the manner of real news sites, and nothing of what stands
//! around them: names that stand only in the body must be found, names of teasers, most-read lists,
//! comments and footers must not.

#![allow(clippy::expect_used)]

use std::path::Path;

use mentiond::article::{Article, Input, extract};
use url::Url;

struct Case {
    page: String,
    language: String,
    title: String,
    body: Vec<String>,
    boilerplate: Vec<String>,
}

fn cases() -> Vec<Case> {
    let list = std::fs::read_to_string(folder().join("names.tsv")).expect("the list of names");
    let names = |column: &str| column.split('|').map(str::to_owned).collect();
    let cases: Vec<Case> = list
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let [page, language, title, body, boilerplate] = columns[..] else {
                panic!("five columns in: {line}");
            };
            Case {
                page: page.into(),
                language: language.into(),
                title: title.into(),
                body: names(body),
                boilerplate: names(boilerplate),
            }
        })
        .collect();
    assert!(cases.len() >= 24);
    cases
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pages"))
}

fn read(case: &Case) -> Article {
    let bytes = std::fs::read(folder().join(&case.page)).expect("a page of the list");
    let url = Url::parse("https://news.example/2024/story").expect("a URL");
    extract(&Input {
        bytes: &bytes,
        content_type: Some("text/html"),
        url: Some(&url),
    })
    .unwrap_or_else(|error| panic!("{}: {error}", case.page))
}

#[test]
fn every_name_of_a_story_is_found_and_none_of_what_stands_around_it() {
    let (mut found, mut wanted, mut false_finds, mut unwanted) = (0, 0, 0, 0);
    let mut wrong = Vec::new();
    for case in cases() {
        let article = read(&case);
        let (missing, _): (Vec<_>, Vec<_>) = case
            .body
            .iter()
            .partition(|name| !article.text.contains(*name));
        let (extra, _): (Vec<_>, Vec<_>) = case
            .boilerplate
            .iter()
            .partition(|name| article.text.contains(*name));
        wanted += case.body.len();
        found += case.body.len() - missing.len();
        unwanted += case.boilerplate.len();
        false_finds += extra.len();
        if !missing.is_empty() || !extra.is_empty() {
            wrong.push(format!(
                "{} ({:?}): missing {missing:?}, extra {extra:?}",
                case.page, article.found
            ));
        }
    }
    println!("recall {found}/{wanted}, false finds {false_finds} of {unwanted}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn titles_languages_encodings_and_canonical_links_come_with_the_text() {
    for case in cases() {
        let article = read(&case);
        // old pages have nothing but <title>, with the site's name in it
        assert!(
            article.title.starts_with(&case.title),
            "{}: {}",
            case.page,
            article.title
        );
        let old = case.page.contains("table");
        assert_eq!(article.canonical.is_some(), !old, "{}", case.page);
        if let Some(language) = &article.language {
            assert!(
                language.starts_with(&case.language),
                "{}: {language}",
                case.page
            );
        } else {
            assert!(old, "{}", case.page);
        }
        let charset = match (old, case.language.as_str()) {
            (true, "ru") => "windows-1251",
            (true, "zh") => "GBK",
            (true, "ar") => "windows-1256",
            (true, "tr") => "windows-1254",
            _ => "UTF-8",
        };
        assert_eq!(article.charset, charset, "{}", case.page);
        assert!(
            !article.excerpt.is_empty() && article.excerpt.chars().count() <= 300,
            "{}",
            case.page
        );
    }
}

#[test]
fn texts_are_clean_and_have_one_paragraph_a_line() {
    for case in cases() {
        let article = read(&case);
        assert!(
            article.text.lines().count() >= 4,
            "{}: {}",
            case.page,
            article.text
        );
        for line in article.text.lines() {
            assert_eq!(mentiond::parse::clean_text(line), line, "{}", case.page);
            assert!(
                !line.is_empty() && !line.contains("</"),
                "{}: {line}",
                case.page
            );
        }
    }
}
