//! Signature of an error: the part that failures with the same cause have in common.

/// Number of characters at the beginning of an error that are searched for its first line: the
/// rest may be the log of a whole run.
pub const MAX_SIGNATURE_CHARS: u16 = 1000;

/// Returns the first line of an error that is not blank.
pub fn first_line(error: &str) -> &str {
    error
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default()
}

/// Replaces the parts of a line that differ from job to job by `#`: numbers, UUIDs, and ids of at
/// least eight hexadecimal digits.
pub fn alike(line: &str) -> String {
    let mut alike = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let (before, digits) = rest.split_at(start);
        alike.push_str(before);
        let is_digit = |c: char| c.is_ascii_hexdigit();
        let length = digits.find(|c| !is_digit(c)).unwrap_or(digits.len());
        let length = match uuid_length(digits) {
            Some(uuid) if length == UUID_PARTS[0] => uuid,
            _ => length,
        };
        let (run, behind) = digits.split_at(length);
        if run.len() >= MIN_ID_DIGITS {
            alike.push('#');
        } else {
            without_numbers(run, &mut alike);
        }
        rest = behind;
    }
    alike + rest
}

/// Hexadecimal digits from which a run of them is an id.
const MIN_ID_DIGITS: usize = 8;

/// Hexadecimal digits of the parts of a UUID, which hyphens separate (RFC 9562, section 4).
const UUID_PARTS: [usize; 5] = [8, 4, 4, 4, 12];

/// Returns the length of the UUID with which the text begins; `None` if it begins with none.
fn uuid_length(text: &str) -> Option<usize> {
    let length = UUID_PARTS.iter().sum::<usize>() + UUID_PARTS.len() - 1;
    let parts = text.get(..length)?.split('-');
    let is_part = |(part, digits): (&str, usize)| {
        part.len() == digits && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let is_end = !text[length..].starts_with(|c: char| c.is_ascii_hexdigit());
    let is_uuid = text[..length].matches('-').count() == UUID_PARTS.len() - 1;
    (is_end && is_uuid && parts.zip(UUID_PARTS).all(is_part)).then_some(length)
}

/// Characters that [`str::trim`] removes.
const WHITE_SPACE: &str = "\t\n\u{b}\u{c}\r \u{85}\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\
    \u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}";

/// Number of `#` in a signature up to which its pattern tells numbers from ids. For each further
/// one the pattern accepts any characters of both, because databases refuse patterns that are too
/// large.
const MAX_EXACT_PLACES: usize = 50;

/// Returns a regular expression for the errors with this signature, in the syntax that PostgreSQL
/// and the crate `regex` share. It looks at their first [`MAX_SIGNATURE_CHARS`] characters.
pub fn signature_pattern(signature: &str) -> String {
    let mut pattern = format!("^[{WHITE_SPACE}]*");
    let mut before = None;
    let mut places = 0;
    for (i, c) in signature.char_indices() {
        let after = signature[i + c.len_utf8()..].chars().next();
        let beside_digits = [before, after]
            .into_iter()
            .flatten()
            .any(|c| c.is_ascii_hexdigit());
        before = Some(c);
        match c {
            '#' if places >= MAX_EXACT_PLACES => pattern.push_str("[-#0-9a-fA-F]+"),
            // Beside a digit the run is shorter than an id.
            '#' if beside_digits => pattern.push_str("(?:#|[0-9]{1,6})"),
            '#' => pattern.push_str(
                "(?:#|[0-9]+|[0-9a-fA-F]{8,}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})",
            ),
            '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => {
                pattern.extend(['\\', c]);
            }
            _ => pattern.push(c),
        }
        places += usize::from(c == '#');
    }
    pattern + &format!("[{WHITE_SPACE}]*(?:\n|$)")
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
    use proptest::prelude::*;

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
        assert_eq!(
            alike("clip 6f1c2a34-0b1d-4e5f-8a9b-0c1d2e3f4a5b of 0199a5b2"),
            "clip # of #"
        );
        // Too short, or longer than a UUID.
        assert_eq!(
            alike("6f1c2a34-0b1d-4e5f-8a9b-0c1d2e3f4a5"),
            "#-#b#d-#e#f-#a#b-#"
        );
        assert_eq!(alike(""), "");
    }

    #[test]
    fn the_white_space_of_the_pattern_is_that_of_trim() {
        let all: String = ('\0'..=char::MAX).filter(|c| c.is_whitespace()).collect();
        assert_eq!(WHITE_SPACE, all);
    }

    proptest! {
        /// The filter finds the errors of a cause, and those of no other.
        #[test]
        fn the_pattern_of_a_signature_takes_the_errors_that_have_it(
            one in "[ \t\n\r\u{a0}]{0,3}[0-9a-g# .*\\[|{-]{0,40}(\r?\n[a-z ]{0,5})?",
            other in "[0-9a-g# .*\\[|{-]{0,12}",
        ) {
            let signature = |error: &str| alike(first_line(error));
            let takes = |signature: &str, error: &str| {
                regex::Regex::new(&signature_pattern(signature)).unwrap().is_match(error)
            };
            prop_assert!(takes(&signature(&one), &one));
            let are_alike = signature(&one) == signature(&other);
            // Numbers beside letters from a to f may make an id together.
            if !other.contains(|c: char| c.is_ascii_lowercase()) {
                prop_assert_eq!(takes(&signature(&one), &other), are_alike);
            }
        }
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
