//! Small words that give a language away, and letters that only some languages write.
//!
//! Short news titles have too few letters for statistics, but nearly all have an article, a
//! preposition or a conjunction. A word that several languages share counts less for each.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use super::scores::{Languages, at};

/// Frequent small words by language, Latin and Cyrillic script.
#[rustfmt::skip]
pub(super) const WORDS: &[(&str, &str)] = &[
    ("en", "the of and to in is are was were for with that from by at on it its after over his her their will has have had as an be who what why how not says said this into more than amid new"),
    ("fr", "le la les des du de un une et est dans pour par sur avec qui que au aux en ce cette son ses après été plus sont pas l d qu selon entre contre ne se il elle deux chez pourquoi nouveau"),
    ("de", "der die das und ist den dem des ein eine einen einem einer zu im von mit auf für nicht nach bei sich als auch wird werden hat haben über vor aus zum zur wegen gegen will unter warum neue neuer immer zwei am"),
    ("es", "el la los las de del un una y en es que por para con se su sus al lo como más tras según entre sobre no fue ha dos hasta contra desde está son qué bajo este esta"),
    ("pt", "o a os as de do da dos das um uma e em no na nos nas é que por para com se seu sua ao à às mais após não foi são diz sobre entre até pelo pela depois está como dois será"),
    ("it", "il lo la i gli le di del della dei delle dello un una e è in nel nella che per con si su sul sulla da dal dalla al alla ai alle non più sono ha dopo tra anche come contro l d due perché sotto"),
    ("nl", "de het een en van in is op te dat die voor met niet zijn aan er om ook als na naar bij over uit door tot wordt werd heeft hebben nog worden maar tegen onder meer waarom gaat twee wil"),
    ("af", "die en van in is op te dat vir met nie aan om ook as na by oor uit deur tot word het hulle sy nog maar teen wat se n"),
    ("pl", "i w na z do nie się o że jest za od po przez dla jak co są ma przed ze ale był była będzie oraz nad pod już także tym przy jego bo dlaczego dwaj"),
    ("cs", "a v na se z do je že o s za od po pro jak co by ve jsou byl byla bude není ale před pod nad už také při ze dva který podle po proč své jeho"),
    ("sk", "a v na sa z do je že o s za od po pre ako čo by vo sú bol bola bude nie ale pred pod nad už tiež pri zo dvaja ktorý podľa prečo svoje jeho"),
    ("hr", "i u na je se za od do da su iz s o nakon ne što kako će koji koja kod po pod bi ali bez prema dvojica zbog"),
    ("sl", "in v na je se za od do da so iz s o po ne kaj kako bo ki pri pod bi ali brez zaradi pred dva"),
    ("ro", "și şi a al ai ale în de la cu pe din pentru un o nu că este sunt au după prin mai care fi fost către sub ce doi unui unei va s va vor despre"),
    ("hu", "a az és hogy nem is egy van volt meg de ha már csak el után miatt ki mint még lesz szerint között két ezt azt fel vagy mert alatt lehet miért"),
    ("fi", "ja on ei että oli se ovat kun myös mutta jälkeen hän ole sekä kuin joka mukaan vuoden uusi nyt voi jo miksi koska alla kaksi yli noin"),
    ("et", "ja on ei et oli see kui ka aga pärast ta ning mis kes oma uus juba mille kaks üle eest"),
    ("lv", "un ir no ar par uz pēc lai kas ka tiek bija nav gada pie divi jau arī vai pret"),
    ("lt", "ir yra iš su į už po kad kas tai bus buvo nuo dėl ne bet ar per prie du jau taip pat"),
    ("sv", "och att det i en är på som för av med den till inte har ett om de efter från var ska så nya kan vid mot under över men eller sin sitt sig blir två därför"),
    ("no", "og å det i en er på som for av med den til ikke har et om de etter fra var skal så nye kan ved mot under over men eller sin seg meg blir ble to sier derfor fortsatt noen hva mye etter ut opp bare"),
    ("da", "og at det i en er på som for af med den til ikke har et om de efter fra var skal så nye kan ved mod under over men eller sin sig mig bliver blev to siger derfor stadig næste nyt nogen hvad meget ud op kun"),
    ("tr", "ve bir bu da de için ile çok daha en ne gibi olarak sonra kadar olan ardından var değil ise göre iki yeni oldu dedi karşı hem ama nasıl neden üzere kişi etti altında günü"),
    ("az", "və bir bu da də üçün ilə çox daha ən nə kimi olaraq sonra qədər olan var deyil isə görə iki yeni oldu dedi qarşı həm amma necə niyə barədə edir edib altında günü üzrə"),
    ("tk", "we bir bu da de üçin bilen iň nähili ýaly soň baradaky boldy ýurt"),
    ("uz", "va bir bu uchun bilan ham eng deb bo'lgan bo'ldi bo'yicha qildi keyin haqida edi esa ga da ikki yangi yili nega kuni qilish davlat sababli chunki ostidan tufayli"),
    ("id", "yang dan di ke dari untuk dengan pada ini itu akan tidak dalam oleh sebagai juga karena adalah atau setelah tersebut telah bisa para masih saat dua baru kata lebih hingga bawah serta mengapa"),
    ("ms", "yang dan di ke dari untuk dengan pada ini itu akan tidak dalam oleh sebagai juga kerana ialah atau selepas tersebut telah boleh para masih dua baharu kata lebih hingga bawah serta mengapa bagi susulan polis menerusi berkata"),
    ("fil", "ang ng sa mga na at ay si ni kay para nang mula ito hindi may kung dahil pa rin noong matapos kanyang niya siya isang dalawang bakit ilalim nila umano"),
    ("sw", "na ya wa kwa ni za la katika cha kuwa hii hiyo huo yake wake baada kabla watu rais nchi bado kutoka hadi pia kama zaidi chini kuhusu wawili nini siku wiki sababu bila"),
    ("vi", "và của là có trong cho không được với các những một người này đã sẽ từ khi đến về tại sau vào trên vì hai"),
    ("ca", "el la els les de del dels un una i en és que per amb es al als més després segons entre sobre no ha dos fins contra des està són què sota aquest aquesta"),
    ("jv", "lan ing iku sing kang saka kanggo karo ora wis dadi uga marang iki ana"),
    ("ru", "и в не на с что по из за от к до у о об для как это его её был была были будет после над под при все еще ещё уже или но а со во из-за чтобы также так же они он два почему через между"),
    ("uk", "і й в у не на з що по із за від до для як це його її був була були буде після над під при все ще вже або але та зі через щоб також вони він про чому між"),
    ("be", "і й у не на з што па за ад да для як гэта яго яе быў была былі будзе пасля над пад пры ўсе яшчэ ужо або але а са праз каб таксама яны ён пра чаму"),
    ("bg", "и в не на с че по от за до у о със как това неговата е са беше ще след над под при все още вече или но а се си да чрез също те той през два защо към"),
    ("sr", "и у не на с да по из за од до о са како то његов је су био била ће након над под при све још већ или али а се би што као они он два зашто после"),
    ("mk", "и во не на со дека по од за до како тоа неговата е се беше ќе над под при сите уште веќе или но а си да преку исто тие тој два зошто"),
    ("kk", "және мен пен бен үшін бір бұл деп болды туралы кейін бойынша деген осы екі жаңа неге болып дейін"),
    ("ky", "жана менен үчүн бир бул деп болду тууралуу кийин боюнча деген ушул эки жаңы эмне болуп чейин"),
    ("mn", "нь байна бол гэж болон дээр байгаа юм энэ тухай дараа улсын хоёр шинэ яагаад вэ үед биш бүх ба"),
    ("tg", "ва дар аз ба бо ки ин он барои то як ҳам аст шуд кард пас баъди чаро ду нав зери"),
    ("hi", "है हैं में के की को से ने का और पर यह कि भी नहीं हो था कर लिए बाद दो एक अब"),
    ("mr", "आहे आहेत आणि च्या मध्ये नाही या ते की असे होते झाले केले साठी तर"),
    ("ne", "छ छन् हरू मा ले लाई को का र पनि गरेको भएको छैन गर्ने हुन"),
];

