//! Which ear a project was made with. A later Earmark may bring another network under the same name, and thresholds that were
//! set for one should not meet another unsaid.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::params::{EAR_CHOICES, Params, ear_choice};
use crate::processor::packs_of_ears;
use crate::shared::Shared;

/// A pack as a project's state names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MadeWith {
    /// Its name, the same in all versions.
    pub(crate) pack: String,
    /// Its version.
    pub(crate) version: String,
    /// Hash of its network, which decides: a version may change texts alone.
    sha256: String,
}

/// The shipped one that the parameters choose.
fn shipped(params: &Params) -> Option<&'static MadeWith> {
    static SHIPPED: OnceLock<[Option<MadeWith>; EAR_CHOICES.len()]> = OnceLock::new();
    let all = SHIPPED.get_or_init(|| {
        packs_of_ears().map(|pack| {
            let manifest = pack.as_ref()?.manifest();
            Some(MadeWith {
                pack: manifest.name.clone(),
                version: manifest.version.clone(),
                sha256: manifest.model.sha256.clone(),
            })
        })
    });
    all[ear_choice(params)].as_ref()
}

impl Shared {
    /// What the state says: the ear that the project was made with until somebody agrees with another one.
    pub(crate) fn made_with(&self) -> Option<MadeWith> {
        let before = self.replaced_ear().map(|(before, _)| before);
        before.or_else(|| shipped(&self.params).cloned())
    }

    /// The ear that the project was made with and the one of that name that hears now, where they differ.
    pub(crate) fn replaced_ear(&self) -> Option<(MadeWith, &'static MadeWith)> {
        let now = shipped(&self.params)?;
        let before = self.kept(|kept| kept.made_with.clone())?;
        (before.pack == now.pack && before.sha256 != now.sha256).then_some((before, now))
    }

    /// The one that hears now is the project's from here on.
    pub(crate) fn agree_with_ear(&self) {
        self.kept(|kept| kept.made_with = None);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::params::ear_values;

    #[test]
    fn another_network_of_the_same_name_is_told_until_somebody_agrees() {
        let shared = Shared::new();
        let mut state: Value = serde_json::from_slice(&shared.save_state()).unwrap();
        assert_eq!(state["ear"]["pack"], "live");
        shared.load_state(&shared.save_state()).unwrap();
        assert_eq!(shared.replaced_ear(), None);
        state["ear"]["version"] = "0.6.0".into();
        state["ear"]["sha256"] = "0".repeat(64).into();
        shared.load_state(state.to_string().as_bytes()).unwrap();
        let (before, now) = shared.replaced_ear().expect("another one");
        assert_eq!((before.version.as_str(), now.pack.as_str()), ("0.6.0", "live"));
        let saved: Value = serde_json::from_slice(&shared.save_state()).unwrap();
        assert_eq!(saved["ear"], state["ear"], "a host that saves at once takes nothing away");
        ear_values(1).for_each(|(id, value)| shared.set(id, value));
        assert_eq!(shared.replaced_ear(), None, "the other ear was never another");
        ear_values(0).for_each(|(id, value)| shared.set(id, value));
        shared.agree_with_ear();
        assert_eq!(shared.replaced_ear(), None);
        let saved: Value = serde_json::from_slice(&shared.save_state()).unwrap();
        assert_eq!(saved["ear"]["version"], now.version);
    }

    #[test]
    fn a_project_that_says_nothing_is_told_nothing() {
        let shared = Shared::new();
        shared.load_state(br#"{"earmark_state": 1, "params": {}}"#).unwrap();
        assert_eq!(shared.replaced_ear(), None);
    }
}
