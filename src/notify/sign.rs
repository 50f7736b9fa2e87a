//! Signatures of the Standard Webhooks specification (symmetric, `v1`).
//!
//! The signed content is `id.timestamp.body`, the key is what follows `whsec_` in base64, the
//! algorithm HMAC-SHA256, the header `webhook-signature: v1,<base64>`. While a secret is replaced
//! by another, requests carry the signatures of both, space delimited (section "Webhook headers").

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::model::Timestamp;

/// A webhook's signing key.
#[derive(Clone)]
pub struct Key(Vec<u8>);

/// The text is not a Standard Webhooks secret. It never contains the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a webhook secret: it must be `whsec_` and the base64 of 24 to 64 random bytes; \
     make one with: echo whsec_$(openssl rand -base64 32)"
)]
pub struct KeyError;

/// The keys that a webhook's requests are signed with: the current one, and while it is new, the one
/// before it.
#[derive(Debug, Clone)]
pub struct Keys {
    current: Key,
    previous: Option<Key>,
}

impl Keys {
    /// The current key and the one before it.
    #[must_use]
    pub fn new(current: Key, previous: Option<Key>) -> Self {
        Self { current, previous }
    }

    /// The value of `webhook-signature`: the current key's signature first.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp_s: i64, body: &[u8]) -> String {
        let mut signatures = self.current.sign(id, timestamp_s, body);
        if let Some(previous) = &self.previous {
            signatures.push(' ');
            signatures.push_str(&previous.sign(id, timestamp_s, body));
        }
        signatures
    }
}

/// Why a signature was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// A header is missing or malformed.
    #[error("the webhook headers are missing or malformed")]
    Headers,
    /// The timestamp is too far from the receiver's clock.
    #[error("the webhook-timestamp is more than five minutes off")]
    Timestamp,
    /// No signature fits.
    #[error("the webhook-signature does not fit the content")]
    Signature,
}

/// How far a timestamp may be off, as the specification proposes.
const TOLERANCE: Duration = Duration::from_mins(5);

impl Key {
    /// Reads a secret, with or without the prefix `whsec_`.
    ///
    /// # Errors
    /// [`KeyError`] when it is not base64 of 24 to 64 bytes.
    pub fn parse(secret: &str) -> Result<Self, KeyError> {
        let encoded = secret.strip_prefix("whsec_").unwrap_or(secret);
        let bytes = STANDARD.decode(encoded).map_err(|_| KeyError)?;
        if (24..=64).contains(&bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(KeyError)
        }
    }

    /// The value of `webhook-signature`.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp_s: i64, body: &[u8]) -> String {
        let tag = self.mac(id, timestamp_s, body).finalize().into_bytes();
        format!("v1,{}", STANDARD.encode(tag))
    }

    /// Checks a request as a receiver does, in constant time.
    ///
    /// # Errors
    /// [`VerifyError`] says what does not fit.
    pub fn verify(
        &self,
        id: &str,
        timestamp: &str,
        signatures: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), VerifyError> {
        let seconds: i64 = timestamp.parse().map_err(|_| VerifyError::Headers)?;
        if seconds.abs_diff(now.as_seconds()) > TOLERANCE.as_secs() {
            return Err(VerifyError::Timestamp);
        }
        let fits = signatures
            .split(' ')
            .filter_map(|s| s.strip_prefix("v1,"))
            .any(|encoded| {
                STANDARD
                    .decode(encoded)
                    .is_ok_and(|tag| self.mac(id, seconds, body).verify_slice(&tag).is_ok())
            });
        if fits {
            Ok(())
        } else {
            Err(VerifyError::Signature)
        }
    }

    fn mac(&self, id: &str, timestamp_s: i64, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0)
            .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        mac.update(id.as_bytes());
        mac.update(b".");
        mac.update(timestamp_s.to_string().as_bytes());
        mac.update(b".");
        mac.update(body);
        mac
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    #[test]
    fn signs_as_the_specifications_example() {
        let key = Key::parse(SECRET).unwrap();
        let signature = key.sign(ID, 1_614_265_330, BODY);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn the_official_library_accepts_what_we_sign() {
        let now = Timestamp::now().as_seconds();
        let signature = Key::parse(SECRET).unwrap().sign(ID, now, BODY);
        let mut headers = axum::http::HeaderMap::new();
        headers.insert("webhook-id", ID.parse().unwrap());
        headers.insert("webhook-timestamp", now.to_string().parse().unwrap());
        headers.insert("webhook-signature", signature.parse().unwrap());
        let official = standardwebhooks::Webhook::new(SECRET).unwrap();
        official.verify(BODY, &headers).unwrap();
        assert!(official.verify(b"another body", &headers).is_err());
    }

    #[test]
    fn while_a_secret_is_replaced_either_one_verifies() {
        const NEXT: &str = "whsec_dGVzdCB0ZXN0IHRlc3QgdGVzdCB0ZXN0";
        let (old, new) = (Key::parse(SECRET).unwrap(), Key::parse(NEXT).unwrap());
        let now = Timestamp::from_millis(1_614_265_330_000);
        let keys = Keys::new(new.clone(), Some(old.clone()));
        let both = keys.sign(ID, now.as_seconds(), BODY);
        let expected = format!(
            "{} {}",
            new.sign(ID, 1_614_265_330, BODY),
            old.sign(ID, 1_614_265_330, BODY)
        );
        assert_eq!(both, expected);
        for key in [&old, &new] {
            assert_eq!(key.verify(ID, "1614265330", &both, BODY, now), Ok(()));
        }
        let alone = Keys::new(new, None).sign(ID, now.as_seconds(), BODY);
        let refused = old.verify(ID, "1614265330", &alone, BODY, now);
        assert_eq!(refused, Err(VerifyError::Signature));
    }

    #[test]
    fn verification_refuses_what_was_changed_or_is_old() {
        let key = Key::parse(SECRET).unwrap();
        let now = Timestamp::from_millis(1_614_265_330_000);
        let good = format!("v1,AAAA {}", key.sign(ID, now.as_seconds(), BODY));
        let check = |id, time: &str, body, now| key.verify(id, time, &good, body, now);
        assert_eq!(check(ID, "1614265330", BODY, now), Ok(()));
        assert_eq!(
            check("other", "1614265330", BODY, now),
            Err(VerifyError::Signature)
        );
        assert_eq!(
            check(ID, "1614265331", BODY, now),
            Err(VerifyError::Signature)
        );
        assert_eq!(
            check(ID, "1614265330", b"x", now),
            Err(VerifyError::Signature)
        );
        let later = now + Duration::from_mins(6);
        assert_eq!(
            check(ID, "1614265330", BODY, later),
            Err(VerifyError::Timestamp)
        );
        assert_eq!(check(ID, "soon", BODY, now), Err(VerifyError::Headers));
    }

    #[test]
    fn short_and_malformed_secrets_are_refused_and_never_shown() {
        for bad in ["", "whsec_", "whsec_c2hvcnQ=", "whsec_???"] {
            let error = Key::parse(bad).unwrap_err().to_string();
            assert!(!error.contains("c2hvcnQ"), "{error}");
        }
        assert_eq!(format!("{:?}", Key::parse(SECRET).unwrap()), "[secret]");
    }
}
