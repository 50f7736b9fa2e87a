//! Names in Arabic letters, as Arabic and as Persian and Urdu papers write them, and the little
//! that can be said the other way.
//!
//! Both leave out short vowels as they see fit, so `|` offers a vowel's letter and none. The other
//! way the vowels are missing: names in Arabic letters are put into Latin ones only where a
//! person has no other name.

use std::sync::LazyLock;

use super::rules::{Ready, Rules};

const ARABIC_CYRILLIC: &str = "а=ا б=ب в=ف г=غ|ج д=د е=ي| ё=و|يو ж=ج з=ز и=ي й=ي к=ك л=ل м=م н=ن о=و п=ب р=ر с=س \
    т=ت у=و ф=ف х=خ ц=تس ч=تش ш=ش щ=شتش ъ= ы=ي ь= э=ي|ا ^э=ا|اي ^е=ي|اي ю=يو я=يا +я=يا ий$=ي ей$=ي|اي +е=ي|يي \
    ^али=علي ^ал=ال қ=ق ғ=غ ә=ا ң=نغ ө=و ұ=و ү=و һ=ه і=ي ї=ي є=ي ґ=غ ў=و ҳ=ح ҷ=ج ӣ=ي ӯ=و дж=ج ^и=اي ^о=او ^у=او чё=تشو шё=شو \
    ые=ي ије=ي ј=ي љ=ل њ=ن ћ=تش ђ=ج џ=ج ия=يا ье=يي ьи=يي";
const PERSIAN_CYRILLIC: &str = "в=و|ف в$=ف +ев$=یف|اف ов$=وف|اف ев$=ف|یف г=گ е=|ی ^е=ی +е=ی ё=و|یو ж=ژ|ج п=پ ц=تس ч=چ \
    чёв$=چف|چوف щ=شچ и=ی| й=ی ы=ی| э=|ا ^э=ا о=و|ا вск=وفسک ий$=ی овск=وفسک дж=ج у=و| к=ک я=یا ^али=علی х=خ ҳ=ح";

const ARABIC_LATIN: &str = "a=ا| b=ب c=ك ce=س|سي ci=سي ch=تش|ش tch=تش d=د e=ي| f=ف g=غ|ج h=ه i=ي j=ج k=ك l=ل m=م n=ن o=و p=ب \
    q=ق r=ر s=س s$=س|ش t=ت|ط u=و|ا v=ف w=و x=كس y=ي z=ز sh=ش sch=ش kh=خ gh=غ zh=ج th=ث ph=ف ck=ك qu=كو ee=ي oo=و ou=و \
    ie=ي rz=رتس|رز ^a=ا ^e=اي|ا ^i=اي ^o=او ^u=او e$=|ي ş=ش ç=تش ğ=غ|و ı=ي ö=و ü=و ai=اي ay=اي ei=اي|ي dh=ذ ts=تس tz=تس \
    skyy$=سكي sky$=سكي iy$=ي ə=ا ^ə=ا '= ’= ʼ= ʻ= ß=س æ=اي ø=و å=و";
const PERSIAN_LATIN: &str = "a=ا| b=ب e=|ی ^e=ا|ای g=گ|ج p=پ ch=چ|ش|خ tch=چ j=ژ|ج zh=ژ v=و w=و ^a=آ|ا ^o=او u=و|ا k=ک c=ک i=ی y=ی \
    ğ=غ| ^i=ای ee=ی oo=و ou=و s$=س|ش o=و| rz=رتس|رز ü=و ö=و";

const TO_LATIN: &str = "ا=a آ=a ب=b پ=p ت=t ث=th ج=j چ=ch ح=h خ=kh د=d ذ=z ر=r ز=z ژ=zh س=s ش=sh ص=s ض=z ط=t ظ=z ع=a| غ=gh \
    ف=f ق=q ك=k ک=k گ=g ل=l م=m ن=n ه=h|eh ة=a و=u|o|w ^و=w|v ي=i|y ی=i|y ى=a ^ي=y ^ی=y أ=a إ=i ء= ئ=i ؤ=o ال=al ^ال=al|el يا=ya یا=ya \
    ٹ=t ڈ=d ڑ=r ں=n ہ=h ے=e ھ=h";

static CYRILLIC: LazyLock<[Ready; 2]> = LazyLock::new(|| {
    [
        ("Arabic", Rules::read(&[ARABIC_CYRILLIC])),
        ("Persian", Rules::read(&[PERSIAN_CYRILLIC, ARABIC_CYRILLIC])),
    ]
});
static LATIN: LazyLock<[Ready; 2]> = LazyLock::new(|| {
    [
        ("Arabic", Rules::read(&[ARABIC_LATIN])),
        ("Persian", Rules::read(&[PERSIAN_LATIN, ARABIC_LATIN])),
    ]
});
static BACK: LazyLock<Rules> = LazyLock::new(|| Rules::read(&[TO_LATIN]));

/// By which Arabic and Persian papers write words in Cyrillic letters.
pub(super) fn from_cyrillic() -> &'static [Ready] {
    &*CYRILLIC
}

/// By which they write words in Latin letters.
pub(super) fn from_latin() -> &'static [Ready] {
    &*LATIN
}

/// A word without its second of two like letters: Arabic script writes one.
pub(super) fn undoubled(word: &str) -> String {
    let mut last = None;
    let lower = word.chars().flat_map(char::to_lowercase);
    lower
        .filter(|c| last.replace(*c) != Some(*c) || "oe".contains(*c))
        .collect()
}

/// Guesses at the Latin spelling of a word in Arabic letters: where it has too many consonants in a
/// row, one vowel or another is put between them.
pub(super) fn to_latin(word: &str) -> Vec<String> {
    const VOWELLESS: &str = "bcdfghjklmnpqrstvwxz";
    let mut found = Vec::new();
    for skeleton in BACK.write(word, 4) {
        for vowel in ["a", "e", "o"] {
            let mut spelling = String::new();
            let letters: Vec<char> = skeleton.chars().collect();
            let is_consonant = |at: usize| letters.get(at).is_some_and(|c| VOWELLESS.contains(*c));
            for (at, c) in letters.iter().enumerate() {
                // The second letter of sh, kh, gh is no consonant of its own.
                let digraph = *c == 'h' && at > 0 && "sckgtz".contains(letters[at - 1]);
                let next = at + 1 + usize::from(letters.get(at + 1) == Some(&'h'));
                let behind = at > 0 && is_consonant(at - 1);
                let first = at < 2;
                if behind && is_consonant(at) && !digraph && (first || is_consonant(next)) {
                    spelling.push_str(vowel);
                }
                spelling.push(*c);
            }
            if !found.contains(&spelling) {
                found.push(spelling);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_writes_every_letter() {
        for c in "abcdefghijklmnopqrstuvwxyzäöüéñçşğıəøåßš".chars() {
            for (name, rules) in from_latin() {
                let found = rules.write(&format!("b{c}b"), 8);
                assert!(!found.is_empty(), "{name} can't write {c}");
            }
        }
        for c in "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґўәғқңөұүһҳҷӣӯ".chars()
        {
            for (name, rules) in from_cyrillic() {
                let found = rules.write(&format!("б{c}б"), 8);
                assert!(!found.is_empty(), "{name} can't write {c}");
            }
        }
    }

    #[test]
    fn missing_vowels_are_guessed() {
        assert!(to_latin("پزشکیان").contains(&"pezeshkyan".to_owned()));
    }
}
