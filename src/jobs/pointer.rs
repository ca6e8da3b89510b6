//! JSON pointers (RFC 6901) to where something is wrong: kept as a chain on the stack while a document is walked, and
//! written out only at an error.

use std::fmt::{self, Display, Formatter, Write};

/// Characters of a part of a pointer; a longer one ends with an ellipsis there.
pub const LONGEST_PART: usize = 200;

/// Where in a document a walk is.
#[derive(Clone, Copy)]
pub enum Spot<'a> {
    /// Where it began.
    Root(&'a dyn Display),
    Member(&'a Spot<'a>, &'a str),
    Element(&'a Spot<'a>, usize),
}

impl Display for Spot<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Spot::Root(pointer) => pointer.fmt(f),
            Spot::Member(outer, name) => write!(f, "{outer}/{}", Part(name)),
            Spot::Element(outer, i) => write!(f, "{outer}/{i}"),
        }
    }
}

/// A member's name as a part of a pointer.
pub struct Part<'a>(pub &'a str);

impl Display for Part<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut left = LONGEST_PART;
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
        let (root, long) = (Spot::Root(&root), name.as_str());
        let spot = Spot::Element(&Spot::Member(&root, long), 7).to_string();
        assert_eq!(spot, format!("/context/a~1b~0{}…/7", "é".repeat(196)));
        assert_eq!(Spot::Member(&root, "").to_string(), "/context/");
    }
}
