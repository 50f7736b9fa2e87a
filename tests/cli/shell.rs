//! `mentiond completions` and `mentiond man`.

use std::process::Command;

use super::{mentiond, run};
use crate::support::Home;

#[test]
fn every_shell_gets_a_script_that_knows_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]).code(0).out;
        for word in ["mentiond", "rematch", "resume", "dry-run"] {
            assert!(script.contains(word), "{shell} lacks {word}");
        }
    }
    run(&["completions", "tcsh"]).code(2);
}

#[test]
fn bash_completes_commands_and_options() {
    let home = Home::new();
    let script = home.path("mentiond.bash");
    std::fs::write(&script, run(&["completions", "bash"]).code(0).out).unwrap();
    let complete = |words: &str| {
        let ask = format!(
            "source {}; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _mentiond mentiond \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\"; echo \"${{COMPREPLY[@]}}\"",
            script.display()
        );
        let output = Command::new("bash").args(["-c", &ask]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(complete("mentiond rem"), "rematch");
    assert_eq!(complete("mentiond alerts ret"), "retry");
    assert_eq!(complete("mentiond prune --d"), "--dry-run");
}

#[test]
fn there_is_a_page_for_each_command() {
    let home = Home::new();
    let folder = home.path("share/man1");
    let ended = run(&["man", "--output", folder.to_str().unwrap()]).code(0);
    assert_eq!(ended.out, "");
    for name in ["mentiond", "mentiond-export", "mentiond-alerts-retry"] {
        let page = std::fs::read_to_string(folder.join(format!("{name}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS"), "{page}");
        assert!(page.contains(name), "{page}");
    }
    let help = run(&["--help"]).code(0).out;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty());
    let mut count = 0;
    for line in commands.filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
        let command = line.split_whitespace().next().unwrap();
        let page = folder.join(format!("mentiond-{command}.1"));
        assert_eq!(page.exists(), command != "help", "{command}");
        count += 1;
    }
    assert!(count > 20, "{help}");
    let page = run(&["man", "alerts", "retry"]).code(0).out;
    let file = std::fs::read_to_string(folder.join("mentiond-alerts-retry.1")).unwrap();
    assert_eq!(page, file);
    assert!(run(&["man"]).code(0).out.contains("mentiond feeds add"));
    run(&["man", "nonsense"]).code(2);
    // A file stands where the folder is to be.
    let mut command = mentiond(&["man", "--output"]);
    command.arg(folder.join("mentiond.1"));
    assert_eq!(command.output().unwrap().status.code(), Some(1));
}
