//! Conversions between enums whose variants have the same names.

/// Converts with `=>` from the first enum to the second one, with `=` both ways.
macro_rules! same {
    ($from:ty => $to:ty { $($variant:ident),+ $(,)? }) => {
        impl From<$from> for $to {
            fn from(value: $from) -> Self {
                match value {
                    $(<$from>::$variant => Self::$variant,)+
                }
            }
        }
    };
    ($one:ty = $other:ty { $($variant:ident),+ $(,)? }) => {
        same!($one => $other { $($variant),+ });
        same!($other => $one { $($variant),+ });
    };
}

pub(super) use same;
