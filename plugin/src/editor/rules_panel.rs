//! What is kept and what happens to the rest, as a list of rules: a button that opens it for editing.

use earmark_core::Label;
use earmark_core::gate::{Action, Duck, Rule, When};
use egui::{Button, ComboBox, CursorIcon, DragValue, Popup, PopupCloseBehavior, RichText, ScrollArea, Ui};

use super::app::App;
use super::derived::LABELS;
use super::theme::{GAP, Theme, font};
use super::widgets::{keep_arrows, opener};
use crate::params::{ParamId, Rules, id};
use crate::presets::title;
use crate::rules::MOST_RULES;

const ABOUT: &str = "The first rule that holds decides. The labels of the first one open and close by the knobs, all others by \
                     Thresholds\u{2026} The rules belong to the project, and to a preset that is saved; a running gate takes them \
                     when the host restarts the plugin.";

/// Points that the list has at most; more rules are scrolled.
const LIST_HEIGHT: f32 = 330.0;
const WIDTH: f32 = 520.0;

/// What the panel has in mind while it is open.
#[derive(Debug, Default)]
pub struct RulesPanel {
    /// The rules in force, and what is being made of them: a number that is dragged counts when it is let go.
    draft: Option<(Rules, Rules)>,
    /// Why the last edit was refused.
    problem: Option<String>,
}

/// The parts of a condition, in words.
const PARTS: [&str; 4] = ["any of", "all of", "none of", "anything but"];

fn part(when: &mut When, place: usize) -> &mut Vec<Label> {
    match place {
        0 => &mut when.any,
        1 => &mut when.all,
        2 => &mut when.none,
        _ => &mut when.other_than,
    }
}

/// What a person wants of a rule as a whole.
enum Wish {
    Up(usize),
    Down(usize),
    Remove(usize),
}

impl App {
    /// The button, and the panel while it is open.
    pub(super) fn rules_button(&mut self, ui: &mut Ui) {
        let colour = if self.rules.is_some() { self.theme.accent } else { self.theme.text };
        let button = opener(ui, "Rules\u{2026}", colour);
        if button.clicked() {
            self.rules_panel = RulesPanel::default();
        }
        Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
            ui.set_width(WIDTH);
            self.rules_panel(ui);
        });
    }

    pub(super) fn rules_panel(&mut self, ui: &mut Ui) {
        let in_force = self.shared.rules();
        let draft = self.rules_panel.draft.take().filter(|(of, _)| *of == in_force);
        let mut rules = draft.map_or_else(|| in_force.clone(), |(_, draft)| draft);
        let mut list = List { theme: self.theme, labels: self.labels_of_rules(&rules), held: false };
        // A menu's buttons have no ground, but these are no items of a menu.
        ui.set_style(self.theme.style());
        ui.spacing_mut().item_spacing.y = 4.0;
        ui.add(egui::Label::new(RichText::new(ABOUT).font(font(11.0)).color(self.theme.dim)).wrap());
        let mut wish = None;
        ScrollArea::vertical().max_height(LIST_HEIGHT).show(ui, |ui| {
            let last = rules.rules.len().saturating_sub(1);
            for (place, rule) in rules.rules.iter_mut().enumerate() {
                ui.push_id(place, |ui| {
                    ui.separator();
                    list.condition(ui, &mut rule.when);
                    ui.horizontal(|ui| {
                        list.action(ui, &mut rule.action);
                        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                            let wishes = [
                                ("Remove", true, Wish::Remove as fn(usize) -> Wish),
                                ("Down", place < last, Wish::Down),
                                ("Up", place > 0, Wish::Up),
                            ];
                            for (word, can, of) in wishes {
                                if list.word(ui, word, can) {
                                    wish = Some(of(place));
                                }
                            }
                            list.and(ui, &mut rule.when);
                        });
                    });
                });
            }
        });
        ui.separator();
        ui.horizontal(|ui| {
            ui.label(RichText::new("The rest").font(font(13.0)).color(self.theme.text));
            ui.push_id("rest", |ui| list.action(ui, &mut rules.otherwise));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if list.word(ui, "Add a rule", rules.rules.len() < MOST_RULES) {
                    rules.rules.push(list.new_rule(&rules.rules));
                }
            });
        });
        match wish {
            Some(Wish::Up(place)) => rules.rules.swap(place, place - 1),
            Some(Wish::Down(place)) => rules.rules.swap(place, place + 1),
            Some(Wish::Remove(place)) => drop(rules.rules.remove(place)),
            None => {}
        }
        if rules == in_force {
            // Nothing to do.
        } else if list.held {
            self.rules_panel.draft = Some((in_force, rules));
        } else {
            self.rules_panel.problem = self.edit_rules(&rules);
        }
        if let Some(problem) = &self.rules_panel.problem {
            ui.add(egui::Label::new(RichText::new(problem).font(font(11.5)).color(self.theme.warn)).wrap());
        }
    }

    /// The labels that rules may be about: what the ear gives, silence and unknown, and whatever is named already.
    fn labels_of_rules(&self, rules: &Rules) -> Vec<Label> {
        let singing = self.shared.has_singing();
        let given = LABELS.into_iter().filter(|label| *label != Label::SINGING || singing);
        let mut labels: Vec<Label> = given.chain([Label::SILENCE, Label::UNKNOWN]).collect();
        for label in rules.rules.iter().flat_map(|rule| rule.when.labels()) {
            if !labels.contains(label) {
                labels.push(label.clone());
            }
        }
        labels
    }
}

