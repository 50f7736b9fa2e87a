//! The trail of redirects: where each one leads, whether it is for good, and when to give up.
//!
//! [`Trail`] is pure; the client asks it where to go next.

use std::borrow::Cow;

use reqwest::header::{HeaderMap, LOCATION};
use url::Url;

use super::FetchError;
use super::error::place;

/// The URLs visited so far, the last of which is the current one.
#[derive(Debug, Clone)]
pub struct Trail {
    visited: Vec<Url>,
    current: Url,
    /// Whether no temporary redirect has been met yet.
    permanent: bool,
    moved_to: Option<Url>,
    limit: u32,
}

impl Trail {
    /// Begins at `url`, of which credentials and fragment are left out: they are neither sent nor
    /// shown nor stored. At most `limit` redirects are followed.
    ///
    /// # Errors
    /// A URL that is not one of HTTP.
    pub fn begin(url: &Url, limit: u32) -> Result<Self, FetchError> {
        Ok(Self {
            visited: Vec::new(),
            current: plain(url.clone())?,
            permanent: true,
            moved_to: None,
            limit,
        })
    }

    /// The URL to request now: of HTTP, without credentials and fragment.
    #[must_use]
    pub fn current(&self) -> &Url {
        &self.current
    }

    /// Whether only permanent redirects, or none, have led here.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        self.permanent
    }

    /// The end of the trail: the current URL and where the resource has moved for good.
    #[must_use]
    pub fn end(self) -> (Url, Option<Url>) {
        (self.current, self.moved_to)
    }

    /// Follows an answer with a 3xx `status` (RFC 9110 §15.4).
    ///
    /// # Errors
    /// Why it leads nowhere; the trail stays where it is.
    pub fn follow(&mut self, status: u16, headers: &HeaderMap) -> Result<(), FetchError> {
        let bad = |reason: Cow<'static, str>| FetchError::BadRedirect {
            place: place(&self.current),
            status,
            reason: reason.into_owned(),
        };
        let permanent = match status {
            301 | 308 => true,
            302 | 303 | 307 => false,
            _ => return Err(bad("this status cannot be followed".into())),
        };
        let location = headers
            .get(LOCATION)
            .map(|value| value.as_bytes().trim_ascii())
            .filter(|value| !value.is_empty())
            .ok_or_else(|| bad("it has no Location".into()))?;
        let location = std::str::from_utf8(location)
            .map_err(|_| bad("its Location is not valid UTF-8".into()))?;
        let target = self
            .current
            .join(location)
            .map_err(|error| bad(format!("its Location is not a URL ({error})").into()))?;
        let target = plain(target)?;

        if target == self.current || self.visited.contains(&target) {
            return Err(FetchError::RedirectLoop {
                place: place(&target),
            });
        }
        if self.visited.len() >= usize::try_from(self.limit).unwrap_or(usize::MAX) {
            return Err(FetchError::TooManyRedirects {
                place: place(&self.current),
                limit: self.limit,
            });
        }
        self.permanent &= permanent;
        if self.permanent {
            self.moved_to = Some(target.clone());
        }
        self.visited
            .push(std::mem::replace(&mut self.current, target));
        Ok(())
    }
}

/// The URL without credentials and fragment, if it is one of HTTP.
fn plain(mut url: Url) -> Result<Url, FetchError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(FetchError::UnsupportedScheme {
            scheme: url.scheme().chars().take(20).collect(),
        });
    }
    url.set_fragment(None);
    // Setting these fails for URLs without a host only; an http URL has one.
    if url.set_username("").and(url.set_password(None)).is_err() {
        return Err(FetchError::Builder {
            reason: format!("{} has no host", place(&url)),
        });
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn trail(url: &str) -> Trail {
        Trail::begin(&Url::parse(url).expect("a URL"), 3).expect("an HTTP URL")
    }

    fn to(location: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_static(location));
        headers
    }

    #[test]
    fn moved_to_is_the_end_of_the_permanent_prefix() {
        let mut trail = trail("http://a.example/1");
        trail.follow(301, &to("/2")).expect("followed");
        trail
            .follow(308, &to("https://b.example/3"))
            .expect("followed");
        trail.follow(302, &to("/4")).expect("followed");
        assert!(!trail.is_permanent());
        let (last, moved_to) = trail.end();
        assert_eq!(last.as_str(), "https://b.example/4");
        assert_eq!(
            moved_to.as_ref().map(Url::as_str),
            Some("https://b.example/3")
        );
    }

    #[test]
    fn a_permanent_redirect_after_a_temporary_one_moves_nothing() {
        let mut trail = trail("http://a.example/1");
        trail.follow(307, &to("/2")).expect("followed");
        trail.follow(301, &to("/3")).expect("followed");
        assert_eq!(trail.end().1, None);
    }

    #[test]
    fn credentials_and_fragments_do_not_travel() {
        let mut trail = trail("http://user:secret@a.example/1#top");
        assert_eq!(trail.current().as_str(), "http://a.example/1");
        trail
            .follow(301, &to("http://eve:x@b.example/2#end"))
            .expect("followed");
        assert_eq!(trail.current().as_str(), "http://b.example/2");
    }

    #[test]
    fn a_circle_is_a_loop_and_a_long_way_is_too_long() {
        let mut circle = trail("http://a.example/1");
        circle.follow(302, &to("/2")).expect("followed");
        let error = circle.follow(302, &to("/1#again")).expect_err("a loop");
        assert_eq!(error.kind(), "redirect-loop");
        let error = circle.follow(302, &to("/2")).expect_err("a loop");
        assert_eq!(error.kind(), "redirect-loop");

        let mut long = trail("http://a.example/0");
        for location in ["/1", "/2", "/3"] {
            long.follow(302, &to(location)).expect("within the limit");
        }
        let error = long.follow(302, &to("/4")).expect_err("too many");
        assert_eq!(error.kind(), "too-many-redirects");
    }

    #[test]
    fn what_leads_nowhere_is_a_bad_redirect() {
        for (status, headers) in [
            (302, HeaderMap::new()),
            (302, to("")),
            (302, to("http://[bad/")),
            (300, to("/2")),
            (305, to("/2")),
            (306, to("/2")),
        ] {
            let error = trail("http://a.example/1")
                .follow(status, &headers)
                .expect_err("refused");
            assert_eq!(error.kind(), "bad-redirect", "{status} {headers:?}");
        }
    }

    #[test]
    fn other_schemes_are_refused() {
        for location in [
            "file:///etc/passwd",
            "ftp://a.example/",
            "data:,x",
            "gopher://a/",
        ] {
            let error = trail("http://a.example/1")
                .follow(301, &to(location))
                .expect_err("refused");
            assert_eq!(error.kind(), "unsupported-scheme", "{location}");
        }
    }
}
