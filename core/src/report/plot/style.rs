//! Colours and measures of the plot: their one definition.

use crate::Label;

/// Bars of a label: from the palette of Okabe and Ito, which stays distinct in every kind of colour blindness; greys
/// for what is not heard. The four main colours also differ in lightness, so they survive a photocopier; singing lies beside
/// music, which it is too.
const LABEL_COLOURS: [(&Label, &str); 6] = [
    (&Label::SPEECH, "#0072b2"),
    (&Label::SINGING, "#d55e00"),
    (&Label::MUSIC, "#e69f00"),
    (&Label::NOISE, "#cc79a7"),
    (&Label::SILENCE, "#c3c9d1"),
    (&Label::UNKNOWN, "#7b8491"),
];
/// Labels that packs bring, in turn.
const FURTHER_COLOURS: [&str; 2] = ["#009e73", "#56b4e9"];

/// Title and numbers.
pub(super) const INK: &str = "#1c2430";
/// Everything that explains.
pub(super) const SOFT_INK: &str = "#5d6673";
/// The paper.
pub(super) const PAPER: &str = "#ffffff";
/// Ground of waveform and lanes.
pub(super) const GROUND: &str = "#f3f5f7";
/// Marks of the time axis across the panels.
pub(super) const GRID: &str = "#dde2e8";
/// The waveform.
pub(super) const WAVE: &str = "#47566b";
/// Faces from what a viewer may have to what the PNG has for sure.
pub(super) const FONTS: &str = "'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif";

/// The colour of a label, `#rrggbb`; `place` is its place among the labels of the timeline.
pub fn colour(label: &Label, place: usize) -> &'static str {
    let own = LABEL_COLOURS.iter().find(|(l, _)| *l == label).map(|(_, c)| *c);
    own.unwrap_or(FURTHER_COLOURS[place % FURTHER_COLOURS.len()])
}
