//! The columns of voices and phrases in the frames of a gate.

use earmark_core::{Label, LabelSet};

use super::labels::Columns;
use crate::params::{ParamId, id};
use crate::profiles::{InForce, PhraseUse};
use crate::shared::Shared;

/// Smallest move of the likeness that is told.
const MIN_STEP: f64 = 0.02;

/// Where they are, and what was told of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProfileColumns {
    voices: LabelSet,
    phrase: LabelSet,
    opens: bool,
    told_acts: bool,
    told_likeness: f64,
}

impl ProfileColumns {
    pub(super) fn of(labels: &[Label], in_force: &InForce) -> Self {
        let set = |wanted: &[Label]| -> LabelSet {
            let columns = labels.iter().enumerate().filter(|(_, label)| wanted.contains(label));
            columns.map(|(column, _)| LabelSet::label(column)).collect()
        };
        Self {
            voices: set(&in_force.voice_labels()),
            phrase: set(in_force.phrase_label().as_slice()),
            opens: in_force.phrase_use() == PhraseUse::OpenAfter,
            told_acts: false,
            told_likeness: 0.0,
        }
    }

    /// A host's lanes say neither who speaks nor what: read back, whoever speaks is the voice, and the phrase was said.
    pub(super) fn while_read(&self, heard: LabelSet, columns: &Columns) -> LabelSet {
        let heard = if columns.have_speech(heard) { heard.union(self.voices) } else { heard };
        if self.opens { heard.union(self.phrase) } else { heard }
    }

    /// A frame begins to leave: tells what the meters show, where it changed.
    pub(super) fn leaving(
        &mut self,
        heard: LabelSet,
        likeness: impl FnOnce() -> Option<f32>,
        shared: &Shared,
        tell: &mut dyn FnMut(ParamId, f64),
    ) {
        let mut told = |id, plain| {
            shared.note_output(id, plain);
            tell(id, plain);
        };
        if !self.phrase.is_empty() && heard.intersects(self.phrase) != self.told_acts {
            self.told_acts = !self.told_acts;
            told(id::PHRASE_ACTS, f64::from(u8::from(self.told_acts)));
        }
        if !self.voices.is_empty() {
            let likeness = likeness().map_or(0.0, f64::from);
            if (likeness - self.told_likeness).abs() >= MIN_STEP {
                self.told_likeness = likeness;
                told(id::LIKENESS, likeness);
            }
        }
    }
}
