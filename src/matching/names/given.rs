//! Given names that languages write each in their own way: no letter rule makes Олександр of
//! Alexander. A row holds the forms of one name in all scripts.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::written::Script;

/// One name a line.
const ROWS: &str = "\
Vladimir Wladimir Volodymyr Wolodymyr Volodimir Uladzimir Vlagyimir Włodzimierz Wołodymyr Vladimiras Vladimirs Volodymyras Volodimirs Владимир Володимир Уладзімір فلاديمير فولوديمير ولادیمیر ولودیمیر
Alexander Aleksandr Alexandr Alexandre Alejandro Alessandro Aleksander Aleksandar Aleksandras Aliaksandras Aleksandrs Alekszandr Aljakszandr Alyaksandr Aliaksandr Aljaksandr Alaksandr Oleksandr Olexandr Oleksander Sándor Aleksanteri Alexandru Александр Олександр Аляксандр Александар ألكسندر الكسندر أوليكساندر الکساندر اولکساندر
Alexei Alexey Aleksei Aleksey Alexej Aleksej Alekszej Alexeï Aliaksei Oleksiy Oleksii Алексей Олексій Аляксей أليكسي ألكسي الکسی
Alisher Alicher Alischer Алишер علیشیر
Anatoly Anatoli Anatoliy Anatolij Anatolii Anatol Анатолий Анатолій Анатоль أناتولي آناتولی
Andrei Andrey Andrej Andriy Andrii Andrzej Andreï Andrij Андрей Андрій Андрэй أندريه أندري آندری
Anton Антон أنطون آنتون
Arkady Arkadi Arkadiy Аркадий Аркадій أركادي آرکادی
Boris Borys Борис Барыс بوريس بوریس
Dmitry Dmitri Dmitriy Dmitrij Dmitrii Dimitri Dmytro Dzmitry Dzmitryj Dmitro Dmitrijus Dmitrijs Дмитрий Дмитро Дзмітрый دميتري ديمتري دیمیتری دمیتری
Denis Denys Денис Дзяніс دينيس دنیس
Ekaterina Yekaterina Jekaterina Katerina Екатерина Катерина كاترينا
Elena Yelena Jelena Olena Helena Елена Олена Алена يلينا إيلينا
Georgy Georgi Georgiy Georgij Heorhii Георгий Георгій جورجي
Gennady Gennadi Gennadiy Guennadi Hennadii Геннадий Геннадій غينادي گنادی
Grigory Grigori Grigoriy Hryhoriy Григорий Григорій غريغوري گریگوری
Igor Ihor Ihar Игорь Ігор Ігар إيغور ایگور
Ilya Ilia Ilja Илья Ілля إيليا ایلیا
Ivan Iwan Іван Иван إيفان ایوان
Kirill Kyrylo Cyril Kyrill Cyrille Кирилл Кирило كيريل کیریل
Konstantin Constantin Kostiantyn Константин Костянтин قسطنطين کنستانتین
Leonid Léonid Leonyd Леонид Леонід ليونيد لئونید
Maxim Maksim Maksym Maxime Максим Максім مكسيم ماکسیم
Maria Mariya Marija Marie Мария Марія Марыя ماريا ماریا
Mikhail Mikhaïl Michail Mihail Michael Mykhailo Mykhaylo Mychajlo Mihajlo Mikhaylo Michał Mijaíl Michaił Mikhael Mihhail Mihails Michailas Михаил Михайло Міхаіл ميخائيل میخائیل
Natalia Natalya Nataliya Natalja Nathalie Наталья Наталия Наталія ناتاليا ناتالیا
Nikolai Nikolay Nikolaj Nikołaj Nicolai Mykola Mikalai Miklós Nikolaï Николай Микола Мікалай نيكولاي نیکلای
Rahman Rahmon Rakhmon Rəhmon Рахмон Рахман Раҳмон رحمن رحمان
Sharif Shareef Scharif Şerif Şərif Szarif Šarif Charif Шариф Шаріф Шәріп شريف شریف
Nikol Nicol Никол Нікол نيكول نیکول
Oleg Oleh Aleh Олег Алег أوليغ الگ
Olga Olha Olja Ольга أولغا اولگا
Pavel Pavlo Paweł Pawel Pável Павел Павло بافل پاول
Pyotr Petr Piotr Peter Pjotr Petro Пётр Петр Петро بيوتر پیوتر
Roman Роман رومان
Sergey Sergei Serguei Sergej Sergueï Siergiej Szergej Serhiy Serhii Serhij Siarhei Sjarhej Serghei Sergejus Sergejs Sergio Сергей Сергій Сяргей سيرغي سيرجي سرگئی
Svetlana Sviatlana Świetlana Светлана Світлана Святлана سفيتلانا
Tatiana Tatyana Tetiana Tatjana Татьяна Тетяна Таццяна تاتيانا
Valery Valeri Valeriy Valerii Walerij Валерий Валерій فاليري والری
Vasily Vassili Vasiliy Vasyl Wassili Wasyl Василий Василь فاسيلي واسیلی
Viktor Victor Wiktor Víctor Viktoras Viktors Vittorio Виктор Віктор Віктар فيكتور ویکتور
Vyacheslav Viacheslav Viatcheslav Wjatscheslaw Wiaczesław Vjačeslav Viatxeslav Вячеслав В'ячеслав Вячаслаў فياتشيسلاف ویاچسلاو
Yevgeny Evgeny Evgeni Evgeniy Jewgeni Jevgenij Evgueni Yevhen Jewgienij Евгений Євген Яўген يفغيني یوگنی
Yulia Yuliya Julia Julija Ioulia Iulia Юлия Юлія يوليا یولیا
Yuri Yury Yuriy Juri Jurij Iouri Yurii Юрий Юрій Юрый يوري یوری
Mohammed Mohammad Mohamed Muhammad Muhammed Mohamad Muhamed Mohamet Mehmed Mehmet Mahomed Mohamméd Мухаммед Мухаммад Мохаммед Мохаммад Мохамед Магомед Мұхаммед Мухамед محمد
Ahmed Ahmad Ahmet Achmed Axmad Akhmed Əhməd Ахмед Ахмад Ахмет أحمد احمد
Mahmoud Mahmud Mahmut Machmud Махмуд محمود
Mustafa Moustafa Mostafa Mustapha Мустафа مصطفى مصطفی
Hassan Hasan Hassane Гасан Хасан Хассан حسن
Hussein Husayn Hussain Hossein Hosein Hüseyin Houssein Husain Hussin Хусейн Хуссейн Хосейн حسين حسین
Abdullah Abdallah Abdulla Абдулла Абдаллах عبدالله
Abdel_Fattah Abdul_Fattah Abdulfattah Abdelfattah Abdülfettah Абдель-Фаттах Абдул-Фаттах عبد_الفتاح عبدالفتاح
Ibrahim Ebrahim Ibrahima İbrahim Ибрагим Ибрахим Ібрагім Эбрахим إبراهيم ابراهیم ابراہیم
Yusuf Youssef Yousef Yusef Yusif Joseph Юсуф Юсеф يوسف یوسف
Ali Aly Əli Али Алі علي علی
Omar Umar Omer Ömer Омар Умар عمر
Khalid Khaled Halid Chalid Халид Халед خالد
Said Saeed Saïd Sayed Sa'id Саид سعيد سعید
Salman Selman Salmán Salmane Салман سلمان
Masoud Massoud Masud Mesud Massud Masood Məsud Mas'ud Maszúd Mesut Масуд Масъуд مسعود
Ilham İlham Ilhom Ильхам Илхам Илҳом Ільхам إلهام الهام
Rustam Roustam Rüstəm Рустам رستم
Nursultan Noursoultan Nursułtan Нурсултан نور_سلطان نورسلطان
Shavkat Chavkat Schawkat Szawkat Šavkat Savkat Sjavkat Şevket Şavkat Shawkat Шавкат Шаўкат شوكت شوکت
Sadyr Sadir Sadır Szadir Sadyrbek Садыр Садир صادير صدیر سدیر سادير
Emomali Imomali Emomalii Emomalij İmamali Imamali Emomalí Emoməli Эмомали Имомали Эмомалӣ Имомалӣ Емомалі Эмамалі إمام_علي إمامعلي امامعلی امام_علی
Kassym Kasym Qasym Qasim Kasim Kasım Kaszim Qosim Касым Касим Қасым Қосим قاسم
Jomart Zhomart Żomart Žomart Schomart Zjomart Zsomart Yomart Cömert Comart Dschomart Жомарт Жамарт جومارت جومرت
Recep Redžep Rajab Rəcəb Rejep Реджеп Режеп Рэджэп Раджаб رجب
Tayyip Tayip Tayyib Tajip Toyyib Taip Тайип Тайып Таїп Таіп طيب طیب
Shehbaz Shahbaz Schahbaz Şahbaz Schehbas Шахбаз Шехбаз Шаҳбоз شهباز شہباز
Emmanuel Emanuel Emmanuelis Emmanuels Эмманюэль Еммануель Эмануэль Эммануэль Еманюел Емануел إيمانويل امانوئل
António Antonio Antoine Антониу Антонио Антоніу أنطونيو آنتونیو
Donald Donalds Donaldas Дональд Доналд Даналд دونالد
Friedrich Frédéric Frederick Фридрих Фрідріх فريدريش فریدریش
Joe Джо جو
Joseph Джозеф Йозеф Иосиф جوزيف
John Jon Джон جون جان
George Джордж Георг جورج
William Уильям Вільям ويليام ویلیام
Charles Чарльз Шарль تشارلز چارلز
Narendra Narendry Нарендра نارندرا ناريندرا نریندر نریندرا
Reza Rıza Реза رضا
Hamid Hameed Хамид حامد حمید
Mojtaba Modjtaba Моджтаба مجتبی
Islam İslam Ислам إسلام اسلام
Askar Asqar Аскар Асқар عسكر
Almazbek Алмазбек ألماظبيك
Gurbanguly Kurbanguly Gourbangouly Гурбангулы Ґурбанґули Қурбонқулӣ قربان_قلي قربانقلی
Serdar Сердар سردار
Heydar Heidar Haydar Heydər Гейдар Ҳайдар حيدر حیدر
Bashar Baschar Bachar Башар بشار
Benjamin Binyamin Беньямин Биньямин Біньямін بنيامين بنیامین";

