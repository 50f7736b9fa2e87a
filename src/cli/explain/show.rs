//! Explanations, printed for people.

use std::collections::HashSet;
use std::fmt::Display;

use crate::cli::output::{Output, printable};
use crate::cli::{CliError, names};
use crate::config::Config;
use crate::matching::explain::{
    Branch, Explainer, Explanation, Found, List, Passed, Place, Reason, Weight,
};
use crate::matching::snippet;
use crate::model::{Field, Topic};

/// Hits of a kind that are printed of a topic.
const MOST: usize = 20;
/// Characters around a hit.
const AROUND: usize = 50;

/// Topics that are to be explained, and whether they were named.
pub struct Wanted {
    explainer: Explainer,
    /// Whether they were named, so that all of them are to be told.
    pub named: bool,
}

impl Wanted {
    /// Compiles the topics with these ids, or all if there are none. An id that no topic has is an
    /// error unless it is one of `others`.
    pub fn of(config: &Config, ids: &[String], others: &[&str]) -> Result<Self, CliError> {
        for id in ids.iter().filter(|id| !others.contains(&id.as_str())) {
            names::check_topic(config, Some(id))?;
        }
        let is_wanted =
            |topic: &&Topic| ids.is_empty() || ids.iter().any(|id| id == topic.id.as_str());
        let topics: Vec<Topic> = config.topics.iter().filter(is_wanted).cloned().collect();
        let explainer = Explainer::compile(&topics)
            .map_err(|error| CliError::Config(format!("error: {error}")))?;
        Ok(Self {
            explainer,
            named: !ids.is_empty(),
        })
    }

    /// What is to be told of each of the topics.
    pub fn explain(
        &self,
        fields: &[(Field, &str)],
        facts: &crate::matching::Facts<'_>,
    ) -> Vec<Explanation> {
        self.explainer.explain(fields, facts)
    }
}

/// The fields of a text, the author among them.
pub type Texts<'t> = [(Field, &'t str)];

/// Prints what is to be told of a topic; `note` stands behind whether it is mentioned.
pub fn topic(
    out: &Output,
    told: &Explanation,
    texts: &Texts<'_>,
    note: &str,
) -> Result<(), CliError> {
    let state = match told.score {
        Some(score) => {
            let points = told.hits.iter().map(|hit| hit.points).sum();
            format!("mentioned, score {score} of {} points", number(points))
        }
        None => "not mentioned".to_owned(),
    };
    out.line(format!(
        "  {} ({}): {state}{note}",
        out.strong(told.topic.as_str()),
        printable(&told.name)
    ))?;
    for failure in &told.failed {
        out.line(format!("    because {}", printable(&failure.to_string())))?;
    }
    for hit in told.hits.iter().take(MOST) {
        let how = [hit.rule.as_deref(), hit.because.as_deref()];
        out.line(format!(
            "    + {}  {} × {} × {} = {}",
            described(out, &hit.found.place, &named(&hit.found, &how), texts),
            hit.weight,
            number(hit.place),
            number(hit.repeat),
            number(hit.points)
        ))?;
    }
    more(out, told.hits.len(), "hit that counts", "hits that count")?;
    let passed = together(&told.passed);
    for (first, terms, reason) in passed.iter().take(MOST) {
        out.line(format!(
            "    - {}  {}",
            described(out, &first.found.place, terms, texts),
            printable(reason)
        ))?;
    }
    more(out, passed.len(), "hit that does not", "hits that do not")?;
    for (group, number) in told.all.iter().zip(1..) {
        if let Some(found) = group.hits.first() {
            out.line(format!("    all {number}: {}", at(found)))?;
        }
    }
    if !told.weights.is_empty() {
        let weights = told.weights.iter().take(MOST);
        let weights =
            weights.map(|Weight { term, weight }| format!("{} {weight}", printable(term)));
        let mut weights = weights.collect::<Vec<_>>();
        if told.weights.len() > MOST {
            weights.push("…".to_owned());
        }
        out.line(format!(
            "    weights: {} = {}, threshold {}",
            weights.join(" + "),
            told.sum,
            told.threshold
        ))?;
    }
    match &told.query {
        Some(query) => tree(out, query, 2),
        None => Ok(()),
    }
}

