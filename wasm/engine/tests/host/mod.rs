//! A host of the engine in a few lines: it loads a payload, reads the catalog, writes frames and evaluates, all through the
//! C ABI. A frame holds every field that any spec reads, whether the plan of the spec asks for it or not.

use std::ffi::c_void;

use framegate::abi::{
    PANICKED, framegate_allocations, framegate_catalog, framegate_evaluate, framegate_id_list, framegate_load,
    framegate_unload,
};
use framegate::frame::{HEAD_SIZE, Head, SLOT_SIZE};
use serde_json::Value;

/// Kinds of questions as in `frame.rs`, and the word of the catalog's head that says where their names are.
const KINDS: [(u32, usize); 4] = [(0, 8), (1, 9), (2, 9), (3, 10)];

/// Further words of the catalog's head.
const PLANS: usize = 11;
const FIELDS: usize = 12;
const HASHES: usize = 18;

const NOW: f64 = 1_700_000_000_000.0;

/// Bytes of working memory that any call may take, and for each byte of a user's values: what an array may need.
const TEMPORARY: usize = 1024;
const TEMPORARY_FACTOR: usize = 12;

/// Something that can be asked.
pub struct Question {
    pub name: String,
    kind: u32,
    entity: u32,
    scratch: usize,
}

/// A payload, loaded.
pub struct Loaded {
    specs: *mut c_void,
    fields: Vec<Value>,
    /// Bytes of the hashes that a host keeps.
    hashes: usize,
    pub questions: Vec<Question>,
}

impl Loaded {
    /// Loads a payload and fills its ID lists.
    pub fn new(payload: &[u8], lists: &[(&str, &[u8])]) -> Loaded {
        // SAFETY: each pointer goes with its length, and nothing else uses the specs.
        let (specs, catalog) = unsafe {
            let specs = framegate_load(payload.as_ptr(), payload.len(), std::ptr::null(), 0);
            assert!(!specs.is_null(), "the payload was refused");
            for (name, lines) in lists {
                framegate_id_list(specs, name.as_ptr(), name.len(), lines.as_ptr(), lines.len());
            }
            let mut catalog = vec![0; framegate_catalog(specs, std::ptr::null_mut(), 0)];
            framegate_catalog(specs, catalog.as_mut_ptr(), catalog.len());
            (specs, Catalog(catalog))
        };
        let fields = catalog.texts(catalog.word(4 * FIELDS));
        Loaded {
            specs: specs.cast(),
            fields: fields
                .iter()
                .map(|text| serde_json::from_str(text).expect("JSON"))
                .collect(),
            hashes: 8 * catalog.word(4 * HASHES).next_multiple_of(2),
            questions: KINDS
                .iter()
                .flat_map(|(kind, names)| catalog.questions(*kind, 4 * names))
                .collect(),
        }
    }

    /// The user's part of a frame: behind the head, up to the end of the heap.
    pub fn encode(&self, user: &Value) -> Vec<u8> {
        let mut bytes = vec![0; HEAD_SIZE + self.fields.len() * SLOT_SIZE + self.hashes];
        for (number, field) in self.fields.iter().enumerate() {
            if let Some(value) = field_value(field, user) {
                write(&value, HEAD_SIZE + number * SLOT_SIZE, &mut bytes);
            }
        }
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    }

    /// Evaluates, and returns the flags and how often the engine asked for memory meanwhile.
    pub fn evaluate(&self, question: &Question, user: &[u8], seed: u32) -> (u32, u64) {
        let length = user.len() + question.scratch + TEMPORARY + TEMPORARY_FACTOR * user.len();
        // Words of 64 bits, for the alignment.
        let mut frame = vec![0_u64; length.div_ceil(8)];
        let start = frame.as_mut_ptr().cast::<u8>();
        // SAFETY: the frame is longer than the user's part and the head, and nothing else uses it.
        unsafe {
            start.copy_from_nonoverlapping(user.as_ptr(), user.len());
            let mut head = start.cast::<Head>().read();
            (head.kind, head.entity, head.now, head.seed) = (question.kind, question.entity, NOW, seed);
            (head.heap_end, head.length) = (user.len() as u32, length as u32);
            start.cast::<Head>().write(head);
        }
        let before = framegate_allocations();
        // SAFETY: the specs are loaded, the frame is as long as its head says.
        let flags = unsafe { framegate_evaluate(self.specs.cast_const().cast(), start) };
        let allocated = framegate_allocations() - before;
        assert!(flags < PANICKED, "{} panicked", question.name);
        (flags, allocated as u64)
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        // SAFETY: they came from `framegate_load` and are not used again.
        unsafe { framegate_unload(self.specs.cast()) }
    }
}

