//! A host's keys as the editor has them.

use egui::{Key, Modifiers};
use vst3::Steinberg::KeyModifier_::{kAlternateKey, kCommandKey, kControlKey, kShiftKey};
use vst3::Steinberg::VirtualKeyCodes_::{
    KEY_BACK, KEY_DECIMAL, KEY_DELETE, KEY_END, KEY_ENTER, KEY_ESCAPE, KEY_HOME, KEY_LEFT, KEY_NUMPAD0,
    KEY_NUMPAD9, KEY_RETURN, KEY_RIGHT, KEY_SPACE, KEY_SUBTRACT, KEY_TAB,
};

use super::super::com::int;

/// The letter of a key, which key it is where that matters, and what is held with it.
pub(super) fn pressed(key: u16, code: i16, modifiers: i16) -> (Option<char>, Option<Key>, Modifiers) {
    let held = |flag| i32::from(modifiers) & int(flag) != 0;
    let command = held(kCommandKey);
    let modifiers = Modifiers {
        alt: held(kAlternateKey),
        ctrl: held(kControlKey) || command && !cfg!(target_os = "macos"),
        shift: held(kShiftKey),
        mac_cmd: command && cfg!(target_os = "macos"),
        command,
    };
    let code = i32::from(code);
    let named = [
        (KEY_BACK, Key::Backspace),
        (KEY_DELETE, Key::Delete),
        (KEY_LEFT, Key::ArrowLeft),
        (KEY_RIGHT, Key::ArrowRight),
        (KEY_HOME, Key::Home),
        (KEY_END, Key::End),
        (KEY_RETURN, Key::Enter),
        (KEY_ENTER, Key::Enter),
        (KEY_ESCAPE, Key::Escape),
        (KEY_TAB, Key::Tab),
    ];
    if let Some((_, key)) = named.into_iter().find(|(named, _)| int(*named) == code) {
        return (None, Some(key), modifiers);
    }
    let digit = (int(KEY_NUMPAD0)..=int(KEY_NUMPAD9)).contains(&code);
    let letter = match () {
        () if digit => {
            u32::try_from(code - int(KEY_NUMPAD0)).ok().and_then(|digit| char::from_digit(digit, 10))
        }
        () if code == int(KEY_DECIMAL) => Some('.'),
        () if code == int(KEY_SUBTRACT) => Some('-'),
        () if code == int(KEY_SPACE) => Some(' '),
        () => char::from_u32(u32::from(key)).filter(|letter| !letter.is_control()),
    };
    let key = letter.and_then(|letter| Key::from_name(&letter.to_uppercase().to_string()));
    (letter, key, modifiers)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Once `18` and Enter did not arrive from hosts that keep the keyboard.
    #[test]
    fn digits_letters_and_ends_are_understood() {
        let code = |code| i16::try_from(int(code)).unwrap();
        let letter = |letter: char| u16::try_from(u32::from(letter)).unwrap();
        let (text, key, held) = pressed(letter('8'), 0, 0);
        assert_eq!((text, key, held), (Some('8'), Some(Key::Num8), Modifiers::NONE));
        assert_eq!(pressed(0, code(KEY_NUMPAD0) + 7, 0).0, Some('7'));
        assert_eq!(pressed(0, code(KEY_RETURN), 0).1, Some(Key::Enter));
        assert_eq!(pressed(0, code(KEY_BACK), 0).1, Some(Key::Backspace));
        assert_eq!(pressed(0x2212, 0, 0).0, Some('\u{2212}'), "a minus of print");
        let select_all = pressed(letter('a'), 0, code_of(kCommandKey));
        assert!(select_all.2.command && select_all.1 == Some(Key::A));
        assert!(pressed(letter('A'), 0, code_of(kShiftKey)).2.shift);
    }

    fn code_of(flag: vst3::Steinberg::KeyModifier) -> i16 {
        i16::try_from(int(flag)).unwrap()
    }
}
