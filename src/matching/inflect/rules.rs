//! The endings of names and nouns by language, as tables: written for names in the news, from the
//! declension tables of each language's grammar; a paradigm of a name is its table's first line.
//!
//! They are wider than grammar (every listed ending is taken for every word that fits) and narrower
//! than a dictionary: vowels that come and go in a stem are not followed.

use super::Line;

/// The rules of the languages that need no more than a list.
#[rustfmt::skip]
pub(super) const LINES: &[Line] = &[
    // Russian: Путин, Шойгу (never), организация, сотрудничество, шанхайский
    Line { languages: "ru", ends: "C", cut: 0, least: 4, endings: "а у ом ем е ы и ов ам ами ах ым ыми ых" },
    Line { languages: "ru", ends: "а", cut: 1, least: 4, endings: "ы и е у ой ою ей ам ами ах" },
    Line { languages: "ru", ends: "я", cut: 1, least: 4, endings: "и е ю ей ею й ям ями ях" },
    Line { languages: "ru", ends: "ь", cut: 1, least: 4, endings: "я ю ем е и ей ью ям ями ях" },
    Line { languages: "ru", ends: "ай ей ой уй эй юй яй", cut: 1, least: 4, endings: "я ю ем е и ев ям ями ях" },
    Line { languages: "ru", ends: "ий ый ой ая яя ое ее ые ие", cut: 2, least: 6,
        endings: "ий ый ой ая яя ое ее ые ие ого его ому ему ым им ом ем ую юю ою ею ей ых их ыми ими" },
    Line { languages: "ru", ends: "ие ье", cut: 1, least: 6, endings: "я ю ем и й ям ями ях" },
    Line { languages: "ru", ends: "ство ание ение", cut: 1, least: 6, endings: "а у ом е я ю ем и" },
    // Ukrainian: Путін, Лукашенко, організація, шанхайський
    Line { languages: "uk", ends: "C", cut: 0, least: 4, endings: "а у ові ом ем еві і и ів ам ами ах им ими их" },
    Line { languages: "uk", ends: "о", cut: 1, least: 5, endings: "а у ові ом і" },
    Line { languages: "uk", ends: "а", cut: 1, least: 4, endings: "и і у ою ам ами ах о" },
    Line { languages: "uk", ends: "я", cut: 1, least: 4, endings: "і ї ю ею єю й ям ями ях" },
    Line { languages: "uk", ends: "ь", cut: 1, least: 4, endings: "я ю еві ем і ів" },
    Line { languages: "uk", ends: "ай ей ой уй єй юй яй ій", cut: 1, least: 4, endings: "я ю єві єм ї ям" },
    Line { languages: "uk", ends: "ий ій", cut: 2, least: 6, endings: "ого ому им ім ий ій а у ої ою і их ими е" },
    Line { languages: "uk", ends: "а", cut: 1, least: 7, endings: "ої ій у ою і их им ими" },
    // Belarusian: Пуцін, Лукашэнка, арганізацыя, шанхайскі
    Line { languages: "be", ends: "C", cut: 0, least: 4, endings: "а у ам ом ем е ы і аў амі ах ым ымі ых" },
    Line { languages: "be", ends: "ў", cut: 1, least: 4, endings: "ва ву вым вам ве вы ваў вамі вах" },
    Line { languages: "be", ends: "а", cut: 1, least: 4, endings: "і ы у е ай аю ам амі ах" },
    Line { languages: "be", ends: "я", cut: 1, least: 4, endings: "і ю ей яй ям ямі ях" },
    Line { languages: "be", ends: "ь", cut: 1, least: 4, endings: "я ю ем і ям" },
    Line { languages: "be", ends: "ай ей ой уй эй юй яй", cut: 1, least: 4, endings: "я ю ем і ям" },
    Line { languages: "be", ends: "і ы", cut: 1, least: 6, endings: "ага ому аму ім ым ая ай ую ія іх ых імі ымі" },
    // Bulgarian and Macedonian have articles instead of cases.
    Line { languages: "bg", ends: "C", cut: 0, least: 4, endings: "ът а я ят те ове ите у е" },
    Line { languages: "bg", ends: "а я", cut: 0, least: 4, endings: "та" },
    Line { languages: "bg", ends: "ия", cut: 1, least: 6, endings: "и ите ята" },
    Line { languages: "bg", ends: "о е", cut: 0, least: 4, endings: "то" },
    Line { languages: "mk", ends: "C", cut: 0, least: 4, endings: "от та то те ов ва на" },
    Line { languages: "mk", ends: "а", cut: 0, least: 4, endings: "та та" },
    // Serbian (both scripts), Croatian, Bosnian, Slovene
    Line { languages: "sr", ends: "C", cut: 0, least: 4, endings: "а у ом ем е и ов ова ове ови овог овом овим ових ева еве евим" },
    Line { languages: "sr", ends: "а", cut: 1, least: 4, endings: "е и у ом о ин ама" },
    Line { languages: "sr", ends: "и о", cut: 0, least: 4, endings: "ја ју јем јев јеве ва ву" },
    Line { languages: "sr", ends: "о", cut: 1, least: 5, endings: "а у ом" },
    Line { languages: "sr hr bs sl", ends: "C", cut: 0, least: 4,
        endings: "a u om em e i ov ova ove ovi ovu ovo ovog ovom ovim ovih ev eva eve evi evim ima" },
    Line { languages: "sr hr bs sl", ends: "a", cut: 1, least: 4, endings: "e i u o om in ina ine ama" },
    Line { languages: "sr hr bs sl", ends: "i o e", cut: 0, least: 4, endings: "ja ju jem jev jeve jeva" },
    Line { languages: "sr hr bs sl", ends: "o", cut: 1, least: 5, endings: "a u om" },
    // Polish: Putin, Łukaszenka, Łukaszenko, Modi, Szojgu, organizacja, szanghajska
    Line { languages: "pl", ends: "C", cut: 0, least: 4, endings: "a owi em iem u ie y i e ów om ami ach owie owych owym" },
    Line { languages: "pl", ends: "a", cut: 1, least: 4, endings: "y i ie ę ą o e om ami ach" },
    Line { languages: "pl", ends: "ka ko", cut: 2, least: 5, endings: "ki ce kę ką ko ka" },
    Line { languages: "pl", ends: "ga go", cut: 2, least: 5, endings: "gi dze gę gą go ga" },
    Line { languages: "pl", ends: "i", cut: 0, least: 4, endings: "ego emu m ego" },
    Line { languages: "pl", ends: "y", cut: 1, least: 4, endings: "ego emu ym ych" },
    Line { languages: "pl", ends: "o", cut: 1, least: 5, endings: "y ie ę ą a owi em" },
    Line { languages: "pl", ends: "ski cki ska cka skie ckie", cut: 1, least: 6, endings: "i iego iemu im a iej ą ie ich imi" },
    // Czech and Slovak: Putin, Lukašenko, Modi, organizace, šanghajská
    Line { languages: "cs sk", ends: "C", cut: 0, least: 4,
        endings: "a u ovi em om e ě ův ova ovo ově ové ovu ovou ovy ovych ovým ových ovho ovmu i y o" },
    Line { languages: "cs sk", ends: "a", cut: 1, least: 4, endings: "y ě e u ou o i ovi ův ova" },
    Line { languages: "cs sk", ends: "o", cut: 1, least: 5, endings: "a u ovi em om ův ova ově" },
    Line { languages: "cs sk", ends: "i y í ý", cut: 0, least: 2, endings: "ho mu m ovi ův ova" },
    Line { languages: "cs sk", ends: "e", cut: 1, least: 6, endings: "i í ím ích emi" },
    Line { languages: "cs sk", ends: "á ý é ska ská", cut: 1, least: 6, endings: "á ý é ou ého ému ém ým ej ú ého" },
    // Lithuanian and Latvian give foreign names endings of their own.
    Line { languages: "lt", ends: "C", cut: 0, least: 4, endings: "as o ui ą u e ai ų is io iui į iu yje" },
    Line { languages: "lt", ends: "as is us", cut: 2, least: 5, endings: "o ui ą u e io iui į iu aus" },
    Line { languages: "lt", ends: "a", cut: 0, least: 4, endings: "i os" },
    Line { languages: "lt", ends: "a", cut: 1, least: 4, endings: "os ai ą oje" },
    Line { languages: "lv", ends: "C", cut: 0, least: 4, endings: "s a am u ā os iem us ā" },
    Line { languages: "lv", ends: "s", cut: 1, least: 5, endings: "a am u ā iem" },
    Line { languages: "lv", ends: "a", cut: 1, least: 4, endings: "as ai u ā" },
    // Finnish and Estonian: Putin takes a vowel first, Erdoğan too; Modi does not
    Line { languages: "fi", ends: "C", cut: 0, least: 4,
        endings: "in ia iä iin issa istä ista issä illa illä ilta iltä ille ina inä iksi itta ien eja eiltä ejä kin iltakin inkin" },
    Line { languages: "fi", ends: "a e i o u y ä ö", cut: 0, least: 2,
        endings: "n a ä ta tä ssa ssä sta stä lla llä lta ltä lle na nä ksi tta ttä an en in on un yn än ön hin hun hon han hen hyn hän hön jen ja jä a ssä nkin llekin kin" },
    Line { languages: "fi", ends: "nen", cut: 3, least: 5, endings: "sen sta stä ssa ssä lla llä lle lta ltä sena seen siin seksi set" },
    Line { languages: "et", ends: "*", cut: 0, least: 4,
        endings: "i it ile iga ist is isse il ilt ina ini iks ita id ite ta l le lt s st sse ga ni na ks u a e" },
    // Hungarian: -val and -vel take on the consonant before them
    Line { languages: "hu", ends: "*", cut: 0, least: 4,
        endings: "t at et ot öt nak nek val vel ban ben ba be ból ből ról ről ra re hoz hez höz tól től nál nél ért ig ként vá vé n on en ön k ok ek ök ak é i s os es ös ja je juk jük jával jének jéhez jától jának jában jára jéről jáért a e \
            bal bel cal cel dal del fal fel gal gel jal jel kal kel lal lel mal mel nal nel pal pel ral rel sal sel szal szel tal tel zal zel \
            ék éknek éket ékkel nek nál nél éhez ének éről étől ével" },
    Line { languages: "hu", ends: "a e", cut: 1, least: 4, endings: "át ét ának ének ával ével ában ében ához éhez áról éről ától étől ára ére áé éé ák ék" },
    // Indonesian and Malay clitics
    Line { languages: "id ms", ends: "*", cut: 0, least: 4, endings: "nya lah kah pun ku mu nyalah" },
    // Germanic genitives, and German adjectives and datives
    Line { languages: "de sv no da nl", ends: "*", cut: 0, least: 2, endings: "s" },
    Line { languages: "de", ends: "C", cut: 0, least: 8, endings: "es e en er em" },
    Line { languages: "de", ends: "e er", cut: 0, least: 8, endings: "n r s m" },
    Line { languages: "sv no da", ends: "*", cut: 0, least: 6, endings: "en et n ens ets" },
    // Romanian, Albanian
    Line { languages: "ro", ends: "C", cut: 0, least: 4, endings: "ul ului ule i ii ilor" },
    Line { languages: "ro", ends: "a ă e", cut: 1, least: 4, endings: "a ei ii i ele elor" },
    Line { languages: "sq", ends: "C", cut: 0, least: 4, endings: "i it in u ut un e es" },
    Line { languages: "sq", ends: "i u a", cut: 0, least: 4, endings: "t n s" },
    // Greek
    Line { languages: "el", ends: "ος ός", cut: 2, least: 4, endings: "ου ο ον ε οι ων ους" },
    Line { languages: "el", ends: "ας άς ης ής ες", cut: 1, least: 4, endings: "ν" },
    Line { languages: "el", ends: "ας άς ης ής", cut: 2, least: 4, endings: "α η" },
    Line { languages: "el", ends: "α ά η ή ι ί ο ό", cut: 0, least: 4, endings: "ς" },
    Line { languages: "el", ends: "ο ό", cut: 0, least: 4, endings: "υ" },
    // Armenian, Georgian
    Line { languages: "hy", ends: "*", cut: 0, least: 4, endings: "ի ը ն ին ից ով ում ու իս իդ յի յին յից ների ներին ուն ան ինն" },
    Line { languages: "ka", ends: "ი", cut: 1, least: 4, endings: "მა ს ის ით ად ო ისა ისთვის ისგან ისთან თან ზე ში მაც საც იც იდან ამდე ისკენ მდე" },
    Line { languages: "ka", ends: "*", cut: 0, least: 4, endings: "მ ს ს ის ით თი დ ვ სა სთვის სთან სგან ზე ში მაც საც ც მდე სკენ სი ები ების" },
    Line { languages: "ka", ends: "ა ე", cut: 1, least: 4, endings: "ის ით ისთვის ისგან ისკენ" },
    // Persian, with the space that is no space left out; Tajik
    Line { languages: "fa", ends: "*", cut: 0, least: 4, endings: "ی ها های هایی ای ام ات اش مان شان تان م ند" },
    Line { languages: "tg", ends: "*", cut: 0, least: 4, endings: "и ро ҳо ҳои ҳоро ам ат аш иро е у яш ю" },
    // Mongolian
    Line { languages: "mn", ends: "*", cut: 0, least: 4, endings: "ын ийн ны ний ыг ийг г д т аас ээс оос өөс аар ээр оор өөр тай тэй той руу рүү нд" },
    // Marathi, Nepali, Gujarati, Bengali; Hindi writes its postpositions apart.
    Line { languages: "mr", ends: "*", cut: 0, least: 2, endings: "ने नी ंनी ंना ंचा ंची ंचे ंच्या चा ची चे च्या ला ना वर शी ंशी ंवर कडे कडून ंकडून ंसह सह चं ंचं" },
    Line { languages: "ne", ends: "*", cut: 0, least: 2, endings: "ले लाई को का की सँग मा बाट द्वारा सित कै" },
    Line { languages: "gu", ends: "*", cut: 0, least: 2, endings: "ના ની નો ને નું એ માં થી નાં" },
    Line { languages: "bn", ends: "*", cut: 0, least: 2, endings: "র ের এর কে তে য় ে য়ের রা েরা দের েরও রও কেও ও ই েরই টি টির যের" },
];
