import CCairo
import CZlib
import Checkpoints
import WeightFiles

/// Draws a curve as a PNG with Cairo: the values as they are, pale, and smoothed. This file alone knows Cairo.
package struct LossPlot {
    private let curve: LossCurve
    private let title: String

    package init(curve: LossCurve, title: String) {
        self.curve = curve
        self.title = title
    }

    private static let size = (width: 640.0, height: 480.0)
    /// Distances of the axes from the picture's edges.
    private static let margin = (left: 80.0, right: 30.0, top: 50.0, bottom: 55.0)

    /// Writes the picture into `output` under the curve's file name.
    func write(into output: OutputFolder) throws {
        let bytes = try png()
        try output.writeFile(curve.fileName, bytes: bytes)
    }

    package func png() throws -> [UInt8] {
        let surface = cairo_image_surface_create(
            CAIRO_FORMAT_RGB24, Int32(Self.size.width), Int32(Self.size.height))
        defer { cairo_surface_destroy(surface) }
        let context = cairo_create(surface)
        defer { cairo_destroy(context) }
        guard let context, cairo_status(context) == CAIRO_STATUS_SUCCESS else {
            throw TrainingError.cannotDraw(file: curve.fileName, problem: "Cairo has no memory for the picture")
        }
        draw(on: context)
        let result = Buffer()
        let status = cairo_surface_write_to_png_stream(
            surface,
            { closure, data, length in
                guard let closure, let data else { return CAIRO_STATUS_WRITE_ERROR }
                Unmanaged<Buffer>.fromOpaque(closure).takeUnretainedValue().bytes += UnsafeBufferPointer(
                    start: data, count: Int(length))
                return CAIRO_STATUS_SUCCESS
            }, Unmanaged.passUnretained(result).toOpaque())
        guard status == CAIRO_STATUS_SUCCESS else {
            throw TrainingError.cannotDraw(
                file: curve.fileName, problem: cairo_status_to_string(status).map { String(cString: $0) } ?? "?")
        }
        return withPixelDensity(result.bytes)
    }

    private final class Buffer { var bytes: [UInt8] = [] }

    private func draw(on context: OpaquePointer) {
        cairo_set_source_rgb(context, 1, 1, 1)
        cairo_paint(context)
        cairo_select_font_face(context, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL)
        let smoothed = LossCurve.smoothed(curve.values)
        let area = Area(curve: curve, size: Self.size, margin: Self.margin)
        drawAxes(context, area)
        drawLine(context, area, curve.values, opacity: 0.4)
        drawLine(context, area, smoothed, opacity: 1)
        drawLegend(context, area)
    }

    /// Where values lie on the picture.
    private struct Area {
        let left, right, top, bottom: Double
        let steps, values: (low: Double, high: Double)

        init(
            curve: LossCurve, size: (width: Double, height: Double),
            margin: (left: Double, right: Double, top: Double, bottom: Double)
        ) {
            left = margin.left
            right = size.width - margin.right
            top = margin.top
            bottom = size.height - margin.bottom
            steps = Self.padded(curve.steps, smallest: 1)
            values = Self.padded(curve.values, smallest: 1e-6)
        }

        /// The range of the numbers with some space around it.
        private static func padded(_ numbers: [Double], smallest: Double) -> (low: Double, high: Double) {
            let (low, high) = (numbers.min() ?? 0, numbers.max() ?? 1)
            let span = max(high - low, smallest)
            return (low - 0.05 * span, high + 0.05 * span)
        }

        func x(_ step: Double) -> Double { left + (step - steps.low) / (steps.high - steps.low) * (right - left) }
        func y(_ value: Double) -> Double {
            bottom - (value - values.low) / (values.high - values.low) * (bottom - top)
        }
    }

    private func drawAxes(_ context: OpaquePointer, _ area: Area) {
        cairo_set_source_rgb(context, 0, 0, 0)
        cairo_set_line_width(context, 1)
        cairo_rectangle(
            context, area.left.rounded() + 0.5, area.top.rounded() + 0.5, area.right - area.left,
            area.bottom - area.top)
        cairo_stroke(context)
        cairo_set_font_size(context, 13)
        let steps = AxisTicks(from: area.steps.low, to: area.steps.high, count: 7, wholeNumbers: true)
        for position in steps.positions {
            let x = area.x(position).rounded() + 0.5
            line(context, from: (x, area.bottom), to: (x, area.bottom + 5))
            text(context, position.text(decimals: 0), at: (x, area.bottom + 20), centered: true)
        }
        let values = AxisTicks(from: area.values.low, to: area.values.high, count: 7, wholeNumbers: false)
        for position in values.positions {
            let y = area.y(position).rounded() + 0.5
            line(context, from: (area.left - 5, y), to: (area.left, y))
            let label = position.text(decimals: values.decimals)
            text(context, label, at: (area.left - 9 - width(context, label), y + 4.5), centered: false)
        }
        text(context, "step", at: ((area.left + area.right) / 2, area.bottom + 43), centered: true)
        cairo_save(context)
        cairo_translate(context, 20, (area.top + area.bottom) / 2)
        cairo_rotate(context, -Double.pi / 2)
        text(context, curve.key, at: (0, 0), centered: true)
        cairo_restore(context)
        cairo_set_font_size(context, min(15, 15 * 560 / max(width(context, title) * 15 / 13, 1)))
        text(context, title, at: ((area.left + area.right) / 2, area.top - 14), centered: true)
    }

    private func drawLine(_ context: OpaquePointer, _ area: Area, _ values: [Double], opacity: Double) {
        cairo_set_source_rgba(context, 0x1f / 255, 0x77 / 255, 0xb4 / 255, opacity)
        cairo_set_line_width(context, 2)
        cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
        for (step, value) in zip(curve.steps, values) { cairo_line_to(context, area.x(step), area.y(value)) }
        // A single point would leave nothing on the picture.
        if values.count == 1 { cairo_rectangle(context, area.x(curve.steps[0]) - 1, area.y(values[0]) - 1, 2, 2) }
        cairo_stroke(context)
    }

    private func drawLegend(_ context: OpaquePointer, _ area: Area) {
        cairo_set_font_size(context, 13)
        for (index, entry) in [("original", 0.4), ("smoothed", 1.0)].enumerated() {
            let y = area.top + 18 + Double(index) * 19
            cairo_set_source_rgba(context, 0x1f / 255, 0x77 / 255, 0xb4 / 255, entry.1)
            cairo_set_line_width(context, 2)
            line(context, from: (area.right - 112, y), to: (area.right - 84, y))
            cairo_set_source_rgb(context, 0, 0, 0)
            text(context, entry.0, at: (area.right - 76, y + 4.5), centered: false)
        }
    }

    private func line(_ context: OpaquePointer, from start: (Double, Double), to end: (Double, Double)) {
        cairo_move_to(context, start.0, start.1)
        cairo_line_to(context, end.0, end.1)
        cairo_stroke(context)
    }

    private func width(_ context: OpaquePointer, _ text: String) -> Double {
        var extents = cairo_text_extents_t()
        cairo_text_extents(context, text, &extents)
        return extents.x_advance
    }

    private func text(_ context: OpaquePointer, _ text: String, at place: (Double, Double), centered: Bool) {
        cairo_move_to(context, place.0 - (centered ? width(context, text) / 2 : 0), place.1)
        cairo_show_text(context, text)
        cairo_new_path(context)
    }

    /// Says 100 dots an inch, which Cairo cannot: a `pHYs` chunk behind the header (PNG specification, 11.3.4.3).
    private func withPixelDensity(_ png: [UInt8]) -> [UInt8] {
        let headerEnd = 33
        guard png.count > headerEnd else { return png }
        let dotsPerMeter: [UInt8] = [0, 0, 0x0f, 0x61]
        let body: [UInt8] = Array("pHYs".utf8) + dotsPerMeter + dotsPerMeter + [1]
        let check = UInt32(truncatingIfNeeded: unsafe crc32(0, body, UInt32(body.count)))
        let tail = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: check >> UInt32($0)) }
        return Array(png[..<headerEnd]) + [0, 0, 0, 9] + body + tail + Array(png[headerEnd...])
    }
}
