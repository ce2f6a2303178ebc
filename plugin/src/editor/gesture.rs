//! Edits as hosts want them: each begins, performs and ends, so that undo takes it back as one step.

use std::sync::Arc;

use crate::params::ParamId;

/// The way from the editor to whoever owns the parameters: a host, or the standalone program.
///
/// It is called from the thread of the window, which need not be the host's main thread.
pub trait EditHost: Send + Sync {
    /// The user takes hold of a parameter.
    fn begin(&self, id: ParamId);
    /// It gets a value, in its own unit.
    fn perform(&self, id: ParamId, plain: f64);
    /// The user lets it go.
    fn end(&self, id: ParamId);
    /// The editor wants another size, in logical points. False: the host refuses.
    fn request_resize(&self, width: u32, height: u32) -> bool;
}

/// Turns of a wheel that follow each other within this many seconds are one edit.
const QUIET_S: f64 = 0.4;

/// Keeps begin and end in pairs, whatever the pointer, the wheel, the keyboard or a closing window do.
pub struct Gestures {
    host: Arc<dyn EditHost>,
    held: Option<Held>,
    /// What was let go since somebody asked.
    ended: Vec<ParamId>,
}

struct Held {
    id: ParamId,
    /// When it ends by itself; never, while a pointer holds it.
    until_s: Option<f64>,
}

impl std::fmt::Debug for Gestures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gestures")
            .field("held", &self.held.as_ref().map(|held| held.id))
            .finish_non_exhaustive()
    }
}

impl Gestures {
    /// Edits go to `host`.
    pub fn new(host: Arc<dyn EditHost>) -> Self {
        Self { host, held: None, ended: Vec::new() }
    }

    /// Where the edits go.
    pub fn host(&self) -> &Arc<dyn EditHost> {
        &self.host
    }

    /// A pointer takes hold.
    pub fn begin(&mut self, id: ParamId) {
        self.hold(id, None);
    }

    /// A value while it is held; without a hold, an edit of its own.
    pub fn perform(&mut self, id: ParamId, plain: f64) {
        if self.held.as_ref().is_some_and(|held| held.id == id) {
            self.host.perform(id, plain);
        } else {
            self.set(id, plain);
        }
    }

    /// The pointer lets go.
    pub fn end(&mut self) {
        if let Some(held) = self.held.take() {
            self.host.end(held.id);
            self.ended.push(held.id);
        }
    }

    /// The parameters whose edits ended since this was last asked; `None` while one is held.
    pub fn take_ended(&mut self) -> Option<Vec<ParamId>> {
        self.held.is_none().then(|| std::mem::take(&mut self.ended))
    }

    /// One whole edit.
    pub fn set(&mut self, id: ParamId, plain: f64) {
        self.end();
        self.host.begin(id);
        self.host.perform(id, plain);
        self.host.end(id);
        self.ended.push(id);
    }

    /// A small step that more may follow: wheel and keys.
    pub fn nudge(&mut self, id: ParamId, plain: f64, now_s: f64) {
        self.hold(id, Some(now_s + QUIET_S));
        self.host.perform(id, plain);
    }

    /// Ends what has been quiet for long enough. The seconds until it must be called again, if at all.
    pub fn settle(&mut self, now_s: f64) -> Option<f64> {
        let until = self.held.as_ref()?.until_s?;
        if now_s >= until {
            self.end();
            return None;
        }
        Some(until - now_s)
    }

    fn hold(&mut self, id: ParamId, until_s: Option<f64>) {
        if self.held.as_ref().is_some_and(|held| held.id != id) {
            self.end();
        }
        if self.held.is_none() {
            self.host.begin(id);
        }
        self.held = Some(Held { id, until_s });
    }
}

impl Drop for Gestures {
    /// A window that is closed in the middle of a drag leaves no edit open.
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Writes down what it is asked.
    #[derive(Debug, Default)]
    pub struct Recorder {
        pub log: Mutex<Vec<String>>,
    }

    impl Recorder {
        fn note(&self, line: String) {
            self.log.lock().expect("no panic holds it").push(line);
        }

        pub fn take(&self) -> String {
            std::mem::take(&mut *self.log.lock().expect("no panic holds it")).join(" ")
        }
    }

    impl EditHost for Recorder {
        fn begin(&self, id: ParamId) {
            self.note(format!("begin{}", id.0));
        }
        fn perform(&self, id: ParamId, plain: f64) {
            self.note(format!("{}={plain}", id.0));
        }
        fn end(&self, id: ParamId) {
            self.note(format!("end{}", id.0));
        }
        fn request_resize(&self, _: u32, _: u32) -> bool {
            false
        }
    }

    fn recorded(edit: impl FnOnce(&mut Gestures)) -> String {
        let recorder = Arc::new(Recorder::default());
        let mut gestures = Gestures::new(recorder.clone());
        edit(&mut gestures);
        drop(gestures);
        recorder.take()
    }

    const A: ParamId = ParamId(3);
    const B: ParamId = ParamId(5);

    #[test]
    fn a_drag_is_one_edit() {
        let log = recorded(|g| {
            g.begin(A);
            g.perform(A, 1.0);
            g.perform(A, 2.0);
            g.end();
            g.end();
        });
        assert_eq!(log, "begin3 3=1 3=2 end3");
    }

    #[test]
    fn closing_in_the_middle_ends_it() {
        assert_eq!(recorded(|g| g.begin(A)), "begin3 end3");
        assert_eq!(recorded(|g| g.nudge(A, 1.0, 0.0)), "begin3 3=1 end3");
    }

    #[test]
    fn another_parameter_ends_the_first() {
        let log = recorded(|g| {
            g.begin(A);
            g.begin(B);
            g.set(A, 1.0);
        });
        assert_eq!(log, "begin3 end3 begin5 end5 begin3 3=1 end3");
    }

    #[test]
    fn a_value_without_a_hold_is_an_edit_of_its_own() {
        assert_eq!(recorded(|g| g.perform(A, 4.0)), "begin3 3=4 end3");
    }

    #[test]
    fn turns_of_the_wheel_are_one_edit_until_it_is_quiet() {
        let log = recorded(|g| {
            g.nudge(A, 1.0, 10.0);
            g.nudge(A, 2.0, 10.2);
            let wait = g.settle(10.3).expect("not quiet yet");
            assert!((wait - 0.3).abs() < 1e-9);
            assert_eq!(g.settle(10.7), None);
            g.nudge(A, 3.0, 11.0);
        });
        assert_eq!(log, "begin3 3=1 3=2 end3 begin3 3=3 end3");
    }
}
