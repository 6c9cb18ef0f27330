import Glibc

/// Which experts each token of a mixture goes to, and with which weights (Shazeer et al., arXiv 1701.06538).
package struct Routing {
    /// `(tokens, choices)`: what the chosen experts' results are multiplied by.
    package let weights: Variable
    /// What `Tape.expertBalance` is computed from. For each expert the sum of its probabilities over the tokens, with a
    /// gradient; then for each how many tokens chose it, without; then the number of tokens.
    package let report: Variable
    /// The tokens of each expert, ascending, and each one's place in the flat `weights`.
    package let tokens: [[Int]]
    package let places: [[Int]]
}

extension Tape {
    /// Chooses the likeliest experts of each token by a softmax over `logits`.
    ///
    /// - Parameters:
    ///   - logits: `(tokens, experts)`
    ///   - choices: experts for each token
    ///   - renormalizes: lets the weights of a token add up to one
    ///   - unreported: tokens that the report leaves out, as padding
    package func routing(
        _ logits: Variable, choices: Int, renormalizes: Bool, unreported: Set<Int> = []
    ) throws -> Routing {
        let (rows, experts) = (logits.value.rows, logits.value.columns)
        guard choices >= 1, choices <= experts else {
            throw TensorError.invalidArgument(
                operation: "routing", name: "choices", value: "\(choices)", expected: "from 1 to \(experts)")
        }
        let probabilities = logits.value.copy()
        let chosen = Router.choose(probabilities, choices)
        var tokens = [[Int]](repeating: [], count: experts)
        var places = tokens
        let weights = Tensor(uninitialized: [rows, choices])
        let report = Tensor(zeros: [2 * experts + 1])
        report[2 * experts] = Float(rows - unreported.count)
        for row in 0..<rows {
            var sum: Float = 0
            for choice in 0..<choices { sum += probabilities[row * experts + chosen[row * choices + choice]] }
            for choice in 0..<choices {
                let (place, expert) = (row * choices + choice, chosen[row * choices + choice])
                weights[place] = probabilities[row * experts + expert] / (renormalizes ? sum : 1)
                tokens[expert].append(row)
                places[expert].append(place)
                if !unreported.contains(row) { report[experts + expert] += 1 }
            }
            guard !unreported.contains(row) else { continue }
            for expert in 0..<experts { report[expert] += probabilities[row * experts + expert] }
        }
        let (needed, slot) = (logits.needsGradient, logits.slot)
        let results = record([weights, report], needed: [needed, needed]) { tape, gradients in
            let target = Tensor(zeros: [rows, experts])
            for row in 0..<rows {
                let line = probabilities.pointer + row * experts
                // The gradient of the probabilities, then through the softmax.
                var incoming = [Float](repeating: 0, count: experts)
                if let report = gradients[1], !unreported.contains(row) {
                    for expert in 0..<experts { incoming[expert] = report[expert] }
                }
                if let arrived = gradients[0] {
                    let own = chosen[row * choices..<(row + 1) * choices]
                    let sum = renormalizes ? own.reduce(0) { $0 + line[$1] } : 1
                    let mean =
                        renormalizes
                        ? own.enumerated().reduce(Float(0)) {
                            $0 + arrived[row * choices + $1.offset] * line[$1.element]
                        }
                            / sum : 0
                    for (choice, expert) in own.enumerated() {
                        incoming[expert] += (arrived[row * choices + choice] - mean) / sum
                    }
                }
                let dot = (0..<experts).reduce(Float(0)) { $0 + incoming[$1] * line[$1] }
                for expert in 0..<experts { target[row * experts + expert] = line[expert] * (incoming[expert] - dot) }
            }
            tape.accumulate(target, into: slot)
        }
        return Routing(weights: results[0], report: results[1], tokens: tokens, places: places)
    }

