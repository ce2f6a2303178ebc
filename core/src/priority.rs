//! More than ordinary priority for live work, the worker of a live gate; less for work on files beside it.
//!
//! Not part of the audio thread. It is asked for within the system's time-sharing class (Linux: a nice value of −13;
//! Windows: `HIGHEST`; macOS: the top of the ordinary range): decisions have a deadline, drawing has none. Not real-time
//! priority, not even where the thread that makes a gate has it: a network that runs away must not take the machine with
//! it. Where the system refuses (Linux without `RLIMIT_NICE`) the worker runs as every other thread, and
//! [`LiveStatus`](crate::realtime::LiveStatus) says so.

use thread_priority::{ThreadPriority, ThreadPriorityValue};

/// Of 99, where 50 is ordinary.
const PRIORITY: u8 = 80;
/// The same for work that nobody waits for in real time.
const LOW_PRIORITY: u8 = 20;

/// Asks for it for this thread; whether the system gave it.
pub(crate) fn raise() -> bool {
    ask(PRIORITY)
}

/// Lets this thread, and those that it starts, go before ordinary work, as the worker of a live gate does; whether the system
/// does so. For threads that hear streams; to be called before they first call a network.
pub fn raise_thread_priority() -> bool {
    raise()
}

/// Lets this thread, and those that it starts, give way to live work on the same machine; whether the system does so.
///
/// For threads that work on whole files beside streams. To be called before they first call a network.
pub fn lower_thread_priority() -> bool {
    ask(LOW_PRIORITY)
}

fn ask(priority: u8) -> bool {
    ThreadPriorityValue::try_from(priority)
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
    fn work_on_files_gives_way() {
        std::thread::spawn(|| {
            let before = niceness();
            assert!(super::lower_thread_priority());
            assert!(niceness() > before);
        })
        .join()
        .unwrap();
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
