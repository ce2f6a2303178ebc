//! Level meters: how they fall, and how they look.

use egui::{Align2, Painter, Rect, Stroke, pos2};

use super::theme::{Theme, font};

/// The lowest level that a meter shows, dBFS.
const FLOOR_DBFS: f32 = -60.0;
/// How fast a level falls, dB per second.
const FALL_DB_PER_S: f64 = 24.0;
/// How long a peak stands, seconds.
const STAND_S: f64 = 1.5;

/// One level with its peak, falling.
#[derive(Debug, Clone, Copy)]
pub struct Level {
    level_dbfs: f32,
    peak_dbfs: f32,
    peak_at_s: f64,
    last_s: f64,
}

impl Default for Level {
    fn default() -> Self {
        Self { level_dbfs: FLOOR_DBFS, peak_dbfs: FLOOR_DBFS, peak_at_s: 0.0, last_s: 0.0 }
    }
}

/// dBFS of a magnitude, not below the floor.
pub fn dbfs(magnitude: f32) -> f32 {
    if magnitude > 0.0 { (20.0 * magnitude.log10()).max(FLOOR_DBFS) } else { FLOOR_DBFS }
}

impl Level {
    /// Takes the largest magnitude since the last call.
    #[expect(clippy::cast_possible_truncation, reason = "a fall of some dB")]
    pub fn update(&mut self, magnitude: f32, now_s: f64) {
        let passed = (now_s - self.last_s).max(0.0);
        self.last_s = now_s;
        let fallen = (FALL_DB_PER_S * passed) as f32;
        let new = dbfs(magnitude);
        self.level_dbfs = new.max(self.level_dbfs - fallen).max(FLOOR_DBFS);
        if new >= self.peak_dbfs {
            (self.peak_dbfs, self.peak_at_s) = (new, now_s);
        } else if now_s - self.peak_at_s > STAND_S {
            self.peak_dbfs = (self.peak_dbfs - fallen).max(self.level_dbfs);
        }
    }

    /// Whether there is anything left to fall.
    pub fn moves(&self) -> bool {
        self.peak_dbfs > FLOOR_DBFS
    }

    /// The standing peak, dBFS.
    pub fn peak_dbfs(&self) -> f32 {
        self.peak_dbfs
    }
}

fn share(dbfs: f32) -> f32 {
    (1.0 - dbfs / FLOOR_DBFS).clamp(0.0, 1.0)
}

/// Draws one level with its peak, and its number below.
pub fn level(painter: &Painter, rect: Rect, level: &Level, theme: &Theme) {
    painter.rect_filled(rect, 2.0, theme.grid);
    let top = |dbfs: f32| mark(rect, dbfs);
    let filled = Rect::from_min_max(pos2(rect.left(), top(level.level_dbfs)), rect.max);
    painter.rect_filled(filled, 2.0, theme.passed);
    if level.peak_dbfs > FLOOR_DBFS {
        let hot = level.peak_dbfs > -0.1;
        let colour = if hot { theme.warn } else { theme.text };
        painter.hline(rect.x_range(), top(level.peak_dbfs), Stroke::new(1.5, colour));
    }
}

/// Draws how far the gate is down, from above, on the scale of the levels: -24 dB reach the mark 24.
pub fn reduction(painter: &Painter, rect: Rect, gain_db: f32, theme: &Theme) {
    painter.rect_filled(rect, 2.0, theme.grid);
    painter.rect_filled(reduced(rect, gain_db), 2.0, theme.accent);
}

fn reduced(rect: Rect, gain_db: f32) -> Rect {
    Rect::from_min_max(rect.min, pos2(rect.right(), mark(rect, gain_db)))
}

/// The height of a level, or of a gain, dB.
fn mark(rect: Rect, db: f32) -> f32 {
    rect.bottom() - share(db) * rect.height()
}

/// A number below a meter.
pub fn number(painter: &Painter, x: f32, y: f32, db: f32, lowest_db: f32, theme: &Theme) {
    let text = if db <= lowest_db { "\u{2212}\u{221e}".to_owned() } else { decibels(db) };
    painter.text(pos2(x, y), Align2::CENTER_TOP, text, font(11.0), theme.text);
}

/// A number of decibels with a true minus sign.
pub fn decibels(db: f32) -> String {
    let tenths = (db * 10.0).round() / 10.0;
    if tenths < 0.0 { format!("\u{2212}{:.1}", -tenths) } else { format!("{:.1}", tenths.abs()) }
}

/// The meters' scale: a few numbers.
pub fn scale(painter: &Painter, rect: Rect, x: f32, theme: &Theme) {
    for dbfs in [0.0_f32, -12.0, -24.0, -36.0, -48.0] {
        let y = mark(rect, dbfs);
        let text = format!("{:.0}", dbfs.abs());
        painter.text(pos2(x, y), Align2::CENTER_CENTER, text, font(9.5), theme.dim);
    }
}

/// The floor of the meters, dBFS.
pub const LOWEST_DBFS: f32 = FLOOR_DBFS;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_jumps_up_and_falls_in_time_and_the_peak_stands() {
        let mut level = Level::default();
        level.update(0.5, 10.0);
        assert!((level.level_dbfs + 6.02).abs() < 0.01 && level.moves());
        level.update(0.0, 11.0);
        assert!((level.level_dbfs + 30.02).abs() < 0.01);
        assert!((level.peak_dbfs() + 6.02).abs() < 0.01);
        level.update(0.0, 12.0);
        assert!(level.peak_dbfs() < -29.0, "after its time it falls");
        level.update(0.0, 30.0);
        assert!(!level.moves(), "and comes to rest");
        level.update(f32::NAN, 31.0);
        assert!(!level.moves());
    }

    /// Once -24 dB of gain reached the mark 48, for the bar had a scale of its own.
    #[test]
    fn a_gain_reaches_its_mark() {
        let rect = Rect::from_min_max(pos2(0.0, 100.0), pos2(14.0, 400.0));
        for marked_db in [0.0, -12.0, -24.0, -36.0, -48.0] {
            assert!((reduced(rect, marked_db).bottom() - mark(rect, marked_db)).abs() < 1e-3);
        }
        assert!((reduced(rect, -24.0).bottom() - 220.0).abs() < 1e-3, "24 of 60 dB");
        assert!((reduced(rect, f32::NEG_INFINITY).bottom() - 400.0).abs() < 1e-3);
        assert!(reduced(rect, 0.0).height() < 1e-3);
    }

    #[test]
    fn numbers_have_a_true_minus() {
        assert_eq!(decibels(-24.04), "\u{2212}24.0");
        assert_eq!(decibels(-0.01), "0.0");
        assert_eq!(decibels(3.25), "3.3");
    }
}
