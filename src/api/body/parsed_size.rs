//! Estimate of the memory that a body takes once it is parsed. An object of one member takes some
//! seven hundred bytes, and six bytes of text are enough to ask for one.

/// Maximum estimate for one body, in bytes.
pub const MAX_PARSED_BYTES: usize = 48 << 20;

/// Approximate bytes of an object with up to eleven members, a list, and a value.
const OBJECT_BYTES: usize = 640;
const LIST_BYTES: usize = 32;
const VALUE_BYTES: usize = 32;

/// Estimates the bytes of the parsed text. Exact only in the order of magnitude; text that is not
/// valid JSON has an estimate too.
pub fn parsed_size(json: &[u8]) -> usize {
    let (mut size, mut in_text, mut escaped) = (json.len(), false, false);
    for byte in json {
        if in_text {
            in_text = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            continue;
        }
        size += match byte {
            b'"' => {
                in_text = true;
                0
            }
            b'{' => OBJECT_BYTES,
            b'[' => LIST_BYTES,
            b',' => VALUE_BYTES,
            b':' => VALUE_BYTES + 24,
            _ => 0,
        };
    }
    size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_cost_what_they_take_and_texts_their_length() {
        assert!(parsed_size(&br#"{"":"#.repeat(100_000)) > MAX_PARSED_BYTES);
        let text = format!("\"{}\"", r#"{[,:\"\\"#.repeat(100_000));
        assert_eq!(parsed_size(text.as_bytes()), text.len());
        let points = r#"{"x":1.5,"y":2.5},"#.repeat(50_000);
        assert!(parsed_size(points.as_bytes()) < MAX_PARSED_BYTES);
        assert_eq!(
            parsed_size(br#""a\\":[]"#),
            8 + VALUE_BYTES + 24 + LIST_BYTES
        );
    }
}
