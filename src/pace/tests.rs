//! Plans over a day, in a world that keeps its bundles in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_720_000_000_000);
const MINUTE: Duration = Duration::from_mins(1);

/// What the store keeps, in memory; it does what the store does.
#[derive(Default)]
struct World {
    bundles: RefCell<BTreeMap<String, (Known, Vec<usize>)>>,
    rate: Rate,
    /// What was told, when: the alerts of a message.
    told: Vec<(Timestamp, Vec<usize>)>,
}

impl Bundles for World {
    type Error = Infallible;

    fn known(&self, bundle: &Bundle) -> Result<Known, Infallible> {
        let bundles = self.bundles.borrow();
        Ok(bundles
            .get(&bundle.key())
            .map(|(known, _)| *known)
            .unwrap_or_default())
    }
}

impl World {
    fn put(&mut self, bundle: &Bundle, at: Timestamp, alerts: &[usize]) {
        let bundles = self.bundles.get_mut();
        let (known, members) = bundles.entry(bundle.key()).or_default();
        known.open_until.get_or_insert(at);
        members.extend(alerts);
    }

    fn add(&mut self, pace: &Pace, n: usize, alert: &Fresh<'_>, now: Timestamp) {
        let mut rate = self.rate;
        let plan = pace.plan(alert, self, &mut rate, now).unwrap();
        self.rate = rate;
        match plan {
            Plan::Alone => self.told.push((now, vec![n])),
            Plan::With(bundle, at) => self.put(&bundle, at, &[n]),
        }
    }

    /// Tells all bundles whose time has come by `now`, and says when the next is due.
    fn tell(&mut self, pace: &Pace, now: Timestamp) -> Option<Timestamp> {
        loop {
            let bundles = self.bundles.get_mut();
            let open = bundles
                .iter()
                .filter_map(|(key, (known, _))| Some((known.open_until?, key)));
            let (at, key) = open.min()?;
            if at > now {
                return Some(at);
            }
            let key = key.clone();
            let (known, members) = bundles.get_mut(&key).unwrap();
            known.open_until = None;
            let members = std::mem::take(members);
            match pace.release(&Bundle::of_key(&key), &mut self.rate, now) {
                Release::Now => {
                    known.told = Some(now);
                    self.told.push((now, members));
                }
                Release::Into(other, at) => self.put(&other, at, &members),
            }
        }
    }
}

fn of(topic: &str, created: Timestamp) -> Fresh<'_> {
    Fresh {
        topic: Some(topic),
        story: Some(1),
        feed: "wire",
        score: Some(50),
        created,
    }
}

fn grouped(by: &[By]) -> Pace {
    Pace {
        mode: Mode::Group {
            by: by.to_vec(),
            wait: MINUTE,
            interval: MINUTE * 5,
        },
        ..Pace::immediate()
    }
}

#[test]
fn without_wishes_everything_goes_out_at_once() {
    let (mut world, pace) = (World::default(), Pace::immediate());
    assert!(pace.is_immediate());
    world.add(&pace, 1, &of("a", NOW), NOW);
    assert_eq!(world.told, [(NOW, vec![1])]);
}

#[test]
fn a_group_waits_for_others_and_then_for_its_interval() {
    let (mut world, pace) = (World::default(), grouped(&[By::Topic]));
    world.add(&pace, 1, &of("a", NOW), NOW);
    world.add(&pace, 2, &of("b", NOW), NOW);
    let later = NOW + MINUTE / 2;
    world.add(&pace, 3, &of("a", later), later);
    assert_eq!(world.tell(&pace, later), Some(NOW + MINUTE));
    let told = NOW + MINUTE;
    assert_eq!(world.tell(&pace, told), None);
    assert_eq!(world.told, [(told, vec![1, 3]), (told, vec![2])]);
    // Its interval runs from when it was told.
    let soon = told + MINUTE;
    world.add(&pace, 4, &of("a", soon), soon);
    world.add(&pace, 5, &of("c", soon), soon);
    assert_eq!(
        world.tell(&pace, soon),
        Some(soon + MINUTE),
        "c is a new group"
    );
    world.tell(&pace, soon + MINUTE);
    assert_eq!(world.tell(&pace, soon + MINUTE), Some(told + MINUTE * 5));
}

#[test]
fn groups_are_by_what_alerts_have_in_common() {
    let alert = of("a", NOW);
    assert_eq!(
        group(&[By::Topic, By::Source], &alert),
        "topic=a source=wire"
    );
    assert_eq!(group(&[By::Story], &alert), "story=1");
    assert_eq!(group(&[], &alert), "");
    let trouble = Fresh {
        topic: None,
        story: None,
        ..alert
    };
    assert_eq!(group(&[By::Story], &trouble), "feed=wire");
    for bundle in [
        Bundle::Group(String::new()),
        Bundle::Group("story=1".into()),
        Bundle::Digest,
        Bundle::Quiet,
        Bundle::Overflow,
    ] {
        assert_eq!(Bundle::of_key(&bundle.key()), bundle);
    }
}

#[test]
fn a_digest_that_was_missed_goes_out_at_once() {
    let at = vec!["08:00".parse().unwrap()];
    let pace = Pace {
        mode: Mode::Digest { at },
        ..Pace::immediate()
    };
    let mut world = World::default();
    // It arose before eight, and the daemon was down until nine.
    let eight = Timestamp::parse_rfc3339("2026-11-27T08:00:00Z").unwrap();
    let nine = eight + Duration::from_hours(1);
    world.add(&pace, 1, &of("a", eight - MINUTE), nine);
    assert_eq!(world.tell(&pace, nine), None);
    assert_eq!(world.told, [(nine, vec![1])]);
    world.add(&pace, 2, &of("a", nine), nine);
    assert_eq!(
        world.tell(&pace, nine),
        Some(eight + Duration::from_hours(24))
    );
}

