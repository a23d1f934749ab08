package io.edgeway.plugin.semantic;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Words that decide whether two questions may share an answer. English, with enough of others to tell them apart. */
final class Lexicon {
    private Lexicon() {}

    /** Spellings that stand for several words. */
    static final Map<String, List<String>> CONTRACTIONS = lines("""
            i'm i am|im i am|i've i have|ive i have|i'd i would|i'll i will|you're you are|youre you are|you've you have
            you'd you would|you'll you will|he's he is|she's she is|it's it is|we're we are|we've we have|we'll we will
            they're they are|they've they have|they'll they will|that's that is|thats that is|there's there is
            what's what is|whats what is|who's who is|whos who is|where's where is|wheres where is|when's when is
            why's why is|how's how is|hows how is|let's let us|don't do not|dont do not|doesn't does not|doesnt does not
            didn't did not|didnt did not|can't can not|cant can not|cannot can not|couldn't could not|couldnt could not
            won't will not|wont will not|wouldn't would not|wouldnt would not|shouldn't should not|shouldnt should not
            isn't is not|isnt is not|aren't are not|arent are not|wasn't was not|wasnt was not|weren't were not
            werent were not|haven't have not|havent have not|hasn't has not|hasnt has not|hadn't had not|hadnt had not
            mustn't must not|mustnt must not|needn't need not|mightn't might not|ain't is not|aint is not
            u you|ya you|ur your|r are|wanna want to|gonna going to|gotta need to|gimme give me|lemme let me
            pls please|plz please|thx thanks|ok okay|tv television|fav favorite|fave favorite|favourite favorite""", words -> words.subList(1, words.size()));

    /** What a question may begin with and mean the same without. */
    static final List<List<String>> OPENINGS = phrases("""
            show me how to|tell me how to|teach me how to|teach me to|walk me through how to|explain how to
            what are the steps for|what is the process to|what is the process for|what is the procedure to
            what is the procedure for|how do i go about|how do you go about|is there a way to|is there any way to
            how could i|how might i|how does somebody|what do i need to do to|can you give me|could you give me
            would you give me|will you give me|can you show me|could you show me|would you show me|please show me
            i need help to|help me figure out|let me see|find out|tell me all about|define
            please|can you tell me|could you tell me|can you please tell me|could you please tell me|would you tell me
            will you tell me|tell me|i want to know|i would like to know|i need to know|i wonder|i was wondering
            do you know|show me|let me know|give me|help me to|help me|can you help me to|can you help me
            can you explain|could you explain|explain to me|explain
            hey|hi|hello|so|well|um|and|also|just|okay|dear|quick question
            how do i|how can i|how would i|how should i|how do you|how can you|how does one|how to
            what is the way to|what is the best way to|what is a good way to|what are the steps to|steps to
            i want to|i would like to|i need to""");

    /** What a question may end with and mean the same without. */
    static final List<List<String>> ENDINGS =
            phrases("please|thanks|thank you|for me|thanks a lot|thank you very much|do you know|by the way");

    /** What a statement may begin with and state the same without. */
    static final List<List<String>> HEDGES = phrases("""
            i think that|i think|i guess that|i guess|i suppose that|i suppose|i believe that|i am assuming that|i am assuming
            i assume that|i assume|i suspect that|i suspect|i am guessing|i bet|i feel like|i am pretty sure|i am sure that""");

    /** What makes a question of a statement, at its end. */
    static final Set<String> TAGS = set("right correct yes no huh eh");

    static final Set<String> FUNCTION_WORDS = set("""
            a an the is are am was were be been being do does did to of in on at for with by from about as and or that this
            it its there have has had can could will would should may might shall if than then so just really very some any
            what which who whom whose when where why how please i me my mine myself you your yours yourself we us our ours
            he him his himself she her hers herself they them their theirs let ever s t okay actually definitely obviously clearly
            honestly truly seriously basically currently now certainly surely absolutely literally specifically""");

    /** Prepositions and conjunctions that bring in a condition. */
    static final Set<String> CONDITIONS = set("""
            if unless while when during after before without until till since because although though despite instead
            except under over above below between among against via per within inside outside near through""");

    static final Map<String, Character> PERSONS = persons();

    static final Set<String> NEGATIONS = set(
            "not no never without none nobody nothing nowhere neither nor except excluding avoid stop non isnt hardly"
                    + " barely rarely refuse deny lack lacking minus");

