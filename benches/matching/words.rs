//! Made-up words of five scripts, the same on every machine.
//!
//! A vocabulary begins with a script's most frequent real words; the rest is put together from
//! syllables, frequent ones more often, so that words share beginnings as real ones do.

use std::collections::HashSet;

/// Dice with a seed (`SplitMix64`).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number below `n`, each as likely.
    #[allow(clippy::cast_possible_truncation)]
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// A number below `n`, the one numbered `k` about `1 / (k + 1)` as likely as the first (Zipf).
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub fn rank(&mut self, n: usize) -> usize {
        ((n as f64 + 1.0).powf(self.fraction()) as usize - 1).min(n - 1)
    }

    pub fn chance(&mut self, likely: f64) -> bool {
        self.fraction() < likely
    }

    fn pick<'t>(&mut self, list: &[&'t str]) -> &'t str {
        list[self.rank(list.len())]
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Script {
    /// Latin letters of ASCII alone.
    Ascii,
    /// Latin letters, many with diacritics.
    Latin,
    Cyrillic,
    Arabic,
    Han,
    Devanagari,
}

/// What a script's words are made of: frequent words, beginnings, middles and ends of syllables.
struct Parts {
    common: &'static str,
    onsets: &'static str,
    nuclei: &'static str,
    codas: &'static str,
}

const ASCII: Parts = Parts {
    common: "the of to and in a for is on that by with he as at was from it has be his said will an are have who were not its but they their this been which after or over more president government one about also other when new would against year people state minister country first two last police world national party had up out all could into before than some between leaders during talks war trade court officials security foreign week statement members group deal former city united",
    onsets: "s m r t k b l d n v p g h sh st br tr f ch kr z j pr gr w th kh dr bl y sk",
    nuclei: "a i e o u ar en an in er or al on ov ai ev ei ul io ou ya ie",
    codas: "n r s k l t m d v ng rd nd sk ck st x",
};
const LATIN: Parts = Parts {
    common: "de la le ve bir el que die der und en los dans les pour à sur é não é más según über für ist auf por con del para según año país está après été même président né şu için çok daha olan göre dünya ülke için bakanı são também até já país só através não eleição gegründet können während größte früher",
    onsets: "s m r t k b l d n v p g h ç ş st br tr f j kr z ñ pr gr š ž č dr",
    nuclei: "a e i o u é á ü ö í ó an en in er ar ã è ê ı ú al on ä",
    codas: "n r s k l t m d ş z ğ nt rd ns",
};
const CYRILLIC: Parts = Parts {
    common: "в и на с что по не о он из за для это как к от его до у об также года при после был но со или президент стран сообщил россии время будет были году которые более своей она их заявил правительства глава министр между который этом того страны уже чтобы может переговоров области",
    onsets: "с м р т к б л д н в п г х ш ст бр тр ф ж ч кр з пр гр ц вл",
    nuclei: "а о е и у ар ен ан ин ер ор ал он ов ев я ы ю ий ье",
    codas: "н р с к л т м в й ск ст нт х ц",
};
const ARABIC: Parts = Parts {
    common: "في من على إلى أن عن مع التي الذي هذا بعد ما بين كما كان هذه قال لا خلال قبل رئيس وزير الدولة دول العالم إن أو ذلك وقال حول اليوم كل منذ الحكومة عبر عام ضد وأن",
    onsets: "م ال ر س ن ب ع ح ك د ت ه ق ف ش ج ل أ خ ص ط ز غ إ",
    nuclei: "ا ي و ا ي و ّ َ",
    codas: "ن ر د م ل ة ب س ي ت ف",
};
const DEVANAGARI: Parts = Parts {
    common: "के में की है और से को का ने पर यह कि भी हैं इस एक नहीं कहा तो साथ लिए बाद था किया वह देश सरकार गया कर मंत्री अपने ही दिया रहे हुए राष्ट्रपति",
    onsets: "क र स म न प त ल व द ह ज ब ग श य च भ प्र ध स्त त्र ख",
    nuclei: "ा ि ी े ो ु ू ै ं",
    codas: "न र ल त म क स य ण",
};
/// Frequent characters of news, then those of which names are made.
const HAN_TEXT: &str = "的一在国人了中和年是不有大为上他会这个到以对日来要地时出作行发成家进部经者方也分多说能后于前民面理下得全可就我们生过新工事用动政法市本同长主实力开现业公部应当其所产加与高员体机及关合等资制报学并将三记务体从总社议外美通第间化济京次展建世受首至强两提统领导安保更期信此重心北海向由量使问东系表门相战项题已水最自";
const HAN_SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严";
const HAN_GIVEN: &str = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红娥玲菲亮燕琴云飞虎鹏凯浩宇轩然博文昊天瑞晨熙泽豪梓睿子涵欣怡佳琪思雨诗梦洁雪琳晓婷慧颖倩薇瑶蕾妍莉莹岚凤梅兰竹菊松柏楠森桐棠枫峰岩岳峻嵩川河湖泉源溪波涌澜瀚润清泓淳渊鸿翔翼腾骏骥驰奔远航帆舟启程志恒毅坚锐锋钧铭鑫铁钢镇邦国安康宁福禄寿喜庆祥吉利贵荣昌盛";

