//! The goals of the matcher, and whether this run reached them.

use crate::contestants::Kind;
use crate::{Read, Row, Size};

pub struct Goal {
    pub what: String,
    pub seen: String,
    pub reached: bool,
}

/// Those goals for which this run has figures.
pub fn judge(sizes: &[Size]) -> Vec<Goal> {
    let mut goals = Vec::new();
    for (many, wanted) in [(10_000, 2.0), (100_000, 4.0)] {
        if let Some(size) = sizes.iter().find(|size| size.terms == many) {
            for text in &size.texts {
                goals.extend(against(many, wanted, text));
            }
        }
    }
    let names = sizes
        .first()
        .filter(|_| sizes.len() > 1)
        .map(|size| size.texts.iter().map(|t| t.name));
    for (place, name) in names.into_iter().flatten().enumerate() {
        let speeds = sizes.iter().map(|size| size.texts[place].ours().speed);
        let (slow, fast) = speeds.fold((f64::INFINITY, 0.0_f64), |(slow, fast), speed| {
            (slow.min(speed), fast.max(speed))
        });
        let least = sizes.iter().map(|size| size.terms).min().unwrap_or(0);
        let most = sizes.iter().map(|size| size.terms).max().unwrap_or(0);
        goals.push(Goal {
            what: format!("{name}, {least} to {most} terms: own speed within 1.5x"),
            seen: format!("{:.2}x ({slow:.1} to {fast:.1} MB/s)", fast / slow),
            reached: fast / slow <= 1.5,
        });
    }
    for size in sizes {
        for text in &size.texts {
            let (quiet, all) = text.allocations;
            goals.push(Goal {
                what: format!(
                    "{}, {} terms: no allocation in an entry without a hit",
                    text.name, size.terms
                ),
                seen: format!("{quiet:.2} ({all:.2} in any entry)"),
                reached: quiet == 0.0,
            });
        }
    }
    if let Some(size) = sizes.iter().find(|size| size.terms == 100_000) {
        let each = |bytes: i64| bytes as f64 / size.terms as f64;
        let (held, topics) = (each(size.memory.held), each(size.memory.topics));
        goals.push(Goal {
            what: "100000 terms: under 200 bytes a term beside the topics".into(),
            seen: format!("{held:.0} (and {topics:.0} for the topics)"),
            reached: held < 200.0,
        });
        goals.push(Goal {
            what: "100000 terms: compiled in under 2 s".into(),
            seen: format!("{:.2} s", size.compile_s),
            reached: size.compile_s < 2.0,
        });
    }
    goals
}

/// The fastest counts, though those that look for hits that do not overlap do less.
fn against(many: usize, wanted: f64, text: &Read) -> Option<Goal> {
    let fastest = |kinds: &[Kind]| {
        let rows = text.rows.iter().filter(|row| kinds.contains(&row.kind));
        rows.max_by(|a, b| a.speed.total_cmp(&b.speed))
    };
    let any = fastest(&[Kind::AllHits, Kind::Leftmost])?;
    let all_hits = fastest(&[Kind::AllHits])?;
    let tell = |row: &Row| format!("{:.2}x {} ({:.1} MB/s)", row.ratio, row.name, row.speed);
    let name = text.name;
    Some(Goal {
        what: format!("{name}, {many} terms: {wanted}x the fastest of aho-corasick and daachorse"),
        seen: if any.name == all_hits.name {
            tell(any)
        } else {
            format!("{}; {}", tell(any), tell(all_hits))
        },
        reached: any.ratio >= wanted,
    })
}

pub fn show(goals: &[Goal]) {
    println!("goals");
    for goal in goals {
        let verdict = if goal.reached { "reached" } else { "LOST" };
        println!("{verdict:<9}{:<75}{}", goal.what, goal.seen);
    }
    let lost = goals.iter().filter(|goal| !goal.reached).count();
    println!("{lost} of {} lost", goals.len());
}
