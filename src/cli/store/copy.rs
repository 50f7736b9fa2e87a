//! `mentiond store copy`: a database copied into another, of whichever kind, and compared with it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use serde::Serialize;

use crate::cli::output::{bytes, complain, count};
use crate::cli::stop::Stop;
use crate::cli::terminal::Terminal;
use crate::cli::{CliError, Context, runtime};
use crate::config::{self, Config};
use crate::model::{Database, Secret, ServerOptions};
use crate::store::{Copied, CopiedTable, CopyError, CopyProgress, CopyStep, Store};

/// Copy the database into another, from a file to a PostgreSQL server or back, and compare the two.
///
/// Stop the daemon first. The source stays as it is; the target must be empty: a file need not be there, a server's
/// database must exist, without tables of mentiond. A copy that was broken off, however, goes on where it was when the
/// same command is run again; until it has ended, no daemon takes the target. The index of the search is made anew;
/// the key of the WebSub callbacks is not copied.
#[derive(Debug, Args)]
#[command(after_help = "\
A database is sqlite:PATH, a path, or postgres://user@host:5432/database. For a server the password and
certificates are those of [postgres] when the configured database is on a server; else the password is the URL's
or that in PGPASSWORD.

Examples:
  mentiond store copy --to postgres://mentiond@db.example/news
  mentiond store copy --from postgres://mentiond@db.example/news --to sqlite:/var/lib/mentiond/mentiond.db

Exit codes: 0 copied and the same, 1 failed, stopped or not the same, 2 bad usage or configuration.")]
pub struct CopyArgs {
    /// The database to copy; the configured one when left out.
    #[arg(long, value_name = "DATABASE")]
    from: Option<String>,
    /// Where to copy it.
    #[arg(long, value_name = "DATABASE")]
    to: String,
    /// Remove what a copy that was broken off has put there, and begin anew.
    #[arg(long)]
    restart: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Done<'a> {
    from: &'a str,
    to: &'a str,
    same: bool,
    resumed: bool,
    rows: u64,
    bytes: u64,
    copied: u64,
    replaced: u64,
    milliseconds: u64,
    tables: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    table: &'a str,
    rows: u64,
    bytes: u64,
    checksum: &'a str,
    target_rows: u64,
    target_checksum: &'a str,
    same: bool,
}

