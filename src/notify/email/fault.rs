//! What goes wrong with a mail, and what that says of the server. Pure.
//!
//! A refusal for good (5xx) of the recipients or of the mail is about that mail: the server is up. All
//! else is about the server: no connection, no TLS, a refused login or sender, which hold for every mail,
//! and any "not now" (4xx). So a wrong password pauses the sink, and what waits meanwhile loses no attempts.

use std::error::Error as _;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::Response;

use crate::fetch::AddressError;
use crate::notify::circuit::Health;
use crate::notify::echo;
use crate::notify::format::text::{fit, tame, units};
use crate::notify::webhook::Failure;

/// How much of an answer stands in an error.
const SHOWN: usize = 200;

/// The steps of handing a mail over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Greeting,
    StartTls,
    Login,
    Sender,
    Recipients,
    Mail,
}

impl Step {
    fn what(self) -> &'static str {
        match self {
            Self::Greeting => "us",
            Self::StartTls => "STARTTLS",
            Self::Login => "the login",
            Self::Sender => "the sender",
            Self::Recipients => "the recipients",
            Self::Mail => "the mail",
        }
    }
}

/// An answer of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) text: String,
}

impl Reply {
    pub(super) fn of(response: &Response) -> Self {
        Self {
            code: response.code().to_string().parse().unwrap_or(0),
            text: response.message().collect::<Vec<_>>().join(" "),
        }
    }

    /// Whether it refuses for good.
    pub(super) fn is_final(&self) -> bool {
        self.code >= 500
    }
}

/// Why a mail was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The server's name leads to this address, which is not allowed.
    Private(IpAddr),
    /// No connection.
    Connect(String),
    /// No encrypted connection.
    Tls(String),
    /// An answer that says no.
    Refused(Step, Reply),
    /// An answer that is none, or none.
    Protocol(String),
    /// Nothing within this time.
    Late(Duration),
    /// The mail can't be put together.
    Draft(String),
}

impl Fault {
    /// What lettre says of a step.
    pub(super) fn of(step: Step, error: &Error) -> Self {
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        match error.status() {
            Some(code) => {
                let code = code.to_string().parse().unwrap_or(0);
                Self::Refused(step, Reply { code, text: cause })
            }
            None if cause.is_empty() => Self::Protocol(error.to_string()),
            None => Self::Protocol(cause),
        }
    }

    /// What it means for the delivery; no secret is left in its words.
    pub(super) fn into_failure(self, secrets: &[String]) -> Failure {
        let clean = |text: &str| echo::clean(text.as_bytes(), false, secrets).unwrap_or_default();
        let short = |text: &str| fit(&tame(&clean(text)), SHOWN, units);
        let mut response = None;
        let (error, health) = match self {
            Self::Private(address) => {
                let error = format!(
                    "the server's name leads to {address} only, which is not public; \
                     set the sink's `allow_private` if it is meant"
                );
                (error, Health::Down)
            }
            Self::Connect(why) => (format!("can't connect: {}", short(&why)), Health::Down),
            Self::Tls(why) => (
                format!("no encrypted connection: {}", short(&why)),
                Health::Down,
            ),
            Self::Protocol(why) => (
                format!("the exchange broke off: {}", short(&why)),
                Health::Down,
            ),
            Self::Late(limit) => (format!("no answer within {limit:?}"), Health::Down),
            Self::Draft(why) => (format!("the mail can't be put together: {why}"), Health::Up),
            Self::Refused(step, reply) => {
                response = Some(clean(&reply.text)).filter(|text| !text.is_empty());
                let health = match step {
                    Step::Recipients | Step::Mail if reply.is_final() => Health::Up,
                    _ => Health::Down,
                };
                let text = short(&reply.text);
                let error = format!("the server refused {}: {} {text}", step.what(), reply.code);
                (error.trim_end().to_owned(), health)
            }
        };
        Failure {
            error,
            retry_after: None,
            response,
            health,
        }
    }
}

impl From<AddressError> for Fault {
    fn from(error: AddressError) -> Self {
        match error {
            AddressError::Refused(address) => Self::Private(address),
            AddressError::Unknown(why) => Self::Connect(why),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Connect(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_a_mail_are_told_from_trouble_of_the_server() {
        let health = |step, code| {
            let text = "5.7.1 no\r\n\u{1b}[31m hush aHVzaA==".to_owned();
            let fault = Fault::Refused(step, Reply { code, text });
            let secrets = ["aHVzaA==".to_owned(), "hush".to_owned()];
            let failure = fault.into_failure(&secrets);
            let told = format!("{failure:?}");
            assert!(!told.contains("hush") && !told.contains("aHVz"), "{told}");
            assert!(
                failure
                    .error
                    .contains(&format!("{code} 5.7.1 no [31m [secret]")),
                "{told}"
            );
            failure.health
        };
        for (step, code) in [
            (Step::Recipients, 550),
            (Step::Mail, 552),
            (Step::Mail, 554),
        ] {
            assert_eq!(health(step, code), Health::Up);
        }
        for (step, code) in [
            (Step::Greeting, 554),
            (Step::StartTls, 454),
            (Step::Login, 535),
            (Step::Sender, 553),
            (Step::Recipients, 450),
            (Step::Mail, 451),
            (Step::Mail, 421),
        ] {
            assert_eq!(health(step, code), Health::Down, "{step:?} {code}");
        }
        let private = Fault::Private([10, 0, 0, 1].into()).into_failure(&[]);
        assert!(private.error.contains("10.0.0.1") && private.error.contains("allow_private"));
    }
}
