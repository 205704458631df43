//! Versions: up to four pieces of a word, or a constant.

use super::TEXT_BYTES;

/// The version of everything whose version is not known.
const UNKNOWN: &str = "0.0.0";

/// Names under which Windows versions go; every other number (6.2 too) is not known.
const WINDOWS: [(&str, &str); 6] = [
    ("5.1", "XP"),
    ("5.2", "XP"),
    ("6.0", "Vista"),
    ("6.1", "7"),
    ("6.3", "8.1"),
    ("10.0", "10"),
];

/// Products whose fourth piece is not reported, as they stand in the agent.
const THREE_PIECES: [&str; 3] = ["YaBrowser", "Opera", "NetFront NX"];

/// A version as pieces that a dot joins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Version<'a> {
    pieces: [&'a str; 4],
    count: usize,
}

impl<'a> Version<'a> {
    /// No version was found.
    pub(super) const fn unknown() -> Self {
        Self::whole(UNKNOWN)
    }

    const fn whole(text: &'a str) -> Self {
        Self {
            pieces: [text, "", "", ""],
            count: 1,
        }
    }

    /// Reads the version `text` of `product`.
    ///
    /// Pieces end at `_`, `,` and `.`, and only the second is cut where its digits end: `1.2b3.4b` is `1.2.4b`.
    pub(super) fn read(product: &str, text: Option<&'a str>) -> Self {
        let Some(text) = text else {
            return Self::unknown();
        };
        if product == "Windows" {
            let named = WINDOWS.iter().find(|(number, _)| *number == text);
            return named.map_or(Self::unknown(), |&(_, name)| Self::whole(name));
        }
        let most = if THREE_PIECES.contains(&product) { 3 } else { 4 };
        let mut version = Self {
            pieces: [""; 4],
            count: 0,
        };
        for piece in text.split_terminator(['_', ',', '.']).take(most) {
            version.pieces[version.count] = if version.count == 1 { digits(piece) } else { piece };
            version.count += 1;
        }
        version
    }

    /// Writes the pieces with dots between them.
    pub(super) fn write<'o>(&self, room: &'o mut [u8; TEXT_BYTES]) -> &'o str {
        let mut length = 0;
        for (index, piece) in self.pieces[..self.count].iter().enumerate() {
            let dot: &[u8] = if index > 0 { b"." } else { b"" };
            for part in [dot, piece.as_bytes()] {
                // Cannot be short: the pieces and their separators stood in an agent of at most 1000 bytes.
                let Some(place) = room.get_mut(length..length + part.len()) else {
                    return UNKNOWN;
                };
                place.copy_from_slice(part);
                length += part.len();
            }
        }
        std::str::from_utf8(&room[..length]).unwrap_or(UNKNOWN)
    }
}

/// The digits that `text` begins with.
fn digits(text: &str) -> &str {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(product: &str, text: &str) -> String {
        Version::read(product, Some(text))
            .write(&mut [0; TEXT_BYTES])
            .to_owned()
    }

    #[test]
    fn pieces_end_at_three_separators_and_are_at_most_four() {
        assert_eq!(read("Chrome", "1_2,3.4.5"), "1.2.3.4");
        assert_eq!(read("YaBrowser", "1.2.3.4"), "1.2.3");
    }

    #[test]
    fn only_the_second_piece_is_cut_to_its_digits() {
        assert_eq!(read("Firefox", "1a.2b3.4b.5c"), "1a.2.4b.5c");
        assert_eq!(read("Firefox", "1.b.3"), "1..3");
    }

    #[test]
    fn empty_pieces_are_kept_but_for_one_at_the_end() {
        assert_eq!(read("Firefox", ".5"), ".5");
        assert_eq!(read("Firefox", "5."), "5");
        assert_eq!(read("Firefox", "."), "");
    }

    #[test]
    fn windows_versions_have_names() {
        assert_eq!(read("Windows", "6.3"), "8.1");
        assert_eq!(read("Windows", "6.2"), "0.0.0");
    }

    #[test]
    fn no_version_is_three_zeros() {
        assert_eq!(Version::read("Chrome", None).write(&mut [0; TEXT_BYTES]), "0.0.0");
    }
}
