import CEdit
import Glibc

/// A line editor on libedit: history, Emacs keys, Tab completion. This file is the only one that knows the library.
package final class TerminalLineEditor: LineEditor {
    package typealias Completer = (_ beforeCursor: String) -> Completion

    private static let historySize: Int32 = 1000

    private let editor: OpaquePointer
    private let history: OpaquePointer
    private let waitForKeyboard: () -> KeyboardEvent
    private let complete: Completer
    private let columns: () -> Int
    private let show: (String) -> Void
    private var promptStorage: UnsafeMutablePointer<wchar_t>?
    private var pending = UTF8Assembler()
    private var wasInterrupted = false

    /// - Parameters:
    ///   - drawsOnOutput: whether the line is drawn on standard output; otherwise on standard error
    ///   - waitForKeyboard: waits until standard input can be read or a signal came
    ///   - show: writes text to where the line is drawn
    /// - Returns: nil when the terminal cannot be edited on
    package init?(
        program: String, drawsOnOutput: Bool, columns: @escaping () -> Int, show: @escaping (String) -> Void,
        waitForKeyboard: @escaping () -> KeyboardEvent, complete: @escaping Completer
    ) {
        guard let editor = cedit_open(program, drawsOnOutput ? 1 : 0) else { return nil }
        guard let history = history_winit() else {
            el_end(editor)
            return nil
        }
        self.editor = editor
        self.history = history
        self.waitForKeyboard = waitForKeyboard
        self.complete = complete
        self.columns = columns
        self.show = show
        cedit_set_client(editor, Unmanaged.passUnretained(self).toOpaque())
        cedit_set_prompt(editor) { TerminalLineEditor.of($0)?.promptStorage }
        cedit_set_reader(editor) { editor, character in
            guard let editor = TerminalLineEditor.of(editor), let character else { return -1 }
            return editor.readCharacter(into: character)
        }
        cedit_set_keys(editor) { editor, _ in
            TerminalLineEditor.of(editor)?.completeWord() ?? UInt8(CC_ERROR)
        }
        cedit_set_history(editor, history, Self.historySize)
    }

    deinit {
        el_end(editor)
        history_wend(history)
        promptStorage?.deallocate()
    }

    private static func of(_ editor: OpaquePointer?) -> TerminalLineEditor? {
        guard let editor, let client = cedit_client(editor) else { return nil }
        return Unmanaged<TerminalLineEditor>.fromOpaque(client).takeUnretainedValue()
    }

    package func readLine(prompt: String) throws -> EnteredLine {
        setPrompt(prompt)
        wasInterrupted = false
        var count: Int32 = 0
        cedit_begin(editor)
        let line = el_wgets(editor, &count)
        if wasInterrupted {
            el_reset(editor)
            show("^C\n")
            return .interrupted
        }
        guard let line, count > 0 else { return .endOfInput }
        var text = Self.text(UnsafeBufferPointer(start: line, count: Int(count)))
        if text.last?.isNewline == true { text.removeLast() }
        return .line(text)
    }

    package func remember(_ line: String) {
        guard !line.isEmpty else { return }
        Self.wide(line).withUnsafeBufferPointer { cedit_remember(history, $0.baseAddress) }
    }

    private func setPrompt(_ prompt: String) {
        let characters = Self.wide(prompt)
        promptStorage?.deallocate()
        let storage = UnsafeMutablePointer<wchar_t>.allocate(capacity: characters.count)
        storage.initialize(from: characters, count: characters.count)
        promptStorage = storage
    }

    /// The library's way to the keyboard: 1 with a character, 0 at the end, -1 when the line is to be dropped.
    private func readCharacter(into character: UnsafeMutablePointer<wchar_t>) -> Int32 {
        while true {
            switch waitForKeyboard() {
            case .interrupted:
                wasInterrupted = true
                return -1
            case .ended: return 0
            case .resized: el_resize(editor)
            case .continued: cedit_continue(editor)
            case .readable:
                var byte: UInt8 = 0
                let count = read(0, &byte, 1)
                if count < 0, errno == EINTR || errno == EAGAIN { continue }
                guard count == 1 else { return 0 }
                guard let scalar = pending.take(byte) else { continue }
                character.pointee = wchar_t(bitPattern: scalar.value)
                return 1
            }
        }
    }

    /// What the Tab key does: completes as far as the candidates agree, otherwise lists them.
    private func completeWord() -> UInt8 {
        guard let line = el_wline(editor)?.pointee, let start = line.buffer, let cursor = line.cursor else {
            return UInt8(CC_ERROR)
        }
        let before = Self.text(UnsafeBufferPointer(start: start, count: cursor - start))
        let completion = complete(before)
        guard let insertion = completion.insertion else { return UInt8(CC_ERROR) }
        if !insertion.isEmpty {
            Self.wide(insertion).withUnsafeBufferPointer { _ = el_winsertstr(editor, $0.baseAddress) }
            return UInt8(CC_REFRESH)
        }
        guard completion.candidates.count > 1 else { return UInt8(CC_ERROR) }
        show("\n" + completion.listing(columns: columns()))
        return UInt8(CC_REDISPLAY)
    }

    private static func text(_ characters: UnsafeBufferPointer<wchar_t>) -> String {
        var scalars = String.UnicodeScalarView()
        for character in characters {
            scalars.append(Unicode.Scalar(UInt32(bitPattern: character)) ?? "\u{FFFD}")
        }
        return String(scalars)
    }

    /// The text as the library takes it, with the final zero.
    private static func wide(_ text: String) -> [wchar_t] {
        text.unicodeScalars.lazy.filter { $0.value != 0 }.map { wchar_t(bitPattern: $0.value) } + [0]
    }
}
