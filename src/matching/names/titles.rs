//! What people in office are called, by office and language.
//!
//! These are context words: a common surname counts near one. A `*` stands where languages put
//! endings. A phrase is written with `_`.

/// An office: the English word that names it in a configuration, and the words for it.
type Office = (&'static str, &'static str);

const OFFICES: [Office; 10] = [
    (
        "president",
        "president* présiden* präsident* presiden prezydent* prezident* prezidant* presedinte* preşedinte* predsedni* predsjedni* \
        presidentti* presidenti* elnök* cumhurbaşkan* devlet_başkan* πρόεδρο* προέδρου президент* прэзідэнт* председател* \
        ерөнхийлөгч* tổng_thống chủ_tịch_nước ประธานาธิบดี 总统 總統 主席 国家主席 大統領 대통령* 주석 الرئيس رئيس \
        رئیس‌جمهور رئیس_جمهور صدر נשיא राष्ट्रपति রাষ্ট্রপতি* প্রেসিডেন্ট* ஜனாதிபதி* குடியரசுத்_தலைவர் ජනාධිපති* သမ္မတ ប្រធានាធិបតី \
        პრეზიდენტ* նախագահ* prezidenti* perezident* rais forseti arlywydd uachtarán",
    ),
    (
        "prime minister",
        "prime_minister* premier* premierminister* premiärminister* statsminister* ministerpräsident* premier_ministre première_ministre \
        primer_ministro primera_ministra primo_ministro prima_ministra primeiro-ministro primeira-ministra premierem premierov* pääministeri* \
        peaminister* ministru_prezident* ministras_pirminink* miniszterelnök* başbakan* baş_nazir* bosh_vazir* prim-ministru* prim-ministr* \
        perdana_menteri premijer* predseda_vlády předseda_vlády predsednik_vlade πρωθυπουργό* премьер* прем'єр* прэм'ер* премиер* \
        министър-председател* премијер* сарвазир* ерөнхий_сайд* thủ_tướng นายกรัฐมนตรี 总理 總理 首相 総理 총리* رئيس_الوزراء رئيس_الحكومة \
        نخست‌وزیر نخست_وزیر وزیراعظم وزیر_اعظم ראש_הממשלה प्रधानमंत्री प्रधान_मन्त्री पीएम প্রধানমন্ত্রী* பிரதமர்* අගමැති* ဝန်ကြီးချုပ် នាយករដ្ឋមន្ត្រី \
        პრემიერ* վարչապետ* waziri_mkuu PM",
    ),
    (
        "chancellor",
        "chancellor* kanzler* bundeskanzler* chancelier canciller* cancelliere chanceler kanclerz* kancléř* kancler* kancellár* şansölye* \
        καγκελάριο* канцлер* канцлар* 总理 總理 首相 총리* المستشار صدراعظم קנצלר चांसलर চ্যান্সেলর*",
    ),
    (
        "secretary-general",
        "secretary-general secretary_general secretaries-general UN_chief secrétaire_général* generalsekretär* secretario_general secretário-geral \
        segretario_generale secretar_general secretaris-generaal generalsekreter* sekretarz* sekretarza_generalnego generální_tajemní* \
        generálny_tajomní* főtitkár* pääsihteeri* genel_sekreter* baş_katib* bosh_kotib* sekretaris_jenderal sekjen setiausaha_agung \
        γενικό*_γραμματέα* генсек* генеральн*_секретар* генеральн*_сакратар* генерален_секретар* генерални_секретар* бас_хатшы* \
        tổng_thư_ký เลขาธิการ 秘书长 秘書長 事務総長 사무총장* الأمين_العام دبیرکل دبیر_کل سیکرٹری_جنرل מזכ״ל महासचिव মহাসচিব*",
    ),
    (
        "crown prince",
        "crown_prince kronprinz* prince_héritier príncipe_heredero príncipe_herdeiro principe_ereditario kroonprins kronprins* następc*_tronu \
        korunní*_princ* koronaherceg* veliaht_prens* putra_mahkota наследн*_принц* наслідн*_принц* 王储 王儲 皇太子 왕세자* ولي_العهد \
        ولیعهد ولی_عہد יורש_העצר क्राउन_प्रिंस",
    ),
    (
        "king",
        "king queen könig* königin* roi reine rey reina rei rainha re regina koning* kung drottning król* král* kuningas kuningat* kral* kraliçe* \
        βασιλιά* король* корол* королев* крал* raja sultan emir* 国王 國王 女王 国王 국왕* الملك ملك پادشاه شاه بادشاہ המלך राजा",
    ),
    (
        "leader",
        "leader* führer* staatschef* dirigeant* líder* lider* leiðtog* ledare leider przywódc* vůdce vezető* johtaja* pemimpin lídr* líder* vadov* \
        vadītāj* ηγέτη* лидер* лідер* лідэр* глава главы главе главу главой голова көсөм lãnh_đạo ผู้นำ 领导人 領導人 总书记 總書記 総書記 최고지도자 زعيم قائد رهبر رہنما מנהיג नेता নেতা*",
    ),
    (
        "minister",
        "minister* ministr* ministre ministro ministra ministeri* miniszter* bakan* nazir* vazir* menteri υπουργό* министр* міністр* міністэрств* \
        министър* министер* вазир* bộ_trưởng รัฐมนตรี 部长 部長 大臣 外相 장관* وزير وزیر שר मंत्री মন্ত্রী*",
    ),
    (
        "chairman",
        "chairman* chairwoman chair vorsitzend* vorsitzender président_du_conseil presidente przewodnicząc* předsed* başkan* puheenjohtaja* ordförande \
        voorzitter председател* голова 主席 会长 會長 위원장* رئيس_مجلس چیئرمین अध्यक्ष চেয়ারম্যান*",
    ),
    (
        "pope",
        "pope papst* pape papa paus påve* papież* papež* pápa* paavi* paus πάπα* папа папы римск* 教皇 教宗 교황* البابا پاپ האפיפיור पोप পোপ*",
    ),
];

/// The words for an office, or none when no office has that name.
pub(super) fn words(office: &str) -> Option<impl Iterator<Item = String>> {
    let wanted = super::plain(office);
    let (_, words) = OFFICES
        .iter()
        .find(|(name, _)| super::plain(name) == wanted)?;
    Some(words.split_whitespace().map(|word| word.replace('_', " ")))
}

/// The offices that stand for a person whose owner names none.
pub(super) const USUAL: [&str; 4] = ["president", "prime minister", "secretary-general", "leader"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::check_term;

    #[test]
    fn every_word_is_a_term() {
        for (office, _) in OFFICES {
            for word in words(office).unwrap() {
                assert_eq!(check_term(&word), Ok(()), "{word}");
            }
        }
        assert!(words("Prime Minister").is_some() && words("gardener").is_none());
    }
}
