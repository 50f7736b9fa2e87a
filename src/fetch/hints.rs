//! What an answer's head says about when to ask again. Pure: headers and the time in, hints out.
//!
//! Servers write these headers with every mistake there is; whatever cannot be read counts as
//! absent, and a number too big to be true counts as [`MAX_HINT`].

use std::time::{Duration, SystemTime};

use reqwest::header::{
    AGE, CACHE_CONTROL, DATE, EXPIRES, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};

/// The longest hint: 30 days. Longer ones, and numbers that overflow, are cut to it.
pub const MAX_HINT: Duration = Duration::from_hours(720);

/// When the server would like to be asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hints {
    /// How long the answer stays fresh (RFC 9111 §4.2): `max-age`, else `Expires` less `Date`, and
    /// from either the `Age` it has already. Zero when it is stale; `None` when nothing is said,
    /// what is said can't be read, or caching is declined (`no-store`, `no-cache`). `s-maxage` is
    /// for shared caches, which this is not; `private`, `must-revalidate` and the like change
    /// nothing for a client that always revalidates.
    pub fresh_for: Option<Duration>,
    /// How long not to ask at all (RFC 9110 §10.2.3).
    pub retry_after: Option<Duration>,
}

impl Hints {
    /// Reads the hints of an answer that arrived at `now`.
    #[must_use]
    pub fn read(headers: &HeaderMap, now: SystemTime) -> Self {
        let date = http_date(headers, &DATE).unwrap_or(now);
        Self {
            fresh_for: fresh_for(headers, date),
            retry_after: retry_after(headers, date),
        }
    }
}

fn fresh_for(headers: &HeaderMap, date: SystemTime) -> Option<Duration> {
    // The first that can be read counts (RFC 9111 §4.2.1); `Some(None)` if none can.
    let mut max_age: Option<Option<u64>> = None;
    for (name, value) in headers.get_all(CACHE_CONTROL).iter().flat_map(directives) {
        // `no-cache="Set-Cookie"` is about that field alone (RFC 9111 §5.2.2.4).
        let bare = value.is_none();
        if name.eq_ignore_ascii_case(b"no-store")
            || (name.eq_ignore_ascii_case(b"no-cache") && bare)
        {
            return None;
        }
        if name.eq_ignore_ascii_case(b"max-age") && max_age.flatten().is_none() {
            max_age = Some(value.and_then(leading_number));
        }
    }
    let lifetime = match max_age {
        // Not a number, and `Expires` gives way to it all the same (RFC 9111 §5.3).
        Some(age) => Duration::from_secs(age?),
        None => {
            // An `Expires` that is no date, `0` above all, means "already expired" (§5.3).
            headers.get(EXPIRES)?;
            let expires = http_date(headers, &EXPIRES).unwrap_or(date);
            expires.duration_since(date).unwrap_or_default()
        }
    };
    // The first `Age` counts, and one that can't be read does not (RFC 9111 §5.1).
    let age = headers.get(AGE).map(HeaderValue::as_bytes);
    let age = age.and_then(leading_number).unwrap_or(0);
    let left = lifetime.saturating_sub(Duration::from_secs(age));
    Some(left.min(MAX_HINT))
}

fn retry_after(headers: &HeaderMap, date: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.as_bytes().trim_ascii();
    if value.first()?.is_ascii_digit() {
        return leading_number(value).map(capped);
    }
    let until = http_date(headers, &RETRY_AFTER)?;
    Some(until.duration_since(date).unwrap_or_default().min(MAX_HINT))
}

fn http_date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let text = headers.get(name)?.to_str().ok()?;
    httpdate::parse_http_date(text.trim()).ok()
}

fn capped(seconds: u64) -> Duration {
    Duration::from_secs(seconds).min(MAX_HINT)
}

/// The digits at the beginning, past blanks and quotes: `"3600"` and `3600;` are meant as 3600.
fn leading_number(value: &[u8]) -> Option<u64> {
    let start = value
        .iter()
        .position(|b| !matches!(b, b' ' | b'\t' | b'"' | b'\''))?;
    let digits = value.get(start..)?;
    let end = digits
        .iter()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(digits.len());
    let digits = digits.get(..end).filter(|d| !d.is_empty())?;
    Some(digits.iter().fold(0_u64, |number, digit| {
        number
            .saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    }))
}

