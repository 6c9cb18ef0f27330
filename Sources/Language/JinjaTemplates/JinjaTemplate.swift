package import PythonData

/// A chat template in the part of Jinja's language that models' templates use.
///
/// Templates come with models from anywhere: rendering has bounds on steps, text and nesting, and a template sees
/// nothing but the values it is given.
package struct JinjaTemplate: Sendable {
    private let statements: [Statement]

    /// - Throws: `JinjaError`
    package init(_ text: String) throws {
        guard text.utf8.count <= 1 << 20 else { throw JinjaError.tooMuchText(limit: 1 << 20) }
        statements = try JinjaParser.statements(of: text)
    }

    /// The text that the template makes of these values.
    ///
    /// - Throws: `JinjaError`
    package func render(_ values: [String: PythonValue], limits: JinjaLimits = JinjaLimits()) throws -> String {
        let rendering = JinjaRendering(limits: limits)
        return try rendering.render(statements, with: values)
    }
}
