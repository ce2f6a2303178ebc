//! What the effect, its view and its timer share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, TryLockError};

use vst3::Steinberg::Vst::ProcessModes_::kRealtime;

use super::audio::{self, Audio};
use super::block::HostBlock;
use super::com::int;
use super::guard::Guard;
use super::host::{Host, lock};
use super::layout::{AUX, Layout, MAIN};
use super::overlay::Overlay;
use super::programs;
use crate::edits::Edits;
use crate::params::{ParamId, id};
use crate::processor::{Activation, Processor};
use crate::shared::Shared;

/// What the host fixed with `setupProcessing`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setup {
    pub(super) rate_hz: f64,
    pub(super) max_block: usize,
    pub(super) mode: i32,
}

impl Default for Setup {
    fn default() -> Self {
        Self { rate_hz: 48_000.0, max_block: 1_024, mode: int(kRealtime) }
    }
}

/// One instance of the plugin, as VST3 sees it.
#[derive(Default)]
pub(super) struct Instance {
    pub(super) shared: Arc<Shared>,
    pub(super) host: Host,
    pub(super) guard: Guard,
    pub(super) layout: Mutex<Layout>,
    pub(super) setup: Mutex<Setup>,
    active: AtomicBool,
    overlay: Overlay,
    lanes: Edits,
    /// Bits of the parameters that the user holds in the window.
    held: AtomicU64,
    /// The audio thread only tries this lock; whoever else wants it waits for the end of a block.
    audio: Mutex<Option<Audio>>,
}

impl Instance {
    /// Tells the host what is to be told, if this is its main thread.
    pub(super) fn tell_host(&self) {
        self.host.tell(&self.shared, &self.overlay, &self.lanes, self.is_active());
    }

    /// The plain value as the host shall see it.
    pub(super) fn value(&self, id: ParamId) -> f64 {
        self.overlay.get(id).unwrap_or_else(|| self.shared.params.get(id))
    }

    /// The host's word to the controller.
    pub(super) fn set_from_controller(&self, id: ParamId, plain: f64) {
        let flags = id.spec().flags;
        if flags.read_only {
            return;
        }
        // What takes effect with the next activation can do no harm before.
        if flags.restart || !self.is_active() {
            self.shared.set(id, plain);
            self.overlay.forget(id);
        } else {
            self.overlay.say(id, id.spec().clamp(plain));
        }
    }

    /// The host chooses a program.
    pub(super) fn choose_program(&self, place: usize) {
        if self.host.program.choose(&self.shared, place) {
            self.overlay.forget_all();
        }
    }

    /// The state, with what the host already told the controller.
    pub(super) fn save_state(&self) -> Vec<u8> {
        for spec in crate::params::PARAMS {
            if let Some(plain) = self.overlay.get(spec.id) {
                self.shared.set(spec.id, plain);
            }
        }
        self.shared.save_state()
    }

    /// Takes over a state; says whether it is one.
    pub(super) fn load_state(&self, bytes: &[u8]) -> bool {
        let loaded = self.shared.load_state(bytes).is_ok();
        if loaded {
            self.overlay.forget_all();
            self.host.program.note(programs::current(&self.shared));
        }
        // Not every host that loads a state reads the values by itself: JUCE does not for a preset file.
        self.tell_host();
        loaded
    }

    /// The user takes hold of a parameter in the window, or lets go.
    pub(super) fn hold(&self, id: ParamId, holds: bool) {
        let bit = 1_u64.checked_shl(id.0).unwrap_or(0);
        if holds {
            self.held.fetch_or(bit, Ordering::AcqRel);
        } else {
            self.held.fetch_and(!bit, Ordering::AcqRel);
        }
    }

    /// The window is gone, and its hands with it.
    pub(super) fn let_go(&self) {
        for spec in crate::params::PARAMS {
            let bit = 1_u64.checked_shl(spec.id.0).unwrap_or(0);
            if self.held.fetch_and(!bit, Ordering::AcqRel) & bit != 0 {
                self.shared.edits.end(spec.id);
            }
        }
    }

