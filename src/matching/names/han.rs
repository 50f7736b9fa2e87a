//! Chinese names: Han characters to pinyin, and pinyin to what papers of other languages write.
//!
//! Readings come from the crate `pinyin` (one for each character, the usual one); surnames with a
//! reading of their own are listed here. A given name with a rarer reading comes out wrong, which
//! is why a Latin name that the owner writes stands beside what is made here.

use std::sync::LazyLock;

use pinyin::ToPinyin;

use super::rules::Rules;

/// Surnames of two characters.
const DOUBLE: &str = "欧阳 歐陽 司马 司馬 诸葛 諸葛 上官 司徒 东方 東方 皇甫 尉迟 尉遲 公孙 公孫 慕容 令狐 宇文 长孙 長孫 夏侯 轩辕 軒轅";
/// The surnames of most people in China, simplified and traditional.
const SURNAMES: &str = "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何高林罗羅郑鄭梁谢謝宋唐许許韩韓冯馮邓鄧曹彭曾肖蕭田董\
    潘袁蔡蒋蔣余于杜叶葉程魏苏蘇吕呂丁任卢盧姚沈钟鍾姜崔谭譚陆陸范汪廖石金韦韋贾賈夏付傅方邹鄒熊白孟秦邱侯江尹薛\
    闫閆段雷龙龍黎史陶贺賀毛郝顾顧龚龔邵万萬覃武钱錢戴严嚴莫孔向常温溫习習俞翁栗丛楼樓柯游蓝藍庄莊赖賴巫尤";
/// Surnames that are read otherwise than the character usually is.
const READINGS: &str = "单shan 單shan 解xie 曾zeng 仇qiu 任ren 区ou 區ou 查zha 翟zhai 朴piao 覃qin 缪miao 繆miao 尉wei 华hua 華hua 盖gai 乐yue 樂yue";

/// How most schemes write the beginnings of syllables that need no word, shared.
const PALLADIUS: &str = "^b=б ^p=п ^m=м ^f=ф ^d=д ^t=т ^n=н ^l=л ^g=г ^k=к ^h=х ^j=цз ^q=ц ^x=с ^zh=чж ^ch=ч ^sh=ш ^r=ж ^z=цз ^c=ц ^s=с \
    ^w=в a$=а ai$=ай an$=ань ang$=ан ao$=ао e$=э ei$=эй en$=энь eng$=эн er$=эр i$=и ia$=я ian$=янь iang$=ян iao$=яо ie$=е in$=инь \
    ing$=ин iong$=юн iu$=ю o$=о ong$=ун ou$=оу u$=у ua$=уа uai$=уай uan$=уань uang$=уан ui$=уй un$=унь uo$=о ü$=юй üe$=юэ üan$=юань \
    ün$=юнь ue$=юэ ^hui$=хуэй ^zi$=цзы ^ci$=цы ^si$=сы ^yi$=и ^ya$=я ^ye$=е ^yao$=яо ^you$=ю ^yan$=янь ^yang$=ян ^yin$=инь ^ying$=ин \
    ^yong$=юн ^yu$=юй ^yue$=юэ ^yuan$=юань ^yun$=юнь ^wu$=у ^wei$=вэй";
const SERBIAN: &str = "^b=б ^p=п ^m=м ^f=ф ^d=д ^t=т ^n=н ^l=л ^g=г ^k=к ^h=х ^j=ђ ^q=ћ ^x=с ^zh=џ ^ch=ч ^sh=ш ^r=ж ^z=ц ^c=ц ^s=с ^w=в ^y=ј \
    a=а e=е i=и o=о u=у ü=и n=н ng=нг r=р ia=ја ie=је iu=ју io=јо ^yi=ји|и ^yu=ју";
const WADE_GILES: &str = "^b=p ^p=p'|p ^m=m ^f=f ^d=t ^t=t'|t ^n=n ^l=l ^g=k ^k=k'|k ^h=h ^j=ch ^q=ch'|ch ^x=hs ^zh=ch ^ch=ch'|ch ^sh=sh ^r=j \
    ^z=ts ^c=ts'|ts ^s=s ^w=w ^y=y a=a e=e i=i o=o u=u ü=ü n=n g=g r=r ian$=ien ong$=ung iong$=iung ie$=ieh üe$=üeh ue$=üeh uo$=o|uo er$=erh \
    ^zhi$=chih ^chi$=ch'ih ^shi$=shih ^ri$=jih ^zi$=tzu ^ci$=tz'u ^si$=ssu ^yi$=i ^yan$=yen ^ye$=yeh ^you$=yu ^yong$=yung ^yu$=yü \
    ^yuan$=yüan ^yue$=yüeh ^yun$=yün ^guo$=kuo ^huo$=huo";