    /** Words of which each kind must be in both questions or in neither. */
    static final Map<String, String> QUANTIFIERS = groups("""
            another: another other others different new more again else next extra additional alternative further
            one-more: repeat
            only: only solely exclusively merely
            all: all every each everyone everybody everything always entire whole
            both: both
            few: few little less fewer least minimum minimal
            most: most maximum maximal
            first: first earliest initial
            last: last latest final
            almost: almost nearly approximately roughly
            exactly: exactly precisely
            half: half quarter third twice double triple""");

    static final Map<String, String> MODALITY = groups("""
            able: can could able possible
            ought: should ought supposed
            must: must need needs required mandatory have-to
            may: may might allowed permitted legal
            want: want wants wish""");

    static final Map<String, String> TENSE = groups("""
            past: was were did had used
            future: will shall upcoming""");

    /** Question words that ask for different things of the same matter. */
    static final Map<String, String> ASKED = groups("""
            who: who whom whose
            when: when
            where: where
            why: why""");

    static final Map<String, String> TIMES = groups("""
            monday: monday mon|tuesday: tuesday tue tues|wednesday: wednesday wed|thursday: thursday thu thurs
            friday: friday fri|saturday: saturday sat|sunday: sunday sun
            january: january jan|february: february feb|march: march mar|april: april apr|may: |june: june jun
            july: july jul|august: august aug|september: september sep sept|october: october oct
            november: november nov|december: december dec
            today: today|tomorrow: tomorrow|yesterday: yesterday|tonight: tonight
            morning: morning|noon: noon midday|afternoon: afternoon|evening: evening|night: night midnight
            week: week weekly weeks|weekend: weekend weekends|month: month monthly months
            year: year yearly annual annually years|day: day daily days|hour: hour hourly hours hr hrs h
            minute: minute minutes min mins|decade: decade decades|century: century centuries
            spring: spring|summer: summer|autumn: autumn fall|winter: winter|ago: ago earlier|later: later
            christmas: christmas xmas|easter: easter|ramadan: ramadan|thanksgiving: thanksgiving|halloween: halloween""");

    /** Which of the times it is; before other words these say something else, or nothing of time. */
    static final Map<String, String> WHICH_TIME =
            groups("this: this|last: last previous past prior|next: next following coming");

    /** Halves of the day after the hour. */
    static final Map<String, String> HALVES = groups("morning: am|afternoon: pm");

    static final Map<String, String> UNITS = groups("""
            km: km kilometer kilometers kilometre kilometres|m: meter meters metre metres
            cm: cm centimeter centimeters centimetre centimetres|mm: mm millimeter millimeters millimetre millimetres
            mile: mile miles mi|foot: foot feet ft|inch: inch inches|yard: yard yards yd|nm: nautical
            kg: kg kilo kilos kilogram kilograms|g: gram grams|mg: mg milligram milligrams|lb: lb lbs pound pounds
            oz: oz ounce ounces|ton: ton tons tonne tonnes|stone: stones
            l: liter liters litre litres|ml: ml milliliter milliliters millilitre millilitres|gal: gallon gallons
            cup: cup cups|tbsp: tablespoon tablespoons tbsp|tsp: teaspoon teaspoons tsp|pint: pint pints
            c: celsius centigrade|f: fahrenheit|k: kelvin|percent: percent percentage %
            usd: usd dollar dollars $|eur: eur euro euros €|gbp: gbp sterling £|jpy: jpy yen ¥|inr: inr rupee rupees ₹
            cny: cny yuan|chf: chf franc francs|cent: cent cents
            b: byte bytes|kb: kb kilobyte kilobytes|mb: mb megabyte megabytes|gb: gb gigabyte gigabytes
            tb: tb terabyte terabytes|bit: bit bits|kbit: kbps|mbit: mbps|gbit: gbps
            w: watt watts|kw: kw kilowatt kilowatts|kwh: kwh|v: volt volts|amp: ampere amperes amps
            hz: hertz hz|khz: khz|mhz: mhz|ghz: ghz|j: joule joules|cal: calorie calories|kcal: kcal
            kmh: kmh kph|mph: mph|acre: acre acres|hectare: hectare hectares ha|s: second seconds sec secs
            ms: millisecond milliseconds|knot: knot knots|degree: degree degrees|radian: radian radians""");

