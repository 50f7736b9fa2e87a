//! Names in Cyrillic letters: Latin ones as Russian practice writes them, and Russian ones as the
//! papers of the other languages in Cyrillic do.
//!
//! Latin letters say little of their sound when nobody knows the language: the rules take the
//! usual one and list others (`Merz`: Мерз, Мерц). Turkish is known by its letters.

use std::sync::LazyLock;

use super::rules::{Ready, Rules};

const FROM_LATIN: &str = "shch=щ sch=ш sh=ш tch=ч tsch=ч ch=ч|ш|х ch$=х|ч kh=х zh=ж tz=ц ts=ц ph=ф th=т ck=к qu=кв \
    yo=ё|йо ya=я yu=ю ye=е +ye=е ee=и oo=у ou=у eau=о ie=и|ие ieu=ье aa=а ä=е|э ö=ё|е ü=ю ø=е å=о æ=е \
    sz=с|ш cz=ч rz=рц|рз|ж w=в|у v=в x=кс c=к ce=се|це ci=си|чи cy=си gue=ге gui=ги ge=ге|же gi=ги|джи ja=я|джа|жа j=дж|й|ж jo=джо|йо ju=ю|джу \
    ^e=э|е e=е +e=е|э i=и +i=й|и +y=й y$=и y=и|ы|й a=а b=б d=д f=ф g=г h=х k=к l=л ld=льд|лд m=м n=н o=о p=п q=к r=р s=с \
    s$=с|ш|з t=т u=у|а z=з|ц ll=ль|лл|л skyy$=ский sky$=ский skiy$=ский ski$=ский iy$=ий yy$=ий ij$=ий \
    ev$=ев ov$=ов yan$=ян ñ=нь ç=с ã=а ł=л š=ш č=ч ž=ж ś=сь ń=нь ć=ч ß=с '= ʼ= ʻ= ’= ə=а ъ=";

/// Over the rules above, for a name with letters that only Turkic languages have.
const FROM_TURKISH: &str = "c=дж ç=ч ş=ш ğ=г ı=ы i=и y=й yy=й +y=й y$=й ya=я ye=е yu=ю yi=йи ö=ё|о ü=ю|у j=ж ə=а|э ^ə=а|э \
    u=у ^e=э|е z=з x=х q=г|к a=а";

const RUSSIAN_LETTERS: &str = "а=а б=б в=в г=г д=д е=е ё=ё|е ж=ж з=з и=и й=й к=к л=л м=м н=н о=о п=п р=р с=с т=т у=у ф=ф \
    х=х ц=ц ч=ч ш=ш щ=щ ъ= ы=ы ь=ь э=э ю=ю я=я ә=а ғ=г қ=к ң=н ө=о ұ=у ү=у һ=х і=и ҳ=х ҷ=дж ӣ=и ӯ=у ў=у";

/// How the others write a Russian name.
const FROM_RUSSIAN: [(&str, &str); 6] = [
    ("Russian", ""),
    (
        "Ukrainian",
        "и=і|и ^и=і +и=ї жи=жи ши=ши чи=чи ци=ци ий$=ій|ий ский$=ський цкий$=цький зький$=зький +ев$=єв|ев ев$=єв|ев \
            ^е=є|е +е=є э=е ё=ьо +ё=йо чё=чо шё=шо щё=що ы=и ъ= ьо=йо ие=іє ри=рі|ри ые$=і ян$=ян",
    ),
    (
        "Belarusian",
        "и=і +и=і жи=жы ши=шы чи=чы ци=цы ий$=ій|ы ский$=скі цкий$=цкі щ=шч +в$=ў ев$=еў|яў ов$=оў|аў о=о|а о$=о ро=ро|ра ро$=ро е=е|я|э \
            ше=шэ же=жэ че=чэ це=цэ ре=рэ ть=ць ти=ці|ты те=це|тэ ди=дзі|ды де=дзе|дэ тв=цв дв=дзв рё=ро|рё ри=ры ря=ра ъ=' \
            овский$=оўскі евский$=еўскі овск=оўск евск=еўск +вр=ўр +вл=ўл +вк=ўк +вн=ўн +вс=ўс +вд=ўд +вш=ўш +вч=ўч +вт=ўт шенко$=шэнка|шенка енко$=энка|енка ко$=ка|ко кин=кін э=э",
    ),
    (
        "Bulgarian, Macedonian",
        "ы=и|ъ э=е ё=ьо|о +ё=йо чё=чо шё=шо щ=щ ий$=ий|и ский$=ски цкий$=цки ль=л|ль ьд=лд лл=л|лл мм=м сс=с ин$=ин",
    ),
    (
        "Serbian",
        "ы=и э=е ё=јо чё=чо шё=шо щ=шч ий$=иј|и ский$=ски цкий$=цки ь= ъ= й=ј ю=ју я=ја +е=је|е ия=ија ль=љ|л нь=њ|н лл=л мм=м сс=с",
    ),
    ("Kazakh, Kyrgyz", "^э=е|э дж=ж ё=ё|е"),
];

static LATIN: LazyLock<Rules> = LazyLock::new(|| Rules::read(&[FROM_LATIN]));
static TURKISH: LazyLock<Rules> = LazyLock::new(|| Rules::read(&[FROM_TURKISH, FROM_LATIN]));
static RUSSIAN: LazyLock<Vec<Ready>> = LazyLock::new(|| {
    let ready = |(name, rules): &(&'static str, &'static str)| {
        (*name, Rules::read(&[rules, RUSSIAN_LETTERS]))
    };
    FROM_RUSSIAN.iter().map(ready).collect()
});

/// By which Russian papers may write a word in Latin letters.
pub(super) fn from_latin(turkish: bool) -> &'static Rules {
    if turkish { &TURKISH } else { &LATIN }
}

/// By which the papers of each language in Cyrillic write a Russian word.
pub(super) fn conventions() -> &'static [Ready] {
    &RUSSIAN
}

/// Whether a Latin name has letters that only Turkic languages have.
pub(super) fn is_turkish(name: &str) -> bool {
    name.contains(['ğ', 'Ğ', 'ş', 'Ş', 'ı', 'İ', 'ə', 'Ə'])
}

/// Whether a word in Latin letters is most likely a Russian or kindred surname.
pub(super) fn is_slavic(word: &str) -> bool {
    const ENDINGS: [&str; 18] = [
        "ov", "ev", "yov", "sky", "skyy", "skiy", "skii", "enko", "enka", "chuk", "yan", "ova",
        "eva", "skaya", "vich", "shvili", "shin", "ashin",
    ];
    let word = super::plain(word);
    word.chars().count() > 4 && ENDINGS.iter().any(|ending| word.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_writes_every_letter() {
        for c in "abcdefghijklmnopqrstuvwxyzäöüéñçşğıəøåæłšžçß".chars() {
            for turkish in [false, true] {
                assert!(
                    !from_latin(turkish).write(&format!("b{c}b"), 8).is_empty(),
                    "{c}"
                );
            }
        }
        for c in "абвгдеёжзийклмнопрстуфхцчшщъыьэюяәғқңөұүһіҳҷӣӯў".chars()
        {
            for (name, rules) in conventions() {
                let found = rules.write(&format!("б{c}б"), 8);
                assert!(!found.is_empty(), "{name} can't write {c}");
            }
        }
    }
}
