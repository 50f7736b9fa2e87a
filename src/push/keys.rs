//! One key in a file, from which every callback and every hub's secret is made.
//!
//! Neither is stored: both are HMACs of the subscription's feed and generation under the instance
//! key, each with a label of its own. Who reads the database, a backup of it or a log learns none
//! of them, and who steals one secret can't make the next.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::model::{Database, Secret};
use crate::store::FeedRow;

/// Bytes of the instance key.
const LENGTH: usize = 32;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file can't be read, made or written.
    #[error("can't use the key file {} ({detail}): check the owner and mode of its folder", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        detail: io::Error,
    },
    /// Several workers share a database, and have no key that is the same for all.
    #[error(
        "push with a database on a server takes a key that all workers share: write \
         `key = {{ file = \"path\" }}` into [postgres], with any 32 characters or more"
    )]
    NotShared,
    /// Others may read or change the file.
    #[error(
        "the key file {} can be used by others (mode {mode:04o}): chmod 600 it, or remove it if \
         others may have read it; a new one makes every hub be asked anew", path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file holds something else.
    #[error(
        "{} is not a key: it must be a file of 32 bytes; restore it, or remove it and every hub is \
         asked anew", .0.display()
    )]
    NotAKey(PathBuf),
    /// The system has no random bytes to give.
    #[error("the system gives no random bytes for a key: check its random number generator")]
    Random,
}

/// The instance key.
#[derive(Clone)]
pub struct Keys([u8; LENGTH]);

impl Keys {
    /// The key that belongs to a database: from the file `<database>.key`, which is made, readable
    /// by its owner only, when there is none.
    ///
    /// # Errors
    /// [`KeyError`]; a file that others can read is refused, as their copy would be as good.
    pub fn beside(database: &Path) -> Result<Self, KeyError> {
        let mut path = database.as_os_str().to_owned();
        path.push(".key");
        let path = PathBuf::from(path);
        match read(&path) {
            Err(KeyError::File { detail, .. }) if detail.kind() == io::ErrorKind::NotFound => {
                make(&path)?;
                // Read back, so that of two that make one at a time both use the same.
                read(&path)
            }
            result => result,
        }
    }

    /// The key that belongs to a database: of a file the one [beside](Self::beside) it, of a server the one
    /// that is configured, which all workers share.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn of(database: &Database) -> Result<Self, KeyError> {
        match database {
            Database::File(path) => Self::beside(path),
            Database::Server(server) => {
                let key = server.key.as_ref().ok_or(KeyError::NotShared)?;
                let digest = Sha256::digest(key.expose().as_bytes());
                Ok(Self(digest.into()))
            }
        }
    }

    /// A key from its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; LENGTH]) -> Self {
        Self(bytes)
    }

    /// The unguessable part of a callback's path (§5.1.1): 256 bits in 43 characters of base64url.
    #[must_use]
    pub fn token(&self, feed: FeedRow, generation: i64) -> Secret {
        self.derive(b"callback", feed, generation)
    }

    /// The `hub.secret` (§5.1): 43 characters, of the 199 that are allowed.
    #[must_use]
    pub fn secret(&self, feed: FeedRow, generation: i64) -> Secret {
        self.derive(b"hub.secret", feed, generation)
    }

    fn derive(&self, label: &[u8], feed: FeedRow, generation: i64) -> Secret {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0)
            .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        // The numbers have a fixed length and the labels are no prefixes of one another, so no two
        // inputs run together.
        mac.update(label);
        mac.update(&feed.number().to_be_bytes());
        mac.update(&generation.to_be_bytes());
        Secret::new(URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// What stands for a token or callback where the thing itself must not be: half of its SHA-256.
#[must_use]
pub fn fingerprint(text: &str) -> [u8; 16] {
    let digest = Sha256::digest(text.as_bytes());
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    half
}

fn read(path: &Path) -> Result<Keys, KeyError> {
    let failed = |detail| KeyError::File {
        path: path.to_owned(),
        detail,
    };
    let not_a_key = || KeyError::NotAKey(path.to_owned());
    // Asked before opening: to open a pipe would wait for its other end.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(not_a_key());
    }
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Open {
            path: path.to_owned(),
            mode,
        });
    }
    let mut bytes = Vec::with_capacity(LENGTH + 1);
    file.take(LENGTH as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    bytes.try_into().map(Keys).map_err(|_| not_a_key())
}

/// Writes a new key under another name and links it into place only when it is on the disk: a
/// crash leaves no half of a key, and a file that is there already is not touched.
fn make(path: &Path) -> Result<(), KeyError> {
    let failed = |detail| KeyError::File {
        path: path.to_owned(),
        detail,
    };
    let mut bytes = [0; LENGTH];
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| KeyError::Random)?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".key-")
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(folder)
        .map_err(failed)?;
    file.write_all(&bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    match file.persist_noclobber(path) {
        Ok(_) => {}
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(failed(error.error)),
    }
    // The name must outlive a power cut as well.
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn row(number: i64) -> FeedRow {
        FeedRow::from_number(number)
    }

    #[test]
    fn a_key_is_made_once_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("db");
        let first = Keys::beside(&database).unwrap();
        let file = folder.path().join("db.key");
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read(&file).unwrap().len(), LENGTH);
        let again = Keys::beside(&database).unwrap();
        assert_eq!(first.0, again.0);
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing is left over"
        );
        let other = Keys::beside(&folder.path().join("other")).unwrap();
        assert_ne!(first.0, other.0);
    }

    #[test]
    fn a_key_that_others_can_read_is_refused_with_advice() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("db");
        Keys::beside(&database).unwrap();
        let file = folder.path().join("db.key");
        for mode in [0o644, 0o640, 0o604, 0o602] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let error = Keys::beside(&database).unwrap_err().to_string();
            assert!(
                error.contains(&format!("{mode:04o}")) && error.contains("chmod 600"),
                "{error}"
            );
        }
    }

    #[test]
    fn what_is_not_a_key_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("db");
        let file = folder.path().join("db.key");
        for content in [&b""[..], b"short", &[7; LENGTH + 1]] {
            fs::write(&file, content).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(Keys::beside(&database), Err(KeyError::NotAKey(_))));
            assert_eq!(fs::read(&file).unwrap(), content);
        }
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        assert!(matches!(Keys::beside(&database), Err(KeyError::NotAKey(_))));
        let nowhere = folder.path().join("no/such/db");
        assert!(matches!(Keys::beside(&nowhere), Err(KeyError::File { .. })));
    }

    #[test]
    fn every_feed_generation_and_purpose_has_its_own_text() {
        let keys = Keys::from_bytes([1; LENGTH]);
        let mut texts = HashSet::new();
        for feed in 0..20 {
            for generation in 0..20 {
                texts.insert(keys.token(row(feed), generation).expose().to_owned());
                texts.insert(keys.secret(row(feed), generation).expose().to_owned());
            }
        }
        assert_eq!(texts.len(), 800);
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        assert!(texts.iter().all(|t| t.len() == 43 && t.chars().all(legal)));
        let other = Keys::from_bytes([2; LENGTH]);
        assert!(!texts.contains(other.token(row(1), 1).expose()));
    }

    #[test]
    fn keys_are_never_shown() {
        let keys = Keys::from_bytes([65; LENGTH]);
        let shown = format!(
            "{keys:?} {:?} {}",
            keys.token(row(1), 1),
            keys.secret(row(1), 1)
        );
        assert_eq!(shown, "[secret] [secret] [secret]");
    }
}