fn han(table: &str) -> Vec<&str> {
    table
        .char_indices()
        .map(|(at, c)| &table[at..at + c.len_utf8()])
        .collect()
}

/// The words of one script, the frequent ones first, and the names that occur in its texts.
pub struct Vocabulary {
    pub words: Vec<String>,
    pub names: Vec<String>,
    /// Names that texts hold only where they are planted.
    pub rare: Vec<String>,
}

impl Vocabulary {
    pub fn new(script: Script) -> Self {
        let mut dice = Dice::new(script as u64 + 1);
        let mut known = HashSet::new();
        let mut fill = |many: usize, make: &mut dyn FnMut(&mut Dice, usize) -> String| {
            let mut list = Vec::new();
            while list.len() < many {
                let word = make(&mut dice, list.len());
                if known.insert(word.to_lowercase()) {
                    list.push(word);
                }
            }
            list
        };
        let parts = match script {
            Script::Ascii => ASCII,
            Script::Latin => LATIN,
            Script::Cyrillic => CYRILLIC,
            Script::Arabic => ARABIC,
            Script::Devanagari => DEVANAGARI,
            Script::Han => {
                let (text, surnames, given) = (han(HAN_TEXT), han(HAN_SURNAMES), han(HAN_GIVEN));
                let word = |dice: &mut Dice, n: usize| {
                    let long = 1 + usize::from(n > 150) + usize::from(n > 8000);
                    (0..long).map(|_| dice.pick(&text)).collect()
                };
                let name = |dice: &mut Dice, _: usize| {
                    let given = |dice: &mut Dice| given[dice.below(given.len())];
                    [dice.pick(&surnames), given(dice), given(dice)].concat()
                };
                return Self {
                    words: fill(10_000, &mut |d, n| word(d, n)),
                    names: fill(4_000, &mut |d, n| name(d, n)),
                    rare: fill(30_000, &mut |d, n| name(d, n)),
                };
            }
        };
        let split = |list: &'static str| list.split(' ').collect::<Vec<_>>();
        let (mut common, onsets) = (split(parts.common), split(parts.onsets));
        let (nuclei, codas) = (split(parts.nuclei), split(parts.codas));
        let mut once = HashSet::new();
        common.retain(|word| once.insert(*word));
        let word = |dice: &mut Dice, syllables: usize| {
            let mut word = String::new();
            for _ in 0..syllables {
                word.push_str(dice.pick(&onsets));
                word.push_str(dice.pick(&nuclei));
                if dice.chance(0.4) {
                    word.push_str(dice.pick(&codas));
                }
            }
            word
        };
        let first = common.len();
        Self {
            words: fill(30_000, &mut |dice, n| {
                if n < first {
                    common[n].to_owned()
                } else {
                    let long = 2 + dice.below(2) + usize::from(n > 5_000);
                    word(dice, long)
                }
            }),
            names: fill(12_000, &mut |dice, n| {
                let long = 2 + usize::from(n > 800) + dice.below(2);
                capitalised(&word(dice, long))
            }),
            rare: fill(60_000, &mut |dice, _| {
                let long = 2 + dice.below(3);
                capitalised(&word(dice, long))
            }),
        }
    }
}

pub fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// A word as people write it who leave its diacritics out.
pub fn plain(word: &str) -> String {
    const FROM: &str = "éèêáãäíóöúüñçşšžčğÉÁÜÖÇŞŠŽČÑأإ";
    const TO: &str = "eeeaaaioouuncsszcgEAUOCSSZCNاا";
    let plain = |c| FROM.chars().position(|from| from == c);
    word.chars()
        .map(|c| plain(c).and_then(|at| TO.chars().nth(at)).unwrap_or(c))
        .collect()
}
