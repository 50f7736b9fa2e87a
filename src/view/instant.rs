//! Times as people write them: a duration from now, a date, or an instant.

use crate::config::units;
use crate::model::Timestamp;

/// Why a text is not the time that was asked for. The message reads on from the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InstantError {
    /// It is no time of the past.
    #[error(
        "write a duration such as 24h or 7d, a date such as 2024-07-04, or an instant such as 2024-07-04T09:30:00Z"
    )]
    NotPast,
    /// It is no time of the future.
    #[error(
        "write a duration such as 8h or 7d, a date such as 2030-07-04, or an instant such as 2030-07-04T09:30:00Z"
    )]
    NotFuture,
    /// It is a time that is over.
    #[error("that is not in the future")]
    Over,
}

/// Reads a time back from now: `24h` ago, a date, which begins at midnight UTC, or an instant.
///
/// # Errors
/// [`InstantError::NotPast`].
pub fn ago(text: &str, now: Timestamp) -> Result<Timestamp, InstantError> {
    absolute(text)
        .or_else(|| units::parse_duration(text).ok().map(|age| now - age))
        .ok_or(InstantError::NotPast)
}

/// Reads a time ahead of now: in `8h`, a date, which begins at midnight UTC, or an instant.
///
/// # Errors
/// [`InstantError`] when it is no time or one that is over.
pub fn ahead(text: &str, now: Timestamp) -> Result<Timestamp, InstantError> {
    let at = absolute(text).or_else(|| units::parse_duration(text).ok().map(|time| now + time));
    match at {
        Some(at) if at > now => Ok(at),
        Some(_) => Err(InstantError::Over),
        None => Err(InstantError::NotFuture),
    }
}

fn absolute(text: &str) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(text)
        .or_else(|| Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn durations_dates_and_instants_are_read() {
        let now = Timestamp::from_millis(1_720_085_400_000);
        let day = Duration::from_hours(24);
        assert_eq!(ago("1d", now), Ok(now - day));
        assert_eq!(ahead("1d", now), Ok(now + day));
        let midnight = Timestamp::from_millis(1_720_051_200_000);
        assert_eq!(ago("2024-07-04", now), Ok(midnight));
        assert_eq!(ago("2024-07-04T02:00:00+02:00", now), Ok(midnight));
        assert_eq!(ahead("2024-07-04", now), Err(InstantError::Over));
        assert_eq!(ahead("2024-07-05", now), Ok(midnight + day));
        assert_eq!(ahead("soon", now), Err(InstantError::NotFuture));
        assert_eq!(ago("", now), Err(InstantError::NotPast));
    }
}
