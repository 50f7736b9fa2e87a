//! Taking turns: what takes long or much memory is done a few at a time.
//!
//! Work that has begun keeps its place to its end, also where whoever asked has gone: what it asks of the
//! database goes on then too, and nobody is to have more of that done at a time. Who waits too long gets
//! [`Problem::busy`].

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::problem::Problem;

/// Work that is done at a time.
const PLACES: usize = 4;
/// How long work waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// The places.
#[derive(Debug, Clone)]
pub struct Turns {
    places: Arc<Semaphore>,
    patience: Duration,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(PLACES)),
            patience: PATIENCE,
        }
    }
}

impl Turns {
    /// Does the work when its turn has come.
    ///
    /// # Errors
    /// 503 when too many others are at it.
    pub async fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = timeout(self.patience, self.places.clone().acquire_owned()).await;
        let place = place.ok().and_then(Result::ok).ok_or_else(Problem::busy)?;
        let task = tokio::spawn(async move {
            let done = work.await;
            drop(place);
            done
        });
        task.await.map_err(|error| Problem::internal(&error))
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    const SOON: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn work_goes_on_and_keeps_its_place_when_whoever_asked_has_gone() {
        let turns = Turns::default();
        let hasty = Turns {
            patience: SOON,
            ..turns.clone()
        };
        let mut ends = Vec::new();
        for _ in 0..PLACES {
            let (end, ended) = oneshot::channel::<()>();
            let asked = timeout(SOON, turns.wait(ended)).await;
            assert!(asked.is_err(), "it takes longer");
            ends.push(end);
        }
        let busy = hasty.wait(async { 1 }).await.unwrap_err();
        assert_eq!(busy.status(), 503);
        ends.pop();
        assert_eq!(turns.wait(async { 2 }).await, Ok(2));
    }

    #[tokio::test]
    async fn work_that_breaks_gives_its_place_back() {
        let turns = Turns::default();
        for _ in 0..=PLACES {
            let breaks = turns.wait(async { assert_eq!(1, 2, "it breaks") }).await;
            assert_eq!(breaks.unwrap_err().status(), 500);
        }
    }
}
