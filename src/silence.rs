//! Silences: which alerts their owner does not want to be told of for a while. Pure.
//!
//! A [`Silence`] names a topic, a feed, a story or words of a title; [`covers`] says whether it holds
//! for an alert. An alert that is covered is recorded like any other and is delivered to nobody: the
//! store asks here in the transaction that makes the alert, so a silence holds as soon as it is there.

use crate::dedup::has_words;
use crate::model::{AlertFacts, StoryKey, Timestamp};

/// What is not to be told, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Only alerts of this topic.
    pub topic: Option<String>,
    /// Only alerts that arise in this feed, or are about it.
    pub feed: Option<String>,
    /// Only alerts about this story.
    pub story: Option<StoryKey>,
    /// Only alerts in whose title all these words stand ([`has_words`]).
    pub pattern: Option<String>,
    /// When it ends by itself.
    pub until: Timestamp,
    /// When it was ended by hand.
    pub ended: Option<Timestamp>,
}

impl Silence {
    /// Whether it holds for anything at this time.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.ended.is_none() && now < self.until
    }
}

/// Whether the silence holds for an alert that arises now: all that it names must fit. One that names
/// nothing holds for nothing.
#[must_use]
pub fn covers(silence: &Silence, alert: &AlertFacts<'_>, now: Timestamp) -> bool {
    let topic = silence.topic.as_deref().map(|id| alert.topic == Some(id));
    let feed = silence.feed.as_deref().map(|id| alert.feed == id);
    let story = silence.story.map(|key| alert.story == Some(key));
    let pattern = silence
        .pattern
        .as_deref()
        .map(|words| alert.title.is_some_and(|title| has_words(title, words)));
    let named = [topic, feed, story, pattern];
    silence.is_active(now)
        && named.iter().any(Option::is_some)
        && named.iter().flatten().all(|fits| *fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const NOW: Timestamp = Timestamp::from_millis(1_720_000_000_000);
    const HOUR: Duration = Duration::from_hours(1);

    fn silence() -> Silence {
        Silence {
            topic: None,
            feed: None,
            story: None,
            pattern: None,
            until: NOW + HOUR,
            ended: None,
        }
    }

    fn alert() -> AlertFacts<'static> {
        AlertFacts {
            topic: Some("sco"),
            feed: "wire",
            story: Some(StoryKey([7; 16])),
            title: Some("Leaders meet in Astana"),
            ..AlertFacts::default()
        }
    }

    /// Each condition by itself, fitting and not.
    fn conditions() -> Vec<(Silence, Silence)> {
        let text = |text: &str| Some(text.to_owned());
        let pair = |change: &dyn Fn(&mut Silence, bool)| {
            let (mut fits, mut fails) = (silence(), silence());
            change(&mut fits, true);
            change(&mut fails, false);
            (fits, fails)
        };
        vec![
            pair(&|s, fits| s.topic = text(if fits { "sco" } else { "putin" })),
            pair(&|s, fits| s.feed = text(if fits { "wire" } else { "wires" })),
            pair(&|s, fits| s.story = Some(StoryKey([if fits { 7 } else { 8 }; 16]))),
            pair(&|s, fits| s.pattern = text(if fits { "astana meet" } else { "astana talk" })),
        ]
    }

    #[test]
    fn it_covers_what_it_names_and_nothing_else() {
        for (fits, fails) in conditions() {
            assert!(covers(&fits, &alert(), NOW), "{fits:?}");
            assert!(!covers(&fails, &alert(), NOW), "{fails:?}");
            let nothing = AlertFacts::default();
            assert!(
                !covers(&fits, &nothing, NOW),
                "{fits:?} of an unknown alert"
            );
        }
    }

    #[test]
    fn all_that_it_names_must_fit() {
        let all = Silence {
            topic: Some("sco".into()),
            feed: Some("wire".into()),
            story: Some(StoryKey([7; 16])),
            pattern: Some("leaders".into()),
            ..silence()
        };
        assert!(covers(&all, &alert(), NOW));
        for (_, fails) in conditions() {
            let one_off = Silence {
                topic: fails.topic.or(all.topic.clone()),
                feed: fails.feed.or(all.feed.clone()),
                story: fails.story.or(all.story),
                pattern: fails.pattern.or(all.pattern.clone()),
                ..silence()
            };
            assert!(!covers(&one_off, &alert(), NOW), "{one_off:?}");
        }
    }

    #[test]
    fn one_that_names_nothing_covers_nothing() {
        assert!(!covers(&silence(), &alert(), NOW));
    }

    #[test]
    fn it_ends_at_its_time_or_by_hand() {
        let (of_topic, _) = conditions().remove(0);
        assert!(covers(
            &of_topic,
            &alert(),
            NOW + HOUR - Duration::from_millis(1)
        ));
        assert!(!covers(&of_topic, &alert(), NOW + HOUR));
        let ended = Silence {
            ended: Some(NOW),
            ..of_topic
        };
        assert!(!covers(&ended, &alert(), NOW));
        assert!(
            !covers(&ended, &alert(), NOW - HOUR),
            "what is committed late is not held back either"
        );
    }

    #[test]
    fn an_alert_about_a_feed_is_silenced_by_its_feed_only() {
        let trouble = AlertFacts {
            feed: "wire",
            ..AlertFacts::default()
        };
        let covered: Vec<bool> = conditions()
            .iter()
            .map(|(fits, _)| covers(fits, &trouble, NOW))
            .collect();
        assert_eq!(covered, [false, true, false, false]);
    }
}
