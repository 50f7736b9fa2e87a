//! JSON as publishers write it by hand: commas before a closing bracket, line breaks inside strings.

/// The text without what JSON forbids; `None` when there is nothing to set right.
pub(super) fn mend(json: &str) -> Option<String> {
    let mut out = String::with_capacity(json.len());
    let mut in_string = false;
    let mut escaped = false;
    let mut changed = false;
    // where the last comma stands, while only white space follows it
    let mut comma = None;
    for c in json.chars() {
        if in_string {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_string = false,
                '\0'..='\u{1F}' => {
                    changed = true;
                    out.push(' ');
                    continue;
                }
                _ => {}
            }
        } else {
            match c {
                '"' => in_string = true,
                '\0'..='\u{1F}' if !matches!(c, '\t' | '\n' | '\r') => {
                    changed = true;
                    continue;
                }
                '}' | ']' => {
                    if let Some(at) = comma.take() {
                        out.truncate(at);
                        changed = true;
                    }
                }
                _ => {}
            }
            if c == ',' {
                comma = Some(out.len());
            } else if !c.is_whitespace() {
                comma = None;
            }
        }
        out.push(c);
    }
    changed.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_json_forbids_is_changed() {
        assert_eq!(
            mend("{\"a\":[1, 2 , ],\"b\":\",]\nx\\\"\",}").as_deref(),
            Some("{\"a\":[1, 2 ],\"b\":\",] x\\\"\"}")
        );
        assert_eq!(mend("{\"a\":[1,2]}"), None);
    }
}
