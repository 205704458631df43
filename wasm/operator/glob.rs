//! The operator `custom:glob` in Rust; assembly/index.ts says what it does.
#![no_std]

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

/// 1 if the value matches one of the target's patterns, else 0.
///
/// # Safety
/// Both texts are in memory and stay unchanged during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framegate_operator(
    value: *const u8,
    value_length: usize,
    target: *const u8,
    target_length: usize,
) -> i32 {
    // SAFETY: as the caller says.
    let (value, target) = unsafe {
        (
            core::slice::from_raw_parts(value, value_length),
            core::slice::from_raw_parts(target, target_length),
        )
    };
    i32::from(meets(value, target))
}

fn meets(value: &[u8], target: &[u8]) -> bool {
    let text = match value {
        [] | [b'{' | b'[' | b'n', ..] => return false,
        [b'"', text @ .., b'"'] => text,
        literal => literal,
    };
    let (mut depth, mut at) = (0, 0);
    while let Some(&byte) = target.get(at) {
        at += 1;
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            b'"' => {
                let from = at;
                while target[at] != b'"' {
                    at += if target[at] == b'\\' { 2 } else { 1 };
                }
                let is_pattern = depth == 0 || (depth == 1 && target[0] == b'[');
                if is_pattern && matches(text, &target[from..at]) {
                    return true;
                }
                at += 1;
            }
            _ => {}
        }
    }
    false
}

/// Goes back to the last star only, which is enough: time is at most the product of the lengths.
fn matches(mut text: &[u8], mut pattern: &[u8]) -> bool {
    let mut star = None;
    while let Some((found, after_found)) = character(text) {
        match (character(pattern), star) {
            (Some((wanted, after)), _) if wanted == u32::from(b'*') => {
                star = Some((after, text));
                pattern = after;
            }
            (Some((wanted, after)), _) if wanted == found || wanted == u32::from(b'?') => {
                pattern = after;
                text = after_found;
            }
            (_, Some((after_star, resume))) => {
                let next = character(resume).map_or(resume, |(_, after)| after);
                star = Some((after_star, next));
                text = next;
                pattern = after_star;
            }
            (_, None) => return false,
        }
    }
    while let Some((wanted, after)) = character(pattern) {
        if wanted != u32::from(b'*') {
            return false;
        }
        pattern = after;
    }
    true
}

/// The first code point of a JSON string's content, and what comes after it.
fn character(text: &[u8]) -> Option<(u32, &[u8])> {
    let (&first, rest) = text.split_first()?;
    if first == b'\\' {
        let (&code, rest) = rest.split_first()?;
        let code = match code {
            b'b' => 8,
            b'f' => 12,
            b'n' => 10,
            b'r' => 13,
            b't' => 9,
            b'u' => return Some((rest[..4].iter().fold(0, hexadecimal), &rest[4..])),
            other => other,
        };
        return Some((code.into(), rest));
    }
    let more = match first {
        ..0x80 => return Some((first.into(), rest)),
        ..0xe0 => 1,
        ..0xf0 => 2,
        _ => 3,
    };
    let code = rest[..more]
        .iter()
        .fold(u32::from(first) & (0x3f >> more), |code, byte| {
            code << 6 | u32::from(byte & 0x3f)
        });
    Some((code, &rest[more..]))
}

fn hexadecimal(code: u32, &digit: &u8) -> u32 {
    code << 4 | u32::from(if digit < 0x40 { digit & 15 } else { (digit & 7) + 9 })
}