const CZECH: &str = "^b=p ^p=pch ^m=m ^f=f ^d=t ^t=tch ^n=n ^l=l ^g=k ^k=kch ^h=ch ^j=ť ^q=čch ^x=s ^zh=č ^ch=čch ^sh=š ^r=ž ^z=c ^c=cch ^s=s ^w=w ^y=j \
    a=a e=e i=i o=o u=u ü=ü n=n g=g r=r ian$=ien ong$=ung iu$=iou ui$=uej ^yi$=i ^you$=jou ^yin$=jin ^ying$=jing ^yan$=jen ^yu$=jü ^wu$=wu";
const HUNGARIAN: &str = "^b=p ^p=p ^m=m ^f=f ^d=t ^t=t ^n=n ^l=l ^g=k ^k=k ^h=h ^j=cs ^q=cs ^x=hsz ^zh=cs ^ch=cs ^sh=s ^r=zs ^z=c ^c=c ^s=sz ^w=v ^y=j \
    a=a e=e i=i o=o u=u ü=ü n=n g=g r=r ian$=ien ong$=ung ^yu$=jü";
const TURKISH: &str = "^b=b ^p=p ^m=m ^f=f ^d=d ^t=t ^n=n ^l=l ^g=g ^k=k ^h=h ^j=c|j ^q=ç ^x=ş|s ^zh=c|j ^ch=ç ^sh=ş ^r=r ^z=z ^c=ts ^s=s ^w=v ^y=y \
    a=a e=e i=i o=o u=u ü=ü n=n g=g r=r";
const ARABIC: &str = "^b=ب ^p=ب ^m=م ^f=ف ^d=د ^t=ت ^n=ن ^l=ل ^g=غ|ق ^k=ك ^h=ه ^j=ج ^q=تش ^x=ش ^zh=تش|ج ^ch=تش ^sh=ش ^r=ر ^z=تس|ز ^c=تس ^s=س ^w=و ^y=ي \
    a=ا ^a=ا e=ي|ه ^e=اي i=ي o=و ^o=او u=و ü=و n=ن ng=نغ|نج r=ر ^yi=يي|ي ia=يا ie=يه uo=و ui=وي ao=او";
const PERSIAN: &str = "^b=ب ^p=پ ^m=م ^f=ف ^d=د ^t=ت ^n=ن ^l=ل ^g=گ ^k=ک ^h=ه ^j=ج ^q=چ ^x=ش ^zh=ژ|ج ^ch=چ ^sh=ش ^r=ر ^z=ز ^c=تس ^s=س ^w=و ^y=ی \
    a=ا ^a=آ e=| ^e=ا i=ی o=و ^o=او u=و ü=و n=ن ng=نگ r=ر ^yi=یی|ی ia=یا ie=یه uo=و ui=وی ao=او";