    /// Adds the experts' results to their tokens, each multiplied by its weight, in the order of the experts.
    ///
    /// - Parameters:
    ///   - outputs: of each expert that has tokens, `(its tokens, hidden)`; nil of the others
    /// - Returns: `(tokens, hidden)`
    package func combine(_ outputs: [Variable?], by routing: Routing, width: Int) throws -> Variable {
        let (weights, tokens, places) = (routing.weights.value, routing.tokens, routing.places)
        let result = Tensor(zeros: [weights.rows, width])
        let values = outputs.map { $0?.value }
        let (to, factors) = (result.pointer, weights.pointer)
        ComputePool.shared.forEachBlock(width, atMost: 256) { columns in
            for (expert, value) in values.enumerated() {
                guard let value else { continue }
                for (index, token) in tokens[expert].enumerated() {
                    let from = value.pointer + index * width
                    let factor = factors[places[expert][index]]
                    for column in columns { to[token * width + column] += factor * from[column] }
                }
            }
        }
        let (slots, weightSlot) = (outputs.map { $0?.slot }, routing.weights.slot)
        let needed = weightSlot != nil || slots.contains { $0 != nil }
        return record(result, needed: needed) { tape, gradient in
            let weightGradient = weightSlot == nil ? nil : Tensor(zeros: weights.shape)
            let incoming = gradient.pointer
            for (expert, value) in values.enumerated() {
                guard let value else { continue }
                let target = slots[expert] == nil ? nil : Tensor(uninitialized: value.shape)
                let (own, at) = (tokens[expert], places[expert])
                ComputePool.shared.forEachBlock(own.count, atMost: max(1, Elementwise.block / max(1, width))) { rows in
                    for index in rows {
                        let from = incoming + own[index] * width
                        if let target { Loops.scale(from, factors[at[index]], target.pointer + index * width, width) }
                        weightGradient?.pointer[at[index]] = Loops.dot(from, value.pointer + index * width, width)
                    }
                }
                if let target { tape.accumulate(target, into: slots[expert] ?? nil) }
            }
            withExtendedLifetime(weights) {}
            if let weightGradient { tape.accumulate(weightGradient, into: weightSlot) }
        }
    }
}

private enum Router {
    /// Turns logits into probabilities and gives each row's `choices` experts of highest probability, the first of
    /// equal ones first. In a rehearsal every expert gets its equal share.
    static func choose(_ probabilities: Tensor, _ choices: Int) -> [Int] {
        let (rows, experts) = (probabilities.rows, probabilities.columns)
        guard !Rehearsal.isActive else { return (0..<rows * choices).map { $0 % experts } }
        var chosen: [Int] = []
        chosen.reserveCapacity(rows * choices)
        for row in 0..<rows {
            let line = probabilities.pointer + row * experts
            let sum = Loops.exponentials(line, minus: Loops.maximum(line, experts), experts)
            Loops.scale(line, Float(1 / sum), line, experts)
            var left = Array(0..<experts)
            for _ in 0..<choices {
                let best = left.indices.max {
                    line[left[$0]] < line[left[$1]] || line[left[$0]] == line[left[$1]] && $0 > $1
                }
                chosen.append(left.remove(at: best ?? 0))
            }
        }
        return chosen
    }
}

extension Tape {
    /// Each row of `x` multiplied by a number of its own.
    ///
    /// - Parameter factors: `(rows, 1)`
    package func scaleRows(_ x: Variable, by factors: Variable) throws -> Variable {
        let (rows, width) = (x.value.rows, x.value.columns)
        guard factors.shape == [rows, 1] else {
            throw TensorError.shapeMismatch(operation: "scaleRows", expected: [rows, 1], actual: factors.shape)
        }
        let (value, numbers) = (x.value, factors.value)
        let (slot, factorSlot) = (x.slot, factors.slot)
        return record(Rows.scaled(value, by: numbers), needed: x.needsGradient || factors.needsGradient) {
            tape, gradient in
            if factorSlot != nil {
                let target = Tensor(uninitialized: [rows, 1])
                for row in 0..<rows {
                    target[row] = Loops.dot(gradient.pointer + row * width, value.pointer + row * width, width)
                }
                tape.accumulate(target, into: factorSlot)
            }
            if slot != nil { tape.accumulate(Rows.scaled(gradient, by: numbers), into: slot) }
        }
    }

    /// `sigmoid(gate) * x`, row by row.
    ///
    /// - Parameter gate: `(rows, 1)`
    package func scaleRows(_ x: Variable, bySigmoidOf gate: Variable) throws -> Variable {
        let (rows, width) = (x.value.rows, x.value.columns)
        guard gate.shape == [rows, 1] else {
            throw TensorError.shapeMismatch(operation: "scaleRows", expected: [rows, 1], actual: gate.shape)
        }
        let factors = Tensor(uninitialized: [rows])
        for row in 0..<rows { factors[row] = 1 / (1 + expf(-gate.value[row])) }
        let (value, slot, gateSlot) = (x.value, x.slot, gate.slot)
        return record(Rows.scaled(value, by: factors), needed: x.needsGradient || gate.needsGradient) {
            tape, gradient in
            if gateSlot != nil {
                let target = Tensor(uninitialized: [rows, 1])
                for row in 0..<rows {
                    let dot = Loops.dot(gradient.pointer + row * width, value.pointer + row * width, width)
                    target[row] = dot * factors[row] * (1 - factors[row])
                }
                tape.accumulate(target, into: gateSlot)
            }
            if slot != nil { tape.accumulate(Rows.scaled(gradient, by: factors), into: slot) }
        }
    }
}
