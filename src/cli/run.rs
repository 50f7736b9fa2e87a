//! `mentiond run`: the service.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tracing::{error, info, warn};

use super::terminal::Terminal;
use super::traces::Traces;
use super::{CliError, Context, runtime};
use crate::config::{self, Environment};
use crate::daemon::{self, Asked, Command, Engine, Event, Live};
use crate::notify::Settled;
use crate::store::Store;

/// Run as a service: poll feeds when they are due, deliver alerts, until stopped.
///
/// SIGTERM and SIGINT stop it after what is under way (at most `shutdown_timeout`), SIGHUP reloads
/// the configuration. Alerts of log sinks go to standard output, the log to standard error. Under
/// systemd it is a service of Type=notify.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 stopped by a signal, 1 failed, 2 bad configuration.")]
pub struct RunArgs {}

pub fn run(context: &Context, _: &RunArgs) -> Result<ExitCode, CliError> {
    let runtime = runtime()?;
    // Before anything else: a stop that comes while the database is still being opened is kept
    // until the daemon can obey it, instead of killing the process.
    let signals = {
        let _inside = runtime.enter();
        Signals::register()?
    };
    let config = context.load()?;
    let terminal = Terminal::default();
    let traces = Traces::new(runtime.handle())?;
    terminal.log_and(&config.log.level, config.log.format, traces.layer())?;
    traces.announce();
    let path = config.path.clone();
    let live = Live::new(config)?;
    let store = Store::open(&live.config.database)?;
    info!(
        version = super::VERSION,
        feeds = live.config.feeds.len(),
        topics = live.config.topics.len(),
        sinks = live.config.sinks.len(),
        database = %live.config.database,
        "starting"
    );
    let engine = Engine::new(store, live);
    let environment = context.environment.clone();
    let result = runtime.block_on(serve(&engine, &terminal, signals, path, environment));
    terminal.end();
    traces.end();
    // Look-ups of names may still hang in the system; they are not waited for.
    runtime.shutdown_timeout(Duration::from_millis(200));
    if let Some(engine) = Arc::into_inner(engine) {
        engine.close();
    }
    result?;
    info!("stopped");
    Ok(ExitCode::SUCCESS)
}

async fn serve(
    engine: &Arc<Engine>,
    terminal: &Terminal,
    signals: Signals,
    path: PathBuf,
    environment: Environment,
) -> Result<(), CliError> {
    let (commands, received) = mpsc::channel(4);
    let (ask, asked) = mpsc::channel(1);
    let listener = tokio::spawn(signals.listen(commands, asked, path, environment));
    let line = terminal
        .status_line()
        .map(|bar| tokio::spawn(show_status(engine.clone(), bar)));
    let watchdog = sd_notify::watchdog_enabled().is_some();
    let settled = Arc::new(Settled::default());
    let result = daemon::run(
        engine,
        terminal.printer(),
        settled,
        received,
        |event| match event {
            Event::Ready => {
                info!("ready");
                systemd(&[NotifyState::Ready, NotifyState::Status("watching feeds")]);
            }
            Event::Reloaded => systemd(&[NotifyState::Ready]),
            Event::Stopping => {
                info!("stopping");
                systemd(&[NotifyState::Stopping]);
            }
            Event::ReloadAsked => {
                info!("another worker asks for a reload");
                // One that waits to be done will do.
                let _ = ask.try_send(());
            }
            Event::Alive if watchdog => systemd(&[NotifyState::Watchdog]),
            Event::Alive => {}
        },
    )
    .await;
    listener.abort();
    if let Some(line) = line {
        line.abort();
        let _ = line.await;
    }
    let _ = listener.await;
    Ok(result?)
}

/// Tells systemd, if it listens.
fn systemd(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!("can't notify systemd: {error}");
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Takes the signals over from the system's defaults. Needs the runtime's context.
    fn register() -> Result<Self, CliError> {
        let on =
            |kind| signal(kind).map_err(|e| CliError::Failed(format!("can't handle signals: {e}")));
        Ok(Self {
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
            hang_up: on(SignalKind::hangup())?,
        })
    }

    async fn listen(
        mut self,
        commands: mpsc::Sender<Command>,
        mut asked: mpsc::Receiver<()>,
        path: PathBuf,
        environment: Environment,
    ) {
        loop {
            let by = tokio::select! {
                _ = self.terminate.recv() => break,
                _ = self.interrupt.recv() => break,
                _ = self.hang_up.recv() => Asked::Here,
                Some(()) = asked.recv() => Asked::Elsewhere,
            };
            info!("reloading the configuration");
            match NotifyState::monotonic_usec_now() {
                Ok(now) => systemd(&[NotifyState::Reloading, now]),
                Err(error) => warn!("no monotonic clock: {error}"),
            }
            let (path, environment) = (path.clone(), environment.clone());
            let read = move || config::load(&path, &environment);
            match tokio::task::spawn_blocking(read).await {
                Ok(Ok(config)) => {
                    config
                        .warnings
                        .iter()
                        .for_each(|warning| warn!("{warning}"));
                    if commands
                        .send(Command::Reload(Box::new(config), by))
                        .await
                        .is_err()
                    {
                        return;
                    }
                }
                Ok(Err(error)) => {
                    for problem in &error.problems {
                        error!("{problem}");
                    }
                    error!(
                        "reload refused: the configuration has problems, the old one stays in force"
                    );
                    systemd(&[NotifyState::Ready]);
                }
                Err(panic) => {
                    error!("reload broke off: {panic}");
                    systemd(&[NotifyState::Ready]);
                }
            }
        }
        let _ = commands.send(Command::Stop).await;
        // A second signal means: now.
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        warn!("stopped at once; what was under way will be repeated");
        std::process::exit(1);
    }
}

/// Keeps the status line up to date.
async fn show_status(engine: Arc<Engine>, bar: indicatif::ProgressBar) {
    let mut waiting = 0;
    loop {
        if let Ok(now) = engine.store.waiting().await {
            waiting = now;
        }
        let s = engine.status.snapshot();
        bar.set_message(format!(
            "{} | {} due | {} polled | {} failing | {} | {} | {} waiting",
            counted(s.feeds as u64, "feed"),
            s.due,
            s.polled,
            s.failing,
            counted(s.entries, "entry"),
            counted(s.mentions, "mention"),
            counted(waiting, "delivery")
        ));
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn counted(n: u64, noun: &str) -> String {
    super::output::count(usize::try_from(n).unwrap_or(usize::MAX), noun)
}
