//! Reading TOML's tables without stopping at the first mistake.
//!
//! [`parse`] turns a source's text into a tree whose every value knows its place. A [`Table`]
//! hands out [`Value`]s by key and remembers which keys it was asked for; [`Table::finish`]
//! reports those that nobody asked for. It answers `None` after reporting, and never panics.
//!
//! A setting ([`Table::setting`]) may be overridden by an environment variable, which then reads
//! exactly like a value in the file.

use std::rc::Rc;

use toml::Spanned;
use toml::de::DeTable;

use super::environment::Environment;
use super::problem::{Report, did_you_mean, quoted};
use super::source::{Origin, Source};
use super::value::{Raw, Value};

/// Parses a source, reporting every syntax error.
pub(super) fn parse<'a>(source: &'a Rc<Source>, report: &Report) -> Spanned<DeTable<'a>> {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    let mut lines = Vec::new();
    for error in &errors {
        let origin = match error.span() {
            Some(span) => Origin::at(source, span.start),
            None => Origin::whole(source),
        };
        lines.push(origin.position().0);
        report.syntax(&origin, format!("not valid TOML: {}", error.message()));
    }
    source.set_broken_lines(lines);
    table
}

/// A table, or the lack of one: then every key is missing and the defaults hold.
pub(super) struct Table<'a> {
    report: &'a Report,
    origin: Origin,
    items: Option<&'a DeTable<'a>>,
    name: &'static str,
    environment: Option<&'a Environment>,
    asked: Vec<&'static str>,
    refused: Vec<&'static str>,
}

impl<'a> Table<'a> {
    /// A table with this content; `None` reads as empty.
    pub(super) fn new(
        report: &'a Report,
        origin: Origin,
        items: Option<&'a DeTable<'a>>,
        name: &'static str,
        environment: Option<&'a Environment>,
    ) -> Self {
        Self {
            report,
            origin,
            items,
            name,
            environment,
            asked: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// The table at the top of a file. `name` is how messages call it.
    pub(super) fn root(
        report: &'a Report,
        source: &'a Rc<Source>,
        items: &'a Spanned<DeTable<'a>>,
        name: &'static str,
        environment: Option<&'a Environment>,
    ) -> Self {
        let origin = Origin::whole(source);
        Self::new(report, origin, Some(items.get_ref()), name, environment)
    }

    /// Where the table begins.
    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Reports a problem of the table as a whole.
    pub(super) fn error(&self, message: impl Into<String>, help: Option<String>) {
        self.report.error(&self.origin, message, help);
    }

    /// Reports what the owner should know of the table as a whole.
    pub(super) fn warn(&self, message: impl Into<String>, help: Option<String>) {
        self.report.warn(&self.origin, message, help);
    }

    /// Whether it stands in the file at all.
    pub(super) const fn is_given(&self) -> bool {
        self.items.is_some()
    }

    /// The value of a key, if the file has it.
    pub(super) fn get(&mut self, key: &'static str) -> Option<Value<'a>> {
        self.asked.push(key);
        let (_, value) = self.items?.get_key_value(key)?;
        let origin = Origin::at(&self.origin.source, value.span().start);
        Some(Value::new(
            self.report,
            origin,
            Raw::Toml(value.get_ref()),
            key,
        ))
    }

    /// The value of a key that must be there.
    pub(super) fn required(&mut self, key: &'static str) -> Option<Value<'a>> {
        let found = self.get(key);
        if found.is_none() {
            self.missing(key, "");
        }
        found
    }

    /// Reports that a key is missing; `otherwise` says what could stand there too.
    pub(super) fn missing(&self, key: &str, otherwise: &str) {
        // After a syntax error the key may be there and just not have been read.
        if !self.origin.source.is_broken() {
            let otherwise = format!(" {otherwise}");
            let message = format!(
                "`{key}`{} is missing in {}",
                otherwise.trim_end(),
                self.name
            );
            self.error(message, None);
        }
    }

    /// The value of a key, from its environment variable or else from the file.
    pub(super) fn setting(&mut self, key: &'static str) -> Option<Value<'a>> {
        let from_file = self.get(key);
        let Some(environment) = self.environment else {
            return from_file;
        };
        let section = self.name.trim_matches(['[', ']']);
        let variable = if section.len() == self.name.len() {
            format!("MENTIOND_{key}")
        } else {
            format!("MENTIOND_{section}_{key}")
        }
        .to_ascii_uppercase();
        let from_environment = environment.get(&variable).map(|text| {
            let origin = Origin::whole(&Source::variable(&variable));
            Value::new(self.report, origin, Raw::Variable(text), key)
        });
        self.report.variables.borrow_mut().insert(variable);
        from_environment.or(from_file)
    }

    /// A table within this one; `name` is `[key]`. An absent one reads as empty.
    pub(super) fn section(&mut self, key: &'static str, name: &'static str) -> Table<'a> {
        let value = self.get(key);
        let origin = value.as_ref().map_or(&self.origin, |value| &value.origin);
        let items = value.as_ref().and_then(|value| value.entries("a table"));
        Table::new(self.report, origin.clone(), items, name, self.environment)
    }

    /// The tables of an array of tables; `name` is `[[key]]`.
    pub(super) fn tables(&mut self, key: &'static str, name: &'static str) -> Vec<Table<'a>> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        if value.is_table() {
            let help = format!("write {name} with double brackets");
            value.error(format!("`{key}` must be a list of tables"), Some(help));
            return Vec::new();
        }
        value
            .items()
            .into_iter()
            .flatten()
            .filter_map(|item| item.table(name))
            .collect()
    }

    /// Reports keys that are known but belong elsewhere, and says where.
    pub(super) fn refuse(&mut self, keys: &[&'static str], help: &str) {
        for key in keys {
            let Some((found, _)) = self.items.and_then(|items| items.get_key_value(*key)) else {
                continue;
            };
            self.refused.push(key);
            let origin = Origin::at(&self.origin.source, found.span().start);
            self.report.error(
                &origin,
                format!("`{key}` does not belong in {}", self.name),
                Some(help.to_owned()),
            );
        }
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn finish(self) {
        self.report
            .keys
            .borrow_mut()
            .extend(self.asked.iter().map(|key| (self.name, *key)));
        for key in self.items.into_iter().flat_map(|items| items.keys()) {
            let word = key.get_ref().as_ref();
            if !self.asked.contains(&word) && !self.refused.contains(&word) {
                self.report.error(
                    &Origin::at(&self.origin.source, key.span().start),
                    format!("unknown key {} in {}", quoted(word), self.name),
                    did_you_mean(word, self.asked.iter().copied()),
                );
            }
        }
    }
}
