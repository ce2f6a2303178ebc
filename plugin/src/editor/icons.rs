//! Signs on buttons, drawn: a font that has them all would be larger than the editor.

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

/// What is on a button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// The one before.
    Previous,
    /// The one after.
    Next,
    /// Make another like this.
    Copy,
    /// Bright or dark.
    Contrast,
}

/// Draws a sign around a point; `ground` is what lies behind it.
pub fn draw(painter: &Painter, icon: Icon, centre: Pos2, colour: Color32, ground: Color32) {
    let at = |x: f32, y: f32| pos2(centre.x + x, centre.y + y);
    match icon {
        Icon::Previous | Icon::Next => {
            let side = if icon == Icon::Next { 1.0 } else { -1.0 };
            let corners = vec![at(4.0 * side, 0.0), at(-2.5 * side, -4.5), at(-2.5 * side, 4.5)];
            painter.add(Shape::convex_polygon(corners, colour, Stroke::NONE));
        }
        Icon::Copy => {
            for corner in [at(-1.5, -1.5), at(1.5, 1.5)] {
                let sheet = Rect::from_center_size(corner, vec2(8.0, 8.0));
                painter.rect(sheet, 2.0, ground, Stroke::new(1.25, colour), StrokeKind::Middle);
            }
        }
        Icon::Contrast => {
            painter.circle_stroke(centre, 5.5, Stroke::new(1.25, colour));
            let half = (0..=16_u8).map(|i| {
                let angle = std::f32::consts::PI * (f32::from(i) / 16.0 - 0.5);
                at(5.5 * angle.cos(), 5.5 * angle.sin())
            });
            painter.add(Shape::convex_polygon(half.collect(), colour, Stroke::NONE));
        }
    }
}