/// What the lines of the list have in common.
struct List {
    theme: Theme,
    labels: Vec<Label>,
    /// Somebody has hold of a number: what it is now is not yet meant.
    held: bool,
}

impl List {
    /// When the rule holds: a line for each part of the condition.
    fn condition(&self, ui: &mut Ui, when: &mut When) {
        let parts: Vec<usize> = (0..PARTS.len()).filter(|&place| !part(when, place).is_empty()).collect();
        if parts.is_empty() {
            ui.horizontal(|ui| {
                if let Some(now) = self.menu(ui, "part", "always", &PARTS, None) {
                    part(when, now).extend(self.labels.first().cloned());
                }
            });
        }
        for (line, place) in parts.into_iter().enumerate() {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                if line > 0 {
                    ui.label(RichText::new("and").font(font(11.5)).color(self.theme.dim));
                }
                if let Some(now) = self.menu(ui, ("part", place), PARTS[place], &PARTS, Some(place)) {
                    let labels = std::mem::take(part(when, place));
                    for label in labels {
                        toggle(part(when, now), &label, true);
                    }
                    return;
                }
                for label in &self.labels {
                    let is_named = part(when, place).contains(label);
                    let name = RichText::new(title(label.as_str())).font(font(12.5));
                    let chip = ui.selectable_label(is_named, name);
                    // Without any the rule would always hold, and those below it never.
                    let may = !is_named || when.labels().count() > 1;
                    keep_arrows(ui, &chip);
                    if chip.clicked() && may {
                        toggle(part(when, place), label, !is_named);
                    }
                }
            });
        }
    }

    /// What it does.
    fn action(&mut self, ui: &mut Ui, action: &mut Action) {
        const NAMES: [&str; 5] = ["Keep", "Gate", "Duck", "Duck by level", "Mute"];
        let (place, duck) = match *action {
            Action::Keep => (0, Duck::default()),
            Action::Gate => (1, Duck::default()),
            Action::Duck(duck) => (if duck.ratio.is_none() { 2 } else { 3 }, duck),
            Action::Mute => (4, Duck::default()),
        };
        if let Some(now) = self.menu(ui, "action", NAMES[place], &NAMES, Some(place)) {
            #[expect(clippy::cast_possible_truncation, reason = "settings are f32")]
            let ratio = id::DUCK_RATIO.spec().default_plain() as f32;
            *action = match now {
                0 => Action::Keep,
                1 => Action::Gate,
                2 => Action::Duck(Duck { ratio: None, ..duck }),
                3 => Action::Duck(Duck { ratio: Some(ratio), ..duck }),
                _ => Action::Mute,
            };
            return;
        }
        match action {
            Action::Gate => self.said(ui, "by Range"),
            Action::Duck(duck) => {
                self.said(ui, if duck.ratio.is_some() { "at most" } else { "by" });
                self.number(ui, &mut duck.by_db, id::DUCK_DB, " dB");
                if let Some(ratio) = &mut duck.ratio {
                    self.number(ui, ratio, id::DUCK_RATIO, " : 1");
                    self.said(ui, "above");
                    self.number(ui, &mut duck.above_dbfs, id::DUCK_ABOVE_DBFS, " dBFS");
                }
            }
            Action::Keep | Action::Mute => {}
        }
    }

    /// A number of an action, within what the parameter for it can be.
    fn number(&mut self, ui: &mut Ui, value: &mut f32, like: ParamId, suffix: &str) {
        let spec = like.spec();
        #[expect(clippy::cast_possible_truncation, reason = "settings are f32")]
        let range = spec.min() as f32..=spec.max() as f32;
        let field = DragValue::new(value).range(range).speed(0.25).max_decimals(1).suffix(suffix);
        let response = ui.add(field.update_while_editing(false));
        self.held |= response.dragged() || response.has_focus();
    }

    fn said(&self, ui: &mut Ui, text: &str) {
        ui.label(RichText::new(text).font(font(11.5)).color(self.theme.dim));
    }

    /// Another part of the condition, of a kind that it has not.
    fn and(&self, ui: &mut Ui, when: &mut When) {
        // What is most often wanted first.
        const WANTED: [usize; 4] = [2, 1, 0, 3];
        let has_some = when.labels().next().is_some();
        let free = WANTED.into_iter().find(|&place| part(when, place).is_empty()).filter(|_| has_some);
        let unnamed = self.labels.iter().find(|&label| !when.labels().any(|named| named == label));
        if self.word(ui, "And\u{2026}", free.is_some() && unnamed.is_some())
            && let (Some(place), Some(label)) = (free, unnamed)
        {
            part(when, place).push(label.clone());
        }
    }

    /// A rule to begin with: about what no rule is about yet.
    fn new_rule(&self, rules: &[Rule]) -> Rule {
        let named = |label: &&Label| rules.iter().any(|rule| rule.when.labels().any(|named| named == *label));
        let label = self.labels.iter().find(|label| !named(label)).cloned().unwrap_or(Label::SPEECH);
        Rule { when: When::any([label]), action: Action::Mute }
    }

    /// The place of what was chosen, if it is another one than `chosen`.
    fn menu(
        &self,
        ui: &mut Ui,
        salt: impl egui::AsIdSalt,
        shown: &str,
        names: &[&str],
        chosen: Option<usize>,
    ) -> Option<usize> {
        let mut taken = None;
        let combo =
            ComboBox::from_id_salt(salt).width(96.0).selected_text(RichText::new(shown).font(font(12.5)));
        let response = combo.show_ui(ui, |ui| {
            for (place, name) in names.iter().enumerate() {
                if ui.selectable_label(chosen == Some(place), *name).clicked() {
                    taken = Some(place);
                }
            }
        });
        keep_arrows(ui, &response.response);
        taken.filter(|taken| Some(*taken) != chosen)
    }

    /// A word that can be clicked.
    fn word(&self, ui: &mut Ui, word: &str, can: bool) -> bool {
        let text = RichText::new(word).font(font(11.5)).color(self.theme.dim);
        ui.spacing_mut().item_spacing.x = GAP;
        let button = ui.add_enabled(can, Button::new(text).frame(false));
        keep_arrows(ui, &button);
        button.on_hover_cursor(CursorIcon::PointingHand).clicked()
    }
}

fn toggle(labels: &mut Vec<Label>, label: &Label, on: bool) {
    labels.retain(|named| named != label);
    if on {
        labels.push(label.clone());
    }
}
