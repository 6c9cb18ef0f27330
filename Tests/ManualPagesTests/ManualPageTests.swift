import ManualPages
import Testing

struct ManualPageTests {
    @Test func controlCharactersAreText() {
        var page = ManualPage("thing", section: 1, summary: "does it", source: "finetuned 1")
        page.section("Description")
        page.paragraph(".so /etc/passwd\n'br\nback\\slash --option \"quoted\"\n\nsecond")
        page.item("--key VALUE", "")
        #expect(page.roff.contains("\n\\&.so /etc/passwd\n"))
        #expect(page.roff.contains("\n\\(aqbr\n"))
        #expect(page.roff.contains("back\\eslash \\-\\-option \\(dqquoted\\(dq\n.PP\nsecond\n"))
        #expect(page.roff.contains(".B \"\\-\\-key VALUE\"\n\\&\n"))
    }
}
