//! Reading a receiver's answer: taken, gone, or to be tried again, and when.
//!
//! Status codes decide; where a receiver's document says so, its body does too. What a body says of a
//! failure is shortened and tamed; it may still repeat parts of the request, so whoever shows it takes
//! secrets out first.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::super::webhook::{Answer, Failure, health};
use super::Format;
use super::text::{fit, tame, units};
use crate::fetch;

/// How much of a receiver's own words is kept.
const WORDS: usize = 200;

/// Whether the body of an answer with this status matters.
#[must_use]
pub fn reads_body(format: &Format, status: StatusCode) -> bool {
    match format {
        Format::Standard | Format::CloudEvents | Format::Template(_) => false,
        Format::Telegram { .. } | Format::Matrix { .. } | Format::Teams => true,
        _ => !status.is_success(),
    }
}

/// What an answer means for the delivery. `body` is its beginning, empty where it does not matter.
#[must_use]
pub fn verdict(
    format: &Format,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    now: SystemTime,
) -> Answer {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let taken = status.is_success()
        && match format {
            // Documented to say so; any other page with 200 is not Telegram's or Matrix's.
            Format::Telegram { .. } => json["ok"] == true,
            Format::Matrix { .. } => json["event_id"].is_string(),
            // It answers 200 and tells in words that Teams refused the message.
            Format::Teams => !contains(body, "Microsoft Teams endpoint returned HTTP error"),
            _ => true,
        };
    if taken {
        return Answer::Received;
    }
    if status == StatusCode::GONE {
        return Answer::Gone;
    }
    let words = words(format, &json, body);
    let advice = match status.as_u16() {
        300..=399 => "; webhooks are not redirected: use the final URL",
        401 | 403 if format.is_for_programs() => {
            "; check the receiver's authentication and the signing secret"
        }
        401 | 403 => "; check the URL and the token",
        404 => "; check the webhook's URL",
        _ => "",
    };
    let said = if words.is_empty() {
        String::new()
    } else {
        format!(" ({words})")
    };
    let header = fetch::Hints::read(headers, now).retry_after;
    // Of two waits the longer one is safe.
    let retry_after = header.max(wait(format, &json));
    Answer::Failed(Failure {
        error: format!("the receiver answered {status}{said}{advice}"),
        retry_after,
        response: None,
        health: health(status.as_u16(), retry_after),
    })
}

/// The wait that a body asks for.
fn wait(format: &Format, json: &Value) -> Option<Duration> {
    let seconds = match format {
        Format::Telegram { .. } => json["parameters"]["retry_after"].as_f64(),
        Format::Discord => json["retry_after"].as_f64(),
        Format::Matrix { .. } => json["retry_after_ms"].as_f64().map(|ms| ms / 1000.0),
        _ => None,
    }?;
    // Nobody means more than a year; `retry` believes a day.
    Duration::try_from_secs_f64(seconds.clamp(0.0, 31_536_000.0)).ok()
}

/// What the receiver says went wrong.
fn words(format: &Format, json: &Value, body: &[u8]) -> String {
    let said = match format {
        Format::Standard | Format::CloudEvents | Format::Template(_) => None,
        Format::Telegram { .. } => json["description"].as_str(),
        Format::Discord | Format::Mattermost => json["message"].as_str(),
        Format::Matrix { .. } | Format::Ntfy { .. } => json["error"].as_str(),
        // One word such as `invalid_payload`.
        Format::Slack => std::str::from_utf8(body).ok(),
        Format::Teams => json["error"]["message"]
            .as_str()
            .or_else(|| std::str::from_utf8(body).ok()),
    };
    let said = said.unwrap_or_default();
    if said.trim_start().starts_with('<') {
        // A page, not an answer.
        return String::new();
    }
    fit(&tame(said), WORDS, units)
}

