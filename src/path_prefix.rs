//! Path prefixes under which a proxy may publish the server.

/// Maximum bytes of a path prefix.
const MAX_PREFIX_BYTES: usize = 200;

/// Returns whether the text is a path prefix under which a proxy may publish the server: `/a` or
/// `/a/b`, without a slash at its end. Anything else in a page or a header could lead to another
/// host, or end the markup around it.
pub fn is_path_prefix(text: &str) -> bool {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let is_name =
        |part: &str| !part.is_empty() && part != "." && part != ".." && part.bytes().all(is_plain);
    text.len() <= MAX_PREFIX_BYTES
        && text
            .strip_prefix('/')
            .is_some_and(|rest| rest.split('/').all(is_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_path_of_plain_names() {
        for prefix in ["/a", "/callsheet", "/tools/callsheet-2", "/a.b/~c"] {
            assert!(is_path_prefix(prefix), "{prefix}");
        }
        for other in [
            "",
            "/",
            "a",
            "//evil.example",
            "/a/",
            "/a//b",
            "/..",
            "/a/../b",
            "/a?b",
            "/a b",
            "/\"><script>",
            "/ä",
            "https://evil.example/a",
        ] {
            assert!(!is_path_prefix(other), "{other}");
        }
        assert!(!is_path_prefix(&format!(
            "/{}",
            "a".repeat(MAX_PREFIX_BYTES)
        )));
    }
}
