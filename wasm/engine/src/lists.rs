//! ID lists: sets of users kept outside the specs, each user as the first eight characters of the Base64 of the
//! SHA-256 of its id.

use std::collections::{HashMap, HashSet};

use crate::sha256::Prefix;
use crate::texts::TextHash;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

type Ids = HashSet<[u8; 8], TextHash>;

/// The lists that specs name, by number; a list that nobody filled is empty.
#[derive(Clone)]
pub struct IdLists {
    numbers: HashMap<Box<str>, u32, TextHash>,
    lists: Vec<(Box<str>, Ids)>,
    hash: Prefix,
}

impl Default for IdLists {
    fn default() -> Self {
        IdLists {
            numbers: HashMap::default(),
            lists: Vec::new(),
            hash: Prefix::new(b""),
        }
    }
}

impl IdLists {
    /// The number of the list called `name`, which is made if need be.
    pub fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.lists.len() as u32;
        self.numbers.insert(name.into(), number);
        self.lists.push((name.into(), Ids::default()));
        number
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.lists.iter().map(|(name, _)| &**name)
    }

    /// Applies lines of `+<8 characters>` and `-<8 characters>` in their order; other lines mean nothing.
    pub fn apply(&mut self, name: &str, lines: &[u8]) {
        let number = self.number(name) as usize;
        let ids = &mut self.lists[number].1;
        for line in lines.split(|byte| *byte == b'\n') {
            let line = line.trim_ascii();
            let Some((sign, id)) = line.split_first() else {
                continue;
            };
            let Ok(id) = <[u8; 8]>::try_from(id) else {
                continue;
            };
            match sign {
                b'+' => ids.insert(id),
                b'-' => ids.remove(&id),
                _ => continue,
            };
        }
    }

    /// Gives back the names: no lists are applied any more.
    pub fn settle(&mut self) {
        self.numbers = HashMap::default();
        self.lists.iter_mut().for_each(|(name, _)| *name = Box::default());
    }

    /// Whether list `number` holds the id `text`.
    pub fn contains(&self, number: u32, text: &[u8]) -> bool {
        let ids = &self.lists[number as usize].1;
        !ids.is_empty() && ids.contains(&self.entry(text))
    }

    fn entry(&self, text: &[u8]) -> [u8; 8] {
        let hash = self.hash.hash(text);
        std::array::from_fn(|place| ALPHABET[(hash >> (58 - 6 * place)) as usize & 63])
    }
}

#[cfg(test)]
mod tests {
    use super::IdLists;

    #[test]
    fn applies_lines_in_order() {
        let mut lists = IdLists::default();
        let number = lists.number("staff");
        // The SHA-256 of "abc" starts ungWv48B in Base64.
        lists.apply("staff", b"+ungWv48B\r\n\n+\nx\n+short\n?ungWv48B\n");
        assert!(lists.contains(number, b"abc"));
        assert!(!lists.contains(number, b"abd"));
        lists.apply("staff", b"-ungWv48B");
        assert!(!lists.contains(number, b"abc"));
    }
}