/// The bytes that `catalog.rs` draws.
struct Catalog(Vec<u8>);

impl Catalog {
    fn word(&self, offset: usize) -> usize {
        u32::from_le_bytes(self.0[offset..offset + 4].try_into().expect("4 bytes")) as usize
    }

    fn texts(&self, section: usize) -> Vec<String> {
        let offset = |number: usize| self.word(section + 4 + 4 * number);
        let text = |number| String::from_utf8_lossy(&self.0[offset(number)..offset(number + 1)]).into_owned();
        (0..self.word(section)).map(text).collect()
    }

    fn questions(&self, kind: u32, head: usize) -> Vec<Question> {
        let names = self.word(head);
        let (count, size) = (self.word(names), self.word(names + 4));
        let texts = self.texts(names + 8 + 16 * count + 4 * size);
        let plans = self.word(4 * PLANS);
        let question = |(number, name): (usize, String)| {
            let plan = self.word(names + 8 + 16 * number + 8);
            let scratch = self.word(plans + 4 + 16 * plan + 4);
            Question {
                name,
                kind,
                entity: number as u32,
                scratch,
            }
        };
        texts.into_iter().enumerate().map(question).collect()
    }
}

/// The field's value: as a member of the user, of its own fields, of its ids. What a host's own code adds is absent.
fn field_value(field: &Value, user: &Value) -> Option<Value> {
    let (kind, name) = (field[0].as_str()?, field[1].as_str()?);
    let within = |part: &str| user[part].get(name).or_else(|| user[part].get(name.to_lowercase()));
    let value = match kind {
        "user" => user
            .get(name)
            .or_else(|| within("custom"))
            .or_else(|| within("privateAttributes")),
        "unit" if name == "userID" => user.get(name),
        "unit" => within("customIDs"),
        "environment" => within("statsigEnvironment"),
        "country" => return Some(Value::from("DE")),
        "custom" => return Some(Value::from(true)),
        _ => panic!("a field of an unknown kind: {field}"),
    };
    value.cloned()
}

/// Writes `value` into the slot at `at`, its contents at the end of `bytes`.
fn write(value: &Value, at: usize, bytes: &mut Vec<u8>) {
    let aligned = |bytes: &mut Vec<u8>| bytes.resize(bytes.len().next_multiple_of(8), 0);
    match value {
        Value::Null => slot(bytes, at, 1, 0, 0),
        Value::Bool(is) => slot(bytes, at, if *is { 3 } else { 2 }, 0, 0),
        Value::Number(number) => slot(bytes, at, 4, 0, number.as_f64().expect("a double").to_bits()),
        Value::String(text) => {
            let start = bytes.len() as u64;
            slot(bytes, at, 5, text.len(), start);
            bytes.extend_from_slice(text.as_bytes());
        }
        Value::Array(elements) => {
            aligned(bytes);
            let start = bytes.len();
            slot(bytes, at, 6, elements.len(), start as u64);
            bytes.resize(start + elements.len() * SLOT_SIZE, 0);
            for (index, element) in elements.iter().enumerate() {
                write(element, start + index * SLOT_SIZE, bytes);
            }
        }
        Value::Object(members) => {
            aligned(bytes);
            let start = bytes.len();
            slot(bytes, at, 7, members.len(), start as u64);
            bytes.resize(start + 2 * members.len() * SLOT_SIZE, 0);
            for (index, (key, member)) in members.iter().enumerate() {
                let place = start + 2 * index * SLOT_SIZE;
                write(&Value::from(key.as_str()), place, bytes);
                write(member, place + SLOT_SIZE, bytes);
            }
        }
    }
}

fn slot(bytes: &mut [u8], at: usize, tag: u32, length: usize, payload: u64) {
    bytes[at..at + 4].copy_from_slice(&tag.to_le_bytes());
    bytes[at + 4..at + 8].copy_from_slice(&(length as u32).to_le_bytes());
    bytes[at + 8..at + 16].copy_from_slice(&payload.to_le_bytes());
}
