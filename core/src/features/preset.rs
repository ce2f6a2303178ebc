//! The specs that ship with Earmark, as data.

use super::{FeatureSpec, SpecError};

/// Name and JSON of each preset: the five reference systems, then Earmark's own.
const PRESETS: [(&str, &str); 6] = [
    ("s0", include_str!("presets/s0.json")),
    ("s1", include_str!("presets/s1.json")),
    ("s2", include_str!("presets/s2.json")),
    ("s3", include_str!("presets/s3.json")),
    ("s4", include_str!("presets/s4.json")),
    ("earmark", include_str!("presets/earmark.json")),
];

/// Names that [`FeatureSpec::preset`] knows.
pub fn preset_names() -> impl Iterator<Item = &'static str> {
    PRESETS.iter().map(|(name, _)| *name)
}

impl FeatureSpec {
    /// A spec that ships with Earmark, by name.
    ///
    /// # Errors
    /// There is no preset of that name.
    pub fn preset(name: &str) -> Result<Self, SpecError> {
        let (_, json) = PRESETS.iter().find(|(known, _)| *known == name).ok_or_else(|| {
            let known: Vec<_> = preset_names().collect();
            SpecError::UnknownPreset { name: name.to_owned(), known: known.join(", ") }
        })?;
        Self::from_json(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_valid_and_survives_json() {
        for name in preset_names() {
            let spec = FeatureSpec::preset(name).unwrap_or_else(|e| panic!("{name}: {e}"));
            let json = serde_json::to_string(&spec).unwrap();
            assert_eq!(FeatureSpec::from_json(&json).unwrap(), spec, "{name}");
        }
        let error = FeatureSpec::preset("s5").unwrap_err();
        assert!(error.to_string().contains("s4, earmark"), "{error}");
    }

    #[test]
    fn frames_are_what_the_reference_systems_say() {
        let frames = |name, samples| FeatureSpec::preset(name).unwrap().frames(samples);
        assert_eq!(frames("s0", 64_000), 400);
        assert_eq!(frames("s1", 13_000), 79);
        assert_eq!(frames("s2", 22_050), 157);
        assert_eq!(frames("s3", 48_000), 301, "one is cut");
        assert_eq!(frames("s4", 16_000), 101);
        assert_eq!(frames("earmark", 16_000), 100);
        assert_eq!(frames("earmark", 16_001), 101);
    }
}
