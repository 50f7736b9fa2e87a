//! What the tests of several modules need.

use std::time::Duration;

/// Processor time that this thread has taken: what a bound on cost is held against, so that other
/// work on the machine does not count. Zero where Linux does not tell.
pub(crate) fn processor_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|n| n.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// Processor time that it has taken since.
pub(crate) fn since(started: Duration) -> Duration {
    processor_time().saturating_sub(started)
}