/// Letters that tell Latin-script languages apart; one that many write tells little.
#[rustfmt::skip]
pub(super) const LATIN_LETTERS: &[(usize, &str)] = &[
    (at("de"), "ßäöü"), (at("fr"), "çèêëîïôùûœàé"), (at("es"), "ñáéíóú¿¡"), (at("pt"), "ãõçâêáéíóú"), (at("it"), "àèìòùé"), (at("pl"), "łąęśźżćńó"),
    (at("cs"), "ěřůčšžýáíéúďťň"), (at("sk"), "ľĺŕôčšžýáíéúďťňä"), (at("ro"), "ășțâîşţ"), (at("hu"), "őűáéíóöúü"), (at("fi"), "äö"), (at("sv"), "åäö"),
    (at("no"), "æøå"), (at("da"), "æøå"), (at("tr"), "ığşçöü"), (at("az"), "əığşçöü"), (at("tk"), "ňýäşžöüç"), (at("vi"), "ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹàáãèéìíòóõùúý"),
    (at("hr"), "čćđšž"), (at("sl"), "čšž"), (at("et"), "õäöü"), (at("lv"), "āēīūčšžģķļņ"), (at("lt"), "ąčęėįšųūž"), (at("ca"), "çàèéíïòóúü"),
];

/// A small word: its number, for counting how often it was seen, and who writes it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Small {
    /// Below [`count`].
    pub number: u16,
    pub languages: Languages,
}

