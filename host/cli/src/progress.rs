//! What moves on stderr while something takes its time.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::Global;
use crate::output::errln;

/// A line that says what is being done.
pub(crate) struct Spinner {
    bar: ProgressBar,
}

impl Spinner {
    pub(crate) fn new(global: &Global, message: impl Into<String>) -> Self {
        let bar = if global.quiet || global.json {
            ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden())
        } else {
            let bar = ProgressBar::new_spinner();
            let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        };
        bar.set_message(message.into());
        Self { bar }
    }

    pub(crate) fn say(&self, message: impl Into<String>) {
        self.bar.set_message(message.into());
    }

    /// A line that stays above the spinner.
    pub(crate) fn note(&self, line: impl AsRef<str>) {
        // Asked before: `suspend` holds the bar's lock.
        if !self.bar.is_hidden() {
            self.bar.suspend(|| errln!("{}", line.as_ref()));
        }
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
