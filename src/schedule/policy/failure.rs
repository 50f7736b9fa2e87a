//! What kind of failure a poll met, and how patience grows with each kind.

use std::time::Duration;

/// The way in which a poll failed, as far as patience is concerned.
///
/// | class | first wait, at least | grows |
/// |---|---|---|
/// | `Denied` | 1 h | fourfold |
/// | `NotFound` | 1 h | fourfold |
/// | `Server` | the interval | twofold |
/// | `Network` | the interval | twofold |
/// | `Document` | the interval | twofold at every second failure |
///
/// All grow up to the policy's longest interval, and none starts below the interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// The publisher does not serve this client (401, 403, 407, 451). Asking on is not only
    /// pointless: it is what turns a block into a ban.
    Denied,
    /// There is nothing, or nothing for this request (404 and the other 4xx). The publisher has to
    /// do something first, which takes hours rather than minutes.
    NotFound,
    /// The server has a problem (5xx; 408 and 425, which invite another try; whatever makes no
    /// sense). Doubling gives it room to recover.
    Server,
    /// No answer came: name, connection, TLS, a time limit, a connection that broke.
    Network,
    /// An answer came, but no feed in it: a page, nothing, broken markup. The server is well and
    /// the next edition is likely to be mended, so patience grows slowly; but each try costs the
    /// publisher a whole body.
    Document,
}

impl Failure {
    /// The class of an answer with this status, taking for granted that it is a failure.
    /// 410 Gone and 429 are not failures but answers of their own; should they come here, they
    /// count as [`NotFound`](Self::NotFound) and [`Denied`](Self::Denied).
    #[must_use]
    pub const fn of_status(status: u16) -> Self {
        match status {
            401 | 403 | 407 | 429 | 451 => Self::Denied,
            408 | 425 => Self::Server,
            400..=499 => Self::NotFound,
            _ => Self::Server,
        }
    }

    /// The wait after the first failure, should the interval be shorter.
    pub(super) const fn first_wait(self) -> Duration {
        match self {
            Self::Denied | Self::NotFound => Duration::from_hours(1),
            Self::Server | Self::Network | Self::Document => Duration::ZERO,
        }
    }

    /// The wait after so many failures in a row, when the first one asks for `first`.
    pub(super) fn back_off(self, first: Duration, failures: u32, cap: Duration) -> Duration {
        let before = failures.saturating_sub(1);
        let doublings = match self {
            Self::Denied | Self::NotFound => before.saturating_mul(2),
            Self::Server | Self::Network => before,
            Self::Document => before / 2,
        };
        doubled(first, doublings.saturating_add(1), cap)
    }
}

/// `base` doubled for each of the failures after the first, up to `cap`.
pub(super) fn doubled(base: Duration, failures: u32, cap: Duration) -> Duration {
    let doublings = failures.saturating_sub(1).min(30);
    base.saturating_mul(1 << doublings).min(cap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_the_class_of_its_meaning() {
        use Failure::{Denied, NotFound, Server};
        for (status, class) in [
            (401, Denied),
            (403, Denied),
            (407, Denied),
            (451, Denied),
            (400, NotFound),
            (404, NotFound),
            (405, NotFound),
            (418, NotFound),
            (499, NotFound),
            (408, Server),
            (425, Server),
            (500, Server),
            (502, Server),
            (599, Server),
            (304, Server),
            (0, Server),
            (999, Server),
        ] {
            assert_eq!(Failure::of_status(status), class, "{status}");
        }
    }
}
