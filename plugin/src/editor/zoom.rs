//! How large the window is: its own zoom, what the host gives room for, and the corner to pull at.

use std::time::Duration;

use egui::{Rect, Sense, Ui, Vec2, pos2, vec2};

use super::app::App;
use super::{MAX_SIZE, MIN_SIZE, state};

/// How long a host has to make its window larger, seconds.
const HOST_GROWS_S: f64 = 0.5;

/// A change of zoom on its way.
#[derive(Debug, Default)]
pub(super) struct Zoom {
    /// The zoom for which the host was asked for room, and until when it has time.
    asked_for_room: Option<(u32, f64)>,
    /// Width and height that the host has given, points without the zoom.
    size_to_keep: Option<Vec2>,
}

impl App {
    /// The zoom that is kept becomes the window's: the user has chosen it, or the host has loaded a state. Inside a host the window
    /// is as large as the host makes it: it is asked for more room first, and without that the zoom stays as it was.
    pub(super) fn settle_zoom(&mut self, ctx: &egui::Context, points: Vec2) {
        // The window's own keys do this; the framework's would not wait for the host.
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        let (wanted, now) = (state::zoom_percent(&self.shared), zoom_percent_of(ctx));
        if let Some(kept) = self.zoom.size_to_keep.take_if(|_| wanted == now) {
            // The framework has made the window larger by the zoom.
            ctx.send_viewport_cmd(egui::ViewportCommand::InnerSize(kept / ctx.zoom_factor()));
        }
        if wanted == now {
            self.zoom.asked_for_room = None;
            return;
        }
        let zoom = zoom_factor(wanted);
        let unzoomed = points * ctx.zoom_factor();
        let least = vec2(number(MIN_SIZE.0), number(MIN_SIZE.1));
        let asked_s = self.zoom.asked_for_room.filter(|(asked, _)| *asked == wanted).map(|(_, at_s)| at_s);
        let has_room = {
            let room = (unzoomed / zoom).round();
            room.x >= least.x && room.y >= least.y
        };
        match asked_s {
            _ if !self.embedded => ctx.set_zoom_factor(zoom),
            Some(at_s) if has_room && ctx.time() > at_s => {
                self.zoom.size_to_keep = Some(unzoomed);
                ctx.set_zoom_factor(zoom);
            }
            None => {
                let zoomed = |points: u32| points * wanted / 100;
                let (width, height) = wanted_size(points);
                let may_grow = self.gestures.host().request_resize(zoomed(width), zoomed(height));
                let at_s = if may_grow { ctx.time() + HOST_GROWS_S } else { f64::NEG_INFINITY };
                self.zoom.asked_for_room = Some((wanted, at_s));
                ctx.request_repaint_after(Duration::from_secs_f64(HOST_GROWS_S));
            }
            Some(at_s) if ctx.time() > at_s => {
                self.notice = Some("The host gives this window no room for that zoom".to_owned());
                state::set_zoom_percent(&self.shared, now);
            }
            Some(_) => ctx.request_repaint_after(Duration::from_secs_f64(0.1)),
        }
    }

    pub(super) fn set_zoom(&mut self, zoom_percent: u32) {
        state::set_zoom_percent(&self.shared, zoom_percent);
    }

    /// Control and plus, minus or zero.
    pub(super) fn zoom_keys(&mut self, ctx: &egui::Context) {
        use egui::{Key, Modifiers};
        let pressed = |key| ctx.input_mut(|input| input.consume_key(Modifiers::COMMAND, key));
        let now = state::zoom_percent(&self.shared);
        let place = state::ZOOMS.iter().position(|zoom| *zoom == now).unwrap_or(0);
        let wanted = if pressed(Key::Plus) || pressed(Key::Equals) {
            state::ZOOMS.get(place + 1)
        } else if pressed(Key::Minus) {
            place.checked_sub(1).and_then(|place| state::ZOOMS.get(place))
        } else if pressed(Key::Num0) {
            state::ZOOMS.first()
        } else {
            None
        };
        if let Some(zoom) = wanted {
            self.set_zoom(*zoom);
        }
    }

    /// A corner to pull at, for hosts whose windows have none.
    pub(super) fn grip(&self, ui: &mut Ui, area: Rect) {
        let corner = Rect::from_min_max(area.max - Vec2::splat(16.0), area.max);
        let response = ui.interact(corner, ui.scope_id().with("grip"), Sense::DRAG);
        let response = response.on_hover_and_drag_cursor(egui::CursorIcon::ResizeNwSe);
        if let (true, Some(pointer)) = (response.dragged(), response.interact_pointer_pos()) {
            let (width, height) = wanted_size(pointer - area.min);
            let zoomed = |points: u32| points * state::zoom_percent(&self.shared) / 100;
            self.gestures.host().request_resize(zoomed(width), zoomed(height));
        }
        let colour = if response.hovered() { self.theme.text } else { self.theme.dim };
        for step in [4.0, 8.0, 12.0] {
            let ends = [
                pos2(area.right() - step, area.bottom() - 2.0),
                pos2(area.right() - 2.0, area.bottom() - step),
            ];
            ui.painter().line_segment(ends, egui::Stroke::new(1.0, colour));
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred per cent at most")]
fn zoom_percent_of(ctx: &egui::Context) -> u32 {
    (100.0 * ctx.zoom_factor()).round() as u32
}

fn zoom_factor(percent: u32) -> f32 {
    number(percent) / 100.0
}

#[expect(clippy::cast_precision_loss, reason = "sizes of windows and per cent")]
fn number(count: u32) -> f32 {
    count as f32
}

/// The nearest allowed size, points.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to sizes of windows")]
fn wanted_size(size: Vec2) -> (u32, u32) {
    let side = |points: f32, low: u32, high: u32| (points.clamp(0.0, 1e5).round() as u32).clamp(low, high);
    (side(size.x, MIN_SIZE.0, MAX_SIZE.0), side(size.y, MIN_SIZE.1, MAX_SIZE.1))
}