    /// What the next activation will be.
    fn activation(&self) -> (Activation, usize) {
        let (layout, setup) = (*lock(&self.layout), *lock(&self.setup));
        let channels = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
        let activation = Activation {
            rate_hz: setup.rate_hz,
            max_block: setup.max_block,
            channels: channels(layout.main_channels()),
            sidechain_channels: channels(layout.sidechain_channels()),
            offline: setup.mode != int(kRealtime),
        };
        (activation, layout.label_channels())
    }

    /// Whether an activation is in force.
    pub(super) fn is_active(&self) -> bool {
        self.active.load(Ordering::Acquire)
    }

    /// Starts or ends an activation; says whether that worked.
    pub(super) fn set_active(&self, active: bool) -> bool {
        let old = lock(&self.audio).take();
        drop(old);
        self.active.store(false, Ordering::Release);
        self.shared.take_gestures().for_each(|id| self.lanes.end(id));
        self.host.tell_lanes(&self.shared, &self.lanes);
        if !active {
            return true;
        }
        let (activation, labels) = self.activation();
        match Audio::new(Arc::clone(&self.shared), &activation, labels) {
            Ok(new) => {
                *lock(&self.audio) = Some(new);
                self.active.store(true, Ordering::Release);
                self.host.activated(self.shared.latency_samples());
                true
            }
            Err(_) => false,
        }
    }

    /// Latency of this activation, or of the next one.
    pub(super) fn latency_samples(&self) -> u32 {
        if self.is_active() {
            return self.shared.latency_samples();
        }
        Processor::latency_of(&self.shared, &self.activation().0)
    }

    /// How long the output goes on behind the input, samples.
    pub(super) fn tail_samples(&self) -> u32 {
        match self.audio.try_lock() {
            Ok(audio) => audio.as_ref().map_or_else(|| self.latency_samples(), Audio::tail_samples),
            Err(_) => self.latency_samples(),
        }
    }

    /// The transport starts or stops. On any thread.
    pub(super) fn reset(&self) {
        if let Ok(mut audio) = self.audio.try_lock()
            && let Some(audio) = audio.as_mut()
        {
            audio.reset();
        }
    }

    /// Works off a block, on the audio thread. Whatever happens, all outputs are written.
    pub(super) fn process(&self, host: &HostBlock<'_>) {
        self.overlay.next_block();
        if self.guard.has_tripped() {
            return self.fail(host);
        }
        let done = self.guard.run(false, || {
            self.try_process(host);
            true
        });
        if !done {
            self.fail(host);
        }
        // A host that renders on its main thread runs no timer there meanwhile, and records only edits.
        self.host.tell_lanes(&self.shared, &self.lanes);
    }

    fn try_process(&self, host: &HostBlock<'_>) {
        let mut audio = match self.audio.try_lock() {
            Ok(audio) => audio,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return silence(host),
        };
        match audio.as_mut() {
            Some(audio) => audio.process(host, &self.lanes, self.held.load(Ordering::Acquire)),
            None => {
                self.flush(host);
                silence(host);
            }
        }
    }

    /// Parameters from a host that sends them without an activation. This allocates, on whatever thread the host calls it:
    /// no audio runs yet, and the buffer for events comes with an activation.
    fn flush(&self, host: &HostBlock<'_>) {
        let Some(changes) = host.changes_in() else { return };
        let mut events = Vec::new();
        audio::collect(changes, host.samples(), self.held.load(Ordering::Acquire), &mut events);
        for event in events {
            self.shared.set(event.id, event.value);
        }
    }

    /// The fail mode after a fault of ours.
    fn fail(&self, host: &HostBlock<'_>) {
        if self.shared.params.choice(id::FAIL_MODE) == 0 { audio::pass(host) } else { silence(host) }
    }
}

fn silence(host: &HostBlock<'_>) {
    audio::silence(host, MAIN);
    audio::silence(host, AUX);
}
