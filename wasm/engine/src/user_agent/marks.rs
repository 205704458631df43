//! Marks: words, alone or in a row, that are not of the form `product/version`.

use super::findings::Hints;
use super::words::WINDOW;

/// How a word must look.
#[derive(Clone, Copy)]
pub(super) enum Pattern {
    Is(&'static str),
    Begins(&'static str),
}

/// Whether a number belongs to a mark: the word at the given place of the window, if it begins with a digit.
#[derive(Clone, Copy)]
pub(super) enum Number {
    No,
    Maybe(usize),
    /// Without the number it is not this mark.
    Must(usize),
}

/// What a mark says.
#[derive(Clone, Copy)]
pub(super) enum Means {
    Nothing,
    Token(&'static str),
    /// A token of this name whose version is what follows the name in the word itself, as in `iPad6,11`.
    Device(&'static str),
    Os(&'static str),
    Browser(&'static str),
    Bot(&'static str),
    /// Windows of a version that has a name instead of a number.
    WindowsXp,
}

/// One mark.
pub(super) struct Mark {
    pub words: &'static [Pattern],
    pub number: Number,
    pub means: Means,
    pub hints: Hints,
    /// The words to pass when the mark has been read; its number is one more.
    pub pass: usize,
}

use Means::{Bot, Browser, Device, Nothing, Os, Token, WindowsXp};
use Number::{Maybe, Must, No};
use Pattern::{Begins, Is};

const fn mark(words: &'static [Pattern], number: Number, means: Means, hints: Hints, pass: usize) -> Mark {
    assert!(words.len() <= WINDOW);
    Mark {
        words,
        number,
        means,
        hints,
        pass,
    }
}

const NONE: Hints = Hints::NONE;
const IOS: Hints = Hints::IOS;
const MACOS: Hints = Hints::MACOS;
const WINDOWS: Hints = Hints::WINDOWS;

/// All marks; the first that fits is taken. Some pass one word more than they consist of, which then goes unread: that is
/// how Statsig's parser counts, and `iOS 17 Chrome/1` shows it.
const MARKS: &[Mark] = &[
    mark(&[Begins("AppleTV")], No, Token("ATV OS X"), NONE, 2),
    mark(&[Is("like"), Is("Mac"), Is("OS")], No, Nothing, NONE, 4),
    mark(&[Is("Mac"), Is("OS"), Is("X")], Maybe(3), Os("Mac OS X"), MACOS, 3),
    mark(&[Is("Mac"), Is("OS")], Maybe(2), Os("Mac OS X"), MACOS, 3),
    mark(&[Is("iOS")], Maybe(1), Os("iOS"), IOS, 2),
    mark(&[Is("iPadOS")], Maybe(1), Os("iOS"), IOS, 2),
    mark(&[Is("iPhone"), Is("OS")], Maybe(2), Os("iOS"), NONE, 2),
    mark(&[Begins("iPad")], No, Device("iPad"), IOS, 1),
    mark(&[Begins("iPhone")], No, Device("iPhone"), IOS, 1),
    mark(&[Begins("Apple-iPhone7C2")], No, Token("iPhone"), IOS, 1),
    mark(&[Is("CPU"), Is("OS")], Maybe(2), Token("CPU OS"), NONE, 2),
    mark(&[Is("CrOS")], Must(1), Os("Chrome OS"), NONE, 1),
    mark(&[Is("CrOS")], Maybe(2), Os("Chrome OS"), NONE, 2),
    mark(&[Is("CrKey")], No, Os("Chromecast"), NONE, 1),
    mark(&[Is("PlayStation")], No, Token("PlayStation"), Hints::PLAYSTATION, 1),
    mark(&[Is("Android")], Maybe(1), Os("Android"), NONE, 1),
    mark(&[Is("Windows"), Is("Phone")], Maybe(2), Os("Windows Phone"), NONE, 2),
    mark(&[Begins("Windows"), Is("NT")], Must(2), Os("Windows"), WINDOWS, 2),
    mark(&[Begins("Windows"), Begins("XP")], No, WindowsXp, WINDOWS, 2),
    mark(&[Begins("Windows")], Maybe(1), Os("Windows"), WINDOWS, 1),
    mark(&[Is("MSIE")], Maybe(1), Browser("IE"), NONE, 1),
    mark(&[Is("Yahoo!"), Is("Slurp")], No, Token("Yahoo! Slurp"), NONE, 2),
    mark(&[Is("Red"), Is("Hat")], No, Os("Red Hat"), NONE, 2),
    mark(&[Is("Ubuntu")], Maybe(1), Os("Ubuntu"), NONE, 1),
    mark(&[Is("Mobile")], No, Token("Mobile"), Hints::MOBILE, 1),
    mark(&[Is("Linux")], No, Token("Linux"), Hints::LINUX, 1),
    mark(&[Is("linux")], No, Token("Linux"), Hints::LINUX, 1),
    mark(&[Is("Nintendo"), Is("3DS")], No, Token("NetFront NX"), NONE, 2),
    mark(
        &[Is("Better"), Is("Uptime"), Is("Bot")],
        No,
        Bot("Better Uptime Bot"),
        NONE,
        3,
    ),
    mark(
        &[Is("Radius"), Is("Compilance"), Is("Bot")],
        No,
        Bot("Radius Compilance Bot"),
        NONE,
        3,
    ),
    mark(
        &[Is("Uptime"), Is("Monitoring"), Is("Bot")],
        No,
        Bot("Uptime Monitoring Bot"),
        NONE,
        3,
    ),
    mark(&[Is("AdsBot-Google-Mobile")], No, Bot("AdsBot-Google"), NONE, 1),
    mark(&[Is("like")], No, Nothing, NONE, 1),
];

/// By a word's first byte, the first mark that begins with it, counted from 1: comparing each word with all marks took a
/// third of a parse.
static FIRST: [u8; 256] = CHAINS.0;
/// By mark, the next one with the same first byte.
static NEXT: [u8; MARKS.len()] = CHAINS.1;

const CHAINS: ([u8; 256], [u8; MARKS.len()]) = {
    let (mut first, mut next) = ([0; 256], [0; MARKS.len()]);
    let mut index = MARKS.len();
    while index > 0 {
        let (Is(text) | Begins(text)) = MARKS[index - 1].words[0];
        let initial = text.as_bytes()[0] as usize;
        next[index - 1] = first[initial];
        first[initial] = index as u8;
        index -= 1;
    }
    (first, next)
};

/// The marks that begin with a byte, in their order.
pub(super) fn marks_from(initial: u8) -> impl Iterator<Item = &'static Mark> {
    let mut place = FIRST[usize::from(initial)];
    std::iter::from_fn(move || {
        let index = usize::from(place).checked_sub(1)?;
        place = NEXT[index];
        Some(&MARKS[index])
    })
}
