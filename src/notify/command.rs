//! The command sink: a program of the owner's, run once for each attempt.
//!
//! The program is started without a shell, in a process group of its own and in the folder `/`. It reads the
//! alert from its standard input; its environment holds `PATH`, `HOME`, `LANG` and `TZ` as the daemon has them,
//! and `MENTIOND_ALERT_ID`, `MENTIOND_KIND` and `MENTIOND_SINK`.
//!
//! # Promises
//! - Nothing of an alert stands in the arguments or is read by a shell.
//! - What the program prints is read to its end, so that it is not held up, and little of it is kept.
//! - When the time is over, or the daemon stops, the program and all that it started in its group are killed.
//! - A program that does not read its input has not failed by that.

use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use std::os::unix::process::ExitStatusExt;
use std::pin::pin;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::circuit::Health;
use super::echo;
use super::format::message::Message;
use super::format::template::TemplateError;
use super::payload::Payload;
use super::voice::Voice;
use super::webhook::{Answer, Failure};
use crate::config::{CommandConfig, SinkConfig, SinkKind};
use crate::model::SinkId;
use crate::store::StoredAlert;

/// "Try again later", by the convention of sysexits.h.
const TEMPFAIL: i32 = 75;
/// How long a program that has ended may leave its output open to others.
const LINGER: Duration = Duration::from_secs(1);

/// A command made ready for alerts.
#[derive(Debug, Clone)]
pub struct Runner {
    sink: SinkId,
    config: CommandConfig,
    timeout: Duration,
    voice: Voice,
}

/// What came of running a command once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// What follows for the delivery.
    pub answer: Answer,
    /// The exit status, if it exited by itself.
    pub status: Option<i32>,
    /// From the start to the end.
    pub took: Duration,
    /// The beginning of what it printed, cleaned.
    pub output: Option<String>,
    /// The beginning of what it complained, cleaned.
    pub errors: Option<String>,
}

/// How a run ended.
enum End {
    Exited(ExitStatus),
    NotStarted(std::io::Error),
    TimedOut,
}

impl Runner {
    /// The runner of a command sink; `None` for a sink of another type.
    #[must_use]
    pub fn of(sink: &SinkConfig) -> Option<Self> {
        let SinkKind::Command(config) = &sink.kind else {
            return None;
        };
        Some(Self {
            sink: sink.id.clone(),
            config: config.clone(),
            timeout: sink.delivery.timeout,
            voice: sink.voice(),
        })
    }

    /// What the command reads.
    ///
    /// # Errors
    /// That the owner's template makes nothing of the alert.
    pub fn input(&self, alert: &StoredAlert) -> Result<String, TemplateError> {
        match &self.config.template {
            Some(template) => template.render(alert, &Message::of(alert, &self.voice)),
            // A line, for those who read lines.
            None => Ok(Payload::of(alert).to_json() + "\n"),
        }
    }

    /// The environment that it gets.
    #[must_use]
    pub fn environment(&self, alert: &StoredAlert) -> Vec<(String, String)> {
        let about = [
            ("MENTIOND_ALERT_ID", alert.id.as_str()),
            ("MENTIOND_KIND", Payload::of(alert).kind),
            ("MENTIOND_SINK", self.sink.as_str()),
        ];
        let about = about.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.config
            .environment
            .iter()
            .cloned()
            .chain(about)
            .collect()
    }

    /// Tells an alert once.
    pub async fn send(&self, alert: &StoredAlert) -> Answer {
        self.run(alert).await.answer
    }

