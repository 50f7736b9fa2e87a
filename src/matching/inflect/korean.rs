//! Korean particles: they follow each other, and what a person is may stand between them and the
//! name, so the lists are multiplied out.
//!
//! After the National Institute of Korean Language's grammar for learners (particles and their
//! order) and § 41 of its orthography: particles are written together with the word before them. Titles are
//! written apart (§ 48), but headlines and papers of the North write them together:
//! `뿌찐대통령이`.

use super::{Line, Rule};

/// Particles that nothing may stand between and the word: case, and forms of to be.
#[rustfmt::skip]
const CASES: &str = "에 에게 에게서 에서 한테 한테서 께 께서 로 으로 로서 으로서 로써 으로써 로부터 으로부터 와 과 랑 이랑 하고 만 까지 부터 보다 처럼 만큼 마다 조차 마저 대로 뿐 들 측 식 발 라고 이라고 라는 이라는 라며 이라며";
/// Particles that follow those, or the word.
const TOPICS: &str = "은 는 이 가 을 를 의 도 만 까지 부터";
/// What nothing follows, and forms of to be.
#[rustfmt::skip]
const LAST: &str = "이나 나 란 이란 인 이며 며 이고 이자 은커녕 는커녕 이다 이었다 였다 이었던 였던 인데 이지만 지만 라도 이라도 라면 이라면 님 님이 님은 씨 씨는 씨가 씨의 씨를 씨와 씨도 엔 에선 에겐 에게선 선";
/// What a person may be, written together with the name.
#[rustfmt::skip]
const TITLES: &str = "대통령 총리 주석 국가주석 총서기 사무총장 총장 위원장 의장 장관 수상 왕세자 국왕 정부 정권 행정부";

/// The rule.
pub(super) fn rules() -> impl Iterator<Item = Rule> {
    let mut particles: Vec<String> = Vec::new();
    for case in CASES.split(' ').chain([""]) {
        particles.extend(TOPICS.split(' ').map(|topic| format!("{case}{topic}")));
        particles.push(case.to_owned());
    }
    particles.extend(LAST.split(' ').map(str::to_owned));
    let titled = TITLES.split(' ').flat_map(|title| {
        let with = |particle: &String| format!("{title}{particle}");
        particles.iter().map(with).collect::<Vec<_>>()
    });
    let mut endings: Vec<String> = titled.chain(particles.iter().cloned()).collect();
    endings.retain(|ending| !ending.is_empty());
    let line = Line {
        languages: "ko",
        ends: "*",
        cut: 0,
        least: 2,
        endings: "",
    };
    std::iter::once(Rule::with(&line, endings.iter().map(String::as_str)))
}
