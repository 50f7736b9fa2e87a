//! `mentiond topics show`: what a topic looks for, and how each term came to be.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use crate::cli::output::{count, printable};
use crate::cli::{CliError, Context, names};
use crate::model::{Case, Term, Topic};

/// Show the terms of a topic, those made of a person's name with their rule.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mentiond topics show putin
  mentiond topics show putin --json | grep French

JSON has one object a line and term: list (any, all, none, except, near), text, ambiguous, case, \
and rule (how it was made of a person's name, or null).

Exit codes: 0 done, 2 no such topic, bad usage or configuration.")]
pub struct ShowArgs {
    /// The topic's id.
    #[arg(value_name = "ID")]
    topic: String,
    /// Print one JSON object a line and term.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct TermLine<'a> {
    list: &'a str,
    text: &'a str,
    ambiguous: bool,
    case: &'a str,
    rule: Option<&'a str>,
}

pub fn run(context: &Context, args: &ShowArgs) -> Result<ExitCode, CliError> {
    let config = context.load_without_secrets()?;
    names::check_topic(&config, Some(&args.topic))?;
    let mut topics = config.topics.iter();
    if let Some(topic) = topics.find(|topic| topic.id.as_str() == args.topic) {
        show(context, topic, args.json)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The lists of a topic by their keys in the configuration.
fn lists(topic: &Topic) -> Vec<(&'static str, Vec<&Term>)> {
    vec![
        ("any", topic.any.iter().collect()),
        ("all", topic.all.iter().flatten().collect()),
        ("none", topic.none.iter().collect()),
        ("except", topic.except.iter().collect()),
        ("near", topic.near.iter().collect()),
    ]
}

fn show(context: &Context, topic: &Topic, json: bool) -> Result<(), CliError> {
    let out = &context.out;
    if json {
        for (list, terms) in lists(topic) {
            for term in terms {
                out.json(&TermLine {
                    list,
                    text: &term.text,
                    ambiguous: term.ambiguous,
                    case: match term.case {
                        Case::Fold => "fold",
                        Case::Exact => "exact",
                        Case::Capital => "capital",
                    },
                    rule: term.rule.as_deref(),
                })?;
            }
        }
        return Ok(());
    }
    out.line(format!(
        "{} ({})",
        out.strong(topic.id.as_str()),
        printable(&topic.name)
    ))?;
    for (list, terms) in lists(topic) {
        if terms.is_empty() {
            continue;
        }
        out.line(format!("{list}: {}", count(terms.len(), "term")))?;
        for term in terms {
            out.line(format!("  {}{}", printable(&term.text), notes(term)))?;
        }
    }
    Ok(())
}

/// What is particular about a term, in brackets.
fn notes(term: &Term) -> String {
    let rule = term.rule.as_deref();
    let notes: Vec<&str> = rule
        .into_iter()
        .chain(term.ambiguous.then_some("in context only"))
        .chain(match term.case {
            Case::Fold => None,
            Case::Exact => Some("case matters"),
            Case::Capital => Some("with a capital"),
        })
        .collect();
    if notes.is_empty() {
        String::new()
    } else {
        format!("  [{}]", notes.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_says_what_is_particular_about_it() {
        let plain = Term::new("Putin");
        assert_eq!(notes(&plain), "");
        let made = Term {
            rule: Some("surname, French".into()),
            ambiguous: true,
            case: Case::Capital,
            ..plain
        };
        assert_eq!(
            notes(&made),
            "  [surname, French; in context only; with a capital]"
        );
    }
}