    /** Letters that are units where a number stands before them. */
    static final Map<String, String> UNITS_AFTER_NUMBERS = groups("""
            s: s|m: m|h: h|g: g|l: l|c: c|f: f|k: k|w: w|v: v|j: j|b: b|amp: a|in: in|t: t|p: p|mio: mio mn|bn: bn|x: x""");

    static final Map<String, String> FORMATS = groups("""
            json: json|yaml: yaml yml|xml: xml|csv: csv|html: html|markdown: markdown|sql: sql|latex: latex|regex: regex
            table: table tabular|bullets: bullet bullets bulleted|numbered: numbered|list: list lists
            word: word words|sentence: sentence sentences|paragraph: paragraph paragraphs|line: line lines
            page: page pages|essay: essay|poem: poem poetry|haiku: haiku|song: lyrics|story: story|letter: letter
            email: email|tweet: tweet|short: short shorter brief briefly concise concisely quick quickly
            long: long longer detailed detail details depth lengthy thorough comprehensive
            summary: summary summarize summarise tldr overview|steps: step steps|example: example examples
            simple: simple simply eli5 layman beginner|technical: technical expert advanced|formal: formal|casual: casual informal
            code: code|diagram: diagram chart graph plot|emoji: emoji emojis|rhyme: rhyme rhyming|formula: formula equation
            uppercase: uppercase|lowercase: lowercase|title: title headline|synonym: synonym synonyms|antonym: antonym antonyms
            definition: definition|pros: pros advantages benefits|cons: cons disadvantages drawbacks""");

    /** Languages, of people and of machines, and what is from a country by name. */
    static final Set<String> LANGUAGES = set("""
            english french spanish german italian portuguese dutch russian chinese mandarin cantonese japanese korean arabic
            hindi bengali urdu turkish polish ukrainian czech slovak hungarian romanian bulgarian greek hebrew swedish norwegian
            danish finnish icelandic latin thai vietnamese indonesian malay tamil telugu marathi punjabi persian farsi swahili
            catalan croatian serbian slovenian lithuanian latvian estonian irish welsh scottish esperanto tagalog filipino
            python java javascript typescript rust golang kotlin swift ruby perl php scala haskell bash powershell matlab julia
            fortran cobol lua elixir erlang clojure dart assembly c++ c# f#""");

