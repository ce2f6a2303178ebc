//! Colours, type and spacing: two themes, one accent.

use std::sync::Arc;

use egui::{
    Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Stroke, Style, TextStyle, Vec2,
    Visuals,
};

/// Everything that has a colour. The accent marks what is kept and what can be moved; nothing else has a hue,
/// but for the one that warns.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    /// Dark or light.
    pub dark: bool,
    /// Behind everything.
    pub window: Color32,
    /// Behind controls.
    pub panel: Color32,
    /// Behind lanes and meters.
    pub lane: Color32,
    /// Lines that order and must not be seen first.
    pub grid: Color32,
    /// A control's resting parts.
    pub track: Color32,
    /// What is read.
    pub text: Color32,
    /// What explains it.
    pub dim: Color32,
    /// What is kept, what is on, what can be moved.
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// What passes, in the waveform.
    pub passed: Color32,
    /// What is taken away, in the waveform.
    pub removed: Color32,
    /// Something is wrong.
    pub warn: Color32,
}

impl Theme {
    /// For dark rooms.
    pub const DARK: Self = Self {
        dark: true,
        window: Color32::from_rgb(0x16, 0x18, 0x1b),
        panel: Color32::from_rgb(0x1e, 0x21, 0x25),
        lane: Color32::from_rgb(0x10, 0x12, 0x14),
        grid: Color32::from_rgb(0x25, 0x29, 0x2e),
        track: Color32::from_rgb(0x36, 0x3b, 0x42),
        text: Color32::from_rgb(0xea, 0xec, 0xee),
        dim: Color32::from_rgb(0x90, 0x97, 0xa0),
        accent: Color32::from_rgb(0x3d, 0xd6, 0xb0),
        on_accent: Color32::from_rgb(0x06, 0x20, 0x1a),
        passed: Color32::from_rgb(0x9f, 0xa9, 0xb3),
        removed: Color32::from_rgb(0x3d, 0x43, 0x4a),
        warn: Color32::from_rgb(0xff, 0x9f, 0x5a),
    };

    /// For bright ones.
    pub const LIGHT: Self = Self {
        dark: false,
        window: Color32::from_rgb(0xee, 0xef, 0xf1),
        panel: Color32::from_rgb(0xf9, 0xfa, 0xfb),
        lane: Color32::from_rgb(0xff, 0xff, 0xff),
        grid: Color32::from_rgb(0xe6, 0xe8, 0xeb),
        track: Color32::from_rgb(0xcd, 0xd2, 0xd8),
        text: Color32::from_rgb(0x1a, 0x1e, 0x22),
        dim: Color32::from_rgb(0x62, 0x6b, 0x75),
        accent: Color32::from_rgb(0x06, 0x8f, 0x72),
        on_accent: Color32::from_rgb(0xff, 0xff, 0xff),
        passed: Color32::from_rgb(0x56, 0x5f, 0x69),
        removed: Color32::from_rgb(0xd3, 0xd8, 0xdd),
        warn: Color32::from_rgb(0xc2, 0x4a, 0x0a),
    };

    /// One of the two.
    pub fn of(dark: bool) -> Self {
        if dark { Self::DARK } else { Self::LIGHT }
    }

    /// The style that egui's own widgets take from the theme.
    pub fn style(&self) -> Style {
        let mut visuals = if self.dark { Visuals::dark() } else { Visuals::light() };
        visuals.override_text_color = Some(self.text);
        visuals.panel_fill = self.window;
        visuals.window_fill = self.panel;
        visuals.window_stroke = Stroke::new(1.0, self.track);
        visuals.extreme_bg_color = self.lane;
        visuals.selection.bg_fill = self.accent.gamma_multiply(if self.dark { 0.35 } else { 0.25 });
        visuals.selection.stroke = Stroke::new(1.0, self.accent);
        visuals.popup_shadow.blur = 16;
        visuals.window_corner_radius = CornerRadius::same(8);
        visuals.menu_corner_radius = CornerRadius::same(8);
        let corner = CornerRadius::same(5);
        let widgets = &mut visuals.widgets;
        for (look, fill) in [
            (&mut widgets.noninteractive, self.panel),
            (&mut widgets.inactive, self.grid),
            (&mut widgets.hovered, self.track),
            (&mut widgets.active, self.track),
            (&mut widgets.open, self.track),
        ] {
            look.bg_fill = fill;
            look.weak_bg_fill = fill;
            look.bg_stroke = Stroke::NONE;
            look.fg_stroke = Stroke::new(1.0, self.text);
            look.corner_radius = corner;
            look.expansion = 0.0;
        }
        visuals.widgets.noninteractive.bg_stroke = Stroke::new(1.0, self.grid);
        let mut style = Style { visuals, ..Style::default() };
        style.text_styles = [
            (TextStyle::Heading, 17.0),
            (TextStyle::Body, 13.0),
            (TextStyle::Button, 13.0),
            (TextStyle::Small, 11.0),
            (TextStyle::Monospace, 12.0),
        ]
        .map(|(name, size)| (name, FontId::new(size, FontFamily::Proportional)))
        .into();
        style.spacing.item_spacing = Vec2::new(8.0, 6.0);
        style.spacing.button_padding = Vec2::new(10.0, 4.0);
        style.spacing.interact_size.y = 24.0;
        style.spacing.combo_width = 60.0;
        style.interaction.tooltip_delay = 0.5;
        style.interaction.selectable_labels = false;
        style.animation_time = 0.0;
        style
    }
}

/// The unit of all spacing, points.
pub const GAP: f32 = 8.0;
/// Height of the line above everything, points.
pub const HEADER_HEIGHT: f32 = 32.0;
/// Height of a line under everything, points.
pub const FOOTER_LINE: f32 = 18.0;
/// A window that is narrower has fewer controls beside each other, points.
pub const WIDE: f32 = 940.0;

/// The one typeface of the window; egui's own set has others that it never draws.
pub fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::empty();
    let name = "Ubuntu-Light".to_owned();
    let data = FontData::from_static(epaint_default_fonts::UBUNTU_LIGHT);
    fonts.font_data.insert(name.clone(), Arc::new(data));
    for family in [FontFamily::Proportional, FontFamily::Monospace] {
        fonts.families.insert(family, vec![name.clone()]);
    }
    fonts
}

/// A font of a size.
pub fn font(size: f32) -> FontId {
    FontId::new(size, FontFamily::Proportional)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, as WCAG 2 has it.
    fn luminance(colour: Color32) -> f32 {
        let linear = |byte: u8| {
            let s = f32::from(byte) / 255.0;
            if s <= 0.04045 { s / 12.92 } else { ((s + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
    }

    fn contrast(a: Color32, b: Color32) -> f32 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_in_both_themes() {
        for theme in [Theme::DARK, Theme::LIGHT] {
            for ground in [theme.window, theme.panel, theme.lane] {
                assert!(contrast(theme.text, ground) >= 7.0);
                assert!(contrast(theme.dim, ground) >= 4.5, "{}", contrast(theme.dim, ground));
                assert!(contrast(theme.accent, ground) >= 3.0, "{}", contrast(theme.accent, ground));
                assert!(contrast(theme.warn, ground) >= 3.0, "{}", contrast(theme.warn, ground));
            }
            assert!(contrast(theme.on_accent, theme.accent) >= 3.9);
        }
    }
}
