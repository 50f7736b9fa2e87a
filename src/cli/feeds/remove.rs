//! `mentiond feeds remove`: a feed leaves the configuration.

use std::process::ExitCode;

use clap::Args;

use super::{editor, file};
use crate::cli::{CliError, Context, names};

/// Remove a feed from the configuration; its history stays.
///
/// The running daemon takes the change over on SIGHUP.
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// The feed's id.
    #[arg(value_name = "FEED")]
    id: String,
}

pub fn run(context: &Context, args: &RemoveArgs) -> Result<ExitCode, CliError> {
    let config = context.load_for_change()?;
    let feed = names::feed(&config, &args.id)?;
    // The file that holds it: the one from which it can be taken out.
    let holder = config.files.iter().find(|path| {
        let is_toml = path
            .extension()
            .is_some_and(|extension| extension != "opml");
        let text = std::fs::read_to_string(path).ok().filter(|_| is_toml);
        text.is_some_and(|text| editor::remove(&text, feed).is_ok())
    });
    let Some(path) = holder else {
        return Err(CliError::Failed(format!(
            "`{}` stands in no TOML file of the configuration: take it out of the OPML list that \
             names it",
            feed.id
        )));
    };
    file::change(
        context,
        &config,
        path,
        |text| editor::remove(text.unwrap_or_default(), feed),
        |config| {
            let still = config.feeds.iter().any(|other| other.id == feed.id);
            if still {
                return Err(format!(
                    "`{}` is left: another file of the configuration has a feed that would take \
                     its id; remove that one first",
                    feed.id
                ));
            }
            Ok(())
        },
    )?;
    context.out.line(format!(
        "removed `{}` from {}; its history stays",
        feed.id,
        path.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}
