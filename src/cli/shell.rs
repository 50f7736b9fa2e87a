//! `mentiond completions` and `mentiond man`: what a shell and `man` want to know of the command line, made of
//! the arguments as they are.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use super::CliError;
use super::output::{complain, printable};
use super::target::Target;

/// The name under which the program is called.
const NAME: &str = "mentiond";

/// Print a script by which a shell completes commands and options.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mentiond completions bash > ~/.local/share/bash-completion/completions/mentiond
  mentiond completions zsh > ~/.zfunc/_mentiond
  mentiond completions fish > ~/.config/fish/completions/mentiond.fish")]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Print a page of the manual, or write all of them to a folder.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mentiond man alerts retry | man -l -
  mentiond man --output ~/.local/share/man/man1")]
pub struct ManArgs {
    /// The command whose page is printed, such as `alerts retry`; without one, the program's.
    #[arg(value_name = "COMMAND", conflicts_with = "output")]
    command: Vec<String>,
    /// Write a page for the program and one for each command to this folder.
    #[arg(long, short, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

pub fn completions(mut program: Command, args: &CompletionsArgs) -> Result<ExitCode, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, NAME, &mut script);
    print(&script)
}

pub fn man(program: Command, args: &ManArgs) -> Result<ExitCode, CliError> {
    // `help` of each command has no page of its own.
    let mut program = program.disable_help_subcommand(true);
    if let Some(folder) = &args.output {
        let written = std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(program, folder));
        written.map_err(|error| {
            CliError::Failed(format!(
                "can't write to {} ({error}); check the path and its permissions",
                folder.display()
            ))
        })?;
        complain(format_args!("written to {}", folder.display()));
        return Ok(ExitCode::SUCCESS);
    }
    program.build();
    let mut command = &program;
    for word in &args.command {
        command = command.find_subcommand(word).ok_or_else(|| {
            CliError::Usage(format!(
                "there is no command `{}`; `mentiond --help` lists them",
                printable(&args.command.join(" "))
            ))
        })?;
    }
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    print(&page)
}

fn print(text: &[u8]) -> Result<ExitCode, CliError> {
    let mut out = Target::open(None)?;
    out.write(&String::from_utf8_lossy(text))?;
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}
