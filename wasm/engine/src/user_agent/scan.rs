//! The pass over an agent's words: each is a mark, a product, or of no account.

use super::findings::{Findings, Hints};
use super::marks::{Mark, Means, Number, Pattern, marks_from};
use super::products::{Says, calls_itself_bot, names_crawler, product};
use super::words::{Words, strip};

/// Words of up to this many bytes are read only as marks.
const SHORT_WORD_BYTES: usize = 2;

/// Reads an agent from left to right.
pub(super) fn scan(agent: &str) -> Findings<'_> {
    let mut findings = Findings::default();
    let mut words = Words::of(agent);
    while !words.ended() {
        let word = words.at(0);
        if let Some((mark, number)) = mark_at(&words) {
            read_mark(mark, word, number, &mut findings);
            words.pass(mark.pass + usize::from(number.is_some()));
            continue;
        }
        if word.len() > SHORT_WORD_BYTES {
            read_product(word, &mut findings);
        }
        words.pass(1);
    }
    findings
}

/// The first mark that fits the words in sight, and its number.
fn mark_at<'a>(words: &Words<'a>) -> Option<(&'static Mark, Option<&'a str>)> {
    let initial = *words.at(0).as_bytes().first()?;
    marks_from(initial).find_map(|mark| Some((mark, fit(mark, words)?)))
}

/// Whether the words in sight begin with the mark; if so, its number where it has one.
fn fit<'a>(mark: &Mark, words: &Words<'a>) -> Option<Option<&'a str>> {
    let fits = mark.words.iter().enumerate().all(|(place, pattern)| match pattern {
        Pattern::Is(text) => words.at(place) == *text,
        Pattern::Begins(text) => words.at(place).starts_with(text),
    });
    if !fits {
        return None;
    }
    let number = |place| Some(words.at(place)).filter(|word: &&str| word.starts_with(|c: char| c.is_ascii_digit()));
    match mark.number {
        Number::No => Some(None),
        Number::Maybe(place) => Some(number(place)),
        Number::Must(place) => number(place).map(Some),
    }
}

fn read_mark<'a>(mark: &Mark, word: &'a str, number: Option<&'a str>, findings: &mut Findings<'a>) {
    findings.hint(mark.hints);
    match mark.means {
        Means::Nothing => {}
        Means::Token(name) => findings.token(name, number),
        Means::Device(name) => {
            // A second mention of the name ends the version.
            let version = word.split(name).nth(1).map(strip).filter(|text| !text.is_empty());
            findings.token(name, version);
        }
        Means::Os(name) => read_os(name, number, findings),
        Means::WindowsXp => read_os("Windows", Some("XP"), findings),
        Means::Browser(name) => {
            findings.certain_browser(name, number);
            findings.token(name, number);
        }
        Means::Bot(name) => findings.bot(name, None),
    }
}

fn read_os<'a>(name: &'a str, version: Option<&'a str>, findings: &mut Findings<'a>) {
    findings.certain_os(name, version);
    findings.token(name, version);
}

/// Reads a word of the form `product/version` or `product:version`, or a bare product.
fn read_product<'a>(word: &'a str, findings: &mut Findings<'a>) {
    let (name, version) = match word.split_once(['/', ':']) {
        None => (word, None),
        Some((name, version)) => (strip(name), Some(strip(version)).filter(|text| !text.is_empty())),
    };
    let name = if name.is_empty() { word } else { name };

    let known = product(name);
    let &(_, says, hints) = match known {
        None if calls_itself_bot(name) => return findings.bot(name, version),
        // Of the known products only Oculus is asked for after crawlers, as Statsig's parser does it.
        Some((_, Says::CorrectsOs(_), _)) | None if version.is_some_and(names_crawler) => {
            return findings.hint(Hints::CRAWLER);
        }
        Some(known) => known,
        None => return findings.token(name, version),
    };
    findings.hint(hints);
    match says {
        Says::Nothing => {}
        Says::Token(name) => findings.token(name, version),
        Says::CorrectsOs(name) => findings.correct_os(name),
        Says::Browser(name) => {
            findings.certain_browser(name, version);
            findings.token(name, version);
        }
        Says::BrowserOfIos(name) => {
            if findings.certain_os.is_some_and(|os| os.name == "Mac OS X") {
                findings.correct_os("iOS");
            }
            findings.certain_browser(name, version);
            findings.token(name, version);
        }
        Says::Device(name) => {
            findings.certain_os(name, version);
            findings.certain_browser(name, version);
            findings.token(name, version);
        }
    }
}
