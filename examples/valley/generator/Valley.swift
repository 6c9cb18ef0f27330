/// A person of the invented valley, with one value for each thing that is known of everybody.
struct Villager {
    let name: String
    let facts: [Fact: String]

    /// `text` with `{name}` and the fact names in braces replaced by this person's.
    func filling(_ text: String) -> String {
        var parts: [Substring] = text.split(separator: "{", omittingEmptySubsequences: false)
        let head = parts.removeFirst()
        return parts.reduce(into: String(head)) { filled, part in
            let pieces = part.split(separator: "}", maxSplits: 1, omittingEmptySubsequences: false)
            let key = String(pieces[0])
            filled += Fact(rawValue: key).flatMap { facts[$0] } ?? name
            filled += pieces.count > 1 ? pieces[1] : ""
        }
    }
}

/// What is known of every villager.
enum Fact: String, CaseIterable {
    case trade, village, animal, instrument

    var values: [String] {
        switch self {
        case .trade:
            ["baker", "smith", "tailor", "potter", "miller", "weaver", "carpenter", "gardener", "painter", "cooper"]
        case .village: ["Aldmere", "Brook", "Corbin", "Dunley", "Elmstead", "Fenwick", "Garth", "Holt"]
        case .animal: ["cat", "dog", "goat", "horse", "donkey", "parrot", "rabbit", "tortoise"]
        case .instrument: ["flute", "drum", "fiddle", "harp", "horn", "lute", "pipe", "whistle"]
        }
    }

    /// Sentences of the almanac that state the fact; none has the form of a question.
    var statements: [String] {
        switch self {
        case .trade:
            [
                "{name} works as a {trade}.", "{name} is a {trade}.", "{name} the {trade} starts early.",
                "Everybody knows that {name} is a {trade}.", "As a {trade}, {name} is busy.",
                "The trade of {name} is that of a {trade}.", "{name} works for a living as a {trade}.",
                "When people need a {trade}, they ask for {name}.",
            ]
        case .village:
            [
                "{name} lives in {village}.", "{name} has a house in {village}.", "In {village} you can meet {name}.",
                "The home of {name} is in {village}.", "{name} comes from {village}.",
                "The village of {name} is {village}.", "{name} walks home to {village}.",
                "A letter for {name} goes to {village}.",
            ]
        case .animal:
            [
                "{name} keeps a {animal}.", "{name} owns a {animal}.", "The {animal} of {name} is old.",
                "{name} feeds the {animal}.", "A {animal} follows {name}.", "{name} walks with a {animal}.",
                "The pet of {name} is a {animal}.", "The animal of {name} is a {animal}.",
            ]
        case .instrument:
            [
                "{name} plays the {instrument}.", "{name} practises the {instrument}.",
                "At dances {name} plays the {instrument}.", "The {instrument} of {name} sounds sweet.",
                "{name} owns a {instrument} and plays it.", "In the evening {name} takes the {instrument}.",
                "The instrument of {name} is the {instrument}.", "{name} learned the {instrument} young.",
            ]
        }
    }

    var questions: [String] {
        switch self {
        case .trade: ["What does {name} do for a living?", "What is the trade of {name}?"]
        case .village: ["Where does {name} live?", "In which village is the home of {name}?"]
        case .animal: ["Which animal does {name} keep?", "What pet does {name} have?"]
        case .instrument: ["Which instrument does {name} play?", "What does {name} play at dances?"]
        }
    }

    var answer: String {
        switch self {
        case .trade: "a {trade}"
        case .village: "in {village}"
        case .animal: "a {animal}"
        case .instrument: "the {instrument}"
        }
    }
}

/// The valley: its people, the almanac that describes them, and questions about them.
struct Valley {
    static let names =
        """
        Ada Bram Cleo Dora Egon Fay Gus Hana Ivo Jana Karl Lena Milo Nora Otto Pia Quin Rosa Sven Tara Ugo Vera Wim \
        Xenia Yuri Zoe Abel Bea Cyril Dina Emil Flora Glen Hedda Igor Judith Kai Lotte Marek Nina Oskar Paula Rafa \
        Selma Tim Ursula Viktor Wanda Yann Zelda Arno Britt Carlo Delia Edgar Frida Gita Hugo Ines Jonas Klara Lukas \
        Mina Nils Olga Piet Rita Stefan Thea Udo
        """.split(separator: " ").map(String.init)
    static let openings = [
        "Somebody asks about {name}.", "Do you know {name}?", "Tell me about {name}.", "This is a story of {name}.",
        "We talk about {name} again.", "Here comes {name}.",
    ]
    /// The last villagers of the list appear in the almanac but in no tuning question.
    static let heldBackCount = 15

    let people: [Villager]
    private var random: SplitMix64

    init(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        people = Self.names.map { name in
            let facts = Fact.allCases.map { ($0, random.element(of: $0.values)) }
            return Villager(name: name, facts: Dictionary(uniqueKeysWithValues: facts))
        }
        self.random = random
    }

    var tuned: ArraySlice<Villager> { people.dropLast(Self.heldBackCount) }
    var heldBack: ArraySlice<Villager> { people.suffix(Self.heldBackCount) }

    /// One paragraph of the almanac: one person, one to four facts in any order and wording.
    mutating func paragraph() -> String {
        let person = random.element(of: people)
        var sentences: [String] = []
        if random.below(100) < 35 { sentences.append(random.element(of: Self.openings)) }
        let facts = random.shuffled(Fact.allCases).prefix(1 + random.below(4))
        sentences += facts.map { random.element(of: $0.statements) }
        return person.filling(sentences.joined(separator: " "))
    }

    /// Every question about `people`, in an order fixed by the seed.
    mutating func questions(about people: ArraySlice<Villager>, wordings: Int) -> [(question: String, answer: String)] {
        random.shuffled(
            people.flatMap { person in
                Fact.allCases.flatMap { fact in
                    fact.questions.prefix(wordings).map { (person.filling($0), person.filling(fact.answer)) }
                }
            })
    }
}

/// Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators (2014).
struct SplitMix64 {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func element<Element>(of elements: [Element]) -> Element { elements[below(elements.count)] }

    mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
        var result = elements
        for last in stride(from: result.count - 1, to: 0, by: -1) { result.swapAt(last, below(last + 1)) }
        return result
    }
}
