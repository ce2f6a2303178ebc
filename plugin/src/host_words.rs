//! What a host says by itself: on which track the plugin is, whether it records, who moves the parameters. The window shows it;
//! none of it is kept.

use std::collections::BTreeMap;

use crate::params::ParamId;

/// All that the host has said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostWords {
    /// Name of the track.
    pub track: Option<String>,
    /// Whether the host records automation now.
    pub records: Option<bool>,
    /// Parameters that a hand or a lane outside of the window has to do with.
    pub indicated: BTreeMap<ParamId, Indication>,
}

/// A colour of the host's, where it told one: red, green, blue.
pub type Rgb = Option<[u8; 3]>;

/// What has to do with a parameter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Indication {
    /// A control of some hardware is mapped to it.
    pub mapped: Option<Rgb>,
    /// It has a lane.
    pub automation: Option<(Automation, Rgb)>,
}

/// What a parameter's lane does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Automation {
    /// It is there.
    Present,
    /// It moves the parameter.
    Playing,
    /// It takes what moves the parameter.
    Recording,
    /// A hand has the parameter in its place.
    Overridden,
}

impl HostWords {
    /// Changes what is said of a parameter; what says nothing is forgotten.
    pub(crate) fn indicate(&mut self, id: ParamId, change: impl FnOnce(&mut Indication)) {
        let mut indication = self.indicated.remove(&id).unwrap_or_default();
        change(&mut indication);
        if indication != Indication::default() {
            self.indicated.insert(id, indication);
        }
    }
}
