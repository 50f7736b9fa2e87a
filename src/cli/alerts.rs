//! `mentiond alerts`: what was told, to whom, and what could not be.

use std::process::ExitCode;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::mentions::{at_least_one, since};
use super::output::{complain, count, printable, relative, scored};
use super::route::{self, RouteArgs};
use super::troubled::Troubled;
use super::{CliError, Context, names, runtime};
use crate::config::Config;
use crate::model::{AlertKind, Timestamp};
use crate::pace::{Bundle, Reason};
use crate::store::{AlertFilter, AlertRow, Store};

/// List alerts and their deliveries; retry, drop or resume; explain routes.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct AlertsArgs {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List alerts with their deliveries, newest first (the default).
    List(ListArgs),
    /// Make dead letters wait for delivery again, under the same ids: one alert's, a sink's, or all.
    Retry(RetryArgs),
    /// Give up deliveries that wait or are dead letters, of alerts, a sink, or all; they stay on record with
    /// the reason.
    Drop(DropArgs),
    /// Let a sink go on that was stopped by 410 Gone, or try one again that is paused.
    Resume {
        /// The sink's id.
        sink: String,
    },
    /// Say which sinks would get an alert, and why.
    Route(RouteArgs),
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Only this topic.
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// Only deliveries in this state.
    #[arg(long, value_enum)]
    state: Option<State>,
    /// Only deliveries to this sink.
    #[arg(long, value_name = "SINK")]
    sink: Option<String>,
    /// Only alerts that were told in this digest.
    #[arg(long, value_name = "ALERT")]
    digest: Option<String>,
    /// Only alerts created within this time (`24h`), or since this date (UTC) or instant (RFC 3339).
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = at_least_one)]
    limit: usize,
    /// Print one JSON object a line and delivery.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    Held,
    Waiting,
    Delivered,
    Gathered,
    Dead,
    Dropped,
    Silenced,
}

#[derive(Debug, Args)]
#[command(group(
    ArgGroup::new("which")
        .args(["alert", "sink", "all"])
        .required(true)
        .multiple(true)
))]
struct RetryArgs {
    /// Only this alert, be it that it was dropped.
    #[arg(value_name = "ALERT")]
    alert: Option<String>,
    /// Only dead letters of this sink.
    #[arg(long, value_name = "SINK")]
    sink: Option<String>,
    /// All dead letters.
    #[arg(long, conflicts_with_all = ["alert", "sink"])]
    all: bool,
}

#[derive(Debug, Args)]
#[command(group(
    ArgGroup::new("which")
        .args(["ids", "sink", "all"])
        .required(true)
        .multiple(true)
))]
struct DropArgs {
    /// Only this alert; may be given more than once.
    #[arg(long = "id", value_name = "ALERT")]
    ids: Vec<String>,
    /// Only deliveries to this sink.
    #[arg(long, value_name = "SINK")]
    sink: Option<String>,
    /// All that wait or are dead letters.
    #[arg(long, conflicts_with_all = ["ids", "sink"])]
    all: bool,
    /// Why, for the record.
    #[arg(long, default_value = "dropped by hand", value_name = "TEXT")]
    reason: String,
}

