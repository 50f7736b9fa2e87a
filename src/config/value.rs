//! Reading a single value, and saying what is wrong with it.
//!
//! A [`Value`] knows its key and place and reads itself as a text, number, duration, size or list.
//! When it is something else it reports that and answers `None`. It never panics.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::problem::{Report, did_you_mean, quoted};
use super::reader::Table;
use super::source::Origin;
use super::units::{self, parse_duration, parse_size, show_size};
use super::written::written_at;

/// The longest duration that may be configured, a hundred years: clocks can still add it.
const LONGEST: Duration = Duration::from_hours(876_000);

/// Where a value's content is.
#[derive(Clone, Copy)]
pub(super) enum Raw<'a> {
    /// A file.
    Toml(&'a DeValue<'a>),
    /// An environment variable.
    Variable(&'a str),
}

/// A value and its place.
pub(super) struct Value<'a> {
    report: &'a Report,
    /// Where it stands.
    pub(super) origin: Origin,
    raw: Raw<'a>,
    key: &'static str,
    /// Whether it is an item of the key's list.
    item: bool,
}

impl<'a> Value<'a> {
    /// The value of a key.
    pub(super) fn new(report: &'a Report, origin: Origin, raw: Raw<'a>, key: &'static str) -> Self {
        Self {
            report,
            origin,
            raw,
            key,
            item: false,
        }
    }

    /// Reports an error at the value's place.
    pub(super) fn error(&self, message: impl Into<String>, help: Option<String>) {
        self.report.error(&self.origin, message, help);
    }

    /// Reports a warning at the value's place.
    pub(super) fn warn(&self, message: impl Into<String>, help: Option<String>) {
        self.report.warn(&self.origin, message, help);
    }

    /// How messages call the value: `` `interval` `` or `` an item of `tags` ``.
    pub(super) fn label(&self) -> String {
        if self.item {
            format!("an item of `{}`", self.key)
        } else {
            format!("`{}`", self.key)
        }
    }

    /// Reports that the value has the wrong type.
    fn wrong(&self, expected: &str) {
        let found = match self.raw {
            Raw::Toml(DeValue::Integer(_)) => "an integer",
            Raw::Toml(DeValue::Array(_)) => "a list",
            Raw::Toml(DeValue::Datetime(_)) => "a date",
            Raw::Toml(DeValue::String(_)) | Raw::Variable(_) => "a string",
            Raw::Toml(DeValue::Float(_)) => "a number with a fraction",
            Raw::Toml(DeValue::Boolean(_)) => "true or false",
            Raw::Toml(DeValue::Table(_)) => "a table",
        };
        self.error(
            format!("{} must be {expected}, not {found}", self.label()),
            None,
        );
    }

    /// Whether an environment variable gave it.
    pub(super) fn is_variable(&self) -> bool {
        matches!(self.raw, Raw::Variable(_))
    }

    /// Whether it is a table.
    pub(super) fn is_table(&self) -> bool {
        matches!(self.raw, Raw::Toml(DeValue::Table(_)))
    }

    /// Whether it is a list.
    pub(super) fn is_list(&self) -> bool {
        matches!(self.raw, Raw::Toml(DeValue::Array(_)))
    }

