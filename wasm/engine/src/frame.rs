//! One call's memory. The host carves a frame, writes the call's arguments into it, and reads the outcome from it;
//! the engine works in nothing else, so it neither allocates nor keeps anything of a call.
//!
//! ```text
//!   0  Head          what is asked, and what was decided (`Head`)
//!  96  slots         one 16-byte slot for each field that any spec reads; only those in the spec's plan are written
//!      hashes        8 bytes for each hash that many specs ask for, an even number of them: 0 where it is not known
//!      heap          bytes of strings, elements of arrays and objects (slots again, 8-byte aligned)
//!      memo          nested gates already evaluated, 5 words each       \
//!      contributions which rules made a layer's value, 2 words each      > sized by the spec's plan
//!      log           exposures in order, 3 words each                   /
//!      temporary     lower-cased text, texts of numbers and arrays, a regular expression's working memory
//! ```
//!
//! All offsets are from the start of the frame, all numbers little-endian, the frame itself 8-byte aligned.

use crate::json::{Kind, Value};

/// What a missing number is in [`Head`].
pub const NONE: u32 = u32::MAX;

/// The fixed part at the start of a frame.
#[repr(C)]
pub struct Head {
    /// 0 gate, 1 dynamic config, 2 experiment, 3 layer.
    pub kind: u32,
    /// The entity's number within its kind (catalog order).
    pub entity: u32,
    /// Milliseconds since 1970; read only by specs whose plan asks for the time.
    pub now: f64,
    /// Seed of random choices; read only by specs whose plan asks for it.
    pub seed: u32,
    /// Where the heap ends and the working memory starts; a multiple of 8.
    pub heap_end: u32,
    /// Size of the whole frame.
    pub length: u32,
    /// 1 where the hashes are those of this user, which a host keeps for its next call; 0 where they were not written.
    pub keeps: u32,

    /// Outcome bits, see [`flags`].
    pub flags: u32,
    /// Text number of the rule id.
    pub rule: u32,
    /// Value number, or `NONE` for no value.
    pub value: u32,
    /// Text number of the group name.
    pub group: u32,
    /// Text number of the id type.
    pub id_type: u32,
    pub version: u32,
    /// Number of the experiment that a layer was delegated to.
    pub delegate: u32,
    /// Number of the list of explicit parameters.
    pub explicit: u32,
    /// Exposures: the log's entry that is the first, and how many.
    pub exposures: [u32; 2],
    /// Exposures before a delegate was entered, likewise; `NONE` when the result has none of its own.
    pub undelegated: [u32; 2],
    /// A merged layer value: offset and number of (value number, rule text number) pairs; offset `NONE` otherwise.
    pub contributions: [u32; 2],
    /// Text number of the config that an experiment mapping chose.
    pub mapped: u32,
    /// Offset of the exposure log.
    pub log: u32,
}

/// Bits of [`Head::flags`], which evaluation also returns.
pub mod flags {
    pub const VALUE: u32 = 1;
    pub const RECOGNIZED: u32 = 1 << 1;
    pub const UNSUPPORTED: u32 = 1 << 2;
    pub const TOO_DEEP: u32 = 1 << 3;
    pub const ACTIVE: u32 = 1 << 4;
    pub const IN_LAYER: u32 = 1 << 5;
    pub const IN_GROUP: u32 = 1 << 6;
    pub const COUNTRY_NOT_LOADED: u32 = 1 << 7;
    /// An operator of the host's gave no answer.
    pub const OPERATOR_FAILED: u32 = 1 << 8;
    /// Hashes were added to those that the host keeps.
    pub const LEARNED: u32 = 1 << 9;
}

/// Size of [`Head`].
pub const HEAD_SIZE: usize = size_of::<Head>();

/// One value as the host wrote it.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Slot {
    tag: u32,
    /// Bytes of a string, elements of an array, members of an object.
    length: u32,
    /// The number, or the offset of the bytes or elements.
    payload: [u32; 2],
}

/// Size of a hash that a host keeps.
pub const HASH_SIZE: usize = 8;

/// Size of [`Slot`].
pub const SLOT_SIZE: usize = size_of::<Slot>();

/// Entries of the exposure log.
pub mod logged {
    /// Words of an entry: gate number, value (0 or 1), text number of the rule id.
    pub const SIZE: usize = 3;
    /// As an entry's second word: its first and third are the start and end of a stretch of the log that applies here.
    pub const REPEAT: u32 = 2;
}

/// The input part of a frame.
#[derive(Clone, Copy)]
pub struct Input<'f> {
    /// All of the frame up to the end of the heap.
    bytes: &'f [u8],
}

