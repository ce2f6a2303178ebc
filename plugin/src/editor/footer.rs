//! The line at the bottom: latency, the ear, what came too late.

use earmark_core::decide::Thresholds;
use earmark_core::gate::Adaptive;
use earmark_core::report::Format;
use egui::{
    Align, Color32, CursorIcon, FontSelection, Key, Layout, Popup, PopupCloseBehavior, RichText, TextEdit,
    Ui, vec2,
};

use super::app::App;
use super::profile_panel;
use super::theme::{FOOTER_LINE, font};
use super::widgets::opener;
use crate::host_words::HostWords;
use crate::params::{Params, id};
use crate::shared::{DetectorStatus, Shared, Status};

/// A piece of the line; true for what should worry.
type Piece = (String, bool);

/// The floor that the gate follows, and where the close threshold stands because of it.
fn floor_piece(status: &Status, params: &Params) -> Option<Piece> {
    if !params.is_on(id::ADAPTIVE) || !status.active {
        return None;
    }
    let Some(floor) = status.floor else { return Some(("Floor: not known yet".to_owned(), false)) };
    let open = params.get_f32(id::OPEN);
    let own = Thresholds { open, close: params.get_f32(id::CLOSE).min(open) };
    let adapted = Adaptive::default().at(floor.snr_db.map(f64::from), params.get_f32(id::RANGE_DB));
    let close = 100.0 * adapted.thresholds(own).close;
    Some((
        format!("Floor {:.0} dBFS, closes under {close:.0} %, {:.0} dB deep", floor.dbfs, adapted.range_db),
        false,
    ))
}

/// What the line says.
pub fn pieces(status: &Status) -> Vec<Piece> {
    let mut all = Vec::new();
    match &status.ear {
        DetectorStatus::Idle => all.push(("Ear at rest".to_owned(), false)),
        DetectorStatus::Running => {
            all.push((format!("Ear running, {} of a core", percent(status.load)), false))
        }
        DetectorStatus::Stalled => all.push(("The ear does not answer".to_owned(), true)),
        DetectorStatus::Failed(why) => all.push((format!("No ear: {why}"), true)),
    }
    if status.active && status.rate_hz > 0.0 {
        let ms = 1e3 * f64::from(status.latency_samples) / status.rate_hz;
        all.push((format!("Latency {ms:.1} ms ({} samples)", status.latency_samples), false));
        all.push((format!("{} kHz", status.rate_hz / 1e3), false));
    }
    all.push((count(status.underruns, "underrun"), status.underruns > 0));
    if status.underruns > 0 && !status.raised_priority && status.ear == DetectorStatus::Running {
        // What the user can do about it.
        all.push(("The system grants no raised priority".to_owned(), true));
    }
    if status.overflows > 0 {
        all.push((count(status.overflows, "overflow"), true));
    }
    all
}

