/// A line at the bottom of a terminal that is drawn over and over.
///
/// Each drawing asks for the width anew and never fills the last column, so that a resize leaves no broken lines.
package final class StatusLine {
    private let sink: any TextSink
    private let columns: () -> Int
    private let usesUTF8: Bool
    private var isShown = false

    package init(sink: any TextSink, usesUTF8: Bool, columns: @escaping () -> Int) {
        self.sink = sink
        self.usesUTF8 = usesUTF8
        self.columns = columns
    }

    /// Replaces the line by what `content` makes for the columns there are.
    package func show(_ content: (_ columns: Int) -> String) {
        let width = max(10, columns() - 1)
        let text = TextColumns.cut(TextColumns.printable(content(width)), to: width, utf8: usesUTF8)
        sink.write("\r\u{1B}[2K" + text)
        isShown = true
    }

    /// Takes the line away, so that ordinary text can be written.
    package func clear() {
        guard isShown else { return }
        sink.write("\r\u{1B}[2K")
        isShown = false
    }

    /// Leaves the line as it is and goes to the next.
    package func keep() {
        guard isShown else { return }
        sink.write("\n")
        isShown = false
    }
}
