//! `mentiond doctor`: whether all is well with the configuration, the database and the machine.
//!
//! Each check is one line with its state and, where something is wrong, what to do. Nothing is changed
//! without `--repair`, and nothing but what can be made again from what is there then: counts and the index
//! of the search. It never asks a server for anything: `feeds check` and `sinks test` do.

mod machine;
mod names;
mod outbox;
mod rows;

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::output::printable;
use super::{CliError, Context, runtime};
use crate::config::Config;
use crate::model::Timestamp;
use crate::store::Store;

/// Check configuration, database and machine, and say what to do where something is wrong.
///
/// Reads only, and works while the daemon runs.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mentiond doctor
  mentiond doctor --deep --json

Exit codes: 0 no errors (there may be warnings), 1 errors, 2 bad usage.")]
pub struct DoctorArgs {
    /// Also compare every index of the database with its table.
    #[arg(long)]
    deep: bool,
    /// Make wrong counts and a search index that lacks entries anew. The daemon must not run.
    #[arg(long)]
    repair: bool,
    /// Print one JSON object a line and check.
    #[arg(long)]
    json: bool,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warning,
    Error,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    check: &'static str,
    state: State,
    /// What was found.
    text: String,
    /// What to do.
    advice: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, text: impl Into<String>) -> Self {
        Self::new(check, State::Ok, text, None)
    }

    fn warning(check: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(check, State::Warning, text, Some(advice.into()))
    }

    fn error(check: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(check, State::Error, text, Some(advice.into()))
    }

    fn new(
        check: &'static str,
        state: State,
        text: impl Into<String>,
        advice: Option<String>,
    ) -> Self {
        let text = text.into();
        Self {
            check,
            state,
            text,
            advice,
        }
    }
}

/// Prints findings as they come, and remembers the worst.
struct Report<'a> {
    context: &'a Context,
    is_json: bool,
    worst: State,
    counts: [usize; 3],
}

impl Report<'_> {
    fn tell(&mut self, finding: &Finding) -> Result<(), CliError> {
        self.worst = self.worst.max(finding.state);
        self.counts[finding.state as usize] += 1;
        let out = &self.context.out;
        if self.is_json {
            return out.json(finding);
        }
        let state = match finding.state {
            State::Ok => "ok     ".to_owned(),
            State::Warning => out.strong("warning"),
            State::Error => out.strong("ERROR  "),
        };
        let text = printable(&finding.text);
        out.line(format!("{state}  {:<13}  {text}", finding.check))?;
        if let Some(advice) = &finding.advice {
            out.line(format!("{:24}{}", "", printable(advice)))?;
        }
        Ok(())
    }

    fn tell_all(&mut self, findings: impl IntoIterator<Item = Finding>) -> Result<(), CliError> {
        findings.into_iter().try_for_each(|f| self.tell(&f))
    }

    fn end(&self) -> Result<ExitCode, CliError> {
        if !self.is_json {
            let [ok, warnings, errors] = self.counts;
            let warnings = super::output::count(warnings, "warning");
            let errors = super::output::count(errors, "error");
            let line = format!("{ok} ok, {warnings}, {errors}");
            self.context.out.line(line)?;
        }
        Ok(ExitCode::from(u8::from(self.worst == State::Error)))
    }
}

/// What the checks of the database go by.
struct Patient<'a> {
    config: &'a Config,
    store: &'a Store,
    now: Timestamp,
    deep: bool,
    repair: bool,
}

pub fn run(context: &Context, args: &DoctorArgs) -> Result<ExitCode, CliError> {
    let mut report = Report {
        context,
        is_json: args.json,
        worst: State::Ok,
        counts: [0; 3],
    };
    let config = match machine::configuration(context) {
        Ok((config, finding)) => {
            report.tell(&finding)?;
            config
        }
        Err(findings) => {
            report.tell_all(findings)?;
            return report.end();
        }
    };
    let now = Timestamp::now();
    report.tell(&machine::clock(now))?;
    let file = config.database.file();
    if let Some(file) = file
        && let Some(empty) = rows::empty(file)
    {
        report.tell(&empty)?;
        report.tell_all(machine::files(file))?;
        return report.end();
    }
    let store = if args.repair {
        Store::open_alone(&config.database)
    } else {
        Store::open_read_only(&config.database)
    };
    let (store, finding) = rows::opened(&config.database, store);
    report.tell(&finding)?;
    if let Some(file) = file {
        report.tell_all(machine::files(file))?;
    }
    let Some(store) = store else {
        return report.end();
    };
    let patient = Patient {
        config: &config,
        store: &store,
        now,
        deep: args.deep,
        repair: args.repair,
    };
    runtime()?.block_on(async {
        // A server's files are its owner's matter.
        if file.is_some() {
            let is_whole = rows::file(&patient).await?;
            let can_go_on = is_whole.state != State::Error;
            report.tell(&is_whole)?;
            // In a damaged file every answer may be wrong, and nothing must be made anew from it.
            if !can_go_on {
                return Ok(());
            }
        }
        report.tell(&rows::times(&patient).await?)?;
        report.tell(&rows::orphans(&patient).await?)?;
        report.tell(&rows::counts(&patient).await?)?;
        report.tell(&rows::index(&patient).await?)?;
        report.tell_all(names::unconfigured(&patient).await?)?;
        report.tell_all(outbox::deliveries(&patient).await?)
    })?;
    store.close();
    report.end()
}
