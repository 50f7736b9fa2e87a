//! The labelled pairs of `tests/fixtures/stories.toml`, read.

use std::time::Duration;

use toml_edit::{DocumentMut, InlineTable, Value};

/// A title and a text.
#[derive(Debug, Clone)]
pub struct Text {
    pub title: String,
    pub body: String,
}

/// Two texts and whether they tell one story.
#[derive(Debug)]
pub struct Pair {
    /// Story, number and kind, for naming it in a report.
    pub name: String,
    pub language: String,
    pub a: Text,
    pub b: Text,
    pub apart: Duration,
    pub same: bool,
}

/// Reads the pairs of a fixture.
pub fn read(fixture: &str) -> Vec<Pair> {
    let document: DocumentMut = fixture.parse().unwrap();
    let mut pairs = Vec::new();
    for story in document["story"].as_array_of_tables().unwrap() {
        let text = |key: &str| story[key].as_str().unwrap().trim().to_owned();
        let a = Text {
            title: text("title"),
            body: text("text"),
        };
        for (label, same) in [("same", true), ("other", false)] {
            for (n, variant) in story[label].as_array().unwrap().iter().enumerate() {
                let variant = variant.as_inline_table().unwrap();
                let kind = variant.get("kind").and_then(Value::as_str).unwrap();
                let hours = variant
                    .get("hours")
                    .map_or(2, |hours| hours.as_integer().unwrap());
                pairs.push(Pair {
                    name: format!("{} {label} {} ({kind})", text("id"), n + 1),
                    language: text("language"),
                    b: derive(&a, variant),
                    a: a.clone(),
                    apart: Duration::from_hours(hours.unsigned_abs()),
                    same,
                });
            }
        }
    }
    pairs
}

/// What a paper made of the text, by the rules at the head of the fixture.
fn derive(story: &Text, variant: &InlineTable) -> Text {
    let text = |key: &str| variant.get(key).and_then(Value::as_str);
    let mut title = story.title.clone();
    let mut lines: Vec<String> = story.body.lines().map(str::to_owned).collect();
    if let Some(keep) = variant.get("keep").and_then(Value::as_integer) {
        lines.truncate(usize::try_from(keep).unwrap());
    }
    if let Some(number) = variant.get("paragraph").and_then(Value::as_integer) {
        let line = &mut lines[usize::try_from(number).unwrap() - 1];
        text("with").unwrap().clone_into(line);
    }
    let mut body = lines.join("\n");
    let swaps = variant.get("swap").and_then(Value::as_array);
    for swap in swaps.into_iter().flatten() {
        let [from, to] = [0, 1].map(|n| {
            let side = swap.as_array().and_then(|swap| swap.get(n));
            side.and_then(Value::as_str).unwrap()
        });
        assert!(
            body.contains(from) || title.contains(from),
            "nothing to swap: {from}"
        );
        body = body.replace(from, to);
        title = title.replace(from, to);
    }
    if let Some(before) = text("before") {
        body = format!("{before}\n{body}");
    }
    if let Some(after) = text("after") {
        body = format!("{body}\n{after}");
    }
    Text {
        title: text("title").map_or(title, str::to_owned),
        body: text("text").map_or(body, str::to_owned),
    }
}

/// The pairs that the method was chosen and tuned on.
pub const FIRST: &str = include_str!("../fixtures/stories.toml");
/// Pairs that were written afterwards.
pub const SECOND: &str = include_str!("../fixtures/stories-later.toml");
/// All fixtures with their names.
pub const FIXTURES: [(&str, &str); 2] = [("tuned on", FIRST), ("written afterwards", SECOND)];
