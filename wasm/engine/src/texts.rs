//! Sets of texts and numbered texts.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// Multiply-and-rotate over eight bytes at a time: targets come from one's own project, so no attacker picks them, and
/// the hash is a third of a lookup's cost.
#[derive(Default)]
pub struct TextHasher(u64);

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

impl TextHasher {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(MULTIPLIER);
    }
}

impl Hasher for TextHasher {
    fn write(&mut self, bytes: &[u8]) {
        let words = bytes.chunks_exact(8);
        let mut last = [0; 8];
        last[..words.remainder().len()].copy_from_slice(words.remainder());
        for word in words {
            self.mix(u64::from_le_bytes(word.try_into().unwrap_or_default()));
        }
        self.mix(u64::from_le_bytes(last));
    }

    fn write_usize(&mut self, length: usize) {
        self.mix(length as u64);
    }

    fn write_u64(&mut self, number: u64) {
        self.mix(number);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }
}

/// How sets and maps of texts hash here.
pub type TextHash = BuildHasherDefault<TextHasher>;

/// A set of texts. Few enough are compared one by one, which beats hashing up to about eight.
#[derive(Clone)]
pub enum TextSet {
    Few(Box<[Box<[u8]>]>),
    Many(HashSet<Box<[u8]>, TextHash>),
}

const FEW: usize = 8;

impl TextSet {
    pub fn contains(&self, text: &[u8]) -> bool {
        match self {
            TextSet::Few(texts) => texts.iter().any(|candidate| same(candidate, text)),
            TextSet::Many(texts) => texts.contains(text),
        }
    }

    /// Whether `test` holds for a text of the set.
    pub fn any(&self, mut test: impl FnMut(&[u8]) -> bool) -> bool {
        match self {
            TextSet::Few(texts) => texts.iter().any(|text| test(text)),
            TextSet::Many(texts) => texts.iter().any(|text| test(text)),
        }
    }
}

/// Eight bytes at a time, the last eight once more: the standard library's comparison goes byte by byte in wasm.
fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let (Some(left_end), Some(right_end)) = (left.last_chunk(), right.last_chunk()) else {
        return left == right;
    };
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    let mut words = left.as_chunks().0.iter().zip(right.as_chunks().0);
    word(left_end) == word(right_end) && words.all(|(left, right)| word(left) == word(right))
}

impl FromIterator<Vec<u8>> for TextSet {
    fn from_iter<I: IntoIterator<Item = Vec<u8>>>(texts: I) -> Self {
        let texts: Vec<Box<[u8]>> = texts.into_iter().map(Vec::into_boxed_slice).collect();
        if texts.len() <= FEW {
            TextSet::Few(texts.into_boxed_slice())
        } else {
            TextSet::Many(texts.into_iter().collect())
        }
    }
}

/// Texts that are passed around by number: each distinct one once, number 0 the empty text.
#[derive(Clone)]
pub struct Texts {
    /// Empty once all are numbered.
    numbers: HashMap<Box<str>, u32, TextHash>,
    texts: Vec<Box<str>>,
    longest: usize,
}

impl Default for Texts {
    fn default() -> Self {
        let mut texts = Texts {
            numbers: HashMap::default(),
            texts: Vec::new(),
            longest: 0,
        };
        texts.number("");
        texts
    }
}

impl Texts {
    pub fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.texts.len() as u32;
        self.numbers.insert(text.into(), number);
        self.texts.push(text.into());
        self.longest = self.longest.max(text.len());
        number
    }

    /// Gives back what only numbering needs: no texts are numbered any more.
    pub fn settle(&mut self) {
        self.numbers = HashMap::default();
    }

    /// Bytes of the longest text.
    pub fn longest(&self) -> usize {
        self.longest
    }

    pub fn get(&self, number: u32) -> &str {
        &self.texts[number as usize]
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.texts.iter().map(|text| &**text)
    }
}
