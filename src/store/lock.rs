//! The lock file beside the database: one instance at a time, and whether the last one crashed.
//!
//! The system frees the lock when the process ends, however it ends. The number of the process
//! stands in the file while it runs and is removed when it closes the database, so that a number
//! found there tells of a crash; the file's time is then the last sign of life. It never goes back: a
//! clock that is set back does not undo what was due before, so the time is then what the clock would show
//! if it had been left alone, and may lie ahead.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use tokio::time::Instant;

use super::StoreError;
use crate::model::Timestamp;
use crate::world;

/// The lock, held.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    crashed: Option<Timestamp>,
    /// Whether that crash has been minded.
    is_minded: AtomicBool,
    /// Whether something was done that is not recorded.
    owes: AtomicBool,
    /// The last sign of life, and when it was given.
    sign: Mutex<(Instant, SystemTime)>,
    /// Whether the file is left as it was.
    is_borrowed: bool,
}

impl Lock {
    /// Takes the lock file beside the database.
    pub(super) fn take(database: &Path) -> Result<Self, StoreError> {
        let mut lock = Self::borrow(database)?;
        lock.is_borrowed = false;
        // The number is a help only; a full disk must not keep us from starting.
        let _ = lock
            .file
            .set_len(0)
            .and_then(|()| lock.file.rewind())
            .and_then(|()| write!(lock.file, "{}", std::process::id()))
            .and_then(|()| lock.file.set_modified(world::now()));
        Ok(lock)
    }

    /// Takes it for a command that is no daemon: what it says of the last one stays.
    pub(super) fn borrow(database: &Path) -> Result<Self, StoreError> {
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let open_error = |error: std::io::Error| StoreError::Open {
            path: database.to_owned(),
            detail: format!(
                "can't use the lock file beside it: {error}; check the owner and mode of its folder"
            ),
        };
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            // Whoever can open it can hold it, and keep the daemon from starting.
            .mode(0o600)
            .open(&path)
            .map_err(open_error)?;
        match file.try_lock() {
            Ok(()) => {
                let metadata = file.metadata().map_err(open_error)?;
                let crashed = (metadata.len() > 0)
                    .then(|| metadata.modified().ok())
                    .flatten()
                    .and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok())
                    .map(|since| Timestamp::from_millis(0) + since);
                Ok(Self {
                    file,
                    crashed,
                    is_minded: AtomicBool::new(false),
                    owes: AtomicBool::new(false),
                    sign: Mutex::new((Instant::now(), world::now())),
                    is_borrowed: true,
                })
            }
            Err(std::fs::TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                let holder =
                    Some(holder.trim().to_owned()).filter(|h| !h.is_empty() && h.len() < 12);
                Err(StoreError::Locked {
                    path: database.to_owned(),
                    holder,
                })
            }
            Err(std::fs::TryLockError::Error(error)) => Err(open_error(error)),
        }
    }

    /// Makes sure that no instance has the lock of a database that this user can only read, as far as that can
    /// be seen.
    pub(super) fn look(database: &Path) -> Result<(), StoreError> {
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let Ok(file) = File::open(&path) else {
            return Ok(());
        };
        match file.try_lock_shared() {
            Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::Locked {
                path: database.to_owned(),
                holder: None,
            }),
            _ => Ok(()),
        }
    }

    /// When the instance before was last alive, if it crashed.
    pub(super) fn crashed(&self) -> Option<Timestamp> {
        self.crashed
    }

    /// Leaves a sign of life.
    pub(super) fn alive(&self) {
        if self.is_borrowed {
            return;
        }
        let mut sign = self.sign.lock().unwrap_or_else(PoisonError::into_inner);
        let (given, shown) = *sign;
        *sign = (Instant::now(), world::now().max(shown + given.elapsed()));
        let _ = self.file.set_modified(sign.1);
    }

    /// What followed from the crash is recorded: whoever comes next need not know of it.
    pub(super) fn minded(&self) {
        self.is_minded.store(true, Ordering::Relaxed);
    }

    /// A server was asked, and that could not be recorded: for who comes next this is like a crash.
    pub(super) fn owes(&self) {
        self.owes.store(true, Ordering::Relaxed);
    }

    /// Says that the database was closed, unless that would hide a crash which nobody could mind yet.
    pub(super) fn leave(self) {
        if self.is_borrowed {
            return;
        }
        if self.owes.load(Ordering::Relaxed) {
            return self.alive();
        }
        let _ = match self
            .crashed
            .filter(|_| !self.is_minded.load(Ordering::Relaxed))
        {
            Some(crashed) => {
                let since = crashed.since(Timestamp::from_millis(0));
                self.file.set_modified(SystemTime::UNIX_EPOCH + since)
            }
            None => self.file.set_len(0),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_an_instance_that_did_not_leave_is_known_to_have_crashed() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("db");
        let first = Lock::take(&database).unwrap();
        assert_eq!(first.crashed(), None);
        first.alive();
        let before = Timestamp::now();
        drop(first);
        let between = Lock::borrow(&database).unwrap();
        between.alive();
        between.leave();
        let second = Lock::take(&database).unwrap();
        let crashed = second.crashed().unwrap();
        assert!(crashed.since(before) < Duration::from_secs(5));
        second.minded();
        second.leave();
        let owing = Lock::take(&database).unwrap();
        owing.owes();
        owing.leave();
        let second = Lock::take(&database).unwrap();
        let crashed = second.crashed().unwrap();
        // It could not do its work, so the third must know too.
        second.alive();
        second.leave();
        let third = Lock::take(&database).unwrap();
        assert_eq!(third.crashed(), Some(crashed));
        third.minded();
        third.leave();
        assert_eq!(Lock::take(&database).unwrap().crashed(), None);
    }

    /// Its clock shows what it was set to; nothing else happens in it.
    #[derive(Debug)]
    struct Clock(Mutex<SystemTime>);

    impl world::World for Clock {
        fn now(&self) -> SystemTime {
            *self.0.lock().unwrap()
        }
        fn pause(&self) -> Duration {
            Duration::ZERO
        }
        fn send(&self, _: reqwest::Request) -> world::Answering {
            unreachable!("nobody sends")
        }
        fn open(&self, _: axum::Router) {}
    }

    #[test]
    fn the_sign_of_life_does_not_go_back_with_the_clock() {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let clock = Arc::new(Clock(Mutex::new(start)));
        world::enter(clock.clone());
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("db");
        let lock = Lock::take(&database).unwrap();
        let set = |seconds| *clock.0.lock().unwrap() = start + Duration::from_secs(seconds);
        set(100);
        lock.alive();
        set(10);
        lock.alive();
        drop(lock);
        let crashed = Lock::borrow(&database).unwrap().crashed().unwrap();
        let at = crashed.since(Timestamp::from_millis(1_700_000_000_000));
        assert!(
            at >= Duration::from_secs(100) && at < Duration::from_secs(110),
            "{at:?}"
        );
    }

    #[test]
    fn a_lock_that_is_held_is_refused_with_its_holder() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("db");
        let _held = Lock::take(&database).unwrap();
        let Err(StoreError::Locked { holder, .. }) = Lock::take(&database) else {
            panic!("two holders");
        };
        assert_eq!(holder, Some(std::process::id().to_string()));
        let looked = Lock::look(&database);
        assert!(matches!(looked, Err(StoreError::Locked { .. })));
        assert!(Lock::look(&folder.path().join("other")).is_ok());
    }
}
