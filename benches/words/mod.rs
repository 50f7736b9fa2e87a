//! Made-up texts for measurements that are not about language: each is another, as those of real reports are.
//! (Texts that are alike would be compared with each other, and that would be measured.)

use std::sync::OnceLock;

/// Words there are. A few are frequent and most are rare.
const WORDS: usize = 20_000;

fn words() -> &'static [String] {
    static ALL: OnceLock<Vec<String>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut random = fastrand::Rng::with_seed(1);
        let mut word = || {
            let mut word = String::new();
            for _ in 0..random.usize(1..4) {
                word.push(char::from(
                    random.choice(b"bcdfghklmnprstvwz").map_or(b'b', |c| *c),
                ));
                word.push(char::from(random.choice(b"aeiou").map_or(b'a', |c| *c)));
            }
            word
        };
        (0..WORDS).map(|_| word()).collect()
    })
}

/// The text of this number, so many words long; the same on every machine.
pub fn text(number: usize, length: usize) -> String {
    let mut random = fastrand::Rng::with_seed(number as u64);
    let all = words();
    let mut text = String::new();
    for n in 0..length {
        let rank = (random.f64().powi(3) * WORDS as f64) as usize;
        text.push_str(&all[rank.min(WORDS - 1)]);
        text.push_str(if n % 12 == 11 { ". " } else { " " });
    }
    text
}
