//! What happened in a test, with the time of the day, as the workers' logs have it; and what broke a promise.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

/// How many breaches of one promise, by the word that their lines begin with, are told one by one.
const TOLD: usize = 12;

/// Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    lines: Arc<Mutex<Vec<Line>>>,
}

#[derive(Debug)]
struct Line {
    at: jiff::Timestamp,
    is_wrong: bool,
    text: String,
}

impl Line {
    fn kind(&self) -> &str {
        self.text.split(':').next().unwrap_or_default()
    }
}

impl Journal {
    /// Something was done to the workers or their server.
    pub fn note(&self, text: impl Into<String>) {
        self.write(false, text.into());
    }

    /// A promise was broken.
    pub fn wrong(&self, text: impl Into<String>) {
        self.write(true, text.into());
    }

    fn write(&self, is_wrong: bool, text: String) {
        let at = jiff::Timestamp::now();
        self.lines.lock().unwrap().push(Line { at, is_wrong, text });
    }

    /// The words with which the faults begin.
    pub fn kinds(&self) -> BTreeMap<String, usize> {
        let lines = self.lines.lock().unwrap();
        let mut kinds = BTreeMap::new();
        for line in lines.iter().filter(|line| line.is_wrong) {
            *kinds.entry(line.kind().to_owned()).or_default() += 1;
        }
        kinds
    }

    /// Everything in its order; of very many faults of a kind the first.
    pub fn text(&self) -> String {
        let lines = self.lines.lock().unwrap();
        let (mut text, mut told) = (String::new(), BTreeMap::new());
        for line in lines.iter() {
            let before: &mut usize = told.entry(line.kind()).or_default();
            *before += usize::from(line.is_wrong);
            if *before <= TOLD || !line.is_wrong {
                let mark = if line.is_wrong { "WRONG: " } else { "" };
                writeln!(text, "{:.3} {mark}{}", line.at, line.text).unwrap();
            }
        }
        text
    }
}