/// Prints a node and what stands below it.
fn tree(out: &Output, branch: &Branch, depth: usize) -> Result<(), CliError> {
    let mut line = format!(
        "{}{} {}",
        "  ".repeat(depth),
        if branch.holds { "yes" } else { "no " },
        printable(&branch.text)
    );
    if !branch.hits.is_empty() {
        let hits = branch.hits.iter().take(MOST).map(ToString::to_string);
        let mut hits = hits.collect::<Vec<_>>();
        if branch.hits.len() > MOST {
            hits.push(format!("{} more", branch.hits.len() - MOST));
        }
        line = format!("{line}  {}", hits.join(", "));
    }
    if let Some(unit) = &branch.unit {
        line = format!("{line}  in {unit}: {}", beginning(unit));
    }
    for words in &branch.words {
        line = match words {
            Some(words) => format!("{line}  nearest: {words} between"),
            None => format!("{line}  nearest: none"),
        };
    }
    out.line(line)?;
    let mut children = branch.children.iter();
    children.try_for_each(|child| tree(out, child, depth + 1))
}

/// The hits that do not count, those at one place and for one reason together: the first of them, their
/// terms, the reason. Those that stand exactly where one counts are left out.
fn together(all: &[Passed]) -> Vec<(&Passed, String, String)> {
    let mut lines: Vec<(&Passed, String, String)> = Vec::new();
    let mut told: HashSet<&str> = HashSet::new();
    for passed in all {
        let place = &passed.found.place;
        if matches!(&passed.reason, Reason::Overlap { by } if by.place == *place) {
            continue;
        }
        let list = Some(passed.list.as_str()).filter(|_| passed.list != List::Any);
        let term = named(&passed.found, &[list, passed.rule.as_deref()]);
        let reason = passed.reason.to_string();
        match lines.last_mut() {
            Some((first, terms, known)) if first.found.place == *place && *known == reason => {
                if told.insert(&passed.found.term) {
                    terms.push_str("; ");
                    terms.push_str(&term);
                }
            }
            _ => {
                told = HashSet::from([&*passed.found.term]);
                lines.push((passed, term, reason));
            }
        }
    }
    lines
}

/// A term with what else is to be said of it.
fn named(found: &Found, how: &[Option<&str>]) -> String {
    let how = how.iter().flatten().map(|how| printable(how));
    let parts: Vec<String> = std::iter::once(printable(&found.term)).chain(how).collect();
    parts.join(", ")
}

/// Where a hit stands, what stands around it, and its terms.
fn described(out: &Output, place: &Place, terms: &str, texts: &Texts<'_>) -> String {
    let text = texts.iter().find(|(field, _)| *field == place.field);
    let text = text.map_or("", |(_, text)| text);
    let around = snippet(text, place.start, place.end, AROUND);
    format!(
        "{place}  {}  [{terms}]",
        out.highlight(&around.text, around.start, around.end),
    )
}

fn at(found: &Found) -> impl Display {
    format!("\"{}\" stands at {}", printable(&found.term), found.place)
}

/// The first words of a sentence or paragraph.
fn beginning(unit: &Place) -> String {
    printable(&snippet(&unit.text, 0, 0, 2 * AROUND).text)
}

/// Says how many of a kind were left out.
fn more(out: &Output, count: usize, one: &str, many: &str) -> Result<(), CliError> {
    match count.saturating_sub(MOST) {
        0 => Ok(()),
        1 => out.line(format!("    … and 1 more {one}")),
        n => out.line(format!("    … and {n} more {many}")),
    }
}

/// A number with two decimals at most.
fn number(n: f64) -> String {
    let text = format!("{n:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
