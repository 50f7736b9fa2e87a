//! A [`Rhythm`] as the store keeps it: a version byte, then fixed fields, little-endian.

use super::profile::Profile;
use super::{Known, Rhythm};
use crate::model::Timestamp;

const VERSION: u8 = 1;
/// Version, three times, 2 + 24 + 7 counts.
const LENGTH: usize = 1 + 3 * 8 + 33 * 4;
/// Stands for no time.
const NEVER: i64 = i64::MIN;
/// More bursts than a month has room for, by far.
const MOST: f32 = 1e6;

impl Rhythm {
    /// The history in at most 157 bytes; empty when nothing is known.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Some(known) = &self.known else {
            return Vec::new();
        };
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.push(VERSION);
        let last = known.last.map_or(NEVER, Timestamp::as_millis);
        for time in [known.began.as_millis(), known.seen.as_millis(), last] {
            bytes.extend(time.to_le_bytes());
        }
        let profile = &known.profile;
        for count in known
            .counts
            .iter()
            .chain(&profile.hours)
            .chain(&profile.days)
        {
            bytes.extend(count.to_le_bytes());
        }
        bytes
    }

    /// The history that [`to_bytes`](Self::to_bytes) wrote; `None` for anything else, such as the
    /// bytes of a later version: the feed's rhythm is then learned anew.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::default());
        }
        let rest = bytes.strip_prefix(&[VERSION])?;
        if bytes.len() != LENGTH {
            return None;
        }
        let (times, counts) = rest.split_at(3 * 8);
        let time = |which: usize| -> Option<i64> {
            let field = times.get(which * 8..which * 8 + 8)?;
            Some(i64::from_le_bytes(field.try_into().ok()?))
        };
        let counts: Vec<f32> = counts
            .chunks_exact(4)
            .filter_map(|field| Some(f32::from_le_bytes(field.try_into().ok()?)))
            .filter(|count| (0.0..=MOST).contains(count))
            .collect();
        let (rates, profile) = counts.split_at_checked(2)?;
        let (hours, days) = profile.split_at_checked(24)?;
        Some(Self {
            known: Some(Known {
                began: Timestamp::from_millis(time(0)?),
                seen: Timestamp::from_millis(time(1)?),
                last: Some(time(2)?)
                    .filter(|last| *last != NEVER)
                    .map(Timestamp::from_millis),
                counts: rates.try_into().ok()?,
                profile: Profile {
                    hours: hours.try_into().ok()?,
                    days: days.try_into().ok()?,
                },
            }),
        })
    }
}
