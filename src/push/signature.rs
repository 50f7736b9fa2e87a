//! Signatures of pushed content (§7.1): HMAC of the raw body with the secret that the hub was
//! given, as `X-Hub-Signature: method=hex`.

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use crate::model::Secret;

/// Why content is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no signature. The subscription was made with a secret, so there must be one.
    #[error("the content is not signed")]
    Missing,
    /// It is not `method=hex`.
    #[error("the signature is not of the form method=hex")]
    Malformed,
    /// The method is none of §7.1.1.
    #[error("the signature is made by a method that WebSub does not name")]
    Method,
    /// It is the signature of something else, or of somebody else.
    #[error("the signature does not fit the content")]
    Wrong,
}

/// Checks the value of `X-Hub-Signature` in constant time.
///
/// All methods of §7.1.1 are taken. SHA-1 too, by which most hubs sign: HMAC does not rest on the
/// property that SHA-1 has lost, its resistance to collisions.
///
/// # Errors
/// [`SignatureError`] says what is wrong.
pub fn verify(header: Option<&str>, secret: &Secret, body: &[u8]) -> Result<(), SignatureError> {
    let header = header.ok_or(SignatureError::Missing)?;
    let (method, hex) = header
        .trim()
        .split_once('=')
        .ok_or(SignatureError::Malformed)?;
    let tag = unhex(hex).ok_or(SignatureError::Malformed)?;
    let key = secret.expose().as_bytes();
    let fits = match method.to_ascii_lowercase().as_str() {
        "sha1" => fits::<Hmac<Sha1>>(key, body, &tag),
        "sha256" => fits::<Hmac<Sha256>>(key, body, &tag),
        "sha384" => fits::<Hmac<Sha384>>(key, body, &tag),
        "sha512" => fits::<Hmac<Sha512>>(key, body, &tag),
        _ => return Err(SignatureError::Method),
    };
    if fits {
        Ok(())
    } else {
        Err(SignatureError::Wrong)
    }
}

fn fits<M: Mac + KeyInit>(key: &[u8], body: &[u8], tag: &[u8]) -> bool {
    <M as KeyInit>::new_from_slice(key)
        .is_ok_and(|mac| mac.chain_update(body).verify_slice(tag).is_ok())
}

/// At most the 64 bytes of the longest method.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.is_empty() || digits.len() % 2 == 1 || digits.len() > 128 {
        return None;
    }
    let value = |digit: u8| char::from(digit).to_digit(16);
    digits
        .chunks_exact(2)
        .map(|pair| u8::try_from(value(pair[0])? * 16 + value(pair[1])?).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 2202 §3 and RFC 4231 §4.3, test case 2: key "Jefe".
    const BODY: &[u8] = b"what do ya want for nothing?";
    const SIGNED: [&str; 4] = [
        "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "sha384=af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        "sha512=164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
    ];

    fn jefe() -> Secret {
        Secret::new("Jefe".into())
    }

    #[test]
    fn every_method_of_the_recommendation_is_checked() {
        for signed in SIGNED {
            assert_eq!(verify(Some(signed), &jefe(), BODY), Ok(()), "{signed}");
            let upper = signed.to_ascii_uppercase();
            assert_eq!(verify(Some(&upper), &jefe(), BODY), Ok(()), "{upper}");
            let other = verify(Some(signed), &jefe(), b"something else");
            assert_eq!(other, Err(SignatureError::Wrong), "{signed}");
            let stranger = verify(Some(signed), &Secret::new("jefe".into()), BODY);
            assert_eq!(stranger, Err(SignatureError::Wrong), "{signed}");
        }
    }

    #[test]
    fn what_is_missing_short_or_of_another_method_is_refused() {
        let check = |header| verify(header, &jefe(), BODY);
        assert_eq!(check(None), Err(SignatureError::Missing));
        for malformed in ["", "sha1", "sha1=", "sha1=abc", "sha1=zz", "=", "sha1=ж1"] {
            assert_eq!(
                check(Some(malformed)),
                Err(SignatureError::Malformed),
                "{malformed}"
            );
        }
        assert_eq!(
            check(Some("md5=750c783e6ab0b503eaa86e310a5db738")),
            Err(SignatureError::Method)
        );
        let cut = &SIGNED[1][..SIGNED[1].len() - 2];
        assert_eq!(
            check(Some(cut)),
            Err(SignatureError::Wrong),
            "a prefix is not enough"
        );
        let swapped = SIGNED[0].replace("sha1", "sha256");
        assert_eq!(check(Some(&swapped)), Err(SignatureError::Wrong));
    }

    proptest! {
        #[test]
        fn no_header_of_a_stranger_passes(header in ".{0,160}", tag in "[0-9a-f]{40}") {
            prop_assert!(verify(Some(&header), &jefe(), BODY).is_err());
            let guess = format!("sha1={tag}");
            prop_assert!(verify(Some(&guess), &jefe(), BODY).is_err());
        }
    }
}
