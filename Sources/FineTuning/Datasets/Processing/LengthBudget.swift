/// How many tokens of a prompt and its response are kept when both must fit into a budget.
///
/// The shorter side is kept whole while it takes less than half of the budget; otherwise both shrink in
/// proportion. Each side keeps its first tokens.
package enum LengthBudget {
    package static func kept(source: Int, target: Int, budget: Int) -> (source: Int, target: Int) {
        let most =
            if target * 2 < budget {
                budget
            } else if source * 2 < budget {
                budget - source
            } else {
                // The division comes first: that is where the reference rounds.
                Int(Double(budget) * (Double(target) / Double(source + target)))
            }
        let keptTarget = min(most, target)
        return (min(max(budget - keptTarget, 0), source), keptTarget)
    }
}