    /** Words that say the opposite, or another pole of the same thing. */
    static final Map<String, Set<String>> OPPOSITES = opposites("""
            on off|in out|up down|open close|open closed|open shut|start stop|start end|begin end|begin finish|start finish
            enable disable|activate deactivate|increase decrease|increase reduce|raise lower|rise fall|grow shrink|expand contract
            max min|maximum minimum|maximize minimize|maximise minimise|highest lowest|high low|higher lower|more less|most least
            best worst|better worse|good bad|good evil|positive negative|pros cons|advantage disadvantage|benefit drawback
            benefit risk|strength weakness|ascending descending|asc desc|ascend descend|forward backward|forwards backwards
            before after|earlier later|early late|first last|next previous|oldest newest|old new|older newer|old young|oldest youngest
            buy sell|bought sold|purchase sell|lend borrow|give take|send receive|import export|upload download|push pull
            win lose|winner loser|won lost|pass fail|succeed fail|success failure|accept reject|accept decline|approve reject
            approve deny|allow deny|allow forbid|allow block|permit prohibit|legal illegal|safe dangerous|safe unsafe|safe harmful
            true false|yes no|right wrong|correct incorrect|same different|similar different|equal unequal|include exclude
            add remove|add subtract|add delete|insert delete|create delete|create destroy|build destroy|install uninstall|attach detach
            connect disconnect|join leave|join split|merge split|lock unlock|encrypt decrypt|encode decode|compress decompress
            compress extract|zip unzip|pack unpack|wrap unwrap|tie untie|fold unfold|do undo|undo redo|load unload|mount unmount
            subscribe unsubscribe|follow unfollow|mute unmute|hide show|hide unhide|visible hidden|visible invisible|public private
            hot cold|hottest coldest|warm cool|warmer cooler|heat cool|heating cooling|freeze thaw|freeze melt|boil freeze|wet dry
            big small|bigger smaller|biggest smallest|large small|larger smaller|largest smallest|tall short|taller shorter
            tallest shortest|long short|longer shorter|longest shortest|wide narrow|wider narrower|thick thin|fat thin|deep shallow
            heavy light|heavier lighter|heaviest lightest|fast slow|faster slower|fastest slowest|quick slow|speed slow|hard soft
            hard easy|harder easier|difficult easy|strong weak|stronger weaker|rich poor|richest poorest|cheap expensive
            cheaper expensive|cheapest expensive|full empty|fill empty|fill drain|many few|love hate|like dislike|like hate|friend enemy
            ally enemy|happy sad|happy unhappy|laugh cry|alive dead|live die|life death|birth death|born died|born die|birthday deathday
            healthy unhealthy|healthy sick|clean dirty|bright dark|light dark|lighter darker|day night|sunrise sunset|dawn dusk
            morning evening|north south|north east|north west|south east|south west|east west|northern southern|eastern western
            left right|top bottom|front back|inside outside|indoor outdoor|indoors outdoors|internal external|inner outer|interior exterior
            above below|over under|upper lower|near far|nearest farthest|nearest furthest|closest farthest|arrive depart|arrival departure
            arriving departing|come go|enter exit|entrance exit|board disembark|land takeoff|inbound outbound|incoming outgoing
            male female|man woman|men women|boy girl|boys girls|husband wife|brother sister|father mother|dad mom|son daughter
            uncle aunt|king queen|prince princess|actor actress|grandfather grandmother|boyfriend girlfriend|he she|his her|gentleman lady
            parent child|parents children|teacher student|doctor patient|employer employee|buyer seller|cause effect|cause symptom
            cause cure|cause prevent|causes treatment|symptom treatment|question answer|input output|read write|reading writing
            debit credit|income expense|profit loss|gain lose|gain loss|earn spend|save spend|deposit withdraw|asset liability
            save delete|keep discard|gross net|fixed variable|static dynamic|sync async|synchronous asynchronous|serial parallel
            client server|local remote|online offline|wired wireless|analog digital|manual automatic|automatically manually
            natural artificial|organic inorganic|acid base|acidic alkaline|solid liquid|liquid gas|metal nonmetal|conductor insulator
            odd even|plus minus|multiply divide|multiplication division|addition subtraction|numerator denominator|integer float
            prefix suffix|singular plural|active passive|subject object|noun verb|synonym antonym|vowel consonant|uppercase lowercase
            upper lower|bold italic|horizontal vertical|row column|rows columns|width height|length width|latitude longitude
            clockwise counterclockwise|clockwise anticlockwise|inhale exhale|push pull|wake sleep|awake asleep|sit stand|lie stand
            remember forget|know ignore|tighten loosen|tight loose|sharp blunt|smooth rough|straight curly|straight curved|sweet sour
            sweet bitter|salty sweet|raw cooked|fresh stale|fresh frozen|vegan meat|vegetarian meat|caffeinated decaf|sugar sugarfree
            mild spicy|loud quiet|louder quieter|noisy quiet|busy free|available unavailable|present absent|present past|past future
            ancient modern|temporary permanent|optional required|optional mandatory|voluntary mandatory|common rare|popular unpopular
            always never|sometimes never|everyone nobody|everything nothing|all none|all some|with without|for against|pro anti|agree disagree
            support oppose|attack defend|offense defense|offensive defensive|guilty innocent|lawyer prosecutor|plaintiff defendant
            war peace|victory defeat|democrat republican|liberal conservative|left right|domestic foreign|domestic international
            urban rural|city countryside|coastal inland|tropical arctic|summer winter|spring autumn|spring fall|weekday weekend
            breakfast dinner|breakfast lunch|lunch dinner|appetizer dessert|coffee tea|red green|black white|hire fire|hired fired
            promote demote|upgrade downgrade|update rollback|commit revert|deploy rollback|success error|warning error|valid invalid
            sender recipient|from to|source destination|origin destination|supply demand|bull bear|bullish bearish|long short|call put
            deflation inflation|recession boom|appreciate depreciate|stock bond|debt equity|landlord tenant|rent own|rent buy|lease buy
            predator prey|carnivore herbivore|mammal reptile|artery vein|systolic diastolic|hyper hypo|hypertension hypotension
            hyperglycemia hypoglycemia|hyperthyroidism hypothyroidism|bacteria virus|bacterial viral|acute chronic|benign malignant
            introvert extrovert|optimist pessimist|major minor|senior junior|maximum average|mean median|average median|sum difference
            sum product|derivative integral|differentiate integrate|sine cosine|radius diameter|perimeter area|area volume
            speed velocity|mass weight|virus vaccine|poison antidote|question statement|host guest|single married|married divorced
            married unmarried|wedding divorce|pregnant breastfeeding|adult child|adults children|dog cat|dogs cats|sun moon|mars venus
            gold silver|iphone android|ios android|mac windows|linux windows|tcp udp|http https|ipv4 ipv6|git svn|get post|get set
            stack queue|push pop|array list|class object|public protected|mutable immutable|compile interpret|frontend backend|alpha beta""");

