//! Made-up entries for measurements, out of the sentences of `tests/mentions` (and of a folder of feed
//! documents, if `MENTIOND_CORPUS` names one): each takes sentences of one language, and part of their
//! words and letters are others, as unevenly frequent as real ones.

use std::collections::HashMap;

use mentiond::model::Timestamp;

/// The texts of an entry.
pub struct Text {
    pub title: String,
    pub summary: String,
    pub content: String,
}

/// Sentences of one language and the words that take the place of theirs.
struct Language {
    sentences: Vec<String>,
    words: Vec<String>,
    letters: Vec<char>,
}

/// Makes up entries: the same number gives the same texts on every machine.
pub struct Maker {
    languages: Vec<Language>,
}

/// Whether it is written without spaces between words.
pub fn is_dense(text: &str) -> bool {
    let dense = |c: &char| matches!(c, '\u{E00}'..='\u{E7F}' | '\u{3040}'..='\u{30FF}' | '\u{4E00}'..='\u{9FFF}');
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    text.chars().filter(dense).count() * 2 > letters
}

impl Maker {
    /// Reads the sentences.
    pub fn read() -> Self {
        let mut pools: HashMap<String, Vec<String>> = HashMap::new();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mentions");
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|e| e != "tsv") {
                continue;
            }
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let sentences = text
                .lines()
                .skip(1)
                .filter_map(|line| line.split('\t').nth(2));
            pools
                .entry(name)
                .or_default()
                .extend(sentences.map(str::to_owned));
        }
        if let Some(folder) = std::env::var_os("MENTIOND_CORPUS") {
            let pool = pools.entry("documents".into()).or_default();
            for file in std::fs::read_dir(folder).unwrap() {
                let Ok(bytes) = std::fs::read(file.unwrap().path()) else {
                    continue;
                };
                let input = mentiond::parse::Input {
                    bytes: &bytes,
                    content_type: None,
                    base: None,
                    now: Timestamp::now(),
                };
                let Ok(document) = mentiond::parse::parse(&input) else {
                    continue;
                };
                for entry in document.entries {
                    let texts = [entry.title, entry.summary, entry.content];
                    let parts = texts.iter().flat_map(|text| text.split(". "));
                    pool.extend(
                        parts
                            .filter(|t| t.len() > 20)
                            .map(|t| t.chars().take(300).collect()),
                    );
                }
            }
        }
        let mut names: Vec<_> = pools.into_iter().collect();
        names.sort();
        Self {
            languages: names
                .into_iter()
                .map(|(_, sentences)| Language::of(sentences))
                .collect(),
        }
    }

    /// The texts of the entry of this number.
    pub fn text(&self, n: usize) -> Text {
        let mut rng = fastrand::Rng::with_seed(n as u64);
        let language = &self.languages[rng.usize(..self.languages.len())];
        let mut sentences = |count: usize| {
            let made: Vec<_> = (0..count).map(|_| language.sentence(&mut rng)).collect();
            made.join(". ")
        };
        let (title, summary) = (sentences(1), sentences(3));
        let content = if n.is_multiple_of(5) {
            sentences(25)
        } else {
            String::new()
        };
        Text {
            title,
            summary,
            content,
        }
    }
}

impl Maker {
    /// How many languages there are.
    pub fn languages(&self) -> usize {
        self.languages.len()
    }
}

impl Language {
    fn of(sentences: Vec<String>) -> Self {
        let mut words: Vec<String> = sentences
            .iter()
            .filter(|s| !is_dense(s))
            .flat_map(|s| s.split_whitespace().map(str::to_owned))
            .collect();
        // Words nobody has seen: halves of two real ones.
        let halves: Vec<String> = (0..words.len() * 40)
            .map(|n| {
                let mut rng = fastrand::Rng::with_seed(n as u64);
                let (a, b) = (
                    &words[rng.usize(..words.len())],
                    &words[rng.usize(..words.len())],
                );
                let a: String = a.chars().take(4).collect();
                let b: String = b.chars().skip(b.chars().count() / 2).collect();
                a + &b
            })
            .collect();
        words.extend(halves);
        let letters = sentences
            .iter()
            .flat_map(|s| s.chars())
            .filter(|c| c.is_alphabetic())
            .collect();
        Self {
            sentences,
            words,
            letters,
        }
    }

    fn sentence(&self, rng: &mut fastrand::Rng) -> String {
        let sentence = &self.sentences[rng.usize(..self.sentences.len())];
        if is_dense(sentence) {
            let other = |c: char, rng: &mut fastrand::Rng| {
                if c.is_alphabetic() && rng.u8(..10) < 3 {
                    self.letters[rng.usize(..self.letters.len())]
                } else {
                    c
                }
            };
            return sentence.chars().map(|c| other(c, rng)).collect();
        }
        let words = sentence.split_whitespace().map(|word| {
            if rng.u8(..10) < 4 {
                // The square of a die makes the first words far more frequent than the last.
                let die = rng.f64();
                let at = (die * die * die * self.words.len() as f64) as usize;
                &self.words[at.min(self.words.len() - 1)]
            } else {
                word
            }
        });
        words.collect::<Vec<_>>().join(" ")
    }
}
