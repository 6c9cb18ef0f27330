import JSONDocuments
import LinuxSystem

/// What a leaf's values mean.
///
/// JSON knows numbers, texts and truth values. The other kinds, which `datasets` gives as Python objects, become the
/// text that Python's `isoformat` or `str` makes of these; bytes become text if they are UTF-8, and base64 otherwise.
enum ScalarKind: Hashable, Sendable {
    case boolean
    case integer
    /// Stored as the signed number with the same 64 bits.
    case unsigned
    case number
    /// Two bytes: IEEE 754 half precision, the lower byte first.
    case half
    case text
    case bytes
    /// An integer, or big-endian two's complement in bytes, with `scale` digits behind the point.
    case decimal(scale: Int)
    /// Days since 1970.
    case date
    case time(TimeUnit)
    case timestamp(TimeUnit, isUTC: Bool)

    enum TimeUnit: Int, Hashable, Sendable {
        case seconds = 1
        case milliseconds = 1_000
        case microseconds = 1_000_000
        case nanoseconds = 1_000_000_000
    }

    /// - Precondition: `index` is below the store's count.
    func json(of store: ScalarStore, at index: Int) throws(ColumnarFileError) -> JSONValue {
        switch store {
        case .booleans(let values): .bool(values[index])
        // JSON has no word for what is not finite.
        case .numbers(let values): values[index].isFinite ? .number(values[index]) : .null
        case .integers(let values): json(of: values[index])
        case .bytes(let values): try json(of: values.bytes[values[index]])
        }
    }

    private func json(of value: Int64) -> JSONValue {
        switch self {
        case .unsigned:
            value >= 0 ? .integer(value) : .number(Double(UInt64(bitPattern: value)))
        case .decimal(let scale): .string(CalendarText.decimal(String(value), scale: scale))
        case .date: .string(CalendarText.date(daysSince1970: value))
        case .time(let unit): .string(CalendarText.time(value, unit))
        case .timestamp(let unit, let isUTC): .string(CalendarText.timestamp(value, unit, isUTC: isUTC))
        default: .integer(value)
        }
    }

    private func json(of bytes: ArraySlice<UInt8>) throws(ColumnarFileError) -> JSONValue {
        switch self {
        case .text:
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw ColumnarFileError("the text is not valid UTF-8")
            }
            return .string(text)
        case .decimal(let scale):
            return .string(CalendarText.decimal(CalendarText.integer(bigEndian: bytes), scale: scale))
        case .half:
            guard bytes.count == 2, let low = bytes.first, let high = bytes.last else { return .null }
            let number = Double(Self.half(UInt16(high) << 8 | UInt16(low)))
            return number.isFinite ? .number(number) : .null
        default:
            return .string(String(validating: bytes, as: UTF8.self) ?? Base64.encode(Array(bytes)))
        }
    }

    /// The value of a half-precision number.
    private static func half(_ bits: UInt16) -> Float {
        let sign: Float = bits & 0x8000 == 0 ? 1 : -1
        let exponent = Int(bits >> 10 & 31)
        let fraction = Float(bits & 1023)
        switch exponent {
        case 0: return sign * fraction * 0x1p-24
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * (1 + fraction / 1024) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
        }
    }
}

/// Dates, times and decimals as Python prints them.
enum CalendarText {
    /// `2024-02-29`, in the Gregorian calendar.
    static func date(daysSince1970 days: Int64) -> String {
        // Eras of 400 years from 0000-03-01 on, so that the leap day is the last of its year.
        let (shifted, overflow) = days.addingReportingOverflow(719_468)
        guard !overflow else { return "\(days) days" }
        let era = floorDivision(shifted, 146_097)
        let dayOfEra = floorRemainder(shifted, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
        return "\(padded(year, 4))-\(padded(month < 10 ? month + 3 : month - 9, 2))-\(padded(day, 2))"
    }

    /// `13:45:00`, with a fraction where there is one.
    static func time(_ value: Int64, _ unit: ScalarKind.TimeUnit) -> String {
        let perSecond = Int64(unit.rawValue)
        let seconds = floorDivision(value, perSecond)
        let fraction = floorRemainder(value, perSecond)
        let clock = "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
        guard fraction != 0 else { return clock }
        let nanoseconds = fraction * (1_000_000_000 / perSecond)
        // Python has six digits; nine appear where six would lose something.
        return nanoseconds % 1000 == 0
            ? "\(clock).\(padded(nanoseconds / 1000, 6))" : "\(clock).\(padded(nanoseconds, 9))"
    }

    /// `2024-02-29T13:45:00+00:00`; without the offset where the zone is not known.
    static func timestamp(_ value: Int64, _ unit: ScalarKind.TimeUnit, isUTC: Bool) -> String {
        let perDay = 86_400 * Int64(unit.rawValue)
        let days = floorDivision(value, perDay)
        return "\(date(daysSince1970: days))T\(time(floorRemainder(value, perDay), unit))\(isUTC ? "+00:00" : "")"
    }

    /// Puts the point before the last `scale` of the digits.
    static func decimal(_ digits: String, scale: Int) -> String {
        guard scale > 0, scale <= 1000 else { return digits }
        let isNegative = digits.utf8.first == UInt8(ascii: "-")
        var magnitude = isNegative ? String(digits.dropFirst()) : digits
        let missing = scale + 1 - magnitude.utf8.count
        if missing > 0 { magnitude = String(repeating: "0", count: missing) + magnitude }
        return "\(isNegative ? "-" : "")\(magnitude.dropLast(scale)).\(magnitude.suffix(scale))"
    }

    /// An integer of up to 64 bytes in decimal; longer ones, which no decimal type has, are zero.
    static func integer(bigEndian bytes: ArraySlice<UInt8>) -> String {
        guard let first = bytes.first, bytes.count <= 64 else { return "0" }
        let isNegative = first & 0x80 != 0
        var magnitude = bytes.map { isNegative ? ~$0 : $0 }
        if isNegative {
            for index in magnitude.indices.reversed() {
                magnitude[index] &+= 1
                if magnitude[index] != 0 { break }
            }
        }
        var digits: [UInt8] = []
        while magnitude.contains(where: { $0 != 0 }) {
            var carry = 0
            for index in magnitude.indices {
                let value = carry << 8 | Int(magnitude[index])
                magnitude[index] = UInt8(value / 10)
                carry = value % 10
            }
            digits.append(UInt8(ascii: "0") + UInt8(carry))
        }
        if digits.isEmpty { return "0" }
        return (isNegative ? "-" : "") + String(decoding: digits.reversed(), as: UTF8.self)
    }

    private static func floorDivision(_ value: Int64, _ divisor: Int64) -> Int64 {
        value / divisor - (value % divisor < 0 ? 1 : 0)
    }

    private static func floorRemainder(_ value: Int64, _ divisor: Int64) -> Int64 {
        let remainder = value % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value.magnitude)
        let zeros = String(repeating: "0", count: max(0, width - digits.utf8.count))
        return (value < 0 ? "-" : "") + zeros + digits
    }
}
