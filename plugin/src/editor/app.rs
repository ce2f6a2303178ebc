//! The window's contents: state and layout. What the buttons do is in `actions.rs`.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use earmark_core::model::pack::Pack;
use egui::{CornerRadius, Rect, Ui, UiBuilder, vec2};

use super::compare::Compare;
use super::derived::Derived;
use super::desktop::Keyboard;
use super::display::{Display, Now};
use super::gesture::{EditHost, Gestures};
use super::history::History;
use super::keys::HostKeys;
use super::preset_list::PresetList;
use super::profile_panel::ProfilePanel;
use super::rules_panel::RulesPanel;
use super::settings::Wanted;
use super::theme::{self, GAP, HEADER_HEIGHT, Theme, WIDE};
use super::undo::Undo;
use super::watch::Watch;
use super::widgets::Cx;
use super::zoom::Zoom;
use super::{controls, rules, state};
use crate::host_words::HostWords;
use crate::meters::Class;
use crate::params::{EAR_CHOICES, ParamId, PresetExtras};
use crate::presets::{PresetValues, user_folder};
use crate::processor::settings::{KEEP_PRESET, keep_choice};
use crate::processor::{latency_of_ear_ms, packs_of_ears};
use crate::shared::Shared;

/// All that a window has in mind.
#[derive(Debug)]
pub struct App {
    pub(super) shared: Arc<Shared>,
    pub(super) gestures: Gestures,
    pub(super) theme: Theme,
    pub(super) span_s: usize,
    pub(super) compare: Compare,
    pub(super) presets: PresetList,
    pub(super) preset_folder: Option<PathBuf>,
    /// What the user writes as the name of a preset to save.
    pub(super) preset_name: String,
    /// Something that went wrong with what the user just did.
    pub(super) notice: Option<String>,
    /// Something that went right.
    pub(super) told: Option<String>,
    /// Where the user wants the labels.
    pub(super) labels_path: String,
    pub(super) profiles: ProfilePanel,
    pub(super) undo: Undo,
    pub(super) display: Display,
    history: History,
    pub(super) derived: Derived,
    /// What each ear costs, in words, and their packs.
    pub(super) ear_costs: Vec<String>,
    ears: [Option<Pack>; EAR_CHOICES.len()],
    /// A preset's own rules in words, where they are in force.
    pub(super) rules: Option<String>,
    pub(super) rules_panel: RulesPanel,
    /// What the loaded preset says, by its source, and whether something was moved since.
    preset_values: Option<(String, PresetValues)>,
    pub(super) preset_altered: bool,
    /// The preset that was asked to be deleted once.
    pub(super) deleting: Option<String>,
    /// The preset that gets another name, and what is written of that.
    pub(super) renaming: Option<(String, String)>,
    /// What `derived` belongs to.
    derived_from: DerivedFrom,
    /// Inside a host's window, which cannot always be dragged larger.
    pub(super) embedded: bool,
    /// What the host said, in the last picture.
    pub(super) host_words: HostWords,
    pub(super) zoom: Zoom,
    /// Whether there is room for everything beside each other, in the last picture.
    pub(super) wide: bool,
    /// Raised when a picture shows something that moves by itself.
    moving: Arc<AtomicBool>,
    watch: Option<Watch>,
    keys: Arc<HostKeys>,
    /// The host's, which gets its keys back when no field is open.
    keyboard: Option<Keyboard>,
    field_was_open: bool,
}

/// What is said of the ears beside their latency, in the order of the choices.
const EARS_HEAR: [&str; EAR_CHOICES.len()] = ["hears well", "hears best", "hears less well"];

/// The parameters' generation, what a preset says beside them and its name, the rate and the block, and whether the ear tells
/// singing from music.
type DerivedFrom = (u64, (PresetExtras, Option<String>), Option<(f64, usize)>, bool);

fn derived_from(shared: &Shared) -> DerivedFrom {
    let generation = shared.params.generation();
    (generation, shared.beside_parameters(), shared.last_rate_and_block(), shared.has_singing())
}

impl App {
    /// A window over an instance; edits go to `host`.
    pub fn new(shared: Arc<Shared>, host: Arc<dyn EditHost>, embedded: bool) -> Self {
        let mut app = Self {
            gestures: Gestures::new(host),
            theme: Theme::of(state::is_dark(&shared)),
            span_s: state::span_s(&shared),
            compare: state::compare(&shared),
            presets: PresetList::default(),
            preset_folder: user_folder(),
            preset_name: String::new(),
            notice: None,
            told: None,
            labels_path: labels_path(shared.host_words().track.as_deref()),
            profiles: ProfilePanel::default(),
            undo: Undo::default(),
            display: Display::default(),
            history: History::default(),
            derived: Derived::of(&shared),
            ear_costs: Vec::new(),
            ears: packs_of_ears(),
            rules: None,
            rules_panel: RulesPanel::default(),
            preset_values: None,
            preset_altered: false,
            deleting: None,
            renaming: None,
            derived_from: derived_from(&shared),
            embedded,
            host_words: shared.host_words(),
            zoom: Zoom::default(),
            wide: true,
            moving: Arc::default(),
            watch: None,
            keys: Arc::default(),
            keyboard: None,
            field_was_open: false,
            shared,
        };
        app.read_presets();
        app.derive_words();
        app
    }

