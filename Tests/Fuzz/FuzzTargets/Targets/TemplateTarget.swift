import JinjaTemplates
import PythonData

/// Chat templates: read and rendered within their limits, or refused.
struct TemplateTarget: FuzzTarget {
    static let name = "jinja"
    static let tokens = [
        "{% ", " %}", "{%- ", " -%}", "{{ ", " }}", "{# ", " #}", "for m in messages", "endfor", "if ", "elif ", "else",
        "endif", "set x = ", "set ns = namespace(a=1)", "ns.a", "macro f(a, b=1)", "endmacro", "f(1)", "loop.index0",
        "loop.last", "range(3)", " is defined", " is not none", " in ", " ~ ", " // ", " % ", " ** ", "[::-1]", "[1:]",
        "|trim", "|tojson", "|length", "|join(', ')", "|selectattr('role', 'equalto', 'user')|list", "'a' * 99999999",
        "raise_exception('no')", "messages[0]['role']", ".strip()", ".split('x')[-1]", "not ", "and ", "or ", "(", ")",
        "\"", "'", "\\",
    ]
    static var seeds: [[UInt8]] {
        [
            "{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content']|trim }}{% if not loop.last %}\n{% endif %}"
                + "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}",
            "{%- if messages[0].role == 'system' %}{% set s = messages[0].content %}{% set messages = messages[1:] %}"
                + "{%- else %}{% set s = '' %}{% endif -%}{{ s ~ messages|length }}",
            "{% macro show(t, n=2) %}{{ t.name|upper }}: {{ t|tojson(indent=n) }}{% endmacro %}"
                + "{% for t in tools %}{{ show(t) }}{% endfor %}",
            "{% set ns = namespace(n=0) %}{% for m in messages if m.role != 'tool' %}{% set ns.n = ns.n + 1 %}"
                + "{{ ns.n ~ ':' ~ (m.content if m.content is string else 'x') }}{% endfor %}",
            "{# a comment #}{{ messages | map(attribute='content') | join('; ') }}{{ bos_token or '' }}",
        ].map { Array($0.utf8) }
    }

    private static let values: [String: PythonValue] = {
        func message(_ role: String, _ content: String) -> PythonValue {
            .dictionary(PythonDictionary([("role", .text(role)), ("content", .text(content))]))
        }
        let tool = PythonValue.dictionary(
            PythonDictionary([("name", .text("f")), ("parameters", .list([.integer(1), .none]))]))
        return [
            "messages": .list([message("system", "be kind"), message("user", " hi "), message("assistant", "héllo")]),
            "tools": .list([tool]), "add_generation_prompt": .bool(true), "bos_token": .text("<s>"),
        ]
    }()

    func take(_ input: [UInt8]) throws {
        var limits = JinjaLimits()
        limits.steps = 20_000
        let text = try JinjaTemplate(String(decoding: input, as: UTF8.self)).render(Self.values, limits: limits)
        if text.utf8.count > limits.textBytes { throw BrokenPromise("a text of \(text.utf8.count) bytes") }
    }

    static func isExpected(_ error: any Error) -> Bool { error is JinjaError }
}
