//! Things of which each call needs one for itself.

use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A few of a kind, lent to one caller at a time, made when they are first needed.
pub(super) struct Pool<T> {
    state: Mutex<State<T>>,
    returned: Condvar,
    limit: usize,
}

struct State<T> {
    idle: Vec<T>,
    /// How many there are, lent ones too.
    made: usize,
}

/// One of a pool; given back when dropped.
pub(super) struct Lent<'a, T> {
    pool: &'a Pool<T>,
    /// `None` only while it is being made.
    item: Option<T>,
}

impl<T> Pool<T> {
    /// An empty pool of at most `limit`, at least one.
    pub(super) fn new(limit: usize) -> Self {
        let state = Mutex::new(State { idle: Vec::new(), made: 0 });
        Self { state, returned: Condvar::new(), limit: limit.max(1) }
    }

    /// One that no other caller has: the one given back last, or a new one from `make`; where there are as many as may be,
    /// waits for one.
    pub(super) fn lend<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<Lent<'_, T>, E> {
        let mut state = self.lock();
        loop {
            if let Some(item) = state.idle.pop() {
                return Ok(Lent { pool: self, item: Some(item) });
            }
            if state.made < self.limit {
                break;
            }
            state = self.returned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.made += 1;
        drop(state);
        let mut lent = Lent { pool: self, item: None };
        lent.item = Some(make()?);
        Ok(lent)
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Drop for Lent<'_, T> {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        match self.item.take() {
            Some(item) => state.idle.push(item),
            // It could not be made: another caller may try.
            None => state.made -= 1,
        }
        drop(state);
        self.pool.returned.notify_one();
    }
}

impl<T> Deref for Lent<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.item.as_ref().expect("made before it is handed out")
    }
}

impl<T> DerefMut for Lent<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.item.as_mut().expect("made before it is handed out")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn no_more_are_made_than_the_limit_and_none_is_lent_twice() {
        let pool = Pool::new(3);
        let (made, lent, most) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let make = || Ok::<_, ()>(made.fetch_add(1, Ordering::SeqCst));
                        let item = pool.lend(make).unwrap();
                        most.fetch_max(lent.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::sleep(Duration::from_micros(50));
                        lent.fetch_sub(1, Ordering::SeqCst);
                        drop(item);
                    }
                });
            }
        });
        assert!(made.into_inner() <= 3 && most.into_inner() <= 3);
    }

    #[test]
    fn what_cannot_be_made_leaves_its_place() {
        let pool = Pool::new(1);
        assert_eq!(pool.lend(|| Err::<u32, _>("broken")).err(), Some("broken"));
        assert_eq!(*pool.lend(|| Ok::<_, ()>(7)).unwrap(), 7);
        // The same one comes back.
        assert_eq!(*pool.lend(|| Ok::<_, ()>(8)).unwrap(), 7);
    }
}
