//! Who is logged in: sessions in memory, known by the hash of what the cookie holds. Pure but for the
//! random bytes that it is given.
//!
//! Nothing of a session outlives the process. There are few at a time; the oldest goes when there are more.

use std::collections::HashMap;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::model::Timestamp;

/// How long a session lasts.
pub const LIFETIME: Duration = Duration::from_hours(12);
/// Sessions at a time.
const MOST: usize = 64;

/// What a cookie holds, as it is kept.
type Hash = [u8; 32];

/// The sessions.
#[derive(Debug, Default)]
pub struct Sessions(HashMap<Hash, Timestamp>);

impl Sessions {
    /// Begins a session for whoever shows this text, and says when it ends.
    pub fn begin(&mut self, cookie: &str, now: Timestamp) -> Timestamp {
        self.0.retain(|_, until| *until > now);
        while self.0.len() >= MOST {
            let oldest = self.0.iter().min_by_key(|(_, until)| **until);
            let Some(oldest) = oldest.map(|(hash, _)| *hash) else {
                break;
            };
            self.0.remove(&oldest);
        }
        let until = now + LIFETIME;
        self.0.insert(hash(cookie), until);
        until
    }

    /// Until when the session of whoever shows this text lasts, if there is one.
    #[must_use]
    pub fn until(&self, cookie: &str, now: Timestamp) -> Option<Timestamp> {
        let until = self.0.get(&hash(cookie)).copied()?;
        // A clock that was set back would make it last longer.
        (now < until && until <= now + LIFETIME).then_some(until)
    }

    /// Ends it.
    pub fn end(&mut self, cookie: &str) {
        self.0.remove(&hash(cookie));
    }
}

/// Looking it up tells nothing by its time: who knows no cookie can't choose its hash.
fn hash(cookie: &str) -> Hash {
    Sha256::digest(cookie.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_720_000_000_000);

    #[test]
    fn a_session_lasts_its_time_and_ends_at_logout() {
        let mut sessions = Sessions::default();
        let until = sessions.begin("a", NOW);
        assert_eq!(until, NOW + LIFETIME);
        assert_eq!(sessions.until("a", NOW), Some(until));
        assert_eq!(sessions.until("b", NOW), None);
        assert_eq!(sessions.until("a", until), None);
        assert_eq!(sessions.until("a", NOW - Duration::from_secs(1)), None);
        sessions.end("a");
        assert_eq!(sessions.until("a", NOW), None);
    }

    #[test]
    fn there_are_never_more_than_so_many_and_the_oldest_goes() {
        let mut sessions = Sessions::default();
        let at = |n: usize| NOW + Duration::from_secs(n as u64);
        for n in 0..=MOST {
            sessions.begin(&n.to_string(), at(n));
        }
        assert_eq!(sessions.0.len(), MOST);
        assert_eq!(sessions.until("0", at(MOST)), None);
        assert!(sessions.until("1", at(MOST)).is_some());
    }

    #[test]
    fn what_the_cookie_holds_is_not_kept() {
        let mut sessions = Sessions::default();
        sessions.begin("hunter2", NOW);
        assert!(!format!("{sessions:?}").contains("hunter2"));
    }
}
