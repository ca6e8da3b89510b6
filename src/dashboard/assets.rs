//! Files of the dashboard, embedded as they are in the repository.

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        /// Each file by name, as it is in the repository.
        pub const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("assets/", $name)))),+];
    };
}

// Stylesheets in the order in which they override each other; `assets/app/styles.js` has the same.
files!(
    "styles/tokens.css",
    "styles/base.css",
    "styles/frame.css",
    "styles/controls.css",
    "styles/panels.css",
    "styles/fields.css",
    "styles/tables.css",
    "styles/data.css",
    "styles/media.css",
    "styles/overview.css",
    "styles/charts.css",
    "styles/causes.css",
    "styles/jobs.css",
    "styles/job.css",
    "styles/library.css",
    "styles/compare.css",
    "styles/layers.css",
    "app/again.js",
    "app/api.js",
    "app/connection-chip.js",
    "app/connection.js",
    "app/job-events.js",
    "app/keys.js",
    "app/live.js",
    "app/main.js",
    "app/navigation.js",
    "app/pages.js",
    "app/router.js",
    "app/session.js",
    "app/stream.js",
    "app/styles.js",
    "app/theme-button.js",
    "app/theme.js",
    "pages/action.js",
    "pages/actions.js",
    "pages/causes.js",
    "pages/compare.js",
    "pages/import.js",
    "pages/imports.js",
    "pages/job.js",
    "pages/jobs.js",
    "pages/log.js",
    "pages/new.js",
    "pages/one-series.js",
    "pages/overview.js",
    "pages/schedules.js",
    "pages/series.js",
    "pages/sign-in.js",
    "pages/storage.js",
    "pages/webhooks.js",
    "pages/workers.js",
    "parts/actions.js",
    "parts/bulk.js",
    "parts/charts.js",
    "parts/client.js",
    "parts/clip-frames.js",
    "parts/compare/chooser.js",
    "parts/compare/differences.js",
    "parts/compare/film.js",
    "parts/compare/scrubber.js",
    "parts/compare/side.js",
    "parts/copy.js",
    "parts/dialogs.js",
    "parts/dom.js",
    "parts/filters.js",
    "parts/format.js",
    "parts/help.js",
    "parts/icons.js",
    "parts/imports.js",
    "parts/job/details.js",
    "parts/job/error-card.js",
    "parts/job/inspector.js",
    "parts/job/notice.js",
    "parts/job/player.js",
    "parts/job/shot-form.js",
    "parts/job/shots.js",
    "parts/job/stage.js",
    "parts/jobs/pages.js",
    "parts/jobs/rows.js",
    "parts/jobs/search.js",
    "parts/jobs/selection.js",
    "parts/jobs/views.js",
    "parts/json.js",
    "parts/limit-dialog.js",
    "parts/list-page.js",
    "parts/on-demand.js",
    "parts/overview/cards.js",
    "parts/overview/failures.js",
    "parts/overview/films.js",
    "parts/overview/forecasts.js",
    "parts/overview/panels.js",
    "parts/palette.js",
    "parts/panel.js",
    "parts/picture.js",
    "parts/scales.js",
    "parts/schedule-dialogs.js",
    "parts/spark.js",
    "parts/status.js",
    "parts/text.js",
    "parts/timeline.js",
    "parts/ui.js",
    "parts/video.js",
    "parts/webhook-dialogs.js",
    "icon.svg",
);

/// Stylesheets that every page needs. Pages load the others, as `assets/app/styles.js` says.
const SHARED_STYLES: [&str; 5] = ["tokens", "base", "frame", "controls", "panels"];

/// Beginnings of the names of modules that not every page needs before it is painted.
const LATER: [&str; 24] = [
    "app/stream",
    "parts/actions",
    "parts/bulk",
    "parts/charts",
    "parts/clip-frames",
    "parts/compare/",
    "parts/copy",
    "parts/dialogs",
    "parts/filters",
    "parts/help",
    "parts/imports",
    "parts/job/",
    "parts/jobs/",
    "parts/json",
    "parts/limit-dialog",
    "parts/list-page",
    "parts/overview/",
    "parts/palette",
    "parts/panel",
    "parts/scales",
    "parts/schedule-dialogs",
    "parts/timeline",
    "parts/video",
    "parts/webhook-dialogs",
];

/// Name of the file that the shared stylesheets are served as.
pub const STYLES: &str = "styles.css";

/// Returns whether the file is one of the stylesheets that every page needs.
pub fn is_shared(name: &str) -> bool {
    let sheet = |shared: &&str| name == format!("styles/{shared}.css");
    SHARED_STYLES.iter().any(sheet)
}

/// Joins the shared stylesheets into one file, because the browser paints nothing before the last
/// of them has arrived.
pub fn styles() -> String {
    let shared = FILES.iter().filter(|(name, _)| is_shared(name));
    shared.map(|(_, text)| *text).collect()
}

/// Modules that every page needs: a browser loads them at once and not import by import. The others
/// are loaded when they are needed.
pub fn modules() -> String {
    let shared = |name: &&str| {
        let later = name.starts_with("pages/") || LATER.iter().any(|part| name.starts_with(part));
        name.ends_with(".js") && !later && !matches!(*name, "app/main.js" | "app/theme.js")
    };
    let names = FILES.iter().map(|(name, _)| *name).filter(shared);
    names
        .map(|name| format!("<link rel=\"modulepreload\" href=\"/assets/HASH/{name}\">\n"))
        .collect()
}
