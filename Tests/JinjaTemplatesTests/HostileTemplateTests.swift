import JinjaTemplates
import PythonData
import Testing

/// Templates that come with a model may want to exhaust or to look around: each ends in an error, and soon.
struct HostileTemplateTests {
    func failure(_ text: String, values: [String: PythonValue] = [:]) -> JinjaError? {
        do {
            let output = try JinjaTemplate(text).render(values)
            Issue.record("rendered \(output.prefix(80))")
            return nil
        } catch {
            return error as? JinjaError
        }
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            "{% macro f(n) %}{% for i in range(9) %}{{ f(n) }}{% endfor %}{% endmacro %}{{ f(1) }}",
            "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
            "{% set ns = namespace(s='ab') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
            "{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
            "{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}",
            "{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}"
                + "{{ ns.s == ns.s }}",
            "{% set ns = namespace(s=[1]) %}{% for i in range(9999) %}{% set ns.s = [ns.s] %}{% endfor %}",
            "{% for i in range(99999) %}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{% endfor %}",
            "{{ 'a' * 1000000000 }}", "{{ [0] * 1000000000 }}", "{{ range(1000000000) }}",
            "{{ range(0, 9223372036854775807) }}",
            "{{ 'a' | indent(1000000000) }}", "{{ 'aaaa' * 200000 | replace('a', 'b' * 200000) }}",
            "{{ ('a' * 200000).replace('', 'b' * 200000) }}", "{{ {'a': 1} | tojson(indent=1000000000) }}",
            "{{ (['a' * 1000000] * 9999) | join(',') }}", "{{ (['a' * 1000000] * 99999) | tojson }}",
            "{{ 9223372036854775807 + 1 }}", "{{ 9 ** 99 }}", "{{ 1 // 0 }}", "{{ 1 % 0 }}",
            "{{ -9223372036854775807 - 2 }}",
            "{{ 99999999999999999999 }}", "{{ 'x' % 1 }}", "{{ [1][::0] }}", "{{ '%99999d' % 1 }}",
        ])
    func bounds(_ text: String) {
        #expect(failure(text) != nil)
    }

    @Test func searchingTakesTimeByLengthAlone() throws {
        let text = "{% set a = 'a' * 500000 %}{{ (a ~ a).find(a[:250000] ~ 'b') }}"
        #expect(try JinjaTemplate(text).render([:]) == "-1")
    }

    @Test(arguments: [
        "{{ ''.__class__ }}", "{{ messages.__class__.__mro__ }}", "{{ range.__globals__ }}",
        "{{ '' | attr('__class__') }}",
        "{{ messages.append(1) }}", "{{ {}.update({'a': 1}) }}", "{{ self.x }}", "{{ lipsum() }}",
        "{{ cycler }}{{ cycler() }}",
        "{% include 'x' %}", "{% import 'x' as y %}", "{% extends 'x' %}", "{% set x.y = 1 %}", "{% set loop.x = 1 %}",
        "{{ [range] }}", "{{ namespace(a=range) }}", "{{ missing.attribute }}", "{{ missing + 1 }}", "{{ missing() }}",
        "{{ 'x' | nofilter }}", "{{ 'x' is notest }}", "{{ raise_exception('no') }}",
    ])
    func whatTemplatesMayNotDo(_ text: String) {
        #expect(failure(text, values: ["messages": .list([])]) != nil)
    }

    @Test func refusalsOfTheTemplateAreItsOwnWords() {
        #expect(failure("{{ raise_exception('Only two roles') }}") == .raised("Only two roles"))
        #expect(failure("{{ a.b }}") == .undefined("`a`"))
        #expect(failure("\n\n{% if %}") == .syntax(line: 3, reason: "a value is expected"))
    }

    @Test func deepTemplatesDoNotExhaustTheStack() {
        let depth = 100_000
        func repeated(_ text: String) -> String { String(repeating: text, count: depth) }
        for text in [
            "{{ \(repeated("(")) 1 \(repeated(")")) }}", "{{ \(repeated("["))\(repeated("]")) }}",
            "{{ 1\(repeated("+1")) }}",
            "{{ \(repeated("not ")) 1 }}", "{{ \(repeated("-")) 1 }}", "{{ a\(repeated(".a")) }}",
            "{{ a\(repeated("|trim")) }}",
            repeated("{% if 1 %}") + repeated("{% endif %}"), "{{ \(repeated("1 if 1 else ")) 1 }}",
            "{{ 1 \(repeated("and 1 ")) }}", "{{ a\(repeated("[a")) }}", "{{ a\(repeated("()")) }}",
        ] {
            #expect(failure(String(text.prefix(1 << 20))) != nil)
        }
    }

    @Test func brokenTemplatesAreErrors() {
        let template =
            "{% for m in messages if m.a %}{{ m['x'] | join(',') ~ \"y\" }}{% else %}{% set a = {'k': [1]} %}{% endfor %}"
        for cut in 1..<template.count { _ = try? JinjaTemplate(String(template.prefix(cut))).render([:]) }
        for text in [
            "{{", "{%", "{#", "{{ 'a }}", "{{ 1 1 }}", "{% endfor %}", "{% if 1 %}{% endfor %}", "{% for x in %}",
            "{{ ) }}",
            "{{ [1) }}", "{% raw %}", "{% break %}", "{% set %}", "{{ '\\ud800' }}", "{{ \u{0} }}", "{% macro f(%}",
        ] {
            #expect(failure(text) != nil, "\(text)")
        }
    }

    /// What the template language of this product has and the fixture's templates do not show.
    @Test func smallThings() throws {
        func rendered(_ text: String) throws -> String { try JinjaTemplate(text).render([:]) }
        #expect(try rendered("{{ strftime_now('%Y') }}").count == 4)
        #expect(try rendered("a\r\nb\n") == "a\nb")
        #expect(try rendered("{% set a, b = 1, 2 %}{{ a }}{{ b }}{{ 1 if false }}") == "12")
        #expect(try rendered("{% generation %}x{% endgeneration %}{{ '{}-{a}'.format(1, a='b') }}") == "x1-b")
    }
}
