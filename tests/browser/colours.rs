//! Contrast, computed from the tokens of the stylesheet (WCAG 2.2 AA: 4.5 for text, 3 for what is
//! not).

use callsheet::dashboard::FILES;

type Rgb = [f64; 3];

/// A token in light and dark.
fn token(name: &str) -> [Rgb; 2] {
    let css = FILES
        .iter()
        .find(|(file, _)| *file == "styles/tokens.css")
        .unwrap()
        .1;
    let line = css
        .lines()
        .find(|line| {
            line.trim_start()
                .starts_with(&format!("--{name}: light-dark("))
        })
        .unwrap_or_else(|| panic!("there is no token {name}"));
    let inner = line.split_once('(').unwrap().1.split_once(')').unwrap().0;
    let mut colours = inner.split(',').map(|colour| rgb(colour.trim()));
    [colours.next().unwrap(), colours.next().unwrap()]
}

fn rgb(hex: &str) -> Rgb {
    let part = |at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
    [part(1), part(3), part(5)]
}

fn luminance(colour: Rgb) -> f64 {
    let linear = colour.map(|c| {
        if c <= 0.040_45 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
    if a > b { a / b } else { b / a }
}

fn mix(ink: Rgb, ground: Rgb, share: f64) -> Rgb {
    [0, 1, 2].map(|i| ink[i] * share + ground[i] * (1.0 - share))
}

#[test]
fn every_pair_of_colours_can_be_read() {
    let least = |ink: &str, ground: &str, least: f64| {
        for (theme, (ink_colour, ground_colour)) in
            token(ink).into_iter().zip(token(ground)).enumerate()
        {
            let ratio = contrast(ink_colour, ground_colour);
            assert!(
                ratio >= least,
                "{ink} on {ground}, theme {theme}: {ratio:.2} < {least}"
            );
        }
    };
    for ground in ["bg", "surface", "selected"] {
        least("text", ground, 4.5);
        least("text-2", ground, 4.5);
        least("accent", ground, 4.5);
    }
    least("on-accent", "accent", 4.5);
    least("edge", "surface", 3.0);
    for status in [
        "queued",
        "processing",
        "attention",
        "completed",
        "failed",
        "cancelled",
    ] {
        least(status, "surface", 4.5);
        least(status, "track", 4.4);
        least("on-ink", status, 4.5);
        for (theme, share) in [0.10, 0.14].into_iter().enumerate() {
            let (ink, surface) = (token(status)[theme], token("surface")[theme]);
            let tinted = contrast(ink, mix(ink, surface, share));
            assert!(
                tinted >= 4.5,
                "{status} on its tint, theme {theme}: {tinted:.2}"
            );
            let text = contrast(token("text")[theme], mix(ink, surface, share));
            assert!(
                text >= 4.5,
                "text on the tint of {status}, theme {theme}: {text:.2}"
            );
        }
    }
}