    /** Different words for one thing, for questions that differ in nothing else. */
    static final Map<String, String> SYNONYMS = groups("""
            photo: photo picture image pic|car: car automobile|movie: movie film films movies|buy: buy purchase
            make: make create|fix: fix repair|begin: begin start|big: big large|small: small little tiny|smart: smart clever intelligent
            funny: funny amusing hilarious|sad: sad unhappy|glad: glad happy|mad: mad angry|mom: mom mother mum|dad: dad father
            kid: kid child children kids|doctor: doctor physician|job: job occupation|home: home house|quick: quick fast
            answer: answer reply response|say: say said tell told|talk: talk speak chat|think: think believe|bye: bye goodbye
            thanks: thanks thank|great: great awesome fantastic wonderful excellent amazing terrific brilliant|pretty: pretty beautiful
            robot: robot bot|computer: computer pc machine|phone: phone telephone|study: study learn|error: error mistake|finish: finish complete
            remove: remove delete erase|get: get obtain|show: show display|allow: allow permit|dumb: dumb stupid
            weird: weird strange odd|rich: rich wealthy|hi: hi hello hey|okay: okay ok fine alright|cool: cool neat
            husband: husband spouse hubby|sleepy: sleepy tired|name: name called|age: age old|boss: boss master|creator: creator maker
            anyone: anyone anybody someone somebody|salary: salary wage wages income|danger: danger threat
            hate: hate detest dislike|afraid: afraid scared|help: help assist aid|shop: shop store|street: street road
            author: author writer|ill: ill sick""");

    private static Map<String, Character> persons() {
        Map<String, Character> map = new HashMap<>();
        Map<Character, String> forms = Map.of(
                '1', "i me my mine myself",
                '2', "you your yours yourself",
                '4', "we us our ours ourselves",
                'm', "he him his himself",
                'f', "she her hers herself",
                't', "they them their theirs themselves");
        forms.forEach((person, words) -> set(words).forEach(word -> map.put(word, person)));
        return Map.copyOf(map);
    }

    private static Set<String> set(String words) {
        return Set.copyOf(new HashSet<>(Arrays.asList(words.trim().split("\\s+"))));
    }

    private static List<String> items(String text) {
        return Arrays.stream(text.split("[|\n]"))
                .map(String::trim)
                .filter(item -> !item.isEmpty())
                .toList();
    }

    private static List<String> words(String item) {
        return Arrays.asList(item.split("\\s+"));
    }

    private static Map<String, List<String>> lines(String text, Function<List<String>, List<String>> value) {
        return items(text).stream().map(Lexicon::words).collect(Collectors.toUnmodifiableMap(List::getFirst, value));
    }

    /** Longest first, so that the longest match counts. */
    private static List<List<String>> phrases(String text) {
        return items(text).stream()
                .map(Lexicon::words)
                .sorted((a, b) -> b.size() - a.size())
                .toList();
    }

    private static Map<String, String> groups(String text) {
        Map<String, String> map = new HashMap<>();
        for (String item : items(text)) {
            int colon = item.indexOf(':');
            String name = item.substring(0, colon);
            for (String word : item.substring(colon + 1).trim().split("\\s+")) {
                if (!word.isEmpty()) {
                    map.put(word, name);
                }
            }
        }
        return Map.copyOf(map);
    }

    private static Map<String, Set<String>> opposites(String text) {
        Map<String, Set<String>> map = new HashMap<>();
        for (String item : items(text)) {
            List<String> pair = words(item);
            String a = Stems.of(pair.get(0));
            String b = Stems.of(pair.get(1));
            map.computeIfAbsent(a, k -> new HashSet<>()).add(b);
            map.computeIfAbsent(b, k -> new HashSet<>()).add(a);
        }
        return map;
    }
}