fn percent(share: f32) -> String {
    let percent = 100.0 * share;
    if percent < 9.95 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

fn count(number: u64, what: &str) -> String {
    match number {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// An ear of the same name that hears otherwise than the project's did.
fn replaced_piece(shared: &Shared) -> Option<Piece> {
    let (before, now) = shared.replaced_ear()?;
    if before.hears() {
        let text =
            format!("{} hears, with which this was made, not {}", before.made_with.title(), now.version);
        return Some((text, false));
    }
    let made = if before.made_with.version == now.version {
        format!("Made with another {}", now.title())
    } else {
        format!("Made with {}, heard by {}", before.made_with.title(), now.version)
    };
    let way = if before.is_here() { "choose one of them in Ear" } else { "choose it again in Ear to agree" };
    Some((format!("{made}: {way}"), true))
}

/// What the ear cannot do of what is asked.
fn singing_piece(shared: &Shared, status: &Status) -> Option<Piece> {
    let asked = shared.params.choice(id::KEEP_SINGING) > 0 && status.active;
    (asked && !shared.has_singing())
        .then(|| ("This ear does not tell singing from music: both pass".to_owned(), true))
}

/// Lanes that are told, and a host that says that it records none.
fn lanes_piece(params: &Params, words: &HostWords) -> Option<Piece> {
    let writes = params.choice(id::LABEL_MODE) == 1;
    (writes && words.records == Some(false))
        .then(|| ("Label lanes are written; the host records no automation now".to_owned(), false))
}

/// What stands at the foot, and on how many lines.
#[derive(Debug)]
pub(super) struct FooterPlan {
    pieces: Vec<Piece>,
    two_lines: bool,
}

impl FooterPlan {
    /// Points that it takes.
    pub(super) fn height(&self) -> f32 {
        if self.two_lines { 2.0 * FOOTER_LINE + 2.0 } else { FOOTER_LINE }
    }
}

/// Between two pieces, points.
const PIECE_GAP: f32 = 16.0;

impl App {
    /// Words at the right end: what happened last, or which version this is.
    fn last_words(&self) -> (String, Color32) {
        match (&self.notice, &self.told) {
            (Some(notice), _) => (notice.clone(), self.theme.warn),
            (None, Some(told)) => (told.clone(), self.theme.text),
            (None, None) => {
                let own = format!("{} {}", crate::NAME, crate::VERSION);
                let named = self.host_words.track.as_ref().map(|track| format!("{track} \u{b7} {own}"));
                (named.unwrap_or(own), self.theme.dim)
            }
        }
    }

    /// What is to be said now. The state of things gets a line of its own where it has no room beside the buttons.
    pub(super) fn footer_plan(&self, ui: &Ui, width: f32) -> FooterPlan {
        let status = self.shared.status();
        let pieces: Vec<Piece> = profile_panel::pieces(&self.shared, &status)
            .into_iter()
            .chain(pieces(&status))
            .chain(floor_piece(&status, &self.shared.params))
            .chain(replaced_piece(&self.shared))
            .chain(singing_piece(&self.shared, &status))
            .chain(lanes_piece(&self.shared.params, &self.host_words))
            .collect();
        let wide = |text: &str| {
            let galley = ui.painter().layout_no_wrap(text.to_owned(), font(11.5), self.theme.dim);
            galley.size().x + PIECE_GAP
        };
        let words = [LABELS_BUTTON, profile_panel::BUTTON].into_iter();
        let words = words.chain(pieces.iter().map(|(text, _)| text.as_str()));
        let needed: f32 = words.map(wide).sum::<f32>() + wide(&self.last_words().0);
        FooterPlan { pieces, two_lines: needed > width }
    }

    pub(super) fn footer(&mut self, ui: &mut Ui, plan: &FooterPlan) {
        ui.spacing_mut().item_spacing.y = 2.0;
        let line = |ui: &mut Ui, show: &mut dyn FnMut(&mut Ui)| {
            ui.allocate_ui(vec2(ui.available_width(), FOOTER_LINE), |ui| {
                ui.horizontal_centered(|ui| {
                    ui.spacing_mut().item_spacing.x = PIECE_GAP;
                    show(ui);
                });
            });
        };
        line(ui, &mut |ui| {
            self.labels_button(ui);
            self.profiles_button(ui);
            if !plan.two_lines {
                self.pieces(ui, &plan.pieces);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let (text, colour) = self.last_words();
                self.piece(ui, &text, colour);
            });
        });
        if plan.two_lines {
            line(ui, &mut |ui| self.pieces(ui, &plan.pieces));
        }
    }

    fn pieces(&self, ui: &mut Ui, pieces: &[Piece]) {
        // What should worry first: a line that is too long is cut at its end.
        let (worries, calm): (Vec<&Piece>, Vec<&Piece>) = pieces.iter().partition(|(_, worry)| *worry);
        for (text, worry) in worries.into_iter().chain(calm) {
            self.piece(ui, text, if *worry { self.theme.warn } else { self.theme.dim });
        }
    }

    fn piece(&self, ui: &mut Ui, text: &str, colour: Color32) {
        // Less than a few letters is nothing.
        if ui.available_width() > 24.0 {
            let text = RichText::new(text).font(font(11.5)).color(colour);
            ui.add(egui::Label::new(text).truncate());
        }
    }
}

/// What is on the button that saves labels.
const LABELS_BUTTON: &str = "Save labels as\u{2026}";

impl App {
    /// Labels as a file: a button that asks for a path.
    fn labels_button(&mut self, ui: &mut Ui) {
        let button = opener(ui, LABELS_BUTTON, self.theme.text);
        Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
            ui.set_width(420.0);
            let endings = Format::ALL.map(|format| format!(".{}", format.extension())).join("  ");
            let about = format!(
                "What was heard so far, at its times in the project. The ending chooses the format: {endings}"
            );
            ui.add(egui::Label::new(RichText::new(about).font(font(11.5)).color(self.theme.dim)).wrap());
            ui.horizontal(|ui| {
                let path = TextEdit::singleline(&mut self.labels_path)
                    .font(FontSelection::FontId(font(12.5)))
                    .desired_width(340.0);
                let written = ui.add(path);
                let entered = written.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
                let button = egui::Button::new(RichText::new("Save").font(font(12.5)));
                let clicked = ui.add(button).on_hover_cursor(CursorIcon::PointingHand).clicked();
                if (entered || clicked) && self.save_labels() {
                    ui.close();
                }
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_core::realtime::LiveFloor;

    fn said(status: &Status) -> Vec<(String, bool)> {
        pieces(status)
    }

    #[test]
    fn it_says_what_is_and_worries_only_when_it_should() {
        let fine = Status {
            active: true,
            latency_samples: 4_800,
            rate_hz: 48_000.0,
            ear: DetectorStatus::Running,
            load: 0.0312,
            raised_priority: true,
            ..Status::default()
        };
        let calm = said(&fine);
        assert!(calm.iter().all(|(_, worry)| !worry));
        let text: Vec<_> = calm.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(
            text,
            ["Ear running, 3.1 % of a core", "Latency 100.0 ms (4800 samples)", "48 kHz", "no underruns",]
        );
        let late = |raised_priority| said(&Status { underruns: 1, raised_priority, ..fine.clone() }).len();
        assert_eq!((late(true), late(false)), (4, 5), "an ordinary priority is a reason");
        let broken =
            Status { ear: DetectorStatus::Failed("no model".to_owned()), underruns: 1, overflows: 7, ..fine };
        let worries: Vec<_> =
            said(&broken).into_iter().filter(|(_, worry)| *worry).map(|(text, _)| text).collect();
        assert_eq!(worries, ["No ear: no model", "1 underrun", "7 overflows"]);
    }

    #[test]
    fn it_says_where_singing_cannot_be_told_from_music() {
        let shared = Shared::new();
        let active = Status { active: true, ..Status::default() };
        assert_eq!(singing_piece(&shared, &active), None, "nobody asked");
        shared.set(id::KEEP_SINGING, 1.0);
        assert!(
            singing_piece(&shared, &active).is_some_and(|(text, worry)| worry && text.contains("singing"))
        );
        assert_eq!(singing_piece(&shared, &Status::default()), None, "nothing runs");
        shared.note_activation(48_000.0, 0, true);
        assert_eq!(singing_piece(&shared, &active), None);
    }

    #[test]
    fn it_says_the_floor_and_what_follows_from_it_where_the_gate_follows_one() {
        let shared = crate::Shared::new();
        shared.set(id::OPEN, 0.55);
        shared.set(id::CLOSE, 0.45);
        let loud = LiveFloor { dbfs: -31.4, snr_db: Some(5.0) };
        let status = Status { active: true, floor: Some(loud), ..Status::default() };
        assert_eq!(floor_piece(&status, &shared.params), None, "it follows none");
        shared.set(id::ADAPTIVE, 1.0);
        let text = |status: &Status| floor_piece(status, &shared.params).map(|(text, _)| text);
        assert_eq!(text(&status).as_deref(), Some("Floor -31 dBFS, closes under 50 %, 30 dB deep"));
        let quiet = LiveFloor { dbfs: -70.0, snr_db: Some(48.0) };
        let quiet = Status { floor: Some(quiet), ..status.clone() };
        assert_eq!(text(&quiet).as_deref(), Some("Floor -70 dBFS, closes under 45 %, 6 dB deep"));
        assert_eq!(text(&Status { floor: None, ..status }).as_deref(), Some("Floor: not known yet"));
    }
}
