//! Edits that the window made, on their way to the host.
//!
//! Bits per parameter instead of a queue, see [`GestureBits`].

use earmark_sync::{Gesture, GestureBits, GestureReader};

use crate::params::{PARAMS, ParamId};

const _: () = assert!(PARAMS.len() <= 64, "one bit per parameter");

/// What the window did; written by it, read by one format layer.
#[derive(Debug, Default)]
pub struct Edits(GestureBits);

/// The reading end: remembers which parameters the host believes to be held, so that every begin has its end. Used by
/// one thread at a time, whichever the host lets tell.
#[derive(Debug, Default)]
pub struct EditReader(GestureReader);

/// One step of an edit, in the order that hosts expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamGesture {
    /// The user took hold of the parameter.
    Begin(ParamId),
    /// Its value is a new one: read it from the parameters.
    Value(ParamId),
    /// The user let go.
    End(ParamId),
}

/// The number of a parameter's bits; none for what is no parameter.
fn bit(id: ParamId) -> u32 {
    if id.index() < PARAMS.len() { id.0 } else { u32::MAX }
}

impl Edits {
    /// The user takes hold of a parameter.
    pub fn begin(&self, id: ParamId) {
        self.0.begin(bit(id));
    }

    /// A value was set.
    pub fn change(&self, id: ParamId) {
        self.0.change(bit(id));
    }

    /// The user lets go.
    pub fn end(&self, id: ParamId) {
        self.0.end(bit(id));
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl EditReader {
    /// Hands over all that waits. Never waits, never allocates.
    pub fn take(&self, edits: &Edits, mut each: impl FnMut(ParamGesture)) {
        self.0.take(&edits.0, |gesture| {
            each(match gesture {
                Gesture::Begin(number) => ParamGesture::Begin(ParamId(number)),
                Gesture::Value(number) => ParamGesture::Value(ParamId(number)),
                Gesture::End(number) => ParamGesture::End(ParamId(number)),
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::id;

    fn taken(reader: &EditReader, edits: &Edits) -> Vec<ParamGesture> {
        let mut all = Vec::new();
        reader.take(edits, |edit| all.push(edit));
        all
    }

    #[test]
    fn every_begin_has_its_end() {
        let (edits, reader) = (Edits::default(), EditReader::default());
        edits.begin(id::WET);
        for _ in 0..100 {
            edits.change(id::WET);
        }
        assert_eq!(taken(&reader, &edits), [ParamGesture::Begin(id::WET), ParamGesture::Value(id::WET)]);
        edits.change(id::WET);
        assert_eq!(taken(&reader, &edits), [ParamGesture::Value(id::WET)]);
        edits.end(id::WET);
        assert_eq!(taken(&reader, &edits), [ParamGesture::End(id::WET)]);
        assert!(edits.is_empty());
        edits.begin(id::MODE);
        edits.change(id::MODE);
        edits.end(id::MODE);
        let all = [ParamGesture::Begin(id::MODE), ParamGesture::Value(id::MODE), ParamGesture::End(id::MODE)];
        assert_eq!(taken(&reader, &edits), all);
        assert_eq!(taken(&reader, &edits), []);
        edits.change(id::MODE);
        assert_eq!(taken(&reader, &edits), all, "a lone change is a gesture by itself");
    }
}