    /// Whether it is a string.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.raw, Raw::Toml(DeValue::String(_)) | Raw::Variable(_))
    }

    /// Whether it is a date.
    pub(super) fn is_date(&self) -> bool {
        matches!(self.raw, Raw::Toml(DeValue::Datetime(_)))
    }

    /// The text without white space around it; it may be empty.
    pub(super) fn text(&self, expected: &str) -> Option<&'a str> {
        match self.raw {
            Raw::Toml(DeValue::String(text)) => Some(text.trim()),
            Raw::Variable(text) => Some(text.trim()),
            Raw::Toml(_) => {
                self.wrong(expected);
                None
            }
        }
    }

    /// The text as it is, and a function from a byte of it to the place in the file.
    pub(super) fn placed_text(
        &self,
        expected: &str,
    ) -> Option<(&'a str, impl Fn(usize) -> Origin)> {
        self.text(expected)?;
        let text = match self.raw {
            Raw::Toml(DeValue::String(text)) => text.as_ref(),
            Raw::Variable(text) => text,
            Raw::Toml(_) => return None,
        };
        let place = |at: usize| {
            self.origin
                .behind(written_at(self.origin.rest(), text, at).unwrap_or(0))
        };
        Some((text, place))
    }

    /// Reports a mistake inside the text, with its line and the column in it.
    pub(super) fn error_within(&self, place: &Origin, message: &str, excerpt: (String, usize)) {
        let message = format!("{}: {message}", self.label());
        self.report.error_within(place, message, excerpt);
    }

    /// A text for people: one line, not empty, at most `most` characters.
    pub(super) fn line(&self, most: usize) -> Option<&'a str> {
        let text = self.text("a string")?;
        if text.is_empty() {
            self.error(format!("{} is empty", self.label()), None);
        } else if text.chars().nth(most).is_some() {
            let help = format!("at most {most} characters are allowed");
            self.error(format!("{} is too long", self.label()), Some(help));
        } else if text.contains(char::is_control) {
            self.error(
                format!("{} has a line break or control character", self.label()),
                Some("write it on one line".to_owned()),
            );
        } else {
            return Some(text);
        }
        None
    }

    /// `true` or `false`.
    pub(super) fn flag(&self) -> Option<bool> {
        match self.raw {
            Raw::Toml(DeValue::Boolean(flag)) => return Some(*flag),
            Raw::Variable(text) => {
                if let Ok(flag) = text.trim().parse() {
                    return Some(flag);
                }
            }
            Raw::Toml(_) => {}
        }
        self.wrong("true or false");
        None
    }

    /// A whole number in a range.
    pub(super) fn integer<T>(&self, range: RangeInclusive<T>) -> Option<T>
    where
        T: TryFrom<u64> + PartialOrd + std::fmt::Display,
    {
        let number = match self.raw {
            Raw::Toml(DeValue::Integer(integer)) => {
                u64::from_str_radix(integer.as_str(), integer.radix()).ok()
            }
            Raw::Variable(text) => text.trim().parse::<u64>().ok(),
            Raw::Toml(_) => {
                self.wrong("a whole number");
                return None;
            }
        };
        let number = number
            .and_then(|number| T::try_from(number).ok())
            .filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = (range.start(), range.end());
            self.error(
                format!(
                    "{} must be a whole number from {least} to {most}",
                    self.label()
                ),
                None,
            );
        }
        number
    }

    /// A mention's score: a whole number from 1 to 100.
    pub(super) fn score(&self) -> Option<u8> {
        self.integer(1..=100_u8)
    }

    /// A number in a range; whole numbers are welcome.
    pub(super) fn fraction(&self, range: &RangeInclusive<f64>) -> Option<f64> {
        let number = match self.raw {
            Raw::Toml(DeValue::Integer(integer)) if integer.radix() == 10 => integer.as_str(),
            Raw::Toml(DeValue::Float(float)) => float.as_str(),
            Raw::Variable(text) => text.trim(),
            Raw::Toml(_) => {
                self.wrong("a number");
                return None;
            }
        };
        let number = number.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = (range.start(), range.end());
            self.error(
                format!("{} must be a number from {least} to {most}", self.label()),
                None,
            );
        }
        number
    }

    /// A duration, which may be zero ("0s").
    pub(super) fn pause(&self) -> Option<Duration> {
        let zero = |text: &str| parse_duration(text).is_ok_and(|pause| pause.is_zero());
        match &self.raw {
            Raw::Toml(DeValue::String(text)) if zero(text) => Some(Duration::ZERO),
            Raw::Variable(text) if zero(text) => Some(Duration::ZERO),
            _ => self.duration(),
        }
    }

    /// A duration above zero.
    pub(super) fn duration(&self) -> Option<Duration> {
        if let Raw::Toml(DeValue::Integer(integer)) = self.raw {
            let number = u64::from_str_radix(integer.as_str(), integer.radix()).unwrap_or(30);
            let help = format!("write {}", units::duration_suggestion(number));
            self.error(format!("{} has no unit", self.label()), Some(help));
            return None;
        }
        let text = self.text("a duration such as \"30m\"")?;
        match parse_duration(text) {
            Ok(Duration::ZERO) => {
                let help = "write a time above zero".to_owned();
                self.error(format!("{} is zero", self.label()), Some(help));
            }
            Ok(duration) if duration > LONGEST => {
                let help = "at most a hundred years (36500d) are allowed".to_owned();
                self.error(format!("{} is too long", self.label()), Some(help));
            }
            Ok(duration) => return Some(duration),
            Err(error) => self.error(format!("{} {error}", self.label()), None),
        }
        None
    }

    /// A size in bytes in a range.
    pub(super) fn size(&self, range: &RangeInclusive<u64>) -> Option<u64> {
        if let Raw::Toml(DeValue::Integer(integer)) = self.raw {
            let number = u64::from_str_radix(integer.as_str(), integer.radix()).unwrap_or(8);
            let help = format!("write {}", units::size_suggestion(number));
            self.error(format!("{} has no unit", self.label()), Some(help));
            return None;
        }
        let text = self.text("a size such as \"8 MiB\"")?;
        match parse_size(text) {
            Ok(size) if range.contains(&size) => return Some(size),
            Ok(_) => {
                let (least, most) = (show_size(*range.start()), show_size(*range.end()));
                self.error(
                    format!("{} must be from {least} to {most}", self.label()),
                    None,
                );
            }
            Err(error) => self.error(format!("{} {error}", self.label()), None),
        }
        None
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&self, choices: &[(&'static str, T)]) -> Option<T> {
        let names: Vec<String> = choices
            .iter()
            .map(|(name, _)| format!("\"{name}\""))
            .collect();
        let expected = match names.as_slice() {
            [first @ .., before, last] if !first.is_empty() => {
                format!("{}, {before} or {last}", first.join(", "))
            }
            _ => names.join(" or "),
        };
        let text = self.text(&expected)?;
        let found = choices.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            self.error(
                format!("{} must be {expected}, not {}", self.label(), quoted(text)),
                did_you_mean(text, choices.iter().map(|(name, _)| *name)),
            );
        }
        found.map(|(_, choice)| *choice)
    }

    /// The values of a list.
    pub(super) fn items(&self) -> Option<Vec<Value<'a>>> {
        let Raw::Toml(DeValue::Array(array)) = self.raw else {
            self.wrong("a list");
            return None;
        };
        let item = |value: &'a Spanned<DeValue<'a>>| Value {
            report: self.report,
            origin: Origin::at(&self.origin.source, value.span().start),
            raw: Raw::Toml(value.get_ref()),
            key: self.key,
            item: true,
        };
        Some(array.iter().map(item).collect())
    }

    /// The value as a table that messages call `name`.
    pub(super) fn table(&self, name: &'static str) -> Option<Table<'a>> {
        let items = self.entries("a table")?;
        Some(Table::new(
            self.report,
            self.origin.clone(),
            Some(items),
            name,
            None,
        ))
    }

    /// The values of a table whose keys are the owner's own words.
    pub(super) fn named(&self, expected: &str) -> Vec<(&'a str, Value<'a>)> {
        let Some(entries) = self.entries(expected) else {
            return Vec::new();
        };
        let value = |(name, value): (&'a Spanned<DeString<'a>>, &'a Spanned<DeValue<'a>>)| {
            let named = Value {
                report: self.report,
                origin: Origin::at(&self.origin.source, value.span().start),
                raw: Raw::Toml(value.get_ref()),
                key: self.key,
                item: true,
            };
            (name.get_ref().as_ref(), named)
        };
        entries.iter().map(value).collect()
    }

    /// The table's content.
    pub(super) fn entries(&self, expected: &str) -> Option<&'a DeTable<'a>> {
        if let Raw::Toml(DeValue::Table(table)) = self.raw {
            return Some(table);
        }
        self.wrong(expected);
        None
    }
}
