//! Routes and sinks that get alerts, and those that do not.

use proptest::prelude::*;

use super::*;
use crate::config::{LogFormat, SinkKind};
use crate::model::{FeedId, Field, TopicId};

fn sink(id: &str) -> SinkConfig {
    let format = LogFormat::Human;
    SinkConfig::new(SinkId::new(id).unwrap(), SinkKind::Log { format })
}

fn topics(ids: &[&str]) -> Vec<TopicId> {
    ids.iter().map(|id| TopicId::new(id).unwrap()).collect()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn route(sinks: &[&str]) -> RouteConfig {
    RouteConfig::to(sinks.iter().map(|id| SinkId::new(id).unwrap()).collect())
}

fn alert(tags: &[String]) -> AlertFacts<'_> {
    AlertFacts {
        topic: Some("sco"),
        tags,
        feed: "wire",
        country: Some("KZ"),
        language: Some("pt-BR"),
        field: Some(Field::Title),
        score: Some(50),
        ..AlertFacts::default()
    }
}

/// An alert that the feed is in trouble.
fn trouble() -> AlertFacts<'static> {
    AlertFacts {
        feed: "wire",
        country: Some("KZ"),
        language: Some("pt-BR"),
        ..AlertFacts::default()
    }
}

/// Each condition, once with a value that fits the alert and once with another.
fn conditions() -> Vec<(Condition, RouteConfig, RouteConfig)> {
    let pair = |condition, change: &dyn Fn(&mut RouteConfig, bool)| {
        let (mut fits, mut fails) = (route(&["a"]), route(&["a"]));
        change(&mut fits, true);
        change(&mut fails, false);
        (condition, fits, fails)
    };
    let one =
        |fits: bool, a: &'static str, b: &'static str| texts(&[if fits { a } else { b }, "zz"]);
    vec![
        pair(Condition::Kind, &|r, fits| {
            r.kinds = Some(vec![if fits {
                RouteKind::Mention
            } else {
                RouteKind::Feed
            }]);
        }),
        pair(Condition::Topic, &|r, fits| {
            r.topics = Some(topics(&["putin", if fits { "sco" } else { "xi" }]));
        }),
        pair(Condition::Tag, &|r, fits| {
            r.tags = Some(one(fits, "organisation", "leader"));
        }),
        pair(Condition::Language, &|r, fits| {
            r.languages = Some(one(fits, "pt", "ru"));
        }),
        pair(Condition::Source, &|r, fits| {
            let id = if fits { "wire" } else { "wires" };
            r.sources = Some(vec![FeedId::new(id).unwrap()]);
        }),
        pair(Condition::Country, &|r, fits| {
            r.countries = Some(one(fits, "KZ", "RU"));
        }),
        pair(Condition::Field, &|r, fits| {
            r.fields = Some(vec![if fits { Field::Title } else { Field::Summary }]);
        }),
        pair(Condition::Score, &|r, fits| {
            r.min_score = Some(if fits { 50 } else { 51 });
        }),
    ]
}

#[test]
fn a_route_takes_what_all_its_conditions_hold_for_and_names_the_first_that_does_not() {
    let tags = ["organisation".to_owned()];
    let mut all = route(&["a"]);
    for (condition, fits, fails) in conditions() {
        let says = |route: &RouteConfig| {
            let routes = [route.clone()];
            decide(&routes, &alert(&tags)).verdicts[0]
        };
        assert_eq!(says(&fits), Verdict::Taken, "{condition:?}");
        assert_eq!(says(&fails), Verdict::Failed(condition));
        // The conditions so far hold, this one does not.
        let mut but_one = all.clone();
        merge(&mut but_one, fails);
        assert_eq!(says(&but_one), Verdict::Failed(condition));
        merge(&mut all, fits);
        assert_eq!(says(&all), Verdict::Taken);
    }
}

/// Adds the conditions of one route to another.
fn merge(route: &mut RouteConfig, more: RouteConfig) {
    route.kinds = more.kinds.or(route.kinds.take());
    route.topics = more.topics.or(route.topics.take());
    route.tags = more.tags.or(route.tags.take());
    route.languages = more.languages.or(route.languages.take());
    route.sources = more.sources.or(route.sources.take());
    route.countries = more.countries.or(route.countries.take());
    route.fields = more.fields.or(route.fields.take());
    route.min_score = more.min_score.or(route.min_score);
}

