//! Leaves a panic's message where the host finds it when the instance can no longer be called.

use std::cell::{Cell, UnsafeCell};
use std::fmt::{Error, Write};
use std::sync::Once;

const SIZE: usize = 252;

/// A length and that many bytes of UTF-8.
#[repr(C)]
pub struct Message {
    length: Cell<u32>,
    bytes: UnsafeCell<[u8; SIZE]>,
}

thread_local! {
    static MESSAGE: Message = const { Message { length: Cell::new(0), bytes: UnsafeCell::new([0; SIZE]) } };
}

static HOOK: Once = Once::new();

/// Where the message will be; the hook is set when this is first asked.
pub fn message() -> *const Message {
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            MESSAGE.with(|message| {
                message.length.set(0);
                // A message that does not fit is cut.
                let _ = write!(Writer(message), "{info}");
            });
        }));
    });
    MESSAGE.with(std::ptr::from_ref)
}

struct Writer<'a>(&'a Message);

impl Write for Writer<'_> {
    fn write_str(&mut self, text: &str) -> Result<(), Error> {
        let written = self.0.length.get() as usize;
        let fits = (0..=text.len().min(SIZE - written))
            .rfind(|&end| text.is_char_boundary(end))
            .unwrap_or(0);
        // SAFETY: the buffer is this thread's, and nothing else on this thread reads or writes it meanwhile.
        let bytes = unsafe { &mut *self.0.bytes.get() };
        bytes[written..written + fits].copy_from_slice(&text.as_bytes()[..fits]);
        self.0.length.set((written + fits) as u32);
        if fits == text.len() { Ok(()) } else { Err(Error) }
    }
}