    /// Tells an alert once, and says all that came of it.
    pub async fn run(&self, alert: &StoredAlert) -> Ran {
        let began = Instant::now();
        let (output, errors) = (Kept::default(), Kept::default());
        let end = match self.input(alert) {
            Ok(input) => self.attempt(alert, &input, &output, &errors).await,
            Err(error) => {
                return Ran {
                    answer: Answer::Failed(Failure::untold(&error)),
                    status: None,
                    took: began.elapsed(),
                    output: None,
                    errors: None,
                };
            }
        };
        let (output, errors) = (output.cleaned(), errors.cleaned());
        let (error, health) = match &end {
            End::NotStarted(error) => (
                format!("can't start {}: {error}", self.config.program.display()),
                Health::Down,
            ),
            End::TimedOut => (
                format!(
                    "the command did not end within {:?} and was killed",
                    self.timeout
                ),
                Health::Down,
            ),
            End::Exited(status) => match (status.code(), status.signal()) {
                (Some(TEMPFAIL), _) => (
                    format!("the command exited with status {TEMPFAIL}, try again later"),
                    Health::Down,
                ),
                (Some(code), _) => (format!("the command exited with status {code}"), Health::Up),
                (None, signal) => (
                    format!(
                        "the command was ended by signal {}",
                        signal.unwrap_or_default()
                    ),
                    Health::Down,
                ),
            },
        };
        let status = match end {
            End::Exited(status) => status.code(),
            _ => None,
        };
        let answer = if status == Some(0) {
            Answer::Received
        } else {
            Answer::Failed(Failure {
                error,
                retry_after: None,
                // A complaint says more than what was printed before it.
                response: errors.clone().or_else(|| output.clone()),
                health,
            })
        };
        Ran {
            answer,
            status,
            took: began.elapsed(),
            output,
            errors,
        }
    }

    async fn attempt(&self, alert: &StoredAlert, input: &str, output: &Kept, errors: &Kept) -> End {
        let started = Command::new(&self.config.program)
            .args(&self.config.arguments)
            .env_clear()
            .envs(self.environment(alert))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) => return End::NotStarted(error),
        };
        // Dropped before the child, so that the group is killed while its number is still taken.
        let mut group = Group::of(&child);
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let feeding = async {
            if let Some(mut stdin) = stdin {
                // Whoever closes its input has read enough.
                let _ = stdin.write_all(input.as_bytes()).await;
            }
        };
        let mut talk = pin!(async {
            tokio::join!(feeding, output.read(stdout), errors.read(stderr));
        });
        let mut is_silent = false;
        let ended = timeout(self.timeout, async {
            loop {
                tokio::select! {
                    ended = child.wait() => return ended,
                    () = &mut talk, if !is_silent => is_silent = true,
                }
            }
        });
        match ended.await {
            Ok(Ok(status)) => {
                group.forget();
                if !is_silent {
                    // What it left running may hold its output open for ever.
                    let _ = timeout(LINGER, talk).await;
                }
                End::Exited(status)
            }
            Ok(Err(error)) => End::NotStarted(error),
            Err(_) => {
                group.kill();
                let _ = timeout(LINGER, child.wait()).await;
                End::TimedOut
            }
        }
    }
}

/// The process group of a child that has not been waited for. Killed when dropped.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let number = child.id().and_then(|id| i32::try_from(id).ok());
        Self(number.and_then(Pid::from_raw))
    }

    fn kill(&mut self) {
        if let Some(group) = self.0.take() {
            // It may have ended by now.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    fn forget(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The beginning of what a program prints.
#[derive(Default)]
struct Kept(Mutex<Vec<u8>>);

impl Kept {
    /// Reads to the end and keeps the beginning.
    async fn read(&self, stream: Option<impl AsyncRead + Unpin>) {
        let Some(mut stream) = stream else {
            return;
        };
        let mut part = [0; 4096];
        while let Ok(read) = stream.read(&mut part).await {
            if read == 0 {
                return;
            }
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let room = (echo::READ + 1).saturating_sub(kept.len());
            kept.extend_from_slice(&part[..read.min(room)]);
        }
    }

    fn cleaned(&self) -> Option<String> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = kept.get(..echo::READ).unwrap_or(&kept);
        echo::clean(shown, kept.len() > echo::READ, &[])
    }
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
