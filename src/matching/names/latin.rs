//! Cyrillic names in Latin letters, as the papers of each language write them.
//!
//! The rules are those of the news agencies and of each language's own orthography (BGN/PCGN and
//! AP for English, the Duden for German, the Larousse's usage for French, and so on), with the
//! variants that papers really print behind `|`. Diacritics and case are written as they should be;
//! the matcher does not mind their lack.

use std::sync::LazyLock;

use super::rules::{Ready, Rules};

/// A convention: how the rule is called, and its rules.
type Convention = (&'static str, &'static [&'static str]);

/// What most conventions share, with the letters of all languages that are written in Cyrillic.
const BASE: &str = "а=a б=b в=v г=g д=d е=e ё=yo ж=zh з=z и=i й=y к=k л=l м=m н=n о=o п=p р=r с=s \
    т=t у=u ф=f х=kh ц=ts ч=ch ш=sh щ=shch ъ= ы=y ь= э=e ю=yu я=ya і=i ї=i є=ie ґ=g ў=u|w ә=a|e \
    ғ=g|gh қ=q|k ң=n|ng ө=o|u ұ=u ү=u һ=h ҳ=h|kh ҷ=j ӣ=i ӯ=u ҹ=c|j ҝ=g ј=j љ=lj њ=nj ћ=c ђ=dj \
    џ=dz ѓ=gj ќ=kj ѕ=dz енко$=enko|enka ʼ= '= ’=";

/// Central and western Slavic, Baltic and Finnish letters.
const CARON: &str = "ж=ž|dž ш=š ч=č щ=šč х=ch ц=c ю=ju я=ja ё=jo чё=čo|čё шё=šo +е=je|e ^е=je|e \
    й=j ий$=ij|y ы=y иа=ia|ija ье=je";

const CONVENTIONS: [Convention; 16] = [
    (
        "English (BGN/PCGN, AP)",
        &[
            "^е=ye|e +е=ye|e ё=yo|e +ё=yo чё=che|cho щё=shche ий$=y|iy|i ый$=y|yy ей$=ey|ei ай=ay|ai \
            кс=ks|x х=kh|h ье=ye дж=j|dzh ж=zh|j ян$=yan|ian й=y|i ия=iya|ia",
        ],
    ),
    (
        "German (Duden)",
        &[
            "в=w ж=sch|dsch|zh з=s|z +с=s|ss х=ch ц=z ч=tsch ш=sch щ=schtsch ю=ju я=ja ё=jo чё=tscho шё=scho \
            ый$=y ий$=i|ij ей$=ej|ei +е=je|e ^е=je|e кс=x|ks дж=dsch|j й=j|i ӣ$=i|ij ье=je",
        ],
    ),
    (
        "French",
        &[
            "у=ou ш=ch ж=j ч=tch щ=chtch ин$=ine|in ын$=yne ей$=eï|ey ай=aï +е=ïe|ye|e иё=iyo|io ге=gue \
            ги=gui ий$=i|y кс=x|ks ю=iou я=ia|ya ё=io чё=tche|tcho +с=ss|s ян$=ian й=ï|y дж=dj|j \
            ман$=man|mane ью=iou",
        ],
    ),
    (
        "Spanish",
        &[
            "ж=zh|y|j ш=sh|ch х=j|kh ё=yo|o чё=cho|che +е=ye|e ий$=i|y|iy ей$=ei|ey ы=y|i ге=gue ги=gui \
            я=ya|ia кс=ks|x й=i|y дж=y|j ян$=yan|ian",
        ],
    ),
    (
        "Italian",
        &[
            "ш=sh|š ж=zh|ž х=ch|kh|h ч=ch|č|ci чё=ciov|ciò|če чёв$=ciov|čëv й=j|i ий$=ij|y|i ю=ju|yu \
            я=ja|ya ё=ë|o +е=e|je|ye щ=shch|šč ц=c|ts дж=g|j",
        ],
    ),
    (
        "Portuguese",
        &[
            "ш=ch|sh|x ж=j|zh х=kh|h ге=gue ги=gui ий$=i|y ей$=ei ё=io|o чё=tcho|che ч=tch|ch +е=e|ie|ye \
            я=ia|ya ю=iu|yu кс=x|ks й=i",
        ],
    ),
    (
        "Dutch",
        &[
            "у=oe ш=sj ж=zj ч=tsj щ=sjtsj х=ch ю=joe я=ja|ia ё=jo чё=tsjo ий$=i|y|ij ей$=ej|ei +е=je|e \
            кс=x|ks й=j|i",
        ],
    ),
    (
        "Swedish, Danish, Norwegian",
        &[
            "ш=sj ж=zj ч=tj|tsj щ=sjtj х=ch|kh ю=ju я=ja ё=jo чё=tjo|tsjo ий$=ij|y|i ей$=ej|ei +е=je|e \
            кс=ks|x й=j",
        ],
    ),
    (
        "Polish",
        &[
            "в=w ж=ż|dż ш=sz ч=cz щ=szcz х=ch ц=c л=ł ле=le|łe ли=li ль=l лю=lu ля=la ю=ju я=ia|ja +я=ja \
            ё=io чё=czo шё=szo +ё=jo жи=ży ши=szy|szi чи=czy ци=cy ий$=ij|i ский$=ski цкий$=cki \
            ей$=iej|ej е=ie|e ше=sze же=że че=cze це=ce +е=je ^е=je ре=re|rie ге=gie ке=kie й=j кс=ks \
            дж=dż э=e",
        ],
    ),
    ("Czech, Slovak", &[CARON, "кс=x|ks чё=čo"]),
    (
        "Serbian, Croatian, Slovene, Bosnian",
        &["х=h ы=i ий$=i|ij ский$=ski ё=jo|o", CARON],
    ),
    (
        "Hungarian",
        &[
            "с=sz ж=zs|dzs ш=s ч=cs щ=scs х=h ц=c ю=ju я=ja ё=jo чё=cso й=j ы=i ий$=ij ти=tyi те=tye|te \
            ди=gyi де=gye ни=ni|nyi не=ne|nye ня=nja|nya +е=je ^е=je ўк=uk дж=dzs ський$=szkij|szki",
        ],
    ),
    (
        "Turkish, Azerbaijani",
        &["ж=j|c ш=ş ч=ç щ=şç х=h ё=yo чё=ço й=y ий$=iy|i ы=ı ей$=ey +е=ye ^е=ye|e дж=c иа=iya|ia"],
    ),
    (
        "Finnish, Estonian",
        &[
            "ч=tš|tsh ш=š ж=ž х=h ц=ts чё=tšo|tsho й=i ий$=i ей$=ei щ=štš",
            CARON,
        ],
    ),
    (
        "Romanian",
        &["ш=ș ж=j ч=ci|c ц=ț х=h ге=ghe ги=ghi ий$=i ей$=ei ё=io чё=cio +е=e|ie ю=iu я=ia й=i"],
    ),
    (
        "Uzbek (Latin)",
        &["ғ=g' ў=o' қ=q ҳ=h х=x ж=j ц=ts|s +е=ye ^е=ye щ=sh ы=i й=y ё=yo о=o"],
    ),
];

/// Names that are Ukrainian or Belarusian in the original.
const UKRAINIAN: &str = "и=y|i г=h ґ=g ий$=yi|yy|y|i|yj ський$=sky|skyy|skyj|skyi|skiy|ski і=i \
    ї=yi|i є=ie|ye|je";

/// The Baltic languages give names their own endings.
const LITHUANIAN: &str = "ий$=ijus ский$=skis ей$=ejus б$=bas в$=vas г$=gas д$=das з$=zas к$=kas л$=las \
    м$=mas н$=nas п$=pas р$=ras с$=sas т$=tas ян$=ianas";
const LATVIAN: &str = "ий$=ijs ский$=skis ей$=ejs б$=bs в$=vs г$=gs д$=ds к$=ks л$=ls м$=ms н$=ns п$=ps \
    р$=rs т$=ts х=h";

static READY: LazyLock<Vec<Ready>> = LazyLock::new(|| {
    let mut ready: Vec<Ready> = CONVENTIONS
        .iter()
        .map(|(name, rules)| {
            let texts: Vec<_> = rules.iter().copied().chain([BASE]).collect();
            (*name, Rules::read(&texts))
        })
        .collect();
    ready.push(("Lithuanian", Rules::read(&[LITHUANIAN, CARON, BASE])));
    ready.push(("Latvian", Rules::read(&[LATVIAN, CARON, BASE])));
    ready
});

static FROM_UKRAINIAN: LazyLock<Vec<Ready>> = LazyLock::new(|| {
    let convention = |(name, rules): &Convention| {
        let texts = rules.iter().copied().chain([UKRAINIAN, BASE]);
        (*name, Rules::read(&texts.collect::<Vec<_>>()))
    };
    CONVENTIONS.iter().map(convention).collect()
});

/// The conventions by their names, for Russian and kindred names or for Ukrainian ones.
pub(super) fn conventions(ukrainian: bool) -> &'static [Ready] {
    if ukrainian { &FROM_UKRAINIAN } else { &READY }
}

/// Whether a Cyrillic name is Ukrainian or Belarusian by its letters or endings.
pub(super) fn is_ukrainian(name: &str) -> bool {
    let lower = name.to_lowercase();
    let own = lower.contains(['ї', 'є', 'ґ', 'ў', 'і']);
    let turkic = lower.contains(['қ', 'ғ', 'ң', 'ә', 'ұ', 'ү', 'ө']);
    (own && !turkic) || lower.contains("ський") || lower.contains("цький")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_convention_writes_every_letter() {
        let letters = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґўәғқңөұүһҳҷӣӯҹҝјљњћђџѓќѕ";
        for ukrainian in [false, true] {
            for c in letters.chars() {
                let word = format!("а{c}а");
                for (name, rules) in conventions(ukrainian) {
                    let spellings = rules.write(&word, 8);
                    assert!(!spellings.is_empty(), "{name} can't write {c}");
                    assert!(
                        spellings
                            .iter()
                            .all(|s| !s.chars().any(|c| letters.contains(c)))
                    );
                }
            }
        }
    }
}
