//! A statement of the common language in PostgreSQL's words.
//!
//! Four things are called otherwise there: places for values, the greatest and the least of several values,
//! and a few hints to SQLite's planner, which PostgreSQL has no use for. Everything else is written so that
//! both understand it; what stands in quotes is left alone.

/// Puts a statement into PostgreSQL's words.
pub fn postgres(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 16);
    let mut rest = sql;
    // The last character that is no space.
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let word_begins =
            !(before.is_alphanumeric() || before == '_') || out.ends_with(char::is_whitespace);
        if c == '\'' || c == '"' {
            let end = rest[1..].find(c).map_or(rest.len(), |n| n + 2);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
            before = c;
            continue;
        }
        if word_begins && let Some(behind) = hint(rest) {
            rest = behind;
            continue;
        }
        if word_begins && let Some(name) = several(rest) {
            out.push_str(name);
            rest = &rest[3..];
            before = 't';
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '?' => out.push('$'),
            // A sign that keeps SQLite from taking an index; a text has none.
            '+' if is_sign(before, rest) => continue,
            c => out.push(c),
        }
        if !c.is_whitespace() {
            before = c;
        }
    }
    out
}

/// What stands behind a hint to SQLite's planner, if one begins here.
fn hint(text: &str) -> Option<&str> {
    if let Some(behind) = text.strip_prefix("NOT INDEXED") {
        return Some(behind);
    }
    // A cross join with a condition, by which SQLite keeps the order that is written.
    if text.starts_with("CROSS JOIN ") && text.split_whitespace().nth(4) == Some("ON") {
        return text.strip_prefix("CROSS ");
    }
    let name = text.strip_prefix("INDEXED BY ")?;
    let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    Some(&name[end.unwrap_or(name.len())..])
}

/// The name of the greatest or least of several values, if SQLite's begins here. Of one value it is that of
/// a column's, which has the same name in both.
fn several(text: &str) -> Option<&'static str> {
    let (name, inside) = if let Some(inside) = text.strip_prefix("max(") {
        ("greatest", inside)
    } else {
        ("least", text.strip_prefix("min(")?)
    };
    let mut depth = 0_usize;
    for c in inside.chars() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return None,
            ')' => depth -= 1,
            ',' if depth == 0 => return Some(name),
            _ => {}
        }
    }
    None
}

/// Whether a `+` between these is a sign and not a sum.
fn is_sign(before: char, behind: &str) -> bool {
    let sums = before.is_alphanumeric() || matches!(before, '_' | ')' | '"' | '\'');
    // Behind a keyword it is a sign too, which only the lack of a space behind it tells.
    let tight = behind.starts_with(|c: char| c.is_alphabetic());
    tight && (!sums || before.is_uppercase())
}

#[cfg(test)]
mod tests {
    use super::postgres;

    #[test]
    fn what_both_understand_stays() {
        let sql =
            "SELECT max(a), min(b + (c)), 'max(1, ?2)' FROM \"t?\" WHERE a + b > 1 AND x IN (1, 2)";
        assert_eq!(postgres(sql), sql);
    }

    #[test]
    fn places_hints_and_the_greatest_of_several_are_put_otherwise() {
        assert_eq!(
            postgres(
                "UPDATE t SET a = max(a + ?1, 0), b = min(max(b, ?12), (1)) WHERE +a.b = ?2 AND +c >= 1"
            ),
            "UPDATE t SET a = greatest(a + $1, 0), b = least(greatest(b, $12), (1)) WHERE a.b = $2 AND c >= 1"
        );
        assert_eq!(
            postgres(
                "SELECT min(+id) FROM d INDEXED BY d_order CROSS JOIN m NOT INDEXED CROSS JOIN e e ON x"
            ),
            "SELECT min(id) FROM d  CROSS JOIN m  JOIN e e ON x"
        );
    }
}