pub fn run(context: &Context, args: &CopyArgs) -> Result<ExitCode, CliError> {
    let (from, to) = databases(context, args)?;
    let began = Instant::now();
    let runtime = runtime()?;
    let stop = Stop::on_signal(&runtime)?;
    let terminal = Terminal::default();
    let bar = terminal.progress(0);
    let mut was_checking = false;
    let show = |progress: CopyProgress| {
        let is_checking = progress.step == CopyStep::Checking;
        if let Some(bar) = &bar {
            bar.set_length(progress.total);
            bar.set_position(progress.rows);
            let doing = if is_checking { "compared" } else { "copied" };
            let size = bytes(progress.bytes);
            bar.set_message(format!("rows {doing}, {size}: {}", progress.table));
        } else if is_checking && !was_checking {
            complain("comparing");
        } else if !is_checking && progress.is_whole && progress.table_rows > 0 {
            complain(format_args!(
                "{}: {} rows",
                progress.table, progress.table_rows
            ));
        }
        was_checking = is_checking;
        !stop.is_wished()
    };
    let result = Store::copy(&from, &to, args.restart, show);
    terminal.end();
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    match result {
        Ok(copied) => {
            report(context, args, &copied, milliseconds)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(CopyError::Different(copied)) => {
            report(context, args, &copied, milliseconds)?;
            Err(CliError::Failed(CopyError::Different(copied).to_string()))
        }
        Err(error) => Err(CliError::Failed(error.to_string())),
    }
}

/// The two databases. The configuration is read where something of it is needed.
fn databases(context: &Context, args: &CopyArgs) -> Result<(Database, Database), CliError> {
    let is_server = |text: &str| ServerOptions::is_url(text);
    let config = match &args.from {
        None => Some(context.load_without_secrets()?),
        Some(from) if is_server(from) || is_server(&args.to) => configured(context)?,
        Some(_) => None,
    };
    let template = match config.as_ref().map(|config| &config.database) {
        Some(Database::Server(server)) => Some(server.as_ref()),
        _ => None,
    };
    let password = context.environment.get("PGPASSWORD");
    let from = match (&args.from, &config) {
        (Some(text), _) => database(text, template, password)?,
        (None, Some(config)) => config.database.clone(),
        (None, None) => Database::default(),
    };
    Ok((from, database(&args.to, template, password)?))
}

/// The configuration, if there is one.
fn configured(context: &Context) -> Result<Option<Config>, CliError> {
    match config::find(context.config.as_deref(), &context.environment) {
        Ok(_) => context.load_without_secrets().map(Some),
        Err(_) => Ok(None),
    }
}

/// What a text of the command line names.
fn database(
    text: &str,
    template: Option<&ServerOptions>,
    password: Option<&str>,
) -> Result<Database, CliError> {
    if ServerOptions::is_url(text) {
        let url = config::server_url(text).map_err(|bad| CliError::Usage(bad.of("the URL")))?;
        let mut options = match template {
            Some(template) => ServerOptions {
                url,
                ..template.clone()
            },
            None => ServerOptions::new(url),
        };
        if options.password.is_none() {
            options.password = password.map(|password| Secret::new(password.to_owned()));
        }
        return Ok(Database::Server(Box::new(options)));
    }
    let path = match text.strip_prefix("sqlite:") {
        Some(path) => path.strip_prefix("//").unwrap_or(path),
        None => text,
    };
    let is_unknown = path.contains("://");
    if path.is_empty() || is_unknown {
        return Err(CliError::Usage(
            "a database is sqlite:PATH, a path, or postgres://user@host:5432/database".to_owned(),
        ));
    }
    Ok(Database::File(PathBuf::from(path)))
}

fn report(
    context: &Context,
    args: &CopyArgs,
    copied: &Copied,
    milliseconds: u64,
) -> Result<(), CliError> {
    let sum = |of: fn(&CopiedTable) -> u64| copied.tables.iter().map(of).sum::<u64>();
    let (rows, size) = (sum(|table| table.rows), sum(|table| table.bytes));
    let replaced = sum(|table| table.replaced);
    let same = copied.tables.iter().all(CopiedTable::is_same);
    if args.json {
        return context.out.json(&Done {
            from: &copied.from,
            to: &copied.to,
            same,
            resumed: copied.is_resumed,
            rows,
            bytes: size,
            copied: copied.put,
            replaced,
            milliseconds,
            tables: copied.tables.iter().map(line).collect(),
        });
    }
    let shown: Vec<Vec<String>> = copied
        .tables
        .iter()
        .filter(|table| table.rows > 0 || !table.is_same())
        .map(|table| {
            let checksum = table.checksum.get(..16).unwrap_or_default();
            let verdict = if table.is_same() {
                "the same".to_owned()
            } else {
                format!("DIFFERS: the copy has {} rows", table.target_rows)
            };
            vec![
                table.table.to_owned(),
                table.rows.to_string(),
                bytes(table.bytes),
                checksum.to_owned(),
                verdict,
            ]
        })
        .collect();
    let header = ["table", "rows", "bytes", "checksum", "copy"];
    context.out.table(&header, &shown)?;
    if replaced > 0 {
        context.out.line(format!(
            "in {} U+0000 became U+FFFD: the server can't hold it",
            count(usize::try_from(replaced).unwrap_or(usize::MAX), "text")
        ))?;
    }
    let seconds = milliseconds as f64 / 1000.0;
    let resumed = if copied.is_resumed {
        format!("; {} rows in this run", copied.put)
    } else {
        String::new()
    };
    context.out.line(format!(
        "{} -> {}: {rows} rows, {} in {seconds:.1} s{resumed}",
        copied.from,
        copied.to,
        bytes(size)
    ))
}

fn line(table: &CopiedTable) -> Line<'_> {
    Line {
        table: table.table,
        rows: table.rows,
        bytes: table.bytes,
        checksum: &table.checksum,
        target_rows: table.target_rows,
        target_checksum: &table.target_checksum,
        same: table.is_same(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> PathBuf {
        let database = database(text, None, None).unwrap();
        database.file().unwrap().to_owned()
    }

    #[test]
    fn databases_are_named_by_paths_and_urls() {
        assert_eq!(path("a.db"), PathBuf::from("a.db"));
        assert_eq!(path("sqlite:a b.db"), PathBuf::from("a b.db"));
        assert_eq!(path("sqlite:/a/b.db"), PathBuf::from("/a/b.db"));
        assert_eq!(path("sqlite:///a/b.db"), PathBuf::from("/a/b.db"));
        for wrong in ["", "sqlite:", "mysql://me@host/db", "http://host/"] {
            assert!(
                matches!(database(wrong, None, None), Err(CliError::Usage(_))),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_server_is_reached_as_the_configuration_says_or_by_the_variable() {
        let url = "postgres://me@other.example/db";
        let server = |template: Option<&ServerOptions>| match database(url, template, Some("p")) {
            Ok(Database::Server(server)) => *server,
            other => panic!("{other:?}"),
        };
        let alone = server(None);
        assert_eq!(alone.password.unwrap().expose(), "p");
        let template = ServerOptions {
            password: Some(Secret::new("configured".to_owned())),
            extra_roots: Some(b"pem".to_vec()),
            ..ServerOptions::new("postgres://me@host.example/db")
        };
        let configured = server(Some(&template));
        assert_eq!(configured.url, url);
        assert_eq!(configured.password.unwrap().expose(), "configured");
        assert_eq!(configured.extra_roots, template.extra_roots);
    }
}