/// The directives of one `Cache-Control` line as name and value; commas within quotes do not split.
fn directives(line: &HeaderValue) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
    let mut quoted = false;
    line.as_bytes()
        .split(move |&b| {
            quoted ^= b == b'"';
            b == b',' && !quoted
        })
        .map(|part| match part.iter().position(|&b| b == b'=') {
            Some(at) => {
                let (name, value) = part.split_at(at);
                (name.trim_ascii(), value.get(1..))
            }
            None => (part.trim_ascii(), None),
        })
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use proptest::prelude::*;

    use super::*;

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, the example of RFC 9110 §5.6.7.
    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(784_111_777)
    }

    fn hints(lines: &[(&'static str, &str)]) -> Hints {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header value");
            headers.append(*name, value);
        }
        Hints::read(&headers, now())
    }

    fn fresh(lines: &[(&'static str, &str)]) -> Option<u64> {
        hints(lines).fresh_for.map(|d| d.as_secs())
    }

    fn retry(value: &str) -> Option<u64> {
        hints(&[("retry-after", value)])
            .retry_after
            .map(|d| d.as_secs())
    }

    #[test]
    fn silence_gives_no_hint() {
        assert_eq!(hints(&[]), Hints::default());
    }

    #[test]
    fn max_age_counts_from_when_the_answer_was_made() {
        assert_eq!(
            fresh(&[("cache-control", "public, max-age=600")]),
            Some(600)
        );
        assert_eq!(
            fresh(&[("cache-control", "max-age=600"), ("age", "200")]),
            Some(400)
        );
        assert_eq!(
            fresh(&[("cache-control", "max-age=600"), ("age", "900")]),
            Some(0)
        );
    }

    #[test]
    fn max_age_beats_expires_and_the_first_max_age_wins() {
        let expires = ("expires", "Sun, 06 Nov 1994 09:49:37 GMT");
        assert_eq!(fresh(&[expires, ("cache-control", "max-age=5")]), Some(5));
        assert_eq!(
            fresh(&[
                ("cache-control", "max-age=5"),
                ("cache-control", "max-age=9")
            ]),
            Some(5)
        );
    }

    #[test]
    fn the_lifetime_for_shared_caches_is_ignored() {
        assert_eq!(fresh(&[("cache-control", "s-maxage=600")]), None);
        assert_eq!(
            fresh(&[("cache-control", "s-maxage=600, max-age=7")]),
            Some(7)
        );
    }

    #[test]
    fn declined_caching_is_no_lifetime() {
        for line in [
            "no-store",
            "No-Cache",
            "max-age=600, no-cache",
            "no-store,max-age=600",
        ] {
            assert_eq!(fresh(&[("cache-control", line)]), None, "{line}");
        }
        let expires = ("expires", "Sun, 06 Nov 1994 09:49:37 GMT");
        assert_eq!(fresh(&[expires, ("cache-control", "no-cache")]), None);
    }

    #[test]
    fn declined_caching_of_one_field_leaves_the_lifetime() {
        let line = "no-cache=\"Set-Cookie, no-store\", max-age=60";
        assert_eq!(fresh(&[("cache-control", line)]), Some(60));
    }

    #[test]
    fn ill_written_lifetimes_are_read_as_meant_or_ignored() {
        for (line, want) in [
            ("max-age=\"600\"", Some(600)),
            ("max-age='600'", Some(600)),
            ("max-age = 600", Some(600)),
            ("MAX-AGE=600; public", Some(600)),
            ("max-age=600.5", Some(600)),
            ("max-age=", None),
            ("max-age", None),
            ("max-age=-1", None),
            ("max-age=soon", None),
            ("max-age=x, max-age=3", Some(3)),
            ("max-age=99999999999999999999999", Some(MAX_HINT.as_secs())),
            ("max-age=0", Some(0)),
            ("max-age=18446744073709551616", Some(MAX_HINT.as_secs())),
            ("max-age=\"\\600\"", None),
            ("x-max-age=9, max-ages=9, immutable", None),
            (",,=,\"", None),
        ] {
            assert_eq!(fresh(&[("cache-control", line)]), want, "{line}");
        }
    }

    #[test]
    fn directives_for_other_caches_and_unknown_ones_change_nothing() {
        for line in [
            "private, must-revalidate, max-age=60",
            "max-age=60, proxy-revalidate, s-maxage=1, stale-while-revalidate=9",
            "private=\"set-cookie, max-age=1\", max-age=60",
            "foo=bar, max-age=60, max-age=90",
        ] {
            assert_eq!(fresh(&[("cache-control", line)]), Some(60), "{line}");
        }
        assert_eq!(
            fresh(&[("cache-control", "private, must-revalidate")]),
            None
        );
        // HTTP/1.0's word for requests, which says nothing in answers (RFC 9111 §5.4).
        assert_eq!(
            fresh(&[("pragma", "no-cache"), ("cache-control", "max-age=9")]),
            Some(9)
        );
    }

    #[test]
    fn a_max_age_that_is_no_number_still_overrides_expires() {
        let expires = ("expires", "Sun, 06 Nov 1994 09:49:37 GMT");
        assert_eq!(fresh(&[expires, ("cache-control", "max-age=soon")]), None);
        assert_eq!(fresh(&[expires, ("cache-control", "max-age=0")]), Some(0));
    }

    #[test]
    fn the_age_in_caches_counts_against_either_lifetime() {
        let expires = ("expires", "Sun, 06 Nov 1994 09:49:37 GMT");
        assert_eq!(fresh(&[expires, ("age", "600")]), Some(3000));
        assert_eq!(fresh(&[expires, ("age", "99999999999999999999")]), Some(0));
        let minute = ("cache-control", "max-age=60");
        for (age, left) in [("20, 30", 40), ("-5", 60), ("old", 60), ("", 60)] {
            assert_eq!(fresh(&[minute, ("age", age)]), Some(left), "{age}");
        }
        assert_eq!(fresh(&[minute, ("age", "20"), ("age", "50")]), Some(40));
    }

    #[test]
    fn the_first_of_several_expires_counts() {
        let lines = [
            ("expires", "Sun, 06 Nov 1994 09:49:37 GMT"),
            ("expires", "Sun, 06 Nov 1994 10:49:37 GMT"),
        ];
        assert_eq!(fresh(&lines), Some(3600));
    }

    #[test]
    fn expires_counts_from_the_servers_own_clock() {
        let expires = ("expires", "Sun, 06 Nov 1994 09:49:37 GMT");
        assert_eq!(fresh(&[expires]), Some(3600));
        let date = ("date", "Sun, 06 Nov 1994 09:48:37 GMT");
        assert_eq!(fresh(&[expires, date]), Some(60));
    }

    #[test]
    fn an_expires_in_the_past_or_without_sense_means_stale() {
        for value in ["0", "-1", "never", "Sun, 06 Nov 1994 07:49:37 GMT"] {
            assert_eq!(fresh(&[("expires", value)]), Some(0), "{value}");
        }
        let far = "Fri, 31 Dec 9999 23:59:59 GMT";
        assert_eq!(fresh(&[("expires", far)]), Some(MAX_HINT.as_secs()));
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        assert_eq!(retry("120"), Some(120));
        assert_eq!(retry(" 120 "), Some(120));
        assert_eq!(retry("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(retry("Sunday, 06-Nov-94 08:50:37 GMT"), Some(60));
        assert_eq!(retry("Sun, 06 Nov 1994 07:00:00 GMT"), Some(0));
        assert_eq!(
            retry("99999999999999999999999999"),
            Some(MAX_HINT.as_secs())
        );
        assert_eq!(
            retry("Fri, 31 Dec 9999 23:59:59 GMT"),
            Some(MAX_HINT.as_secs())
        );
        for nonsense in ["", "-5", "later", "\u{e4}"] {
            assert_eq!(retry(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn retry_after_as_date_counts_from_the_servers_own_clock() {
        let lines = [
            ("retry-after", "Sun, 06 Nov 1994 10:00:30 GMT"),
            ("date", "Sun, 06 Nov 1994 10:00:00 GMT"),
        ];
        assert_eq!(hints(&lines).retry_after, Some(Duration::from_secs(30)));
    }

    proptest! {
        #[test]
        fn no_header_bytes_panic_or_pass_the_cap(
            values in proptest::collection::vec(
                prop_oneof![
                    proptest::collection::vec(any::<u8>(), 0..40),
                    "[a-z0-9=\",; -]{0,40}".prop_map(String::into_bytes),
                    "max-age=[\"0-9]{0,30}".prop_map(String::into_bytes),
                    "[A-Z][a-z]{2}, [0-9]{2} (Jan|Feb|Nov) [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
                        .prop_map(String::into_bytes),
                ],
                5,
            )
        ) {
            let names = [CACHE_CONTROL, AGE, EXPIRES, DATE, RETRY_AFTER];
            let mut headers = HeaderMap::new();
            for (name, value) in names.into_iter().zip(&values) {
                if let Ok(value) = HeaderValue::from_bytes(value) {
                    headers.append(name, value);
                }
            }
            let hints = Hints::read(&headers, now());
            prop_assert!(hints.fresh_for.is_none_or(|d| d <= MAX_HINT));
            prop_assert!(hints.retry_after.is_none_or(|d| d <= MAX_HINT));
        }
    }
}