#[test]
fn an_alert_about_a_feed_is_taken_by_kind_source_country_and_language_only() {
    for (condition, fits, fails) in conditions() {
        let about_feeds = matches!(
            condition,
            Condition::Source | Condition::Country | Condition::Language
        );
        let says =
            |route: &RouteConfig| decide(std::slice::from_ref(route), &trouble()).verdicts[0];
        let expected = if about_feeds {
            Verdict::Taken
        } else {
            Verdict::Failed(condition)
        };
        assert_eq!(says(&fits), expected);
        let taken = condition == Condition::Kind;
        assert_eq!(says(&fails) == Verdict::Taken, taken, "{condition:?}");
    }
}

#[test]
fn the_first_route_decides_unless_it_goes_on() {
    let mut on = route(&["a", "b"]);
    on.goes_on = true;
    let other = RouteConfig {
        topics: Some(topics(&["xi"])),
        ..route(&["d"])
    };
    let routes = [on, other, route(&["b", "c"]), route(&["d"])];
    let decision = decide(&routes, &alert(&[]));
    assert_eq!(
        decision.verdicts,
        [
            Verdict::Taken,
            Verdict::Failed(Condition::Topic),
            Verdict::Taken,
            Verdict::NotAsked
        ]
    );
    let named: Vec<&str> = decision
        .sinks
        .unwrap()
        .iter()
        .map(|id| id.as_str())
        .collect();
    assert_eq!(named, ["a", "b", "c"]);
    assert_eq!(decide(&routes[1..2], &alert(&[])).sinks, None);
}

fn shown(routes: &[Route]) -> Vec<String> {
    let show = |route: &Route| format!("{} {}", route.sink, route.min_score);
    routes.iter().map(show).collect()
}

#[test]
fn without_routes_a_sink_gets_its_topics_its_tags_or_everything() {
    let tags = ["organisation".to_owned()];
    let named = |id, names: &[&str]| SinkConfig {
        topics: Some(topics(names)),
        min_score: 40,
        feed_alerts: false,
        ..sink(id)
    };
    let all = [
        sink("all"),
        named("named", &["sco"]),
        named("other", &["putin"]),
        SinkConfig {
            tags: Some(texts(&["organisation"])),
            ..sink("tagged")
        },
        SinkConfig {
            tags: Some(texts(&["organisation"])),
            ..named("both", &["putin"])
        },
        SinkConfig {
            min_score: 51,
            ..sink("strong")
        },
    ];
    assert_eq!(
        shown(&sinks(&[], &all, &alert(&tags))),
        ["all 1", "named 40", "tagged 1", "both 40"]
    );
    assert_eq!(
        shown(&sinks(&[], &all, &trouble())),
        ["all 1", "tagged 1", "strong 1"]
    );
}

#[test]
fn a_sinks_own_filters_apply_on_top_of_the_routes() {
    let all = [
        sink("a"),
        SinkConfig {
            topics: Some(topics(&["xi"])),
            ..sink("b")
        },
        sink("c"),
    ];
    let routes = [route(&["a", "b"])];
    assert_eq!(shown(&sinks(&routes, &all, &alert(&[]))), ["a 1"]);
    assert_eq!(accepts(&all[1], &alert(&[])), Err(Refusal::Topic));
    let refused = [route(&["b"])];
    assert!(
        sinks(&refused, &all, &alert(&[])).is_empty(),
        "what a route takes does not go to others"
    );
}

#[test]
fn strong_alerts_may_go_elsewhere_and_a_story_that_rises_goes_there_too() {
    let strong = RouteConfig {
        min_score: Some(60),
        ..route(&["phone"])
    };
    let all = [sink("phone"), sink("mail")];
    let at = |score| {
        let alert = AlertFacts {
            score: Some(score),
            ..alert(&[])
        };
        shown(&sinks(&[strong.clone(), route(&["mail"])], &all, &alert))
    };
    assert_eq!(at(59), ["mail 1"]);
    assert_eq!(at(60), ["phone 60"]);
    assert_eq!(at(100), ["phone 60"]);
}