fn contains(body: &[u8], words: &str) -> bool {
    body.windows(words.len())
        .any(|part| part == words.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::super::circuit::Health;
    use super::*;
    use crate::model::Secret;

    fn telegram() -> Format {
        Format::Telegram {
            chat_id: "1".into(),
            token: Secret::new("t".into()),
        }
    }

    fn matrix() -> Format {
        Format::Matrix {
            room: "!r:example.org".into(),
            token: Secret::new("t".into()),
        }
    }

    fn judged(format: &Format, status: u16, body: &str) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        let headers = HeaderMap::new();
        let now = SystemTime::UNIX_EPOCH;
        match verdict(format, status, &headers, body.as_bytes(), now) {
            // What it says of the receiver follows from the status alone.
            Answer::Failed(failure) => Answer::Failed(Failure {
                health: Health::Unknown,
                ..failure
            }),
            other => other,
        }
    }

    fn failed(error: &str, seconds: Option<f64>) -> Answer {
        Answer::Failed(Failure {
            error: error.to_owned(),
            retry_after: seconds.map(Duration::from_secs_f64),
            response: None,
            health: Health::Unknown,
        })
    }

    #[test]
    fn each_receiver_says_yes_in_its_own_way() {
        for (format, status, body) in [
            (Format::Standard, 202, ""),
            (Format::CloudEvents, 200, ""),
            (Format::Slack, 200, "ok"),
            (Format::Discord, 204, ""),
            (Format::Teams, 202, ""),
            (telegram(), 200, r#"{"ok":true,"result":{}}"#),
            (Format::Ntfy { token: None }, 200, "{}"),
            (matrix(), 200, r#"{"event_id":"$x"}"#),
            (Format::Mattermost, 200, "ok"),
        ] {
            assert_eq!(
                judged(&format, status, body),
                Answer::Received,
                "{format:?}"
            );
        }
    }

    #[test]
    fn a_stranger_who_answers_200_is_not_the_receiver() {
        for format in [telegram(), matrix()] {
            let answer = judged(&format, 200, "<html>Log in to this network</html>");
            assert_eq!(answer, failed("the receiver answered 200 OK", None));
        }
        let refused = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 413";
        assert!(matches!(
            judged(&Format::Teams, 200, refused),
            Answer::Failed(_)
        ));
    }

    #[test]
    fn waits_are_read_from_the_body_where_they_stand_there() {
        assert_eq!(
            judged(
                &telegram(),
                429,
                r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 35","parameters":{"retry_after":35}}"#
            ),
            failed(
                "the receiver answered 429 Too Many Requests (Too Many Requests: retry after 35)",
                Some(35.0)
            )
        );
        assert_eq!(
            judged(
                &Format::Discord,
                429,
                r#"{"message":"You are being rate limited.","retry_after":64.57,"global":false}"#
            ),
            failed(
                "the receiver answered 429 Too Many Requests (You are being rate limited.)",
                Some(64.57)
            )
        );
        assert_eq!(
            judged(
                &matrix(),
                429,
                r#"{"errcode":"M_LIMIT_EXCEEDED","error":"Too many requests","retry_after_ms":2000}"#
            ),
            failed(
                "the receiver answered 429 Too Many Requests (Too many requests)",
                Some(2.0)
            )
        );
        let nonsense = judged(&Format::Discord, 429, r#"{"retry_after":-1e308}"#);
        assert_eq!(
            nonsense,
            failed("the receiver answered 429 Too Many Requests", Some(0.0))
        );
    }

    #[test]
    fn the_longer_of_two_waits_counts() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "65".parse().unwrap());
        let status = StatusCode::TOO_MANY_REQUESTS;
        let answer = verdict(
            &Format::Discord,
            status,
            &headers,
            br#"{"retry_after":64.57}"#,
            SystemTime::UNIX_EPOCH,
        );
        let Answer::Failed(failure) = answer else {
            panic!("{answer:?}");
        };
        let wait = Duration::from_secs(65);
        assert_eq!(failure.retry_after, Some(wait));
        assert_eq!(failure.health, Health::Busy(wait));
    }

    #[test]
    fn a_receivers_words_are_told_on_one_line() {
        assert_eq!(
            judged(&Format::Slack, 400, "invalid_payload\u{1b}[31m\n"),
            failed(
                "the receiver answered 400 Bad Request (invalid_payload [31m)",
                None
            )
        );
        assert_eq!(
            judged(&Format::Slack, 410, "channel_is_archived"),
            Answer::Gone
        );
        assert_eq!(
            judged(&Format::Standard, 403, "anything"),
            failed(
                "the receiver answered 403 Forbidden; check the receiver's authentication and the signing secret",
                None
            )
        );
    }
}