/// A user-side value. Which readings it has (as a number, as text, …) is decided in `reading`.
#[derive(Clone, Copy)]
pub enum Dynamic<'f> {
    Absent,
    Null,
    Bool(bool),
    Number(f64),
    Text(&'f [u8]),
    Array(Elements<'f>),
    Object(Elements<'f>),
    /// The time of the call: an integer without any other reading.
    Time(i64),
}

/// The elements of an array, or the keys and values of an object in turn.
#[derive(Clone, Copy)]
pub struct Elements<'f> {
    input: Input<'f>,
    offset: usize,
    slots: usize,
}

impl<'f> Input<'f> {
    pub fn new(bytes: &'f [u8]) -> Self {
        Input { bytes }
    }

    /// The value in the slot of field `number`.
    pub fn slot(self, number: u32) -> Dynamic<'f> {
        self.read(HEAD_SIZE + number as usize * SLOT_SIZE)
    }

    /// The hash at an offset.
    pub fn hash(self, offset: usize) -> u64 {
        u64::from(self.word(offset)) | u64::from(self.word(offset + 4)) << 32
    }

    fn word(self, offset: usize) -> u32 {
        let bytes = &self.bytes[offset..offset + 4];
        u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }

    fn read(self, offset: usize) -> Dynamic<'f> {
        let slot = Slot {
            tag: self.word(offset),
            length: self.word(offset + 4),
            payload: [self.word(offset + 8), self.word(offset + 12)],
        };
        let start = slot.payload[0] as usize;
        match slot.tag {
            0 => Dynamic::Absent,
            1 => Dynamic::Null,
            2 => Dynamic::Bool(false),
            3 => Dynamic::Bool(true),
            4 => Dynamic::Number(f64::from_bits(
                u64::from(slot.payload[1]) << 32 | u64::from(slot.payload[0]),
            )),
            5 => Dynamic::Text(&self.bytes[start..start + slot.length as usize]),
            6 => Dynamic::Array(self.elements(start, slot.length as usize)),
            7 => Dynamic::Object(self.elements(start, 2 * slot.length as usize)),
            tag => panic!("the slot at {offset} holds the tag {tag}: the frame was not written for this spec"),
        }
    }

    fn elements(self, offset: usize, slots: usize) -> Elements<'f> {
        Elements {
            input: self,
            offset,
            slots,
        }
    }
}

impl<'f> Elements<'f> {
    /// How many values: twice the members for an object.
    pub fn count(self) -> usize {
        self.slots
    }

    pub fn get(self, index: usize) -> Dynamic<'f> {
        self.input.read(self.offset + index * SLOT_SIZE)
    }

    pub fn iter(self) -> impl Iterator<Item = Dynamic<'f>> {
        (0..self.slots).map(move |index| self.get(index))
    }

    /// The members of an object.
    pub fn members(self) -> impl Iterator<Item = (&'f [u8], Dynamic<'f>)> {
        (0..self.slots / 2).map(move |index| {
            let key = match self.get(2 * index) {
                Dynamic::Text(key) => key,
                _ => &[],
            };
            (key, self.get(2 * index + 1))
        })
    }
}

/// A JSON value of the engine's own in the encoding of a frame.
#[derive(Clone)]
pub struct Encoded(Vec<u8>);

impl Encoded {
    pub fn new(value: Value<'_>) -> Self {
        let mut bytes = vec![0; SLOT_SIZE];
        encode(value, 0, &mut bytes);
        Encoded(bytes)
    }

    pub fn value(&self) -> Dynamic<'_> {
        Input::new(&self.0).read(0)
    }

    /// Bytes that the encoding takes.
    pub fn size(&self) -> usize {
        self.0.len()
    }
}

/// Writes `value` into the slot at `at`, its contents at the end of `bytes`.
fn encode(value: Value<'_>, at: usize, bytes: &mut Vec<u8>) {
    let end = bytes.len();
    let (tag, length, payload) = match value.kind() {
        Kind::Null => (1, 0, 0),
        Kind::Bool => (if value.as_bool() == Some(true) { 3 } else { 2 }, 0, 0),
        Kind::Number => (4, 0, value.as_f64().unwrap_or(f64::NAN).to_bits()),
        Kind::String => {
            let text = value.as_str().unwrap_or_default();
            bytes.extend_from_slice(text.as_bytes());
            (5, text.len(), end as u64)
        }
        Kind::Array => {
            let elements: Vec<_> = value.elements().collect();
            bytes.resize(end + elements.len() * SLOT_SIZE, 0);
            for (index, element) in elements.iter().enumerate() {
                encode(*element, end + index * SLOT_SIZE, bytes);
            }
            (6, elements.len(), end as u64)
        }
        Kind::Object => {
            let members = value.distinct_members();
            bytes.resize(end + 2 * members.len() * SLOT_SIZE, 0);
            for (index, (key, member)) in members.iter().enumerate() {
                let slot = end + 2 * index * SLOT_SIZE;
                let start = bytes.len() as u64;
                bytes.extend_from_slice(key.as_bytes());
                write_slot(bytes, slot, 5, key.len(), start);
                encode(*member, slot + SLOT_SIZE, bytes);
            }
            (7, members.len(), end as u64)
        }
    };
    write_slot(bytes, at, tag, length, payload);
}

fn write_slot(bytes: &mut [u8], at: usize, tag: u32, length: usize, payload: u64) {
    bytes[at..at + 4].copy_from_slice(&tag.to_le_bytes());
    bytes[at + 4..at + 8].copy_from_slice(&(length as u32).to_le_bytes());
    bytes[at + 8..at + 16].copy_from_slice(&payload.to_le_bytes());
}
