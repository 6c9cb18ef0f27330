import ChatTemplates
import Testing
import Tokenization

/// Templates made of what a tokenizer's own chat template renders.
struct InferredTemplateTests {
    func template(_ text: String) throws -> ChatTemplate {
        try ChatTemplate.inferred(from: text, of: try TemplateFixtures.characters())
    }

    /// A begin of sequence that the chat template writes itself gets into every turn, as in the reference.
    @Test func slots() throws {
        let template = try template(
            "{{ bos_token }}{% for m in messages %}{% if m['role']=='system' %}{{ 'SYS:'+m['content']+'\n' }}"
                + "{% elif m['role']=='user' %}{{ 'U:'+m['content']+'\n' }}{% else %}{{ 'A:'+m['content']+eos_token }}"
                + "{% endif %}{% endfor %}{% if add_generation_prompt %}{{ 'A:' }}{% endif %}")
        #expect(template.user == ["<s>U:{{content}}\nA:"])
        #expect(template.assistant == ["{{content}}</s>"])
        #expect(template.system == ["<s>SYS:{{content}}\n"])
        #expect(template.prefix.isEmpty && template.defaultSystem.isEmpty && template.kind == .plain)
    }

    @Test func aDefaultSystemTextIsKept() throws {
        let template = try template(
            "{% if messages[0].role != 'system' %}<system>Be kind.</system>{% endif %}{% for m in messages %}<{{ m.role }}>"
                + "{{ m.content }}</{{ m.role }}>{% endfor %}")
        #expect(template.user == ["<user>{{content}}</user>"])
        #expect(template.system == ["<system>{{content}}</system>"])
        #expect(template.defaultSystem == "Be kind.")
    }

    @Test func thoughtsMakeItReason() throws {
        let template = try template(
            "{% for m in messages %}[{{ m.role }}]{% if m.role == 'assistant' %}<think>\n\n</think>\n\n{% endif %}"
                + "{{ m.content }};{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}")
        #expect(template.kind == .reasoning)
        #expect(template.assistant == ["{{content}};"])
    }

    @Test func refusalsSayWhatToDo() {
        func message(_ text: String) -> String {
            do { _ = try template(text) } catch { return "\(error)" }
            return ""
        }
        #expect(message("{{ raise_exception('no system') }}").contains("the chat template refuses: no system"))
        #expect(message("{% if %}").contains("line 1 of the chat template: a value is expected"))
        #expect(message("nothing").contains("it does not show the system text"))
        #expect(message("nothing").contains("name the model's template"))
    }
}
