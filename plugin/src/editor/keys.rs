//! Keys that the host has and a text field wants.
//!
//! Some hosts keep the keyboard and hand keys on one by one, and want to know whether they were used: `IPlugView::onKeyDown`.
//! They are wanted while a field is open, and only then: else space starts the host's transport.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use egui::{Context, Event, Key, Modifiers};

/// Between the thread of the host and that of the window.
#[derive(Debug, Default)]
pub struct HostKeys {
    field_open: AtomicBool,
    waiting: Mutex<Vec<Event>>,
    window: OnceLock<Context>,
}

impl HostKeys {
    /// The window that will draw what was typed.
    pub fn set_window(&self, ctx: &Context) {
        // A window is opened once.
        let _ = self.window.set(ctx.clone());
    }

    /// Whether a text field is open, as the last picture had it.
    pub fn set_field_open(&self, open: bool) {
        self.field_open.store(open, Ordering::Release);
    }

    /// A key goes down in the host: a letter, or one of the keys that move and end. Says whether it is used.
    pub fn press(&self, letter: Option<char>, key: Option<Key>, modifiers: Modifiers) -> bool {
        if !self.field_open.load(Ordering::Acquire) {
            return false;
        }
        let letter =
            letter.filter(|letter| !letter.is_control() && !modifiers.command && key != Some(Key::Enter));
        let mut events = Vec::new();
        if let Some(key) = key {
            for pressed in [true, false] {
                events.push(Event::Key { key, physical_key: None, pressed, repeat: false, modifiers });
            }
        }
        events.extend(letter.map(|letter| Event::Text(letter.to_string())));
        if events.is_empty() {
            return false;
        }
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).append(&mut events);
        if let Some(window) = self.window.get() {
            window.request_repaint();
        }
        true
    }

    /// What was typed since the last picture.
    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