fn some_route() -> impl Strategy<Value = RouteConfig> {
    let sinks = prop::sample::subsequence(vec!["a", "b", "c"], 1..3);
    (
        sinks,
        prop::option::of(1..=100_u8),
        prop::option::of(any::<bool>()),
        any::<bool>(),
    )
        .prop_map(|(ids, min_score, of_sco, goes_on)| RouteConfig {
            min_score,
            topics: of_sco.map(|yes| topics(&[if yes { "sco" } else { "xi" }])),
            goes_on,
            ..route(&ids)
        })
}

proptest! {
    /// What the store makes of the scores is what the routes say at both of them.
    #[test]
    fn a_rise_reaches_those_who_get_the_higher_score_and_not_the_lower(
        routes in prop::collection::vec(some_route(), 0..5),
        least in prop::collection::vec(1..=100_u8, 3),
        before in 1..=100_u8,
        rise in 0..=99_u8,
    ) {
        let all: Vec<SinkConfig> = ["a", "b", "c"]
            .iter()
            .zip(least)
            .map(|(id, min_score)| SinkConfig { min_score, ..sink(id) })
            .collect();
        let score = before.saturating_add(rise).min(100);
        let at = |score| {
            let alert = AlertFacts { score: Some(score), ..alert(&[]) };
            sinks(&routes, &all, &alert)
        };
        let had: Vec<SinkId> = at(before).into_iter().map(|route| route.sink).collect();
        let gets = at(score);
        for route in &gets {
            prop_assert!(route.min_score <= score);
            if route.min_score <= before {
                prop_assert!(had.contains(&route.sink), "it is no news to {}", route.sink);
            }
        }
        let by_rise: Vec<&SinkId> = gets
            .iter()
            .filter(|route| before < route.min_score && !had.contains(&route.sink))
            .map(|route| &route.sink)
            .collect();
        let expected: Vec<&SinkId> = gets
            .iter()
            .map(|route| &route.sink)
            .filter(|sink| !had.contains(sink))
            .collect();
        prop_assert_eq!(by_rise, expected);
    }

    /// A plain reading of the rules says the same.
    #[test]
    fn routes_are_read_one_after_another(
        routes in prop::collection::vec(some_route(), 0..6),
        score in 1..=100_u8,
    ) {
        let mut expected: Vec<&SinkId> = Vec::new();
        let mut taken = false;
        for route in &routes {
            let topic = route.topics.as_ref().is_none_or(|ids| ids[0].as_str() == "sco");
            if topic && route.min_score.is_none_or(|least| score >= least) {
                taken = true;
                expected.extend(&route.sinks);
                if !route.goes_on {
                    break;
                }
            }
        }
        let alert = AlertFacts { score: Some(score), ..alert(&[]) };
        let decision = decide(&routes, &alert);
        prop_assert_eq!(decision.sinks.is_some(), taken);
        let mut once = Vec::new();
        for sink in expected {
            if !once.contains(&sink) {
                once.push(sink);
            }
        }
        prop_assert_eq!(decision.sinks.unwrap_or_default(), once);
        prop_assert_eq!(decision.verdicts.len(), routes.len());
    }
}

#[test]
fn a_spike_is_taken_by_kind_topic_and_tag_and_by_nothing_that_only_a_mention_has() {
    let tags = texts(&["leader"]);
    let spike = AlertFacts {
        topic: Some("sco"),
        tags: &tags,
        is_spike: true,
        ..AlertFacts::default()
    };
    let taken = |route: RouteConfig| decide(&[route], &spike).sinks.is_some();
    let of = |kind| RouteConfig {
        kinds: Some(vec![kind]),
        ..route(&["a"])
    };
    assert!(taken(of(RouteKind::Spike)) && !taken(of(RouteKind::Mention)));
    assert!(taken(route(&["a"])));
    assert!(taken(RouteConfig {
        topics: Some(topics(&["sco"])),
        ..route(&["a"])
    }));
    assert!(!taken(RouteConfig {
        min_score: Some(1),
        ..route(&["a"])
    }));
    let wanting = sink("a");
    let not = SinkConfig {
        spike_alerts: false,
        ..sink("a")
    };
    assert_eq!(accepts(&wanting, &spike), Ok(()));
    assert_eq!(accepts(&not, &spike), Err(Refusal::SpikeAlert));
}