/// The names of a row with their scripts.
type Row = Vec<(Script, String)>;

/// The rows, and for each name as it folds the rows that have it.
type Table = (Vec<Row>, HashMap<String, Vec<usize>>);

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
    let mut rows = Vec::new();
    for line in ROWS.lines() {
        let forms = line.split_whitespace().map(|form| form.replace('_', " "));
        let row: Row = forms.map(|form| (Script::of(&form), form)).collect();
        for (_, form) in &row {
            let known = by_name.entry(super::plain(form)).or_default();
            if known.last() != Some(&rows.len()) {
                known.push(rows.len());
            }
        }
        rows.push(row);
    }
    (rows, by_name)
});

/// The other forms of a given name in a script; none when no row has it.
pub(super) fn forms(name: &str, script: Script) -> Vec<String> {
    let (rows, by_name) = &*TABLE;
    let folded = super::plain(name);
    let mut found: Vec<String> = Vec::new();
    let rows = by_name
        .get(&folded)
        .into_iter()
        .flatten()
        .filter_map(|at| rows.get(*at));
    for (of, form) in rows.flatten() {
        if *of == script && !found.contains(form) && super::plain(form) != folded {
            found.push(form.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_its_forms_in_each_script() {
        assert!(forms("Aleksandr", Script::Cyrillic).contains(&"Олександр".to_owned()));
        assert!(forms("ВЛАДИМИР", Script::Latin).contains(&"Wladimir".to_owned()));
        assert_eq!(forms("Zaphod", Script::Latin), Vec::<String>::new());
    }

    #[test]
    fn every_row_has_more_than_one_form() {
        for row in ROWS.lines() {
            assert!(
                row.split(' ').filter(|form| !form.is_empty()).count() > 1,
                "{row}"
            );
        }
    }
}