/// How a scheme writes names: its name, what stands between the syllables of a given name, rules.
type Scheme = (&'static str, &'static [&'static str], Rules);

static SCHEMES: LazyLock<[Scheme; 8]> = LazyLock::new(|| {
    [
        ("Russian, Palladius", &[""], Rules::read(&[PALLADIUS])),
        ("Serbian from pinyin", &[""], Rules::read(&[SERBIAN])),
        ("Wade-Giles", &["-"], Rules::read(&[WADE_GILES])),
        ("Czech from pinyin", &["-"], Rules::read(&[CZECH])),
        ("Hungarian from pinyin", &["-"], Rules::read(&[HUNGARIAN])),
        ("Turkish from pinyin", &[""], Rules::read(&[TURKISH])),
        ("Arabic from pinyin", &[" ", ""], Rules::read(&[ARABIC])),
        ("Persian from pinyin", &[" ", ""], Rules::read(&[PERSIAN])),
    ]
});

/// A Chinese name by its syllables in plain pinyin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Syllables {
    pub family: Vec<String>,
    pub given: Vec<String>,
}

/// Where the surname of a name in two to four Han characters ends, in bytes.
pub(super) fn surname_end(name: &str) -> Option<usize> {
    let mut ends = name.char_indices().skip(1).map(|(at, _)| at);
    let (first, second) = (ends.next()?, ends.next());
    let double = second.filter(|end| DOUBLE.split(' ').any(|known| known == &name[..*end]));
    (name.chars().count() <= 4).then_some(double.unwrap_or(first))
}

/// Whether a name begins with a surname of China.
pub(super) fn has_surname(name: &str) -> bool {
    let Some(end) = surname_end(name) else {
        return false;
    };
    let family = &name[..end];
    DOUBLE.split(' ').any(|known| known == family) || SURNAMES.contains(family)
}

/// The syllables of a name in two to four Han characters.
pub(super) fn syllables(name: &str) -> Option<Syllables> {
    let end = surname_end(name)?;
    let read = |text: &str| -> Option<Vec<String>> {
        let read = |c: char| Some(c.to_pinyin()?.plain().replace('v', "ü"));
        text.chars().map(read).collect()
    };
    let family = &name[..end];
    let own = READINGS
        .split(' ')
        .find_map(|item| item.strip_prefix(family));
    let family = match own {
        Some(reading) => vec![reading.to_owned()],
        None => read(family)?,
    };
    let given = read(&name[end..])?;
    Some(Syllables { family, given })
}

/// What other languages write: scheme, family name, given name.
pub(super) fn spellings(name: &Syllables) -> Vec<(&'static str, String, String)> {
    let mut found = Vec::new();
    for (scheme, joints, rules) in &*SCHEMES {
        let write = |syllables: &[String]| -> Vec<Vec<String>> {
            let write = |syllable: &String| rules.write(&umlauted(syllable), 3);
            syllables.iter().map(write).collect()
        };
        let (family, given) = (write(&name.family), write(&name.given));
        for joint in *joints {
            let (families, givens) = (products(&family, ""), products(&given, joint));
            for family in &families {
                for given in &givens {
                    found.push((*scheme, family.clone(), given.clone()));
                }
            }
        }
    }
    for (scheme, family, given) in found.clone() {
        if scheme.starts_with("Russian") {
            for (scheme, swap) in DERIVED {
                let change = |text: &str| {
                    swap.split(' ').fold(text.to_owned(), |text, item| {
                        let (from, to) = item.split_once('=').unwrap_or((item, ""));
                        text.replace(from, to)
                    })
                };
                found.push((scheme, change(&family), change(&given)));
            }
        }
    }
    found
}

/// Cyrillic languages that follow Russian.
const DERIVED: [(&str, &str); 3] = [
    ("Ukrainian from Palladius", "и=і э=е"),
    ("Bulgarian from Palladius", "цз=дз чж=дж ь= э=ъ"),
    ("Mongolian from Palladius", "си=ши цзи=жи цз=ж чж=ж"),
];

/// `u` where it is spoken `ü`.
fn umlauted(syllable: &str) -> String {
    let after = syllable.starts_with(['j', 'q', 'x']);
    if after && syllable[1..].starts_with('u') {
        syllable.replacen('u', "ü", 1)
    } else {
        syllable.to_owned()
    }
}

/// Syllables joined, at most four ways.
fn products(syllables: &[Vec<String>], joint: &str) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    for (index, spellings) in syllables.iter().enumerate() {
        if index == 0 {
            joined.clone_from(spellings);
            continue;
        }
        let mut next = Vec::new();
        for before in &joined {
            next.extend(spellings.iter().map(|one| format!("{before}{joint}{one}")));
        }
        joined = next;
    }
    joined.truncate(4);
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, scheme: &str) -> Vec<String> {
        let all = spellings(&syllables(name).unwrap());
        let of_it = all.into_iter().filter(|(s, ..)| s.contains(scheme));
        of_it
            .map(|(_, family, given)| format!("{family} {given}"))
            .collect()
    }

    #[test]
    fn names_are_read_and_written() {
        let xi = syllables("习近平").unwrap();
        assert_eq!(
            (xi.family.concat(), xi.given.concat()),
            ("xi".into(), "jinping".into())
        );
        assert_eq!(syllables("單雄信").unwrap().family, ["shan"]);
        assert_eq!(syllables("欧阳修").unwrap().family, ["ou", "yang"]);
        assert_eq!(written("习近平", "Palladius")[0], "си цзиньпин");
        assert_eq!(written("习近平", "Wade")[0], "hsi chin-p'ing");
        assert_eq!(written("王毅", "Hungarian")[0], "vang ji");
        assert_eq!(written("吕布", "Palladius")[0], "люй бу");
    }

    #[test]
    fn every_syllable_is_written_by_every_scheme() {
        for c in ('\u{4E00}'..='\u{9FFF}').step_by(7) {
            let name = format!("王{c}");
            let Some(found) = syllables(&name) else {
                continue;
            };
            for (scheme, _, rules) in &*SCHEMES {
                for syllable in &found.given {
                    let written = rules.write(&umlauted(syllable), 3);
                    assert!(
                        !written.is_empty() || syllable.len() < 2,
                        "{scheme}: {syllable}"
                    );
                }
            }
        }
    }
}
