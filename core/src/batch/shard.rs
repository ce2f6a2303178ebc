//! A share of a run: several machines, each with its own.

use std::fmt;
use std::str::FromStr;

/// One of several equal shares of a list, by turns. All of them together are the list, whoever makes which.
///
/// ```
/// use earmark_core::batch::Shard;
///
/// let shard: Shard = "2/3".parse()?;
/// assert_eq!(shard.of(vec!["a", "b", "c", "d", "e"]), ["b", "e"]);
/// # Ok::<(), earmark_core::batch::NoShard>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 0.
    index: usize,
    count: usize,
}

/// The text names no share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no share; write it as I/N with I from 1 to N, for instance 3/64")]
pub struct NoShard(String);

impl Shard {
    /// What of a list is in this share.
    pub fn of<T>(self, list: Vec<T>) -> Vec<T> {
        list.into_iter().skip(self.index).step_by(self.count).collect()
    }
}

impl FromStr for Shard {
    type Err = NoShard;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (index, count) = text.split_once('/')?;
            let (index, count): (usize, usize) = (index.parse().ok()?, count.parse().ok()?);
            (1..=count).contains(&index).then(|| Self { index: index - 1, count })
        };
        parse().ok_or_else(|| NoShard(text.to_owned()))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index + 1, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_make_the_whole() {
        for count in 1..9 {
            let mut all: Vec<usize> = Vec::new();
            for index in 1..=count {
                let shard: Shard = format!("{index}/{count}").parse().unwrap();
                assert_eq!(shard.to_string(), format!("{index}/{count}"));
                all.extend(shard.of((0..20).collect()));
            }
            all.sort_unstable();
            assert_eq!(all, (0..20).collect::<Vec<_>>());
        }
        for bad in ["", "3", "0/2", "3/2", "1/0", "-1/2", "1/2/3", "a/b"] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }
}
