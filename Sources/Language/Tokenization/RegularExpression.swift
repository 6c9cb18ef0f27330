import CPCRE2
import Glibc

/// A compiled pattern with bounded matching. The only file that touches PCRE2.
///
/// `@unchecked Sendable`: PCRE2 documents compiled code as read-only and thread-safe; match data is made per call.
final class RegularExpression: @unchecked Sendable {
    let pattern: String
    private let code: OpaquePointer
    private let context: OpaquePointer

    /// Steps that one match may take from one starting point.
    private static let matchLimit: UInt32 = 1_000_000
    private static let depthLimit: UInt32 = 100_000
    private static let heapLimitInKibibytes: UInt32 = 64 * 1024
    /// Starting points that one call may try, so that the clock is looked at in between.
    private static let startsPerCall = 256
    private static let longestPattern = 64 * 1024

    /// - Parameter pattern: in the dialect of the reference (Oniguruma's Ruby syntax), translated here.
    init(_ pattern: String) throws {
        self.pattern = pattern
        guard pattern.utf8.count <= Self.longestPattern else {
            throw TokenizerError.invalidPattern(
                pattern: String(pattern.prefix(80)), reason: "it is longer than \(Self.longestPattern) bytes", offset: 0
            )
        }
        let translated = try PatternDialect.translated(pattern)
        let options = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_USE_OFFSET_LIMIT | PCRE2_NEVER_BACKSLASH_C
        var errorCode: Int32 = 0
        var errorOffset = 0
        let compileContext = pcre2_compile_context_create_8(nil)
        defer { pcre2_compile_context_free_8(compileContext) }
        pcre2_set_newline_8(compileContext, UInt32(PCRE2_NEWLINE_LF))
        pcre2_set_parens_nest_limit_8(compileContext, 200)
        let bytes = Array(translated.utf8)
        guard
            let code = bytes.withUnsafeBufferPointer({
                pcre2_compile_8($0.baseAddress, $0.count, options, &errorCode, &errorOffset, compileContext)
            })
        else {
            throw TokenizerError.invalidPattern(
                pattern: pattern, reason: Self.message(errorCode), offset: errorOffset)
        }
        guard let context = pcre2_match_context_create_8(nil) else {
            pcre2_code_free_8(code)
            throw TokenizerError.invalidPattern(pattern: pattern, reason: "out of memory", offset: 0)
        }
        pcre2_set_match_limit_8(context, Self.matchLimit)
        pcre2_set_depth_limit_8(context, Self.depthLimit)
        pcre2_set_heap_limit_8(context, Self.heapLimitInKibibytes)
        // Machine code is only an accelerator; where it is not allowed the interpreter does the same.
        _ = pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE)
        self.code = code
        self.context = context
    }

    deinit {
        pcre2_match_context_free_8(context)
        pcre2_code_free_8(code)
    }

    /// Calls `visit` with every match in `range`, in order; the text outside the range is not looked at.
    func forEachMatch(in bytes: [UInt8], _ range: Range<Int>, _ visit: (Range<Int>) -> Void) throws {
        guard let data = pcre2_match_data_create_from_pattern_8(code, nil),
            let context = pcre2_match_context_copy_8(context)
        else { throw TokenizerError.patternTooExpensive(pattern: pattern) }
        defer {
            pcre2_match_data_free_8(data)
            pcre2_match_context_free_8(context)
        }
        let deadline = Self.now() + 2 + 2e-6 * Double(range.count)
        var calls = 0
        try bytes.withUnsafeBufferPointer { all in
            let subject = UnsafeBufferPointer(rebasing: all[range])
            var position = 0
            var start = 0
            while start <= subject.count {
                calls += 1
                if calls % 64 == 0 || start > position, Self.now() > deadline {
                    throw TokenizerError.patternTooExpensive(pattern: pattern)
                }
                let limit = min(subject.count, start + Self.startsPerCall)
                guard let match = try firstMatch(in: subject, from: start, startingBy: limit, data, context) else {
                    start = limit + 1
                    while start < subject.count, subject[start] & 0xC0 == 0x80 { start += 1 }
                    continue
                }
                // A look-behind escape can report an end before its start; that is no match to cut at.
                if match.upperBound >= match.lowerBound, match.lowerBound >= position {
                    visit((range.lowerBound + match.lowerBound)..<(range.lowerBound + match.upperBound))
                    position = match.upperBound
                }
                start = max(match.upperBound, start)
                if match.isEmpty {
                    start += 1
                    while start < subject.count, subject[start] & 0xC0 == 0x80 { start += 1 }
                }
            }
        }
    }

    private func firstMatch(
        in subject: UnsafeBufferPointer<UInt8>, from start: Int, startingBy limit: Int, _ data: OpaquePointer,
        _ context: OpaquePointer
    ) throws -> Range<Int>? {
        pcre2_set_offset_limit_8(context, limit)
        var empty: UInt8 = 0
        var result = Self.match(code, subject, &empty, start, PCRE2_NO_UTF_CHECK, data, context)
        if result == PCRE2_ERROR_JIT_STACKLIMIT {
            result = Self.match(code, subject, &empty, start, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data, context)
        }
        switch result {
        case PCRE2_ERROR_NOMATCH: return nil
        case ..<0: throw TokenizerError.patternTooExpensive(pattern: pattern)
        default:
            let offsets = pcre2_get_ovector_pointer_8(data)
            guard let offsets, offsets[0] <= offsets[1] else { return start..<start }
            return offsets[0]..<offsets[1]
        }
    }

    private static func match(
        _ code: OpaquePointer, _ subject: UnsafeBufferPointer<UInt8>, _ empty: UnsafePointer<UInt8>, _ start: Int,
        _ options: UInt32, _ data: OpaquePointer, _ context: OpaquePointer
    ) -> Int32 {
        pcre2_match_8(code, subject.baseAddress ?? empty, subject.count, start, options, data, context)
    }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private static func message(_ code: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = buffer.count
        let length = buffer.withUnsafeMutableBufferPointer { pcre2_get_error_message_8(code, $0.baseAddress, count) }
        return String(decoding: buffer.prefix(max(0, Int(length))), as: UTF8.self)
    }
}