pub fn run(context: &Context, args: &AlertsArgs) -> Result<ExitCode, CliError> {
    let config = context.load_without_secrets()?;
    match &args.action {
        None => list(context, &args.list, &config),
        Some(Action::List(args)) => list(context, args, &config),
        Some(Action::Route(args)) => route::run(context, args, &config),
        Some(Action::Retry(args)) => {
            let store = Store::open_beside(&config.database)?;
            let runtime = runtime()?;
            runtime.block_on(check_alerts(&store, args.alert.as_slice()))?;
            let revived = runtime.block_on(store.retry_dead(
                args.alert.clone(),
                args.sink.clone(),
                Timestamp::now(),
            ))?;
            store.close();
            if revived == 0 {
                names::check_sink(&config, args.sink.as_deref())?;
                context.out.line("no dead letters: nothing to retry")?;
                return Ok(ExitCode::SUCCESS);
            }
            context.out.line(format!(
                "{} will be delivered by the running daemon, or by `mentiond poll`",
                count(revived, "dead letter")
            ))?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Action::Drop(args)) => {
            let store = Store::open_beside(&config.database)?;
            let runtime = runtime()?;
            runtime.block_on(check_alerts(&store, &args.ids))?;
            let dropped = runtime.block_on(store.drop_deliveries(
                args.ids.clone(),
                args.sink.clone(),
                args.reason.chars().take(500).collect(),
                Timestamp::now(),
            ))?;
            store.close();
            if dropped == 0 {
                names::check_sink(&config, args.sink.as_deref())?;
            }
            let what = if dropped == 1 {
                "delivery"
            } else {
                "deliveries"
            };
            context.out.line(format!("{dropped} {what} dropped"))?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Action::Resume { sink }) => {
            let store = Store::open_beside(&config.database)?;
            let resumed = runtime()?.block_on(store.resume_sink(sink.clone()))?;
            store.close();
            if !resumed {
                names::check_sink(&config, Some(sink))?;
                return Err(CliError::Usage(format!(
                    "the sink `{sink}` is neither stopped nor paused"
                )));
            }
            context.out.line(format!("sink {sink} goes on"))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Nothing when there are alerts with all of these ids. One that can't be read is there too.
async fn check_alerts(store: &Store, ids: &[String]) -> Result<(), CliError> {
    for id in ids {
        if let Ok(None) = store.alert(id.clone()).await {
            return Err(CliError::Failed(format!(
                "there is no alert with the id `{}`; `mentiond alerts` lists those there are",
                printable(id)
            )));
        }
    }
    Ok(())
}

fn list(context: &Context, args: &ListArgs, config: &Config) -> Result<ExitCode, CliError> {
    let filter = AlertFilter {
        topic: args.topic.clone(),
        state: args.state.map(|state| {
            match state {
                State::Held => "held",
                State::Waiting => "waiting",
                State::Delivered => "delivered",
                State::Gathered => "gathered",
                State::Dead => "dead",
                State::Dropped => "dropped",
                State::Silenced => "silenced",
            }
            .to_owned()
        }),
        sink: args.sink.clone(),
        digest: args.digest.clone(),
        since: since(args.since.as_deref())?,
        limit: args.limit,
    };
    let store = Store::open_read_only(&config.database)?;
    let runtime = runtime()?;
    let alerts = runtime.block_on(store.alerts(filter))?;
    if alerts.is_empty() {
        runtime.block_on(names::check_past_topic(
            config,
            &store,
            args.topic.as_deref(),
        ))?;
        names::check_sink(config, args.sink.as_deref())?;
        runtime.block_on(check_alerts(&store, args.digest.as_slice()))?;
    }
    let out = &context.out;
    if args.json {
        alerts.iter().try_for_each(|alert| out.json(alert))?;
        return Ok(ExitCode::SUCCESS);
    }
    let counts = runtime.block_on(store.outbox_counts())?;
    out.line(format!(
        "deliveries: {} held, {} waiting, {} delivered, {} gathered in digests, {} dead, {} dropped, \
         {} silenced",
        counts.held,
        counts.waiting,
        counts.delivered,
        counts.gathered,
        counts.dead,
        counts.dropped,
        counts.silenced
    ))?;
    let now = Timestamp::now();
    let troubled = runtime.block_on(Troubled::read(&store))?;
    troubled.lines(now).iter().try_for_each(|l| out.line(l))?;
    for alert in &alerts {
        let about = match alert.topic.as_deref() {
            Some(topic) => topic,
            None if alert.kind == AlertKind::Digest.as_str() => "digest",
            None => "feed",
        };
        let delivery = match (&alert.sink, alert.state.as_deref()) {
            (Some(sink), Some("waiting")) => {
                let waiting = troubled.waiting(sink, alert.attempts, alert.next_attempt, now);
                format!("{sink}: {waiting}")
            }
            (Some(sink), Some("held")) => format!("{sink}: {}", held(alert, now)),
            (Some(sink), Some("gathered")) => match &alert.digest {
                Some(digest) => format!("{sink}: in digest {digest}"),
                None => format!("{sink}: in a digest"),
            },
            (Some(sink), Some("silenced")) => match alert.silence {
                Some(silence) => format!("{sink}: silenced by silence {silence}"),
                None => format!("{sink}: silenced"),
            },
            (Some(sink), state) => format!("{sink}: {}", state.unwrap_or_default()),
            (None, _) => "no sink wants it".to_owned(),
        };
        out.line(format!(
            "{}  {}  {}{} | {delivery} | {}",
            alert.created,
            out.strong(about),
            printable(&alert.title),
            scored(alert.score),
            alert.id
        ))?;
        let told = [&alert.drop_reason, &alert.error, &alert.response];
        for text in told.into_iter().flatten() {
            out.line(format!("    {}", printable(text)))?;
        }
    }
    if alerts.is_empty() {
        complain("no alerts");
    }
    Ok(ExitCode::SUCCESS)
}

/// Why an alert is held back, and until when.
fn held(alert: &AlertRow, now: Timestamp) -> String {
    let Some(bundle) = &alert.bundle else {
        return "held, not yet planned".to_owned();
    };
    let why = match Bundle::of_key(bundle).reason() {
        Reason::Group => "for its group",
        Reason::Schedule => "for the next digest",
        Reason::QuietHours => "in quiet hours",
        Reason::RateLimit => "by the rate limit",
    };
    let until = alert.next_attempt.map(|at| relative(at, now));
    format!("held {why}, told {}", until.unwrap_or_default())
}
