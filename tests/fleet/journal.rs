//! What happened in a test, with the time of the day, as the workers' logs have it; and what broke a promise.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

/// The most broken promises that are told one by one.
const TOLD: usize = 40;

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

    /// How many promises were broken.
    pub fn faults(&self) -> usize {
        let lines = self.lines.lock().unwrap();
        lines.iter().filter(|line| line.is_wrong).count()
    }

    /// Everything in its order; of very many faults the first.
    pub fn text(&self) -> String {
        let lines = self.lines.lock().unwrap();
        let (mut text, mut faults) = (String::new(), 0);
        for line in lines.iter() {
            faults += usize::from(line.is_wrong);
            if line.is_wrong && faults > TOLD {
                continue;
            }
            let mark = if line.is_wrong { "WRONG: " } else { "" };
            writeln!(text, "{:.3} {mark}{}", line.at, line.text).unwrap();
        }
        if faults > TOLD {
            writeln!(text, "and {} faults more", faults - TOLD).unwrap();
        }
        text
    }
}