    /// The same in a host's window, which wants its keys back.
    #[must_use]
    pub fn with_keyboard(self, keyboard: Option<Keyboard>) -> Self {
        Self { keyboard, ..self }
    }

    /// Where the host's keys come in.
    pub fn host_keys(&self) -> Arc<HostKeys> {
        Arc::clone(&self.keys)
    }

    /// Sets the style, and asks for a picture whenever there is something new.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn start(&mut self, ctx: &egui::Context) -> std::io::Result<()> {
        ctx.set_fonts(theme::fonts());
        self.set_theme(ctx, self.theme.dark);
        self.keys.set_window(ctx);
        let window = ctx.clone();
        let watch = Watch::start(self.shared.clone(), self.moving.clone(), move || window.request_repaint())?;
        self.watch = Some(watch);
        Ok(())
    }

    /// One picture.
    pub fn show(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        let now_s = ctx.time();
        let typed = self.keys.take();
        ctx.input_mut(|input| input.events.extend(typed));
        self.history.catch_up(&self.shared.meters);
        if self.display.update(self.shared.meters.take_peaks(), now_s) {
            self.moving.store(true, Ordering::Relaxed);
        }
        if let Some(wait_s) = self.gestures.settle(now_s) {
            ctx.request_repaint_after(Duration::from_secs_f64(wait_s));
        }
        if let Some(ended) = self.gestures.take_ended() {
            self.undo.look(&ended, &self.shared);
        }
        self.undo_keys(&ctx);
        self.zoom_keys(&ctx);
        self.derive();

        let area = ui.max_rect();
        ui.painter().rect_filled(area, CornerRadius::ZERO, self.theme.window);
        let inner = area.shrink2(vec2(2.0 * GAP, 1.5 * GAP));
        let (header, rest) = inner.split_top_bottom_at_y(inner.top() + HEADER_HEIGHT);
        self.wide = inner.width() >= WIDE;
        self.host_words = self.shared.host_words();
        let foot = self.footer_plan(ui, inner.width());
        let (rest, footer) = rest.split_top_bottom_at_y(inner.bottom() - foot.height());
        let controls_height = controls::height(&self.shared.params, self.wide);
        let (rest, controls) = rest.split_top_bottom_at_y(rest.bottom() - controls_height);
        let display = rest.shrink2(vec2(0.0, 1.5 * GAP));
        // The panel behind the controls goes to the window's edges.
        let panel = Rect::from_x_y_ranges(area.x_range(), controls.top()..=controls.bottom() - GAP);
        ui.painter().rect_filled(panel, CornerRadius::ZERO, self.theme.panel);

        let mut part = |app: &mut Self, rect: Rect, salt: &str, show: &mut dyn FnMut(&mut Self, &mut Ui)| {
            let builder = UiBuilder::new().id_salt(salt).max_rect(rect);
            ui.scope_builder(builder, |ui| show(app, ui));
        };
        part(self, header, "header", &mut |app, ui| app.header(ui));
        part(self, display, "display", &mut |app, ui| app.show_display(ui, display));
        part(self, controls.shrink2(vec2(0.0, 1.5 * GAP)), "controls", &mut |app, ui| app.controls(ui));
        part(self, footer, "footer", &mut |app, ui| app.footer(ui, &foot));
        if self.embedded {
            self.grip(ui, area);
        }
        self.settle_keyboard(&ctx);
        self.settle_zoom(&ctx, area.size());
    }

    /// The keyboard is the window's while a text field is open. After that, and after a click on anything else, it is the
    /// host's again: space starts the transport.
    fn settle_keyboard(&mut self, ctx: &egui::Context) {
        let field_open = ctx.text_edit_focused();
        let released = ctx.input(|input| input.pointer.any_released());
        let was_open = std::mem::replace(&mut self.field_was_open, field_open);
        self.keys.set_field_open(field_open);
        if let Some(keyboard) = self.keyboard.as_ref().filter(|_| !field_open && (was_open || released)) {
            keyboard.give_back();
        }
    }

    /// Control and Z, with shift the other way.
    fn undo_keys(&mut self, ctx: &egui::Context) {
        use egui::{Key, Modifiers};
        if ctx.text_edit_focused() {
            return;
        }
        let pressed = |modifiers, key| ctx.input_mut(|input| input.consume_key(modifiers, key));
        if pressed(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z) || pressed(Modifiers::COMMAND, Key::Y) {
            self.step(Undo::forth);
        } else if pressed(Modifiers::COMMAND, Key::Z) {
            self.step(Undo::back);
        }
    }

    /// A step back or forth, as edits.
    pub(super) fn step(&mut self, way: impl FnOnce(&mut Undo) -> Wanted) {
        let wanted = way(&mut self.undo);
        self.put(wanted);
    }

    /// Sets what is wanted, as edits.
    pub(super) fn put(&mut self, Wanted { values, beside }: Wanted) {
        if let Some(beside) = beside {
            self.shared.put_beside_parameters(beside);
        }
        for (id, plain) in values {
            self.gestures.set(id, plain);
        }
    }

    fn show_display(&mut self, ui: &mut Ui, area: Rect) {
        let written = self.shared.meters.written();
        let newest = written.checked_sub(1).and_then(|number| self.shared.meters.frame(number));
        let now = Now {
            history: &self.history,
            class: newest.map_or(Class::Silence, |frame| frame.class),
            span_s: self.span_s,
            derived: &self.derived,
        };
        let mut cx = Cx {
            params: &self.shared.params,
            gestures: &mut self.gestures,
            theme: &self.theme,
            indicated: &self.host_words.indicated,
            now_s: ui.ctx().time(),
        };
        self.display.show(ui, area, now, &mut cx);
    }

    /// Hands the controls what they need.
    pub(super) fn with_cx(&mut self, ui: &mut Ui, show: impl FnOnce(&mut Ui, &mut Cx<'_>)) {
        let mut cx = Cx {
            params: &self.shared.params,
            gestures: &mut self.gestures,
            theme: &self.theme,
            indicated: &self.host_words.indicated,
            now_s: ui.ctx().time(),
        };
        show(ui, &mut cx);
    }

    fn derive(&mut self) {
        let from = derived_from(&self.shared);
        if from != self.derived_from {
            self.derived = Derived::of(&self.shared);
            self.derived_from = from;
            self.derive_words();
        }
    }

    /// The loaded preset says something else than it did.
    pub(super) fn forget_preset(&mut self) {
        self.preset_values = None;
        self.derive_words();
    }

    /// What is said of the preset.
    fn derive_words(&mut self) {
        let cost = |(choice, pack): (usize, &Option<Pack>)| {
            let ms = latency_of_ear_ms(&self.shared, choice, pack.as_ref()?)?;
            Some(format!("{ms:.0} ms, {}", EARS_HEAR[choice]))
        };
        self.ear_costs = self.ears.iter().enumerate().map(cost).map(Option::unwrap_or_default).collect();
        let own = self.shared.kept(|kept| kept.extras.rules.clone());
        let in_force = keep_choice(&self.shared.params) == KEEP_PRESET;
        self.rules = own.filter(|_| in_force).map(|own| rules::in_words(&own));
        let loaded = self.shared.preset();
        if loaded.as_ref() != self.preset_values.as_ref().map(|(source, _)| source) {
            self.preset_values = loaded.and_then(|source| {
                let values = self.shared.preset_values(&source).ok()?;
                Some((source, values))
            });
        }
        let moved = |&(id, value): &(ParamId, f64)| {
            (self.shared.params.get(id) - id.spec().clamp(value)).abs() > 1e-6 * value.abs().max(1e-3)
        };
        let other_rules = |extras: &PresetExtras| self.shared.kept(|kept| kept.extras.rules != extras.rules);
        self.preset_altered = self
            .preset_values
            .as_ref()
            .is_some_and(|(_, (values, extras))| values.iter().any(moved) || other_rules(extras));
    }
}

/// A place that the user can write to, by the track's name where the host says one.
fn labels_path(track: Option<&str>) -> String {
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"));
    let is_plain = |letter: char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
    let name: String =
        track.unwrap_or_default().chars().filter(|letter| is_plain(*letter)).take(60).collect();
    let name = if name.trim().is_empty() { "labels" } else { name.trim() };
    PathBuf::from(home.unwrap_or_default()).join(format!("{name}.txt")).display().to_string()
}

impl egui_baseview::App for App {
    fn build(
        &mut self,
        ctx: egui::Context,
        _frame: &mut egui_baseview::Frame,
    ) -> Result<(), egui_baseview::baseview::HandlerError> {
        Ok(self.start(&ctx)?)
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut egui_baseview::Frame) {
        self.show(ui);
    }
}