#[test]
fn quiet_hours_hold_everything_but_what_is_urgent() {
    let pace = Pace {
        quiet: vec!["22:00-07:00".parse().unwrap()],
        urgent_score: Some(80),
        ..grouped(&[])
    };
    let mut world = World::default();
    let evening = Timestamp::parse_rfc3339("2026-11-27T21:59:30Z").unwrap();
    let night = evening + MINUTE;
    let morning = Timestamp::parse_rfc3339("2026-11-28T07:00:00Z").unwrap();
    world.add(&pace, 1, &of("a", evening), evening);
    world.add(&pace, 2, &of("a", night), night);
    let urgent = Fresh {
        score: Some(80),
        ..of("a", night)
    };
    world.add(&pace, 3, &urgent, night);
    assert_eq!(world.told, [(night, vec![3])]);
    // The group of the evening is due in the night, and joins what waits for the morning.
    assert_eq!(world.tell(&pace, night), Some(morning));
    world.tell(&pace, morning);
    assert_eq!(world.told[1], (morning, vec![2, 1]));
}

#[test]
fn what_is_more_than_the_limit_allows_comes_in_one_message_later() {
    let pace = Pace {
        limit: Some(Limit {
            messages: 3,
            per: MINUTE * 3,
        }),
        ..Pace::immediate()
    };
    let mut world = World::default();
    for n in 0..10 {
        world.add(&pace, n, &of("a", NOW), NOW);
    }
    assert_eq!(world.tell(&pace, NOW), Some(NOW + MINUTE));
    world.tell(&pace, NOW + MINUTE);
    let messages: Vec<usize> = world.told.iter().map(|(_, alerts)| alerts.len()).collect();
    assert_eq!(messages, [1, 1, 1, 7]);
}

fn paces() -> impl Strategy<Value = Pace> {
    let mode = prop_oneof![
        Just(Mode::Immediate),
        (
            0_u64..300,
            0_u64..3000,
            prop::sample::subsequence(vec![By::Topic, By::Story, By::Source], 0..=3)
        )
            .prop_map(|(wait, interval, by)| Mode::Group {
                by,
                wait: Duration::from_secs(wait),
                interval: Duration::from_secs(interval),
            }),
        Just(Mode::Digest {
            at: vec!["08:00".parse().unwrap(), "sun 20:15".parse().unwrap()]
        }),
    ];
    let limit = prop::option::of((1_u32..5, 60_u64..7200).prop_map(|(messages, per)| Limit {
        messages,
        per: Duration::from_secs(per),
    }));
    let quiet = prop::sample::subsequence(
        vec!["22:00-07:00", "12:00-13:00", "sat-sun 00:00-24:00"],
        0..=3,
    );
    let zone = prop::sample::select(vec![
        "UTC",
        "Europe/Berlin",
        "Asia/Kathmandu",
        "America/St_Johns",
    ]);
    (mode, limit, quiet, prop::option::of(60_u8..90), zone).prop_map(
        |(mode, limit, quiet, urgent_score, zone)| Pace {
            mode,
            limit,
            quiet: quiet.iter().map(|text| text.parse().unwrap()).collect(),
            urgent_score,
            zone: TimeZone::get(zone).unwrap(),
        },
    )
}

proptest! {
    /// Whatever is wanted: each alert is told once and no later than is reasonable, in no more
    /// messages than the limit allows, and none in quiet hours but what is urgent.
    #[test]
    fn every_alert_is_told_once(
        pace in paces(),
        alerts in proptest::collection::vec((0_u64..20_000, 0_usize..3, 1_u8..100), 1..60)
    ) {
        let (mut world, mut now) = (World::default(), NOW);
        let mut created = Vec::new();
        for (n, (wait, topic, score)) in alerts.iter().enumerate() {
            // What becomes due before the next alert is told in time.
            let next = now + Duration::from_secs(*wait);
            while let Some(due) = world.tell(&pace, now).filter(|due| *due <= next) {
                now = due;
            }
            now = next;
            world.tell(&pace, now);
            let alert = Fresh { score: Some(*score), ..of(["a", "b", "c"][*topic], now) };
            world.add(&pace, n, &alert, now);
            created.push(now);
        }
        while let Some(due) = world.tell(&pace, now) {
            prop_assert!(due > now);
            now = due;
        }
        let mut told: Vec<usize> = world.told.iter().flat_map(|(_, alerts)| alerts.clone()).collect();
        told.sort_unstable();
        prop_assert_eq!(told, (0..alerts.len()).collect::<Vec<_>>());
        for (at, members) in &world.told {
            for n in members {
                prop_assert!(*at >= created[*n]);
                prop_assert!(at.since(created[*n]) < Duration::from_hours(24 * 7));
            }
            if weekly::quiet_until(&pace.quiet, &pace.zone, *at).is_some() {
                let urgent = |n: &usize| pace.urgent_score.is_some_and(|least| least <= alerts[*n].2);
                prop_assert!(pace.limit.is_some() || members.iter().all(urgent));
            }
        }
        if let Some(limit) = pace.limit {
            let size = limit.messages as usize;
            for pair in world.told.windows(size + 1) {
                prop_assert!(pair[size].0.since(pair[0].0) >= limit.interval());
            }
        }
    }
}
