//! Signature of an error: the part that failures with the same cause have in common.

/// Returns the first line of an error that is not blank.
pub fn first_line(error: &str) -> &str {
    error
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default()
}

/// Replaces the parts of a line that differ from job to job by `#`: numbers, and ids of at least
/// eight hexadecimal digits.
pub fn alike(line: &str) -> String {
    let mut alike = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let (before, digits) = rest.split_at(start);
        let (run, behind) = digits.split_at(
            digits
                .find(|c: char| !c.is_ascii_hexdigit())
                .unwrap_or(digits.len()),
        );
        alike.push_str(before);
        if run.len() >= 8 {
            alike.push('#');
        } else {
            without_numbers(run, &mut alike);
        }
        rest = behind;
    }
    alike + rest
}

fn without_numbers(run: &str, into: &mut String) {
    let mut in_number = false;
    for c in run.chars() {
        match (c.is_ascii_digit(), in_number) {
            (true, false) => into.push('#'),
            (true, true) => {}
            (false, _) => into.push(c),
        }
        in_number = c.is_ascii_digit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ids_make_no_other_cause() {
        assert_eq!(alike("Shot 7 of 12 failed"), "Shot # of # failed");
        assert_eq!(
            alike("job 0199a5b2c3d4e5f60718 at 0xDEADbeef01"),
            "job # at #x#"
        );
        assert_eq!(
            alike("added face: bad café 3.5"),
            "added face: bad café #.#"
        );
        assert_eq!(alike(""), "");
    }

    #[test]
    fn the_first_line_that_says_something_counts() {
        assert_eq!(
            first_line("\n  \n  CUDA out of memory \n at line 2"),
            "CUDA out of memory"
        );
        assert_eq!(first_line(" \n"), "");
    }
}
