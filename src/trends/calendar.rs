//! Where the hours, days, weeks and months of a time zone begin.
//!
//! A day lasts from its first midnight to the next day's, 23 to 25 hours where the clock is changed; a
//! date that a zone skipped has no length and is left out. Hours are those of real time: the hour that
//! comes twice is two, the one that is skipped is none. Where the clock is changed by part of an hour
//! (Lord Howe Island), an hour is cut there.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp as Instant};

use super::series::{SeriesError, Unit};
use crate::model::Timestamp;

const HOUR: i64 = 3600;

/// The edges of the units that hold the instants from `from` to before `until`, in order: one more than
/// there are units. No more than `most` units are listed.
pub(super) fn edges(
    unit: Unit,
    zone: &TimeZone,
    from: Timestamp,
    until: Timestamp,
    most: usize,
) -> Result<Vec<Timestamp>, SeriesError> {
    let mut walk = Walk::before(unit, zone, from)?;
    let mut edges = vec![walk.at()?];
    while edges.last().is_some_and(|last| *last < until) {
        walk.step()?;
        let next = walk.at()?;
        let full = edges.len() > most;
        match edges.last_mut() {
            // A skipped date.
            Some(last) if next <= *last => {}
            // Not yet at the first that counts.
            Some(last) if next <= from => *last = next,
            _ if full => return Err(SeriesError::TooMany { most }),
            _ => edges.push(next),
        }
    }
    Ok(edges)
}

/// A place from which the next unit can be found.
enum Walk<'a> {
    /// The seconds at which an hour begins.
    Hours(&'a TimeZone, i64),
    /// A date on which a day, week or month begins, and how long that is.
    Dates(&'a TimeZone, Date, Span),
}

impl<'a> Walk<'a> {
    /// A place at or before the unit that holds the instant.
    fn before(unit: Unit, zone: &'a TimeZone, from: Timestamp) -> Result<Self, SeriesError> {
        let instant = Instant::from_millisecond(from.as_millis());
        let date = zone.to_datetime(instant.map_err(outside)?).date();
        let (first, step) = match unit {
            Unit::Hour => {
                let seconds = from.as_seconds();
                let floor = seconds - (seconds + offset(zone, seconds)?).rem_euclid(HOUR);
                let start = if offset(zone, floor)? == offset(zone, seconds)? {
                    floor
                } else {
                    last_change(zone, seconds)?.unwrap_or(floor)
                };
                return Ok(Self::Hours(zone, start));
            }
            Unit::Day => (date, Span::new().days(1)),
            Unit::Week => {
                let past = i64::from(date.weekday().to_monday_zero_offset());
                let monday = date.checked_sub(Span::new().days(past));
                (monday.map_err(outside)?, Span::new().weeks(1))
            }
            Unit::Month => (date.first_of_month(), Span::new().months(1)),
        };
        // Where midnight comes twice, the first may lie after an instant of the day before.
        let before = first.checked_sub(step).map_err(outside)?;
        Ok(Self::Dates(zone, before, step))
    }

    fn at(&self) -> Result<Timestamp, SeriesError> {
        match self {
            Self::Hours(_, seconds) => Ok(Timestamp::from_millis(seconds * 1000)),
            Self::Dates(zone, date, _) => {
                let midnight = date.to_datetime(Time::midnight());
                let instant = zone.to_timestamp(midnight).map_err(outside)?;
                Ok(Timestamp::from_millis(instant.as_millisecond()))
            }
        }
    }

    fn step(&mut self) -> Result<(), SeriesError> {
        match self {
            Self::Hours(zone, seconds) => {
                let now = offset(zone, *seconds)?;
                let next = *seconds + HOUR - (*seconds + now).rem_euclid(HOUR);
                // A change at the hour itself cuts nothing.
                *seconds = if offset(zone, next - 1)? == now {
                    next
                } else {
                    next_change(zone, *seconds)?.map_or(next, |cut| cut.min(next))
                };
            }
            Self::Dates(_, date, step) => *date = date.checked_add(*step).map_err(outside)?,
        }
        Ok(())
    }
}

fn outside<E>(_: E) -> SeriesError {
    SeriesError::Outside
}

fn instant(seconds: i64) -> Result<Instant, SeriesError> {
    Instant::from_second(seconds).map_err(outside)
}

fn offset(zone: &TimeZone, seconds: i64) -> Result<i64, SeriesError> {
    Ok(i64::from(zone.to_offset(instant(seconds)?).seconds()))
}

/// The last change of the zone's clock up to this second.
fn last_change(zone: &TimeZone, seconds: i64) -> Result<Option<i64>, SeriesError> {
    let change = zone.preceding(instant(seconds + 1)?).next();
    Ok(change.map(|change| change.timestamp().as_second()))
}

/// The first change of the zone's clock after this second.
pub(super) fn next_change(zone: &TimeZone, seconds: i64) -> Result<Option<i64>, SeriesError> {
    let change = zone.following(instant(seconds)?).next();
    Ok(change.map(|change| change.timestamp().as_second()))
}
