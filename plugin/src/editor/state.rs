//! What the window remembers in the instance's state: theme, span, zoom, the other side of A/B.

use serde::Deserialize as _;
use serde_json::{Value, json};

use super::compare::{Compare, Side};
use super::history::MAX_SPAN_S;
use super::settings::Settings;
use crate::params::by_key;
use crate::rules::Beside;
use crate::shared::Shared;

/// Spans that can be chosen, seconds.
pub const SPANS_S: [usize; 3] = [10, 20, 40];
const _: () = assert!(SPANS_S[2] <= MAX_SPAN_S, "the history is as long as the longest span");

/// Zooms that can be chosen, per cent.
pub const ZOOMS: [u32; 5] = [100, 125, 150, 175, 200];

const DARK: &str = "dark";
const ZOOM: &str = "zoom_percent";
const SPAN: &str = "span_s";
const COMPARE: &str = "compare";

/// Dark or light; dark for who never chose.
pub fn is_dark(shared: &Shared) -> bool {
    shared.window_get(DARK).and_then(|value| value.as_bool()).unwrap_or(true)
}

/// Keeps it.
pub fn set_dark(shared: &Shared, dark: bool) {
    shared.window_set(DARK, json!(dark));
}

/// The span, one of [`SPANS_S`].
pub fn span_s(shared: &Shared) -> usize {
    let kept = shared.window_get(SPAN).and_then(|value| value.as_u64());
    let kept = kept.and_then(|span| usize::try_from(span).ok());
    kept.filter(|span| SPANS_S.contains(span)).unwrap_or(SPANS_S[0])
}

/// Keeps it.
pub fn set_span_s(shared: &Shared, span_s: usize) {
    shared.window_set(SPAN, json!(span_s));
}

/// The window's own zoom in per cent, one of [`ZOOMS`].
pub fn zoom_percent(shared: &Shared) -> u32 {
    let kept = shared.window_get(ZOOM).and_then(|value| value.as_u64());
    let kept = kept.and_then(|zoom| u32::try_from(zoom).ok());
    kept.filter(|zoom| ZOOMS.contains(zoom)).unwrap_or(ZOOMS[0])
}

/// Keeps it.
pub fn set_zoom_percent(shared: &Shared, zoom: u32) {
    shared.window_set(ZOOM, json!(zoom));
}

/// The other side of A/B, by the keys of the parameters.
pub fn compare(shared: &Shared) -> Compare {
    let Some(Value::Object(kept)) = shared.window_get(COMPARE) else { return Compare::default() };
    let heard = if kept.get("heard") == Some(&json!("b")) { Side::B } else { Side::A };
    let other = kept.get("other").and_then(Value::as_object).map(|other| {
        let value = |(key, plain): (&String, &Value)| {
            let spec = by_key(key)?;
            Some((spec.id, spec.clamp(plain.as_f64()?)))
        };
        let beside = kept.get("beside").and_then(|beside| Beside::deserialize(beside).ok());
        Settings { values: other.iter().filter_map(value).collect(), beside }
    });
    Compare::new(heard, other)
}

/// Keeps it.
pub fn set_compare(shared: &Shared, compare: &Compare) {
    let heard = if compare.heard() == Side::B { "b" } else { "a" };
    let other = compare.other().map(|other| {
        let keyed = other.values.iter().map(|&(id, plain)| (id.spec().key.to_owned(), json!(plain)));
        Value::Object(keyed.collect())
    });
    let beside = compare.other().and_then(|other| other.beside.as_ref());
    shared.window_set(COMPARE, json!({"heard": heard, "other": other, "beside": beside}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::id;

    #[test]
    fn it_is_found_again_and_nonsense_is_not() {
        let shared = Shared::new();
        assert_eq!(zoom_percent(&shared), 100);
        set_zoom_percent(&shared, 150);
        assert_eq!(zoom_percent(&shared), 150);
        shared.window_set(ZOOM, json!(7));
        assert_eq!(zoom_percent(&shared), 100, "a window that nobody can use");
        assert!(is_dark(&shared) && span_s(&shared) == 10 && compare(&shared) == Compare::default());
        set_dark(&shared, false);
        set_span_s(&shared, 40);
        let mut two = Compare::default();
        two.switch(Settings::of(&shared));
        set_compare(&shared, &two);
        let again = compare(&shared);
        assert!(!is_dark(&shared) && span_s(&shared) == 40);
        assert_eq!(again.heard(), Side::B);
        assert!(!again.differs(&Settings::of(&shared)), "every value came back");
        shared.set(id::RANGE_DB, 12.0);
        assert!(again.differs(&Settings::of(&shared)));

        shared.window_set("span_s", json!(11));
        shared.window_set("compare", json!({"heard": 5, "other": {"no_such": 1, "range_db": "x"}}));
        assert_eq!(span_s(&shared), 10);
        assert_eq!(compare(&shared), Compare::new(Side::A, Some(Settings::default())));
    }
}
