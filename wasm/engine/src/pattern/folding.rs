//! Back-references that ignore case, by Unicode's simple case folding.

/// Whether a group's text comes again at a position, in any case. As in the crate, a text of as many bytes is looked at, and
/// where that has other letters than ASCII's, the repetition may lie anywhere in it.
pub fn repeats(group: &str, text: &str, at: usize) -> bool {
    let Some(piece) = text.get(at..at + group.len()) else {
        return false;
    };
    if piece.is_ascii() {
        return piece.eq_ignore_ascii_case(group);
    }
    piece.char_indices().any(|(begin, _)| {
        let mut letters = piece[begin..].chars();
        group
            .chars()
            .all(|letter| letters.next().is_some_and(|other| folded(other) == folded(letter)))
    })
}

/// The same for all letters that differ in case only.
fn folded(letter: char) -> char {
    match letter {
        // Its capital is another's.
        '\u{131}' => letter,
        // Newer than the crate's tables, which are of Unicode 16.
        '\u{a7ce}' | '\u{a7d2}' | '\u{a7d4}' | '\u{16ea0}'..='\u{16eb8}' => letter,
        // Pairs without a capital of one letter.
        '\u{1fd3}' => '\u{390}',
        '\u{1fe3}' => '\u{3b0}',
        '\u{fb05}' => '\u{fb06}',
        _ => {
            let capital = single(letter, letter.to_uppercase());
            single(capital, capital.to_lowercase())
        }
    }
}

/// What a letter is mapped to, if that is one letter.
fn single(letter: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(mapped), None) => mapped,
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_fold_as_the_crate_folds_them() {
        let differently = ('\0'..=char::MAX).filter(|letter| {
            let alone = regex_syntax::hir::ClassUnicodeRange::new(*letter, *letter);
            let mut class = regex_syntax::hir::ClassUnicode::new([alone]);
            class.case_fold_simple();
            let mut same = class.iter().flat_map(|range| range.start()..=range.end());
            // A letter that is the same as no other stands for itself.
            let is_alone = class.iter().map(|range| range.len()).sum::<usize>() == 1;
            is_alone && folded(*letter) != *letter || same.any(|other| folded(*letter) != folded(other))
        });
        assert_eq!(
            differently
                .map(|letter| format!("{:x}", letter as u32))
                .collect::<Vec<_>>(),
            [""; 0]
        );
    }
}