type Index = HashMap<&'static str, Small, BuildHasherDefault<Fnv>>;

/// The words are ours and nobody adds to them, so a quick hash is safe (FNV-1a).
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index::default();
    for (language, (_, words)) in WORDS.iter().enumerate() {
        for word in words.split(' ') {
            let number = u16::try_from(index.len()).unwrap_or(u16::MAX);
            let small = index.entry(word).or_insert(Small {
                number,
                languages: Languages::NONE,
            });
            small.languages.insert(language);
        }
    }
    index
});

/// Bytes of the longest small word; no longer one is looked for.
static LONGEST: LazyLock<usize> =
    LazyLock::new(|| INDEX.keys().map(|word| word.len()).max().unwrap_or(0));

/// The small words that there are.
pub(super) fn count() -> usize {
    INDEX.len()
}

/// What is known of a lower-case word, when it is a small one.
pub(super) fn small(word: &str) -> Option<Small> {
    if word.len() > *LONGEST {
        return None;
    }
    INDEX.get(word).copied()
}

/// Calls `found` for each small word of a lower-case text, with its letters.
pub(super) fn each_small(text: &str, mut found: impl FnMut(Small, &str)) {
    for word in text.split(|c: char| !is_in_word(c)) {
        if let Some(whole) = small(word) {
            found(whole, word);
        } else if word.contains(['\'', '-']) {
            // `l'eau` is two words, `bo'lgan` and `из-за` are one
            for part in word.split(['\'', '-']) {
                if let Some(known) = small(part) {
                    found(known, part);
                }
            }
        }
    }
}

/// Whether a character belongs to a word. The usual letters are told by their range, because the
/// question to the tables of Unicode was a third of a Russian text's cost.
fn is_in_word(c: char) -> bool {
    match c {
        '\'' | '-' => true,
        _ if c.is_ascii() => c.is_ascii_alphanumeric(),
        '\u{D7}' | '\u{F7}' | '\u{2000}'..='\u{206F}' => false,
        '\u{C0}'..='\u{24F}' | '\u{400}'..='\u{481}' | '\u{900}'..='\u{97F}' => true,
        _ => c.is_alphanumeric(),
    }
}

static LETTERS: LazyLock<Vec<(char, Languages)>> = LazyLock::new(|| {
    let mut letters = BTreeMap::new();
    for (language, own) in LATIN_LETTERS {
        for letter in own.chars() {
            let writers = letters.entry(letter).or_insert(Languages::NONE);
            writers.insert(*language);
        }
    }
    letters.into_iter().collect()
});

/// The languages that write a Latin letter beyond a to z.
pub(super) fn writers(letter: char) -> Languages {
    LETTERS
        .binary_search_by_key(&letter, |(c, _)| *c)
        .map_or(Languages::NONE, |at| LETTERS[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_of_letters_are_what_unicode_says() {
        let devanagari = '\u{900}'..='\u{97F}';
        for c in ('\0'..='\u{2FFF}').filter(|c| !matches!(c, '\'' | '-')) {
            let expected = c.is_alphanumeric() || devanagari.contains(&c);
            assert_eq!(is_in_word(c), expected, "{c:?}");
        }
    }

    #[test]
    fn small_words_are_found_whole_before_in_parts() {
        let mut found = Vec::new();
        each_small("из-за l'eau, bo'lgan", |_, word| {
            found.push(word.to_owned());
        });
        assert_eq!(found, ["из-за", "l", "bo'lgan"]);
    }
}
