//! What papers make of one spelling of a name: both orders, initials, patronymic, parts of it.

use super::written::{Script, Written};

/// A form of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    pub text: String,
    /// What was done, for people.
    pub how: &'static str,
    /// Whether it may well be someone else: a single initial, given names alone.
    pub weak: bool,
}

fn form(text: String, how: &'static str) -> Form {
    let weak = false;
    Form { text, how, weak }
}

/// The full name, in the order that its language uses.
pub(super) fn full(name: &Written) -> String {
    let given = name.given.join(if name.joint == "·" { "·" } else { " " });
    if given.is_empty() {
        name.family.clone()
    } else if name.family_first {
        format!("{}{}{given}", name.family, name.joint)
    } else {
        format!("{given}{}{}", name.joint, name.family)
    }
}

/// The other order, where it is a custom: lists, Hungarian, the West with Eastern names.
pub(super) fn reversed(name: &Written) -> Option<Form> {
    if name.given.is_empty() || !name.script.is_cased() {
        return None;
    }
    let given = name.given.join(" ");
    let family = &name.family;
    Some(if name.family_first {
        form(format!("{given} {family}"), "given name first")
    } else {
        form(format!("{family} {given}"), "family name first")
    })
}

/// As indexes have it.
pub(super) fn with_comma(name: &Written) -> Option<Form> {
    let fits = !name.given.is_empty() && !name.family_first && name.script.is_cased();
    let given = name.given.join(" ");
    fits.then(|| form(format!("{}, {given}", name.family), "with a comma"))
}

/// The dots with which Han and Kana part a foreign name.
pub(super) fn dots(name: &Written) -> Vec<Form> {
    if name.joint != "·" {
        return Vec::new();
    }
    let full = full(name);
    let others = ["・", "‧", "•", "．", "", "-"];
    let with = |dot: &str| form(full.replace(['·', '-', '－'], dot), "with another dot");
    others.iter().map(|dot| with(dot)).collect()
}

/// Parts of a name with more than one given name.
pub(super) fn parts(name: &Written) -> Vec<Form> {
    let words: Vec<&str> = name.given.iter().flat_map(|word| word.split('-')).collect();
    if words.len() < 2 || !name.script.is_cased() && name.script != Script::Arabic {
        return Vec::new();
    }
    let order = |given: &str| {
        if name.family_first {
            format!("{} {given}", name.family)
        } else {
            format!("{given} {}", name.family)
        }
    };
    let mut found = Vec::new();
    if !name.family_first {
        found.push(form(order(words[0]), "first given name"));
        if name.given.len() > 1 {
            found.push(form(order(words[words.len() - 1]), "last given name"));
        }
        let given = name.given.join(" ");
        if given.chars().count() >= 10 {
            let (how, weak) = ("given names alone", true);
            found.push(Form {
                text: given,
                how,
                weak,
            });
        }
    }
    found
}

/// Initials, with the patronymic's where there is one.
pub(super) fn initials(name: &Written, patronymic: Option<&str>) -> Vec<Form> {
    if name.given.is_empty() || name.family_first || !name.script.is_cased() {
        return Vec::new();
    }
    let words: Vec<&str> = name.given.iter().flat_map(|word| word.split('-')).collect();
    let Some(letters) = words
        .iter()
        .map(|word| initial(word))
        .collect::<Option<Vec<_>>>()
    else {
        return Vec::new();
    };
    let family = &name.family;
    let mut found = Vec::new();
    let mut add = |initials: String, weak| {
        let how = "initials";
        for text in [
            format!("{initials} {family}"),
            format!("{family} {initials}"),
        ] {
            found.push(Form { text, how, weak });
        }
        if !initials.contains(' ') {
            let text = format!("{initials}{family}");
            found.push(Form { text, how, weak });
        }
    };
    let dotted = |letters: &[String], joint: &str| {
        let dotted: Vec<String> = letters.iter().map(|letter| format!("{letter}.")).collect();
        dotted.join(joint)
    };
    add(format!("{}.", letters[0]), true);
    if letters.len() > 1 {
        add(dotted(&letters, " "), false);
        add(dotted(&letters, ""), false);
    }
    let father = patronymic.filter(|father| Script::of(father) == name.script);
    if let Some(father) = father.and_then(initial) {
        let short = [letters[0].clone(), father.clone()];
        add(dotted(&short, " "), false);
        add(dotted(&short, ""), false);
        if letters.len() > 1 {
            let long = format!("{} {father}.", dotted(&letters, " "));
            add(long, false);
        }
    }
    // Names in Latin letters that spell one sound with two: Sh. Mirziyoyev.
    let start: String = words[0].chars().take(2).collect();
    if matches!(
        start.as_str(),
        "Sh" | "Ch" | "Zh" | "Kh" | "Yu" | "Ya" | "Ye"
    ) {
        add(format!("{start}."), true);
    }
    found
}

fn initial(word: &str) -> Option<String> {
    let first = word.chars().find(|c| c.is_alphabetic())?;
    Some(first.to_uppercase().collect())
}

/// With the patronymic, as East Slavic papers and documents write.
pub(super) fn with_patronymic(name: &Written, patronymic: Option<&str>) -> Vec<Form> {
    let Some(father) = patronymic.filter(|_| !name.given.is_empty() && !name.family_first) else {
        return Vec::new();
    };
    if Script::of(father) != name.script {
        return Vec::new();
    }
    let (given, family) = (name.given.join(" "), &name.family);
    vec![
        form(format!("{given} {father} {family}"), "with the patronymic"),
        form(format!("{family} {given} {father}"), "with the patronymic"),
        Form {
            text: format!("{given} {father}"),
            how: "given name and patronymic alone",
            weak: true,
        },
    ]
}
