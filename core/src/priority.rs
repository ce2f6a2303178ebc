//! More than ordinary priority for live work: the worker of a live gate.
//!
//! Not part of the audio thread. It is asked for within the system's time-sharing class (Linux: a nice value of −13;
//! Windows: `HIGHEST`; macOS: the top of the ordinary range): decisions have a deadline, drawing has none. Not real-time
//! priority, not even where the thread that makes a gate has it: a network that runs away must not take the machine with
//! it. Where the system refuses (Linux without `RLIMIT_NICE`) the worker runs as every other thread, and
//! [`LiveStatus`](crate::realtime::LiveStatus) says so.

use thread_priority::{ThreadPriority, ThreadPriorityValue};

/// Of 99, where 50 is ordinary.
const PRIORITY: u8 = 80;

/// Asks for it for this thread; whether the system gave it.
pub(crate) fn raise() -> bool {
    ThreadPriorityValue::try_from(PRIORITY)
        .is_ok_and(|value| set(ThreadPriority::Crossplatform(value)).is_ok())
}

#[cfg(unix)]
fn set(priority: ThreadPriority) -> Result<(), thread_priority::Error> {
    use thread_priority::{
        NormalThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
    };
    let ordinary = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Other);
    set_thread_priority_and_policy(thread_native_id(), priority, ordinary)
}

#[cfg(not(unix))]
fn set(priority: ThreadPriority) -> Result<(), thread_priority::Error> {
    thread_priority::set_current_thread_priority(priority)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    /// The nice value of this thread is the 17th field behind its name.
    fn niceness() -> i32 {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        stat.rsplit(')').next().unwrap().split_whitespace().nth(16).unwrap().parse().unwrap()
    }

    #[test]
    fn it_is_what_the_system_says_afterwards() {
        std::thread::spawn(|| {
            let before = niceness();
            let raised = super::raise();
            assert_eq!(niceness(), if raised { -13 } else { before });
        })
        .join()
        .unwrap();
    }
}
