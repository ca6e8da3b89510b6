//! Progress bars of the running jobs.

use super::Bar;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Bars {
    pub all: MultiProgress,
    drawn: BTreeMap<u64, ProgressBar>,
}

impl Bars {
    /// Draws the bars that are shown, and clears those that are not any more.
    pub fn draw(&mut self, shown: &BTreeMap<u64, Bar>) {
        self.drawn.retain(|number, bar| {
            let stays = shown.contains_key(number);
            if !stays {
                bar.finish_and_clear();
            }
            stays
        });
        for (number, bar) in shown {
            let drawn = self.drawn.entry(*number).or_insert_with(|| {
                let new = ProgressBar::new(100)
                    .with_style(style())
                    .with_elapsed(bar.began.elapsed());
                self.all.add(new.with_prefix(bar.id.clone()))
            });
            drawn.set_position(bar.progress as u64);
            drawn.set_message(bar.stage.clone());
            drawn.tick();
        }
    }
}

fn style() -> ProgressStyle {
    // An invalid template falls back to the default style.
    ProgressStyle::with_template("{prefix} {bar:16} {pos:>3} % {elapsed:>4} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
