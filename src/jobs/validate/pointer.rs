//! JSON pointers (RFC 6901) to invalid values. A walk over a document keeps its pointer as a chain
//! on the stack, and formats it only for an error.

use std::fmt::{self, Display, Formatter, Write};

/// Maximum number of characters in a part of a pointer; a longer part is cut and ends with an
/// ellipsis.
pub const MAX_PART_CHARS: usize = 200;

/// Current location of a walk over a document.
#[derive(Clone, Copy)]
pub enum JsonPath<'a> {
    /// Location where the walk began.
    Root(&'a dyn Display),
    Member(&'a JsonPath<'a>, &'a str),
    Element(&'a JsonPath<'a>, usize),
}

impl Display for JsonPath<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            JsonPath::Root(pointer) => pointer.fmt(f),
            JsonPath::Member(outer, name) => write!(f, "{outer}/{}", Part(name)),
            JsonPath::Element(outer, i) => write!(f, "{outer}/{i}"),
        }
    }
}

/// Name of a member, escaped as a part of a pointer.
pub struct Part<'a>(pub &'a str);

impl Display for Part<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut left = MAX_PART_CHARS;
        for c in self.0.chars() {
            if left == 0 {
                return f.write_char('…');
            }
            left -= 1;
            match c {
                '~' => f.write_str("~0")?,
                '/' => f.write_str("~1")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_escaped_and_cut() {
        let (root, name) = ("/context", format!("a/b~{}", "é".repeat(300)));
        let (root, long) = (JsonPath::Root(&root), name.as_str());
        let spot = JsonPath::Element(&JsonPath::Member(&root, long), 7).to_string();
        assert_eq!(spot, format!("/context/a~1b~0{}…/7", "é".repeat(196)));
        assert_eq!(JsonPath::Member(&root, "").to_string(), "/context/");
    }
}
