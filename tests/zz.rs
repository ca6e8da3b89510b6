#![allow(clippy::unwrap_used, clippy::expect_used, dead_code, unused_imports)]
#[macro_use]
mod support;
mod import {
    pub mod dump;
}
mod crash;
