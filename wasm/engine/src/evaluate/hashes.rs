//! The hashes that decide a unit's bucket: those of one call that are asked for again, and those that a host keeps for its
//! user from call to call.

use super::Call;
use crate::frame::Input;
use crate::reading;
use crate::sha256::{NOWHERE, Prefix};

/// Hashes that a call had to make and others of this user need not, by their places.
#[derive(Clone, Copy, Default)]
pub struct Learned {
    hashes: [(u32, u64); 8],
    pub(super) count: usize,
}

impl Learned {
    pub fn iter(&self) -> impl Iterator<Item = (usize, u64)> {
        self.hashes[..self.count]
            .iter()
            .map(|(place, hash)| (*place as usize, *hash))
    }

    /// What there is no room for is made again next time.
    fn push(&mut self, place: u32, hash: u64) {
        if let Some(free) = self.hashes.get_mut(self.count) {
            *free = (place, hash);
            self.count += 1;
        }
    }
}

/// The buckets that a call's conditions asked for last: the groups of an experiment are ranges of one.
#[derive(Default)]
pub(super) struct Buckets<'f> {
    known: [Option<(&'f Prefix, u32, u64)>; 2],
    next: usize,
}

impl<'f> Buckets<'f> {
    /// The hash of a unit's text after a prefix.
    pub(super) fn hash(&mut self, prefix: &'f Prefix, unit: u32, hash: impl FnOnce() -> u64) -> u64 {
        let same = |(known, of, _): &&(&Prefix, u32, u64)| *of == unit && *known == prefix;
        if let Some((_, _, hash)) = self.known.iter().flatten().find(same) {
            return *hash;
        }
        let hash = hash();
        self.known[self.next] = Some((prefix, unit, hash));
        self.next = (self.next + 1) % self.known.len();
        hash
    }
}

impl Call<'_> {
    /// A hash from those that the host keeps for its user, or made and left for it to keep.
    pub(super) fn kept_hash(&mut self, prefix: &Prefix, hash: impl FnOnce(&mut Self) -> u64) -> u64 {
        if !self.keeps || prefix.place == NOWHERE {
            return hash(self);
        }
        let known = self.input.hash(self.specs.hash_offset(prefix.place as usize));
        if known != 0 {
            return known;
        }
        let hash = hash(self);
        self.learned.push(prefix.place, hash);
        hash
    }
}

/// The hash of a prefix and the unit id's text; a unit without one counts as the empty text.
pub(super) fn hash_of_unit(input: Input<'_>, unit: u32, prefix: &Prefix, temporary: &mut [u8]) -> u64 {
    prefix.hash(reading::text(input.slot(unit), temporary).unwrap_or_default())
}
